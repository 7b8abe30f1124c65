import {
  alarmKindSchema,
  alarmLevelSchema,
  expectedCauseSchema,
  expectedVerdictSchema,
  type AlarmLevel,
  type Fleet,
  type StationExpected,
} from '#contracts';
import { dayStartMs, QUARTER_HOUR_MS } from '#domain';
import type { Database } from '#persistence';
import { Cached, cachedBy } from './cached.ts';
import {
  FleetExpectedRepository,
  type ExpectedSlotRow,
  type ExpectedTodayRow,
  type OpenKindRow,
} from './fleet-expected.repository.ts';

/** Today is judged again every five minutes, alarms every half minute. */
const EXPECTED_AGE = { maxAgeMs: 10_000, staleMs: 30_000 };
const ALARMS_AGE = { maxAgeMs: 3000, staleMs: 5000 };
/** The curve runs from 04:00 to 21:00, the hours that can have light. */
const CURVE_FROM_SLOT = 16;
const CURVE_SLOTS = 68;
/** Below this share of the capacity the expected sum would be mostly a guess, and is not shown. */
const EXPECTED_SHARE_MIN = 0.8;
const LEVELS: readonly AlarmLevel[] = ['data', 'info', 'minor', 'major', 'critical'];

/** Expected output and open alarms of the fleet, read once for all who look. */
export class FleetExpected {
  private readonly repository: FleetExpectedRepository;
  private readonly todays = new Map<string, Cached<Map<number, StationExpected>>>();
  private readonly sums = new Map<string, Cached<ExpectedSlotRow[]>>();
  private readonly kinds: Cached<OpenKindRow[]>;

  constructor(database: Database, now: () => Date) {
    this.repository = new FleetExpectedRepository(database);
    this.kinds = new Cached(ALARMS_AGE, () => this.repository.openKinds(now()));
  }

  /** By station; a station that was not looked at on that day is absent. */
  today(day: string): Promise<Map<number, StationExpected>> {
    forgetOtherDays(this.todays, day);
    return cachedBy(this.todays, day, EXPECTED_AGE, async () => {
      const rows = await this.repository.today(day);
      return new Map(rows.map((row) => [row.stationId, expectedOf(row)]));
    }).get();
  }

  slots(day: string, countyCode: string | null): Promise<ExpectedSlotRow[]> {
    forgetOtherDays(this.sums, day);
    return cachedBy(this.sums, `${day} ${countyCode ?? ''}`, EXPECTED_AGE, () =>
      this.repository.slots({ day, countyCode }),
    ).get();
  }

  async openAlarms(countyCode: string | null): Promise<Fleet['openAlarms']> {
    return openAlarmsOf(await this.kinds.get(), countyCode);
  }
}

function forgetOtherDays(caches: Map<string, unknown>, day: string): void {
  for (const key of caches.keys()) if (!key.startsWith(day)) caches.delete(key);
}

const expectedOf = (row: ExpectedTodayRow): StationExpected => ({
  verdict: expectedVerdictSchema.parse(row.verdict),
  cause: row.cause === null ? null : expectedCauseSchema.parse(row.cause),
  sinceDay: row.sinceDay,
  ratio: row.ratio === null ? null : Math.round(row.ratio * 1e4) / 1e4,
  expectedEnergyWh: row.expectedEnergyWh,
  lostEnergyWh: row.lostEnergyWh,
  lostAmountFen: row.lostAmountFen,
  computedAt: row.computedAt.toISOString(),
});

/** Kinds of a county or the city, the most yuan lost first. */
export function openAlarmsOf(rows: readonly OpenKindRow[], countyCode: string | null): Fleet['openAlarms'] {
  const own = rows.filter((row) => countyCode === null || row.countyCode === countyCode);
  const kinds = [...Map.groupBy(own, ({ kind }) => kind)]
    .map(([kind, parts]) => {
      const sum = (of: (row: OpenKindRow) => number) => parts.reduce((total, row) => total + of(row), 0);
      const gravest = Math.max(...parts.map(({ level }) => LEVELS.indexOf(alarmLevelSchema.parse(level))));
      return {
        kind: alarmKindSchema.parse(kind),
        level: LEVELS[gravest] ?? 'info',
        alarms: sum(({ alarms }) => alarms),
        unacknowledged: sum(({ unacknowledged }) => unacknowledged),
        stations: sum(({ stations }) => stations),
        lostEnergyWh: sum(({ lostEnergyWh }) => lostEnergyWh),
        lostFen: parts.reduce((total, { lostAmountFen }) => total + lostAmountFen, 0n),
      };
    })
    .toSorted((a, b) =>
      a.lostFen === b.lostFen ? (a.kind < b.kind ? -1 : 1) : a.lostFen > b.lostFen ? -1 : 1,
    );
  return {
    kinds: kinds.map(({ lostFen, ...kind }) => ({ ...kind, lostAmountFen: String(lostFen) })),
    lostAmountFen: String(kinds.reduce((total, { lostFen }) => total + lostFen, 0n)),
  };
}

/** An expected sum scaled from the capacity that it is known of to that of the area; null where that would be a guess. */
export function scaledTo(capacityW: number, row: ExpectedSlotRow | undefined) {
  if (row === undefined || row.capacityW <= 0 || row.capacityW < EXPECTED_SHARE_MIN * capacityW)
    return { expectedPowerW: null, lowPowerW: null, highPowerW: null };
  const scaled = (powerW: number) => Math.round((powerW * capacityW) / row.capacityW);
  return {
    expectedPowerW: scaled(row.expectedPowerW),
    lowPowerW: scaled(row.lowPowerW),
    highPowerW: scaled(row.highPowerW),
  };
}

/** The band of an area's day from 04:00 to 21:00; null where no station has one. */
export function expectedBand(
  rows: readonly ExpectedSlotRow[],
  area: { day: string; capacityW: number; stations: number },
): Fleet['curve']['expected'] {
  const [first] = rows;
  if (first === undefined) return null;
  const startMs = dayStartMs(area.day) + CURVE_FROM_SLOT * QUARTER_HOUR_MS;
  const byStart = new Map(rows.map((row) => [row.startsAt.getTime(), row]));
  const newest = rows.reduce(
    (latest, { computedAt }) => (computedAt > latest ? computedAt : latest),
    first.computedAt,
  );
  return {
    slots: Array.from({ length: CURVE_SLOTS }, (_, index) => {
      const atMs = startMs + index * QUARTER_HOUR_MS;
      const row = byStart.get(atMs);
      return {
        startsAt: new Date(atMs).toISOString(),
        ...scaledTo(area.capacityW, row),
        stationsCounted: row?.stations ?? 0,
      };
    }),
    stationsCounted: Math.max(...rows.map(({ stations }) => stations)),
    stationsTotal: area.stations,
    capacityW: Math.max(...rows.map(({ capacityW }) => capacityW)),
    computedAt: newest.toISOString(),
  };
}
