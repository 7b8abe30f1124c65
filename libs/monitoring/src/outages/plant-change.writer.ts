import type { PlantChangeKind } from '#contracts';
import { sql, type Queryable } from '#persistence';

export interface NewPlantChange {
  stationId: number;
  kind: PlantChangeKind;
  /** First Shanghai day of the plant as it is now. */
  fromDay: string;
  note: string;
  workOrderId: number | null;
  by: string;
  at: Date;
  actionKey: string;
}

/** Adds a change of a plant. @returns its number; null where its key, or another change of that day, is in force. */
export async function insertPlantChange(
  queryable: Queryable,
  change: NewPlantChange,
): Promise<number | null> {
  const [row] = await queryable.query<{ id: number }>(sql`
    insert into station_epoch (station_id, from_day, reason, note, work_order_id, entered_by, entered_at, action_key)
    values (${change.stationId}::int, ${change.fromDay}::date, ${change.kind}, ${change.note},
      ${change.workOrderId}::int, ${change.by}, ${change.at}::timestamptz, ${change.actionKey}::uuid)
    on conflict do nothing
    returning id`);
  return row?.id ?? null;
}
