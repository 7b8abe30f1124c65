import type { Fleet, LiveFleet } from '#contracts';

/**
 * Puts a live piece into the loaded overview. A piece for another area or older than what is shown is dropped: after
 * a reconnect the stream may repeat what the full answer already holds.
 */
export function mergeLiveFleet(fleet: Fleet, live: LiveFleet): Fleet {
  if (fleet.area.code !== live.area.code || live.asOf < fleet.asOf) return fleet;
  return { ...fleet, ...live };
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
