import { DEVICE_STATUS_CODES } from '#contracts';
import { DAY_MS, dayStartMs, QUARTER_HOUR_MS } from '#domain';
import { sql, type Queryable } from '#persistence';
import { FLAG_FIELD_REJECTED, FLAG_HISTORICAL, FLAG_TIME_OF_RECEIPT } from '../reading.ts';
import { CLOCK_AHEAD_MS } from './judge-station-day.ts';
import type {
  CounterFact,
  DeviceDelay,
  PowerSpell,
  QualityDevice,
  QuarterHour,
  ReadingFault,
  StationDayFacts,
} from './quality-facts.ts';

/** States in which an inverter has no power to tell. */
const SILENT_STATUSES = [
  DEVICE_STATUS_CODES.night,
  DEVICE_STATUS_CODES.standby,
  DEVICE_STATUS_CODES.comm_lost,
];
/** A device that sends a field in fewer of its readings than this has a reason not to. */
const USUAL_SHARE = 0.5;
/** What counters do that nobody has to look at, and facts that persons signed. */
const PLAIN_COUNTER_KINDS = ['exchange', 'moved'];

type OfStation<T> = T & { stationId: number };

/** Reads what is known of one Shanghai day of some stations. */
export class QualityFactsRepository {
  constructor(private readonly database: Queryable) {}

  /** Facts of the stations on a day, in the order of `stationIds`. */
  async factsOf(question: {
    day: string;
    stationIds: readonly number[];
    isPast: boolean;
  }): Promise<StationDayFacts[]> {
    const { day, stationIds, isPast } = question;
    const devices = await this.devices(stationIds);
    const deviceIds = devices.map(({ deviceId }) => deviceId);
    const [spells, readings, counters, refused, quarterHours, expected, energies] = await Promise.all([
      this.spells(day, deviceIds),
      this.readings(day, deviceIds),
      this.counters(day, deviceIds),
      this.refused(day, stationIds),
      this.quarterHours(day, stationIds),
      this.expected(day, stationIds),
      this.energies(day, stationIds),
    ]);
    return stationIds.map((stationId): StationDayFacts => {
      const own = devices.filter((device) => device.stationId === stationId);
      const ownIds = new Set(own.map(({ deviceId }) => deviceId));
      const isOfDevice = ({ deviceId }: { deviceId: number }) => ownIds.has(deviceId);
      const isOfStation = (row: { stationId: number }) => row.stationId === stationId;
      return {
        stationId,
        day,
        isPast,
        devices: own,
        spells: spells.filter(isOfDevice),
        readingFaults: readings.faults.filter(isOfDevice),
        delays: readings.delays.filter(isOfDevice),
        counters: counters.filter(isOfDevice),
        refused: refused.filter(isOfStation),
        quarterHours: quarterHours.filter(isOfStation),
        expectedWh: new Map(expected.filter(isOfStation).map(({ startMs, energyWh }) => [startMs, energyWh])),
        energy: energies.find(isOfStation) ?? null,
      };
    });
  }

  private devices(stationIds: readonly number[]): Promise<QualityDevice[]> {
    return this.database.query<QualityDevice>(sql`
      select id as "deviceId", station_id as "stationId", code, kind, coalesce(rated_power_w, 0) as "ratedPowerW"
      from device
      where station_id = any (${stationIds}::int[])
      order by station_id, code`);
  }

  private spells(day: string, deviceIds: readonly number[]): Promise<PowerSpell[]> {
    return this.database.query<PowerSpell>(sql`
      select device_id as "deviceId", kind, (extract(epoch from from_at) * 1000)::float8 as "fromMs",
        (extract(epoch from to_at) * 1000)::float8 as "toMs", count, offset_s as "offsetS"
      from data_quality_flag
      where day = ${day}::date and device_id = any (${deviceIds}::int[])
      order by device_id, from_at, kind`);
  }

  /** One pass over the readings of the day: what they lack, and how late they came. */
  private async readings(
    day: string,
    deviceIds: readonly number[],
  ): Promise<{ faults: ReadingFault[]; delays: DeviceDelay[] }> {
    const fromMs = dayStartMs(day);
    const rows = await this.database.query<ReadingRow>(sql`
      with marked as (
        select device_id, measured_at,
          extract(epoch from received_at - measured_at) * 1000 as delay_ms,
          flags & ${FLAG_HISTORICAL}::int = 0 as is_live,
          flags & ${FLAG_TIME_OF_RECEIPT}::int <> 0 as no_time,
          flags & ${FLAG_FIELD_REJECTED}::int <> 0 as field_rejected,
          active_power_w is null and flags & ${FLAG_FIELD_REJECTED}::int = 0
            and coalesce(status, 0) <> all (${SILENT_STATUSES}::smallint[]) as no_power,
          energy_total_wh is null and flags & ${FLAG_FIELD_REJECTED}::int = 0 as no_total,
          avg((active_power_w is not null)::int) over of_device >= ${USUAL_SHARE}::float8 as sends_power,
          avg((energy_total_wh is not null)::int) over of_device >= ${USUAL_SHARE}::float8 as sends_total
        from reading
        where device_id = any (${deviceIds}::int[])
          and measured_at >= ${new Date(fromMs)}::timestamptz
          and measured_at < ${new Date(fromMs + DAY_MS)}::timestamptz
        window of_device as (partition by device_id)
      ), judged as (
        select device_id, measured_at, delay_ms, is_live, no_time, field_rejected,
          no_power and sends_power or no_total and sends_total as null_field
        from marked
      ), fault as (
        select device_id, flag, count(*)::int as count, min(measured_at) as first_at, max(measured_at) as last_at,
          array_agg(distinct (floor(extract(epoch from measured_at) * 1000 / ${QUARTER_HOUR_MS}::float8)
            * ${QUARTER_HOUR_MS}::float8)::float8) as slots_ms
        from judged
        cross join lateral (values ('no_time', no_time), ('field_rejected', field_rejected), ('null_field', null_field))
          as f (flag, holds)
        where f.holds
        group by device_id, flag
      ), delay as (
        select device_id, 'delay' as flag, count(*)::int as count, min(measured_at) as first_at,
          max(measured_at) as last_at, min(delay_ms)::float8 as least_delay_ms,
          (count(*) filter (where delay_ms < ${-CLOCK_AHEAD_MS}::float8))::int as ahead
        from judged
        -- What has the time of its receipt says nothing of a clock.
        where is_live and not no_time
        group by device_id
      )
      select device_id as "deviceId", flag, count, (extract(epoch from first_at) * 1000)::float8 as "firstMs",
        (extract(epoch from last_at) * 1000)::float8 as "lastMs", slots_ms as "slotsMs", 0::float8 as "leastDelayMs",
        0 as "aheadReadings"
      from fault
      union all
      select device_id, flag, count, (extract(epoch from first_at) * 1000)::float8,
        (extract(epoch from last_at) * 1000)::float8, '{}'::float8[], least_delay_ms, ahead
      from delay`);
    return {
      faults: rows.flatMap(({ flag, deviceId, count, firstMs, lastMs, slotsMs }) =>
        flag === 'delay' ? [] : [{ flag, deviceId, count, firstMs, lastMs, slotsMs }],
      ),
      delays: rows.flatMap(({ flag, deviceId, count, firstMs, lastMs, leastDelayMs, aheadReadings }) =>
        flag === 'delay'
          ? [
              {
                deviceId,
                readings: count,
                firstMs,
                lastMs,
                leastDelayMs: Math.round(leastDelayMs),
                aheadReadings,
              },
            ]
          : [],
      ),
    };
  }

  private counters(day: string, deviceIds: readonly number[]): Promise<CounterFact[]> {
    return this.database.query<CounterFact>(sql`
      select e.device_id as "deviceId", e.kind, (extract(epoch from e.at) * 1000)::float8 as "atMs",
        greatest(abs(e.energy_wh), coalesce(p.effect_wh, 0))::float8 as "touchedWh"
      from counter_event e
      left join lateral (
        select max(abs((choice ->> 'effectWh')::numeric)) as effect_wh
        from counter_proposal c
        cross join lateral jsonb_array_elements(c.choices) as choice
        where c.device_id = e.device_id and c.kind = e.kind and c.at = e.at
      ) p on true
      where e.day = ${day}::date and e.device_id = any (${deviceIds}::int[])
        and e.kind <> all (${PLAIN_COUNTER_KINDS}::text[])
      order by e.device_id, e.at, e.kind`);
  }

  private refused(
    day: string,
    stationIds: readonly number[],
  ): Promise<OfStation<{ reason: string; times: number }>[]> {
    return this.database.query(sql`
      select station_id as "stationId", reason, least(times, 2000000000)::int as times
      from ingest_rejection
      where day = ${day}::date and station_id = any (${stationIds}::int[])
      order by station_id, reason`);
  }

  private quarterHours(day: string, stationIds: readonly number[]): Promise<OfStation<QuarterHour>[]> {
    const fromMs = dayStartMs(day);
    return this.database.query<OfStation<QuarterHour>>(sql`
      select station_id as "stationId", (extract(epoch from starts_at) * 1000)::float8 as "startMs",
        energy_wh::float8 as "energyWh", quality
      from station_quarter_hour
      where station_id = any (${stationIds}::int[]) and method <> 'simulated'
        and starts_at >= ${new Date(fromMs)}::timestamptz and starts_at < ${new Date(fromMs + DAY_MS)}::timestamptz
      order by station_id, starts_at`);
  }

  /** Expected energy of a quarter hour, from the curve that the worker keeps of the last days. */
  private expected(
    day: string,
    stationIds: readonly number[],
  ): Promise<OfStation<{ startMs: number; energyWh: number }>[]> {
    return this.database.query(sql`
      select c.station_id as "stationId",
        (extract(epoch from c.first_slot_at) * 1000 + (u.place - 1) * ${QUARTER_HOUR_MS}::float8)::float8 as "startMs",
        (u.power_w / 4.0)::float8 as "energyWh"
      from station_expected_curve c
      cross join lateral unnest(c.expected_power_w) with ordinality as u (power_w, place)
      where c.day = ${day}::date and c.station_id = any (${stationIds}::int[]) and u.power_w is not null
        -- Only gaps ask for it.
        and exists (
          select 1 from data_quality_flag f join device d on d.id = f.device_id
          where d.station_id = c.station_id and f.day = c.day and f.kind = 'gap')`);
  }

  private energies(
    day: string,
    stationIds: readonly number[],
  ): Promise<OfStation<{ energyWh: number; quality: string }>[]> {
    return this.database.query(sql`
      select station_id as "stationId", energy_wh::float8 as "energyWh", quality
      from station_day
      where day = ${day}::date and station_id = any (${stationIds}::int[]) and method <> 'simulated'`);
  }
}

interface ReadingRow {
  deviceId: number;
  flag: ReadingFault['flag'] | 'delay';
  count: number;
  firstMs: number;
  lastMs: number;
  slotsMs: number[];
  leastDelayMs: number;
  aheadReadings: number;
}
