import { sql, type Database, type Queryable } from '#persistence';
import type { CounterSample } from '#domain';

export interface DirtyDay {
  stationId: number;
  day: string;
  generation: bigint;
}

export interface CountedDevice {
  deviceId: number;
  stationId: number;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
}

export interface DeviceDayRow {
  deviceId: number;
  day: string;
  energyWh: number;
  method: string;
  quality: string;
}

export interface StationDayRow {
  stationId: number;
  day: string;
  energyWh: number;
  method: string;
  quality: string;
}

export interface QuarterHourRow {
  stationId: number;
  startsAt: Date;
  energyWh: number;
  method: string;
  quality: string;
}

/** How far back the last reading before a day is looked for: as long as late data are taken. */
const BOUNDARY_DAYS = 35;

export class RollUpRepository {
  constructor(private readonly database: Database) {}

  /** Days that wait, the one that has waited longest first. */
  async dirtyDays(limit: number): Promise<DirtyDay[]> {
    return this.database.query<DirtyDay>(sql`
      select station_id as "stationId", day, generation
      from dirty_station_day
      order by marked_at, station_id, day
      limit ${limit}`);
  }

  async countDirtyDays(): Promise<number> {
    const [row] = await this.database.query<{ n: number }>(
      sql`select count(*)::int as n from dirty_station_day`,
    );
    return row?.n ?? 0;
  }

  async devicesOf(stationIds: readonly number[]): Promise<CountedDevice[]> {
    return this.database.query<CountedDevice>(sql`
      select id as "deviceId", station_id as "stationId", kind, rated_power_w as "ratedPowerW"
      from device
      where station_id = any (${stationIds}::int[])
      order by id`);
  }

  /**
   * Counter readings of the devices within [from, to), and the nearest one on each side, by device and in order of
   * time. The nearest ones carry the boundary of the first and the last day.
   */
  async counterSamples(
    deviceIds: readonly number[],
    span: { from: Date; to: Date },
  ): Promise<Map<number, CounterSample[]>> {
    const rows = await this.database.query<{ deviceId: number; atMs: number; totalWh: number }>(sql`
      with d as (select unnest(${deviceIds}::int[]) as id), samples as (
        select r.device_id, r.measured_at, r.energy_total_wh
        from reading r
        where r.device_id = any (${deviceIds}::int[]) and r.energy_total_wh is not null
          and r.measured_at >= ${span.from}::timestamptz and r.measured_at < ${span.to}::timestamptz
        union all
        select d.id, p.measured_at, p.energy_total_wh
        from d cross join lateral (
          select measured_at, energy_total_wh
          from reading r
          where r.device_id = d.id and r.energy_total_wh > 0 and r.measured_at < ${span.from}::timestamptz
            and r.measured_at >= ${span.from}::timestamptz - make_interval(days => ${BOUNDARY_DAYS}::int)
          order by r.measured_at desc
          limit 1) p
        union all
        select d.id, n.measured_at, n.energy_total_wh
        from d cross join lateral (
          select measured_at, energy_total_wh
          from reading r
          where r.device_id = d.id and r.energy_total_wh > 0 and r.measured_at >= ${span.to}::timestamptz
            and r.measured_at < ${span.to}::timestamptz + make_interval(days => ${BOUNDARY_DAYS}::int)
          order by r.measured_at
          limit 1) n
      )
      select device_id as "deviceId", (extract(epoch from measured_at) * 1000)::float8 as "atMs",
        energy_total_wh::float8 as "totalWh"
      from samples
      order by device_id, measured_at`);
    const byDevice = new Map<number, CounterSample[]>();
    for (const { deviceId, atMs, totalWh } of rows) {
      const samples = byDevice.get(deviceId);
      if (samples) samples.push({ atMs, totalWh });
      else byDevice.set(deviceId, [{ atMs, totalWh }]);
    }
    return byDevice;
  }

  /** Replaces what is stored of the given station-days and strikes them off the list, in one transaction. */
  async store(result: {
    done: readonly DirtyDay[];
    recomputed: readonly { stationId: number; day: string; from: Date; to: Date }[];
    deviceDays: readonly DeviceDayRow[];
    stationDays: readonly StationDayRow[];
    quarterHours: readonly QuarterHourRow[];
    computedAt: Date;
  }): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await storeDeviceDays(transaction, result.deviceDays, result.computedAt);
      await storeStationDays(transaction, result.stationDays, result.computedAt);
      await replaceQuarterHours(transaction, result.recomputed, result.quarterHours);
      // A day that was marked again while it was worked out stays on the list.
      await transaction.query(sql`
        delete from dirty_station_day d
        using unnest(${result.done.map(({ stationId }) => stationId)}::int[],
          ${result.done.map(({ day }) => day)}::date[],
          ${result.done.map(({ generation }) => generation)}::bigint[]) as u (station_id, day, generation)
        where d.station_id = u.station_id and d.day = u.day and d.generation = u.generation`);
      // And goes to the end of it, so that others have their turn.
      await transaction.query(sql`
        update dirty_station_day d set marked_at = clock_timestamp()
        from unnest(${result.done.map(({ stationId }) => stationId)}::int[],
          ${result.done.map(({ day }) => day)}::date[]) as u (station_id, day)
        where d.station_id = u.station_id and d.day = u.day`);
    });
  }
}

async function storeDeviceDays(transaction: Queryable, rows: readonly DeviceDayRow[], computedAt: Date) {
  await transaction.query(sql`
    insert into device_day (device_id, day, energy_wh, method, quality, computed_at)
    select *, ${computedAt}::timestamptz from unnest(${rows.map(({ deviceId }) => deviceId)}::int[],
      ${rows.map(({ day }) => day)}::date[], ${rows.map(({ energyWh }) => energyWh)}::bigint[],
      ${rows.map(({ method }) => method)}::text[], ${rows.map(({ quality }) => quality)}::text[])
    order by 1, 2
    on conflict (device_id, day) do update set energy_wh = excluded.energy_wh, method = excluded.method,
      quality = excluded.quality, computed_at = excluded.computed_at`);
}

async function storeStationDays(transaction: Queryable, rows: readonly StationDayRow[], computedAt: Date) {
  await transaction.query(sql`
    insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
    select *, ${computedAt}::timestamptz from unnest(${rows.map(({ stationId }) => stationId)}::int[],
      ${rows.map(({ day }) => day)}::date[], ${rows.map(({ energyWh }) => energyWh)}::bigint[],
      ${rows.map(({ method }) => method)}::text[], ${rows.map(({ quality }) => quality)}::text[])
    order by 1, 2
    on conflict (station_id, day) do update set energy_wh = excluded.energy_wh, method = excluded.method,
      quality = excluded.quality, computed_at = excluded.computed_at
    -- History that came in bulk has no readings behind it; the few at its edges must not replace it.
    where station_day.method <> 'simulated'`);
}

async function replaceQuarterHours(
  transaction: Queryable,
  recomputed: readonly { stationId: number; from: Date; to: Date }[],
  rows: readonly QuarterHourRow[],
) {
  await transaction.query(sql`
    insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
    select * from unnest(${rows.map(({ stationId }) => stationId)}::int[],
      ${rows.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[],
      ${rows.map(({ energyWh }) => energyWh)}::bigint[], ${rows.map(({ method }) => method)}::text[],
      ${rows.map(({ quality }) => quality)}::text[])
    order by 1, 2
    on conflict (station_id, starts_at) do update set energy_wh = excluded.energy_wh, method = excluded.method,
      quality = excluded.quality
    where station_quarter_hour.method <> 'simulated'
      and (station_quarter_hour.energy_wh, station_quarter_hour.method, station_quarter_hour.quality)
      is distinct from (excluded.energy_wh, excluded.method, excluded.quality)`);
  // What was known before and no longer is (a late reading showed a longer gap) must go.
  await transaction.query(sql`
    delete from station_quarter_hour q
    using unnest(${recomputed.map(({ stationId }) => stationId)}::int[],
      ${recomputed.map(({ from }) => from.toISOString())}::timestamptz[],
      ${recomputed.map(({ to }) => to.toISOString())}::timestamptz[]) as u (station_id, starts, ends)
    where q.station_id = u.station_id and q.starts_at >= u.starts and q.starts_at < u.ends
      and q.method <> 'simulated'
      and not exists (
        select 1 from unnest(${rows.map(({ stationId }) => stationId)}::int[],
          ${rows.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[]) as k (station_id, starts_at)
        where k.station_id = q.station_id and k.starts_at = q.starts_at)`);
}
