import { Inject, Injectable } from '@nestjs/common';
import type {
  DueReportList,
  DueReportView,
  ExportJobView,
  ExportList,
  ExportQuery,
  ExportRequest,
} from '#contracts';
import { dayOf, dueReportState, isInArea, monthOf, type Area } from '#domain';
import { Database, sql, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import type { SettlementActor } from '../statements/statement.repository.ts';
import { dueOfMonth, listDue, markHandedIn, type DueReportRow } from './due-report.repository.ts';
import {
  cancelJob,
  fileOf,
  insertDownload,
  insertJob,
  jobById,
  jobsByIds,
  listJobs,
  unfinishedJobs,
  type ExportJob,
} from './export-job.repository.ts';
import { runHead } from './queries/run-rows.ts';

/** Files of one person that may wait at a time. */
const WAITING_MAX = 10;
const DUE_SHOWN = 12;
const MS_PER_DAY = 86_400_000;

/** Who looks: the counties whose files he sees; null sees those of the city and of every county. */
export interface ExportReader {
  area: Area;
}

/** Files that are made in the background, and the reports that are due by a day. */
@Injectable()
export class ExportService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Asks for a file; the same key is the same file.
   * @throws ProblemError 422 `export.future_month`, 404 `export.unknown_county`, `allocation.unknown`, 429
   *   `export.too_many`
   */
  async ask(request: ExportRequest, reader: ExportReader, actor: SettlementActor): Promise<ExportJobView> {
    const { kind, actionKey } = request;
    const month = request.month ?? null;
    const runId = request.runId ?? null;
    if (month !== null && month > monthOf(this.clock.nowMs()))
      throw new ProblemError(422, 'export.future_month', '月份尚未开始 (the month has not begun)');
    return this.database.transaction(async (transaction) => {
      const countyCode = await this.countyOf(transaction, { request, reader });
      await transaction.query(sql`
        select pg_advisory_xact_lock(hashtextextended(${`export:${actor.accountId}`}, 0))`);
      const job = { kind, countyCode, month, runId, actionKey };
      const id = await insertJob(transaction, job, { actor, at: this.clock.now() });
      // Counted with the new one: a key that is sent again is not refused for the others.
      if ((await unfinishedJobs(transaction, actor.accountId)) > WAITING_MAX)
        throw new ProblemError(429, 'export.too_many', '等待中的导出过多 (too many exports are waiting)');
      return this.view(await known(transaction, id));
    });
  }

  /** Files of the area, the newest first. */
  async list(query: ExportQuery, reader: ExportReader): Promise<ExportList> {
    const { page, pageSize } = query;
    const { items, total } = await listJobs(this.database, {
      area: reader.area,
      limit: pageSize,
      offset: (page - 1) * pageSize,
    });
    return {
      asOf: this.clock.now().toISOString(),
      items: items.map((job) => this.view(job)),
      total,
      page,
      pageSize,
    };
  }

  /** @throws ProblemError 404 `export.unknown` */
  async job(id: number, reader: ExportReader): Promise<ExportJobView> {
    return this.view(await this.visible(id, reader));
  }

  /**
   * The bytes of a file; that they were taken is noted.
   * @throws ProblemError 404 `export.unknown`, 409 `export.not_ready`, 410 `export.expired`
   */
  async file(
    id: number,
    reader: ExportReader,
    actor: SettlementActor | null,
  ): Promise<{ fileName: string; mediaType: string; bytes: Buffer }> {
    const { state, fileName, mediaType } = await this.visible(id, reader);
    if (state !== 'done' || fileName === null || mediaType === null)
      throw new ProblemError(409, 'export.not_ready', '文件尚未生成 (the file is not there)');
    const bytes = await fileOf(this.database, id);
    if (bytes === null)
      throw new ProblemError(410, 'export.expired', '文件已过保存期，请重新生成 (no longer kept)');
    await insertDownload(this.database, { jobId: id, actor, at: this.clock.now() });
    return { fileName, mediaType, bytes };
  }

  /**
   * Nobody wants the file any more; whoever works on it stops at his next step.
   * @throws ProblemError 404 `export.unknown`, 409 `export.ended`
   */
  async cancel(id: number, reader: ExportReader): Promise<ExportJobView> {
    const job = await this.visible(id, reader);
    if (job.state === 'cancelled') return this.view(job);
    if (!(await cancelJob(this.database, id, this.clock.now())))
      throw new ProblemError(409, 'export.ended', '导出已结束 (the export has ended)');
    return this.job(id, reader);
  }

  /** Reports of energy, price and subsidy by month, the newest first; the file is the city's, so a county sees none. */
  async due(reader: ExportReader): Promise<DueReportList> {
    const rows = await listDue(this.database, DUE_SHOWN);
    const jobs = await jobsByIds(
      this.database,
      rows.flatMap(({ jobId }) => (jobId === null ? [] : [jobId])),
    );
    return {
      asOf: this.clock.now().toISOString(),
      items: rows.map((row) => {
        const job = row.jobId === null ? null : (jobs.get(row.jobId) ?? null);
        const view = this.dueView(row, job);
        return reader.area === null ? view : { ...view, job: null };
      }),
    };
  }

  /**
   * Notes that a report was handed in, with the file that it was; said twice it stays as it was said first.
   * @throws ProblemError 404 `report.unknown_month`, 409 `report.not_prepared`, 403 `report.city_only`
   */
  async handIn(
    month: string,
    receiptRef: string | null,
    reader: ExportReader,
    actor: SettlementActor,
  ): Promise<DueReportView> {
    if (reader.area !== null)
      throw new ProblemError(
        403,
        'report.city_only',
        '全市报送由市级账号办理 (an account of the city hands it in)',
      );
    return this.database.transaction(async (transaction) => {
      const before = await dueOfMonth(transaction, month);
      if (!before) throw new ProblemError(404, 'report.unknown_month', '没有这期报送 (no such report)');
      const job = before.jobId === null ? null : await jobById(transaction, before.jobId);
      if (job?.state !== 'done')
        throw new ProblemError(409, 'report.not_prepared', '报表尚未生成 (the file is not there yet)');
      if (before.handedInAt === null)
        await markHandedIn(transaction, { month, receiptRef }, { actor, at: this.clock.now() });
      return this.dueView((await dueOfMonth(transaction, month)) ?? before, job);
    });
  }

  /** The county of a file: that of the run, or the one asked for, which is the reader's already. */
  private async countyOf(
    database: Queryable,
    { request, reader }: { request: ExportRequest; reader: ExportReader },
  ): Promise<string | null> {
    if (request.runId !== undefined) {
      const run = await runHead(database, request.runId);
      if (!run || !isInArea(reader.area, run.countyCode))
        throw new ProblemError(404, 'allocation.unknown', '没有这次分配 (no such run)');
      return run.countyCode;
    }
    const code = request.county;
    if (code === undefined) return null;
    const rows = await database.query(sql`select code from county where code = ${code}`);
    if (rows.length === 0)
      throw new ProblemError(404, 'export.unknown_county', '没有这个县 (no such county)');
    return code;
  }

  private async visible(id: number, reader: ExportReader): Promise<ExportJob> {
    const job = await known(this.database, id);
    if (job.countyCode === null ? reader.area !== null : !isInArea(reader.area, job.countyCode))
      throw unknown();
    return job;
  }

  private view(job: ExportJob): ExportJobView {
    return {
      id: job.id,
      kind: job.kind,
      county: job.countyCode,
      month: job.month,
      runId: job.runId,
      state: job.state,
      progressPercent: job.progressPercent,
      askedBy: job.askedBy,
      askedAt: job.askedAt.toISOString(),
      finishedAt: job.finishedAt?.toISOString() ?? null,
      fileName: job.fileName,
      byteCount: job.byteCount,
      rowCount: job.rowCount,
      sha256: job.sha256,
      contentHash: job.contentHash,
      failure: job.failureCode === null ? null : { code: job.failureCode, detail: job.failure ?? '' },
      keptUntil: job.keptUntil,
      hasFile: job.hasFile,
    };
  }

  private dueView(row: DueReportRow, job: ExportJob | null): DueReportView {
    const today = dayOf(this.clock.nowMs());
    const preparedOn = job?.state === 'done' && job.finishedAt ? dayOf(job.finishedAt.getTime()) : null;
    const handedInOn = row.handedInAt === null ? null : dayOf(row.handedInAt.getTime());
    return {
      month: row.month,
      dueOn: row.dueOn,
      daysLeft: Math.round((Date.parse(row.dueOn) - Date.parse(today)) / MS_PER_DAY),
      state: dueReportState({ dueOn: row.dueOn, preparedOn, handedInOn }, today),
      preparedAt: preparedOn === null ? null : (job?.finishedAt?.toISOString() ?? null),
      job: job === null ? null : this.view(job),
      handedInBy: row.handedInBy,
      handedInAt: row.handedInAt?.toISOString() ?? null,
      receiptRef: row.receiptRef,
    };
  }
}

async function known(database: Queryable, id: number): Promise<ExportJob> {
  const job = await jobById(database, id);
  if (!job) throw unknown();
  return job;
}

const unknown = () => new ProblemError(404, 'export.unknown', '没有这份导出 (no such export)');
