import { addDays, DAY_MS, dayStartMs } from '../time/shanghai.ts';
import type { DayShape } from './day-shape.ts';
import {
  NIGHT_COUNT,
  SHIFT_CLEAR_DAYS,
  SHIFT_TOLERANCE_MS,
  SHIFT_USUAL_DAYS,
  SHIFT_USUAL_MAX_MS,
  SHIFT_WINDOW_DAYS,
} from './quality-limits.ts';
import type { QualityFlag } from './quality-types.ts';
import { medianOf } from './runs.ts';

/** A clock or zone that is wrong, with how much the stamps are ahead of the sun. */
export interface TimeShift extends QualityFlag {
  kind: 'shift';
  offsetMs: number;
}

/**
 * Whether the stamps of a device are displaced on a day. At once where there is power at night (case TIM-08); else
 * where the last five clear days up to it are all displaced to the same side of what is usual for the device. Days that
 * are displaced do not become usual within the window.
 * @param shapes of the device, in order of days; only those of the 90 days up to `day` are used.
 */
export function timeShiftOf(day: string, shapes: readonly DayShape[]): TimeShift | null {
  const begin = addDays(day, -SHIFT_WINDOW_DAYS);
  const known = shapes.filter((shape) => shape.day <= day && shape.day > begin);
  const toMs = dayStartMs(day) + DAY_MS - 1;
  const own = known.find((shape) => shape.day === day);
  if (own && own.nightCount >= NIGHT_COUNT && own.weightOffMs !== null)
    return { kind: 'shift', fromMs: dayStartMs(day), toMs, count: 1, offsetMs: own.weightOffMs };
  const displaced = displacedAtEnd(known);
  const [first] = displaced;
  const offsetMs = medianOf(displaced.map(({ offMs }) => offMs));
  if (!first || offsetMs === undefined || displaced.length < SHIFT_CLEAR_DAYS) return null;
  return { kind: 'shift', fromMs: dayStartMs(first.day), toMs, count: displaced.length, offsetMs };
}

interface ClearDay {
  day: string;
  offMs: number;
}

/** The clear days at the end of the window that are displaced to one side. */
function displacedAtEnd(shapes: readonly DayShape[]): ClearDay[] {
  const usual: number[] = [];
  let displaced: ClearDay[] = [];
  let side = 0;
  for (const { day, middleOffMs: offMs } of shapes) {
    if (offMs === null) continue;
    const awayMs = offMs - usualOff(usual);
    if (Math.abs(awayMs) <= SHIFT_TOLERANCE_MS) {
      usual.push(offMs);
      displaced = [];
      continue;
    }
    if (Math.sign(awayMs) !== side) displaced = [];
    side = Math.sign(awayMs);
    displaced.push({ day, offMs });
  }
  return displaced;
}

function usualOff(usual: readonly number[]): number {
  const offMs =
    usual.length < SHIFT_USUAL_DAYS.least ? 0 : (medianOf(usual.slice(-SHIFT_USUAL_DAYS.most)) ?? 0);
  return Math.max(-SHIFT_USUAL_MAX_MS, Math.min(SHIFT_USUAL_MAX_MS, offMs));
}
