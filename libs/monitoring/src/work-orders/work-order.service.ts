import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  WORK_ORDER_PAGE_SIZE,
  type PlantChangeKind,
  type WorkOrder,
  type WorkOrderCreate,
  type WorkOrderList,
  type WorkOrderQuery,
  type WorkOrderStep,
} from '#contracts';
import { addDays, dayOf, happenedAtMs } from '#domain';
import { Database, postgresError, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { insertPlantChange } from '../outages/plant-change.writer.ts';
import { repairVerdict } from './repair-readings.ts';
import { takeStep } from './work-order-steps.ts';
import { detailView, summaryView } from './work-order-views.ts';
import { WorkOrderRepository, type OrderRow } from './work-order.repository.ts';
import {
  escalationNow,
  holdKey,
  insertEvent,
  insertOrder,
  insertParts,
  knownAction,
  saveOrder,
  tellAlarm,
  type WorkOrderActor,
} from './work-order.writer.ts';

/** The one that acts where no person does. */
const CLOCK_ACTOR: WorkOrderActor = { accountId: 'system', name: '系统' };

/**
 * Work orders (domain.md 3.3). Every action carries a key of the screen it was done at; the same key is one action,
 * however often and in how many requests at once it comes. States and who may do what are in domain.
 */
@Injectable()
export class WorkOrderService {
  private readonly repository: WorkOrderRepository;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new WorkOrderRepository(database);
  }

  /** A page of orders with the counts of the area. */
  async list(query: WorkOrderQuery): Promise<WorkOrderList> {
    const now = this.clock.now();
    const [rows, total, counts, assignees] = await Promise.all([
      this.repository.page(query, { now, pageSize: WORK_ORDER_PAGE_SIZE }),
      this.repository.total(query, now),
      this.repository.counts(query, now),
      this.repository.assignees(query),
    ]);
    return {
      asOf: now.toISOString(),
      items: rows.map((row) => summaryView(row, now.getTime())),
      total,
      page: query.page,
      pageSize: WORK_ORDER_PAGE_SIZE,
      counts,
      assignees,
    };
  }

  /** @throws ProblemError 404 `work_order.not_found` */
  async detail(id: number): Promise<WorkOrder> {
    const row = await this.repository.find(id);
    if (!row) throw notFound(id);
    const nowMs = this.clock.nowMs();
    const [events, parts, photos, power, verdict] = await Promise.all([
      this.repository.events(id),
      this.repository.parts(id),
      this.repository.photos(id),
      this.repository.power(row.stationId),
      repairVerdict(this.database, row, nowMs),
    ]);
    return detailView(row, { events, parts, photos, power, verdict, nowMs });
  }

  /**
   * Opens an order for an alarm or by hand.
   * @throws ProblemError 404 `station.not_found`, `alarm.not_found`; 409 `work_order.alarm_has_one`,
   *   `work_order.key_reused`; 422 `work_order.alarm_without_station`
   */
  async create(entry: WorkOrderCreate, actor: WorkOrderActor): Promise<WorkOrder> {
    const bodyHash = hashOf(['create', entry]);
    const id = await this.inTransaction(async (transaction) => {
      await holdKey(transaction, entry.actionKey);
      const known = await knownAction(transaction, entry.actionKey);
      if (known) return sameAction(known, { bodyHash });
      const stationId = await this.stationOf(entry, transaction);
      const recordedAt = this.clock.now();
      const openedAt = this.happened(entry.at, recordedAt, null);
      const state = entry.assignee === undefined ? 'opened' : 'dispatched';
      const orderId = await insertOrder(transaction, {
        stationId,
        kind: 'repair',
        alarmId: entry.alarmId ?? null,
        plan: null,
        title: entry.title ?? '',
        note: entry.note,
        size: entry.size,
        state,
        assignee: entry.assignee ?? null,
        openedAt,
      });
      await insertEvent(transaction, {
        orderId,
        actionKey: entry.actionKey,
        bodyHash,
        action: 'create',
        fromState: null,
        toState: state,
        actor,
        happenedAt: openedAt,
        recordedAt,
        note: entry.note,
        detail: { assignee: entry.assignee ?? null },
      });
      if (entry.alarmId !== undefined)
        await tellAlarm(transaction, { alarmId: entry.alarmId, orderId, at: recordedAt, by: actor.name });
      return orderId;
    });
    return this.detail(id);
  }

  /**
   * One step of an order; `verify` that the readings do not bear out is recorded and leaves it as it is.
   * @throws ProblemError as `takeStep`; 404 `work_order.not_found`, 409 `work_order.key_reused`
   */
  async step(id: number, step: WorkOrderStep, actor: WorkOrderActor): Promise<WorkOrder> {
    const bodyHash = hashOf([id, step]);
    await this.inTransaction(async (transaction) => {
      const repository = new WorkOrderRepository(transaction);
      const order = await repository.lock(id);
      if (!order) throw notFound(id);
      const known = await knownAction(transaction, step.actionKey);
      if (known) return sameAction(known, { bodyHash });
      const recordedAt = this.clock.now();
      const happenedAt = this.happened(step.at, recordedAt, order.lastEventAt);
      const verdict =
        step.action === 'verify' ? await repairVerdict(transaction, order, recordedAt.getTime()) : null;
      const outcome = takeStep(order, step, { actor, at: happenedAt, verdict });
      await saveOrder(transaction, outcome.order);
      const eventId = await insertEvent(transaction, {
        orderId: id,
        actionKey: step.actionKey,
        bodyHash,
        action: step.action,
        fromState: order.state,
        toState: outcome.order.state,
        actor,
        happenedAt,
        recordedAt,
        note: step.note,
        detail: outcome.detail,
      });
      if (step.action === 'repair') await insertParts(transaction, id, { eventId, parts: step.parts });
      if (step.action === 'close' && step.plantChange !== undefined)
        await this.noteChange(transaction, order, {
          kind: step.plantChange,
          step,
          by: actor.name,
          at: recordedAt,
        });
      return id;
    });
    return this.detail(id);
  }

  /** What a repair made of the plant: from the day after it on, its expected output is learned anew. */
  private async noteChange(
    transaction: Queryable,
    order: OrderRow,
    given: { kind: PlantChangeKind; step: WorkOrderStep; by: string; at: Date },
  ): Promise<void> {
    if (order.kind !== 'repair' || order.repairedAt === null)
      throw new ProblemError(422, 'work_order.no_repair', 'only a repair changes the plant');
    await insertPlantChange(transaction, {
      stationId: order.stationId,
      kind: given.kind,
      fromDay: addDays(dayOf(order.repairedAt.getTime()), 1),
      note: given.step.note,
      workOrderId: order.id,
      by: given.by,
      at: given.at,
      actionKey: given.step.actionKey,
    });
  }

  /** Tells in the history that an order has become overdue, for township or county. @returns how many were told of */
  async escalateOverdue(): Promise<number> {
    let told = 0;
    for (const { id } of await this.repository.overdue(this.clock.now()))
      told += await this.database.transaction(async (transaction) => {
        const order = await new WorkOrderRepository(transaction).lock(id);
        const now = this.clock.now();
        const level = order ? escalationNow(order, now.getTime()) : 'none';
        if (!order || level === 'none' || level === order.escalation) return 0;
        await saveOrder(transaction, { ...order, escalation: level });
        await insertEvent(transaction, escalationEvent(order, { level, now }));
        return 1;
      });
    return told;
  }

  private happened(claimed: string | undefined, recordedAt: Date, lastAt: Date | null): Date {
    return new Date(
      happenedAtMs({
        claimedMs: claimed === undefined ? null : Date.parse(claimed),
        recordedMs: recordedAt.getTime(),
        lastMs: lastAt?.getTime() ?? null,
      }),
    );
  }

  private async stationOf(entry: WorkOrderCreate, transaction: Queryable): Promise<number> {
    const repository = new WorkOrderRepository(transaction);
    if (entry.alarmId === undefined) {
      const id = await repository.stationId(entry.station ?? '');
      if (id === null) throw new ProblemError(404, 'station.not_found', `no station ${entry.station ?? ''}`);
      return id;
    }
    const alarm = await repository.alarmStation(entry.alarmId);
    if (!alarm) throw new ProblemError(404, 'alarm.not_found', `no alarm ${entry.alarmId}`);
    if (alarm.stationId === null)
      throw new ProblemError(
        422,
        'work_order.alarm_without_station',
        'this alarm is of more than one station',
      );
    return alarm.stationId;
  }

  private async inTransaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } catch (error) {
      const constraint = postgresError(error)?.constraint;
      if (constraint === 'work_order_one_of_alarm')
        throw new ProblemError(
          409,
          'work_order.alarm_has_one',
          'there is an open order for this alarm already',
        );
      if (constraint === 'work_order_event_once')
        throw new ProblemError(409, 'work_order.key_reused', 'this key belongs to another action');
      throw error;
    }
  }
}

function escalationEvent(order: OrderRow, { level, now }: { level: string; now: Date }) {
  return {
    orderId: order.id,
    actionKey: crypto.randomUUID(),
    bodyHash: hashOf(['escalate', level]),
    action: `escalate_${level}`,
    fromState: order.state,
    toState: order.state,
    actor: CLOCK_ACTOR,
    happenedAt: now,
    recordedAt: now,
    note: '',
    detail: { dueClock: order.dueClock, dueAt: order.dueAt },
  };
}

const notFound = (id: number) => new ProblemError(404, 'work_order.not_found', `no work order ${id}`);

/** What an action says; two actions with one key have to say the same. */
export function hashOf(content: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(content)).digest();
}

function sameAction(
  known: { orderId: number; bodyHash: Buffer },
  { bodyHash }: { bodyHash: Buffer },
): number {
  if (!known.bodyHash.equals(bodyHash))
    throw new ProblemError(409, 'work_order.key_reused', 'this key belongs to another action');
  return known.orderId;
}
