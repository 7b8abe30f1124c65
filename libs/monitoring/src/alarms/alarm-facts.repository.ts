import { DEVICE_STATUS_CODES } from '#contracts';
import { ALARM_KINDS, type AlarmKindName, type DatedAlarmPolicy } from '#domain';
import { sql, type Database } from '#persistence';

export interface DeviceFactsRow {
  stationId: number;
  code: string;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
  stringCount: number | null;
  receivedAt: Date | null;
  measuredAt: Date | null;
  powerW: number | null;
  temperatureDc: number | null;
  isInFault: boolean;
  faultCode: string | null;
  lineVoltagesDv: number[] | null;
  frequencyChz: number | null;
  stringCurrentsCa: number[] | null;
}

export const toAlarmKind = (text: string): AlarmKindName | null =>
  ALARM_KINDS.find((kind) => kind === text) ?? null;

/** What alarms are judged by, a handful of statements for the fleet. */
export class AlarmFactsRepository {
  constructor(private readonly database: Database) {}

  /**
   * The newest reading of every device, whole where it is fresh. `limit` keeps the planner at one look into the index for
   * each inverter: it would read the whole day of the fleet instead.
   */
  async devices(freshSince: Date): Promise<DeviceFactsRow[]> {
    return this.database.query<DeviceFactsRow>(sql`
      select d.station_id as "stationId", d.code, d.kind, d.rated_power_w as "ratedPowerW",
        d.string_count as "stringCount", l.received_at as "receivedAt", l.measured_at as "measuredAt",
        l.active_power_w as "powerW", l.temperature_dc as "temperatureDc",
        coalesce(l.status = ${DEVICE_STATUS_CODES.fault}::smallint, false) as "isInFault", l.fault_code as "faultCode",
        r.line_voltages_dv as "lineVoltagesDv", r.frequency_chz as "frequencyChz",
        r.string_currents_ca as "stringCurrentsCa"
      from device d
      left join latest_reading l on l.device_id = d.id
      left join lateral (
        select line_voltages_dv, frequency_chz, string_currents_ca
        from reading
        where device_id = d.id and measured_at = l.measured_at and measured_at >= ${freshSince}::timestamptz
          and d.kind = 'inverter'
        limit 1
      ) r on true
      order by d.station_id, d.code`);
  }

  /** The newest sign of an ingest that is connected to its broker. */
  async ingestSeenAt(): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(sql`
      select max(recorded_at) filter (where (detail ->> 'connected')::boolean) as at
      from program_heartbeat where program = 'ingest'`);
    return row?.at ?? null;
  }

  /** Judged days of the window, and today as far as it tells of snow. */
  async expectedDays(from: string): Promise<
    {
      stationId: number;
      day: string;
      ratio: number | null;
      cause: string | null;
      isFinal: boolean;
      verdict: string;
    }[]
  > {
    return this.database.query(sql`
      select station_id as "stationId", day, ratio::float8, cause, is_final as "isFinal", verdict
      from station_expected_day
      where day >= ${from}::date
      order by station_id, day`);
  }

  /** Stations and counties (or the city: both null) of which it is known that they do not generate as usual now. */
  async outagesNow(at: Date): Promise<{ stationId: number | null; countyCode: string | null }[]> {
    return this.database.query(sql`
      select station_id as "stationId", county_code as "countyCode"
      from registered_outage
      where cancelled_at is null and from_at <= ${at}::timestamptz
        and (to_at is null or to_at > ${at}::timestamptz)`);
  }

  /** Stretches in which a station was in an alarm of the hours, since `from`. */
  async hardTimes(from: Date): Promise<{ stationId: number; beganAt: Date; endedAt: Date | null }[]> {
    return this.database.query(sql`
      select station_id as "stationId", began_at as "beganAt", ended_at as "endedAt"
      from alarm_incident
      where station_id is not null and alarm_id is not null
        and kind in ('offline', 'zero', 'fault', 'insulation')
        and (ended_at is null or ended_at > ${from}::timestamptz)`);
  }

  /** Counter items that a person has to decide, a station. */
  async openCounters(): Promise<{ stationId: number; count: number }[]> {
    return this.database.query(sql`
      select d.station_id as "stationId", count(*)::int as count
      from counter_proposal p
      join device d on d.id = p.device_id
      where p.state = 'open' and not p.is_waiting
      group by d.station_id`);
  }

  async policies(): Promise<DatedAlarmPolicy[]> {
    const rows = await this.database.query<{
      id: number;
      kind: string;
      countyCode: string | null;
      effectiveFrom: string;
      isOn: boolean;
      delayS: number;
      clearAfterS: number;
      rejoinS: number;
      escalateAfterS: number | null;
      openLimit: number;
      closeLimit: number;
      majorLimit: number | null;
    }>(sql`
      select id, kind, county_code as "countyCode", effective_from as "effectiveFrom", is_on as "isOn",
        delay_s as "delayS", clear_after_s as "clearAfterS", rejoin_s as "rejoinS",
        escalate_after_s as "escalateAfterS", open_limit as "openLimit", close_limit as "closeLimit",
        major_limit as "majorLimit"
      from alarm_policy
      order by id`);
    return rows.flatMap((row) => {
      const kind = toAlarmKind(row.kind);
      if (kind === null) return [];
      const policy = {
        isOn: row.isOn,
        delayMs: row.delayS * 1000,
        clearAfterMs: row.clearAfterS * 1000,
        rejoinMs: row.rejoinS * 1000,
        escalateAfterMs: row.escalateAfterS === null ? null : row.escalateAfterS * 1000,
        openLimit: row.openLimit,
        closeLimit: row.closeLimit,
        majorLimit: row.majorLimit,
      };
      return [{ id: row.id, kind, countyCode: row.countyCode, effectiveFrom: row.effectiveFrom, policy }];
    });
  }
}
