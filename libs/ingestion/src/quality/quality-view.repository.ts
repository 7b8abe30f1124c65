import type { StationFlag } from '#contracts';
import { empty, sql, type Queryable, type Sql } from '#persistence';

export interface AreaStation {
  id: number;
  code: string;
  name: string;
  countyCode: string;
  countyName: string;
  townshipName: string;
}

/** A flag of a station, summed over the days of a question. */
export interface StationFlagSum {
  stationId: number;
  flag: StationFlag;
  days: number;
  count: number;
  touchedWh: number | null;
  lastDay: string;
  lastAt: Date | null;
}

export interface StationDaySum {
  stationId: number;
  judged: number;
  flagged: number;
  touchedWh: number | null;
  judgedAt: Date;
}

export interface StoredFlagRow {
  day: string;
  flag: StationFlag;
  count: number;
  deviceCodes: string[];
  firstAt: Date | null;
  lastAt: Date | null;
  touchedWh: number | null;
  detail: Record<string, number>;
}

/** Days `from` to `to`, the last one not included. */
export interface DaySpan {
  from: string;
  to: string;
}

/** Spells of one answer. */
const SPELLS_MAX = 500;

/** What was judged, read for people. */
export class QualityViewRepository {
  constructor(private readonly database: Queryable) {}

  /** Stations of a county, or of the city, by code. */
  stations(county: string | undefined): Promise<AreaStation[]> {
    return this.stationsWhere(county === undefined ? empty : sql`where c.code = ${county}`);
  }

  async station(code: string): Promise<AreaStation | null> {
    const [row] = await this.stationsWhere(sql`where s.code = ${code}`);
    return row ?? null;
  }

  private stationsWhere(where: Sql): Promise<AreaStation[]> {
    return this.database.query<AreaStation>(sql`
      select s.id, s.code, s.name, c.code as "countyCode", c.name as "countyName", t.name as "townshipName"
      from station s
      join township t on t.code = s.township_code
      join county c on c.code = t.county_code
      ${where}
      order by s.code`);
  }

  flagSums(stationIds: readonly number[], { from, to }: DaySpan): Promise<StationFlagSum[]> {
    return this.database.query<StationFlagSum>(sql`
      select station_id as "stationId", flag, count(*)::int as days, sum(count)::int as count,
        sum(touched_wh)::float8 as "touchedWh", max(day) as "lastDay", max(last_at) as "lastAt"
      from station_quality_flag
      where station_id = any (${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date
      group by station_id, flag
      order by station_id, flag`);
  }

  daySums(stationIds: readonly number[], { from, to }: DaySpan): Promise<StationDaySum[]> {
    return this.database.query<StationDaySum>(sql`
      select station_id as "stationId", count(j.judged_at)::int as judged,
        count(f.station_id)::int as flagged, sum(j.touched_wh)::float8 as "touchedWh", max(j.judged_at) as "judgedAt"
      from station_quality_day j
      full join (
        select distinct station_id, day from station_quality_flag
        where station_id = any (${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date
      ) f using (station_id, day)
      where station_id = any (${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date
      group by station_id
      order by station_id`);
  }

  judgedDays(
    stationId: number,
    { from, to }: DaySpan,
  ): Promise<{ day: string; judgedAt: Date; touchedWh: number | null }[]> {
    return this.database.query(sql`
      select day, judged_at as "judgedAt", touched_wh::float8 as "touchedWh"
      from station_quality_day
      where station_id = ${stationId}::int and day >= ${from}::date and day < ${to}::date
      order by day desc`);
  }

  energies(stationId: number, { from, to }: DaySpan): Promise<{ day: string; energyWh: number }[]> {
    return this.database.query(sql`
      select day, energy_wh::float8 as "energyWh"
      from station_day
      where station_id = ${stationId}::int and day >= ${from}::date and day < ${to}::date and quality <> 'none'`);
  }

  flagRows(stationId: number, { from, to }: DaySpan): Promise<StoredFlagRow[]> {
    return this.database.query<StoredFlagRow>(sql`
      select day, flag, count, device_codes as "deviceCodes", first_at as "firstAt", last_at as "lastAt",
        touched_wh::float8 as "touchedWh", detail
      from station_quality_flag
      where station_id = ${stationId}::int and day >= ${from}::date and day < ${to}::date
      order by day desc, touched_wh desc nulls last, flag`);
  }

  spells(
    stationId: number,
    { from, to }: DaySpan,
  ): Promise<{ day: string; deviceCode: string; kind: string; fromAt: Date; toAt: Date; count: number }[]> {
    return this.database.query(sql`
      select f.day, d.code as "deviceCode", f.kind, f.from_at as "fromAt", f.to_at as "toAt", f.count
      from data_quality_flag f
      join device d on d.id = f.device_id
      where d.station_id = ${stationId}::int and f.day >= ${from}::date and f.day < ${to}::date
      order by f.day desc, f.from_at, d.code, f.kind
      limit ${SPELLS_MAX}::int`);
  }
}
