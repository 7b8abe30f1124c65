import { Inject, Injectable } from '@nestjs/common';
import {
  plantChangeKindSchema,
  type PlantChange,
  type PlantChangeEntry,
  type PlantChangeList,
} from '#contracts';
import { addDays, dayOf } from '#domain';
import { Database, sql, type Sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { insertPlantChange } from './plant-change.writer.ts';

const CHANGES_MAX = 200;
/** Further back nothing is judged again: memories are kept for 105 days. */
const BACK_MAX_DAYS = 105;

interface ChangeRow {
  id: number;
  stationCode: string;
  kind: string;
  fromDay: string;
  note: string;
  workOrderId: number | null;
  enteredBy: string;
  enteredAt: Date;
  cancelledBy: string | null;
  cancelledAt: Date | null;
}

/**
 * Changes of a plant (`station_epoch`): panels added, an inverter exchanged, a wrong capacity put right, a repair, a loss
 * that stays. From its day on what is expected of the station is learned anew.
 */
@Injectable()
export class PlantChangeService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** The newest first; @throws ProblemError 404 `station.not_found` */
  async list(stationCode: string): Promise<PlantChangeList> {
    await this.station(stationCode);
    const rows = await this.read(sql`s.code = ${stationCode}`);
    return { stationCode, items: rows.map(viewOf) };
  }

  /**
   * @throws ProblemError 404 `station.not_found`; 409 `plant_change.day_taken` where another is in force on that day,
   *   `plant_change.key_reused`; 422 `plant_change.day` where the day is to come, before the commissioning, or more than
   *   105 days ago
   */
  async add(stationCode: string, entry: PlantChangeEntry, who: { name: string }): Promise<PlantChange> {
    const station = await this.station(stationCode);
    const today = dayOf(this.clock.nowMs());
    if (
      entry.fromDay > today ||
      entry.fromDay < station.commissionedOn ||
      entry.fromDay < addDays(today, -BACK_MAX_DAYS)
    )
      throw new ProblemError(
        422,
        'plant_change.day',
        'the day is not to come, not before the commissioning, and at most 105 days ago',
      );
    await insertPlantChange(this.database, {
      stationId: station.id,
      kind: entry.kind,
      fromDay: entry.fromDay,
      note: entry.note,
      workOrderId: null,
      by: who.name,
      at: this.clock.now(),
      actionKey: entry.actionKey,
    });
    const [row] = await this.read(sql`e.action_key = ${entry.actionKey}::uuid`);
    if (!row)
      throw new ProblemError(
        409,
        'plant_change.day_taken',
        'another change of the plant is in force on that day',
      );
    if (row.stationCode !== stationCode || row.kind !== entry.kind || row.fromDay !== entry.fromDay)
      throw new ProblemError(409, 'plant_change.key_reused', 'this key belongs to another action');
    return viewOf(row);
  }

  /** It stays, with a stamp; cancelling twice is the same. @throws ProblemError 404 `plant_change.unknown` */
  async cancel(stationCode: string, id: number, who: { name: string }): Promise<PlantChange> {
    await this.database.query(sql`
      update station_epoch e
      set cancelled_at = ${this.clock.now()}::timestamptz, cancelled_by = ${who.name}
      from station s
      where s.id = e.station_id and s.code = ${stationCode} and e.id = ${id}::int and e.cancelled_at is null`);
    const [row] = await this.read(sql`s.code = ${stationCode} and e.id = ${id}::int`);
    if (!row)
      throw new ProblemError(404, 'plant_change.unknown', `there is no change ${id} of ${stationCode}`);
    return viewOf(row);
  }

  private async station(code: string): Promise<{ id: number; commissionedOn: string }> {
    const [row] = await this.database.query<{ id: number; commissionedOn: string }>(sql`
      select id, commissioned_on as "commissionedOn" from station where code = ${code}`);
    if (!row) throw new ProblemError(404, 'station.not_found', `no station ${code}`);
    return row;
  }

  private read(condition: Sql): Promise<ChangeRow[]> {
    return this.database.query<ChangeRow>(sql`
      select e.id, s.code as "stationCode", e.reason as kind, e.from_day as "fromDay", e.note,
        e.work_order_id as "workOrderId", e.entered_by as "enteredBy", e.entered_at as "enteredAt",
        e.cancelled_by as "cancelledBy", e.cancelled_at as "cancelledAt"
      from station_epoch e
      join station s on s.id = e.station_id
      where ${condition}
      order by e.from_day desc, e.id desc
      limit ${CHANGES_MAX}::int`);
  }
}

const viewOf = (row: ChangeRow): PlantChange => ({
  id: row.id,
  fromDay: row.fromDay,
  note: row.note,
  workOrderId: row.workOrderId,
  enteredBy: row.enteredBy,
  cancelledBy: row.cancelledBy,
  kind: plantChangeKindSchema.parse(row.kind),
  enteredAt: row.enteredAt.toISOString(),
  cancelledAt: row.cancelledAt?.toISOString() ?? null,
});
