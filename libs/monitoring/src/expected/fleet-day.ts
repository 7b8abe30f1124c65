import {
  cleanPowers,
  clearDay,
  dayStartMs,
  hourIndices,
  isHealthy,
  judgeFleetDay,
  newEpoch,
  quantile,
  quietSum,
  siblingRatios,
  startModel,
  stepSibling,
  type ClearDay,
  type ComparedDay,
  type DayVerdict,
  type SiblingMemory,
  type SkyHour,
  type SlotFlag,
  type StationModel,
} from '#domain';
import {
  newKept,
  NO_FACTS,
  type FleetKnowledge,
  type FleetMemory,
  type InverterDay,
  type KeptStation,
  type MeasuredDay,
  type RegisteredStation,
} from './expected-types.ts';

/** Deviations that the slow causes look back on, days. */
const DEVIATION_DAYS = 30;
/** From this share of the daylight limited by the grid a day is not held against a station. */
const LIMITED_SHARE = 0.1;
/** With less than this share of the clear-sky energy in known quarter hours a whole day is known better by its counter. */
const KNOWN_SHARE = 0.8;

/** One station on one day with all that was found. */
export interface JudgedDay {
  station: RegisteredStation;
  day: string;
  measured: MeasuredDay;
  model: StationModel;
  clear: ClearDay;
  /** Cleaned powers, and what is known of each quarter hour. */
  powersW: readonly (number | null)[];
  flags: readonly SlotFlag[];
  /** The day is known by its energy only; its shape is the sky's. */
  isByEnergy: boolean;
  indices: readonly (number | null)[];
  sky: readonly (SkyHour | null)[];
  verdict: DayVerdict;
  /** What was compared, by quarter hour. */
  compared: ComparedDay;
  /** ln ratio of each inverter to its siblings, its usual taken off. */
  inverters: { id: string; ratio: number | null; powerShare: number; isAlarm: boolean }[];
  isLearning: boolean;
  isHealthyNow: boolean;
}

interface Draft {
  station: RegisteredStation;
  measured: MeasuredDay;
  model: StationModel;
  clear: ClearDay;
  powersW: (number | null)[];
  flags: SlotFlag[];
  isByEnergy: boolean;
  indices: (number | null)[];
  kept: KeptStation;
}

/** Nothing is known of a station on a day. */
const unmeasured = (): MeasuredDay => ({
  powersW: Array.from({ length: 96 }, () => null),
  energyWh: null,
  isWholeDay: false,
  energyComputedAt: null,
  priceHaoPerKwh: 0,
  inverters: [],
  facts: NO_FACTS,
  isOutage: false,
  epoch: null,
});

/**
 * One day of the fleet: what each station should have made, and the memory at its end. The same memory, knowledge and
 * measurements give the same, in whatever order the stations come.
 * @param input.untilSlot quarter hours that are over; 96 for a day that is.
 */
export function judgeDayOfFleet(input: {
  day: string;
  knowledge: FleetKnowledge;
  memory: FleetMemory;
  measured: ReadonlyMap<number, MeasuredDay>;
  untilSlot: number;
}): { judged: JudgedDay[]; memory: FleetMemory } {
  const { day, knowledge, memory } = input;
  const drafts = knowledge.stations
    .filter(({ commissionedOn }) => commissionedOn <= day)
    .map((station) => draftOf(station, input));
  const byEnergy = drafts.filter(({ isByEnergy }) => isByEnergy).length;
  // Where most of a fleet is known by its energy only, that is all that tells the sky; else it would blur the hours.
  const tellsByEnergy = byEnergy > drafts.length / 2;
  const results = judgeFleetDay({
    day,
    bands: memory.bands,
    fleetRatio: fleetRatio(drafts),
    stations: drafts.map((draft) => ({
      id: String(draft.station.stationId),
      capacityW: draft.station.capacityW,
      memory: draft.kept.memory,
      candidates: knowledge.candidates.get(draft.station.stationId) ?? [],
      powersW: draft.powersW,
      clear: draft.clear,
      indices: draft.isByEnergy && !tellsByEnergy ? NO_INDICES : draft.indices,
      isExcluded: draft.measured.isOutage || (draft.measured.facts.limitedShare ?? 0) > LIMITED_SHARE,
    })),
  });
  const kept = new Map(memory.kept);
  const judged = results.flatMap((result, position): JudgedDay[] => {
    const draft = drafts[position];
    if (draft === undefined) return [];
    const next = remember(draft.kept, day, result, draft.measured.inverters);
    kept.set(draft.station.stationId, next.kept);
    const { kept: before, ...rest } = draft;
    return [
      {
        ...rest,
        day,
        sky: result.sky,
        verdict: result.verdict,
        compared: comparedDay(draft, result.sky, result.verdict),
        inverters: next.inverters,
        isLearning: before.memory.accepted.length < TRIAL_DAYS,
        isHealthyNow: isHealthy(result.memory),
      },
    ];
  });
  return { judged, memory: { bands: memory.bands, kept } };
}

const TRIAL_DAYS = 14;
const NO_INDICES: readonly null[] = Array.from({ length: 24 }, () => null);

function draftOf(station: RegisteredStation, input: Parameters<typeof judgeDayOfFleet>[0]): Draft {
  const { day, knowledge, memory, untilSlot } = input;
  const { stationId, capacityW } = station;
  const measured = input.measured.get(stationId) ?? unmeasured();
  const model = knowledge.models.get(stationId) ?? startModel(knowledge.fleetScale);
  const clear = upTo(clearDay(model, station, dayStartMs(day)), untilSlot);
  const clean = cleanPowers({
    powersW: measured.powersW,
    ratedPowerW: Math.max(capacityW, station.ratedAcW),
    limitW: model.limitW,
  });
  const byEnergy = untilSlot < 96 ? null : powersByEnergy(measured, clear, clean.powersW);
  const powersW = byEnergy ?? clean.powersW;
  const before = memory.kept.get(stationId) ?? newKept();
  const kept =
    measured.epoch === null
      ? before
      : { ...before, memory: newEpoch(before.memory, measured.epoch), deviations: [], siblings: {} };
  return {
    station,
    measured,
    model,
    clear,
    powersW,
    flags: clean.flags,
    isByEnergy: byEnergy !== null,
    indices: hourIndices({
      powersW,
      isUsable: clean.flags.map((flag) => byEnergy !== null || flag === 'ok'),
      clear,
      capacityW,
    }),
    kept,
  };
}

/** Quarter hours that are still to come are no part of the day. */
function upTo({ clearW, isJudged }: ClearDay, untilSlot: number): ClearDay {
  if (untilSlot >= 96) return { clearW, isJudged };
  return {
    clearW: clearW.map((powerW, slot) => (slot < untilSlot ? powerW : 0)),
    isJudged: isJudged.map((is, slot) => is && slot < untilSlot),
  };
}

/** The energy of a whole day spread as a clear day would have it; null where the quarter hours tell enough. */
function powersByEnergy(
  { energyWh, isWholeDay }: MeasuredDay,
  { clearW }: ClearDay,
  powersW: readonly (number | null)[],
): (number | null)[] | null {
  if (energyWh === null || !isWholeDay) return null;
  let clearSumW = 0;
  let knownW = 0;
  clearW.forEach((slotW, slot) => {
    clearSumW += slotW;
    if (powersW[slot] !== null) knownW += slotW;
  });
  if (clearSumW <= 0 || knownW >= KNOWN_SHARE * clearSumW) return null;
  const share = (energyWh * 4) / clearSumW;
  return Array.from(clearW, (slotW) => slotW * share);
}

function fleetRatio(drafts: readonly Draft[]): number {
  return (
    quantile(
      drafts.flatMap(({ kept }) => kept.memory.accepted.at(-1)?.ratio ?? []),
      0.5,
    ) ?? 0
  );
}

/** Expected power by quarter hour, W: the sky of the neighbours over the station's clear sky, at its own level. */
function comparedDay(draft: Draft, sky: readonly (SkyHour | null)[], verdict: DayVerdict): ComparedDay {
  const level = verdict.isJudged ? Math.exp(verdict.baselineRatio) : 1;
  return {
    powersW: draft.isByEnergy ? draft.powersW : draft.measured.powersW,
    expectedW: Array.from(draft.clear.clearW, (clearW, slot) => {
      if (clearW === 0) return 0;
      const here = sky[Math.floor(slot / 4)] ?? null;
      return here === null ? null : clearW * here.index * level;
    }),
  };
}

const quietSibling = (): SiblingMemory => ({ ratios: [], sum: quietSum() });
const round = (value: number): number => Math.round(value * 1e5) / 1e5;

function remember(
  before: KeptStation,
  day: string,
  result: { memory: KeptStation['memory']; verdict: DayVerdict },
  inverters: readonly InverterDay[],
): { kept: KeptStation; inverters: JudgedDay['inverters'] } {
  const { verdict, memory } = result;
  const ratios = siblingRatios(inverters);
  const ratedSumW = inverters.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
  const siblings = { ...before.siblings };
  const views = inverters.map(({ deviceId, code, ratedPowerW }, position) => {
    const known = siblings[deviceId] ?? quietSibling();
    const raw = ratios[position] ?? null;
    const ratio = raw === null ? null : round(raw);
    const next = verdict.isJudged
      ? stepSibling(known, {
          day,
          ratio,
          skyIndex: verdict.skyIndex,
          expectedHours: verdict.expected.expectedWh,
        })
      : known;
    if (ratio !== null) siblings[deviceId] = next;
    const usual = quantile(known.ratios, 0.5) ?? 0;
    return {
      id: code,
      ratio: ratio === null ? null : ratio - usual,
      powerShare: ratedSumW > 0 ? ratedPowerW / ratedSumW : 0,
      isAlarm: next.sum.isOpen,
    };
  });
  const deviations = verdict.isJudged
    ? [
        ...before.deviations,
        { day, deviation: round(verdict.expected.deviation), skyIndex: round(verdict.skyIndex) },
      ].slice(-DEVIATION_DAYS)
    : before.deviations;
  return { kept: { version: 1, memory, deviations, siblings }, inverters: views };
}
