import { DEVICE_STATUS_CODES } from '#contracts';
import { dayOf } from '#domain';
import { BinaryRows, sql, type Queryable } from '#persistence';
import { FLAG_HISTORICAL } from './reading.ts';
import type { ReadingFate, ReceivedReading } from './reading-fate.ts';

/** Columns of the type `incoming_reading`. */
const COLUMNS = 20;

/** Readings on their way into the database: what becomes of each, and all of them as one parameter. */
export interface EncodedReadings {
  fates: ReadingFate[];
  rows: Buffer;
}

/** Writes readings with what follows from them: latest reading, contact and dirty days, in one statement. */
export class IncomingReadings {
  private rowOid: number | null = null;

  constructor(private readonly database: Queryable) {}

  /** @throws BadValueError where a value does not fit its column */
  async encode(received: readonly ReceivedReading[]): Promise<EncodedReadings> {
    this.rowOid ??= await typeOid(this.database);
    const fates = received.map((item): ReadingFate => ({
      received: item,
      day: dayOf(item.reading.measuredAtMs),
      fate: 'accepted',
      conflict: null,
    }));
    return { fates, rows: encode(this.rowOid, fates) };
  }

  /**
   * Rows are written in the order of their keys, so that two replicas cannot lock each other out.
   * @returns those that were not inserted because their device and instant are stored already.
   */
  async insert(transaction: Queryable, { fates, rows }: EncodedReadings): Promise<ReadingFate[]> {
    try {
      const [row] = await insertAll(transaction, rows, fates.length);
      if (!row?.inserted) return [];
      const inserted = new Set(row.inserted);
      return fates.filter((_, place) => !inserted.has(place));
    } catch (error) {
      // A database that was restored has given the type another number.
      this.rowOid = null;
      throw error;
    }
  }
}

async function typeOid(transaction: Queryable): Promise<number> {
  const [row] = await transaction.query<{ oid: number }>(sql`select 'incoming_reading'::regtype::oid as oid`);
  if (!row) throw new Error('a select without a table gives one row');
  return row.oid;
}

function encode(rowOid: number, fates: readonly ReadingFate[]): Buffer {
  const rows = new BinaryRows(rowOid, COLUMNS, fates.length);
  for (const [place, { received, day }] of fates.entries()) {
    const { reading, device, receivedAtMs } = received;
    rows.row((row) => {
      row.int4(place);
      row.int4(device.deviceId);
      row.int4(device.stationId);
      row.day(day);
      row.instant(reading.measuredAtMs);
      row.instant(receivedAtMs);
      row.int4(reading.activePowerW);
      row.int8(reading.energyTotalWh);
      row.int4(reading.energyDayWh);
      row.int2(reading.temperatureDc);
      row.int2(reading.frequencyChz);
      row.int2List(reading.lineVoltagesDv);
      row.int4List(reading.phaseCurrentsCa);
      row.int2List(reading.stringVoltagesDv);
      row.int2List(reading.stringCurrentsCa);
      row.int2(reading.status === null ? null : DEVICE_STATUS_CODES[reading.status]);
      row.text(reading.faultCode);
      row.int8(reading.seq);
      row.int4(reading.flags);
      row.text(reading.vendorStatus ?? null);
    });
  }
  return rows.toBuffer();
}

/** Places of what was inserted; null where it was all of it. */
function insertAll(
  transaction: Queryable,
  rows: Buffer,
  count: number,
): Promise<{ inserted: number[] | null }[]> {
  return transaction.query(sql`
      with incoming as (
        select distinct on (device_id, measured_at) *
        from unnest(${rows}::incoming_reading[]) as r
        order by device_id, measured_at, received_at, place
      ), inserted as (
        insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca,
          status, fault_code, seq, flags, vendor_status)
        select device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca, status, fault_code, seq, flags, vendor_status
        from incoming
        order by device_id, measured_at
        on conflict (device_id, measured_at) do nothing
        returning device_id, measured_at
      ), news as (
        select count(*) as written from inserted
      ), counted as (
        select station_id, day,
          -- The first readings of a day close the last quarter hours of the day before.
          bool_or(n.measured_at < (day::timestamp at time zone 'Asia/Shanghai') + interval '35 minutes')
            as closes_day_before
        from incoming n
        -- Where all are new, which is nearly always, nothing has to be looked up.
        where (select written from news) = ${count}::bigint
          or (device_id, measured_at) in (select device_id, measured_at from inserted)
        group by station_id, day
        order by station_id, day
      ), latest as (
        insert into latest_reading as l (device_id, measured_at, received_at, active_power_w, energy_total_wh,
          energy_day_wh, temperature_dc, status, fault_code, flags, vendor_status)
        select distinct on (device_id) device_id, measured_at, received_at, active_power_w, energy_total_wh,
          energy_day_wh, temperature_dc, status, fault_code, flags, vendor_status
        from incoming
        where flags & ${FLAG_HISTORICAL}::int = 0
        order by device_id, measured_at desc
        on conflict (device_id) do update set
          measured_at = excluded.measured_at, received_at = excluded.received_at,
          active_power_w = excluded.active_power_w, energy_total_wh = excluded.energy_total_wh,
          energy_day_wh = excluded.energy_day_wh, temperature_dc = excluded.temperature_dc,
          status = excluded.status, fault_code = excluded.fault_code, flags = excluded.flags,
          vendor_status = excluded.vendor_status
        where l.measured_at < excluded.measured_at
      ), contact as (
        insert into station_contact as c (station_id, received_at)
        select station_id, max(received_at) from incoming group by station_id order by station_id
        on conflict (station_id) do update set received_at = excluded.received_at
        where c.received_at < excluded.received_at
      ), dirty as (
        insert into dirty_station_day as d (station_id, day, marked_at, spreads)
        select station_id, marked_day, now(), bool_or(spreads)
        from (
          select station_id, day as marked_day, true as spreads from counted
          union all
          select station_id, day - 1, false from counted where closes_day_before
        ) as marks
        group by station_id, marked_day
        order by station_id, marked_day
        on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = d.spreads or excluded.spreads
      )
      select case when (select written from news) = ${count}::bigint then null
        else (select coalesce(array_agg(n.place), '{}') from incoming n join inserted using (device_id, measured_at))
        end as inserted`);
}
