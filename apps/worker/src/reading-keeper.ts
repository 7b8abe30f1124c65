import { addDays, dayOf, dayStartMs } from '#domain';
import { TimeSeriesKeeping, type Compression, type Database, type Retention } from '#persistence';
import type { Clock, Environment, Logger } from '#platform';

/** Half past two in the night: the roll-up of the day gone by is done, and nothing generates. */
const TIME_OF_DAY_MS = 2.5 * 3_600_000;
/** Real time after a failure until it is tried again. */
const RETRY_AFTER_MS = 600_000;

export interface KeepingOutcome extends Compression {
  /** Null where readings are kept for ever. */
  retention: Retention | null;
}

/**
 * Compresses and drops old readings, once a Shanghai day after 02:30 by the clock, and at the start where that was
 * missed. Of several workers one does it.
 */
export class ReadingKeeper {
  private readonly keeping: TimeSeriesKeeping;
  private doneFor: string | null = null;
  private retryAtMs = 0;

  constructor(
    database: Database,
    private readonly options: { environment: Environment; clock: Clock; logger: Logger },
  ) {
    this.keeping = new TimeSeriesKeeping(database);
  }

  /**
   * Does what is due, if anything is.
   * @throws what the database throws; the next ten minutes then pass without another try.
   */
  async keep(): Promise<void> {
    const { clock } = this.options;
    const day = dueDay(clock.nowMs());
    if (day === this.doneFor || clock.realNow().getTime() < this.retryAtMs) return;
    try {
      const outcome = await this.keeping.runOnceFor(day, {
        at: clock.now(),
        work: () => this.compressAndDrop(day),
      });
      if (outcome) this.report(day, outcome);
      if (outcome || (await this.keeping.lastRun())?.day === day) this.doneFor = day;
    } catch (error) {
      this.retryAtMs = clock.realNow().getTime() + RETRY_AFTER_MS;
      throw error;
    }
  }

  /** For the heartbeat: the last run of any worker. */
  async lastRun() {
    return this.keeping.lastRun();
  }

  private async compressAndDrop(day: string): Promise<KeepingOutcome> {
    const { PV_COMPRESS_AFTER_DAYS, PV_KEEP_READINGS_DAYS } = this.options.environment;
    // Dropped first: what goes need not be compressed.
    const retention =
      PV_KEEP_READINGS_DAYS === 0
        ? null
        : await this.keeping.dropDaysBefore(addDays(day, -PV_KEEP_READINGS_DAYS));
    const compression = await this.keeping.compressDaysBefore(addDays(day, -PV_COMPRESS_AFTER_DAYS));
    return { ...compression, retention };
  }

  private report(day: string, outcome: KeepingOutcome): void {
    const { logger } = this.options;
    logger.info({ day, ...outcome }, 'worker.readings_kept');
    if (outcome.notCompressed === 'licence')
      logger.warn({ setting: 'timescaledb.license', wanted: 'timescale' }, 'worker.readings_not_compressed');
    if (outcome.retention?.heldBack) logger.warn(outcome.retention.heldBack, 'worker.readings_held_back');
  }
}

/** The Shanghai day whose run is due at an instant, epoch ms: until half past two it is that of the day before. */
export function dueDay(nowMs: number): string {
  const today = dayOf(nowMs);
  return nowMs >= dayStartMs(today) + TIME_OF_DAY_MS ? today : addDays(today, -1);
}
