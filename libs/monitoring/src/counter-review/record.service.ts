import { Inject, Injectable } from '@nestjs/common';
import type {
  Confirmation,
  CounterRecordView,
  DeviceReview,
  ExchangeEntry,
  MoveEntry,
  RecordList,
  RecordQuery,
  Signature,
} from '#contracts';
import { Database, postgresError } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  confirmRecord,
  followSerial,
  RecordRepository,
  takeRecordBack,
  type CounterRecordRow,
  type DeviceOfStation,
  type NewRecord,
} from './record.repository.ts';
import { ReviewRepository } from './review.repository.ts';
import { signedFixView, takenBackView } from './review-views.ts';
import { markDirty, requireReadings, touchedDays, type StationDay } from './touched-days.ts';

/**
 * Facts that change what a counter means: a meter or inverter was exchanged, or moved to another station. One person
 * enters them, another confirms; only then do they count. Taken back, a record is stamped and stays.
 */
@Injectable()
export class CounterRecordService {
  private readonly repository: RecordRepository;
  private readonly reviews: ReviewRepository;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new RecordRepository(database);
    this.reviews = new ReviewRepository(database);
  }

  async list({ state, station }: RecordQuery): Promise<RecordList> {
    const rows = await this.repository.list({ onlyWaiting: state === 'waiting', station });
    return { items: rows.map(recordView) };
  }

  /** Every decision and record of a device. @throws ProblemError 404 `device.not_found` */
  async ofDevice(station: string, device: string): Promise<DeviceReview> {
    const found = await this.device(station, device);
    const [fixes, records] = await Promise.all([
      this.reviews.fixesOfDevice(found.id),
      this.repository.ofDevice(found.id),
    ]);
    const { stationCode, stationName, deviceCode, deviceKind } = found;
    return {
      stationCode,
      stationName,
      deviceCode,
      deviceKind,
      fixes: fixes.map(signedFixView),
      records: records.map(recordView),
    };
  }

  /**
   * Another meter or inverter from an instant on. Entering the same again gives the record that is there.
   * @throws ProblemError 404 `device.not_found`, 409 `counter_record.conflict`,
   *   `counter_review.readings_dropped`, 422 `counter_record.in_future`
   */
  async enterExchange(entry: ExchangeEntry): Promise<CounterRecordView> {
    const device = await this.device(entry.station, entry.device);
    const { finalWh, startWh, newSerial, note, enteredBy } = entry;
    return this.enter({
      kind: 'exchange',
      deviceId: device.id,
      at: new Date(entry.at),
      finalWh,
      startWh,
      oldSerial: device.serial,
      newSerial,
      toDeviceId: null,
      readingWh: null,
      note,
      enteredBy,
      enteredAt: this.clock.now(),
    });
  }

  /**
   * From an instant on the counter of a device is that of a device of another station.
   * @throws ProblemError as `enterExchange`, and 422 `counter_record.same_station`
   */
  async enterMove(entry: MoveEntry): Promise<CounterRecordView> {
    const from = await this.device(entry.from.station, entry.from.device);
    const to = await this.device(entry.to.station, entry.to.device);
    if (from.stationId === to.stationId)
      throw new ProblemError(422, 'counter_record.same_station', 'a move goes to another station');
    return this.enter({
      kind: 'move',
      deviceId: from.id,
      at: new Date(entry.at),
      finalWh: null,
      startWh: null,
      oldSerial: null,
      newSerial: null,
      toDeviceId: to.id,
      readingWh: entry.readingWh,
      note: entry.note,
      enteredBy: entry.enteredBy,
      enteredAt: this.clock.now(),
    });
  }

  /**
   * The second person's signature; from now on the record counts. The same person may sign again.
   * @throws ProblemError 404 `counter_record.not_found`, 409 `counter_record.taken_back`,
   *   `counter_record.already_confirmed`, `counter_review.readings_dropped`, 422 `counter_record.same_person`
   */
  async confirm(id: number, { confirmedBy }: Confirmation): Promise<CounterRecordView> {
    const row = await this.found(id);
    if (row.takenBackAt !== null)
      throw new ProblemError(409, 'counter_record.taken_back', `taken back by ${row.takenBackBy}`);
    if (row.confirmedAt === null) {
      const days = await this.daysOf(row);
      try {
        await this.database.transaction(async (transaction) => {
          await markDirty(transaction, days);
          await requireReadings(transaction, row.at.getTime());
          await confirmRecord(transaction, { id, confirmedBy, confirmedAt: this.clock.now() });
          if (row.kind === 'exchange') await followSerial(transaction, row.deviceId);
        });
      } catch (error) {
        if (postgresError(error)?.constraint !== 'counter_record_two_persons') throw error;
        throw new ProblemError(
          422,
          'counter_record.same_person',
          'who entered a record cannot confirm it; another person must',
        );
      }
    }
    const confirmed = await this.found(id);
    if (confirmed.confirmedBy !== confirmedBy)
      throw new ProblemError(
        409,
        'counter_record.already_confirmed',
        `confirmed by ${confirmed.confirmedBy ?? 'another person'}`,
      );
    return recordView(confirmed);
  }

  /**
   * Doing so twice changes nothing more.
   * @throws ProblemError 404 `counter_record.not_found`, 409 `counter_review.readings_dropped` where it has counted
   */
  async takeBack(id: number, { reason, signedBy }: Signature): Promise<CounterRecordView> {
    const row = await this.found(id);
    if (row.takenBackAt !== null) return recordView(row);
    const days = row.confirmedAt === null ? [] : await this.daysOf(row);
    await this.database.transaction(async (transaction) => {
      await markDirty(transaction, days);
      if (row.confirmedAt !== null) await requireReadings(transaction, row.at.getTime());
      await takeRecordBack(transaction, { id, reason, by: signedBy, at: this.clock.now() });
      if (row.kind === 'exchange') await followSerial(transaction, row.deviceId);
    });
    return recordView(await this.found(id));
  }

  private async enter(record: NewRecord): Promise<CounterRecordView> {
    if (record.at.getTime() > this.clock.nowMs())
      throw new ProblemError(422, 'counter_record.in_future', 'a record is of something that has happened');
    await requireReadings(this.database, record.at.getTime());
    await this.repository.insert(record);
    const row = await this.repository.same(record);
    if (!row) throw new Error('an entered record is not there');
    if (!isSame(row, record))
      throw new ProblemError(
        409,
        'counter_record.conflict',
        `${row.enteredBy} has entered something else for this instant; take that back first`,
      );
    return recordView(row);
  }

  private async device(station: string, device: string): Promise<DeviceOfStation> {
    const found = await this.repository.device(station, device);
    if (!found) throw new ProblemError(404, 'device.not_found', `no device ${station}/${device}`);
    return found;
  }

  private async found(id: number): Promise<CounterRecordRow> {
    const row = await this.repository.find(id);
    if (!row) throw new ProblemError(404, 'counter_record.not_found', `no record ${id}`);
    return row;
  }

  private async daysOf(row: CounterRecordRow): Promise<StationDay[]> {
    const atMs = row.at.getTime();
    const devices = row.toDeviceId === null ? [row.deviceId] : [row.deviceId, row.toDeviceId];
    const days: StationDay[] = [];
    // After a move nothing that an old station still reports counts there, and nothing before it at the new one.
    const reach =
      row.kind === 'move'
        ? { toMs: Math.max(atMs, this.clock.nowMs()), isLong: true }
        : { toMs: atMs, isLong: false };
    for (const deviceId of devices)
      days.push(...(await touchedDays(this.database, { deviceId, fromMs: atMs, ...reach })));
    return days;
  }
}

function isSame(row: CounterRecordRow, record: NewRecord): boolean {
  return (
    row.finalWh === record.finalWh &&
    row.startWh === record.startWh &&
    row.newSerial === record.newSerial &&
    row.toDeviceId === record.toDeviceId &&
    row.readingWh === record.readingWh &&
    row.note === record.note &&
    row.enteredBy === record.enteredBy
  );
}

function recordView(row: CounterRecordRow): CounterRecordView {
  const base = {
    id: row.id,
    stationCode: row.stationCode,
    stationName: row.stationName,
    deviceCode: row.deviceCode,
    deviceKind: row.deviceKind,
    at: row.at.toISOString(),
    note: row.note,
    enteredBy: row.enteredBy,
    enteredAt: row.enteredAt.toISOString(),
    confirmed:
      row.confirmedAt === null ? null : { by: row.confirmedBy ?? '', at: row.confirmedAt.toISOString() },
    takenBack: takenBackView(row),
  };
  if (row.kind === 'exchange')
    return {
      ...base,
      kind: 'exchange',
      finalWh: row.finalWh,
      startWh: row.startWh ?? 0,
      oldSerial: row.oldSerial ?? '',
      newSerial: row.newSerial ?? '',
    };
  return {
    ...base,
    kind: 'move',
    readingWh: row.readingWh,
    to: {
      stationCode: row.toStationCode ?? '',
      stationName: row.toStationName ?? '',
      deviceCode: row.toDeviceCode ?? '',
      deviceKind: row.toDeviceKind ?? 'inverter',
    },
  };
}
