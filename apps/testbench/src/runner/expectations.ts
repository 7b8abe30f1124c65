import type { EnergyQuestion } from './energy-reader.ts';
import { shanghai, type DeviceOutcome, type Outcome } from './outcome.ts';
import type { ExpectLines, Expectations } from './scenario-file.ts';

/** What expectations are held against. */
export interface Facts {
  outcome: Outcome;
  /** Booked energy of a span, Wh; null where nothing is known. */
  energyBetween: (question: EnergyQuestion) => Promise<number | null>;
}

/** Everything that is not as expected, each in one sentence; empty where all is well. */
export async function mismatchesOf(expect: Expectations, facts: Facts): Promise<string[]> {
  const { anyOf, ...lines } = expect;
  const mismatches = await linesMismatches(lines, facts);
  if (!anyOf) return mismatches;
  const alternatives = await Promise.all(anyOf.map((alternative) => linesMismatches(alternative, facts)));
  if (alternatives.some(({ length }) => length === 0)) return mismatches;
  const reasons = alternatives.map((found, index) => `(${index + 1}) ${found.join('; ')}`);
  return [...mismatches, `none of the ${anyOf.length} alternatives holds: ${reasons.join(' ')}`];
}

async function linesMismatches(lines: ExpectLines, facts: Facts): Promise<string[]> {
  const { outcome } = facts;
  const energy = await Promise.all(lines.energy.map((line) => energyMismatch(line, facts)));
  return [
    ...energy,
    ...lines.days.flatMap((line) => dayMismatches(line, outcome)),
    ...lines.readings.map((line) => readingsMismatch(line, outcome)),
    ...lines.values.flatMap((line) => valueMismatches(line, outcome)),
    ...lines.quarantine.map((line) => quarantineMismatch(line, outcome)),
    ...lines.counterEvents.map((line) => counterEventMismatch(line, outcome)),
    ...lines.live.flatMap((line) => liveMismatches(line, outcome)),
  ].filter((mismatch) => mismatch !== null);
}

type Line<K extends keyof ExpectLines> = Extract<ExpectLines[K], readonly unknown[]>[number];

const nameOf = ({ station, device }: { station: string; device?: string | undefined }) =>
  device === undefined ? station : `${station}/${device}`;

interface WantedWh {
  wh?: number | null | undefined;
  whBetween?: readonly [number, number] | undefined;
  toleranceWh: number;
}

/** Null where the energy is as wanted, else what was wanted. Where nothing is booked, no energy was booked. */
function wantedInstead(wanted: WantedWh, foundWh: number | null): string | null {
  const { wh, whBetween, toleranceWh } = wanted;
  if (wh === null) return foundWh === null ? null : 'nothing known';
  const [least, most] = whBetween ?? [(wh ?? 0) - toleranceWh, (wh ?? 0) + toleranceWh];
  const bookedWh = foundWh ?? 0;
  if (bookedWh >= least && bookedWh <= most) return null;
  if (whBetween) return `${least} to ${most} Wh`;
  return toleranceWh === 0 ? `${wh} Wh` : `${wh} Wh ± ${toleranceWh}`;
}

const foundText = (wh: number | string | null | undefined) =>
  wh === null || wh === undefined ? 'nothing is known' : `${wh} Wh are booked`;

async function energyMismatch(line: Line<'energy'>, { energyBetween }: Facts): Promise<string | null> {
  const { station, device, from: fromMs, to: toMs } = line;
  const foundWh = await energyBetween({ station, device, fromMs, toMs });
  const wanted = wantedInstead(line, foundWh);
  if (wanted === null) return null;
  return `energy of ${nameOf(line)} from ${shanghai(fromMs)} to ${shanghai(toMs)}: expected ${wanted}, ${foundText(foundWh)}`;
}

function dayMismatches(line: Line<'days'>, { stations }: Outcome): (string | null)[] {
  const station = stations[line.station];
  const days = line.device === undefined ? station?.days : station?.devices[line.device]?.days;
  const day = days?.[line.day];
  const what = `day ${line.day} of ${nameOf(line)}`;
  const wanted = wantedInstead(line, day === undefined ? null : Number(day.energyWh));
  return [
    wanted === null ? null : `${what}: expected ${wanted}, ${foundText(day?.energyWh)}`,
    differs(line.method, day?.method)
      ? `${what}: expected method ${line.method}, found ${day?.method ?? 'none'}`
      : null,
    differs(line.quality, day?.quality)
      ? `${what}: expected quality ${line.quality}, found ${day?.quality ?? 'none'}`
      : null,
  ];
}

const differs = (wanted: string | undefined, found: string | undefined) =>
  wanted !== undefined && wanted !== (found ?? 'none');

interface WantedCount {
  count?: number | undefined;
  countBetween?: readonly [number, number] | undefined;
}

function countMismatch(
  what: string,
  { count, countBetween }: WantedCount,
  ...found: number[]
): string | null {
  const [least, most] = countBetween ?? [count ?? 0, count ?? 0];
  if (found.some((each) => each >= least && each <= most)) return null;
  const wanted = least === most ? String(least) : `${least} to ${most}`;
  return `${what}: expected ${wanted}, found ${[...new Set(found)].join(' or ')}`;
}

function devicesOf(
  line: { station: string; device?: string | undefined },
  { stations }: Outcome,
): DeviceOutcome[] {
  const devices = stations[line.station]?.devices ?? {};
  if (line.device === undefined) return Object.values(devices);
  const device = devices[line.device];
  return device ? [device] : [];
}

function readingsMismatch(line: Line<'readings'>, outcome: Outcome): string | null {
  const found = devicesOf(line, outcome).reduce((sum, { readings }) => sum + readings.length, 0);
  return countMismatch(`readings of ${nameOf(line)}`, line, found);
}

function valueMismatches(line: Line<'values'>, outcome: Outcome): (string | null)[] {
  const { measuredAt: atMs, field, value, valueIn, flagged } = line;
  const what = `${field} of ${nameOf(line)} at ${shanghai(atMs)}`;
  const reading = devicesOf(line, outcome)
    .flatMap(({ readings }) => readings)
    .find(({ measuredAt }) => Date.parse(measuredAt) === atMs);
  if (!reading) return [`${what}: there is no reading of this instant`];
  const found = reading[field] ?? null;
  const wanted = valueIn ?? (value === undefined ? null : [value]);
  const isFlagged = reading.flags.length > 0;
  return [
    wanted === null || wanted.some((each) => isSame(each, found))
      ? null
      : `${what}: expected ${wanted.map((each) => JSON.stringify(each)).join(' or ')}, found ${JSON.stringify(found)}`,
    flagged === undefined || flagged === isFlagged
      ? null
      : `${what}: expected the reading ${flagged ? 'flagged' : 'without a flag'}, found ${isFlagged ? reading.flags.join(', ') : 'no flag'}`,
  ];
}

/** Energies are printed as text, and a file may say them as numbers. */
const isSame = (wanted: number | string | null, found: unknown) =>
  wanted === found || (typeof wanted === 'number' && String(wanted) === found);

function quarantineMismatch(line: Line<'quarantine'>, { quarantine }: Outcome): string | null {
  const found = quarantine.filter(
    ({ reason, topic }) => reason === (line.reason ?? reason) && topic === (line.topic ?? topic),
  );
  const what = `messages in quarantine${line.reason === undefined ? '' : ` as ${line.reason}`}`;
  // The same bytes for the same reason are one message that came several times; a file may count either.
  const arrivals = found.reduce((sum, { times }) => sum + times, 0);
  return countMismatch(what, line, found.length, arrivals);
}

function counterEventMismatch(line: Line<'counterEvents'>, outcome: Outcome): string | null {
  const found = devicesOf(line, outcome)
    .flatMap(({ counterEvents }) => counterEvents)
    .filter(({ kind }) => kind === (line.kind ?? kind));
  return countMismatch(`counter events ${line.kind ?? 'of any kind'} of ${nameOf(line)}`, line, found.length);
}

/** Words for one and the same state: of the product's pages and of the devices. */
const ALSO: Record<string, string> = { running: 'generating', generating: 'running' };

function liveMismatches(line: Line<'live'>, { stations }: Outcome): (string | null)[] {
  const station = stations[line.station];
  const device = line.device === undefined ? undefined : station?.devices[line.device];
  if (!station || (line.device !== undefined && !device)) return [`${nameOf(line)} is not in the registry`];
  const state = device?.state ?? station.live.state;
  // Beside the state of a device stands the power of its station.
  const powerW = device && line.state === undefined ? device.powerW : station.live.powerW;
  const powers = line.powerWIn ?? (line.powerW === undefined ? null : [line.powerW]);
  return [
    powers === null || powers.includes(powerW)
      ? null
      : `power of ${nameOf(line)} in the end: expected ${powers.map((each) => `${each} W`).join(' or ')}, found ${powerW} W`,
    line.state === undefined || line.state === state || ALSO[line.state] === state
      ? null
      : `state of ${nameOf(line)} in the end: expected ${line.state}, found ${state}`,
  ];
}
