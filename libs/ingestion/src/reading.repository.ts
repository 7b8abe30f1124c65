import { DEVICE_STATUS_CODES } from '#contracts';
import { dayOf } from '#domain';
import { sql, type Database, type Queryable } from '#persistence';
import { settleDuplicates } from './duplicate-readings.ts';
import { writeGatewayChanges, type GatewayChange } from './gateway-status.writer.ts';
import { addToReceipts } from './ingest-tally.ts';
import { noteNumbers, type NumberedMessage, type Sender } from './message-sequence.ts';
import { writeQuarantine, type QuarantinedMessage } from './quarantine.writer.ts';
import { FLAG_HISTORICAL, type Reading } from './reading.ts';
import { arrayText, type ReadingFate, type ReceivedReading } from './reading-fate.ts';

export type { GatewayChange, NumberedMessage, QuarantinedMessage, ReceivedReading };

/** What one write brings in; it is written whole or not at all. */
export interface ReadingBatch {
  readings: readonly ReceivedReading[];
  gatewayChanges: readonly GatewayChange[];
  quarantined: readonly QuarantinedMessage[];
  numbers?: readonly NumberedMessage[];
}

export interface WriteResult {
  /** Readings that are new, or that filled in what was unknown of one. */
  accepted: number;
  duplicate: number;
  /** Readings of which another value is stored already; their messages are in quarantine. */
  conflicting: number;
  /** Senders whose numbers may have a hole. */
  gaps: Sender[];
}

/** The only writer of readings. Everything it does may be done twice. */
export class ReadingRepository {
  constructor(private readonly database: Database) {}

  /** Writes a batch in one transaction. */
  async write(batch: ReadingBatch): Promise<WriteResult> {
    return this.database.transaction(async (transaction) => {
      if (batch.gatewayChanges.length > 0) await writeGatewayChanges(transaction, batch.gatewayChanges);
      const fates = await writeReadings(transaction, batch.readings);
      const conflicts = fates.flatMap(({ conflict }) => conflict ?? []);
      const quarantined = [...batch.quarantined, ...conflicts];
      if (quarantined.length > 0) await writeQuarantine(transaction, quarantined);
      await addToReceipts(transaction, fates, quarantined);
      const gaps = await noteNumbers(transaction, batch.numbers ?? []);
      const accepted = fates.filter(({ fate }) => fate === 'accepted').length;
      const conflicting = conflicts.length;
      return { accepted, duplicate: fates.length - accepted - conflicting, conflicting, gaps };
    });
  }
}

async function writeReadings(
  transaction: Queryable,
  received: readonly ReceivedReading[],
): Promise<ReadingFate[]> {
  if (received.length === 0) return [];
  const fates = received.map((item): ReadingFate => ({
    received: item,
    day: dayOf(item.reading.measuredAtMs),
    fate: 'accepted',
    conflict: null,
  }));
  const known = await insertReadings(transaction, received);
  if (known.length > 0) {
    const doubled = known.flatMap((index) => fates[index] ?? []);
    await settleDuplicates(transaction, doubled);
  }
  return fates;
}

/**
 * Readings, latest, contact and dirty days in one statement. Rows are written in the order of their keys, so that two
 * replicas cannot lock each other out.
 * @returns places in `received` of those that were not inserted because their device and instant are stored already.
 */
async function insertReadings(
  transaction: Queryable,
  received: readonly ReceivedReading[],
): Promise<number[]> {
  const readings = received.map(({ reading }) => reading);
  const of = <K extends keyof Reading>(name: K) => readings.map((reading) => reading[name]);
  const [result] = await transaction.query<{ inserted: number[] }>(sql`
      with incoming as (
        select distinct on (device_id, measured_ms) *, to_timestamp(measured_ms / 1000) as measured_at,
          to_timestamp(received_ms / 1000) as received_at
        from unnest(
          ${received.map((_, index) => index)}::int[], ${received.map(({ device }) => device.deviceId)}::int[],
          ${received.map(({ device }) => device.stationId)}::int[],
          ${readings.map(({ measuredAtMs }) => dayOf(measuredAtMs))}::date[],
          ${readings.map(({ measuredAtMs }) => Math.trunc(measuredAtMs))}::float8[],
          ${received.map(({ receivedAtMs }) => receivedAtMs)}::float8[],
          ${of('activePowerW')}::int[], ${of('energyTotalWh')}::bigint[], ${of('energyDayWh')}::int[],
          ${of('temperatureDc')}::smallint[], ${of('frequencyChz')}::smallint[],
          ${readings.map((row) => arrayText(row.lineVoltagesDv))}::text[],
          ${readings.map((row) => arrayText(row.phaseCurrentsCa))}::text[],
          ${readings.map((row) => arrayText(row.stringVoltagesDv))}::text[],
          ${readings.map((row) => arrayText(row.stringCurrentsCa))}::text[],
          ${readings.map(({ status }) => (status === null ? null : DEVICE_STATUS_CODES[status]))}::smallint[],
          ${of('faultCode')}::text[], ${of('seq')}::bigint[], ${of('flags')}::int[],
          ${readings.map(({ vendorStatus }) => vendorStatus ?? null)}::text[]
        ) as r (place, device_id, station_id, day, measured_ms, received_ms, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca,
          status, fault_code, seq, flags, vendor_status)
        order by device_id, measured_ms, received_ms, place
      ), inserted as (
        insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca,
          status, fault_code, seq, flags, vendor_status)
        select device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv::smallint[], phase_currents_ca::int[],
          string_voltages_dv::smallint[], string_currents_ca::smallint[], status, fault_code, seq, flags, vendor_status
        from incoming
        order by device_id, measured_at
        on conflict (device_id, measured_at) do nothing
        returning device_id, measured_at
      ), counted as (
        select station_id, day,
          -- The first readings of a day close the last quarter hours of the day before.
          bool_or(n.measured_at < (day::timestamp at time zone 'Asia/Shanghai') + interval '35 minutes')
            as closes_day_before
        from incoming n
        join inserted i using (device_id, measured_at)
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
      select coalesce(array_agg(n.place), '{}') as inserted
      from incoming n
      join inserted using (device_id, measured_at)`);
  const inserted = new Set(result?.inserted);
  return inserted.size === received.length
    ? []
    : received.flatMap((_, place) => (inserted.has(place) ? [] : [place]));
}
