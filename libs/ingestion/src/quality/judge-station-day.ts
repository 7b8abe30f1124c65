import { DAY_MS, dayStartMs, QUARTER_HOUR_MS } from '#domain';
import type { StationFlag } from '#contracts';
import type {
  CounterFact,
  DeviceDelay,
  JudgedStationDay,
  QualityFlagRow,
  StationDayFacts,
} from './quality-facts.ts';
import { gapEnergyWh, touchedEnergyWh, type TouchedSpan } from './touched-energy.ts';

/** A clock is ahead where readings come before they were measured by more than a minute (as the receipt says it). */
export const CLOCK_AHEAD_MS = 60_000;
/** … and behind, or the link is slow, where even the quickest reading of a day takes longer than this … */
const CLOCK_BEHIND_MS = 120_000;
/** … but no longer than this: that would be a backlog, which says nothing of the clock. */
const BACKLOG_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
/** A single stamp may be anybody's mistake. */
const CLOCK_READINGS = 3;

/** The flags of which a quarter hour is touched by the values of certain devices. */
interface Draft {
  row: Omit<QualityFlagRow, 'touchedWh'>;
  spans: TouchedSpan[];
}

/**
 * What is doubtful of a station-day, a row a flag, in the order of the contract. Pure: the same facts give the same rows.
 * Rules and their sources: docs/DATA-QUALITY.md. `level_shift` needs other days and is judged by `level-shifts.ts`.
 */
export function judgeStationDay(facts: StationDayFacts): JudgedStationDay {
  const drafts = [...powerDrafts(facts), ...readingDrafts(facts), ...clockDrafts(facts)];
  const counters = counterRow(facts);
  const sources = {
    ...facts,
    gapWh: gapEnergyWh({
      ...facts,
      gaps: facts.spells.filter(({ kind }) => kind === 'gap'),
      dayWh: facts.energy?.energyWh ?? null,
    }),
  };
  const energies = [estimatedRow(facts), incompleteRow(facts)].flatMap((row) => row ?? []);
  const flags = [
    ...drafts.map(({ row, spans }) => ({ ...row, touchedWh: touchedEnergyWh(spans, sources) })),
    ...refusedRows(facts),
    ...(counters ? [counters] : []),
    ...energies,
  ];
  const bySpans = touchedEnergyWh(
    drafts.flatMap(({ spans }) => spans),
    sources,
  );
  // Of the others it is not known which of the quarter hours they share with the spans: the largest is a lower bound.
  const known = [bySpans, ...[counters, ...energies].map((row) => row?.touchedWh ?? null)].filter(
    (touchedWh) => touchedWh !== null,
  );
  return { flags, touchedWh: known.length === 0 ? null : Math.max(...known) };
}

const POWER_FLAGS = ['gap', 'stale', 'interpolated', 'outlier', 'clipped', 'shift'] as const;

function powerDrafts({ day, devices, spells }: StationDayFacts): Draft[] {
  const startMs = dayStartMs(day);
  return POWER_FLAGS.flatMap((flag) => {
    const own = spells.filter(({ kind }) => kind === flag);
    if (own.length === 0) return [];
    // A shift is of all that the device said on the day, whenever it was seen first.
    const spans = own.map(({ deviceId, fromMs, toMs }) => ({
      deviceId,
      fromMs: flag === 'shift' ? startMs : fromMs,
      toMs: flag === 'shift' ? startMs + DAY_MS - 1 : toMs,
      isGap: flag === 'gap',
    }));
    const offsets = own.flatMap(({ offsetS }) => (offsetS === null ? [] : [offsetS]));
    return [
      {
        row: {
          ...spanOf(own.map(({ fromMs, toMs }) => [fromMs, toMs])),
          flag,
          count: own.reduce((sum, { count }) => sum + count, 0),
          deviceCodes: codesOf(
            devices,
            own.map(({ deviceId }) => deviceId),
          ),
          detail: {
            spells: own.length,
            ...(offsets.length === 0 ? {} : { offsetS: furthest(offsets) }),
          },
        },
        spans,
      },
    ];
  });
}

const READING_FLAGS = ['no_time', 'field_rejected', 'null_field'] as const;

function readingDrafts({ devices, readingFaults }: StationDayFacts): Draft[] {
  return READING_FLAGS.flatMap((flag) => {
    const own = readingFaults.filter((fault) => fault.flag === flag);
    if (own.length === 0) return [];
    return [
      {
        row: {
          ...spanOf(own.map(({ firstMs, lastMs }) => [firstMs, lastMs])),
          flag,
          count: own.reduce((sum, { count }) => sum + count, 0),
          deviceCodes: codesOf(
            devices,
            own.map(({ deviceId }) => deviceId),
          ),
          detail: {},
        },
        spans: own.flatMap(({ deviceId, slotsMs }) =>
          slotsMs.map((slotMs) => ({
            deviceId,
            fromMs: slotMs,
            toMs: slotMs + QUARTER_HOUR_MS - 1,
            isGap: false,
          })),
        ),
      },
    ];
  });
}

function clockDrafts({ devices, delays }: StationDayFacts): Draft[] {
  const wrong = delays.filter(isClockWrong);
  if (wrong.length === 0) return [];
  return [
    {
      row: {
        ...spanOf(wrong.map(({ firstMs, lastMs }) => [firstMs, lastMs])),
        flag: 'clock',
        count: wrong.length,
        deviceCodes: codesOf(
          devices,
          wrong.map(({ deviceId }) => deviceId),
        ),
        detail: { leastDelayMs: furthest(wrong.map(({ leastDelayMs }) => leastDelayMs)) },
      },
      spans: wrong.map(({ deviceId, firstMs, lastMs }) => ({
        deviceId,
        fromMs: firstMs,
        toMs: lastMs,
        isGap: false,
      })),
    },
  ];
}

/** Ahead by several readings, or behind by all of them. */
export function isClockWrong({ readings, leastDelayMs, aheadReadings }: DeviceDelay): boolean {
  if (readings < CLOCK_READINGS) return false;
  if (aheadReadings >= CLOCK_READINGS) return true;
  return leastDelayMs > CLOCK_BEHIND_MS && leastDelayMs <= BACKLOG_MS;
}

/** A second value for an instant that has one already, and all else that was not stored. Only the day is known. */
function refusedRows({ refused }: StationDayFacts): QualityFlagRow[] {
  const rowOf = (flag: StationFlag, own: StationDayFacts['refused']): QualityFlagRow[] => {
    const count = own.reduce((sum, { times }) => sum + times, 0);
    if (count === 0) return [];
    return [
      {
        flag,
        count,
        deviceCodes: [],
        firstMs: null,
        lastMs: null,
        touchedWh: null,
        detail: Object.fromEntries(own.map(({ reason, times }) => [reason, times])),
      },
    ];
  };
  return [
    ...rowOf(
      'second_value',
      refused.filter(({ reason }) => reason === 'conflict'),
    ),
    ...rowOf(
      'refused',
      refused.filter(({ reason }) => reason !== 'conflict'),
    ),
  ];
}

function counterRow({ devices, counters }: StationDayFacts): QualityFlagRow | null {
  if (counters.length === 0) return null;
  const kinds = Map.groupBy(counters, ({ kind }) => kind);
  return {
    ...spanOf(counters.map(({ atMs }) => [atMs, atMs])),
    flag: 'counter',
    count: counters.length,
    deviceCodes: codesOf(
      devices,
      counters.map(({ deviceId }) => deviceId),
    ),
    touchedWh: Math.round(counters.reduce((sum, fact) => sum + possibleWh(fact, devices), 0)),
    detail: Object.fromEntries([...kinds].map(([kind, own]) => [kind, own.length])),
  };
}

/** A counter may have jumped by any amount, but no device makes more in a day than its rated power for all of it. */
function possibleWh({ deviceId, touchedWh }: CounterFact, devices: StationDayFacts['devices']): number {
  const ratedPowerW = devices.find((device) => device.deviceId === deviceId)?.ratedPowerW ?? 0;
  return Math.min(touchedWh, (ratedPowerW * DAY_MS) / HOUR_MS);
}

function estimatedRow({ quarterHours }: StationDayFacts): QualityFlagRow | null {
  const own = quarterHours.filter(({ quality }) => quality !== 'measured');
  if (own.length === 0) return null;
  return {
    ...spanOf(own.map(({ startMs }) => [startMs, startMs + QUARTER_HOUR_MS - 1])),
    flag: 'estimated',
    count: own.length,
    deviceCodes: [],
    touchedWh: own.reduce((sum, { energyWh }) => sum + Math.max(0, energyWh), 0),
    detail: {},
  };
}

/** The energy of a day that is over does not hold all of the day. */
function incompleteRow({ isPast, energy }: StationDayFacts): QualityFlagRow | null {
  if (!isPast || energy?.quality !== 'incomplete') return null;
  return {
    flag: 'incomplete',
    count: 1,
    deviceCodes: [],
    firstMs: null,
    lastMs: null,
    touchedWh: Math.max(0, energy.energyWh),
    detail: {},
  };
}

function spanOf(spans: readonly (readonly [number, number])[]): { firstMs: number; lastMs: number } {
  return {
    firstMs: spans.reduce((least, [fromMs]) => Math.min(least, fromMs), Infinity),
    lastMs: spans.reduce((most, [, toMs]) => Math.max(most, toMs), -Infinity),
  };
}

function codesOf(devices: StationDayFacts['devices'], deviceIds: readonly number[]): string[] {
  const wanted = new Set(deviceIds);
  return devices.filter(({ deviceId }) => wanted.has(deviceId)).map(({ code }) => code);
}

/** The value that is furthest from zero. */
const furthest = (values: readonly number[]) =>
  values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
