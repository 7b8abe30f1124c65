import type { StationCompare } from '#contracts';
import { dayStartMs, QUARTER_HOUR_MS } from '#domain';
import { fixed, UNKNOWN } from '../format/quantity.ts';
import { hourMinute } from '../format/time.ts';
import type { ChartOption } from './echarts.ts';
import { categoryAxis, frame, tipAt, valueAxis } from './frame.ts';
import type { ChartColors } from './theme.ts';

/** Line styles tell the stations apart without colour; there are at most six. */
const DASHES = ['solid', 'dashed', 'dotted', [8, 3, 2, 3], [12, 4], [2, 6]] as const;
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin'] as const;
/** A symbol each hour: every point would be a caterpillar. */
const SYMBOL_EVERY = 4;

export interface CompareInput {
  compare: StationCompare;
  names: readonly string[];
  hoursUnit: string;
}

const dashOf = (index: number): 'solid' | 'dashed' | 'dotted' | number[] => {
  const dash = DASHES[index % DASHES.length] ?? 'solid';
  return typeof dash === 'string' ? dash : [...dash];
};

/** Shade of a station: accent and greys; dash and symbol are what tells them apart. */
function colorOf(index: number, colors: ChartColors): string {
  return (
    [colors.accent, colors.text, colors.peer, colors.accent, colors.secondary, colors.text][index % 6] ??
    colors.peer
  );
}

function rows(input: CompareInput, valueOf: (station: StationCompare['stations'][number]) => string): string {
  return `<table>${input.compare.stations
    .map((station, index) => {
      return `<tr><td>${input.names[index] ?? station.code}</td><td class="chart-tip-value">${valueOf(station)}</td></tr>`;
    })
    .join('')}</table>`;
}

/** Output of each station in per cent of its installed power over one day. Categories are server quarter hours. */
export function comparePowerOption(input: CompareInput, colors: ChartColors): ChartOption {
  const { compare } = input;
  const startMs = dayStartMs(compare.day);
  const slots = Array.from({ length: 96 }, (_, slot) => hourMinute(startMs + slot * QUARTER_HOUR_MS));
  return {
    ...frame(colors),
    tooltip: tipAt(
      colors,
      (slot) =>
        `<b>${slots[slot] ?? ''}</b>${rows(input, ({ powerShare }) => {
          const share = powerShare[slot] ?? null;
          return share === null ? UNKNOWN : `${fixed(share * 100, 1)} %`;
        })}`,
    ),
    xAxis: categoryAxis(colors, slots, { interval: 15 }),
    yAxis: valueAxis(colors, { unit: '%' }),
    series: compare.stations.map((station, index) => ({
      id: station.code,
      name: input.names[index] ?? station.code,
      type: 'line' as const,
      connectNulls: false,
      symbol: SYMBOLS[index % SYMBOLS.length] ?? 'circle',
      symbolSize: (_value: unknown, point: { dataIndex: number }) =>
        point.dataIndex % SYMBOL_EVERY === 0 ? 6 : 0,
      showAllSymbol: true,
      lineStyle: { color: colorOf(index, colors), width: 1.8, type: dashOf(index) },
      itemStyle: { color: colorOf(index, colors) },
      data: station.powerShare.map((share) => (share === null ? null : share * 100)),
    })),
  };
}

/** Full-load hours of each station, a point a day. */
export function compareHoursOption(input: CompareInput, colors: ChartColors): ChartOption {
  const { compare } = input;
  return {
    ...frame(colors),
    tooltip: tipAt(
      colors,
      (index) =>
        `<b>${compare.days[index] ?? ''}</b>${rows(input, ({ hours }) => {
          const value = hours[index] ?? null;
          return value === null ? UNKNOWN : `${fixed(value, 2)} ${input.hoursUnit}`;
        })}`,
    ),
    xAxis: categoryAxis(
      colors,
      compare.days.map((day) => String(Number(day.slice(8)))),
      { interval: 0 },
    ),
    yAxis: valueAxis(colors, { unit: input.hoursUnit }),
    series: compare.stations.map((station, index) => ({
      id: station.code,
      name: input.names[index] ?? station.code,
      type: 'line' as const,
      connectNulls: false,
      symbol: SYMBOLS[index % SYMBOLS.length] ?? 'circle',
      symbolSize: 7,
      showAllSymbol: true,
      lineStyle: { color: colorOf(index, colors), width: 1.6, type: dashOf(index) },
      itemStyle: { color: colorOf(index, colors) },
      data: station.hours.map((hours) => hours),
    })),
  };
}
