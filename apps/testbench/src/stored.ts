import type { TestbenchResult } from '#contracts';
import { QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY, dayOf, dayStartMs } from '#domain';
import { sql, type Database } from '#persistence';

export interface StoredDay {
  energyWh: number;
  method: NonNullable<TestbenchResult['rows'][number]['method']>;
  quality: NonNullable<TestbenchResult['rows'][number]['quality']>;
}

/** What the system has of the played world, by `station day`. Energies in Wh. */
export interface Stored {
  days: ReadonlyMap<string, StoredDay>;
  /** Energy of the 96 quarter hours of a day; null is a gap. */
  quarterHours: ReadonlyMap<string, (number | null)[]>;
  quarantine: TestbenchResult['quarantine'];
  counterEvents: TestbenchResult['counterEvents'];
}

export const keyOfDay = (station: string, day: string): string => `${station} ${day}`;

/** No quarter hour is known. */
export const noQuarterHours = (): (number | null)[] =>
  Array.from({ length: QUARTER_HOURS_PER_DAY }, () => null);

/** Reads what ingest and roll-up left in a database. */
export async function readStored(database: Database): Promise<Stored> {
  return {
    days: await readDays(database),
    quarterHours: await readQuarterHours(database),
    quarantine: await readQuarantine(database),
    counterEvents: await readCounterEvents(database),
  };
}

async function readDays(database: Database): Promise<Map<string, StoredDay>> {
  const rows = await database.query<
    Omit<StoredDay, 'energyWh'> & { station: string; day: string; energyWh: bigint }
  >(sql`
    select s.code as station, d.day, d.energy_wh as "energyWh", d.method, d.quality
    from station_day d
    join station s on s.id = d.station_id
    order by s.code, d.day`);
  return new Map(
    rows.map(({ station, day, energyWh, method, quality }) => [
      keyOfDay(station, day),
      { energyWh: Number(energyWh), method, quality },
    ]),
  );
}

async function readQuarterHours(database: Database): Promise<Map<string, (number | null)[]>> {
  const rows = await database.query<{ station: string; startsAt: Date; energyWh: bigint }>(sql`
    select s.code as station, q.starts_at as "startsAt", q.energy_wh as "energyWh"
    from station_quarter_hour q
    join station s on s.id = q.station_id
    order by s.code, q.starts_at`);
  const found = new Map<string, (number | null)[]>();
  for (const { station, startsAt, energyWh } of rows) {
    const day = dayOf(startsAt.getTime());
    const key = keyOfDay(station, day);
    const known = found.get(key) ?? noQuarterHours();
    known[Math.floor((startsAt.getTime() - dayStartMs(day)) / QUARTER_HOUR_MS)] = Number(energyWh);
    found.set(key, known);
  }
  return found;
}

/** Different messages; how often the same bytes came depends on who asked for them again, and when. */
async function readQuarantine(database: Database): Promise<TestbenchResult['quarantine']> {
  return database.query(sql`
    select reason, count(*)::int as messages
    from quarantine_message
    group by reason
    order by reason`);
}

async function readCounterEvents(database: Database): Promise<TestbenchResult['counterEvents']> {
  const rows = await database.query<{ station: string; device: string; kind: string; at: Date }>(sql`
    select s.code as station, v.code as device, e.kind, e.at
    from counter_event e
    join device v on v.id = e.device_id
    join station s on s.id = v.station_id
    order by s.code, v.code, e.at, e.kind`);
  return rows.map(({ at, ...event }) => ({ ...event, at: at.toISOString() }));
}
