import { Inject, Injectable } from '@nestjs/common';
import type { AlarmValuation, AlarmValuationEntry, AlarmValuationList } from '#contracts';
import { dayOf } from '#domain';
import { Database, sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  DEFAULT_VALUATION,
  readValuations,
  valuationRow,
  type ValuationRow,
} from './alarm-valuation.repository.ts';
import { requireFromToday } from './from-today.ts';

/** What a kilowatt-hour is worth where a station has no tariff, and what a post is paid: dated, never altered. */
@Injectable()
export class AlarmValuationService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** What is in force today of a county or the city (null), and every row of both. */
  async list(county: string | null): Promise<AlarmValuationList> {
    const day = dayOf(this.clock.nowMs());
    const rows = await readValuations(this.database);
    const found = valuationRow(rows, { countyCode: county, day });
    return {
      day,
      inForce: found ? viewOf(found) : defaultView(),
      items: rows.filter(({ countyCode }) => countyCode === null || countyCode === county).map(viewOf),
    };
  }

  /** @throws ProblemError 404 `registry.unknown_place`, 422 `alarm.past_day` */
  async set(entry: AlarmValuationEntry, who: { name: string }): Promise<AlarmValuationList> {
    requireFromToday(entry.effectiveFrom, this.clock);
    const rows = await this.database.query<{ id: number }>(sql`
      insert into alarm_valuation (county_code, effective_from, price_hao_per_kwh, fen_per_post_month, reason, set_by,
        set_at)
      select c.code, ${entry.effectiveFrom}::date, ${entry.priceHaoPerKwh}::int, ${entry.fenPerPostMonth}::bigint,
        ${entry.reason}, ${who.name}, ${this.clock.now()}::timestamptz
      from (values (${entry.county}::text)) as given (county)
      left join county c on c.code = given.county
      where (given.county is null) = (c.code is null)
      returning id`);
    if (rows.length === 0) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county');
    return this.list(entry.county);
  }
}

const viewOf = (row: ValuationRow): AlarmValuation => ({
  countyCode: row.countyCode,
  effectiveFrom: row.effectiveFrom,
  priceHaoPerKwh: row.priceHaoPerKwh,
  fenPerPostMonth: String(row.fenPerPostMonth),
  reason: row.reason,
  setBy: row.setBy,
  setAt: row.setAt.toISOString(),
});

const defaultView = (): AlarmValuation => ({
  countyCode: null,
  effectiveFrom: null,
  priceHaoPerKwh: DEFAULT_VALUATION.priceHaoPerKwh,
  fenPerPostMonth: String(DEFAULT_VALUATION.fenPerPostMonth),
  reason: null,
  setBy: null,
  setAt: null,
});
