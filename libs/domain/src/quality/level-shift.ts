import { LEVEL_DAYS, LEVEL_FACTOR } from './quality-limits.ts';
import { medianOf } from './runs.ts';

export interface DayValue {
  day: string;
  /** Null is unknown and is passed over. */
  value: number | null;
}

/** From `day` on the level is `factor` times what it was. */
export interface LevelShift {
  day: string;
  factor: number;
}

/**
 * Days from which on a series of daily sums stands on another level: the median of the 30 known days from there on is
 * at least twice or at most half that of the 30 before. Of neighbouring candidates the sharpest one is taken.
 */
export function findLevelShifts(days: readonly DayValue[]): LevelShift[] {
  const known = days.flatMap(({ day, value }) => (value !== null && value > 0 ? [{ day, value }] : []));
  const shifts: LevelShift[] = [];
  let best: (LevelShift & { index: number; sharpness: number }) | undefined;
  for (let index = LEVEL_DAYS; index <= known.length - LEVEL_DAYS; index += 1) {
    const before = known.slice(index - LEVEL_DAYS, index).map(({ value }) => value);
    const after = known.slice(index, index + LEVEL_DAYS).map(({ value }) => value);
    const factor = (medianOf(after) ?? 0) / (medianOf(before) ?? 1);
    if (best && index - best.index >= LEVEL_DAYS) {
      shifts.push({ day: best.day, factor: best.factor });
      best = undefined;
    }
    if (Math.max(factor, 1 / factor) < LEVEL_FACTOR) continue;
    const sharpness = separation(before, after);
    if (!best || sharpness > best.sharpness)
      best = { day: known[index]?.day ?? '', factor, index, sharpness };
  }
  if (best) shifts.push({ day: best.day, factor: best.factor });
  return shifts;
}

/** How many of the pairs of a day before and a day after lie on the same side, and by how much: sum of the logs. */
function separation(before: readonly number[], after: readonly number[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + Math.log(value), 0) / values.length;
  return Math.abs(mean(after) - mean(before));
}
