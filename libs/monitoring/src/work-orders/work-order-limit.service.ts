import { Inject, Injectable } from '@nestjs/common';
import type { WorkOrderLimitsEntry, WorkOrderLimitsList, WorkOrderLimitsView } from '#contracts';
import { dayOf, DEFAULT_LIMITS } from '#domain';
import { Database, sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { limitRow, readLimits, type LimitRow } from './work-order-limit.repository.ts';

const MINUTE_MS = 60_000;

/** The clocks of work orders by county and date (domain.md 3.3): dated, never altered, for orders opened from then on. */
@Injectable()
export class WorkOrderLimitService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** What is in force today of a county or the city (null), and every row of both. */
  async list(county: string | null): Promise<WorkOrderLimitsList> {
    const day = dayOf(this.clock.nowMs());
    const rows = await readLimits(this.database);
    const found = limitRow(rows, { countyCode: county, day });
    return {
      day,
      inForce: found ? viewOf(found) : defaultView(),
      items: rows.filter(({ countyCode }) => countyCode === null || countyCode === county).map(viewOf),
    };
  }

  /** @throws ProblemError 404 `registry.unknown_place`, 422 `work_order.past_day` */
  async set(entry: WorkOrderLimitsEntry, who: { name: string }): Promise<WorkOrderLimitsList> {
    const today = dayOf(this.clock.nowMs());
    if (entry.effectiveFrom < today)
      throw new ProblemError(
        422,
        'work_order.past_day',
        `orders that are open keep their clocks: from ${today} on at the earliest`,
      );
    const rows = await this.database.query<{ id: number }>(sql`
      insert into work_order_limit (county_code, effective_from, accept_min, arrive_min, repair_minor_min,
        repair_major_min, close_min, county_after_min, reason, set_by, set_at)
      select c.code, ${entry.effectiveFrom}::date, ${entry.acceptMin}::int, ${entry.arriveMin}::int,
        ${entry.repairMinorMin}::int, ${entry.repairMajorMin}::int, ${entry.closeMin}::int,
        ${entry.countyAfterMin}::int, ${entry.reason}, ${who.name}, ${this.clock.now()}::timestamptz
      from (values (${entry.county}::text)) as given (county)
      left join county c on c.code = given.county
      where (given.county is null) = (c.code is null)
      returning id`);
    if (rows.length === 0) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county');
    return this.list(entry.county);
  }
}

const viewOf = (row: LimitRow): WorkOrderLimitsView => ({ ...row, setAt: row.setAt.toISOString() });

const defaultView = (): WorkOrderLimitsView => ({
  countyCode: null,
  effectiveFrom: null,
  acceptMin: DEFAULT_LIMITS.acceptMs / MINUTE_MS,
  arriveMin: DEFAULT_LIMITS.arriveMs / MINUTE_MS,
  repairMinorMin: DEFAULT_LIMITS.repairMinorMs / MINUTE_MS,
  repairMajorMin: DEFAULT_LIMITS.repairMajorMs / MINUTE_MS,
  closeMin: DEFAULT_LIMITS.closeMs / MINUTE_MS,
  countyAfterMin: DEFAULT_LIMITS.countyAfterMs / MINUTE_MS,
  reason: null,
  setBy: null,
  setAt: null,
});
