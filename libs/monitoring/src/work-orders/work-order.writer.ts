import type { WorkOrderPart } from '#contracts';
import {
  dayOf,
  dueOf,
  escalationOf,
  type RepairSize,
  type WorkOrderKind,
  type WorkOrderState,
} from '#domain';
import { sql, type Queryable } from '#persistence';
import { limitsAt } from './work-order-limit.repository.ts';
import type { OrderRow } from './work-order.repository.ts';

/** Who acts on a work order. */
export interface WorkOrderActor {
  accountId: string;
  name: string;
}

export interface NewOrder {
  stationId: number;
  kind: WorkOrderKind;
  alarmId: number | null;
  plan: { id: number; dueDay: string; dueAt: Date } | null;
  title: string;
  note: string;
  size: RepairSize;
  state: WorkOrderState;
  assignee: string | null;
  openedAt: Date;
}

export interface NewEvent {
  orderId: number;
  actionKey: string;
  bodyHash: Buffer;
  action: string;
  fromState: WorkOrderState | null;
  toState: WorkOrderState;
  actor: WorkOrderActor;
  happenedAt: Date;
  recordedAt: Date;
  note: string;
  detail: object;
}

export interface KnownAction {
  orderId: number;
  bodyHash: Buffer;
}

/** Lets only one request with this key go on at a time, until the transaction ends. */
export async function holdKey(transaction: Queryable, actionKey: string): Promise<void> {
  await transaction.query(sql`select pg_advisory_xact_lock(hashtextextended(${actionKey}, 10))`);
}

export async function knownAction(queryable: Queryable, actionKey: string): Promise<KnownAction | null> {
  const [row] = await queryable.query<KnownAction>(sql`
    select work_order_id as "orderId", body_hash as "bodyHash"
    from work_order_event where action_key = ${actionKey}::uuid`);
  return row ?? null;
}

export async function insertOrder(transaction: Queryable, order: NewOrder): Promise<number> {
  const openedAtMs = order.openedAt.getTime();
  const limits = await limitsAt(transaction, { stationId: order.stationId, openedDay: dayOf(openedAtMs) });
  const due = dueOf(
    {
      ...order,
      openedAtMs,
      roundStartedAtMs: openedAtMs,
      repairedAtMs: null,
      suspendedMs: 0,
      plannedDueAtMs: order.plan?.dueAt.getTime() ?? null,
    },
    limits,
  );
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into work_order (station_id, kind, alarm_id, plan_id, plan_due_day, title, note, size, state, assignee,
      opened_at, round_started_at, planned_due_at, due_clock, due_at, last_event_at)
    values (${order.stationId}::int, ${order.kind}, ${order.alarmId}::bigint, ${order.plan?.id ?? null}::int,
      ${order.plan?.dueDay ?? null}::date, ${order.title}, ${order.note}, ${order.size}, ${order.state},
      ${order.assignee}, ${order.openedAt}::timestamptz, ${order.openedAt}::timestamptz,
      ${order.plan?.dueAt ?? null}::timestamptz, ${due?.clock ?? null},
      ${due ? new Date(due.dueAtMs) : null}::timestamptz, ${order.openedAt}::timestamptz)
    returning id`);
  if (!row) throw new Error('an order was not inserted');
  return row.id;
}

/** The order with the clock that runs now. */
export function withDue(order: OrderRow): OrderRow {
  const due = dueOf(
    {
      ...order,
      openedAtMs: order.openedAt.getTime(),
      roundStartedAtMs: order.roundStartedAt.getTime(),
      repairedAtMs: order.repairedAt?.getTime() ?? null,
      plannedDueAtMs: order.plannedDueAt?.getTime() ?? null,
    },
    order.limits,
  );
  return { ...order, dueClock: due?.clock ?? null, dueAt: due ? new Date(due.dueAtMs) : null };
}

/** Writes where the order stands now. Its history is written with `insertEvent` in the same transaction. */
export async function saveOrder(transaction: Queryable, order: OrderRow): Promise<void> {
  await transaction.query(sql`
    update work_order set size = ${order.size}, state = ${order.state}, suspended_from = ${order.suspendedFrom},
      suspended_at = ${order.suspendedAt}::timestamptz, suspended_ms = ${order.suspendedMs}::bigint,
      assignee = ${order.assignee}, round_started_at = ${order.roundStartedAt}::timestamptz,
      accepted_at = ${order.acceptedAt}::timestamptz, arrived_at = ${order.arrivedAt}::timestamptz,
      repaired_at = ${order.repairedAt}::timestamptz, repaired_by = ${order.repairedBy},
      verified_at = ${order.verifiedAt}::timestamptz, closed_at = ${order.closedAt}::timestamptz,
      closed_by = ${order.closedBy}, close_reason = ${order.closeReason}, due_clock = ${order.dueClock},
      due_at = ${order.dueAt}::timestamptz, escalation = ${order.escalation}, cause = ${order.cause},
      side = ${order.side}, labour_fen = ${order.labourFen}::bigint,
      last_event_at = ${order.lastEventAt}::timestamptz
    where id = ${order.id}::int`);
}

export async function insertEvent(transaction: Queryable, event: NewEvent): Promise<bigint> {
  const [row] = await transaction.query<{ id: bigint }>(sql`
    insert into work_order_event (work_order_id, action_key, body_hash, action, from_state, to_state, actor_id,
      actor_name, happened_at, recorded_at, note, detail)
    values (${event.orderId}::int, ${event.actionKey}::uuid, ${event.bodyHash}::bytea, ${event.action},
      ${event.fromState}, ${event.toState}, ${event.actor.accountId}, ${event.actor.name},
      ${event.happenedAt}::timestamptz, ${event.recordedAt}::timestamptz, ${event.note},
      ${JSON.stringify(event.detail)}::jsonb)
    returning id`);
  if (!row) throw new Error('an event was not inserted');
  return row.id;
}

export async function insertParts(
  transaction: Queryable,
  orderId: number,
  repair: { eventId: bigint; parts: readonly WorkOrderPart[] },
): Promise<void> {
  const { eventId, parts } = repair;
  if (parts.length === 0) return;
  await transaction.query(sql`
    insert into work_order_part (work_order_id, event_id, name, quantity, amount_fen)
    select ${orderId}::int, ${eventId}::bigint, p.name, p.quantity, p.amount_fen
    from unnest(${parts.map(({ name }) => name)}::text[], ${parts.map(({ quantity }) => quantity)}::int[],
      ${parts.map(({ amountFen }) => amountFen)}::bigint[]) with ordinality as p (name, quantity, amount_fen, place)
    order by p.place`);
}

/** Says in the history of an alarm that there is an order for it. */
export async function tellAlarm(
  transaction: Queryable,
  told: { alarmId: number; orderId: number; at: Date; by: string },
): Promise<void> {
  await transaction.query(sql`
    insert into alarm_event (alarm_id, at, kind, by_name, detail)
    values (${told.alarmId}::bigint, ${told.at}::timestamptz, 'work_order', ${told.by},
      ${JSON.stringify({ workOrderId: told.orderId })}::jsonb)`);
}

/** Whom the order concerns now; the stored level is what the history has told of. */
export function escalationNow(order: Pick<OrderRow, 'dueAt' | 'limits'>, nowMs: number) {
  return escalationOf(order.dueAt?.getTime() ?? null, nowMs, order.limits);
}
