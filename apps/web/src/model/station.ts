import type { LiveStation, StationDetail } from '#contracts';

/** Puts a live piece into the loaded station; one for another station or older than what is shown is dropped. */
export function mergeLiveStation(detail: StationDetail, live: LiveStation): StationDetail {
  if (detail.station.code !== live.station.code || live.asOf < detail.asOf) return detail;
  return { ...detail, asOf: live.asOf, clock: live.clock, station: live.station };
}
