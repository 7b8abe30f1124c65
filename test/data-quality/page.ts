import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { EnergyCheck, Rate } from './rates.ts';
import { SERIES } from './series.ts';

export const PAGE = join(import.meta.dirname, '../../docs/DATA-QUALITY.md');

const SOURCES: Record<NonNullable<Rate['source']>, string> = {
  file: 'label in the file',
  case: 'fault case',
  calendar: 'calendar',
  irradiance: 'pyranometer beside it',
  planted: 'planted',
};

/** The page with its tables made of these results. */
export async function pageWith(rates: readonly Rate[], energies: readonly EnergyCheck[]): Promise<string> {
  const parts = {
    known: table(
      [
        'series',
        'kind',
        'said by',
        'values',
        'wrong',
        'found',
        'hit rate',
        'false alarms',
        'false-alarm rate',
      ],
      rates.flatMap((rate) => (rate.labelled === null ? [] : [knownCells(rate, rate.labelled)])),
    ),
    unknown: table(
      ['series', 'kind', 'values', 'flagged'],
      rates.flatMap((rate) =>
        rate.labelled === null
          ? [[rate.name, `\`${rate.kind}\``, number(rate.values), `${number(rate.flagged)}${unitOf(rate)}`]]
          : [],
      ),
    ),
    energy: table(
      ['series', 'method', 'days', 'stored, kWh', 'by the file itself, kWh', 'difference', 'worst day, kWh'],
      energies.map(energyCells),
    ),
    series: table(
      ['series', 'power', 'rated', 'time', 'noon at'],
      SERIES.map(({ file, columns, unit, ratedPowerW, zone, place, isPlaceKnown }) => [
        `${file}${columns.power === undefined ? '' : `, ${columns.power || 'power'}`}`,
        unit,
        `${(ratedPowerW / 1000).toLocaleString('en')} kW`,
        zone,
        `${place.longitudeDeg.toFixed(2)}° E${isPlaceKnown ? '' : ' (by its days)'}`,
      ]),
    ),
  };
  let text = readFileSync(PAGE, 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const place = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!place.test(text)) throw new Error(`the page has no place for ${name}`);
    text = text.replace(place, (_all, before: string, after: string) => `${before}\n${part}\n${after}`);
  }
  return format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });
}

/** The lines of the page's first table, without the blanks that align them. */
export const knownRows = (rates: readonly Rate[]): string[] =>
  rates.flatMap((rate) => (rate.labelled === null ? [] : [line(knownCells(rate, rate.labelled))]));

/** The line of a series in the table of energies, without the blanks that align it. */
export const energyRow = (energy: EnergyCheck): string => line(energyCells(energy));

const energyCells = (energy: EnergyCheck): string[] => [
  energy.name,
  `\`${energy.method}\``,
  number(energy.days),
  kwh(energy.storedWh),
  kwh(energy.ownWh),
  percent(energy.ownWh === 0 ? 0 : (energy.storedWh - energy.ownWh) / energy.ownWh, 3),
  kwh(energy.worstDayWh, 3),
];

export function writePage(text: string): void {
  writeFileSync(PAGE, text);
}

function knownCells(rate: Rate, labelled: number): string[] {
  return [
    rate.name,
    `\`${rate.kind}\``,
    rate.source === null ? '' : SOURCES[rate.source],
    `${number(rate.values)}${rate.kind === 'shift' ? ' days' : ''}`,
    number(labelled),
    number(rate.hit),
    labelled === 0 ? '' : percent(rate.hit / labelled, 1),
    number(rate.falseAlarms),
    rate.values === labelled ? '' : percent(rate.falseAlarms / (rate.values - labelled), 2),
  ];
}

const UNITS: Partial<Record<Rate['kind'], string>> = { gap: 'gap', shift: 'day' };

function unitOf({ kind, flagged }: Rate): string {
  const unit = UNITS[kind];
  return unit ? ` ${unit}${flagged === 1 ? '' : 's'}` : '';
}

const number = (value: number) => value.toLocaleString('en');
const kwh = (wh: number, digits = 1) =>
  (wh / 1000).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share: number, digits: number) =>
  `${(share * 100).toFixed(digits).replace(/^-(0\.?0*)$/, '$1')} %`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map(line).join('\n');

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
