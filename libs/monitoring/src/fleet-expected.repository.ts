import { sql, type Database } from '#persistence';

/** Expected output of the stations of an area in one quarter hour, W, and the capacity that it is known of. */
export interface ExpectedSlotRow {
  startsAt: Date;
  expectedPowerW: number;
  lowPowerW: number;
  highPowerW: number;
  capacityW: number;
  stations: number;
  computedAt: Date;
}

export interface ExpectedTodayRow {
  stationId: number;
  verdict: string;
  cause: string | null;
  sinceDay: string | null;
  ratio: number | null;
  expectedEnergyWh: number | null;
  lostEnergyWh: number | null;
  lostAmountFen: string | null;
  computedAt: Date;
}

export interface OpenKindRow {
  countyCode: string | null;
  kind: string;
  level: string;
  alarms: number;
  unacknowledged: number;
  stations: number;
  lostEnergyWh: number;
  lostAmountFen: bigint;
}

/** What the overview, the lists and the big screen show of expected output and of alarms. */
export class FleetExpectedRepository {
  constructor(private readonly database: Database) {}

  /** Sums of the expected curves of a day over a county or all; quarter hours that no station knows are absent. */
  async slots(options: { day: string; countyCode: string | null }): Promise<ExpectedSlotRow[]> {
    return this.database.query<ExpectedSlotRow>(sql`
      select c.first_slot_at + (u.ordinal - 1) * interval '15 minutes' as "startsAt",
        sum(u.expected)::float8 as "expectedPowerW", sum(u.low)::float8 as "lowPowerW",
        sum(u.high)::float8 as "highPowerW", sum(s.capacity_w)::float8 as "capacityW",
        count(*)::int as stations, max(c.computed_at) as "computedAt"
      from station_expected_curve c
      join station s on s.id = c.station_id
      join township t on t.code = s.township_code
      cross join lateral unnest(c.expected_power_w, c.low_power_w, c.high_power_w)
        with ordinality as u (expected, low, high, ordinal)
      where c.day = ${options.day}::date
        and (${options.countyCode}::text is null or t.county_code = ${options.countyCode}::text)
        and u.expected is not null and u.low is not null and u.high is not null
      group by 1
      order by 1`);
  }

  /** What the day so far of every station is judged to be. */
  async today(day: string): Promise<ExpectedTodayRow[]> {
    return this.database.query<ExpectedTodayRow>(sql`
      select station_id as "stationId", verdict, cause, since_day as "sinceDay", ratio::float8,
        expected_energy_wh::float8 as "expectedEnergyWh", lost_energy_wh::float8 as "lostEnergyWh",
        lost_amount_fen::text as "lostAmountFen", computed_at as "computedAt"
      from station_expected_day
      where day = ${day}::date`);
  }

  /** Open alarms that nobody has put to rest, by county and kind; a loss that several of a station share counts once. */
  async openKinds(now: Date): Promise<OpenKindRow[]> {
    return this.database.query<OpenKindRow>(sql`
      with open_alarm as (
        select county_code, station_id, kind, level, state, lost_energy_wh, lost_amount_fen,
          row_number() over (
            partition by coalesce(station_id, -id) order by lost_amount_fen desc, id) as place
        from alarm
        where state <> 'closed' and (snoozed_until is null or snoozed_until <= ${now}::timestamptz)
      )
      select county_code as "countyCode", kind,
        (array['data', 'info', 'minor', 'major', 'critical'])[
          max(array_position(array['data', 'info', 'minor', 'major', 'critical'], level))] as level,
        count(*)::int as alarms, count(*) filter (where state = 'open')::int as unacknowledged,
        count(distinct station_id)::int as stations,
        coalesce(sum(lost_energy_wh) filter (where place = 1), 0)::float8 as "lostEnergyWh",
        coalesce(sum(lost_amount_fen) filter (where place = 1), 0)::bigint as "lostAmountFen"
      from open_alarm
      group by county_code, kind`);
  }
}
