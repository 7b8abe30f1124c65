import { sql, type Database } from '#persistence';
import type { StringRow } from './strings.ts';

export interface Span {
  from: Date;
  to: Date;
}

export interface EventRow {
  kind: string;
  code: string;
  fromAt: Date;
  toAt: Date | null;
  isOpen: boolean;
  deviceCode: string | null;
  text: string | null;
  energyWh: number | null;
  itemId: string | null;
}

export interface ReadingRow {
  deviceCode: string;
  measuredAt: Date;
  receivedAt: Date;
  powerW: number | null;
  energyTotalWh: number | null;
  energyDayWh: number | null;
  temperatureDc: number | null;
  frequencyChz: number | null;
  lineVoltagesDv: (number | null)[] | null;
  phaseCurrentsCa: (number | null)[] | null;
  stringCurrentsCa: (number | null)[] | null;
  status: number | null;
  faultCode: string | null;
  seq: number | null;
  flags: number;
}

export interface MeteringDevice {
  id: number;
  code: string;
  kind: 'inverter' | 'meter';
  ratedPowerW: number | null;
}

/** More events than a day of a station has in earnest; a device that resets all day would fill the screen. */
const EVENTS_MAX = 200;
/** An inverter is at work above this share of its rated power; below it currents are noise. */
const AT_WORK_SHARE = 0.1;

/** What happened to a station, and its readings as they were stored. */
export class HistoryRepository {
  constructor(private readonly database: Database) {}

  async devices(stationId: number): Promise<MeteringDevice[]> {
    return this.database.query<MeteringDevice>(sql`
      select id, code, kind, rated_power_w as "ratedPowerW" from device where station_id = ${stationId}::int order by code`);
  }

  /** Everything that touches the span, the earliest first. */
  async events(stationId: number, span: Span & { fromDay: string; toDay: string }): Promise<EventRow[]> {
    const { from, to, fromDay, toDay } = span;
    return this.database.query<EventRow>(sql`
      with own as (select id, code from device where station_id = ${stationId}::int), found as (
        select 'alarm' as kind, a.kind as code, a.began_at as from_at, coalesce(a.recovered_at, a.closed_at) as to_at,
          a.state <> 'closed' as is_open, d.code as device_code, null::text as note,
          a.lost_energy_wh::float8 as energy_wh, a.id::text as item_id
        from alarm a left join device d on d.id = a.device_id
        where a.station_id = ${stationId}::int and a.began_at < ${to}::timestamptz
          and coalesce(a.recovered_at, a.closed_at, ${from}::timestamptz) >= ${from}::timestamptz
        union all
        select 'counter', e.kind, e.at, null, not e.decided, own.code, null, e.energy_wh::float8, p.id::text
        from counter_event e join own on own.id = e.device_id
        left join counter_proposal p on p.device_id = e.device_id and p.kind = e.kind and p.at = e.at
        where e.at >= ${from}::timestamptz and e.at < ${to}::timestamptz
        union all
        select r.kind, r.kind, r.at, null, r.confirmed_at is null, own.code, r.note, null, null
        from counter_record r join own on own.id = r.device_id or own.id = r.to_device_id
        where r.taken_back_at is null and r.at >= ${from}::timestamptz and r.at < ${to}::timestamptz
        union all
        select 'fix', f.kind, f.from_at, f.to_at, false, own.code, f.reason, f.effect_wh::float8, f.proposal_id::text
        from counter_fix f join own on own.id = f.device_id
        where f.taken_back_at is null and f.from_at < ${to}::timestamptz
          and coalesce(f.to_at, f.from_at) >= ${from}::timestamptz
        union all
        select 'registered_outage', o.kind, o.from_at, o.to_at, o.to_at is null or o.to_at > ${to}::timestamptz, null,
          o.reason, null, o.id::text
        from registered_outage o
        join station s on s.id = ${stationId}::int
        join township t on t.code = s.township_code
        where o.cancelled_at is null and o.from_at < ${to}::timestamptz
          and (o.to_at is null or o.to_at > ${from}::timestamptz)
          and (o.station_id = s.id or o.county_code = t.county_code
            or (o.station_id is null and o.county_code is null))
        union all
        select 'plant_change', e.reason, e.from_day::timestamp at time zone 'Asia/Shanghai', null, false, null, e.note,
          null, e.id::text
        from station_epoch e
        where e.station_id = ${stationId}::int and e.cancelled_at is null
          and e.from_day >= ${fromDay}::date and e.from_day < ${toDay}::date
        union all
        select 'work_order', w.kind, w.opened_at, w.closed_at, w.state not in ('closed', 'cancelled'), null, w.title,
          null, w.id::text
        from work_order w
        where w.station_id = ${stationId}::int and w.opened_at < ${to}::timestamptz
          and (w.closed_at is null or w.closed_at >= ${from}::timestamptz) and w.state <> 'cancelled'
        union all
        select 'state', s.state, s.since, null, true, null, null, null, null
        from station_state s
        where s.station_id = ${stationId}::int and s.since >= ${from}::timestamptz and s.since < ${to}::timestamptz
        union all
        select 'gateway', case when g.online then 'online' else 'offline' end, g.changed_at, null, not g.online,
          g.gateway_code, null, null, null
        from gateway_status g
        where g.station_id = ${stationId}::int and g.changed_at >= ${from}::timestamptz
          and g.changed_at < ${to}::timestamptz
      )
      select kind, code, from_at as "fromAt", to_at as "toAt", is_open as "isOpen", device_code as "deviceCode",
        note as text, energy_wh as "energyWh", item_id as "itemId"
      from found
      order by from_at, kind, code
      limit ${EVENTS_MAX}::int`);
  }

  /** Mean current and voltage of every string over readings with the inverter at work. */
  async strings(devices: readonly MeteringDevice[], span: Span): Promise<StringRow[]> {
    const inverters = devices.filter(({ kind }) => kind === 'inverter');
    return this.database.query<StringRow>(sql`
      with d as (
        select * from unnest(${inverters.map(({ id }) => id)}::int[], ${inverters.map(({ code }) => code)}::text[],
          ${inverters.map(({ ratedPowerW }) => ratedPowerW ?? 0)}::int[]) as u (id, code, rated_w)
      )
      select d.code as "deviceCode", s.no::int as no, avg(s.current_ca)::float8 as "currentCa",
        avg(r.string_voltages_dv[s.no])::float8 as "voltageDv", count(*)::int as samples,
        max(r.measured_at) as "newestAt"
      from d
      join reading r on r.device_id = d.id
      cross join lateral unnest(r.string_currents_ca) with ordinality as s (current_ca, no)
      where r.measured_at >= ${span.from}::timestamptz and r.measured_at < ${span.to}::timestamptz
        and r.string_currents_ca is not null and r.active_power_w >= d.rated_w * ${AT_WORK_SHARE}::float8
      group by d.code, s.no`);
  }

  /** Readings of the span, the newest first, and how many there are. */
  async readings(
    deviceIds: readonly number[],
    span: Span & { offset: number; limit: number },
  ): Promise<{ total: number; rows: ReadingRow[] }> {
    const where = sql`
      where r.device_id = any (${deviceIds}::int[]) and r.measured_at >= ${span.from}::timestamptz
        and r.measured_at < ${span.to}::timestamptz`;
    const [counted, rows] = await Promise.all([
      this.database.query<{ n: number }>(sql`select count(*)::int as n from reading r ${where}`),
      this.database.query<ReadingRow>(sql`
        select d.code as "deviceCode", r.measured_at as "measuredAt", r.received_at as "receivedAt",
          r.active_power_w as "powerW", r.energy_total_wh::float8 as "energyTotalWh",
          r.energy_day_wh as "energyDayWh", r.temperature_dc as "temperatureDc", r.frequency_chz as "frequencyChz",
          r.line_voltages_dv as "lineVoltagesDv", r.phase_currents_ca as "phaseCurrentsCa",
          r.string_currents_ca as "stringCurrentsCa", r.status, r.fault_code as "faultCode", r.seq::float8 as seq,
          r.flags
        from reading r join device d on d.id = r.device_id ${where}
        order by r.measured_at desc, d.code
        limit ${span.limit}::int offset ${span.offset}::int`),
    ]);
    return { total: counted[0]?.n ?? 0, rows };
  }

  /** Power of one device in order of time. */
  async trace(deviceId: number, span: Span): Promise<{ atMs: number; powerW: number | null }[]> {
    return this.database.query(sql`
      select (extract(epoch from measured_at) * 1000)::float8 as "atMs", active_power_w as "powerW"
      from reading
      where device_id = ${deviceId}::int and measured_at >= ${span.from}::timestamptz
        and measured_at < ${span.to}::timestamptz
      order by measured_at`);
  }

  async quarterHoursOf(stationIds: readonly number[], span: Span) {
    return this.database.query<{ stationId: number; startsAt: Date; energyWh: number }>(sql`
      select station_id as "stationId", starts_at as "startsAt", energy_wh::float8 as "energyWh"
      from station_quarter_hour
      where station_id = any (${stationIds}::int[]) and starts_at >= ${span.from}::timestamptz
        and starts_at < ${span.to}::timestamptz`);
  }

  /** Days from `from` up to, not including, `to`. */
  async daysOf(stationIds: readonly number[], span: { from: string; to: string }) {
    return this.database.query<{ stationId: number; day: string; energyWh: number }>(sql`
      select station_id as "stationId", day, energy_wh::float8 as "energyWh"
      from station_day
      where station_id = any (${stationIds}::int[]) and day >= ${span.from}::date and day < ${span.to}::date`);
  }
}
