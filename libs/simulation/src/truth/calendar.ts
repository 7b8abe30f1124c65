import { addDays, DAY_MS, dayOf, dayOfYear, dayStartMs } from '#domain';

/** First day of the model. Counters begin here with what a station had made before; no clock may show an earlier day. */
export const EPOCH_DAY = '2024-01-01';
export const EPOCH_MS = dayStartMs(EPOCH_DAY);

/** Energy is known at these knots; between two of them the power does not change. */
export const KNOT_MS = 300_000;
export const KNOTS_PER_DAY = 288;
export const KNOTS_PER_HOUR = 12;

/** Number of a Shanghai day, 0 for the first day of the model. */
export const dayIndexAt = (instantMs: number): number => Math.floor((instantMs - EPOCH_MS) / DAY_MS);
export const dayIndexOf = (day: string): number => dayIndexAt(dayStartMs(day));
export const dayOfIndex = (dayIndex: number): string => addDays(EPOCH_DAY, dayIndex);
export const startOfDayIndexMs = (dayIndex: number): number => EPOCH_MS + dayIndex * DAY_MS;

/** Month 0 to 11 and day of the year 1 to 366 of a day number. */
export function seasonOf(dayIndex: number): { month: number; dayOfYear: number } {
  const day = dayOfIndex(dayIndex);
  return { month: Number(day.slice(5, 7)) - 1, dayOfYear: dayOfYear(day) };
}

/** First day number of the month of a day and of the month after it. */
export function monthSpan(dayIndex: number): { first: number; next: number; month: number; year: number } {
  const day = dayOf(startOfDayIndexMs(dayIndex));
  const year = Number(day.slice(0, 4));
  const month = Number(day.slice(5, 7)) - 1;
  const following = month === 11 ? `${year + 1}-01-01` : `${year}-${String(month + 2).padStart(2, '0')}-01`;
  return { first: dayIndexOf(`${day.slice(0, 8)}01`), next: dayIndexOf(following), month, year };
}
