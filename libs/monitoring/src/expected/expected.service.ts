/*
 * What each station should have made, day by day.
 *
 *   nothing --three weeks are there--> sketched (today, roughly) --history stands still--> fitted --fold from the first
 *   day--> up to yesterday --a day is over--> ...
 *   a folded day whose energy, epochs or outages changed, or another version --> folded again from there
 *
 * A turn does one portion of one piece of work: models, days that are over, or today so far. Of several workers one has a
 * turn, and whichever has the next goes on where the last one stopped.
 */
import { Inject, Injectable, Optional } from '@nestjs/common';
import { addDays, dayOf, daysBetween, dayStartMs, EXPECTED_MODEL_VERSION, QUARTER_HOUR_MS } from '#domain';
import { Database, sql } from '#persistence';
import { Clock, LOGGER, type Logger } from '#platform';
import { DayFolder, type Folded } from './day-folder.ts';
import { viewsOf } from './day-views.ts';
import { storeCurves, storeDayRows } from './expected-store.ts';
import { ExpectedRepository } from './expected.repository.ts';
import type { FleetKnowledge, RegisteredStation } from './expected-types.ts';
import { judgeDayOfFleet } from './fleet-day.ts';
import { fleetScale, ModelFitter } from './model-fitter.ts';
import { candidatesOf } from './peers.ts';
import { Portion } from './portion.ts';

/** Days before today that are folded at the first start: 60 to show, 45 for the baseline to settle. */
const FIRST_DAYS = 105;
/** Days that a first sketch of today rests on: a station is judged after fourteen that are accepted. */
const SKETCH_DAYS = 21;
/** The station's expected output of another version of the method, for a trial or a test. */
export const EXPECTED_VERSION = Symbol('EXPECTED_VERSION');

const EXPECTED_LOCK = 7_260_481;
/** Work of one turn, ms: then the lock is let go, and other tasks have a pause. */
const PORTION_MS = 5000;
const TODAY_EVERY_MS = 5 * 60_000;
/** Late readings come for hours; the days that they touch are folded together. */
const REFOLD_EVERY_MS = 5 * 60_000;
/** After midnight readings of the evening may still be on their way. */
const DAY_END_MS = 20 * 60_000;
/** A quarter hour counts from here on after its end: readings travel and are rolled up. */
const SLOT_END_MS = 5 * 60_000;

export interface ExpectedTurn {
  /** Models fitted, days folded, and whether today so far was judged. */
  fitted: number;
  folded: number;
  today: boolean;
  /** The portion was used up: more is due at once. */
  isMore: boolean;
}

const NOTHING_DONE: ExpectedTurn = { fitted: 0, folded: 0, today: false, isMore: false };

@Injectable()
export class ExpectedService {
  private readonly repository: ExpectedRepository;
  private readonly version: string;
  private readonly fitter: ModelFitter;
  private readonly folder: DayFolder;
  private seenBounds = '';
  private sketchedDay: string | null = null;
  private todayAtMs = -Infinity;
  private refoldAtMs = -Infinity;
  /** A fold that a portion left unfinished goes on whatever the time. */
  private isUnfinished = false;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject(EXPECTED_VERSION) version?: string,
  ) {
    this.repository = new ExpectedRepository(database);
    this.version = version ?? EXPECTED_MODEL_VERSION;
    const parts = { database, clock, repository: this.repository, version: this.version };
    this.fitter = new ModelFitter(parts);
    this.folder = new DayFolder(parts);
  }

  /** Does what is due, if this worker has the turn. @returns null where another worker has it. */
  async turn(): Promise<ExpectedTurn | null> {
    return this.database.transaction(async (transaction) => {
      // Held by a transaction that writes nothing meanwhile: it hinders nobody, and a lost connection lets go of it.
      const [lock] = await transaction.query<{ ours: boolean }>(
        sql`select pg_try_advisory_xact_lock(${EXPECTED_LOCK}::bigint) as ours`,
      );
      if (!lock?.ours) return null;
      return this.work();
    });
  }

  private async work(): Promise<ExpectedTurn> {
    const nowMs = this.clock.nowMs();
    const today = dayOf(nowMs);
    const portion = new Portion(PORTION_MS);
    const stations = await this.repository.stations();
    if (stations.length === 0) return NOTHING_DONE;
    const from = await this.firstDueDay(today, nowMs);
    const isSketched = await this.sketchToday(stations, { today, nowMs });
    if (from === undefined || isSketched) return { ...NOTHING_DONE, today: isSketched };
    const { fitted, isMore } = await this.fitter.fit(stations, { today, at: this.clock.now(), portion });
    if (isMore) return { fitted, folded: 0, today: false, isMore };
    const folded =
      from === null ? 0 : await this.fold(from, this.lastOverDay(today, nowMs), stations, portion);
    if (this.isUnfinished) return { fitted, folded, today: false, isMore: true };
    const isDue = Math.abs(nowMs - this.todayAtMs) >= TODAY_EVERY_MS || folded > 0;
    if (isDue) {
      this.todayAtMs = nowMs;
      await this.judgeToday(today, nowMs, await this.knowledge(stations));
    }
    return { fitted, folded, today: isDue, isMore: false };
  }

  private async fold(
    from: string,
    to: string,
    stations: readonly RegisteredStation[],
    portion: Portion,
  ): Promise<number> {
    const startedMs = performance.now();
    const knowledge = await this.knowledge(stations);
    const days = await this.folder.fold({ from, to }, { knowledge, portion });
    this.isUnfinished = from <= to && addDays(from, days) <= to;
    if (days > 0)
      this.logger.info(
        { from, to, days, isMore: this.isUnfinished, tookMs: Math.round(performance.now() - startedMs) },
        'worker.expected_folded',
      );
    return days;
  }

  /**
   * Before anything is folded: today as the last three weeks have it, with the start values of every model. It takes some
   * seconds, and so the pages have something to show while the months are folded.
   * @returns whether today was sketched now.
   */
  private async sketchToday(
    stations: readonly RegisteredStation[],
    now: { today: string; nowMs: number },
  ): Promise<boolean> {
    const { today, nowMs } = now;
    if (this.sketchedDay !== null) return false;
    const { last } = await this.repository.foldedDays(this.version);
    if (last !== null) {
      this.sketchedDay = today;
      return false;
    }
    const from = addDays(today, -SKETCH_DAYS);
    if (!(await this.repository.hasAllDays(from, today))) return false;
    this.sketchedDay = today;
    const knowledge: FleetKnowledge = {
      stations,
      models: new Map(),
      candidates: candidatesOf(stations, []),
      fleetScale: null,
    };
    const state = await this.folder.sketch(daysBetween(from, today), knowledge);
    return this.judgeTodayAfter(state, { today, nowMs, knowledge });
  }

  /** The day before today, or the one before that while the evening is still coming in. */
  private lastOverDay(today: string, nowMs: number): string {
    return addDays(today, nowMs < dayStartMs(today) + DAY_END_MS ? -2 : -1);
  }

  /** The day to fold from, null where nothing is due; undefined while the history is still being written. */
  private async firstDueDay(today: string, nowMs: number): Promise<string | null | undefined> {
    const last = this.lastOverDay(today, nowMs);
    const known = await this.repository.foldedDays(this.version);
    const earliest = addDays(today, -FIRST_DAYS);
    if (known.last === null || known.first === null) {
      const bounds = await this.repository.dataBounds(earliest);
      const seen = JSON.stringify(bounds);
      const isStill = seen === this.seenBounds;
      this.seenBounds = seen;
      if (!isStill) return undefined;
      return bounds.firstDay !== null && bounds.firstDay <= last ? bounds.firstDay : null;
    }
    const from = known.first > earliest ? known.first : earliest;
    const next = addDays(known.last, 1);
    const isNew = next <= last && (next < last || !(await this.repository.waitsForRollUp(last)));
    if (!isNew && !this.isUnfinished && Math.abs(nowMs - this.refoldAtMs) < REFOLD_EVERY_MS) return null;
    this.refoldAtMs = nowMs;
    const changed = await this.repository.firstChangedDay(from, known.last);
    return changed ?? (isNew ? next : null);
  }

  private async knowledge(stations: readonly RegisteredStation[]): Promise<FleetKnowledge> {
    const [models, sigmas] = await Promise.all([this.repository.models(), this.repository.peerSigmas()]);
    const current = models.filter(({ version }) => version === this.version);
    return {
      stations,
      models: new Map(current.map(({ stationId, model }) => [stationId, model])),
      candidates: candidatesOf(stations, sigmas),
      fleetScale: fleetScale(current),
    };
  }

  /** Today so far, against the sky so far; nothing is learned from it. */
  private async judgeToday(today: string, nowMs: number, knowledge: FleetKnowledge): Promise<void> {
    // After midnight the day gone by is not folded yet.
    const { last } = await this.repository.foldedDays(this.version);
    const state = await this.folder.stateAtEndOf(last ?? addDays(today, -1), knowledge);
    await this.judgeTodayAfter(state, { today, nowMs, knowledge });
  }

  /** @returns false where nothing is known of today yet. */
  private async judgeTodayAfter(
    state: Folded,
    given: { today: string; nowMs: number; knowledge: FleetKnowledge },
  ): Promise<boolean> {
    const { today: day, nowMs, knowledge } = given;
    const untilSlot = Math.floor((nowMs - SLOT_END_MS - dayStartMs(day)) / QUARTER_HOUR_MS);
    if (untilSlot <= 0) return false;
    const { byStation, isKnown } = await this.repository.measuredDay(day, { withFacts: false });
    if (!isKnown) return false;
    const { judged } = judgeDayOfFleet({
      knowledge,
      day,
      memory: state.memory,
      measured: byStation,
      untilSlot,
    });
    const { rows, curves } = viewsOf(judged, state, { knowledge, isFinal: false, untilSlot });
    const computedAt = this.clock.now();
    await this.database.transaction(async (transaction) => {
      await storeDayRows(transaction, { version: this.version, rows, computedAt });
      await storeCurves(transaction, curves, computedAt);
    });
    return true;
  }
}
