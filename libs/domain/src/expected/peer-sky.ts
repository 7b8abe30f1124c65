import { QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import type { ClearDay } from './station-model.ts';
import { clamp, robustSigma, weightedMedian, type Weighted } from './statistics.ts';

export const HOURS_PER_DAY = 24;
const SLOTS_PER_HOUR = QUARTER_HOURS_PER_DAY / HOURS_PER_DAY;

export const PEER_LIMITS = {
  radiusKm: 30,
  /** Where too few stand within the radius. */
  wideRadiusKm: 60,
  wanted: 8,
  min: 3,
  /** Below this many, only `zero` and `large` are judged and the band is 1.3 times as wide. */
  full: 5,
  shareMax: 0.35,
  perGroupMax: 3,
  /** Nearer than this makes no difference. */
  nearKm: 2,
  metresPerKm: 20,
  sigmaMin: 0.01,
  huberMads: 1.5,
  pairDaysMin: 30,
  /** The index is not told by less than this share of the capacity. */
  clearShareMin: 0.05,
} as const;

/** A neighbour that may tell the sky over a station. */
export interface Peer {
  id: string;
  distanceKm: number;
  /** Null where an altitude is not known. */
  altitudeDifferenceM: number | null;
  /** Robust deviation of the daily ln ratio to the station; null in the first 30 days. */
  sigma: number | null;
  /** Township or feeder: what stands together fails together. Null counts as a group of its own. */
  group: string | null;
}

export interface PeerWeight {
  id: string;
  weight: number;
}

/** Sky over a station in one hour, told by its peers. */
export interface SkyHour {
  /** Clear-sky index: 1 is cloudless. */
  index: number;
  /** Robust deviation between the peers, as a share of the index. */
  spread: number;
  peers: number;
}

/**
 * Share of the clear-sky power that a station gave in each hour of a day; null where the sun is below 10 degrees or
 * behind a hill, the power unknown or clipped, or less than two quarter hours are left.
 * @param isUsable by quarter hour: false where the power is clipped or not believed.
 */
export function hourIndices(input: {
  powersW: readonly (number | null)[];
  isUsable: readonly boolean[];
  clear: ClearDay;
  capacityW: number;
}): (number | null)[] {
  const minW = PEER_LIMITS.clearShareMin * input.capacityW;
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) => {
    let powerW = 0;
    let clearW = 0;
    let slots = 0;
    for (let slot = hour * SLOTS_PER_HOUR; slot < (hour + 1) * SLOTS_PER_HOUR; slot += 1) {
      const slotW = input.powersW[slot] ?? null;
      const slotClearW = input.clear.clearW[slot] ?? 0;
      const judged = input.clear.isJudged[slot] === true && input.isUsable[slot] === true;
      if (slotW === null || !judged || slotClearW <= minW) continue;
      powerW += slotW;
      clearW += slotClearW;
      slots += 1;
    }
    return slots < 2 ? null : powerW / clearW;
  });
}

/**
 * The peers of a station and their weights, which add up to 1: `1 / (d^2 + 4) / max(sigma, 0.01)`
 * with `d^2 = km^2 + (altitude difference / 20 m)^2` (better than exp(-d/8) on a sky that is a field); eight peers, three of a group at most, none above 35 %. Empty where
 * fewer than three are left: the station is then not judged. The order of the candidates does not matter.
 */
export function choosePeers(candidates: readonly Peer[]): PeerWeight[] {
  const near = candidates.filter(({ distanceKm }) => distanceKm <= PEER_LIMITS.radiusKm);
  const pool =
    near.length >= PEER_LIMITS.min
      ? near
      : candidates.filter(({ distanceKm }) => distanceKm <= PEER_LIMITS.wideRadiusKm);
  const ranked = pool
    .map((peer) => ({ ...peer, weight: weightOf(peer) }))
    .sort((one, other) => other.weight - one.weight || (one.id < other.id ? -1 : 1));
  const inGroup = new Map<string, number>();
  const chosen = ranked.filter(({ group }) => {
    if (group === null) return true;
    const count = (inGroup.get(group) ?? 0) + 1;
    inGroup.set(group, count);
    return count <= PEER_LIMITS.perGroupMax;
  });
  if (chosen.length < PEER_LIMITS.min) return [];
  return capShares(chosen.slice(0, PEER_LIMITS.wanted));
}

function weightOf(peer: Peer): number {
  const effectiveKm = Math.hypot(peer.distanceKm, (peer.altitudeDifferenceM ?? 0) / PEER_LIMITS.metresPerKm);
  const sigma = Math.max(PEER_LIMITS.sigmaMin, peer.sigma ?? 0.03 + 0.002 * effectiveKm);
  return 1 / (effectiveKm ** 2 + PEER_LIMITS.nearKm ** 2) / sigma;
}

/**
 * Robust deviation of the daily ln ratios of two stations about their median; null of fewer than 30 days. Ratios of mean
 * clear-sky indices are better than ratios of energy: they do not move with the season where the modules stand otherwise.
 */
export function pairSigma(lnRatios: readonly number[]): number | null {
  const items = lnRatios.map((value) => ({ value, weight: 1 }));
  const middle = weightedMedian(items);
  return middle === null || items.length < PEER_LIMITS.pairDaysMin ? null : robustSigma(items, middle);
}

/** Shares of the weights with none above 35 %; what is cut off goes to the others. */
function capShares(peers: readonly PeerWeight[]): PeerWeight[] {
  const capped = new Set<string>();
  for (;;) {
    const free = peers.filter(({ id }) => !capped.has(id));
    const freeSum = free.reduce((sum, { weight }) => sum + weight, 0);
    const left = 1 - capped.size * PEER_LIMITS.shareMax;
    const above = free.filter(({ weight }) => (weight / freeSum) * left > PEER_LIMITS.shareMax + 1e-12);
    if (above.length === 0)
      return peers.map(({ id, weight }) => ({
        id,
        weight: capped.has(id) ? PEER_LIMITS.shareMax : (weight / freeSum) * left,
      }));
    for (const { id } of above) capped.add(id);
  }
}

/**
 * Sky of one hour from the indices of the peers: their weighted median, then one step by Huber at 1.5 robust
 * deviations. Null where fewer than three peers know.
 */
export function peerSky(indices: readonly Weighted[]): SkyHour | null {
  if (indices.length < PEER_LIMITS.min) return null;
  const middle = weightedMedian(indices);
  if (middle === null) return null;
  const sigma = Math.max(1e-3, robustSigma(indices, middle) ?? 0);
  const reach = PEER_LIMITS.huberMads * sigma;
  // Summed in the order of the values, so that the order of the peers cannot change the last bit.
  const ordered = indices.toSorted((one, other) => one.value - other.value || one.weight - other.weight);
  let step = 0;
  let weights = 0;
  for (const { value, weight } of ordered) {
    step += weight * clamp(value - middle, -reach, reach);
    weights += weight;
  }
  const index = Math.max(0, middle + step / weights);
  return { index, spread: sigma / Math.max(0.05, index), peers: indices.length };
}

/**
 * Sky over a station in the 24 hours of a day.
 * @param indicesOf hourly indices of a peer; null where it is sick or silent that day, so that it is left out.
 */
export function peerSkyDay(
  peers: readonly PeerWeight[],
  indicesOf: (id: string) => readonly (number | null)[] | null,
): (SkyHour | null)[] {
  const known = peers.flatMap(({ id, weight }) => {
    const indices = indicesOf(id);
    return indices === null ? [] : [{ indices, weight }];
  });
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) =>
    peerSky(
      known.flatMap(({ indices, weight }) => {
        const value = indices[hour] ?? null;
        return value === null ? [] : [{ value, weight }];
      }),
    ),
  );
}
