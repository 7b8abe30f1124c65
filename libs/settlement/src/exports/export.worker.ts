import { createHash, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ExportKind } from '#contracts';
import { addDays, dayOf, MoneyError, monthLater, monthOf, reportDueOn } from '#domain';
import { Database, isTransient, sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { ExportGoneError, type BuildTask, type BuiltFile } from './build.ts';
import { insertDue, setJob, unprepared } from './due-report.repository.ts';
import {
  claimJob,
  dropOldFiles,
  failExhausted,
  failJob,
  finishJob,
  holdJob,
  insertJob,
  type ExportJob,
} from './export-job.repository.ts';
import { generationWorkbook } from './files/generation-workbook.ts';
import { ledgerCsv } from './files/ledger-csv.ts';
import { periodReport } from './files/period-report.ts';
import { runCsv, runWorkbook } from './files/run-files.ts';
import { settlementWorkbook } from './files/settlement-workbook.ts';

/** A worker that is silent for so long is taken for dead. */
const LEASE_MS = 60_000;
/** Three signs of life in a lease. */
const SIGNS_PER_LEASE = 3;
/** Days that a file is kept; asked for again it is made again. */
const KEPT_DAYS = 30;
/** Months back for which the report by the 10th is prepared where it was missed. */
const DUE_MONTHS_BACK = 3;
const SCHEDULER = { accountId: 'worker', name: '系统' };

const BUILDERS: Readonly<Record<ExportKind, (task: BuildTask) => Promise<BuiltFile>>> = {
  settlement_xlsx: settlementWorkbook,
  ledger_csv_excel: ledgerCsv,
  ledger_csv_machine: ledgerCsv,
  run_xlsx: runWorkbook,
  run_csv: runCsv,
  month_pdf: periodReport,
  quarter_pdf: periodReport,
  generation_xlsx: generationWorkbook,
};

/** Makes the files that were asked for; any number of these work beside each other. */
@Injectable()
export class ExportWorker {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Makes one file, if one waits. @returns its job, null where none waited
   * @throws what the database throws, and what nobody expected
   */
  async runNext(options: { leaseMs: number } = { leaseMs: LEASE_MS }): Promise<number | null> {
    await failExhausted(this.database, this.clock.now());
    const job = await claimJob(this.database, { leaseMs: options.leaseMs, at: this.clock.now() });
    if (!job) return null;
    const hold = new Hold(this.database, job, options.leaseMs);
    try {
      await this.make(job, hold);
    } catch (error) {
      if (!(error instanceof ExportGoneError)) await this.fail(job, error);
    } finally {
      hold.end();
    }
    return job.id;
  }

  /** Enters the reports that became due and asks for their files, and drops files whose time is over. */
  async keep(): Promise<void> {
    const thisMonth = monthOf(this.clock.nowMs());
    for (let back = 1; back <= DUE_MONTHS_BACK; back += 1) {
      const month = monthLater(thisMonth, -back);
      await insertDue(this.database, { month, dueOn: reportDueOn(month) });
    }
    for (const month of await unprepared(this.database)) await this.prepare(month);
    await dropOldFiles(this.database, dayOf(this.clock.nowMs()));
  }

  /** Of several workers one asks: the others find it asked for behind the lock. */
  private async prepare(month: string): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.query(sql`
        select pg_advisory_xact_lock(hashtextextended('due_report', 0))`);
      if (!(await unprepared(transaction)).includes(month)) return;
      const at = this.clock.now();
      const job = {
        kind: 'generation_xlsx',
        countyCode: null,
        month,
        runId: null,
        actionKey: randomUUID(),
      } as const;
      const jobId = await insertJob(transaction, job, { actor: SCHEDULER, at });
      await setJob(transaction, { month, jobId, at });
    });
  }

  private async make(job: ExportJob, hold: Hold): Promise<void> {
    const now = this.clock.now();
    const today = dayOf(now.getTime());
    const built = await this.database.transaction(
      async (transaction) => {
        await transaction.query(sql`set transaction isolation level repeatable read, read only`);
        const { kind, countyCode, month, runId } = job;
        const progress = (percent: number) => hold.progress(percent);
        return BUILDERS[kind]({
          database: transaction,
          kind,
          countyCode,
          month,
          runId,
          now,
          today,
          progress,
        });
      },
      { rollback: true },
    );
    const sha256 = createHash('sha256').update(built.bytes).digest('hex');
    const file = { ...built, sha256, keptUntil: addDays(today, KEPT_DAYS) };
    await this.database.transaction(async (transaction) => {
      if (!(await finishJob(transaction, job, { file, at: this.clock.now() }))) throw new ExportGoneError();
    });
  }

  /** A connection that broke may hold with another try; what the rules refuse is told; the rest is a fault to be logged. */
  private async fail(job: ExportJob, error: unknown): Promise<void> {
    if (isTransient(error)) throw error;
    const at = this.clock.now();
    if (error instanceof ProblemError || error instanceof MoneyError) {
      await failJob(this.database, job, { code: error.code, detail: error.message, at });
      return;
    }
    const detail = '生成失败，请报告管理员 (the file could not be made)';
    await failJob(this.database, job, { code: 'export.failed', detail, at });
    throw error;
  }
}

/** Keeps a job as this worker's own while its file is made, by signs of life beside the work. */
class Hold {
  private readonly timer: NodeJS.Timeout;
  private isGone = false;

  constructor(
    private readonly database: Database,
    private readonly job: { id: number; attempt: number },
    private readonly leaseMs: number,
  ) {
    this.timer = setInterval(() => void this.sign(null), leaseMs / SIGNS_PER_LEASE);
    this.timer.unref();
  }

  async progress(percent: number): Promise<void> {
    await this.sign(percent);
    if (this.isGone) throw new ExportGoneError();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async sign(progressPercent: number | null): Promise<void> {
    try {
      const isOurs = await holdJob(this.database, this.job, { leaseMs: this.leaseMs, progressPercent });
      this.isGone ||= !isOurs;
    } catch {
      // The database is away: where it stays away the lease runs out, and the end of the work finds that.
      return;
    }
  }
}
