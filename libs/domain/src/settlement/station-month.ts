import { monthRange } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';

/** Energy of a station-day: null is unknown; a substitute was estimated, and somebody signed it or a rule allows it. */
export interface MonthDay {
  day: string;
  energyWh: bigint | null;
  isSubstitute: boolean;
}

/**
 * What a station-month is worth for money: complete, complete with substitutes, or blocked. Blocked has no energy at
 * all: null is refused and never becomes zero (design.md section 8, 2).
 */
export type StationMonthState =
  | { state: 'complete'; energyWh: bigint }
  | {
      state: 'complete_with_substitutes';
      energyWh: bigint;
      substituteWh: bigint;
      substituteDays: string[];
      /** Part of the month's days, in hundredths of a percent, rounded half up. */
      substituteDaysBp: number;
    }
  | { state: 'blocked'; missingDays: string[]; reasons: StationMonthReason[] };

export type StationMonthReason = 'day_missing' | 'day_unknown' | 'day_negative' | 'day_twice';

/** State of a station-month from its days. @throws MoneyError `money.bad_range` for a bad month */
export function stationMonthState(month: string, days: readonly MonthDay[]): StationMonthState {
  const range = monthRange(month);
  const expected = daysBetween(range.from, range.to);
  const problems = new Map<string, StationMonthReason>();
  const found = new Map<string, MonthDay>();
  for (const each of days) {
    if (each.day < range.from || each.day >= range.to) continue;
    if (found.has(each.day)) problems.set(each.day, 'day_twice');
    found.set(each.day, each);
  }
  const known: { day: string; energyWh: bigint; isSubstitute: boolean }[] = [];
  for (const day of expected) {
    const each = found.get(day);
    if (!each) problems.set(day, 'day_missing');
    else if (each.energyWh === null) problems.set(day, 'day_unknown');
    else if (each.energyWh < 0n) problems.set(day, 'day_negative');
    else known.push({ day, energyWh: each.energyWh, isSubstitute: each.isSubstitute });
  }
  if (problems.size > 0)
    return {
      state: 'blocked',
      missingDays: [...problems.keys()].sort(),
      reasons: [...new Set(problems.values())].sort(),
    };
  const energyWh = known.reduce((sum, each) => sum + each.energyWh, 0n);
  const substitutes = known.filter(({ isSubstitute }) => isSubstitute);
  if (substitutes.length === 0) return { state: 'complete', energyWh };
  return {
    state: 'complete_with_substitutes',
    energyWh,
    substituteWh: substitutes.reduce((sum, each) => sum + each.energyWh, 0n),
    substituteDays: substitutes.map(({ day }) => day),
    substituteDaysBp: Math.round((substitutes.length * 10_000) / expected.length),
  };
}
