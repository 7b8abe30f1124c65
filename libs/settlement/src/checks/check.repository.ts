import type { CheckCode, CheckLevel, CheckOwner } from '#domain';
import type { CheckEventView, CheckQuery, CheckRow } from '#contracts';
import { sql, type Queryable, type Sql } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';
import type { SeenFinding, SubjectKind } from './seen.ts';

type Figures = Record<string, string | null>;

export interface StoredFinding {
  id: bigint;
  code: CheckCode;
  reason: string;
  subjectKind: SubjectKind;
  subject: string;
  subjectName: string | null;
  part: string;
  countyCode: string | null;
  level: CheckLevel;
  owner: CheckOwner;
  figures: Figures;
  rowCount: number;
  isPresent: boolean;
  state: 'open' | 'closed';
  closedHow: 'gone' | 'note' | null;
  acceptedLevel: CheckLevel | null;
  dueOn: string;
  firstSeenOn: string;
  lastSeenOn: string;
  timesOpened: number;
}

const COLUMNS = sql`
  f.id, f.code, f.reason, f.subject_kind as "subjectKind", f.subject, f.part, f.county_code as "countyCode", f.level,
  f.owner, f.figures, f.row_count as "rowCount", f.is_present as "isPresent", f.state, f.closed_how as "closedHow",
  f.accepted_level as "acceptedLevel", f.due_on as "dueOn", f.first_seen_on as "firstSeenOn",
  f.last_seen_on as "lastSeenOn", f.times_opened as "timesOpened",
  coalesce(s.name, v.name, c.name, b.bank_reference) as "subjectName"`;
const TABLES = sql`
  check_finding f
  left join station s on f.subject_kind = 'station' and s.code = f.subject
  left join village v on f.subject_kind = 'village' and v.code = f.subject
  left join county c on f.subject_kind = 'county' and c.code = f.subject
  left join bank_line b on f.subject_kind = 'bank_line' and b.id::text = f.subject`;

/** From here to the end of the transaction no other run works. */
export async function lockChecks(transaction: Queryable): Promise<void> {
  await transaction.query(sql`select pg_advisory_xact_lock(hashtextextended('check_run', 0))`);
}

/** Every finding that there ever was, by its key. */
export async function knownFindings(database: Queryable): Promise<Map<string, StoredFinding>> {
  const rows = await database.query<StoredFinding>(sql`select ${COLUMNS} from ${TABLES}`);
  return new Map(rows.map((finding) => [findingKey(finding), finding]));
}

export const findingKey = (of: { code: string; reason: string; subject: string; part: string }) =>
  JSON.stringify([of.code, of.reason, of.subject, of.part]);

/** Figures as JSON keeps them: money and energy as text. */
const figuresOf = (evidence: SeenFinding['evidence']): Figures =>
  Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => [name, value === null ? null : String(value)]),
  );

/** Writes what a run saw: new findings with the day by which they are answered, and the figures of known ones. */
export async function upsertFindings(
  transaction: Queryable,
  changes: readonly { finding: SeenFinding; dueOn: string }[],
  at: { day: string; now: Date },
): Promise<void> {
  const rows = changes.map(({ finding, dueOn }) => ({
    code: finding.code,
    reason: finding.reason,
    subjectKind: finding.subjectKind,
    subject: finding.subject,
    part: finding.part,
    countyCode: finding.countyCode,
    level: finding.level,
    owner: finding.owner,
    figures: figuresOf(finding.evidence),
    rows: finding.rows,
    rowCount: finding.rowCount,
    dueOn,
  }));
  await transaction.query(sql`
    insert into check_finding as f (code, reason, subject_kind, subject, part, county_code, level, owner, figures, rows,
      row_count, is_present, state, due_on, first_seen_on, last_seen_on, opened_at, times_opened)
    select n.code, n.reason, n."subjectKind", n.subject, n.part, n."countyCode", n.level, n.owner, n.figures, n.rows,
      n."rowCount", true, 'open', n."dueOn", ${at.day}::date, ${at.day}::date,
      ${at.now}::timestamptz, 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (code text, reason text, "subjectKind" text,
      subject text, part text, "countyCode" text, level text, owner text, figures jsonb, rows jsonb, "rowCount" int,
      "dueOn" date)
    on conflict on constraint check_finding_unique do update set
      county_code = excluded.county_code, level = excluded.level, owner = excluded.owner, figures = excluded.figures,
      rows = excluded.rows, row_count = excluded.row_count, is_present = true, last_seen_on = excluded.last_seen_on`);
}

/** Opens findings again; what closed them stays in the history. */
export async function reopenFindings(
  transaction: Queryable,
  reopened: readonly { id: bigint; dueOn: string }[],
  now: Date,
): Promise<void> {
  await transaction.query(sql`
    update check_finding f
    set state = 'open', closed_how = null, closed_at = null, accepted_level = null, due_on = r."dueOn",
      opened_at = ${now}::timestamptz, times_opened = f.times_opened + 1
    from jsonb_to_recordset(${JSON.stringify(reopened.map(({ id, dueOn }) => ({ id: String(id), dueOn })))}::jsonb)
      as r (id bigint, "dueOn" date)
    where f.id = r.id`);
}

/** What is worse is due sooner, never later. */
export async function hurryFindings(
  transaction: Queryable,
  worse: readonly { id: bigint; dueOn: string }[],
): Promise<void> {
  await transaction.query(sql`
    update check_finding f
    set due_on = least(f.due_on, r."dueOn")
    from jsonb_to_recordset(${JSON.stringify(worse.map(({ id, dueOn }) => ({ id: String(id), dueOn })))}::jsonb)
      as r (id bigint, "dueOn" date)
    where f.id = r.id`);
}

/** Findings whose evidence is gone: open ones close by themselves. */
export async function markGone(transaction: Queryable, ids: readonly bigint[], now: Date): Promise<void> {
  await transaction.query(sql`
    update check_finding f
    set is_present = false,
      closed_how = case when f.state = 'open' then 'gone' else f.closed_how end,
      closed_at = case when f.state = 'open' then ${now}::timestamptz else f.closed_at end,
      state = 'closed'
    where f.id = any(${ids.map(String)}::bigint[])`);
}

/** One line of history for each finding, with its level and figures as they are now. */
export async function insertEvents(
  transaction: Queryable,
  events: readonly { id: bigint; kind: CheckEventView['kind'] }[],
  now: Date,
): Promise<void> {
  const rows = events.map(({ id, kind }) => ({ id: String(id), kind }));
  await transaction.query(sql`
    insert into check_event (finding_id, kind, level, figures, at)
    select f.id, e.kind, f.level, f.figures, ${now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as e (id bigint, kind text)
    join check_finding f on f.id = e.id
    order by f.id`);
}

export interface RunCounts {
  opened: number;
  reopened: number;
  gone: number;
  present: number;
}

export interface StoredRun extends RunCounts {
  day: string;
  finishedAt: Date;
}

export async function insertRun(
  transaction: Queryable,
  run: { day: string; isScheduled: boolean; startedBy: string; startedAt: Date; finishedAt: Date },
  counts: RunCounts,
): Promise<void> {
  await transaction.query(sql`
    insert into check_run (day, is_scheduled, started_by, started_at, finished_at, opened, reopened, gone, present)
    values (${run.day}::date, ${run.isScheduled}, ${run.startedBy}, ${run.startedAt}::timestamptz,
      ${run.finishedAt}::timestamptz, ${counts.opened}::int, ${counts.reopened}::int, ${counts.gone}::int,
      ${counts.present}::int)`);
}

export async function isDayDone(database: Queryable, day: string): Promise<boolean> {
  const rows = await database.query(sql`
    select id from check_run where day = ${day}::date and is_scheduled`);
  return rows.length > 0;
}

export async function lastRun(database: Queryable): Promise<StoredRun | null> {
  const [run] = await database.query<StoredRun>(sql`
    select day, finished_at as "finishedAt", opened, reopened, gone, present
    from check_run
    order by id desc
    limit 1`);
  return run ?? null;
}

export interface FindingFilter extends Pick<CheckQuery, 'state' | 'code' | 'level' | 'owner' | 'subject'> {
  area: readonly string[] | null;
  today: string;
}

function whereOf(filter: FindingFilter): Sql {
  const { area, state, today } = filter;
  const isOpen = state === 'open' || state === 'overdue';
  return sql`
    (${area}::text[] is null or f.county_code = any(${area}::text[]))
    and (${state} = 'all' or f.state = ${isOpen ? 'open' : 'closed'})
    and (${state} <> 'overdue' or f.due_on < ${today}::date)
    and (${filter.code ?? null}::text is null or f.code = ${filter.code ?? null}::text)
    and (${filter.level ?? null}::text is null or f.level = ${filter.level ?? null}::text)
    and (${filter.owner ?? null}::text is null or f.owner = ${filter.owner ?? null}::text)
    and (${filter.subject ?? null}::text is null or f.subject = ${filter.subject ?? null}::text)`;
}

/** Findings that are due first, first; closed ones the last closed first. */
export async function listFindings(
  database: Queryable,
  filter: FindingFilter,
  page: { limit: number; offset: number },
): Promise<{ items: StoredFinding[]; total: number }> {
  const items = await database.query<StoredFinding>(sql`
    select ${COLUMNS}
    from ${TABLES}
    where ${whereOf(filter)}
    order by f.state desc, f.closed_at desc nulls last, f.due_on,
      array_position(array['critical', 'warning', 'info'], f.level), f.id
    limit ${page.limit}::int
    offset ${page.offset}::int`);
  const [count] = await database.query<{ total: number }>(sql`
    select count(*)::int as total from check_finding f where ${whereOf(filter)}`);
  return { items, total: count?.total ?? 0 };
}

/** Open findings of an area by rule. */
export async function openByCode(
  database: Queryable,
  filter: { area: readonly string[] | null; today: string },
): Promise<{ code: string; open: number; overdue: number }[]> {
  return database.query(sql`
    select f.code, count(*)::int as open, count(*) filter (where f.due_on < ${filter.today}::date)::int as overdue
    from check_finding f
    where f.state = 'open' and (${filter.area}::text[] is null or f.county_code = any(${filter.area}::text[]))
    group by f.code
    order by substring(f.code from 2)::int`);
}

/** A finding; locked to the end of the transaction where it is asked for. */
export async function findingById(
  database: Queryable,
  id: bigint,
  options: { lock: boolean } = { lock: false },
): Promise<StoredFinding | null> {
  if (options.lock)
    await database.query(sql`select id from check_finding where id = ${id}::bigint for update`);
  const [finding] = await database.query<StoredFinding>(sql`
    select ${COLUMNS} from ${TABLES} where f.id = ${id}::bigint`);
  return finding ?? null;
}

export async function rowsOf(database: Queryable, id: bigint): Promise<CheckRow[]> {
  const [found] = await database.query<{ rows: CheckRow[] }>(sql`
    select rows from check_finding where id = ${id}::bigint`);
  return found?.rows ?? [];
}

export interface StoredEvent {
  kind: CheckEventView['kind'];
  level: CheckLevel;
  note: string | null;
  actor: string | null;
  at: Date;
}

/** History of a finding, the newest first. */
export async function eventsOf(database: Queryable, id: bigint): Promise<StoredEvent[]> {
  return database.query<StoredEvent>(sql`
    select kind, level, note, actor, at from check_event where finding_id = ${id}::bigint order by id desc`);
}

/** The finding that an action closed; null where the action is a new one. */
export async function closedByKey(database: Queryable, actionKey: string): Promise<bigint | null> {
  const [event] = await database.query<{ id: bigint }>(sql`
    select finding_id as id from check_event where action_key = ${actionKey}::uuid`);
  return event?.id ?? null;
}

/** A person lets a finding stand, at the level that it has. */
export async function closeFinding(
  transaction: Queryable,
  close: { id: bigint; note: string; actionKey: string },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update check_finding
    set state = 'closed', closed_how = 'note', accepted_level = level, closed_at = ${by.at}::timestamptz
    where id = ${close.id}::bigint`);
  await transaction.query(sql`
    insert into check_event (finding_id, kind, level, figures, note, actor_id, actor, action_key, at)
    select id, 'closed', level, figures, ${close.note}, ${by.actor.accountId}, ${by.actor.name},
      ${close.actionKey}::uuid, ${by.at}::timestamptz
    from check_finding
    where id = ${close.id}::bigint`);
}
