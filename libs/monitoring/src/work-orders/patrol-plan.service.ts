import { Inject, Injectable } from '@nestjs/common';
import type { PatrolPlanCreate, PatrolPlanList, PatrolPlanQuery, PatrolPlanView } from '#contracts';
import { addDays, addMonths, dayOf, dayStartMs } from '#domain';
import { Database, empty, postgresError, sql, type Queryable, type Sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { hashOf } from './work-order.service.ts';
import { insertEvent, insertOrder, type WorkOrderActor } from './work-order.writer.ts';

/** An order is opened so long before its day, that it can be fitted in. */
const DAYS_AHEAD = 7;
/** Plans of one answer; the fleet has four a station at most. */
const PLANS_MAX = 2000;

interface PlanRow extends Omit<PatrolPlanView, 'endedAt'> {
  endedAt: Date | null;
  stationId: number;
  bodyHash: Buffer;
}

/** Routine of domain.md 3.3: patrol, washing and grass by the holder of a post, an order each time it is due. */
@Injectable()
export class PatrolPlanService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Plans in force, what is due first at the top; at most 2,000. */
  async list({ county, station }: PatrolPlanQuery): Promise<PatrolPlanList> {
    const rows = await plansWhere(
      this.database,
      sql`p.ended_at is null ${county === undefined ? empty : sql`and t.county_code = ${county}`}
        ${station === undefined ? empty : sql`and s.code = ${station}`}
        order by p.next_due_day, p.id limit ${PLANS_MAX}::int`,
    );
    return { items: rows.map(planView), total: rows.length };
  }

  /**
   * Enters a plan; the same key again gives the plan that is there.
   * @throws ProblemError 404 `station.not_found`, 409 `patrol_plan.exists`, `work_order.key_reused`
   */
  async create(entry: PatrolPlanCreate, actor: WorkOrderActor): Promise<PatrolPlanView> {
    const bodyHash = hashOf(['plan', entry]);
    const [station] = await this.database.query<{ id: number }>(sql`
      select id from station where code = ${entry.station}`);
    if (!station) throw new ProblemError(404, 'station.not_found', `no station ${entry.station}`);
    try {
      await this.database.query(sql`
        insert into patrol_plan (station_id, kind, every_months, next_due_day, assignee, note, created_by, created_at,
          action_key, body_hash)
        values (${station.id}::int, ${entry.kind}, ${entry.everyMonths}::smallint, ${entry.firstDueDay}::date,
          ${entry.assignee}, ${entry.note}, ${actor.name}, ${this.clock.now()}::timestamptz,
          ${entry.actionKey}::uuid, ${bodyHash}::bytea)
        on conflict (action_key) do nothing`);
    } catch (error) {
      if (postgresError(error)?.constraint !== 'patrol_plan_one_of_a_kind') throw error;
      // Of two requests with one key at once, the second meets either of the two rules first.
      const mine = await this.ofKey(entry.actionKey);
      if (!mine)
        throw new ProblemError(
          409,
          'patrol_plan.exists',
          `${entry.assignee} has such a plan for this station`,
        );
    }
    const row = await this.ofKey(entry.actionKey);
    if (!row) throw new Error('an entered plan is not there');
    if (!row.bodyHash.equals(bodyHash))
      throw new ProblemError(409, 'work_order.key_reused', 'this key belongs to another action');
    return planView(row);
  }

  /** Ends a plan; orders that are open stay. Twice changes nothing more. @throws ProblemError 404 `patrol_plan.not_found` */
  async end(id: number, actor: WorkOrderActor): Promise<PatrolPlanView> {
    await this.database.query(sql`
      update patrol_plan set ended_at = ${this.clock.now()}::timestamptz, ended_by = ${actor.name}
      where id = ${id}::int and ended_at is null`);
    const [row] = await plansWhere(this.database, sql`p.id = ${id}::int`);
    if (!row) throw new ProblemError(404, 'patrol_plan.not_found', `no plan ${id}`);
    return planView(row);
  }

  /** Opens the orders of plans that are due within a week. @returns how many */
  async openDue(): Promise<number> {
    const untilDay = addDays(dayOf(this.clock.nowMs()), DAYS_AHEAD);
    return this.database.transaction(async (transaction) => {
      const plans = await plansWhere(
        transaction,
        sql`p.ended_at is null and p.next_due_day <= ${untilDay}::date order by p.id for update of p`,
      );
      for (const plan of plans) await this.open(transaction, plan, untilDay);
      return plans.length;
    });
  }

  /** One order for the day that is due; days that were missed while nothing ran are not made up for. */
  private async open(transaction: Queryable, plan: PlanRow, untilDay: string): Promise<void> {
    const now = this.clock.now();
    const orderId = await insertOrder(transaction, {
      stationId: plan.stationId,
      kind: plan.kind,
      alarmId: null,
      plan: {
        id: plan.id,
        dueDay: plan.nextDueDay,
        dueAt: new Date(dayStartMs(addDays(plan.nextDueDay, 1))),
      },
      title: '',
      note: plan.note,
      size: 'minor',
      state: 'dispatched',
      assignee: plan.assignee,
      openedAt: now,
    });
    await insertEvent(transaction, {
      orderId,
      actionKey: crypto.randomUUID(),
      bodyHash: hashOf(['plan', plan.id, plan.nextDueDay]),
      action: 'create',
      fromState: null,
      toState: 'dispatched',
      actor: { accountId: 'system', name: '系统' },
      happenedAt: now,
      recordedAt: now,
      note: '',
      detail: { planId: plan.id, dueDay: plan.nextDueDay },
    });
    let next = plan.nextDueDay;
    for (let times = 1; next <= untilDay; times += 1)
      next = addMonths(plan.nextDueDay, times * plan.everyMonths);
    await transaction.query(sql`
      update patrol_plan set next_due_day = ${next}::date where id = ${plan.id}::int`);
  }

  private async ofKey(actionKey: string): Promise<PlanRow | null> {
    const [row] = await plansWhere(this.database, sql`p.action_key = ${actionKey}::uuid`);
    return row ?? null;
  }
}

function planView(row: PlanRow): PatrolPlanView {
  const { stationId: _stationId, bodyHash: _bodyHash, endedAt, ...shown } = row;
  return { ...shown, endedAt: endedAt?.toISOString() ?? null };
}

async function plansWhere(queryable: Queryable, condition: Sql): Promise<PlanRow[]> {
  return queryable.query<PlanRow>(sql`
    select p.id, p.station_id as "stationId", s.code as "stationCode", s.name as "stationName", p.kind,
      p.every_months as "everyMonths", p.next_due_day as "nextDueDay", p.assignee, p.note,
      p.created_by as "createdBy", p.ended_at as "endedAt", p.body_hash as "bodyHash"
    from patrol_plan p
    join station s on s.id = p.station_id
    join township t on t.code = s.township_code
    where ${condition}`);
}
