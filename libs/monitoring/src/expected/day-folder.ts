import { setImmediate } from 'node:timers/promises';
import { addDays, DAY_MS, dayOf, daysBetween, fitBands, startBands, stationFactor } from '#domain';
import type { Database } from '#persistence';
import type { Clock } from '#platform';
import { RECENT_DAYS } from './day-evidence.ts';
import { viewsOf } from './day-views.ts';
import {
  dropOldCurves,
  forgetFoldedFrom,
  isMemoryDay,
  memoryText,
  storeCurves,
  storeDayRows,
  storeFleetDay,
  storeMemory,
  storePeers,
} from './expected-store.ts';
import type { ExpectedRepository } from './expected.repository.ts';
import { newKept, roundKept, type FleetKnowledge, type FleetMemory } from './expected-types.ts';
import { judgeDayOfFleet, type JudgedDay } from './fleet-day.ts';
import { candidatesOf, weighPairs } from './peers.ts';
import type { Portion } from './portion.ts';

const BANDS_EVERY_DAYS = 10;
const BAND_DAYS = 90;
const CURVES_BACK_DAYS = 60;
const WEIGH_EVERY_DAYS = 7;

/** What is remembered at the end of a day, with the days that the causes look back on. */
export interface Folded {
  throughDay: string;
  /** When that day was stored, epoch ms; null where it was not: another worker may have folded it since. */
  storedAtMs: number | null;
  memory: FleetMemory;
  recent: Map<number, JudgedDay[]>;
}

/** Nothing is remembered yet. */
const nothingFolded = (throughDay: string): Folded => ({
  throughDay,
  storedAtMs: null,
  memory: { bands: startBands(), kept: new Map() },
  recent: new Map(),
});

/**
 * Folds days of the fleet, one after the other: each is judged with what is remembered of those before, stored in a
 * transaction of its own, and remembered. A portion may end after any day, and the program may stop: the next turn goes
 * on behind the last day in `fleet_expected_day`.
 */
export class DayFolder {
  private folded: Folded | null = null;
  private weighedDay: string | null = null;

  constructor(
    private readonly parts: {
      database: Database;
      repository: ExpectedRepository;
      clock: Clock;
      version: string;
    },
  ) {}

  /**
   * Folds from `from` to `to`, as far as the portion goes. Days from `from` on that were folded before count as not
   * folded until it is their turn. @returns the number of days.
   */
  async fold(
    span: { from: string; to: string },
    given: { knowledge: FleetKnowledge; portion: Portion },
  ): Promise<number> {
    const { from, to } = span;
    if (from > to) return 0;
    let { knowledge } = given;
    const state = await this.stateBefore(from);
    // A day that fails half way must not be gone on from.
    this.folded = null;
    await this.replay(state, addDays(from, -1), knowledge);
    await forgetFoldedFrom(this.parts.database, from);
    let days = 0;
    for (const day of daysBetween(from, addDays(to, 1))) {
      await this.foldDay(day, state, { knowledge, lastDay: to });
      knowledge = await this.weighPeers(day, knowledge);
      days += 1;
      if (await given.portion.isUsedUp()) break;
    }
    this.folded = state;
    await dropOldCurves(this.parts.database, to);
    return days;
  }

  /** What is remembered at the end of a day that was folded, the days before it at hand. */
  async stateAtEndOf(day: string, knowledge: FleetKnowledge): Promise<Folded> {
    const state = await this.stateBefore(addDays(day, 1));
    await this.replay(state, day, knowledge);
    state.storedAtMs = (await this.parts.repository.foldedAt(this.parts.version, day))?.getTime() ?? null;
    this.folded = state;
    return state;
  }

  /** Days folded one after the other from nothing, and nothing of it stored: a first rough view of now. */
  async sketch(days: readonly string[], knowledge: FleetKnowledge): Promise<Folded> {
    const state = nothingFolded(addDays(days[0] ?? '', -1));
    for (const day of days) {
      await this.judge(day, state, { knowledge, withFacts: false });
      await setImmediate();
    }
    return state;
  }

  /** At hand, or kept, or nothing. */
  private async stateBefore(from: string): Promise<Folded> {
    const { repository, version } = this.parts;
    const before = addDays(from, -1);
    const storedAt = await repository.foldedAt(version, before);
    if (this.folded?.throughDay === before && this.folded.storedAtMs === (storedAt?.getTime() ?? null))
      return this.folded;
    // From some days earlier, so that the days that the causes look back on are at hand.
    const warm = await repository.checkpointDay(version, addDays(before, -RECENT_DAYS));
    const day = warm ?? (await repository.checkpointDay(version, before));
    if (day === null) return nothingFolded(before);
    return { throughDay: day, storedAtMs: null, memory: await repository.memoryOf(day), recent: new Map() };
  }

  /** The days that the causes look back on, up to `day`; what is remembered at its end is what was stored. */
  private async replay(state: Folded, day: string, knowledge: FleetKnowledge): Promise<void> {
    const { repository, version } = this.parts;
    const days = daysBetween(addDays(state.throughDay, 1), addDays(day, 1));
    for (const past of days) {
      await this.judge(past, state, { knowledge, withFacts: true });
      state.memory = { ...state.memory, bands: (await repository.bandsOf(past)) ?? state.memory.bands };
    }
    if (days.length > 0 && (await repository.checkpointDay(version, day)) === day)
      state.memory = await repository.memoryOf(day);
  }

  /** Judges a day that is over, and remembers it. */
  private async judge(
    day: string,
    state: Folded,
    given: { knowledge: FleetKnowledge; withFacts: boolean },
  ): Promise<{ judged: JudgedDay[]; views: () => ReturnType<typeof viewsOf> }> {
    const { knowledge } = given;
    const { byStation } = await this.parts.repository.measuredDay(day, { withFacts: given.withFacts });
    const { judged, memory } = judgeDayOfFleet({
      knowledge,
      day,
      memory: state.memory,
      measured: byStation,
      untilSlot: 96,
    });
    await setImmediate();
    // What is gone on from is what would be stored, to the last digit, so that a restart changes nothing.
    const kept = new Map([...memory.kept].map(([stationId, one]) => [stationId, roundKept(one)]));
    state.throughDay = day;
    state.memory = { ...memory, kept };
    const before = { memory: state.memory, recent: new Map(state.recent) };
    for (const one of judged) {
      const own = state.recent.get(one.station.stationId) ?? [];
      state.recent.set(one.station.stationId, [...own, one].slice(-RECENT_DAYS));
    }
    return { judged, views: () => viewsOf(judged, before, { knowledge, isFinal: true, untilSlot: 96 }) };
  }

  private async foldDay(
    day: string,
    state: Folded,
    given: { knowledge: FleetKnowledge; lastDay: string },
  ): Promise<void> {
    const { database, clock, version } = this.parts;
    const startedMs = performance.now();
    const { judged, views } = await this.judge(day, state, { knowledge: given.knowledge, withFacts: true });
    const { rows, curves } = views();
    const foldedAt = clock.now();
    const hasCurves = day >= addDays(dayOf(foldedAt.getTime()), -CURVES_BACK_DAYS);
    const isBandDay = (Date.parse(day) / DAY_MS) % BANDS_EVERY_DAYS === 0;
    await database.transaction(async (transaction) => {
      await storeDayRows(transaction, { version, rows, computedAt: foldedAt });
      if (hasCurves) await storeCurves(transaction, curves, foldedAt);
      if (isBandDay) state.memory = { ...state.memory, bands: await this.bandsAt(day, state.memory) };
      if (isMemoryDay(day, given.lastDay)) {
        const kept = new Map([...state.memory.kept].map(([id, one]) => [id, memoryText(one)]));
        await storeMemory(transaction, { day, version, kept });
      }
      await storeFleetDay(transaction, {
        day,
        version,
        bands: state.memory.bands,
        stations: state.memory.kept.size,
        judged: judged.filter(({ verdict }) => verdict.isJudged).length,
        tookMs: performance.now() - startedMs,
        foldedAt,
      });
    });
    state.storedAtMs = foldedAt.getTime();
  }

  private async bandsAt(day: string, memory: FleetMemory): Promise<FleetMemory['bands']> {
    const samples = await this.parts.repository.bandSamples({
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
    const { weighedDay } = this;
    if (weighedDay !== null && day < addDays(weighedDay, WEIGH_EVERY_DAYS) && day >= weighedDay)
      return knowledge;
    this.weighedDay = day;
    const { database, repository, clock } = this.parts;
    const indices = await repository.ownIndices(addDays(day, -120));
    const pairs = weighPairs(
      knowledge.candidates,
      indices.filter((row) => row.day <= day),
    );
    await database.transaction((transaction) => storePeers(transaction, pairs, clock.now()));
    return { ...knowledge, candidates: candidatesOf(knowledge.stations, pairs) };
  }
}
