import { DEVICE_STATUS_CODES } from '#contracts';
import { sql, type Database } from '#persistence';

/** What is known of one station now; one row a station, whatever it sent. */
export interface StationNow {
  stationId: number;
  state: string | null;
  since: Date | null;
  contactAt: Date | null;
  newestSampleAt: Date | null;
  meterPowerW: number | null;
  inverterPowerW: number | null;
  inverters: number;
  invertersReporting: number;
  invertersInFault: number;
  invertersLimited: number;
  todayWh: number | null;
  todayMethod: string | null;
  todayQuality: string | null;
}

export interface PeriodTotal {
  countyCode: string;
  energyWh: number;
  estimatedWh: number;
  stations: number;
}

export interface CurveRow {
  startsAt: Date;
  energyWh: number;
  stations: number;
}

export interface EnergyEdges {
  stationId: number;
  firstToday: Date | null;
  lastEnd: Date | null;
}

export class FleetRepository {
  constructor(private readonly database: Database) {}

  /** @param freshSince samples before it do not count as "now". */
  async stationsNow(options: { day: string; freshSince: Date }): Promise<StationNow[]> {
    return this.database.query<StationNow>(sql`
      with latest as (
        select d.station_id, d.kind, l.measured_at, l.active_power_w, l.status,
          coalesce(l.measured_at >= ${options.freshSince}::timestamptz, false) as is_fresh
        from device d
        left join latest_reading l on l.device_id = d.id
      ), devices as (
        select station_id, max(measured_at) as newest_sample_at,
          -- One fresh meter of two is not the power of the station.
          case when bool_and(is_fresh) filter (where kind = 'meter')
            then sum(active_power_w) filter (where kind = 'meter') end::float8 as meter_power_w,
          sum(active_power_w) filter (where kind = 'inverter' and is_fresh)::float8 as inverter_power_w,
          count(*) filter (where kind = 'inverter')::int as inverters,
          count(*) filter (where kind = 'inverter' and is_fresh)::int as inverters_reporting,
          count(*) filter (where kind = 'inverter' and is_fresh and status = ${DEVICE_STATUS_CODES.fault})::int as inverters_in_fault,
          count(*) filter (where kind = 'inverter' and is_fresh and status = ${DEVICE_STATUS_CODES.limited})::int as inverters_limited
        from latest
        group by station_id
      )
      select s.id as "stationId", j.state, j.since, c.received_at as "contactAt",
        d.newest_sample_at as "newestSampleAt", d.meter_power_w as "meterPowerW",
        d.inverter_power_w as "inverterPowerW", coalesce(d.inverters, 0) as "inverters",
        coalesce(d.inverters_reporting, 0) as "invertersReporting",
        coalesce(d.inverters_in_fault, 0) as "invertersInFault",
        coalesce(d.inverters_limited, 0) as "invertersLimited",
        e.energy_wh::float8 as "todayWh", e.method as "todayMethod", e.quality as "todayQuality"
      from station s
      left join devices d on d.station_id = s.id
      left join station_contact c on c.station_id = s.id
      left join station_state j on j.station_id = s.id
      left join station_day e on e.station_id = s.id and e.day = ${options.day}::date
      order by s.id`);
  }

  /** Energy by county of the days from `from` up to, not including, `to`. */
  async periodTotals(period: { from: string; to: string }): Promise<PeriodTotal[]> {
    return this.database.query<PeriodTotal>(sql`
      select t.county_code as "countyCode", sum(e.energy_wh)::float8 as "energyWh",
        coalesce(sum(e.energy_wh) filter (where e.quality <> 'measured'), 0)::float8 as "estimatedWh",
        count(distinct e.station_id)::int as stations
      from station_day e
      join station s on s.id = e.station_id
      join township t on t.code = s.township_code
      where e.day >= ${period.from}::date and e.day < ${period.to}::date
      group by t.county_code`);
  }

  /** Quarter hours of a span, summed over the stations of a county or of all. */
  async curve(options: { from: Date; to: Date; countyCode: string | null }): Promise<CurveRow[]> {
    return this.database.query<CurveRow>(sql`
      select q.starts_at as "startsAt", sum(q.energy_wh)::float8 as "energyWh", count(*)::int as stations
      from station_quarter_hour q
      join station s on s.id = q.station_id
      join township t on t.code = s.township_code
      where q.starts_at >= ${options.from}::timestamptz and q.starts_at < ${options.to}::timestamptz
        and (${options.countyCode}::text is null or t.county_code = ${options.countyCode}::text)
      group by q.starts_at
      order by q.starts_at`);
  }

  /**
   * When stations last went between nothing and something, by quarter hours with and without energy since `from`:
   * the begin of the first with energy of `day`, and the end of the last with energy at all.
   */
  async energyEdges(options: {
    stationIds: readonly number[];
    from: Date;
    dayStart: Date;
  }): Promise<EnergyEdges[]> {
    return this.database.query<EnergyEdges>(sql`
      select station_id as "stationId",
        min(starts_at) filter (where starts_at >= ${options.dayStart}::timestamptz) as "firstToday",
        max(starts_at) + interval '15 minutes' as "lastEnd"
      from station_quarter_hour
      where station_id = any (${options.stationIds}::int[]) and energy_wh > 0
        and starts_at >= ${options.from}::timestamptz
      group by station_id`);
  }

  async writeStates(
    rows: readonly { stationId: number; state: string; since: Date }[],
    judgedAt: Date,
  ): Promise<void> {
    await this.database.query(sql`
      insert into station_state as s (station_id, state, since, judged_at)
      select station_id, state, since, ${judgedAt}::timestamptz
      from unnest(${rows.map(({ stationId }) => stationId)}::int[], ${rows.map(({ state }) => state)}::text[],
        ${rows.map(({ since }) => since.toISOString())}::timestamptz[]) as u (station_id, state, since)
      order by station_id
      on conflict (station_id) do update set
        since = case when s.state = excluded.state then s.since else excluded.since end,
        state = excluded.state, judged_at = excluded.judged_at
      where s.state <> excluded.state`);
  }
}
