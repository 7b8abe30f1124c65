import { sunPosition } from '../solar/sun-position.ts';
import { sunTimes } from '../solar/sun-times.ts';
import { DAY_MS, dayStartMs } from '../time/shanghai.ts';

/** The sun is so high that an inverter must report (domain.md 3.2). */
const DAYLIGHT_DEG = 10;
/** Half of civil twilight is over: no inverter delivers a twentieth of its power. */
const NIGHT_DEG = -3;
const SCAN_MS = 5 * 60_000;

/** When it is light at a place on a Shanghai day. */
export interface SunLight {
  noonMs: number;
  daylight: (atMs: number) => boolean;
  isNight: (atMs: number) => boolean;
}

/** Daylight and night of a Shanghai day, to five minutes, for the instants of that day. */
export function sunLight(question: { day: string; latitudeDeg: number; longitudeDeg: number }): SunLight {
  const { day, ...place } = question;
  const startMs = dayStartMs(day);
  let [fromMs, toMs, dawnMs, duskMs] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let instantMs = startMs; instantMs < startMs + DAY_MS; instantMs += SCAN_MS) {
    const { elevationDeg } = sunPosition({ instantMs, ...place });
    if (elevationDeg > DAYLIGHT_DEG) [fromMs, toMs] = [Math.min(fromMs, instantMs), instantMs];
    if (elevationDeg > NIGHT_DEG) [dawnMs, duskMs] = [Math.min(dawnMs, instantMs), instantMs];
  }
  return {
    noonMs: sunTimes(question).noonMs,
    daylight: (atMs) => atMs >= fromMs && atMs <= toMs,
    isNight: (atMs) => atMs < dawnMs - SCAN_MS || atMs > duskMs + SCAN_MS,
  };
}
