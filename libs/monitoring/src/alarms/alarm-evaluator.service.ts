import { Inject, Injectable } from '@nestjs/common';
import {
  advanceAlarms,
  dayOf,
  emptyAlarmState,
  restoreAlarms,
  withAlarmsOfPersons,
  type AlarmObservation,
  type AlarmState,
  type AlarmStep,
} from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ENVIRONMENT, type Environment } from '#platform';
import { FleetService } from '../fleet.service.ts';
import type { StationView } from '../station-view.ts';
import {
  lockEvaluation,
  openAlarms,
  readEvaluation,
  storedTracks,
  writeChange,
  writeEvaluation,
  writeSeen,
  type Evaluation,
  type Place,
} from './alarm-ladder.repository.ts';
import { renewLosses } from './alarm-loss.ts';
import { observeFleet, policyLookup } from './alarm-observations.ts';
import { readValuations, valuationLookup } from './alarm-valuation.repository.ts';
import { FleetFactsReader } from './fleet-facts.ts';

/** Without an evaluation for this long, by a clock of speed 1, the programs have paused. */
const PAUSE_MS = 5 * 60_000;
/** After a pause nothing new is raised for this long: the fleet comes back by and by. */
const GRACE_MS = 15 * 60_000;
const LOSS_EVERY_MS = 5 * 60_000;

/** Advances the alarm ladder of the fleet, step by step. Run by the worker, of several by one at a time. */
@Injectable()
export class AlarmEvaluator {
  private readonly facts: FleetFactsReader;
  private state: AlarmState = emptyAlarmState();
  private runNo = -1;
  private lossAtMs = -Infinity;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ENVIRONMENT) environment: Environment,
    @Inject(FleetService) private readonly fleet: FleetService,
  ) {
    this.facts = new FleetFactsReader(database, environment);
  }

  /**
   * One step for all stations.
   * @returns what changed, null where another worker is at it.
   */
  async evaluate(): Promise<AlarmStep['changes'] | null> {
    const now = this.clock.now();
    const views = await this.fleet.stationViews();
    try {
      return await this.database.transaction(async (transaction) => {
        if (!(await lockEvaluation(transaction))) return null;
        return this.step(transaction, views, now);
      });
    } catch (error) {
      // What is in memory may be ahead of what is stored.
      this.runNo = -1;
      throw error;
    }
  }

  private async step(transaction: Queryable, views: readonly StationView[], now: Date) {
    const last = await readEvaluation(transaction);
    await this.catchUp(transaction, last);
    const evaluation = await this.nextEvaluation(last, now);
    const fleet = await this.facts.fleet(views, { now, evaluation });
    const { observations, devicesOf } = observeFleet(fleet);
    const places = placesOf(views);
    const counties = new Map(
      [...places].flatMap(([subject, { countyCode }]) =>
        countyCode ? [[subject, countyCode] as const] : [],
      ),
    );
    const policyOf = policyLookup(await this.facts.repository.policies(), counties, dayOf(now.getTime()));
    const step = advanceAlarms(this.state, observations, policyOf, now.getTime());
    const valuationOf = valuationLookup(await readValuations(transaction), dayOf(now.getTime()));
    for (const change of step.changes) {
      const key = `${change.kind}|${change.subject}`;
      const place = places.get(change.subject) ?? { countyCode: null, stationId: null };
      await writeChange(transaction, {
        change,
        track: step.state.tracks.get(key),
        place,
        devices: devicesOf.get(key) ?? [],
        limit: policyOf(change.kind, change.subject).openLimit,
        fenPerPostMonth: valuationOf(place.countyCode).fenPerPostMonth,
        now,
      });
    }
    await writeSeen(transaction, this.seenRows(step, observations, devicesOf, policyOf), now);
    if (now.getTime() - this.lossAtMs >= LOSS_EVERY_MS || step.changes.some(isOfAlarm)) {
      await renewLosses(transaction, now, valuationOf);
      this.lossAtMs = now.getTime();
    }
    await writeEvaluation(transaction, evaluation);
    this.state = step.state;
    this.runNo = evaluation.runNo;
    return step.changes;
  }

  /** Reads what is stored where somebody else went on, and what persons did in any case. */
  private async catchUp(transaction: Queryable, last: Evaluation | null): Promise<void> {
    if (last === null || last.runNo !== this.runNo) {
      this.state = restoreAlarms(await storedTracks(transaction));
      return;
    }
    const open = await openAlarms(transaction);
    this.state = withAlarmsOfPersons(
      this.state,
      new Map(
        open.map((row) => [
          `${row.kind}|${row.subject}`,
          {
            isAcknowledged: row.acknowledgedAt !== null,
            snoozedUntilMs: row.snoozedUntil?.getTime() ?? null,
          },
        ]),
      ),
    );
  }

  private async nextEvaluation(last: Evaluation | null, now: Date): Promise<Evaluation> {
    const pauseMs = PAUSE_MS * Math.max(1, this.clock.speed);
    const hasPaused = last === null || Math.abs(now.getTime() - last.ranAt.getTime()) > pauseMs;
    const seen = await this.facts.repository.ingestSeenAt();
    const before = last?.ingestSeenAt ?? null;
    const ingestSeenAt = seen !== null && (before === null || seen > before) ? seen : before;
    const hasReturned =
      before !== null && ingestSeenAt !== null && ingestSeenAt.getTime() - before.getTime() > pauseMs;
    return {
      runNo: (last?.runNo ?? 0) + 1,
      ranAt: now,
      graceUntil: hasPaused || hasReturned ? new Date(now.getTime() + GRACE_MS) : last.graceUntil,
      ingestSeenAt,
    };
  }

  private seenRows(
    step: AlarmStep,
    observations: readonly AlarmObservation[],
    devicesOf: ReadonlyMap<string, string[]>,
    policyOf: ReturnType<typeof policyLookup>,
  ) {
    return observations.flatMap(({ kind, subject, seen }) => {
      const track = step.state.tracks.get(`${kind}|${subject}`);
      if (seen === null || !track?.incident) return [];
      const devices = devicesOf.get(`${kind}|${subject}`) ?? [];
      const limit = policyOf(kind, subject).openLimit;
      return [{ kind, subject, seen, limit, lastBadAtMs: track.incident.lastBadAtMs, devices }];
    });
  }
}

const isOfAlarm = ({ type }: AlarmStep['changes'][number]) => type.startsWith('alarm');

function placesOf(views: readonly StationView[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { station } of views) {
    places.set(`station:${station.id}`, { countyCode: station.countyCode, stationId: station.id });
    places.set(`county:${station.countyCode}`, { countyCode: station.countyCode, stationId: null });
  }
  return places;
}
