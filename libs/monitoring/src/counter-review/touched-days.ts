import { addDays, dayOf, daysBetween, dayStartMs } from '#domain';
import { sql, type Database, type Queryable } from '#persistence';
import { ProblemError } from '#platform';
import { BOUNDARY_SAMPLES } from './device-readings.ts';

export interface TouchedSpan {
  deviceId: number;
  fromMs: number;
  /** Included. */
  toMs: number;
  /** Long spans touch only the days that have readings; short ones also the days of a gap. */
  isLong: boolean;
}

export interface StationDay {
  stationId: number;
  day: string;
}

/**
 * Days that a signed fix or record changes: from a few readings before its instant to a few after its end. None where
 * there are no readings of that time any more: what was worked out from them stays.
 */
export async function touchedDays(database: Database, span: TouchedSpan): Promise<StationDay[]> {
  const [device] = await database.query<{ stationId: number }>(
    sql`select station_id as "stationId" from device where id = ${span.deviceId}`,
  );
  if (!device) return [];
  const [firstMs, lastMs, withReadings] = await Promise.all([
    edgeBefore(database, span),
    edgeAfter(database, span),
    daysWithReadings(database, span),
  ]);
  const isBare = firstMs === span.fromMs && lastMs === span.toMs && withReadings.length === 0;
  if (isBare) return [];
  const days = span.isLong
    ? new Set([
        ...daysBetween(dayOf(firstMs), addDays(dayOf(span.fromMs), 1)),
        ...withReadings,
        ...daysBetween(dayOf(span.toMs), addDays(dayOf(lastMs), 1)),
      ])
    : daysBetween(dayOf(firstMs), addDays(dayOf(lastMs), 1));
  return [...days].map((day) => ({ stationId: device.stationId, day }));
}

/** Puts station-days on the list of the roll-up, in an order that all who do so share. */
export async function markDirty(transaction: Queryable, days: readonly StationDay[]): Promise<void> {
  if (days.length === 0) return;
  await transaction.query(sql`
    insert into dirty_station_day as d (station_id, day, marked_at, spreads)
    select distinct station_id, day, now(), false
    from unnest(${days.map(({ stationId }) => stationId)}::int[], ${days.map(({ day }) => day)}::date[])
      as u (station_id, day)
    order by 1, 2
    on conflict (station_id, day) do update set generation = nextval('dirty_generation')`);
}

/**
 * Energy whose readings are dropped cannot be worked out again, so nobody may sign what would change it. Call it after
 * `markDirty`, whose lock keeps the dropping of readings out until the end of the transaction.
 * @throws ProblemError 409 `counter_review.readings_dropped`
 */
export async function requireReadings(transaction: Queryable, instantMs: number): Promise<void> {
  const day = dayOf(instantMs);
  const [closed] = await transaction.query<{ openFrom: string }>(sql`
    select dropped_before + pv_reach_days() as "openFrom"
    from time_series_keeping
    where table_name = 'reading' and ${day}::date < dropped_before + pv_reach_days()`);
  if (closed)
    throw new ProblemError(
      409,
      'counter_review.readings_dropped',
      `the readings around ${day} are dropped, so that its energy stays as it is; from ${closed.openFrom} on it can be changed`,
    );
}

async function edgeBefore(database: Database, { deviceId, fromMs }: TouchedSpan): Promise<number> {
  const from = new Date(fromMs);
  const [row] = await database.query<{ edge: Date | null }>(sql`
    select min(measured_at) as edge from (
      select measured_at from reading
      where device_id = ${deviceId} and energy_total_wh is not null and measured_at < ${from}::timestamptz
        and measured_at >= ${from}::timestamptz - make_interval(days => pv_reach_days())
      order by measured_at desc
      limit ${BOUNDARY_SAMPLES}::int) nearest`);
  return row?.edge?.getTime() ?? fromMs;
}

async function edgeAfter(database: Database, { deviceId, toMs }: TouchedSpan): Promise<number> {
  const to = new Date(toMs);
  const [row] = await database.query<{ edge: Date | null }>(sql`
    select max(measured_at) as edge from (
      select measured_at from reading
      where device_id = ${deviceId} and energy_total_wh is not null and measured_at > ${to}::timestamptz
        and measured_at < ${to}::timestamptz + make_interval(days => pv_reach_days())
      order by measured_at
      limit ${BOUNDARY_SAMPLES}::int) nearest`);
  return row?.edge?.getTime() ?? toMs;
}

async function daysWithReadings(
  database: Database,
  { deviceId, fromMs, toMs }: TouchedSpan,
): Promise<string[]> {
  const from = new Date(dayStartMs(dayOf(fromMs)));
  const rows = await database.query<{ day: string }>(sql`
    select distinct (measured_at at time zone 'Asia/Shanghai')::date as day
    from reading
    where device_id = ${deviceId} and energy_total_wh is not null
      and measured_at >= ${from}::timestamptz and measured_at <= ${new Date(toMs)}::timestamptz
    order by 1`);
  return rows.map(({ day }) => day);
}
