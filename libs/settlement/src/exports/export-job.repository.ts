import type { ExportKind, ExportState } from '#contracts';
import type { Area } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

/** Tries of one job: a worker that dies twice on a file would die a third time. */
const ATTEMPTS_MAX = 3;

export interface ExportJob {
  id: number;
  kind: ExportKind;
  countyCode: string | null;
  month: string | null;
  runId: number | null;
  askedBy: string;
  askedAt: Date;
  state: ExportState;
  progressPercent: number;
  attempt: number;
  finishedAt: Date | null;
  fileName: string | null;
  mediaType: string | null;
  byteCount: number | null;
  sha256: string | null;
  contentHash: string | null;
  rowCount: number | null;
  failureCode: string | null;
  failure: string | null;
  keptUntil: string | null;
  hasFile: boolean;
}

const COLUMNS = sql`
  j.id, j.kind, j.county_code as "countyCode", j.month, j.run_id as "runId", j.asked_by as "askedBy",
  j.asked_at as "askedAt", j.state, j.progress_percent::int as "progressPercent", j.attempt::int as attempt,
  j.finished_at as "finishedAt", j.file_name as "fileName", j.media_type as "mediaType",
  j.byte_count as "byteCount", j.sha256, j.content_hash as "contentHash", j.row_count as "rowCount",
  j.failure_code as "failureCode", j.failure, j.kept_until as "keptUntil",
  exists (select 1 from export_file f where f.job_id = j.id) as "hasFile"`;

export interface NewExport {
  kind: ExportKind;
  countyCode: string | null;
  month: string | null;
  runId: number | null;
  actionKey: string;
}

/** Puts a job into the queue; the same key is the job that it was. @returns its id */
export async function insertJob(
  database: Queryable,
  job: NewExport,
  by: { actor: SettlementActor; at: Date },
): Promise<number> {
  await database.query(sql`
    insert into export_job (kind, county_code, month, run_id, action_key, asked_by_id, asked_by, asked_at)
    values (${job.kind}, ${job.countyCode}::text, ${job.month}::text, ${job.runId}::int, ${job.actionKey}::uuid,
      ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz)
    on conflict on constraint export_job_key_unique do nothing`);
  const [row] = await database.query<{ id: number }>(sql`
    select id from export_job where action_key = ${job.actionKey}::uuid`);
  if (!row) throw new Error('the export was not written');
  return row.id;
}

/** Jobs that wait or are worked on, of one person. */
export async function unfinishedJobs(database: Queryable, accountId: string): Promise<number> {
  const [row] = await database.query<{ jobs: number }>(sql`
    select count(*)::int as jobs
    from export_job
    where asked_by_id = ${accountId} and state in ('queued', 'running')`);
  return row?.jobs ?? 0;
}

export async function jobById(database: Queryable, id: number): Promise<ExportJob | null> {
  const [row] = await database.query<ExportJob>(sql`
    select ${COLUMNS} from export_job j where j.id = ${id}::int`);
  return row ?? null;
}

/** Jobs by number. */
export async function jobsByIds(
  database: Queryable,
  ids: readonly number[],
): Promise<Map<number, ExportJob>> {
  const rows = await database.query<ExportJob>(sql`
    select ${COLUMNS} from export_job j where j.id = any(${ids}::int[])`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Jobs of an area, the newest first. */
export async function listJobs(
  database: Queryable,
  query: { area: Area; limit: number; offset: number },
): Promise<{ items: ExportJob[]; total: number }> {
  const where = sql`(${query.area}::text[] is null or j.county_code = any(${query.area}::text[]))`;
  const items = await database.query<ExportJob>(sql`
    select ${COLUMNS}
    from export_job j
    where ${where}
    order by j.id desc
    limit ${query.limit}::int
    offset ${query.offset}::int`);
  const [count] = await database.query<{ total: number }>(sql`
    select count(*)::int as total from export_job j where ${where}`);
  return { items, total: count?.total ?? 0 };
}

/**
 * Takes the oldest job that waits, or whose worker fell silent. Several workers never take the same one; the attempt is
 * the word by which the worker shows that the job is still its own.
 */
export async function claimJob(
  database: Queryable,
  claim: { leaseMs: number; at: Date },
): Promise<ExportJob | null> {
  const [row] = await database.query<ExportJob>(sql`
    update export_job j
    set state = 'running', attempt = j.attempt + 1, progress_percent = 0, started_at = ${claim.at}::timestamptz,
      lease_until = clock_timestamp() + make_interval(secs => ${claim.leaseMs}::float8 / 1000)
    where j.id = (
      select w.id
      from export_job w
      where (w.state = 'queued' or (w.state = 'running' and w.lease_until < clock_timestamp()))
        and w.attempt < ${ATTEMPTS_MAX}::int
      order by w.id
      limit 1
      for update skip locked
    )
    returning ${COLUMNS}`);
  return row ?? null;
}

/** Says how far a job is and that its worker lives. @returns false where the job is no longer this worker's */
export async function holdJob(
  database: Queryable,
  job: { id: number; attempt: number },
  hold: { leaseMs: number; progressPercent: number | null },
): Promise<boolean> {
  const rows = await database.query(sql`
    update export_job
    set lease_until = clock_timestamp() + make_interval(secs => ${hold.leaseMs}::float8 / 1000),
      progress_percent = coalesce(${hold.progressPercent}::smallint, progress_percent)
    where id = ${job.id}::int and attempt = ${job.attempt}::int and state = 'running'
    returning id`);
  return rows.length === 1;
}

export interface FinishedFile {
  fileName: string;
  mediaType: string;
  bytes: Buffer;
  sha256: string;
  contentHash: string;
  rowCount: number;
  keptUntil: string;
}

/** Keeps the file and ends the job. @returns false where the job is no longer this worker's; nothing is kept then */
export async function finishJob(
  transaction: Queryable,
  job: { id: number; attempt: number },
  done: { file: FinishedFile; at: Date },
): Promise<boolean> {
  const { file, at } = done;
  const rows = await transaction.query(sql`
    update export_job
    set state = 'done', progress_percent = 100, lease_until = null, finished_at = ${at}::timestamptz,
      file_name = ${file.fileName}, media_type = ${file.mediaType}, byte_count = ${file.bytes.length}::int,
      sha256 = ${file.sha256}, content_hash = ${file.contentHash}, row_count = ${file.rowCount}::int,
      kept_until = ${file.keptUntil}::date
    where id = ${job.id}::int and attempt = ${job.attempt}::int and state = 'running'
    returning id`);
  if (rows.length === 0) return false;
  await transaction.query(sql`
    insert into export_file (job_id, bytes) values (${job.id}::int, ${file.bytes})`);
  return true;
}

/** Ends a job that cannot be done; as {@link finishJob}. */
export async function failJob(
  database: Queryable,
  job: { id: number; attempt: number },
  failed: { code: string; detail: string; at: Date },
): Promise<void> {
  await database.query(sql`
    update export_job
    set state = 'failed', lease_until = null, finished_at = ${failed.at}::timestamptz,
      failure_code = ${failed.code}, failure = ${failed.detail}
    where id = ${job.id}::int and attempt = ${job.attempt}::int and state = 'running'`);
}

/** Ends jobs whose workers died as often as they may. */
export async function failExhausted(database: Queryable, at: Date): Promise<void> {
  await database.query(sql`
    update export_job
    set state = 'failed', lease_until = null, finished_at = ${at}::timestamptz, failure_code = 'export.worker_lost',
      failure = '生成中断多次 (the worker was lost more than once)'
    where state = 'running' and lease_until < clock_timestamp() and attempt >= ${ATTEMPTS_MAX}::int`);
}

/** @returns false where the job had ended already */
export async function cancelJob(database: Queryable, id: number, at: Date): Promise<boolean> {
  const rows = await database.query(sql`
    update export_job
    set state = 'cancelled', lease_until = null, finished_at = ${at}::timestamptz
    where id = ${id}::int and state in ('queued', 'running')
    returning id`);
  return rows.length === 1;
}

/** Drops the bytes of files whose time is over; the rows stay. @returns how many */
export async function dropOldFiles(database: Queryable, today: string): Promise<number> {
  const rows = await database.query(sql`
    delete from export_file f
    using export_job j
    where j.id = f.job_id and j.kept_until <= ${today}::date
      -- What was handed in is kept.
      and not exists (select 1 from due_report d where d.job_id = j.id and d.handed_in_at is not null)
    returning f.job_id`);
  return rows.length;
}

export async function fileOf(database: Queryable, jobId: number): Promise<Buffer | null> {
  const [row] = await database.query<{ bytes: Buffer }>(sql`
    select bytes from export_file where job_id = ${jobId}::int`);
  return row?.bytes ?? null;
}

export async function insertDownload(
  database: Queryable,
  download: { jobId: number; actor: SettlementActor | null; at: Date },
): Promise<void> {
  await database.query(sql`
    insert into export_download (job_id, account_id, account_name, at)
    values (${download.jobId}::int, ${download.actor?.accountId ?? null}::text,
      ${download.actor?.name ?? null}::text, ${download.at}::timestamptz)`);
}
