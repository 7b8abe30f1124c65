/**
 * Days, months and quarter hours in Asia/Shanghai. China has kept UTC+8 without summer time since 1991-09-15, so for
 * every instant this product can meet the zone is a fixed offset, and plain arithmetic is exact.
 */
export const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
export const QUARTER_HOUR_MS = 900_000;
export const DAY_MS = 86_400_000;
export const QUARTER_HOURS_PER_DAY = 96;

/** Readings of one day come together: the text of the last day asked for is kept. */
let lastDay = { number: Number.NaN, day: '' };

/** `YYYY-MM-DD` in Asia/Shanghai of an instant in epoch ms. */
export function dayOf(instantMs: number): string {
  const dayNumber = Math.floor((instantMs + SHANGHAI_OFFSET_MS) / DAY_MS);
  if (dayNumber !== lastDay.number)
    lastDay = { number: dayNumber, day: new Date(dayNumber * DAY_MS).toISOString().slice(0, 10) };
  return lastDay.day;
}

/** `YYYY-MM` in Asia/Shanghai of an instant in epoch ms. */
export function monthOf(instantMs: number): string {
  return dayOf(instantMs).slice(0, 7);
}

/** Epoch ms at which the Shanghai day `YYYY-MM-DD` begins. */
export function dayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`) - SHANGHAI_OFFSET_MS;
}

/** The Shanghai day `days` later; negative goes back. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00.000Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Shanghai days from `from` up to, not including, `to`. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day < to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Day of the year, 1 to 366. */
export function dayOfYear(day: string): number {
  return Math.round((Date.parse(day) - Date.parse(`${day.slice(0, 4)}-01-01`)) / DAY_MS) + 1;
}

/** Epoch ms of the quarter hour that holds an instant. Shanghai's offset is whole hours, so UTC quarters are its own. */
export function quarterHourStartMs(instantMs: number): number {
  return Math.floor(instantMs / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
}
