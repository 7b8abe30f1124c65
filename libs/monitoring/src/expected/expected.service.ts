/*
 * What each station should have made, day by day.
 *
 *   nothing --history stands still--> fitted --fold from the first day--> up to yesterday --a day is over--> ...
 *   a folded day whose energy, epochs or outages changed, or another version --> folded again from there
 *
 * A turn does one piece of work: models, days that are over, or today so far. Of several workers one has a turn.
 */
import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  addDays,
  alignModel,
  DAY_MS,
  dayOf,
  dayStartMs,
  daysBetween,
  EXPECTED_MODEL_VERSION,
  fitBands,
  fitStationModel,
  FIT_LIMITS,
  PEER_LIMITS,
  quantile,
  QUARTER_HOUR_MS,
  startBands,
  startModel,
  stationFactor,
  type StationModel,
} from '#domain';
import { Database, sql } from '#persistence';
import { Clock, LOGGER, type Logger } from '#platform';
import { explain, RECENT_DAYS } from './day-evidence.ts';
import { curveRow, dayRow, type CurveRow, type ExpectedDayRow } from './day-rows.ts';
import {
  dropOldCurves,
  memoryText,
  storeCurves,
  storeDayRows,
  storeMemory,
  storeModels,
  storePeers,
  storeRePowered,
} from './expected-store.ts';
import { ExpectedRepository, type StoredModel } from './expected.repository.ts';
import {
  newKept,
  parseMemory,
  type FleetKnowledge,
  type FleetMemory,
  type RegisteredStation,
} from './expected-types.ts';
import { judgeDayOfFleet, type JudgedDay } from './fleet-day.ts';
import { candidatesOf, weighPairs } from './peers.ts';

/** Days before today that are folded at the first start: 60 to show, 45 for the baseline to settle. */
const FIRST_DAYS = 105;
/** The station's expected output of another version of the method, for a trial or a test. */
export const EXPECTED_VERSION = Symbol('EXPECTED_VERSION');

const EXPECTED_LOCK = 7_260_481;
const REFIT_DAYS = 7;
/** Models of one turn of a running worker; 50 ms each. */
const FITS_PER_TURN = 8;
const TODAY_EVERY_MS = 5 * 60_000;
/** Late readings come for hours; the days that they touch are folded together. */
const REFOLD_EVERY_MS = 5 * 60_000;
/** After midnight readings of the evening may still be on their way. */
const DAY_END_MS = 20 * 60_000;
/** A quarter hour counts from here on after its end: readings travel and are rolled up. */
const SLOT_END_MS = 5 * 60_000;
const BANDS_EVERY_DAYS = 10;
const BAND_DAYS = 90;
const CURVES_BACK_DAYS = 60;
const WEIGH_EVERY_DAYS = 7;

interface Folded {
  throughDay: string;
  /** When that day was stored, epoch ms; null where it was not: another worker may have folded it since. */
  storedAtMs: number | null;
  memory: FleetMemory;
  recent: Map<number, JudgedDay[]>;
}

export interface ExpectedTurn {
  /** Models fitted, days folded, and whether today so far was judged. */
  fitted: number;
  folded: number;
  today: boolean;
}

@Injectable()
export class ExpectedService {
  private readonly repository: ExpectedRepository;
  private readonly version: string;
  private folded: Folded | null = null;
  private seenBounds = '';
  private todayAtMs = -Infinity;
  private refoldAtMs = -Infinity;
  private weighedDay: string | null = null;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject(EXPECTED_VERSION) version?: string,
  ) {
    this.repository = new ExpectedRepository(database);
    this.version = version ?? EXPECTED_MODEL_VERSION;
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
    const stations = await this.repository.stations();
    if (stations.length === 0) return { fitted: 0, folded: 0, today: false };
    const from = await this.firstDueDay(today, nowMs);
    if (from === undefined) return { fitted: 0, folded: 0, today: false };
    const fitted = await this.fitModels(stations, today);
    const knowledge = await this.knowledge(stations);
    const folded = from === null ? 0 : await this.fold(from, this.lastOverDay(today, nowMs), knowledge);
    const isDue = Math.abs(nowMs - this.todayAtMs) >= TODAY_EVERY_MS || folded > 0;
    if (isDue) {
      this.todayAtMs = nowMs;
      await this.judgeToday(today, nowMs, folded > 0 ? await this.knowledge(stations) : knowledge);
    }
    return { fitted, folded, today: isDue };
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
    if (!isNew && Math.abs(nowMs - this.refoldAtMs) < REFOLD_EVERY_MS) return null;
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

  /** Fits stations without a model, of another version, with another power, or fitted more than a week ago. */
  private async fitModels(stations: readonly RegisteredStation[], today: string): Promise<number> {
    const models = await this.repository.models();
    const byId = new Map(models.map((row) => [row.stationId, row]));
    const since = addDays(today, -REFIT_DAYS);
    const missing = stations.filter(({ stationId }) => byId.get(stationId)?.version !== this.version);
    const changed = stations.filter((station) => {
      const row = byId.get(station.stationId);
      return row?.version === this.version && row.capacityW !== station.capacityW;
    });
    const old = stations
      .filter((station) => {
        const row = byId.get(station.stationId);
        return row?.version === this.version && row.fittedDay <= since && !changed.includes(station);
      })
      .slice(0, FITS_PER_TURN);
    const fittedAt = this.clock.now();
    if (changed.length > 0)
      await storeRePowered(this.database, {
        stationIds: changed.map(({ stationId }) => stationId),
        day: today,
        at: fittedAt,
      });
    const start = startModel(fleetScale(models.filter(({ version }) => version === this.version)));
    for (const part of batches([...missing, ...changed, ...old], 40)) {
      const fitted = [];
      for (const station of part) {
        const before = old.includes(station) ? byId.get(station.stationId)?.model : undefined;
        fitted.push({ ...station, model: await this.fitStation(station, { today, before, start }) });
      }
      await storeModels(this.database, { version: this.version, day: today, fittedAt, models: fitted });
    }
    return missing.length + changed.length + old.length;
  }

  private async fitStation(
    station: RegisteredStation,
    given: { today: string; before: StationModel | undefined; start: StationModel },
  ): Promise<StationModel> {
    const { today, before, start } = given;
    const days = await this.repository.powersOfStation(station.stationId, {
      from: addDays(today, -FIT_LIMITS.daysMax),
      to: today,
    });
    // The other tasks of the worker have their turn between two stations.
    await setImmediate();
    const isRefined = before !== undefined && before.fittedDays > 0;
    const fitted = fitStationModel(days, station, isRefined ? before : start);
    const recent = days.slice(-30).map(({ day }) => day);
    return isRefined ? alignModel(before, fitted, station, recent) : fitted;
  }

  /** Folds the days from `from` to `to`. Returns their number. */
  private async fold(from: string, to: string, knowledge: FleetKnowledge): Promise<number> {
    if (from > to) return 0;
    const startedMs = performance.now();
    let knows = knowledge;
    const state = await this.stateBefore(from);
    // A day that fails half way must not be gone on from.
    this.folded = null;
    await this.replay(state, addDays(from, -1), knowledge);
    for (const day of daysBetween(from, addDays(to, 1))) {
      await this.foldDay(day, state, { knowledge: knows, isStored: true });
      knows = await this.weighPeers(day, knows);
    }
    this.folded = state;
    await dropOldCurves(this.database, to);
    const days = daysBetween(from, addDays(to, 1)).length;
    this.logger.info(
      { from, to, days, tookMs: Math.round(performance.now() - startedMs) },
      'worker.expected_folded',
    );
    return days;
  }

  /** What is remembered at the end of the day before `from`: at hand, or kept, or nothing. */
  private async stateBefore(from: string): Promise<Folded> {
    const before = addDays(from, -1);
    const storedAt = await this.repository.foldedAt(this.version, before);
    if (this.folded?.throughDay === before && this.folded.storedAtMs === (storedAt?.getTime() ?? null))
      return this.folded;
    // From some days earlier, so that the days that the causes look back on are at hand.
    const warm = await this.repository.checkpointDay(this.version, addDays(before, -RECENT_DAYS));
    const day = warm ?? (await this.repository.checkpointDay(this.version, before));
    const memory =
      day === null ? { bands: startBands(), kept: new Map() } : await this.repository.memoryOf(day);
    return { throughDay: day ?? before, storedAtMs: null, memory, recent: new Map() };
  }

  /** The days that the causes look back on, up to `day`; what is remembered at its end is what was stored. */
  private async replay(state: Folded, day: string, knowledge: FleetKnowledge): Promise<void> {
    const days = daysBetween(addDays(state.throughDay, 1), addDays(day, 1));
    for (const past of days) await this.foldDay(past, state, { knowledge, isStored: false });
    if (days.length > 0 && (await this.repository.checkpointDay(this.version, day)) === day)
      state.memory = await this.repository.memoryOf(day);
  }

  /** The same, with the days since then folded again where they are not at hand; nothing is stored. */
  private async stateAtEndOf(day: string, knowledge: FleetKnowledge): Promise<Folded> {
    const state = await this.stateBefore(addDays(day, 1));
    await this.replay(state, day, knowledge);
    state.storedAtMs = (await this.repository.foldedAt(this.version, day))?.getTime() ?? null;
    this.folded = state;
    return state;
  }

  private async foldDay(
    day: string,
    state: Folded,
    given: { knowledge: FleetKnowledge; isStored: boolean },
  ): Promise<void> {
    const startedMs = performance.now();
    const { byStation } = await this.repository.measuredDay(day, { withFacts: true });
    const { judged, memory } = judgeDayOfFleet({
      knowledge: given.knowledge,
      day,
      memory: state.memory,
      measured: byStation,
      untilSlot: 96,
    });
    await setImmediate();
    // What is gone on from is what is stored, to the last digit, so that a restart changes nothing.
    const texts = new Map([...memory.kept].map(([stationId, kept]) => [stationId, memoryText(kept)]));
    state.throughDay = day;
    state.memory = {
      ...memory,
      kept: new Map([...texts].map(([stationId, text]) => [stationId, parseMemory(text)])),
    };
    await setImmediate();
    const views = this.viewsOf(judged, state, { knowledge: given.knowledge, isFinal: true, untilSlot: 96 });
    for (const one of judged) {
      const recent = state.recent.get(one.station.stationId) ?? [];
      state.recent.set(one.station.stationId, [...recent, one].slice(-RECENT_DAYS));
    }
    if (!given.isStored) return;
    const isBandDay = (Date.parse(day) / DAY_MS) % BANDS_EVERY_DAYS === 0;
    const foldedAt = this.clock.now();
    const hasCurves = day >= addDays(dayOf(foldedAt.getTime()), -CURVES_BACK_DAYS);
    await this.database.transaction(async (transaction) => {
      await storeDayRows(transaction, { version: this.version, rows: views.rows, computedAt: foldedAt });
      if (hasCurves) await storeCurves(transaction, views.curves, foldedAt);
      if (isBandDay) state.memory = { ...state.memory, bands: await this.bandsOf(day, memory) };
      await storeMemory(transaction, {
        day,
        version: this.version,
        bands: state.memory.bands,
        kept: texts,
        judged: judged.filter(({ verdict }) => verdict.isJudged).length,
        tookMs: performance.now() - startedMs,
        foldedAt,
      });
    });
    state.storedAtMs = foldedAt.getTime();
  }

  private async bandsOf(day: string, memory: FleetMemory): Promise<FleetMemory['bands']> {
    const samples = await this.repository.bandSamples({
      from: addDays(day, -BAND_DAYS),
      to: addDays(day, -1),
    });
    return fitBands(
      samples.map((sample) => ({
        ...sample,
        stationFactor: stationFactor((memory.kept.get(sample.stationId) ?? newKept()).memory.standardised),
      })),
    );
  }

  private async weighPeers(day: string, knowledge: FleetKnowledge): Promise<FleetKnowledge> {
    if (
      this.weighedDay !== null &&
      day < addDays(this.weighedDay, WEIGH_EVERY_DAYS) &&
      day >= this.weighedDay
    )
      return knowledge;
    this.weighedDay = day;
    const indices = await this.repository.ownIndices(addDays(day, -120));
    const pairs = weighPairs(
      knowledge.candidates,
      indices.filter((row) => row.day <= day),
    );
    await this.database.transaction((transaction) => storePeers(transaction, pairs, this.clock.now()));
    return { ...knowledge, candidates: candidatesOf(knowledge.stations, pairs) };
  }

  /** Today so far, against the sky so far; nothing is learned from it. */
  private async judgeToday(today: string, nowMs: number, knowledge: FleetKnowledge): Promise<void> {
    const untilSlot = Math.floor((nowMs - SLOT_END_MS - dayStartMs(today)) / QUARTER_HOUR_MS);
    if (untilSlot <= 0) return;
    const { byStation, isKnown } = await this.repository.measuredDay(today, { withFacts: false });
    if (!isKnown) return;
    // After midnight the day gone by is not folded yet.
    const { last } = await this.repository.foldedDays(this.version);
    const before = await this.stateAtEndOf(last ?? addDays(today, -1), knowledge);
    const { judged } = judgeDayOfFleet({
      day: today,
      knowledge,
      memory: before.memory,
      measured: byStation,
      untilSlot,
    });
    const views = this.viewsOf(judged, before, { knowledge, isFinal: false, untilSlot });
    const computedAt = this.clock.now();
    await this.database.transaction(async (transaction) => {
      await storeDayRows(transaction, { version: this.version, rows: views.rows, computedAt });
      await storeCurves(transaction, views.curves, computedAt);
    });
  }

  private viewsOf(
    judged: readonly JudgedDay[],
    state: Folded,
    given: { knowledge: FleetKnowledge; isFinal: boolean; untilSlot: number },
  ): { rows: ExpectedDayRow[]; curves: CurveRow[] } {
    const { knowledge, isFinal, untilSlot } = given;
    const byId = new Map(judged.map((one) => [one.station.stationId, one]));
    const byTownship = Map.groupBy(judged, ({ station }) => station.townshipCode);
    const rows: ExpectedDayRow[] = [];
    const curves: CurveRow[] = [];
    for (const today of judged) {
      const { stationId, townshipCode } = today.station;
      const peers = knowledge.candidates.get(stationId) ?? [];
      const near = peers
        .filter((peer) => peer.distanceKm <= PEER_LIMITS.radiusKm)
        .flatMap(({ id }) => byId.get(Number(id)) ?? []);
      const scale = knowledge.models.get(stationId)?.scale ?? null;
      const explained = explain({
        today,
        recent: state.recent.get(stationId) ?? [],
        kept: state.memory.kept.get(stationId) ?? newKept(),
        around: { near, township: byTownship.get(townshipCode) ?? [] },
        scaleRatio:
          scale === null || knowledge.fleetScale === null ? null : Math.log(scale / knowledge.fleetScale),
      });
      rows.push(dayRow(today, explained, isFinal));
      const tellers = near.filter(({ isHealthyNow }) => isHealthyNow).slice(0, PEER_LIMITS.wanted);
      curves.push(curveRow(today, tellers, untilSlot));
    }
    return { rows, curves };
  }
}

function fleetScale(models: readonly StoredModel[]): number | null {
  return quantile(
    models.filter(({ model }) => model.fittedDays > 0).map(({ model }) => model.scale),
    0.5,
  );
}

function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
