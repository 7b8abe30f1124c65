import { Inject, Injectable } from '@nestjs/common';
import {
  addDays,
  advanceAlarms,
  dayOf,
  dayStartMs,
  emptyAlarmState,
  restoreAlarms,
  withAlarmsOfPersons,
  type AlarmObservation,
  type AlarmState,
  type AlarmStep,
} from '#domain';
import { Database, sql, type Queryable } from '#persistence';
import { Clock, ENVIRONMENT, type Environment } from '#platform';
import { FleetService } from '../fleet.service.ts';
import { freshSince, type StationView } from '../station-view.ts';
import { AlarmFactsRepository } from './alarm-facts.repository.ts';
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
import { observeFleet, policyLookup, type FleetFacts, type StationFacts } from './alarm-observations.ts';

/** Without an evaluation for this long, by a clock of speed 1, the programs have paused. */
const PAUSE_MS = 5 * 60_000;
/** After a pause nothing new is raised for this long: the fleet comes back by and by. */
const GRACE_MS = 15 * 60_000;
const LOSS_EVERY_MS = 5 * 60_000;
const DAYS_LOOKED_AT = 4;
/** Where no valuation is entered: 0.85 yuan/kWh (domain.md 2.1), 500 yuan a post and month (domain.md 2.5). */
const DEFAULT_VALUATION = { priceHaoPerKwh: 8500, fenPerPostMonth: 50_000n };

/** Advances the alarm ladder of the fleet, step by step. Run by the worker, of several by one at a time. */
@Injectable()
export class AlarmEvaluator {
  private readonly facts: AlarmFactsRepository;
  private state: AlarmState = emptyAlarmState();
  private runNo = -1;
  private lossAtMs = -Infinity;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(FleetService) private readonly fleet: FleetService,
  ) {
    this.facts = new AlarmFactsRepository(database);
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
    const isGrace = evaluation.graceUntil !== null && now < evaluation.graceUntil;
    const fleet = await this.fleetFacts(views, { now, isGrace, ingestSeenAt: evaluation.ingestSeenAt });
    const { observations, devicesOf } = observeFleet(fleet);
    const places = placesOf(views);
    const counties = new Map(
      [...places].flatMap(([subject, { countyCode }]) =>
        countyCode ? [[subject, countyCode] as const] : [],
      ),
    );
    const policyOf = policyLookup(await this.facts.policies(), counties, dayOf(now.getTime()));
    const step = advanceAlarms(this.state, observations, policyOf, now.getTime());
    const valuation = await readValuation(transaction, dayOf(now.getTime()));
    for (const change of step.changes) {
      const key = `${change.kind}|${change.subject}`;
      await writeChange(transaction, {
        change,
        track: step.state.tracks.get(key),
        place: places.get(change.subject) ?? { countyCode: null, stationId: null },
        devices: devicesOf.get(key) ?? [],
        limit: policyOf(change.kind, change.subject).openLimit,
        fenPerPostMonth: valuation.fenPerPostMonth,
        now,
      });
    }
    await writeSeen(transaction, this.seenRows(step, observations, devicesOf, policyOf), now);
    if (now.getTime() - this.lossAtMs >= LOSS_EVERY_MS || step.changes.some(isOfAlarm)) {
      await renewLosses(transaction, now, valuation.priceHaoPerKwh);
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
    const seen = await this.facts.ingestSeenAt();
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

  private async fleetFacts(
    views: readonly StationView[],
    given: { now: Date; isGrace: boolean; ingestSeenAt: Date | null },
  ): Promise<FleetFacts> {
    const nowMs = given.now.getTime();
    const day = dayOf(nowMs);
    const fresh = freshSince({ nowMs, reportingIntervalMs: this.environment.PV_INTERVAL_S * 1000 });
    const [devices, days, planned, counters] = await Promise.all([
      this.facts.devices(fresh),
      this.facts.expectedDays(addDays(day, -DAYS_LOOKED_AT)),
      this.facts.plannedNow(given.now, day),
      this.facts.openCounters(),
    ]);
    const devicesOf = Map.groupBy(devices, ({ stationId }) => stationId);
    const daysOf = Map.groupBy(days, ({ stationId }) => stationId);
    const countersOf = new Map(counters.map(({ stationId, count }) => [stationId, count]));
    const isPlanned = plannedLookup(planned);
    return {
      nowMs,
      freshSinceMs: fresh.getTime(),
      ingestSeenMs: given.ingestSeenAt?.getTime() ?? null,
      isGrace: given.isGrace,
      stations: views.map(({ station, now, powerW }): StationFacts => {
        const own = daysOf.get(station.id) ?? [];
        return {
          id: station.id,
          countyCode: station.countyCode,
          capacityW: station.capacityW,
          latitude: station.latitude,
          longitude: station.longitude,
          contactMs: now.contactAt?.getTime() ?? null,
          powerW,
          devices: (devicesOf.get(station.id) ?? []).map((device) => ({
            ...device,
            receivedAtMs: device.receivedAt?.getTime() ?? null,
            measuredAtMs: device.measuredAt?.getTime() ?? null,
          })),
          days: own
            .filter((row) => row.isFinal)
            .map((row) => ({
              endMs: dayStartMs(addDays(row.day, 1)),
              ratio: row.verdict === 'excluded' ? null : row.ratio,
              isSoiled: row.cause === 'soiling',
            })),
          hasSnow: own.some((row) => row.day === day && row.cause === 'snow'),
          isPlanned: isPlanned(station.id, station.countyCode),
          openCounters: countersOf.get(station.id) ?? 0,
        };
      }),
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

function plannedLookup(rows: readonly { stationId: number | null; countyCode: string | null }[]) {
  const stations = new Set(rows.flatMap(({ stationId }) => stationId ?? []));
  const counties = new Set(rows.flatMap(({ countyCode }) => countyCode ?? []));
  const isCity = rows.some(({ stationId, countyCode }) => stationId === null && countyCode === null);
  return (stationId: number, countyCode: string) =>
    isCity || stations.has(stationId) || counties.has(countyCode);
}

async function readValuation(transaction: Queryable, day: string) {
  const [row] = await transaction.query<{ priceHaoPerKwh: number; fenPerPostMonth: bigint }>(sql`
    select price_hao_per_kwh as "priceHaoPerKwh", fen_per_post_month as "fenPerPostMonth"
    from alarm_valuation
    where county_code is null and effective_from <= ${day}::date
    order by effective_from desc, id desc
    limit 1`);
  return row ?? DEFAULT_VALUATION;
}
