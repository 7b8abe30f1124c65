import { describe, expect, it } from 'vitest';
import { MoneyError } from '../allocation/money-error.ts';
import { addDays } from '../time/shanghai.ts';
import { HOLIDAY_YEARS } from './holidays.ts';
import { WorkingCalendar } from './working-days.ts';

const calendar = new WorkingCalendar();
const weekday = (day: string) => new Date(`${day}T00:00:00.000Z`).getUTCDay();

describe('working days', () => {
  it('skip weekends and days off, and count swapped days', () => {
    // National day and mid-autumn 2025: off 1–8 October, worked on Sunday 28 September and Saturday 11 October.
    expect(calendar.isWorkingDay('2025-09-28')).toBe(true);
    expect(calendar.isWorkingDay('2025-10-08')).toBe(false);
    expect(calendar.addWorkingDays('2025-09-30', 1)).toBe('2025-10-09');
    expect(calendar.addWorkingDays('2025-09-30', 3)).toBe('2025-10-11');
    expect(calendar.addWorkingDays('2025-10-01', 0)).toBe('2025-10-09');
    expect(calendar.workingDaysBetween('2025-10-01', '2025-11-01')).toBe(18);
  });

  it('know the prolonged spring festival of 2020', () => {
    expect(calendar.isWorkingDay('2020-01-31')).toBe(false);
    expect(calendar.isWorkingDay('2020-02-01')).toBe(false);
    expect(calendar.isWorkingDay('2020-02-03')).toBe(true);
  });

  it('refuse a year whose notice is not known, also on the way', () => {
    const codeOf = (work: () => unknown) => {
      try {
        work();
        return null;
      } catch (error) {
        return error instanceof MoneyError ? error.code : String(error);
      }
    };
    expect(codeOf(() => calendar.isWorkingDay('2018-12-31'))).toBe('calendar.year_unknown');
    expect(codeOf(() => calendar.addWorkingDays('2026-12-31', 1))).toBe('calendar.year_unknown');
    expect(codeOf(() => calendar.workingDaysBetween('2026-12-30', '2027-01-03'))).toBe(
      'calendar.year_unknown',
    );
    expect(codeOf(() => calendar.addWorkingDays('2025-01-01', -1))).toBe('money.bad_range');
  });
});

describe('the days off of a year', () => {
  it.each(HOLIDAY_YEARS.map((each) => [each.year, each] as const))('%s are well formed', (year, each) => {
    for (const [first, last] of each.holidays) {
      expect(first <= last).toBe(true);
      expect([first.slice(0, 4), last.slice(0, 4)]).toEqual([String(year), String(year)]);
    }
    const off = new Set(
      each.holidays.flatMap(([first, last]) => {
        const days: string[] = [];
        for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
        return days;
      }),
    );
    for (const day of each.workingDays) {
      expect([0, 6]).toContain(weekday(day));
      expect(off.has(day)).toBe(false);
    }
    // 248 to 252 working days a year is what the notices have given.
    const worked = calendar.workingDaysBetween(`${year}-01-01`, `${year + 1}-01-01`);
    expect(worked).toBeGreaterThanOrEqual(247);
    expect(worked).toBeLessThanOrEqual(252);
  });
});
