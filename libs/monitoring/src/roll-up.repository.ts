import { sql, type Database, type Queryable } from '#persistence';
import { addDays } from '#domain';
import type { CountedDevice } from './counter-review/counter-reader.ts';
import { markWaitingDays, storeFindings, type DeviceFindings } from './counter-review/findings.ts';
import { reachDays } from './counter-review/reach-days.ts';

export interface DirtyDay {
  stationId: number;
  day: string;
  generation: bigint;
  /** Readings came in, so the days beside it may change too. */
  spreads: boolean;
}

/** A day that a gap reaches into, and the reading that closes the gap. */
export interface TouchedDay {
  stationId: number;
  day: string;
  deviceId: number;
  measuredAt: Date;
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

export class RollUpRepository {
  constructor(private readonly database: Database) {}

  /** Days that wait, the one that has waited longest first. */
  async dirtyDays(limit: number): Promise<DirtyDay[]> {
    return this.database.query<DirtyDay>(sql`
      select station_id as "stationId", day, generation, spreads
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
      select d.id as "deviceId", d.station_id as "stationId", d.kind, d.rated_power_w as "ratedPowerW",
        d.counter_modulus_wh::float8 as "modulusWh", s.latitude as "latitudeDeg", s.longitude as "longitudeDeg"
      from device d
      join station s on s.id = d.station_id
      where d.station_id = any (${stationIds}::int[])
      order by d.id`);
  }

  /**
   * Marks days that a gap reaches into, unless they were worked out after the reading that closes it came in. Such a
   * mark does not go on to further days.
   */
  async markTouched(days: readonly TouchedDay[]): Promise<void> {
    if (days.length === 0) return;
    await this.database.query(sql`
      insert into dirty_station_day as d (station_id, day, marked_at, spreads)
      select distinct u.station_id, u.day, now(), false
      from unnest(
        ${days.map(({ stationId }) => stationId)}::int[], ${days.map(({ day }) => day)}::date[],
        ${days.map(({ deviceId }) => deviceId)}::int[],
        ${days.map(({ measuredAt }) => measuredAt.toISOString())}::timestamptz[]
      ) as u (station_id, day, device_id, measured_at)
      join reading r on r.device_id = u.device_id and r.measured_at = u.measured_at
      where not exists (
        select 1 from station_day e
        where e.station_id = u.station_id and e.day = u.day and e.computed_at > r.received_at)
      order by 1, 2
      on conflict (station_id, day) do update set generation = nextval('dirty_generation')`);
  }

  /** Marks earlier days of which something waits for readings that have come in now. */
  async markWaiting(stationIds: readonly number[], day: string): Promise<void> {
    if (stationIds.length === 0) return;
    const from = addDays(day, -(await reachDays(this.database)));
    await markWaitingDays(this.database, { stationIds, before: day, from });
  }

  /**
   * Replaces what is stored of a day and strikes its stations off the list, in one transaction. A station that is no
   * longer on the list was worked out by somebody else in the meantime, from newer readings: it is left alone.
   * @returns stations whose day was stored.
   */
  async store(result: {
    day: { day: string; from: Date; to: Date };
    taken: readonly DirtyDay[];
    deviceDays: readonly (DeviceDayRow & { stationId: number })[];
    stationDays: readonly StationDayRow[];
    quarterHours: readonly QuarterHourRow[];
    /** Of every device of the stations; where they are not given, what is stored of them stays. */
    findings?: readonly (DeviceFindings & { stationId: number })[];
    computedAt: Date;
  }): Promise<ReadonlySet<number>> {
    const { day, taken, computedAt } = result;
    const stationIds = taken.map(({ stationId }) => stationId);
    return this.database.transaction(async (transaction) => {
      const listed = await transaction.query<{ stationId: number }>(sql`
        select station_id as "stationId" from dirty_station_day
        where day = ${day.day}::date and station_id = any (${stationIds}::int[])
        order by station_id
        for update`);
      const ours = new Set(listed.map(({ stationId }) => stationId));
      const isOurs = ({ stationId }: { stationId: number }) => ours.has(stationId);
      const stationDays = result.stationDays.filter(isOurs);
      const deviceDays = result.deviceDays.filter(isOurs);
      await storeDeviceDays(transaction, deviceDays, computedAt);
      if (result.findings) {
        const findings = result.findings.filter(isOurs);
        await dropUnknownDeviceDays(transaction, { day: day.day, findings, deviceDays });
        await storeFindings(transaction, { day: day.day, findings, seenAt: computedAt });
      }
      await storeStationDays(transaction, stationDays, computedAt);
      const known = new Set(stationDays.map(({ stationId }) => stationId));
      await dropUnknownDays(transaction, {
        day: day.day,
        stationIds: [...ours].filter((id) => !known.has(id)),
      });
      await replaceQuarterHours(
        transaction,
        { ...day, stationIds: [...ours] },
        result.quarterHours.filter(isOurs),
      );
      await strikeOff(transaction, taken.filter(isOurs));
      return ours;
    });
  }
}

/** A day that was marked again while it was worked out stays on the list, at its end, so that others have their turn. */
async function strikeOff(transaction: Queryable, done: readonly DirtyDay[]) {
  const ids = done.map(({ stationId }) => stationId);
  const days = done.map(({ day }) => day);
  await transaction.query(sql`
    delete from dirty_station_day d
    using unnest(${ids}::int[], ${days}::date[], ${done.map(({ generation }) => generation)}::bigint[])
      as u (station_id, day, generation)
    where d.station_id = u.station_id and d.day = u.day and d.generation = u.generation`);
  await transaction.query(sql`
    update dirty_station_day d set marked_at = clock_timestamp()
    from unnest(${ids}::int[], ${days}::date[]) as u (station_id, day)
    where d.station_id = u.station_id and d.day = u.day`);
}

/** What was known of a day and no longer is. */
async function dropUnknownDays(
  transaction: Queryable,
  unknown: { day: string; stationIds: readonly number[] },
) {
  await transaction.query(sql`
    delete from station_day
    where day = ${unknown.day}::date and station_id = any (${unknown.stationIds}::int[]) and method <> 'simulated'`);
}

/** A fix or a record may leave a device without a day. */
async function dropUnknownDeviceDays(
  transaction: Queryable,
  given: { day: string; findings: readonly DeviceFindings[]; deviceDays: readonly DeviceDayRow[] },
) {
  const known = new Set(given.deviceDays.map(({ deviceId }) => deviceId));
  const unknown = given.findings.map(({ deviceId }) => deviceId).filter((id) => !known.has(id));
  await transaction.query(sql`
    delete from device_day where day = ${given.day}::date and device_id = any (${unknown}::int[])
      and method <> 'simulated'`);
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
  span: { stationIds: readonly number[]; from: Date; to: Date },
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
    where q.station_id = any (${span.stationIds}::int[]) and q.method <> 'simulated'
      and q.starts_at >= ${span.from}::timestamptz and q.starts_at < ${span.to}::timestamptz
      and not exists (
        select 1 from unnest(${rows.map(({ stationId }) => stationId)}::int[],
          ${rows.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[]) as k (station_id, starts_at)
        where k.station_id = q.station_id and k.starts_at = q.starts_at)`);
}
