import { Inject, Injectable } from '@nestjs/common';
import type {
  AlarmPolicyEntry,
  AlarmPolicyList,
  AlarmPolicyView,
  PlannedOutage,
  PlannedOutageEntry,
} from '#contracts';
import { plannedOutageKindSchema } from '#contracts';
import { ALARM_KINDS, ALARM_RULES, dayOf } from '#domain';
import { Database, sql, type Sql } from '#persistence';
import { Clock, ProblemError } from '#platform';

const OUTAGES_MAX = 200;

interface OutageRow {
  id: number;
  kind: string;
  countyCode: string | null;
  stationCode: string | null;
  placeName: string | null;
  fromAt: Date;
  toAt: Date;
  reason: string;
  enteredBy: string;
  enteredAt: Date;
  cancelledAt: Date | null;
  cancelledBy: string | null;
}

/** Planned outages, and the dated limits of the kinds. */
@Injectable()
export class AlarmSettingsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** The newest first; at most 200. */
  async outages(): Promise<PlannedOutage[]> {
    return (await this.readOutages(sql`true`)).map(outageView);
  }

  /** @throws ProblemError 404 `registry.unknown_place` */
  async planOutage(entry: PlannedOutageEntry, who: { name: string }): Promise<PlannedOutage> {
    const [row] = await this.database.query<{ id: number }>(sql`
      insert into planned_outage (county_code, station_id, kind, from_at, to_at, reason, entered_by, entered_at)
      select c.code, s.id, ${entry.kind}, ${entry.fromAt}::timestamptz, ${entry.toAt}::timestamptz, ${entry.reason},
        ${who.name}, ${this.clock.now()}::timestamptz
      from (values (${entry.county}::text, ${entry.station}::text)) as given (county, station)
      left join county c on c.code = given.county
      left join station s on s.code = given.station
      where (given.county is null) = (c.code is null) and (given.station is null) = (s.id is null)
      returning id`);
    if (!row) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county or station');
    return this.outage(row.id);
  }

  /** It stays, with a stamp; cancelling twice is the same. @throws ProblemError 404 `outage.unknown` */
  async cancelOutage(id: number, who: { name: string }): Promise<PlannedOutage> {
    await this.database.query(sql`
      update planned_outage set cancelled_at = ${this.clock.now()}::timestamptz, cancelled_by = ${who.name}
      where id = ${id}::int and cancelled_at is null`);
    return this.outage(id);
  }

  /** Every kind with what is in force today, of the city or of a county. */
  async policies(county: string | null): Promise<AlarmPolicyList> {
    const day = dayOf(this.clock.nowMs());
    const rows = await this.database.query<
      Omit<AlarmPolicyView, 'setAt'> & { kind: string; setAt: Date; rank: number }
    >(sql`
      select distinct on (kind) kind, county_code as "countyCode", effective_from as "effectiveFrom",
        is_on as "isOn", delay_s as "delayS", clear_after_s as "clearAfterS", rejoin_s as "rejoinS",
        escalate_after_s as "escalateAfterS", open_limit as "openLimit", close_limit as "closeLimit",
        major_limit as "majorLimit", reason, set_by as "setBy", set_at as "setAt"
      from alarm_policy
      where effective_from <= ${day}::date and (county_code is null or county_code = ${county}::text)
      order by kind, county_code nulls last, effective_from desc, id desc`);
    const stored = new Map<string, (typeof rows)[number]>(rows.map((row) => [row.kind, row]));
    const items = ALARM_KINDS.map((kind): AlarmPolicyView => {
      const row = stored.get(kind);
      if (!row) return defaultPolicy(kind);
      return {
        kind,
        countyCode: row.countyCode,
        effectiveFrom: row.effectiveFrom,
        isOn: row.isOn,
        delayS: row.delayS,
        clearAfterS: row.clearAfterS,
        rejoinS: row.rejoinS,
        escalateAfterS: row.escalateAfterS,
        openLimit: row.openLimit,
        closeLimit: row.closeLimit,
        majorLimit: row.majorLimit,
        reason: row.reason,
        setBy: row.setBy,
        setAt: row.setAt.toISOString(),
      };
    });
    return { day, items };
  }

  /**
   * Enters new limits from a day on; what was in force stays as it was.
   * @throws ProblemError 400 `alarm.limits` where the close limit is on the wrong side, 404 `registry.unknown_place`
   */
  async setPolicy(entry: AlarmPolicyEntry, who: { name: string }): Promise<AlarmPolicyList> {
    const { side } = ALARM_RULES[entry.kind];
    const isCrossed =
      side === 'above' ? entry.closeLimit > entry.openLimit : entry.closeLimit < entry.openLimit;
    if (isCrossed)
      throw new ProblemError(400, 'alarm.limits', 'the limit of well-being is beyond the limit of trouble');
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
    return this.policies(entry.county);
  }

  private async outage(id: number): Promise<PlannedOutage> {
    const [row] = await this.readOutages(sql`o.id = ${id}::int`);
    if (!row) throw new ProblemError(404, 'outage.unknown', `there is no planned outage ${id}`);
    return outageView(row);
  }

  private readOutages(condition: Sql): Promise<OutageRow[]> {
    return this.database.query<OutageRow>(sql`
      select o.id, o.kind, o.county_code as "countyCode", s.code as "stationCode",
        coalesce(s.name, c.name) as "placeName", o.from_at as "fromAt", o.to_at as "toAt", o.reason,
        o.entered_by as "enteredBy", o.entered_at as "enteredAt", o.cancelled_at as "cancelledAt",
        o.cancelled_by as "cancelledBy"
      from planned_outage o
      left join station s on s.id = o.station_id
      left join county c on c.code = o.county_code
      where ${condition}
      order by o.from_at desc, o.id desc
      limit ${OUTAGES_MAX}::int`);
  }
}

const outageView = (row: OutageRow): PlannedOutage => ({
  ...row,
  kind: plannedOutageKindSchema.parse(row.kind),
  fromAt: row.fromAt.toISOString(),
  toAt: row.toAt.toISOString(),
  enteredAt: row.enteredAt.toISOString(),
  cancelledAt: row.cancelledAt?.toISOString() ?? null,
});

function defaultPolicy(kind: (typeof ALARM_KINDS)[number]): AlarmPolicyView {
  const { policy } = ALARM_RULES[kind];
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
  };
}
