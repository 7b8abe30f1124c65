import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { addDays, dayOf } from '#domain';
import { STATION_QUALITY_BATCH, StationQualityService } from '#ingestion';
import {
  AlarmEvaluator,
  DataQualityService,
  ExpectedService,
  JUDGE_BATCH,
  NoticeService,
  PatrolPlanService,
  ROLL_UP_BATCH,
  RollUpService,
  StateService,
  WorkOrderService,
} from '#monitoring';
import { Database, sql, TimeSeriesDays } from '#persistence';
import { Clock, ENVIRONMENT, LOGGER, type Environment, type Logger } from '#platform';
import { AdjustmentService } from '#settlement';
import { TestbenchQueue } from '#testbench';
import { ReadingKeeper } from './reading-keeper.ts';

const ROLL_UP_EVERY_MS = 500;
const JUDGE_EVERY_MS = 5000;
/** Days that are over are judged by and by; a night of the fleet takes some minutes. */
const QUALITY_EVERY_MS = 10_000;
/** Flags of stations follow what was rolled up and judged before; whether one is due is a question of some 50 ms. */
const STATION_QUALITY_EVERY_MS = 15_000;
/** Whether expected output is due is a small question; a night of the fleet takes a second. */
const EXPECTED_EVERY_MS = 10_000;
/** Between two portions of a long fold. */
const EXPECTED_PAUSE_MS = 250;
/** Alarms are judged every half minute, messages of them go out a little sooner. */
const ALARMS_EVERY_MS = 30_000;
const NOTICES_EVERY_MS = 10_000;
const PARTITIONS_EVERY_MS = 60_000;
/** Overdue orders go up, and orders of plans are opened; a minute late matters to nobody. */
const WORK_ORDERS_EVERY_MS = 60_000;
/** Whether the look of the day at what was closed is due; it is made once a day. */
const ADJUSTMENTS_EVERY_MS = 60_000;
/** Whether a run of the testers' place waits is one small question; who asked for it looks at the page. */
const TESTBENCH_EVERY_MS = 1000;
const HEARTBEAT_MS = 2000;
/** How often it is asked whether the old readings' nightly turn has come. */
const KEEPING_EVERY_MS = 10_000;
/** Days of room made ahead of the clock: a week-end in which nobody looks, and a day. */
const DAYS_AHEAD = 3;
/** Passes in one turn, so that a long list leaves room for the other tasks. */
const PASSES_PER_TURN = 4;

/** What is done again and again. Each task leaves a turn out while the last one is still at work. */
@Injectable()
export class ScheduleService {
  private readonly busy = new Set<string>();
  private readonly days: TimeSeriesDays;
  private readonly keeper: ReadingKeeper;
  private rolledUp = 0;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(RollUpService) private readonly rollUp: RollUpService,
    @Inject(StateService) private readonly states: StateService,
    @Inject(DataQualityService) private readonly quality: DataQualityService,
    @Inject(ExpectedService) private readonly expected: ExpectedService,
    @Inject(AlarmEvaluator) private readonly alarms: AlarmEvaluator,
    @Inject(NoticeService) private readonly notices: NoticeService,
    @Inject(WorkOrderService) private readonly workOrders: WorkOrderService,
    @Inject(PatrolPlanService) private readonly patrolPlans: PatrolPlanService,
    @Inject(StationQualityService) private readonly stationQuality: StationQualityService,
    @Inject(AdjustmentService) private readonly adjustments: AdjustmentService,
    @Inject(TestbenchQueue) private readonly testbench: TestbenchQueue,
    @Inject(ENVIRONMENT) environment: Environment,
  ) {
    this.days = new TimeSeriesDays(database);
    this.keeper = new ReadingKeeper(database, { environment, clock, logger });
  }

  @Interval(ROLL_UP_EVERY_MS)
  rollUpDirtyDays(): Promise<void> {
    return this.alone('roll_up', async () => {
      for (let pass = 0; pass < PASSES_PER_TURN; pass += 1) {
        const done = await this.rollUp.rollUpDirtyDays();
        this.rolledUp += done;
        if (done < ROLL_UP_BATCH) return;
      }
    });
  }

  @Interval(JUDGE_EVERY_MS)
  judgeStations(): Promise<void> {
    return this.alone('judge_stations', async () => {
      await this.states.judgeStations();
    });
  }

  @Interval(QUALITY_EVERY_MS)
  judgeQuality(): Promise<void> {
    return this.alone('judge_quality', async () => {
      for (let pass = 0; pass < PASSES_PER_TURN; pass += 1)
        if ((await this.quality.judgePastDays()) < JUDGE_BATCH) return;
    });
  }

  @Interval(STATION_QUALITY_EVERY_MS)
  judgeStationQuality(): Promise<void> {
    return this.alone('station_quality', async () => {
      await this.stationQuality.judgeLevels();
      for (let pass = 0; pass < PASSES_PER_TURN; pass += 1)
        if ((await this.stationQuality.judgeDays()) < STATION_QUALITY_BATCH) return;
    });
  }

  @Interval(EXPECTED_EVERY_MS)
  judgeExpected(): Promise<void> {
    return this.alone('judge_expected', async () => {
      // A first start folds months: in portions, each with the lock taken anew, and with pauses for all else.
      while ((await this.expected.turn())?.isMore === true)
        await delay(EXPECTED_PAUSE_MS, undefined, { ref: false });
    });
  }

  @Interval(ALARMS_EVERY_MS)
  judgeAlarms(): Promise<void> {
    return this.alone('judge_alarms', async () => {
      await this.alarms.evaluate();
    });
  }

  @Interval(NOTICES_EVERY_MS)
  sendNotices(): Promise<void> {
    return this.alone('send_notices', async () => {
      await this.notices.run();
    });
  }

  @Interval(PARTITIONS_EVERY_MS)
  makeRoom(): Promise<void> {
    return this.alone('make_room', async () => {
      const today = dayOf(this.clock.nowMs());
      await this.days.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, index) => addDays(today, index)));
    });
  }

  @Interval(KEEPING_EVERY_MS)
  keepReadings(): Promise<void> {
    return this.alone('keep_readings', () => this.keeper.keep());
  }

  @Interval(WORK_ORDERS_EVERY_MS)
  keepWorkOrders(): Promise<void> {
    return this.alone('work_orders', async () => {
      await this.patrolPlans.openDue();
      await this.workOrders.escalateOverdue();
    });
  }

  @Interval(ADJUSTMENTS_EVERY_MS)
  lookForAdjustments(): Promise<void> {
    return this.alone('adjustments', async () => {
      const found = await this.adjustments.scanDaily();
      if (found) this.logger.info(found, 'settlement.adjustments_scanned');
    });
  }

  @Interval(TESTBENCH_EVERY_MS)
  playTestbench(): Promise<void> {
    return this.alone('testbench', () => this.testbench.turn());
  }

  @Interval(HEARTBEAT_MS)
  beat(): Promise<void> {
    return this.alone('beat', async () => {
      const detail = {
        rolledUp: this.rolledUp,
        waiting: await this.rollUp.waiting(),
        keeping: await this.keeper.lastRun(),
      };
      await this.database.query(sql`
        insert into program_heartbeat (program, instance, recorded_at, detail)
        values ('worker', 'worker-1', ${this.clock.now()}, ${JSON.stringify(detail)}::jsonb)
        on conflict (program, instance) do update set
          recorded_at = excluded.recorded_at, detail = excluded.detail`);
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
