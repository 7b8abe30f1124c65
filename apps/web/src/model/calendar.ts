import type { StationEnergy } from '#contracts';
import { addDays, daysBetween } from '#domain';

type EnergyItem = StationEnergy['items'][number];
/** A day of the calendar: `item` is null where nothing is known of it; `isShown` is false for days yet to come. */
export interface CalendarDay {
  day: string;
  item: EnergyItem | null;
  isComing: boolean;
}
export interface CalendarMonth {
  month: number;
  days: CalendarDay[];
  /** Full-load hours of the days that are known; null of none. */
  hours: number | null;
}

/** Steps of the scale: full-load hours of a village station lie between 0 and 8 hours a day. */
export const CALENDAR_STEPS = [1, 2, 3, 4, 5] as const;

/** Step of the colour, 0 to 5; the number is in the cell's text. */
export function calendarStep(hours: number): number {
  return CALENDAR_STEPS.filter((from) => hours >= from).length;
}

/** First day of a year and of the next one: what the energy is asked for. */
export function yearRange(year: number): { from: string; to: string } {
  return { from: `${year}-01-01`, to: `${year + 1}-01-01` };
}

/** Twelve months of days by the server's own dates; no time zone of the browser is in it. */
export function calendarYear(
  items: readonly EnergyItem[],
  { year, today }: { year: number; today: string },
): CalendarMonth[] {
  const known = new Map(items.map((item) => [item.period, item]));
  return Array.from({ length: 12 }, (_, index) => {
    const first = `${year}-${String(index + 1).padStart(2, '0')}-01`;
    const next = `${addDays(first, 31).slice(0, 7)}-01`;
    const days = daysBetween(first, next).map((day): CalendarDay => {
      const item = known.get(day) ?? null;
      return { day, item: item?.energyWh === null ? null : item, isComing: day > today };
    });
    const hours = days.flatMap(({ item }) => item?.fullLoadHours ?? []);
    return {
      month: index + 1,
      days,
      hours: hours.length === 0 ? null : hours.reduce((sum, value) => sum + value, 0),
    };
  });
}
