import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { dayOf, dayStartMs } from '#domain';
import { Clock, LOGGER, type Logger } from '#platform';
import { CheckService, ExportWorker } from '#settlement';

/** A file that was asked for begins within a second. */
const EXPORTS_EVERY_MS = 1000;
/** Reports that become due, and files whose time is over: a matter of days. */
const KEEP_EVERY_MS = 60_000;
const CHECKS_EVERY_MS = 60_000;
/** The checks of a day begin at three in the night: the energy of the day before is there, and nobody waits. */
const CHECKS_FROM_MS = 3 * 3_600_000;
/** Files made in one turn, so that a long queue leaves room. */
const FILES_PER_TURN = 4;

/** Files, reports and checks by the clock. Each task leaves a turn out while the last one is still at work. */
@Injectable()
export class ReportScheduleService {
  private readonly busy = new Set<string>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ExportWorker) private readonly exports: ExportWorker,
    @Inject(CheckService) private readonly checks: CheckService,
  ) {}

  @Interval(EXPORTS_EVERY_MS)
  makeFiles(): Promise<void> {
    return this.alone('make_files', async () => {
      for (let made = 0; made < FILES_PER_TURN; made += 1) {
        const job = await this.exports.runNext();
        if (job === null) return;
        this.logger.info({ job }, 'worker.export_ended');
      }
    });
  }

  @Interval(KEEP_EVERY_MS)
  keepReports(): Promise<void> {
    return this.alone('keep_reports', () => this.exports.keep());
  }

  @Interval(CHECKS_EVERY_MS)
  lookForFindings(): Promise<void> {
    return this.alone('checks', async () => {
      const nowMs = this.clock.nowMs();
      if (nowMs < dayStartMs(dayOf(nowMs)) + CHECKS_FROM_MS) return;
      const run = await this.checks.runDaily();
      if (run) this.logger.info(run, 'worker.checks_ran');
    });
  }

  private async alone(task: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(task)) return;
    this.busy.add(task);
    try {
      await work();
    } catch (error) {
      // The next turn tries again; what was not done is still on its list.
      this.logger.error({ err: error, task }, 'worker.task_failed');
    } finally {
      this.busy.delete(task);
    }
  }
}
