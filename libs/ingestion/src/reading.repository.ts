import { createHash } from 'node:crypto';
import { DEVICE_STATUS_CODES } from '#contracts';
import { dayOf } from '#domain';
import { sql, type Database, type Queryable } from '#persistence';
import type { QuarantineReason } from './reading.ts';
import type { KnownReading } from './validate.ts';

export interface QuarantinedMessage {
  receivedAtMs: number;
  topic: string;
  payload: Buffer;
  reason: QuarantineReason;
  detail: string;
}

export interface GatewayChange {
  stationId: number;
  gatewayCode: string;
  online: boolean;
  receivedAtMs: number;
  /** The gateway itself spoke just now: neither its last will nor a retained word of an unknown time. */
  isContact: boolean;
}

/** A reading together with when it came in. */
export interface ReceivedReading extends KnownReading {
  receivedAtMs: number;
}

/** What one write brings in; it is written whole or not at all. */
export interface ReadingBatch {
  readings: readonly ReceivedReading[];
  gatewayChanges: readonly GatewayChange[];
  quarantined: readonly QuarantinedMessage[];
}

export interface WriteResult {
  accepted: number;
  duplicate: number;
}

/** The only writer of readings. Everything it does may be done twice. */
export class ReadingRepository {
  constructor(private readonly database: Database) {}

  /** Writes a batch in one transaction. */
  async write(batch: ReadingBatch): Promise<WriteResult> {
    return this.database.transaction(async (transaction) => {
      if (batch.quarantined.length > 0) await writeQuarantine(transaction, batch.quarantined);
      if (batch.gatewayChanges.length > 0) await writeGatewayChanges(transaction, batch.gatewayChanges);
      if (batch.readings.length === 0) return { accepted: 0, duplicate: 0 };
      return writeReadings(transaction, batch.readings);
    });
  }
}

/**
 * Readings, latest, contact, counts and dirty days in one statement. Rows are written in the order of their keys, so
 * that two replicas cannot lock each other out.
 */
async function writeReadings(
  transaction: Queryable,
  received: readonly ReceivedReading[],
): Promise<WriteResult> {
  const rows = received.map(({ reading, device, receivedAtMs }) => ({
    ...reading,
    ...device,
    receivedAt: new Date(receivedAtMs).toISOString(),
    measuredAt: new Date(reading.measuredAtMs).toISOString(),
    day: dayOf(reading.measuredAtMs),
    status: reading.status === null ? null : DEVICE_STATUS_CODES[reading.status],
  }));
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  const [result] = await transaction.query<{ accepted: number }>(sql`
      with incoming as (
        select distinct on (device_id, measured_at) *
        from unnest(
          ${column('deviceId')}::int[], ${column('stationId')}::int[], ${column('day')}::date[],
          ${column('measuredAt')}::timestamptz[], ${column('receivedAt')}::timestamptz[],
          ${column('activePowerW')}::int[], ${column('energyTotalWh')}::bigint[], ${column('energyDayWh')}::int[],
          ${column('temperatureDc')}::smallint[], ${column('frequencyChz')}::smallint[],
          ${rows.map((row) => arrayText(row.lineVoltagesDv))}::text[],
          ${rows.map((row) => arrayText(row.phaseCurrentsCa))}::text[],
          ${rows.map((row) => arrayText(row.stringVoltagesDv))}::text[],
          ${rows.map((row) => arrayText(row.stringCurrentsCa))}::text[],
          ${column('status')}::smallint[], ${column('faultCode')}::text[], ${column('seq')}::bigint[],
          ${column('flags')}::int[]
        ) as r (device_id, station_id, day, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca,
          status, fault_code, seq, flags)
        order by device_id, measured_at, received_at
      ), inserted as (
        insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca,
          status, fault_code, seq, flags)
        select device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, line_voltages_dv::smallint[], phase_currents_ca::int[],
          string_voltages_dv::smallint[], string_currents_ca::smallint[], status, fault_code, seq, flags
        from incoming
        order by device_id, measured_at
        on conflict (device_id, measured_at) do nothing
        returning device_id, measured_at
      ), counted as (
        select station_id, day, count(i.device_id)::int as accepted,
          -- The first readings of a day close the last quarter hours of the day before.
          coalesce(bool_or(n.measured_at < (day::timestamp at time zone 'Asia/Shanghai') + interval '35 minutes')
            filter (where i.device_id is not null), false) as closes_day_before
        from incoming n
        left join inserted i using (device_id, measured_at)
        group by station_id, day
        order by station_id, day
      ), latest as (
        insert into latest_reading as l (device_id, measured_at, received_at, active_power_w, energy_total_wh,
          energy_day_wh, temperature_dc, status, fault_code, flags)
        select distinct on (device_id) device_id, measured_at, received_at, active_power_w, energy_total_wh,
          energy_day_wh, temperature_dc, status, fault_code, flags
        from incoming
        order by device_id, measured_at desc
        on conflict (device_id) do update set
          measured_at = excluded.measured_at, received_at = excluded.received_at,
          active_power_w = excluded.active_power_w, energy_total_wh = excluded.energy_total_wh,
          energy_day_wh = excluded.energy_day_wh, temperature_dc = excluded.temperature_dc,
          status = excluded.status, fault_code = excluded.fault_code, flags = excluded.flags
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
          select station_id, day as marked_day, true as spreads from counted where accepted > 0
          union all
          select station_id, day - 1, false from counted where closes_day_before
        ) as marks
        group by station_id, marked_day
        order by station_id, marked_day
        on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = d.spreads or excluded.spreads
      ), tally as (
        insert into ingest_count as t (station_id, day, accepted, duplicate)
        select c.station_id, c.day, c.accepted, r.received - c.accepted
        from counted c
        join (
          select station_id, day, count(*)::int as received
          from unnest(${column('stationId')}::int[], ${column('day')}::date[]) as u (station_id, day)
          group by station_id, day
        ) r using (station_id, day)
        order by c.station_id, c.day
        on conflict (station_id, day) do update set
          accepted = t.accepted + excluded.accepted, duplicate = t.duplicate + excluded.duplicate
      )
      select coalesce(sum(accepted), 0)::int as accepted from counted`);
  const accepted = result?.accepted ?? 0;
  return { accepted, duplicate: rows.length - accepted };
}

async function writeQuarantine(
  transaction: Queryable,
  messages: readonly QuarantinedMessage[],
): Promise<void> {
  // A statement may touch a row once only: the same bytes twice in a batch are counted first.
  const rows = new Map<string, { message: QuarantinedMessage; hash: Buffer; times: number }>();
  for (const message of messages) {
    const hash = hashOf(message);
    const known = rows.get(hash.toString('hex'));
    if (known) known.times += 1;
    else rows.set(hash.toString('hex'), { message, hash, times: 1 });
  }
  const list = [...rows.values()];
  await transaction.query(sql`
    insert into quarantine_message as q (received_at, last_received_at, topic, payload, reason, detail, hash, times)
    select received_at, received_at, topic, payload, reason, detail, hash, times
    from unnest(
      ${list.map(({ message }) => new Date(message.receivedAtMs).toISOString())}::timestamptz[],
      ${list.map(({ message }) => storableText(message.topic))}::text[],
      ${list.map(({ message }) => message.payload)}::bytea[],
      ${list.map(({ message }) => message.reason)}::text[],
      ${list.map(({ message }) => storableText(message.detail))}::text[],
      ${list.map(({ hash }) => hash)}::bytea[],
      ${list.map(({ times }) => times)}::bigint[]
    ) as u (received_at, topic, payload, reason, detail, hash, times)
    order by hash
    on conflict (hash) do update set
      times = q.times + excluded.times, last_received_at = greatest(q.last_received_at, excluded.last_received_at)`);
}

function hashOf({ topic, reason, payload }: QuarantinedMessage): Buffer {
  return createHash('sha256').update(`${topic}\0${reason}\0`).update(payload).digest();
}

async function writeGatewayChanges(transaction: Queryable, changes: readonly GatewayChange[]): Promise<void> {
  // The last word of a batch counts; the order of arrival decides between two at the same instant.
  const last = new Map(changes.map((change) => [`${change.stationId}/${change.gatewayCode}`, change]));
  const rows = [...last.values()];
  await transaction.query(sql`
    insert into gateway_status as g (station_id, gateway_code, online, changed_at)
    select station_id, gateway_code, online, changed_at
    from unnest(
      ${rows.map((row) => row.stationId)}::int[], ${rows.map((row) => row.gatewayCode)}::text[],
      ${rows.map((row) => row.online)}::boolean[],
      ${rows.map((row) => new Date(row.receivedAtMs).toISOString())}::timestamptz[]
    ) as u (station_id, gateway_code, online, changed_at)
    order by station_id, gateway_code
    on conflict (station_id, gateway_code) do update set online = excluded.online, changed_at = excluded.changed_at
    where g.online <> excluded.online`);
  const contacts = changes.filter(({ isContact }) => isContact);
  if (contacts.length === 0) return;
  await transaction.query(sql`
    insert into station_contact as c (station_id, received_at)
    select station_id, max(received_at)
    from unnest(
      ${contacts.map((row) => row.stationId)}::int[],
      ${contacts.map((row) => new Date(row.receivedAtMs).toISOString())}::timestamptz[]
    ) as u (station_id, received_at)
    group by station_id
    order by station_id
    on conflict (station_id) do update set received_at = excluded.received_at
    where c.received_at < excluded.received_at`);
}

/** PostgreSQL's text for an array of numbers: an array of arrays would be flattened by `unnest`. */
function arrayText(values: readonly (number | null)[] | null): string | null {
  return values === null ? null : `{${values.map((value) => value ?? 'null').join(',')}}`;
}

/** PostgreSQL's text holds no NUL and no half surrogates; the bytes of the payload are kept elsewhere. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
