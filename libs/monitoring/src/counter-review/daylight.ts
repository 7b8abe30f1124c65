import { dayOf, sunTimes } from '#domain';

/** Inverters wake in the twilight, and a meter may show the last light a little late. */
const TWILIGHT_MS = 45 * 60_000;

export interface Place {
  latitudeDeg: number;
  longitudeDeg: number;
}

/** Whether there is light at a place at an instant (epoch ms), twilight included. Remembers the days it was asked for. */
export function daylightAt(place: Place): (atMs: number) => boolean {
  const days = new Map<string, { fromMs: number; toMs: number }>();
  return (atMs) => {
    const day = dayOf(atMs);
    let light = days.get(day);
    if (!light) {
      const { sunriseMs, sunsetMs } = sunTimes({ day, ...place });
      light = { fromMs: sunriseMs - TWILIGHT_MS, toMs: sunsetMs + TWILIGHT_MS };
      days.set(day, light);
    }
    return atMs >= light.fromMs && atMs <= light.toMs;
  };
}
