import { empty, sql, type Database, type Queryable, type Sql } from '#persistence';

export interface DeviceOfStation {
  id: number;
  stationId: number;
  stationCode: string;
  stationName: string;
  deviceCode: string;
  deviceKind: 'inverter' | 'meter';
  serial: string;
}

export interface CounterRecordRow {
  id: number;
  kind: 'exchange' | 'move';
  deviceId: number;
  stationCode: string;
  stationName: string;
  deviceCode: string;
  deviceKind: 'inverter' | 'meter';
  at: Date;
  finalWh: number | null;
  startWh: number | null;
  oldSerial: string | null;
  newSerial: string | null;
  toDeviceId: number | null;
  toStationCode: string | null;
  toStationName: string | null;
  toDeviceCode: string | null;
  toDeviceKind: 'inverter' | 'meter' | null;
  readingWh: number | null;
  note: string;
  enteredBy: string;
  enteredAt: Date;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  takenBackReason: string | null;
  takenBackBy: string | null;
  takenBackAt: Date | null;
}

export interface NewRecord {
  kind: 'exchange' | 'move';
  deviceId: number;
  at: Date;
  finalWh: number | null;
  startWh: number | null;
  oldSerial: string | null;
  newSerial: string | null;
  toDeviceId: number | null;
  readingWh: number | null;
  note: string;
  enteredBy: string;
  enteredAt: Date;
}

/** More records than a page shows at once; a fleet of 468 stations has a handful that wait. */
const RECORDS_MAX = 200;

export class RecordRepository {
  constructor(private readonly database: Database) {}

  async device(stationCode: string, deviceCode: string): Promise<DeviceOfStation | null> {
    const [row] = await this.database.query<DeviceOfStation>(sql`
      select d.id, d.station_id as "stationId", s.code as "stationCode", s.name as "stationName",
        d.code as "deviceCode", d.kind as "deviceKind", d.serial
      from device d
      join station s on s.id = d.station_id
      where s.code = ${stationCode} and d.code = ${deviceCode}`);
    return row ?? null;
  }

  /** The newest first; at most 200. */
  async list(question: { onlyWaiting: boolean; station: string | undefined }): Promise<CounterRecordRow[]> {
    const { onlyWaiting, station } = question;
    return this.where(sql`
      true ${onlyWaiting ? sql`and r.confirmed_at is null and r.taken_back_at is null` : empty}
      ${station === undefined ? empty : sql`and (s.code = ${station} or ts.code = ${station})`}`);
  }

  async ofDevice(deviceId: number): Promise<CounterRecordRow[]> {
    return this.where(sql`r.device_id = ${deviceId} or r.to_device_id = ${deviceId}`);
  }

  async find(id: number): Promise<CounterRecordRow | null> {
    const [row] = await this.where(sql`r.id = ${id}`);
    return row ?? null;
  }

  /** The record of the same fact that is not taken back. */
  async same(record: Pick<NewRecord, 'kind' | 'deviceId' | 'at'>): Promise<CounterRecordRow | null> {
    const [row] = await this.where(sql`
      r.kind = ${record.kind} and r.device_id = ${record.deviceId} and r.at = ${record.at}::timestamptz
        and r.taken_back_at is null`);
    return row ?? null;
  }

  /** @returns false where the same fact has been entered already. */
  async insert(record: NewRecord): Promise<boolean> {
    const rows = await this.database.query<{ id: number }>(sql`
      insert into counter_record (kind, device_id, at, final_wh, start_wh, old_serial, new_serial, to_device_id,
        reading_wh, note, entered_by, entered_at)
      values (${record.kind}, ${record.deviceId}, ${record.at}::timestamptz, ${record.finalWh}::bigint,
        ${record.startWh}::bigint, ${record.oldSerial}, ${record.newSerial}, ${record.toDeviceId}::int,
        ${record.readingWh}::bigint, ${record.note}, ${record.enteredBy}, ${record.enteredAt}::timestamptz)
      on conflict (kind, device_id, at) where taken_back_at is null do nothing
      returning id`);
    return rows.length > 0;
  }

  private async where(condition: Sql): Promise<CounterRecordRow[]> {
    return this.database.query<CounterRecordRow>(sql`
      select r.id, r.kind, r.device_id as "deviceId", s.code as "stationCode", s.name as "stationName",
        d.code as "deviceCode", d.kind as "deviceKind", r.at, r.final_wh::float8 as "finalWh",
        r.start_wh::float8 as "startWh", r.old_serial as "oldSerial", r.new_serial as "newSerial",
        r.to_device_id as "toDeviceId", ts.code as "toStationCode", ts.name as "toStationName",
        td.code as "toDeviceCode", td.kind as "toDeviceKind", r.reading_wh::float8 as "readingWh", r.note,
        r.entered_by as "enteredBy", r.entered_at as "enteredAt", r.confirmed_by as "confirmedBy",
        r.confirmed_at as "confirmedAt", r.taken_back_reason as "takenBackReason",
        r.taken_back_by as "takenBackBy", r.taken_back_at as "takenBackAt"
      from counter_record r
      join device d on d.id = r.device_id
      join station s on s.id = d.station_id
      left join device td on td.id = r.to_device_id
      left join station ts on ts.id = td.station_id
      where ${condition}
      order by r.id desc
      limit ${RECORDS_MAX}::int`);
  }
}

/**
 * Makes the serial number of a device that of its last exchange in force; before any, what it was at the first.
 * Numbers of the past stay on the records.
 */
export async function followSerial(transaction: Queryable, deviceId: number): Promise<void> {
  await transaction.query(sql`
    update device d set serial = coalesce(
      (select r.new_serial
      from counter_record r
      where r.device_id = d.id and r.kind = 'exchange' and r.confirmed_at is not null and r.taken_back_at is null
      order by r.at desc, r.id desc
      limit 1),
      (select r.old_serial
      from counter_record r
      where r.device_id = d.id and r.kind = 'exchange' and r.confirmed_at is not null
      order by r.confirmed_at, r.id
      limit 1),
      d.serial)
    where d.id = ${deviceId}`);
}

/** @throws the check violation `counter_record_two_persons` where the person has entered the record. */
export async function confirmRecord(
  transaction: Queryable,
  given: { id: number; confirmedBy: string; confirmedAt: Date },
): Promise<void> {
  await transaction.query(sql`
    update counter_record set confirmed_by = ${given.confirmedBy}, confirmed_at = ${given.confirmedAt}::timestamptz
    where id = ${given.id} and confirmed_at is null and taken_back_at is null`);
}

export async function takeRecordBack(
  transaction: Queryable,
  given: { id: number; reason: string; by: string; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update counter_record set taken_back_reason = ${given.reason}, taken_back_by = ${given.by},
      taken_back_at = ${given.at}::timestamptz
    where id = ${given.id} and taken_back_at is null`);
}
