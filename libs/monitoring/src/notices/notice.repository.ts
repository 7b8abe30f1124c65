import type { AlarmKind, AlarmLevel, NoticeChannel, NoticeMessage, NoticeRuleEntry } from '#contracts';
import { sql, type Database, type Queryable } from '#persistence';
import type { OutgoingNotice } from './notice-sender.ts';
import type { NoticeEvent, NoticeLine } from './notice-text.ts';

export interface RuleRow {
  id: number;
  name: string;
  channel: NoticeChannel;
  targets: string[];
  secret: string | null;
  county: string | null;
  kinds: AlarmKind[];
  leastLevel: AlarmLevel;
  quietFromMin: number | null;
  quietToMin: number | null;
  groupS: number;
  createdBy: string;
  createdAt: Date;
}

const LOG_MAX = 100;
const LINES_MAX = 200;
/** A rule says nothing of what was before it, nor of what is older than this, ms. */
const OLDEST_MS = 86_400_000;

export class NoticeRepository {
  constructor(private readonly database: Database) {}

  /** Rules that send. */
  async rules(): Promise<RuleRow[]> {
    return this.database.query<RuleRow>(sql`
      select id, name, channel, targets, secret, county_code as county, kinds, least_level as "leastLevel",
        quiet_from_min as "quietFromMin", quiet_to_min as "quietToMin", group_s as "groupS",
        created_by as "createdBy", created_at as "createdAt"
      from notice_rule
      where retired_at is null
      order by id`);
  }

  /** @returns null where there is no such county. */
  async insertRule(entry: NoticeRuleEntry, given: { by: string; at: Date }): Promise<number | null> {
    const [row] = await this.database.query<{ id: number }>(sql`
      insert into notice_rule (name, channel, targets, secret, county_code, kinds, least_level, quiet_from_min,
        quiet_to_min, group_s, created_by, created_at)
      select ${entry.name}, ${entry.channel}, ${entry.targets}::text[], ${entry.secret}, c.code, ${entry.kinds}::text[],
        ${entry.leastLevel}, ${entry.quietFromMin}::smallint, ${entry.quietToMin}::smallint, ${entry.groupS}::int,
        ${given.by}, ${given.at}::timestamptz
      from (values (${entry.county}::text)) as g (county)
      left join county c on c.code = g.county
      where (g.county is null) = (c.code is null)
      returning id`);
    return row?.id ?? null;
  }

  async retireRule(id: number, given: { by: string; at: Date }): Promise<void> {
    await this.database.query(sql`
      update notice_rule set retired_at = ${given.at}::timestamptz, retired_by = ${given.by}
      where id = ${id}::int and retired_at is null`);
  }

  /** Enters what every rule has to say of alarms, once each. What rests is left out until it wakes. */
  async collect(now: Date): Promise<void> {
    await this.database.query(sql`
      insert into notice_item (rule_id, alarm_id, event, at)
      select r.id, a.id, e.kind, min(e.at)
      from notice_rule r
      join alarm_event e on e.at >= greatest(r.created_at, ${new Date(now.getTime() - OLDEST_MS)}::timestamptz)
        and e.kind in ('opened', 'level', 'escalated', 'closed')
      join alarm a on a.id = e.alarm_id
      where r.retired_at is null and (r.county_code is null or a.county_code is null or a.county_code = r.county_code)
        and (r.kinds = '{}' or a.kind = any (r.kinds))
        and (r.least_level = 'data'
          or array_position(array['info', 'minor', 'major', 'critical'], a.level)
            >= array_position(array['info', 'minor', 'major', 'critical'], r.least_level))
        and coalesce(a.snoozed_until <= ${now}::timestamptz, true)
      group by r.id, a.id, e.kind
      on conflict do nothing`);
  }

  /** What a rule has to say and has not said, the oldest first. */
  async waitingLines(transaction: Queryable, ruleId: number): Promise<(NoticeLine & { at: Date })[]> {
    return transaction.query<NoticeLine & { at: Date }>(sql`
      select i.alarm_id::float8 as "alarmId", i.event, i.at, a.kind, a.level,
        coalesce(s.name, c.name, '全市') as place, a.opened_at as "openedAt", a.lost_amount_fen as "lostFen"
      from notice_item i
      join alarm a on a.id = i.alarm_id
      left join station s on s.id = a.station_id
      left join county c on c.code = a.county_code
      where i.rule_id = ${ruleId}::int and i.message_id is null
      order by i.at, i.alarm_id
      limit ${LINES_MAX}::int
      for update of i skip locked`);
  }

  async linkLines(
    transaction: Queryable,
    ruleId: number,
    lines: readonly { alarmId: number; event: NoticeEvent }[],
    messageId: number,
  ): Promise<void> {
    await transaction.query(sql`
      update notice_item i set message_id = ${messageId}::bigint
      from unnest(${lines.map(({ alarmId }) => alarmId)}::bigint[], ${lines.map(({ event }) => event)}::text[])
        as u (alarm_id, event)
      where i.rule_id = ${ruleId}::int and i.alarm_id = u.alarm_id and i.event = u.event`);
  }

  async insertMessage(
    queryable: Queryable,
    given: { ruleId: number; isTest: boolean; subject: string; body: string; at: Date },
  ): Promise<number> {
    const [row] = await queryable.query<{ id: number }>(sql`
      insert into notice_message (rule_id, is_test, subject, body, created_at, next_attempt_at)
      values (${given.ruleId}::int, ${given.isTest}::boolean, ${given.subject}, ${given.body},
        ${given.at}::timestamptz, ${given.at}::timestamptz)
      returning id::float8`);
    if (!row) throw new Error('an insert gave no row');
    return row.id;
  }

  async dueMessages(now: Date, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ id: number }>(sql`
      select id::float8 from notice_message
      where state = 'waiting' and next_attempt_at <= ${now}::timestamptz
      order by next_attempt_at, id
      limit ${limit}::int`);
    return rows.map(({ id }) => id);
  }

  /** Takes a message for one attempt; null where it is not due, or another program has it. */
  async claim(
    id: number,
    now: Date,
    waitMs: (attempts: number) => number,
  ): Promise<(OutgoingNotice & { attempts: number }) | null> {
    return this.database.transaction(async (transaction) => {
      const [row] = await transaction.query<OutgoingNotice & { attempts: number }>(sql`
        select m.id::float8, m.subject, m.body, m.attempts + 1 as attempts, r.channel, r.targets, r.secret
        from notice_message m
        join notice_rule r on r.id = m.rule_id
        where m.id = ${id}::bigint and m.state = 'waiting' and m.next_attempt_at <= ${now}::timestamptz
        for update of m skip locked`);
      if (!row) return null;
      const next = new Date(now.getTime() + waitMs(row.attempts));
      await transaction.query(sql`
        update notice_message set attempts = attempts + 1, next_attempt_at = ${next}::timestamptz
        where id = ${id}::bigint`);
      return row;
    });
  }

  async sent(id: number, at: Date): Promise<void> {
    await this.database.query(sql`
      update notice_message set state = 'sent', sent_at = ${at}::timestamptz, last_error = null
      where id = ${id}::bigint`);
  }

  async failed(id: number, detail: string, isLast: boolean): Promise<void> {
    await this.database.query(sql`
      update notice_message set last_error = ${detail}, state = ${isLast ? 'given_up' : 'waiting'}
      where id = ${id}::bigint`);
  }

  /** The newest messages. */
  async log(): Promise<NoticeMessage[]> {
    const rows = await this.database.query<
      Omit<NoticeMessage, 'createdAt' | 'sentAt' | 'nextAttemptAt'> & {
        createdAt: Date;
        sentAt: Date | null;
        nextAttemptAt: Date;
      }
    >(sql`
      select m.id::float8, m.rule_id as "ruleId", r.name as "ruleName", r.channel, m.is_test as "isTest", m.state,
        m.subject, m.created_at as "createdAt", m.sent_at as "sentAt", m.next_attempt_at as "nextAttemptAt",
        m.attempts, m.last_error as "lastError",
        (select count(distinct alarm_id)::int from notice_item i where i.message_id = m.id) as alarms
      from notice_message m
      join notice_rule r on r.id = m.rule_id
      order by m.id desc
      limit ${LOG_MAX}::int`);
    return rows.map(({ createdAt, sentAt, nextAttemptAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      sentAt: sentAt?.toISOString() ?? null,
      nextAttemptAt: nextAttemptAt.toISOString(),
    }));
  }
}
