import type { Fleet, LiveFleet } from '#contracts';
import type { BandSlot } from '../charts/dayCurve.ts';

/**
 * Puts a live piece into the loaded overview. A piece for another area or older than what is shown is dropped: after
 * a reconnect the stream may repeat what the full answer already holds.
 */
export function mergeLiveFleet(fleet: Fleet, live: LiveFleet): Fleet {
  if (fleet.area.code !== live.area.code || live.asOf < fleet.asOf) return fleet;
  return { ...fleet, ...live };
}

/**
 * Stations in trouble whose loss cannot be estimated, so that a sum without them does not pass for the whole. Unknown
 * losses are last in the list, so where the list is cut in the middle of them the rest is unknown too.
 */
export function unknownLosses(fleet: Pick<Fleet, 'attention' | 'attentionTotal'>): number {
  const unknown = fleet.attention.filter(({ lostTodayFen }) => lostTodayFen === null).length;
  return unknown === 0 ? 0 : unknown + Math.max(0, fleet.attentionTotal - fleet.attention.length);
}

/** Counties by full-load hours today, highest first; those without data last, by code. */
export function rankCounties(counties: Fleet['counties']): Fleet['counties'] {
  return counties.toSorted((left, right) => {
    if (left.fullLoadHours === null || right.fullLoadHours === null) {
      if (left.fullLoadHours !== null) return -1;
      if (right.fullLoadHours !== null) return 1;
      return left.code.localeCompare(right.code);
    }
    return right.fullLoadHours - left.fullLoadHours || left.code.localeCompare(right.code);
  });
}

/** The band of an area: the sum of the stations that have an expected curve; how many those are stands beside it. */
export const areaBand = ({ curve }: Pick<Fleet, 'curve'>): BandSlot[] =>
  (curve.expected?.slots ?? []).map(({ startsAt, lowPowerW, highPowerW }) => ({
    startsAt,
    lowW: lowPowerW,
    highW: highPowerW,
  }));

/** With more stations away than these, measured and expected sums are of different fleets, and weather differs. */
const SHARE_MIN = 0.98;

/**
 * Measured over expected power of the newest quarter hour that has both, each for as many stations as it counts.
 * Null where nothing is expected, or too few stations are in.
 */
export function powerOfExpected(fleet: Pick<Fleet, 'curve' | 'stations'>): number | null {
  const { expected, slots } = fleet.curve;
  if (expected === null) return null;
  const least = SHARE_MIN * fleet.stations.total;
  const byStart = new Map(expected.slots.map((slot) => [slot.startsAt, slot]));
  for (const { startsAt, powerW, stationsCounted } of slots.toReversed()) {
    const slot = byStart.get(startsAt);
    if (powerW === null || !slot?.expectedPowerW || stationsCounted < least) continue;
    if (slot.stationsCounted < least) return null;
    return powerW / stationsCounted / (slot.expectedPowerW / slot.stationsCounted);
  }
  return null;
}
