import { MoneyError } from '../allocation/money-error.ts';
import { addDays, daysBetween } from '../time/shanghai.ts';
import { HOLIDAY_YEARS, type HolidayYear } from './holidays.ts';

/** Longest count: two years, so that a wrong date is an error and not a loop. */
export const WORKING_DAYS_MAX = 500;

/**
 * Working days in mainland China: weekdays without the days off, and the swapped Saturdays and Sundays. Clocks of the
 * rules (notice, township check, payment) run on it; a year without its notice is refused, never guessed.
 */
export class WorkingCalendar {
  private readonly known: ReadonlySet<number>;
  private readonly off: ReadonlySet<string>;
  private readonly swapped: ReadonlySet<string>;

  constructor(years: readonly HolidayYear[] = HOLIDAY_YEARS) {
    this.known = new Set(years.map(({ year }) => year));
    this.off = new Set(
      years.flatMap(({ holidays }) =>
        holidays.flatMap(([first, last]) => daysBetween(first, addDays(last, 1))),
      ),
    );
    this.swapped = new Set(years.flatMap(({ workingDays }) => workingDays));
  }

  /** @throws MoneyError `calendar.year_unknown` where the notice of the year is not known */
  isWorkingDay(day: string): boolean {
    if (!this.known.has(Number(day.slice(0, 4))))
      throw new MoneyError(
        'calendar.year_unknown',
        `${day.slice(0, 4)} 年放假安排未知 (days off of the year are not known)`,
      );
    if (this.swapped.has(day)) return true;
    return !this.off.has(day) && !isWeekend(day);
  }

  /**
   * The day that is `count` working days after `day`, which itself does not count (民法典第二百零一条). With 0 the day
   * itself where it is worked, or else the next one that is.
   * @throws MoneyError `calendar.year_unknown`, `money.bad_range`
   */
  addWorkingDays(day: string, count: number): string {
    if (!Number.isInteger(count) || count < 0 || count > WORKING_DAYS_MAX)
      throw new MoneyError('money.bad_range', `工作日数不合理 (count out of range): ${count}`);
    let current = day;
    let left = count;
    while (left > 0 || !this.isWorkingDay(current)) {
      current = addDays(current, 1);
      if (left > 0 && this.isWorkingDay(current)) left -= 1;
    }
    return current;
  }

  /** Working days of `from <= day < to`. @throws MoneyError `calendar.year_unknown` */
  workingDaysBetween(from: string, to: string): number {
    return daysBetween(from, to).filter((day) => this.isWorkingDay(day)).length;
  }
}

function isWeekend(day: string): boolean {
  const weekday = new Date(`${day}T00:00:00.000Z`).getUTCDay();
  return weekday === 0 || weekday === 6;
}
