import { addDays, daysBetween } from '#domain';
import type { StationEnergy } from '#contracts';

/** First day of the month of `day`, moved by whole months. */
export function monthStart(day: string, months = 0): string {
  const index = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months;
  const month = String((index % 12) + 1).padStart(2, '0');
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${month}-01`;
}

/** What to ask for: the month of `today` by day, or thirteen months by month so that last year's is beside this. */
export function energyRange(today: string, by: StationEnergy['by']): { from: string; to: string } {
  return by === 'day'
    ? { from: monthStart(today), to: addDays(today, 1) }
    : { from: monthStart(today, -12), to: addDays(today, 1) };
}

/** Fills a month by day up to its last day; days still to come expect no data (`days: 0`), so they are no gap. */
export function withDaysToCome(items: StationEnergy['items'], today: string): StationEnergy['items'] {
  const known = new Set(items.map((item) => item.period));
  const coming = daysBetween(addDays(today, 1), monthStart(today, 1)).filter((day) => !known.has(day));
  return [
    ...items,
    ...coming.map((period) => ({
      period,
      energyWh: null,
      fullLoadHours: null,
      quality: 'none' as const,
      methods: [],
      daysCounted: 0,
      days: 0,
    })),
  ];
}
