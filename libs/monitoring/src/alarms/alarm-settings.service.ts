import { Inject, Injectable } from '@nestjs/common';
import {
  alarmKindSchema,
  type AlarmPolicyEntry,
  type AlarmPolicyHistory,
  type AlarmPolicyHistoryQuery,
  type AlarmPolicyList,
  type AlarmPolicyQuery,
  type AlarmPolicyView,
  type AlarmUnit,
} from '#contracts';
import { ALARM_KINDS, ALARM_RULES, dayOf, type AlarmKindName } from '#domain';
import { Database, sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { requireFromToday } from './from-today.ts';

const HISTORY_MAX = 200;

type PolicyRow = Omit<AlarmPolicyView, 'kind' | 'setAt' | 'side' | 'unit'> & { kind: string; setAt: Date };

const columns = sql`kind, county_code as "countyCode", effective_from as "effectiveFrom", is_on as "isOn",
  delay_s as "delayS", clear_after_s as "clearAfterS", rejoin_s as "rejoinS", escalate_after_s as "escalateAfterS",
  open_limit as "openLimit", close_limit as "closeLimit", major_limit as "majorLimit", reason, set_by as "setBy",
  set_at as "setAt"`;

/** The dated limits of the kinds. A change is a new row; the past stays as it was. */
@Injectable()
export class AlarmSettingsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Every kind with what is in force on a day (today), of the city or of a county. */
  async policies(query: AlarmPolicyQuery): Promise<AlarmPolicyList> {
    const day = query.day ?? dayOf(this.clock.nowMs());
    const rows = await this.database.query<PolicyRow>(sql`
      select distinct on (kind) ${columns}
      from alarm_policy
      where effective_from <= ${day}::date
        and (county_code is null or county_code = ${query.county ?? null}::text)
      order by kind, county_code nulls last, effective_from desc, id desc`);
    const stored = new Map(rows.map((row) => [row.kind, row]));
    return {
      day,
      items: ALARM_KINDS.map((kind) => {
        const row = stored.get(kind);
        return row ? viewOf(kind, row) : defaultPolicy(kind);
      }),
    };
  }

  /** Every dated row of the city and of a county, the last to begin first. */
  async history(query: AlarmPolicyHistoryQuery): Promise<AlarmPolicyHistory> {
    const rows = await this.database.query<PolicyRow>(sql`
      select ${columns}
      from alarm_policy
      where (county_code is null or county_code = ${query.county ?? null}::text)
        and (${query.kind ?? null}::text is null or kind = ${query.kind ?? null}::text)
      order by effective_from desc, id desc
      limit ${HISTORY_MAX}::int`);
    return {
      day: dayOf(this.clock.nowMs()),
      items: rows.map((row) => viewOf(alarmKindSchema.parse(row.kind), row)),
    };
  }

  /**
   * Enters new limits from a day on, today at the earliest.
   * @throws ProblemError 400 `alarm.limits` where the close limit is on the wrong side, 404 `registry.unknown_place`, 422
   *   `alarm.past_day`
   */
  async setPolicy(entry: AlarmPolicyEntry, who: { name: string }): Promise<AlarmPolicyList> {
    requireSoundLimits(entry);
    requireFromToday(entry.effectiveFrom, this.clock);
    const rows = await this.database.query<{ id: number }>(sql`
      insert into alarm_policy (county_code, kind, effective_from, is_on, delay_s, clear_after_s, rejoin_s,
        escalate_after_s, open_limit, close_limit, major_limit, reason, set_by, set_at)
      select c.code, ${entry.kind}, ${entry.effectiveFrom}::date, ${entry.isOn}::boolean, ${entry.delayS}::int,
        ${entry.clearAfterS}::int, ${entry.rejoinS}::int, ${entry.escalateAfterS}::int, ${entry.openLimit}::float8,
        ${entry.closeLimit}::float8, ${entry.majorLimit}::float8, ${entry.reason}, ${who.name},
        ${this.clock.now()}::timestamptz
      from (values (${entry.county}::text)) as given (county)
      left join county c on c.code = given.county
      where (given.county is null) = (c.code is null)
      returning id`);
    if (rows.length === 0) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county');
    return this.policies(entry.county === null ? {} : { county: entry.county });
  }
}

/** @throws ProblemError 400 `alarm.limits` where well begins beyond trouble, or grave before it */
export function requireSoundLimits(
  entry: Pick<AlarmPolicyEntry, 'kind' | 'openLimit' | 'closeLimit' | 'majorLimit'>,
): void {
  const sign = ALARM_RULES[entry.kind].side === 'above' ? 1 : -1;
  if (sign * (entry.closeLimit - entry.openLimit) > 0)
    throw new ProblemError(400, 'alarm.limits', 'the limit of well-being is beyond the limit of trouble');
  if (entry.majorLimit !== null && sign * (entry.majorLimit - entry.openLimit) < 0)
    throw new ProblemError(
      400,
      'alarm.limits',
      'the limit of grave trouble comes before the limit of trouble',
    );
}

const UNITS: Record<AlarmKindName, AlarmUnit> = {
  ingest_down: 's',
  county_silent: 'share',
  offline: 's',
  no_data: 's',
  zero: 'share',
  inverter_zero: 'share',
  fault: 'count',
  low: 'share',
  string_low: 'share',
  insulation: 'count',
  over_temperature: 'celsius',
  grid: 'range',
  soiling: 'yes',
  counter: 'count',
  over_capacity: 'share',
};

function viewOf(kind: AlarmKindName, row: PolicyRow): AlarmPolicyView {
  return { ...row, kind, setAt: row.setAt.toISOString(), side: ALARM_RULES[kind].side, unit: UNITS[kind] };
}

function defaultPolicy(kind: AlarmKindName): AlarmPolicyView {
  const { policy, side } = ALARM_RULES[kind];
  return {
    kind,
    countyCode: null,
    effectiveFrom: null,
    isOn: policy.isOn,
    delayS: policy.delayMs / 1000,
    clearAfterS: policy.clearAfterMs / 1000,
    rejoinS: policy.rejoinMs / 1000,
    escalateAfterS: policy.escalateAfterMs === null ? null : policy.escalateAfterMs / 1000,
    openLimit: policy.openLimit,
    closeLimit: policy.closeLimit,
    majorLimit: policy.majorLimit,
    reason: null,
    setBy: null,
    setAt: null,
    side,
    unit: UNITS[kind],
  };
}
