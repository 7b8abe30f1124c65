import { expect } from 'vitest';
import { dayOf } from '#domain';
import type { ReceivedReading } from '#ingestion';
import { sql, type Database } from '#persistence';
import type { TestEngine } from '#test-support';

/** What the embedded engine has answered; it is asked first. */
const reference = new Map<string, unknown>();

/** Remembers the answer of the embedded engine, and holds that of another against it. */
export function sameOnEveryEngine(question: string, engine: TestEngine, answer: unknown): void {
  if (engine === 'embedded') reference.set(question, answer);
  expect(answer, `${question}: as on the embedded engine`).toEqual(reference.get(question));
}

/** An answer as JSON carries it, without real time, which differs from run to run. */
export const withoutRealTime = (answer: unknown): string =>
  JSON.stringify(answer, (name, value: unknown) => (name === 'realNow' ? undefined : value), 1);

/** Tables of the schema without the parts that an engine keeps them in. */
const OWN_TABLES = sql`
  select c.oid, c.relname
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`;

export const columnsOf = (database: Database) =>
  database.query(sql`
    select t.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as "notNull", pg_get_expr(d.adbin, d.adrelid) as "default"
    from (${OWN_TABLES}) t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    order by t.relname collate "C", a.attnum`);

/** Constraints but "not null", which PostgreSQL counts among them since 18. */
export const constraintsOf = (database: Database) =>
  database.query(sql`
    select t.relname as "table", k.conname as name, pg_get_constraintdef(k.oid) as definition
    from (${OWN_TABLES}) t
    join pg_constraint k on k.conrelid = t.oid
    where k.contype <> 'n'
    order by t.relname collate "C", k.conname collate "C"`);

export const indexesOf = (database: Database) =>
  database.query<{ table: string; index: string }>(sql`
    select t.relname as "table", i.relname as "index"
    from (${OWN_TABLES}) t
    join pg_index x on x.indrelid = t.oid
    join pg_class i on i.oid = x.indexrelid
    order by t.relname collate "C", i.relname collate "C"`);

export interface ReadingRow {
  device_id: number;
  measured_at: Date;
  active_power_w: number | null;
  seq: bigint | null;
}

/** Whole rows of `reading` within [from, to), instants of ISO 8601 with a zone. */
export const rowsBetween = (database: Database, from: string, to: string) =>
  database.query<ReadingRow>(sql`
    select device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh, temperature_dc,
      frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca, status, fault_code,
      seq, flags
    from reading
    where measured_at >= ${from}::timestamptz and measured_at < ${to}::timestamptz
    order by device_id, measured_at`);

/** What ingest has counted for a Shanghai day. */
export const countsOf = (database: Database, day: string) =>
  database.query(
    sql`select accepted, duplicate from ingest_count where day = ${day}::date order by station_id`,
  );

export interface EnergyRow {
  code: string;
  at: string;
  wh: number;
  method: string;
  quality: string;
}

export const energyRows = (database: Database, by: 'day' | 'quarter') =>
  database.query<EnergyRow>(
    by === 'day'
      ? sql`
          select s.code, e.day as "at", e.energy_wh::float8 as wh, e.method, e.quality
          from station_day e
          join station s on s.id = e.station_id
          order by s.code collate "C", e.day`
      : sql`
          select s.code, to_char(e.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as "at",
            e.energy_wh::float8 as wh, e.method, e.quality
          from station_quarter_hour e
          join station s on s.id = e.station_id
          order by s.code collate "C", e.starts_at`,
  );

export interface WrittenState {
  readings: { deviceId: number; atMs: number; powerW: number | null }[];
  latest: { deviceId: number; atMs: number; powerW: number | null }[];
  counts: { day: string; accepted: number; duplicate: number }[];
  dirtyDays: string[];
}

/** Everything that writing readings leaves behind. */
export async function writtenState(database: Database): Promise<WrittenState> {
  const readings = await database.query<WrittenState['readings'][number]>(sql`
    select device_id as "deviceId", (extract(epoch from measured_at) * 1000)::float8 as "atMs",
      active_power_w as "powerW"
    from reading
    where measured_at >= '2026-01-01'::timestamptz and measured_at < '2027-01-01'::timestamptz
    order by device_id, measured_at`);
  const latest = await database.query<WrittenState['latest'][number]>(sql`
    select device_id as "deviceId", (extract(epoch from measured_at) * 1000)::float8 as "atMs",
      active_power_w as "powerW"
    from latest_reading
    order by device_id`);
  const counts = await database.query<WrittenState['counts'][number]>(
    sql`select day, accepted::int, duplicate::int from ingest_count order by day`,
  );
  const dirty = await database.query<{ day: string }>(sql`select day from dirty_station_day order by day`);
  return { readings, latest, counts, dirtyDays: dirty.map(({ day }) => day) };
}

/** What {@link writtenState} must be once these readings of one station have come, however often. */
export function expectedState(received: readonly ReceivedReading[]): WrittenState {
  const rows = received.map(({ device, reading }) => ({
    deviceId: device.deviceId,
    atMs: reading.measuredAtMs,
    powerW: reading.activePowerW,
  }));
  const readings = [...new Map(rows.map((row) => [`${row.deviceId} ${row.atMs}`, row])).values()].toSorted(
    (a, b) => a.deviceId - b.deviceId || a.atMs - b.atMs,
  );
  const days = [...Map.groupBy(rows, ({ atMs }) => dayOf(atMs))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const accepted = Map.groupBy(readings, ({ atMs }) => dayOf(atMs));
  return {
    readings,
    latest: [...new Map(readings.map((row) => [row.deviceId, row])).values()],
    counts: days.map(([day, members]) => {
      const kept = accepted.get(day)?.length ?? 0;
      return { day, accepted: kept, duplicate: members.length - kept };
    }),
    // Readings of the first minutes of a day close the last quarter hour of the day before.
    dirtyDays: [
      ...new Set(days.flatMap(([day]) => (day === '2026-04-11' ? ['2026-04-10', day] : [day]))),
    ].toSorted(),
  };
}
