import { DAY_MS, type CounterSample, type PowerSample } from '#domain';
import { sql, type Database } from '#persistence';
import { reachDays } from './reach-days.ts';

export interface DeviceReadings {
  counters: CounterSample[];
  powers: PowerSample[];
}

export interface Span {
  from: Date;
  to: Date;
}

/** A stretch of readings of one device, beside those that are asked for. */
export interface Stretch extends Span {
  deviceId: number;
}

/** Counter readings on each side of a span: enough to see whether the nearest one is to be believed. */
export const BOUNDARY_SAMPLES = 4;
/** Power at the ends of a day is carried over so much at most: three reporting intervals. */
const POWER_MARGIN_MS = 15 * 60_000;

/** `date_part` gives a float at once; `extract` a numeric, which costs more than all else of a row. */
interface Row {
  deviceId: number;
  atMs: number;
  totalWh: number | null;
  powerW: number | null;
}

/**
 * Readings with a counter or a power within [from, to), with a little margin, and the nearest few counters on each
 * side, by device and in order of time. Those carry the boundaries of the span.
 */
export async function readDevices(
  database: Database,
  question: {
    deviceIds: readonly number[];
    span: Span;
    /** Nothing beyond it is looked at; worked out here, since the planner opens every partition for a sum. */
    limits: Span;
    stretches?: readonly Stretch[];
  },
): Promise<Map<number, DeviceReadings>> {
  const { deviceIds, span, limits, stretches = [] } = question;
  const within = {
    from: new Date(Math.max(span.from.getTime() - POWER_MARGIN_MS, limits.from.getTime())),
    to: new Date(Math.min(span.to.getTime() + POWER_MARGIN_MS, limits.to.getTime())),
  };
  const rows = await rowsAround(database, deviceIds, within, limits);
  if (stretches.length === 0) return byDevice(rows);
  const merged = new Map<string, Row>();
  for (const row of [...(await rowsOf(database, stretches)), ...rows])
    merged.set(`${row.deviceId} ${row.atMs}`, row);
  return byDevice([...merged.values()].sort((a, b) => a.deviceId - b.deviceId || a.atMs - b.atMs));
}

/** Counters of the day of devices over a span and the day before it: what was shown last is not energy of the span. */
export async function readDayCounters(
  database: Database,
  deviceIds: readonly number[],
  span: Span,
): Promise<Map<number, CounterSample[]>> {
  const rows = await database.query<CounterSample & { deviceId: number }>(sql`
    select device_id as "deviceId", round(date_part('epoch', measured_at) * 1000) as "atMs",
      energy_day_wh::float8 as "totalWh"
    from reading
    where device_id = any (${deviceIds}::int[]) and energy_day_wh is not null
      and measured_at >= ${new Date(span.from.getTime() - DAY_MS)}::timestamptz
      and measured_at < ${span.to}::timestamptz
    order by device_id, measured_at`);
  return Map.groupBy(rows, ({ deviceId }) => deviceId);
}

async function rowsAround(
  database: Database,
  deviceIds: readonly number[],
  span: Span,
  limits: Span,
): Promise<Row[]> {
  return database.query<Row>(sql`
    with d as (select unnest(${deviceIds}::int[]) as id), samples as (
      select r.device_id, r.measured_at, r.energy_total_wh, r.active_power_w
      from reading r
      where r.device_id = any (${deviceIds}::int[])
        and (r.energy_total_wh is not null or r.active_power_w is not null)
        and r.measured_at >= ${span.from}::timestamptz and r.measured_at < ${span.to}::timestamptz
      union all
      select d.id, p.measured_at, p.energy_total_wh, p.active_power_w
      from d cross join lateral (
        select measured_at, energy_total_wh, active_power_w
        from reading r
        where r.device_id = d.id and r.energy_total_wh is not null and r.measured_at < ${span.from}::timestamptz
          and r.measured_at >= ${limits.from}::timestamptz
        order by r.measured_at desc
        limit ${BOUNDARY_SAMPLES}::int) p
      union all
      select d.id, n.measured_at, n.energy_total_wh, n.active_power_w
      from d cross join lateral (
        select measured_at, energy_total_wh, active_power_w
        from reading r
        where r.device_id = d.id and r.energy_total_wh is not null and r.measured_at >= ${span.to}::timestamptz
          and r.measured_at < ${limits.to}::timestamptz
        order by r.measured_at
        limit ${BOUNDARY_SAMPLES}::int) n
    )
    select device_id as "deviceId", round(date_part('epoch', measured_at) * 1000) as "atMs",
      energy_total_wh::float8 as "totalWh", active_power_w as "powerW"
    from samples
    order by device_id, measured_at`);
}

/** Counter readings of the stretches, and the nearest few before each of them. */
async function rowsOf(database: Database, stretches: readonly Stretch[]): Promise<Row[]> {
  const firstMs = stretches.reduce((least, { from }) => Math.min(least, from.getTime()), Infinity);
  const earliest = new Date(firstMs - (await reachDays(database)) * DAY_MS);
  const latest = new Date(stretches.reduce((most, { to }) => Math.max(most, to.getTime()), -Infinity));
  return database.query<Row>(sql`
    with s as (
      select * from unnest(${stretches.map(({ deviceId }) => deviceId)}::int[],
        ${stretches.map(({ from }) => from.toISOString())}::timestamptz[],
        ${stretches.map(({ to }) => to.toISOString())}::timestamptz[]) as u (device_id, from_at, to_at)
    ), samples as (
      select r.device_id, r.measured_at, r.energy_total_wh, r.active_power_w
      from s cross join lateral (
        select * from reading r
        where r.device_id = s.device_id and r.energy_total_wh is not null
          and r.measured_at >= s.from_at and r.measured_at < s.to_at
          and r.measured_at >= ${earliest}::timestamptz and r.measured_at < ${latest}::timestamptz) r
      union all
      select r.device_id, r.measured_at, r.energy_total_wh, r.active_power_w
      from s cross join lateral (
        select * from reading r
        where r.device_id = s.device_id and r.energy_total_wh is not null and r.measured_at < s.from_at
          and r.measured_at >= s.from_at - make_interval(days => pv_reach_days())
          and r.measured_at >= ${earliest}::timestamptz and r.measured_at < ${latest}::timestamptz
        order by r.measured_at desc
        limit ${BOUNDARY_SAMPLES}::int) r
    )
    select device_id as "deviceId", round(date_part('epoch', measured_at) * 1000) as "atMs",
      energy_total_wh::float8 as "totalWh", active_power_w as "powerW"
    from samples`);
}

function byDevice(rows: readonly Row[]): Map<number, DeviceReadings> {
  const readings = new Map<number, DeviceReadings>();
  for (const { deviceId, atMs, totalWh, powerW } of rows) {
    let device = readings.get(deviceId);
    if (!device) {
      device = { counters: [], powers: [] };
      readings.set(deviceId, device);
    }
    if (totalWh !== null) device.counters.push({ atMs, totalWh, activePowerW: powerW });
    if (powerW !== null) device.powers.push({ atMs, activePowerW: powerW });
  }
  return readings;
}
