import type { BandTable } from './band.ts';
import { dayRatio, type NotJudged } from './day-ratio.ts';
import { farOff, isHealthy, judgeDay, type DayVerdict, type StationMemory } from './judge-day.ts';
import { choosePeers, peerSkyDay, type Peer, type SkyHour } from './peer-sky.ts';
import type { ClearDay } from './station-model.ts';

/** One station on one day, ready to be judged. */
export interface StationInput {
  id: string;
  capacityW: number;
  memory: StationMemory;
  /** Neighbours within 60 km, the station itself not among them. */
  candidates: readonly Peer[];
  /** 96 cleaned mean powers, W; null is unknown. */
  powersW: readonly (number | null)[];
  clear: ClearDay;
  /** Of {@link hourIndices}. */
  indices: readonly (number | null)[];
  /** Snow, curtailment, registered outage: it tells nobody the sky and is not held against it. */
  isExcluded: boolean;
}

export interface StationResult {
  id: string;
  memory: StationMemory;
  verdict: DayVerdict;
  sky: readonly (SkyHour | null)[];
}

/** Share of a day's index below which a station without an alarm is left out of the second pass. */
const SICK_SHARE = 0.5;

/**
 * One day of a whole fleet, in two passes: the peers flagged by the first (in alarm after it, or far below their own
 * peers) do not tell the sky in the second. The result does not depend on the order of the stations.
 */
export function judgeFleetDay(input: {
  day: string;
  stations: readonly StationInput[];
  bands: BandTable;
  fleetRatio: number;
  season?: (id: string, day: string) => number;
}): StationResult[] {
  const byId = new Map(input.stations.map((station) => [station.id, station]));
  const sick = new Set(
    input.stations.filter(({ memory, isExcluded }) => isExcluded || !isHealthy(memory)).map(({ id }) => id),
  );
  const judge = (station: StationInput): StationResult => judgeOne(station, byId, sick, input);
  const first = input.stations.map(judge);
  const flagged = first.filter(({ id, verdict }) => !sick.has(id) && isFlagged(verdict)).map(({ id }) => id);
  if (flagged.length === 0) return first;
  for (const id of flagged) sick.add(id);
  const touched = new Set(flagged);
  return input.stations.map((station, position) => {
    const before = first[position];
    const isTouched = station.candidates.some(({ id }) => touched.has(id));
    return before && !isTouched ? before : judge(station);
  });
}

function isFlagged(verdict: DayVerdict): boolean {
  if (!verdict.isJudged) return false;
  const { deviation, sigma } = verdict.expected;
  return verdict.alarm !== 'none' || Math.abs(deviation) > farOff(sigma) || deviation < Math.log(SICK_SHARE);
}

function judgeOne(
  station: StationInput,
  byId: ReadonlyMap<string, StationInput>,
  sick: ReadonlySet<string>,
  input: {
    day: string;
    bands: BandTable;
    fleetRatio: number;
    season?: (id: string, day: string) => number;
  },
): StationResult {
  const { day, bands, fleetRatio, season } = input;
  const peers = choosePeers(station.candidates.filter(({ id }) => byId.has(id) && !sick.has(id)));
  const sky = peerSkyDay(peers, (id) => byId.get(id)?.indices ?? null);
  const ratio: ReturnType<typeof dayRatio> | NotJudged =
    peers.length === 0 ? 'no_peers' : dayRatio({ ...station, sky });
  const { memory, verdict } = judgeDay(station.memory, {
    day,
    ratio,
    bands,
    fleetRatio,
    isExcluded: station.isExcluded,
    ...(season ? { season: (of: string) => season(station.id, of) } : {}),
  });
  return { id: station.id, memory, verdict, sky };
}
