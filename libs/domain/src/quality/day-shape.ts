import type { KnownPoint } from './outliers.ts';
import { CLEAR_PEAK, CLEAR_ROUGHNESS, GAP_INTERVALS, LIGHT_SHARE, NIGHT_SHARE } from './quality-limits.ts';

/** What the power of a day says of the clock of the device. */
export interface DayShape {
  day: string;
  /** How much later than solar noon the middle of the light is; null where the day is not clear. */
  middleOffMs: number | null;
  /** Values with power while the sun is far down. */
  nightCount: number;
  /** How much later than solar noon most of the power is, round the clock; null where there is none. */
  weightOffMs: number | null;
}

const DAY_MS = 86_400_000;

/**
 * The shape of a day. Points are believable, neither stale nor drawn, and of that day; `isNight` is true where the
 * sun is so far down that no inverter delivers.
 *
 * The middle lies between the first and the last light, and not at the weight of the day: so it does not matter where
 * the modules look to, whether the inverter clips, or where hills stand on both sides.
 */
export function dayShape(
  points: readonly KnownPoint[],
  question: {
    day: string;
    ratedPowerW: number;
    intervalMs: number;
    noonMs: number;
    isNight: (atMs: number) => boolean;
  },
): DayShape {
  const { day, ratedPowerW, intervalMs, noonMs, isNight } = question;
  const nightCount = points.filter(
    ({ atMs, powerW }) => powerW > NIGHT_SHARE * ratedPowerW && isNight(atMs),
  ).length;
  const weightOffMs = weightOff(points, noonMs);
  const lit = points.filter(({ powerW }) => powerW >= LIGHT_SHARE * ratedPowerW);
  const [first] = lit;
  const last = lit.at(-1);
  const base = { day, nightCount, weightOffMs };
  if (!first || !last) return { ...base, middleOffMs: null };
  const between = points.filter(
    ({ atMs }) => atMs >= first.atMs - intervalMs && atMs <= last.atMs + intervalMs,
  );
  // The light must be seen to come and to go: a series that begins in daylight has its middle anywhere.
  const isWhole = between[0] !== first && between.at(-1) !== last && !hasGap(between, intervalMs);
  const isClear = isWhole && isSmooth(between, ratedPowerW);
  return { ...base, middleOffMs: isClear ? (first.atMs + last.atMs) / 2 - noonMs : null };
}

function hasGap(points: readonly KnownPoint[], intervalMs: number): boolean {
  return points.some(
    ({ atMs }, index) => index > 0 && atMs - (points[index - 1]?.atMs ?? atMs) > GAP_INTERVALS * intervalMs,
  );
}

/** One hump: the power goes up once and down once, with little besides. */
function isSmooth(points: readonly KnownPoint[], ratedPowerW: number): boolean {
  let peakW = 0;
  let travelW = 0;
  for (const [index, { powerW }] of points.entries()) {
    peakW = Math.max(peakW, powerW);
    if (index > 0) travelW += Math.abs(powerW - (points[index - 1]?.powerW ?? powerW));
  }
  return peakW >= CLEAR_PEAK * ratedPowerW && travelW <= 2 * CLEAR_ROUGHNESS * peakW;
}

/** Mean direction of the power on the circle of the day, from solar noon, -12 h to +12 h. */
function weightOff(points: readonly KnownPoint[], noonMs: number): number | null {
  let x = 0;
  let y = 0;
  for (const { atMs, powerW } of points) {
    const angle = ((atMs - noonMs) / DAY_MS) * 2 * Math.PI;
    x += Math.max(0, powerW) * Math.cos(angle);
    y += Math.max(0, powerW) * Math.sin(angle);
  }
  return x === 0 && y === 0 ? null : (Math.atan2(y, x) / (2 * Math.PI)) * DAY_MS;
}
