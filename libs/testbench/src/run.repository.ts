import type {
  TestbenchFailure,
  TestbenchParameters,
  TestbenchRunSummary,
  TestbenchState,
  TestbenchSummary,
} from '#contracts';
import type { Area } from '#domain';
import { empty, join, sql, type Queryable, type Sql } from '#persistence';

export interface NewRun {
  id: string;
  actionKey: string;
  name: string;
  kind: TestbenchParameters['kind'];
  parameters: string;
  world: string;
  seed: number | null;
  countyCodes: readonly string[];
  askedById: string;
  askedBy: string;
  askedAt: Date;
  replayOfId: string | null;
}

/** Writes a run; null where its action key is there already. */
export async function insertRun(database: Queryable, run: NewRun): Promise<string | null> {
  const [row] = await database.query<{ id: string }>(sql`
    insert into testbench_run (id, action_key, name, kind, parameters, world, seed, county_codes, asked_by_id, asked_by,
      asked_at, replay_of)
    values (${run.id}::uuid, ${run.actionKey}::uuid, ${run.name}, ${run.kind}, ${run.parameters}, ${run.world},
      ${run.seed}::bigint, ${[...run.countyCodes]}::text[], ${run.askedById}, ${run.askedBy}, ${run.askedAt}::timestamptz,
      ${run.replayOfId}::uuid)
    on conflict (action_key) do nothing
    returning id`);
  return row?.id ?? null;
}

export interface KeyedRun {
  id: string;
  name: string;
  parameters: string;
  replayOfId: string | null;
}

export async function runOfKey(database: Queryable, actionKey: string): Promise<KeyedRun | null> {
  const [row] = await database.query<KeyedRun>(sql`
    select id, name, parameters, replay_of as "replayOfId"
    from testbench_run
    where action_key = ${actionKey}::uuid`);
  return row ?? null;
}

export async function countQueued(database: Queryable): Promise<number> {
  const [row] = await database.query<{ queued: number }>(
    sql`select count(*)::int as queued from testbench_run where state = 'queued'`,
  );
  return row?.queued ?? 0;
}

interface HeadRow {
  id: string;
  name: string;
  kind: TestbenchParameters['kind'];
  state: TestbenchState;
  askedBy: string;
  askedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  replayOfId: string | null;
  phase: TestbenchRunSummary['phase'];
  done: number;
  total: number;
  queuePosition: number | null;
  isCancelAsked: boolean;
  programVersion: string | null;
  resultHash: string | null;
  summary: TestbenchSummary | null;
  failure: TestbenchFailure | null;
}

const head = sql`r.id, r.name, r.kind, r.state, r.asked_by as "askedBy", r.asked_at as "askedAt",
  r.started_at as "startedAt", r.ended_at as "endedAt", r.replay_of as "replayOfId", r.phase,
  r.progress_done as done, r.progress_total as total,
  case when r.state = 'queued' then (
    select count(*)::int from testbench_run q where q.state = 'queued' and q.number <= r.number
  ) end as "queuePosition",
  r.cancel_asked_at is not null as "isCancelAsked", r.program_version as "programVersion",
  r.result_hash as "resultHash", r.summary, r.failure`;

/** Runs of stations in an area; files have stations of their own and are everybody's. */
const inArea = (area: Area): Sql => (area === null ? sql`true` : sql`r.county_codes <@ ${[...area]}::text[]`);

export async function listRuns(
  database: Queryable,
  query: { area: Area; state?: TestbenchState | undefined; page: number; pageSize: number },
): Promise<{ items: TestbenchRunSummary[]; total: number }> {
  const conditions: Sql[] = [inArea(query.area)];
  if (query.state !== undefined) conditions.push(sql`r.state = ${query.state}`);
  const where = join(conditions, ' and ');
  const [count] = await database.query<{ total: number }>(
    sql`select count(*)::int as total from testbench_run r where ${where}`,
  );
  const rows = await database.query<HeadRow>(sql`
    select ${head}
    from testbench_run r
    where ${where}
    order by r.number desc
    limit ${query.pageSize}::int offset ${(query.page - 1) * query.pageSize}::int`);
  return { items: rows.map(headView), total: count?.total ?? 0 };
}

export interface StoredRun {
  head: TestbenchRunSummary;
  parameters: string;
  world: string;
  seed: number | null;
  countyCodes: string[];
  result: string | null;
  replays: { id: string; resultHash: string | null; state: TestbenchState }[];
}

/** A run with everything of it; null where there is none in the area. */
export async function runOf(
  database: Queryable,
  id: string,
  options: { area: Area; withResult: boolean },
): Promise<StoredRun | null> {
  const [row] = await database.query<
    HeadRow & Omit<StoredRun, 'head' | 'seed'> & { seed: bigint | null }
  >(sql`
    select ${head}, r.parameters, r.world, r.seed, r.county_codes as "countyCodes",
      ${options.withResult ? sql`r.result` : sql`null::text as result`},
      coalesce((
        select jsonb_agg(jsonb_build_object('id', p.id, 'resultHash', p.result_hash, 'state', p.state) order by p.number)
        from testbench_run p
        where p.replay_of = r.id
      ), '[]') as replays
    from testbench_run r
    where r.id = ${id}::uuid and ${inArea(options.area)}`);
  if (!row) return null;
  const { parameters, world, seed, countyCodes, result, replays, ...rest } = row;
  return {
    head: headView(rest),
    parameters,
    world,
    seed: seed === null ? null : Number(seed),
    countyCodes,
    result,
    replays,
  };
}

function headView({ done, total, askedAt, startedAt, endedAt, ...row }: HeadRow): TestbenchRunSummary {
  return {
    ...row,
    askedAt: askedAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    progress: { done, total },
  };
}

/** A run that waits is over at once; one that runs is told. @returns false where it is over already. */
export async function askToCancel(database: Queryable, id: string, at: Date): Promise<boolean> {
  const [row] = await database.query<{ id: string }>(sql`
    update testbench_run set
      cancel_asked_at = coalesce(cancel_asked_at, ${at}::timestamptz),
      state = case when state = 'queued' then 'cancelled' else state end,
      ended_at = case when state = 'queued' then ${at}::timestamptz end
    where id = ${id}::uuid and state in ('queued', 'running')
    returning id`);
  return row !== undefined;
}

export interface ClaimedRun {
  id: string;
  parameters: string;
  world: string;
}

export async function hasWork(database: Queryable): Promise<boolean> {
  const [row] = await database.query<{ is: boolean }>(
    sql`select exists (select from testbench_run where state in ('queued', 'running')) as is`,
  );
  return row?.is ?? false;
}

/** The next of the queue, now running; null where none waits. */
export async function claimNext(
  database: Queryable,
  facts: { at: Date; programVersion: string },
): Promise<ClaimedRun | null> {
  const [row] = await database.query<ClaimedRun>(sql`
    update testbench_run set
      state = 'running', phase = 'preparing', started_at = ${facts.at}::timestamptz,
      progress_done = 0, progress_total = 0, program_version = ${facts.programVersion}
    where number = (select min(number) from testbench_run where state = 'queued') and state = 'queued'
    returning id, parameters, world`);
  return row ?? null;
}

/** Runs of a worker that is gone. @returns their ids */
export async function failAbandoned(
  database: Queryable,
  facts: { at: Date; failure: TestbenchFailure },
): Promise<string[]> {
  const rows = await database.query<{ id: string }>(sql`
    update testbench_run set
      state = case when cancel_asked_at is null then 'failed' else 'cancelled' end,
      failure = case when cancel_asked_at is null then ${JSON.stringify(facts.failure)}::jsonb end,
      ended_at = ${facts.at}::timestamptz
    where state = 'running'
    returning id`);
  return rows.map(({ id }) => id);
}

/** Keeps how far a run is. @returns true where somebody wants it cancelled. */
export async function keepProgress(
  database: Queryable,
  id: string,
  progress: { phase: string; done: number; total: number } | null,
): Promise<boolean> {
  const set =
    progress === null
      ? empty
      : sql`, phase = ${progress.phase}, progress_done = ${progress.done}::int, progress_total = ${progress.total}::int`;
  const [row] = await database.query<{ isCancelAsked: boolean }>(sql`
    update testbench_run set state = state ${set}
    where id = ${id}::uuid and state = 'running'
    returning cancel_asked_at is not null as "isCancelAsked"`);
  return row?.isCancelAsked ?? true;
}

export type RunEnd =
  | { state: 'done'; summary: TestbenchSummary; result: string; resultHash: string }
  | { state: 'failed'; failure: TestbenchFailure }
  | { state: 'cancelled' }
  | { state: 'queued' };

export async function endRun(database: Queryable, id: string, end: RunEnd, at: Date): Promise<void> {
  const isDone = end.state === 'done';
  await database.query(sql`
    update testbench_run set
      state = ${end.state},
      phase = ${end.state === 'queued' ? sql`'waiting'` : sql`phase`},
      started_at = ${end.state === 'queued' ? sql`null` : sql`started_at`},
      ended_at = ${end.state === 'queued' ? null : at}::timestamptz,
      summary = ${isDone ? JSON.stringify(end.summary) : null}::jsonb,
      result = ${isDone ? end.result : null},
      result_hash = ${isDone ? end.resultHash : null},
      failure = ${end.state === 'failed' ? JSON.stringify(end.failure) : null}::jsonb
    where id = ${id}::uuid and state = 'running'`);
}
