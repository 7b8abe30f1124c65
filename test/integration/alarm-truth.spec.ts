import { beforeAll, describe, expect, it } from 'vitest';
import { addDays, dayStartMs, type AlarmKindName } from '#domain';
import { createTestDatabase } from '#test-support';
import { type Fault, faultOf } from '#simulation';
import { alarmRows, type AlarmRow } from '../evaluation/tables/alarm-rows.ts';
import { TableFleet } from '../evaluation/tables/table-fleet.ts';
import { truthFleet } from '../evaluation/tables/truth-fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Bright days in both counties of this seed. */
const SEED = 11;
const FROM = '2026-06-02';
/** A reading each five minutes and an evaluation each five minutes. */
const SEEN_MS = 10 * MINUTE;

const at = (dayNumber: number, hour: number) => dayStartMs(addDays(FROM, dayNumber)) + hour * HOUR;

/** What is done, and what has to come of it. Times are those of domain.md 3.2. */
interface Truth {
  kind: AlarmKindName;
  place: string;
  /** The trouble itself, epoch ms. */
  fromMs: number;
  toMs: number;
  /** An alarm no sooner and no later than this after it began. */
  soonestMs: number;
  latestMs: number;
  level: string;
  /** At the latest so long after its end it is seen to be over. */
  clearMs: number;
  faults: Fault[];
}

const span = (dayNumber: number, from: number, to: number) => ({
  fromMs: at(dayNumber, from),
  toMs: at(dayNumber, to),
});
const half = { soonestMs: 30 * MINUTE, latestMs: 30 * MINUTE + SEEN_MS, clearMs: 30 * MINUTE + SEEN_MS };
const quarter = { soonestMs: 15 * MINUTE, latestMs: 15 * MINUTE + SEEN_MS, clearMs: 10 * MINUTE + SEEN_MS };

function deviceTruth(
  truth: Pick<Truth, 'kind' | 'place' | 'level' | 'soonestMs' | 'latestMs' | 'clearMs'>,
  when: { fromMs: number; toMs: number },
  fault: Partial<Fault> & Pick<Fault, 'kind'>,
): Truth {
  return { ...truth, ...when, faults: [faultOf({ ...fault, ...when, stationCode: truth.place })] };
}

/** Dust: a little less each day for 40 days, until it rains. */
function dust(place: string, washedMs: number): Truth {
  const days = 40;
  const faults = Array.from({ length: days }, (_, index) => {
    const fromMs = washedMs - (days - index) * DAY;
    return faultOf({
      kind: 'low',
      stationCode: place,
      factor: 1 - 0.0045 * (index + 1),
      fromMs,
      toMs: fromMs + DAY,
    });
  });
  return {
    kind: 'soiling',
    place,
    level: 'minor',
    fromMs: washedMs - days * DAY,
    toMs: washedMs,
    // Told at 5 % of fall at the earliest; at 8 % in 30 days it has to be.
    soonestMs: 5 * DAY,
    latestMs: 41 * DAY,
    clearMs: 12 * DAY,
    faults,
  };
}

const COUNTY_B = '141126';
const ofCountyB = ['S02', 'S04', 'S06', 'S08', 'S10', 'S12'];

const TRUTHS: Truth[] = [
  deviceTruth({ kind: 'zero', place: 'S01', level: 'major', ...half }, span(0, 10, 12), {
    kind: 'zero',
    factor: 0,
  }),
  deviceTruth({ kind: 'zero', place: 'S02', level: 'major', ...half }, span(0, 10, 12), {
    kind: 'outage',
    factor: 0,
  }),
  deviceTruth(
    {
      kind: 'offline',
      place: 'S03',
      level: 'minor',
      soonestMs: 2 * HOUR,
      latestMs: 2 * HOUR + SEEN_MS,
      clearMs: 10 * MINUTE + SEEN_MS,
    },
    span(0, 9, 13),
    { kind: 'offline' },
  ),
  deviceTruth(
    {
      kind: 'no_data',
      place: 'S04',
      level: 'info',
      soonestMs: 30 * MINUTE,
      latestMs: 35 * MINUTE + SEEN_MS,
      clearMs: 10 * MINUTE + SEEN_MS,
    },
    span(0, 10, 13),
    { kind: 'device_silent', deviceCode: 'INV02' },
  ),
  deviceTruth({ kind: 'fault', place: 'S05', level: 'major', ...quarter }, span(0, 10, 12), {
    kind: 'zero',
    deviceCode: 'INV01',
    factor: 0,
  }),
  deviceTruth({ kind: 'inverter_zero', place: 'S06', level: 'minor', ...half }, span(0, 10, 12), {
    kind: 'low',
    deviceCode: 'INV02',
    factor: 0,
  }),
  deviceTruth(
    {
      kind: 'string_low',
      place: 'S07',
      level: 'minor',
      soonestMs: HOUR,
      // Strings come once a quarter hour.
      latestMs: HOUR + 15 * MINUTE + SEEN_MS,
      clearMs: HOUR + 15 * MINUTE + SEEN_MS,
    },
    span(0, 10.5, 13.5),
    { kind: 'string_low', deviceCode: 'INV01', factor: 0.2, stringIndex: 3 },
  ),
  deviceTruth({ kind: 'insulation', place: 'S08', level: 'major', ...quarter }, span(0, 10, 12), {
    kind: 'insulation',
    deviceCode: 'INV03',
    factor: 0,
  }),
  deviceTruth({ kind: 'over_temperature', place: 'S09', level: 'minor', ...quarter }, span(0, 11, 14), {
    kind: 'overheat',
    deviceCode: 'INV01',
  }),
  deviceTruth({ kind: 'grid', place: 'S10', level: 'minor', ...quarter }, span(0, 11, 14), {
    kind: 'over_voltage',
  }),
  // Nothing all day: as grave as it gets, and not said again as a low day.
  deviceTruth({ kind: 'zero', place: 'S08', level: 'critical', ...half }, span(5, 9, 16.5), {
    kind: 'zero',
    factor: 0,
  }),
  // Half of the power for three days: the first evening is enough.
  deviceTruth(
    {
      kind: 'low',
      place: 'S11',
      level: 'major',
      soonestMs: DAY,
      latestMs: DAY + HOUR,
      clearMs: 2 * DAY + HOUR,
    },
    { fromMs: at(1, 0), toMs: at(4, 0) },
    { kind: 'low', factor: 0.45 },
  ),
  // Three quarters of it: three evenings running.
  deviceTruth(
    {
      kind: 'low',
      place: 'S09',
      level: 'minor',
      soonestMs: 3 * DAY,
      latestMs: 3 * DAY + HOUR,
      clearMs: 2 * DAY + HOUR,
    },
    { fromMs: at(1, 0), toMs: at(5, 0) },
    { kind: 'low', factor: 0.72 },
  ),
  {
    kind: 'county_silent',
    place: COUNTY_B,
    level: 'critical',
    ...span(1, 10, 12),
    soonestMs: 40 * MINUTE,
    latestMs: 40 * MINUTE + SEEN_MS,
    clearMs: 10 * MINUTE + SEEN_MS,
    faults: ofCountyB.map((stationCode) => faultOf({ kind: 'offline', stationCode, ...span(1, 10, 12) })),
  },
  {
    kind: 'counter',
    place: 'S03',
    level: 'data',
    fromMs: at(1, 11),
    toMs: Infinity,
    soonestMs: 0,
    latestMs: 3 * HOUR,
    clearMs: Infinity,
    faults: [faultOf({ kind: 'counter_jump', stationCode: 'S03', deviceCode: 'INV03', fromMs: at(1, 11) })],
  },
  {
    kind: 'over_capacity',
    place: 'S12',
    level: 'data',
    fromMs: at(0, 8),
    toMs: Infinity,
    soonestMs: 0,
    latestMs: 5 * HOUR,
    clearMs: Infinity,
    faults: [],
  },
  dust('S05', at(3, 0)),
];

/** Ingest stands still for half an hour of the third day. */
const INGEST_DOWN = { kind: 'ingest_down' as const, place: 'city', level: 'critical', ...span(3, 14, 14.5) };
const LAST_DAY = 10;

const { database } = await createTestDatabase();
let rows: AlarmRow[] = [];

beforeAll(async () => {
  const registry = truthFleet();
  const fleet = await TableFleet.begin({
    database,
    seed: SEED,
    registry,
    // The register knows less than half of the modules of S12.
    registered: {
      ...registry,
      stations: registry.stations.map((station) =>
        station.code === 'S12' ? { ...station, capacityW: 70_000 } : station,
      ),
    },
    faults: TRUTHS.flatMap(({ faults }) => faults),
    fromDay: FROM,
    historyDays: 75,
  });
  await fleet.run(INGEST_DOWN.fromMs);
  fleet.stopped = 'ingest';
  await fleet.run(INGEST_DOWN.toMs);
  fleet.stopped = 'none';
  await fleet.run(at(LAST_DAY, 1));
  rows = await alarmRows(database);
}, 300_000);

const ofTruth = ({ kind, place }: { kind: string; place: string }) =>
  rows.filter((row) => row.kind === kind && row.place === place);

describe('alarms against a known truth, through readings, roll-up, expected output and evaluation', () => {
  it.each(TRUTHS)('sees $kind at $place in its time, once, and lets go of it', (truth) => {
    const found = ofTruth(truth);
    expect(found).toHaveLength(1);
    const [alarm] = found;
    const afterMs = (alarm?.openedAt.getTime() ?? 0) - truth.fromMs;
    expect(afterMs).toBeGreaterThanOrEqual(truth.soonestMs);
    expect(afterMs).toBeLessThanOrEqual(truth.latestMs);
    expect(alarm?.level).toBe(truth.level);
    if (!Number.isFinite(truth.clearMs)) return;
    const overMs = (alarm?.recoveredAt?.getTime() ?? Infinity) - truth.toMs;
    expect(overMs).toBeGreaterThan(0);
    expect(overMs).toBeLessThanOrEqual(truth.clearMs);
    expect(alarm?.closedAt).not.toBeNull();
  });

  it('makes one alarm of an ingest that stands still', () => {
    const [alarm, ...others] = ofTruth(INGEST_DOWN);
    expect(others).toEqual([]);
    const afterMs = (alarm?.openedAt.getTime() ?? 0) - INGEST_DOWN.fromMs;
    expect(afterMs).toBeLessThanOrEqual(3 * MINUTE + SEEN_MS);
    expect(alarm).toMatchObject({ level: INGEST_DOWN.level });
    expect(alarm?.closedAt).not.toBeNull();
  });

  it('raises nothing else in these days', () => {
    const told = [...TRUTHS, INGEST_DOWN].map(({ kind, place }) => `${kind} ${place}`);
    expect(rows.map(({ kind, place }) => `${kind} ${place}`).toSorted()).toEqual(told.toSorted());
  });
});
