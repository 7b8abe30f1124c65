import { sql, type Database } from '#persistence';

export interface LatestOfDevice {
  code: string;
  measuredAt: Date | null;
  receivedAt: Date | null;
  powerW: number | null;
  energyTotalWh: number | null;
  todayWh: number | null;
  temperatureDc: number | null;
  status: number | null;
  faultCode: string | null;
}

export interface QuarterHour {
  startsAt: Date;
  energyWh: number;
  quality: string;
}

export interface DayEnergyRow {
  day: string;
  energyWh: number;
  method: string;
  quality: string;
}

export class StationRepository {
  constructor(private readonly database: Database) {}

  async latestOfDevices(stationId: number, day: string): Promise<LatestOfDevice[]> {
    return this.database.query<LatestOfDevice>(sql`
      select d.code, l.measured_at as "measuredAt", l.received_at as "receivedAt", l.active_power_w as "powerW",
        l.energy_total_wh::float8 as "energyTotalWh", e.energy_wh::float8 as "todayWh",
        l.temperature_dc as "temperatureDc", l.status, l.fault_code as "faultCode"
      from device d
      left join latest_reading l on l.device_id = d.id
      left join device_day e on e.device_id = d.id and e.day = ${day}::date
      where d.station_id = ${stationId}
      order by d.kind, d.code`);
  }

  async gatewayStatuses(stationId: number): Promise<Map<string, boolean>> {
    const rows = await this.database.query<{ code: string; online: boolean }>(sql`
      select gateway_code as code, online from gateway_status where station_id = ${stationId}`);
    return new Map(rows.map(({ code, online }) => [code, online]));
  }

  async quarterHours(stationId: number, span: { from: Date; to: Date }): Promise<QuarterHour[]> {
    return this.database.query<QuarterHour>(sql`
      select starts_at as "startsAt", energy_wh::float8 as "energyWh", quality
      from station_quarter_hour
      where station_id = ${stationId} and starts_at >= ${span.from}::timestamptz and starts_at < ${span.to}::timestamptz
      order by starts_at`);
  }

  /** Median power per installed watt of the stations of a county, by quarter hour. */
  async peerPowerPerW(countyCode: string, span: { from: Date; to: Date }) {
    return this.database.query<{ startsAt: Date; powerPerW: number }>(sql`
      select q.starts_at as "startsAt",
        percentile_cont(0.5) within group (order by q.energy_wh * 4.0 / s.capacity_w) as "powerPerW"
      from station_quarter_hour q
      join station s on s.id = q.station_id
      join township t on t.code = s.township_code
      where t.county_code = ${countyCode} and q.starts_at >= ${span.from}::timestamptz
        and q.starts_at < ${span.to}::timestamptz
      group by q.starts_at`);
  }

  /** Days from `from` up to, not including, `to`. */
  async days(stationId: number, span: { from: string; to: string }): Promise<DayEnergyRow[]> {
    return this.database.query<DayEnergyRow>(sql`
      select day, energy_wh::float8 as "energyWh", method, quality
      from station_day
      where station_id = ${stationId} and day >= ${span.from}::date and day < ${span.to}::date
      order by day`);
  }
}
