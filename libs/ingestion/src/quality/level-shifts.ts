import { findLevelShifts, type DayValue, type LevelShift } from '#domain';

/** Known days that the rule compares on each side (libs/domain/src/quality/quality-limits.ts). */
const SIDE_DAYS = 30;
/** Days that are read: enough for a shift to have both sides, and for the edge below. */
export const LEVEL_WINDOW_DAYS = 180;

export interface LevelAnswer {
  /** The days of which the window can say something, both included; null where it is too short for that. */
  judged: { from: string; to: string } | null;
  shifts: LevelShift[];
}

/**
 * Level shifts of a station within the days that a window can judge. A shift that lies before the window's begin still
 * bends the medians of its first days, and would be found again a day later each day: of the candidates those are taken
 * that have two sides of known days before them. On the very last day that has thirty days after it a shift that is
 * still to come looks sharpest: that day waits for the next one.
 */
export function levelShiftsOf(days: readonly DayValue[]): LevelAnswer {
  const known = days.filter(({ value }) => value !== null && value > 0);
  const first = known[2 * SIDE_DAYS];
  const last = known.at(-SIDE_DAYS - 1);
  if (!first || !last || first.day > last.day) return { judged: null, shifts: [] };
  const judged = { from: first.day, to: last.day };
  return {
    judged,
    shifts: findLevelShifts(days).filter(({ day }) => day >= judged.from && day <= judged.to),
  };
}
