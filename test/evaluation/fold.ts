import {
  cleanPowers,
  clearDay,
  dayStartMs,
  fitBands,
  fitStationModel,
  alignModel,
  hourIndices,
  judgeFleetDay,
  newStation,
  pairSigma,
  quietSum,
  siblingRatios,
  startBands,
  startModel,
  stationFactor,
  stepSibling,
  type BandSample,
  type BandTable,
  type ClearDay,
  type DayVerdict,
  type FitDay,
  type Peer,
  type SiblingMemory,
  type SkyHour,
  type StationMemory,
  type StationModel,
} from '#domain';
import { injectEvents, reportDay, type InjectedEvent } from './events.ts';
import type { World, WorldStation } from './world.ts';

/** Days that fill the history before the first model, and between two fits. */
export const FIT_EVERY_DAYS = 60;
export const WARM_DAYS = 90;
const TRIAL_DAYS = 30;
const BANDS_EVERY_DAYS = 10;
const BAND_DAYS = 90;
const CANDIDATES = 24;
const KEPT_DAYS = 120;
/** Days that the slow causes look back, as the product's memory does. */
const RECENT_DAYS = 30;

/** One day of one station with all that was known and found. */
export interface FoldedDay {
  dayIndex: number;
  powersW: (number | null)[];
  rawW: (number | null)[];
  badShare: number;
  gapShare: number;
  gridLimited: boolean;
  clear: ClearDay;
  indices: (number | null)[];
  sky: readonly (SkyHour | null)[];
  verdict: DayVerdict;
  /** Sibling ratios of the inverters against their usual. */
  siblings: (number | null)[];
  siblingAlarm: boolean;
  trueWh: number;
  lostWh: number;
  dust: number;
  isSnow: boolean;
}

export interface FoldedStation {
  station: WorldStation;
  event: (dayIndex: number) => InjectedEvent | undefined;
  model: StationModel;
  memory: StationMemory;
  siblings: SiblingMemory[];
  candidates: Peer[];
  history: FitDay[];
  meanIndices: Map<number, number>;
  recent: FoldedDay[];
}

export interface Fold {
  stations: FoldedStation[];
  events: InjectedEvent[];
  /** Called after each judged day with the whole fleet. */
  onDay: (dayIndex: number, stations: readonly FoldedStation[]) => void;
  onProgress: (line: string) => void;
}

/** Runs the world day by day through the method, as a worker would. */
export function foldWorld(world: World, dayCount: number, watch: Pick<Fold, 'onDay' | 'onProgress'>): Fold {
  const events = injectEvents(world, WARM_DAYS + TRIAL_DAYS, dayCount);
  const stations = world.stations.map((station) => foldedStation(station, world.stations, events));
  const byTownship = Map.groupBy(stations, ({ station: { townshipCode } }) => townshipCode);
  const curtailedOn = (dayIndex: number): Set<string> =>
    new Set(
      [...byTownship]
        .filter(([, members]) => members.some(({ event }) => event(dayIndex)?.kind === 'curtailment'))
        .map(([code]) => code),
    );
  let bands = startBands();
  const samples: { dayIndex: number; sample: BandSample }[] = [];
  for (let dayIndex = 0; dayIndex < dayCount; dayIndex += 1) {
    const isWarm = dayIndex >= WARM_DAYS;
    if (isWarm && (dayIndex - WARM_DAYS) % FIT_EVERY_DAYS === 0) refit(stations);
    const curtailed = curtailedOn(dayIndex);
    const drafts = stations.map((folded) =>
      draftDay(world, folded, dayIndex, curtailed.has(folded.station.townshipCode)),
    );
    if (isWarm) {
      judge(world.dayAt(dayIndex), stations, drafts, bands);
      collect(stations, dayIndex, samples);
      if ((dayIndex - WARM_DAYS) % BANDS_EVERY_DAYS === BANDS_EVERY_DAYS - 1) {
        bands = fitBands(
          samples.filter((item) => item.dayIndex > dayIndex - BAND_DAYS).map(({ sample }) => sample),
        );
        weighPeers(stations);
      }
      watch.onDay(dayIndex, stations);
    }
    if (dayIndex % 30 === 29) watch.onProgress(world.dayAt(dayIndex));
  }
  return { stations, events, ...watch };
}

function foldedStation(
  station: WorldStation,
  all: readonly WorldStation[],
  events: readonly InjectedEvent[],
): FoldedStation {
  const own = events.filter(({ stationId }) => stationId === station.id);
  const candidates = all
    .filter(({ id }) => id !== station.id)
    .map((other) => ({
      id: other.id,
      distanceKm: distanceKm(station, other),
      altitudeDifferenceM: null,
      sigma: null,
      group: other.townshipCode,
    }))
    .filter((peer) => peer.distanceKm <= 60)
    .sort((one, other) => one.distanceKm - other.distanceKm)
    .slice(0, CANDIDATES);
  return {
    station,
    event: (dayIndex) => own.find(({ fromDay, toDay }) => fromDay <= dayIndex && dayIndex < toDay),
    model: startModel(null),
    memory: newStation(),
    siblings: station.inverterShares.map(() => ({ ratios: [], sum: quietSum() })),
    candidates,
    history: [],
    meanIndices: new Map(),
    recent: [],
  };
}

export function distanceKm(one: WorldStation, other: WorldStation): number {
  const north = (one.place.latitudeDeg - other.place.latitudeDeg) * 111.2;
  const east = (one.place.longitudeDeg - other.place.longitudeDeg) * 88.2;
  return Math.hypot(north, east);
}

function refit(stations: readonly FoldedStation[]): void {
  for (const folded of stations) {
    const fitted = fitStationModel(folded.history, folded.station.place);
    folded.model =
      folded.model.fittedDays === 0
        ? fitted
        : alignModel(
            folded.model,
            fitted,
            folded.station.place,
            folded.history.slice(-30).map(({ day }) => day),
          );
  }
}

type Draft = Omit<FoldedDay, 'sky' | 'verdict' | 'siblings' | 'siblingAlarm'> & {
  inverterWh: (number | null)[];
};

function draftDay(world: World, folded: FoldedStation, dayIndex: number, curtailed: boolean): Draft {
  const { station, model } = folded;
  const truth = world.day(station, dayIndex);
  const day = world.dayAt(dayIndex);
  const told = reportDay(station, truth, folded.event(dayIndex), curtailed, dayIndex);
  const clean = cleanPowers({
    powersW: told.powersW,
    ratedPowerW: Math.max(station.place.capacityW, station.acLimitW),
    limitW: model.limitW,
  });
  const clear = clearDay(model, station.place, dayStartMs(day));
  const indices = hourIndices({
    powersW: clean.powersW,
    isUsable: clean.flags.map((flag) => flag === 'ok'),
    clear,
    capacityW: station.place.capacityW,
  });
  const light = clean.flags.filter((_, slot) => clear.isJudged[slot]);
  const shareOf = (...flags: string[]) =>
    light.filter((flag) => flags.includes(flag)).length / Math.max(1, light.length);
  const known = indices.filter((index) => index !== null);
  folded.meanIndices.set(dayIndex, known.reduce((sum, index) => sum + index, 0) / Math.max(1, known.length));
  if (dayIndex < WARM_DAYS) folded.history.push({ day, powersW: clean.powersW });
  return {
    dayIndex,
    powersW: clean.powersW,
    rawW: told.powersW,
    badShare: shareOf('stale', 'filled', 'out_of_range', 'spike'),
    gapShare: shareOf('missing'),
    gridLimited: told.gridLimited,
    clear,
    indices,
    trueWh: truth.powersW.reduce((sum, powerW) => sum + powerW / 4, 0),
    lostWh: told.lostWh,
    dust: truth.dust,
    isSnow: truth.isSnow,
    inverterWh: told.inverterWh,
  };
}

function judge(day: string, stations: FoldedStation[], drafts: readonly Draft[], bands: BandTable): void {
  const ratios = stations.flatMap(({ memory }) => memory.accepted.at(-1)?.ratio ?? []);
  const results = judgeFleetDay({
    day,
    bands,
    fleetRatio: ratios.toSorted((one, other) => one - other)[ratios.length >> 1] ?? 0,
    stations: stations.map((folded, position) => {
      const draft = drafts[position];
      if (draft === undefined) throw new Error('a station has no day');
      return {
        id: folded.station.id,
        capacityW: folded.station.place.capacityW,
        memory: folded.memory,
        candidates: folded.candidates,
        powersW: draft.powersW,
        clear: draft.clear,
        indices: draft.indices,
        isExcluded: draft.gridLimited,
      };
    }),
  });
  results.forEach(({ memory, verdict, sky }, position) => {
    const folded = stations[position];
    const draft = drafts[position];
    if (folded === undefined || draft === undefined) return;
    folded.memory = memory;
    const { inverterWh, ...rest } = draft;
    const siblings = stepInverters(folded, day, inverterWh, verdict);
    folded.recent = [...folded.recent, { ...rest, sky, verdict, ...siblings }].slice(-RECENT_DAYS * 3);
    if (verdict.isJudged && verdict.isAccepted)
      folded.history = [...folded.history, { day, powersW: draft.powersW }].slice(-KEPT_DAYS);
  });
}

function stepInverters(
  folded: FoldedStation,
  day: string,
  inverterWh: readonly (number | null)[],
  verdict: DayVerdict,
): { siblings: (number | null)[]; siblingAlarm: boolean } {
  const { station } = folded;
  const ratios = siblingRatios(
    inverterWh.map((energyWh, position) => ({
      energyWh,
      ratedPowerW: station.inverterShares[position] ?? 0,
    })),
  );
  const siblings = ratios.map((ratio, position) => {
    const usual = folded.siblings[position]?.ratios ?? [];
    const middle = usual.toSorted((one, other) => one - other)[usual.length >> 1] ?? 0;
    return ratio === null ? null : ratio - middle;
  });
  if (!verdict.isJudged) return { siblings, siblingAlarm: false };
  const { skyIndex } = verdict;
  folded.siblings = folded.siblings.map((memory, position) =>
    stepSibling(memory, { day, ratio: ratios[position] ?? null, skyIndex, expectedHours: 3 }),
  );
  return { siblings, siblingAlarm: folded.siblings.some(({ sum }) => sum.isOpen) };
}

function collect(
  stations: readonly FoldedStation[],
  dayIndex: number,
  samples: { dayIndex: number; sample: BandSample }[],
): void {
  if (dayIndex < WARM_DAYS + 10) return;
  for (const { memory, recent } of stations) {
    const verdict = recent.at(-1)?.verdict;
    // Suspicious days stay in: without them the band would lose its lower tail.
    if (!verdict?.isJudged || verdict.alarm !== 'none' || Math.abs(verdict.expected.deviation) > 0.7)
      continue;
    const { skyIndex, spread, expected } = verdict;
    samples.push({
      dayIndex,
      sample: {
        skyIndex,
        spread,
        deviation: expected.deviation,
        stationFactor: stationFactor(memory.standardised),
      },
    });
  }
}

/** The deviation of each pair of neighbours, from the days so far. */
function weighPeers(stations: readonly FoldedStation[]): void {
  const byId = new Map(stations.map((folded) => [folded.station.id, folded]));
  for (const folded of stations)
    folded.candidates = folded.candidates.map((peer) => {
      const other = byId.get(peer.id);
      const pairs = [...folded.meanIndices].slice(-KEPT_DAYS).flatMap(([dayIndex, own]) => {
        const theirs = other?.meanIndices.get(dayIndex) ?? 0;
        return own > 0.05 && theirs > 0.05 ? [Math.log(own / theirs)] : [];
      });
      return { ...peer, sigma: pairSigma(pairs) };
    });
}
