import { fraction, roundFraction } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { monthRange } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';

/** Days of half-open ranges; a contract is billed for the part of its period that it covers. */
export interface ProratedFee {
  from: string;
  to: string;
  daysBilled: number;
  daysInPeriod: number;
  amountFen: bigint;
}

/** Longest contract that is prorated in one go. */
const MONTHS_MAX = 600;

/**
 * Fee of a part of a period: days of the part over days of the *whole* period, rounded half up once.
 * @throws MoneyError `money.bad_range` where the part is empty or reaches outside the period
 */
export function prorateFee(input: {
  periodFeeFen: bigint;
  period: { from: string; to: string };
  from: string;
  to: string;
}): ProratedFee {
  const { periodFeeFen, period, from, to } = input;
  if (from >= to || from < period.from || to > period.to)
    throw new MoneyError('money.bad_range', '计费日期不在周期内 (part is empty or outside the period)');
  const daysBilled = daysBetween(from, to).length;
  const daysInPeriod = daysBetween(period.from, period.to).length;
  const amountFen = roundFraction(fraction(periodFeeFen * BigInt(daysBilled), BigInt(daysInPeriod)));
  return { from, to, daysBilled, daysInPeriod, amountFen };
}

/**
 * A monthly fee over `from <= day < to`: each month by its own number of days, each line rounded once.
 * @throws MoneyError `money.bad_range`
 */
export function monthlyFee(input: { monthFeeFen: bigint; from: string; to: string }): ProratedFee[] {
  const lines: ProratedFee[] = [];
  let { from } = input;
  if (from >= input.to) throw new MoneyError('money.bad_range', '空区间 (empty range)');
  while (from < input.to) {
    if (lines.length === MONTHS_MAX) throw new MoneyError('money.bad_range', '区间过长 (range too long)');
    const period = monthRange(from.slice(0, 7));
    const to = period.to < input.to ? period.to : input.to;
    lines.push(prorateFee({ periodFeeFen: input.monthFeeFen, period, from, to }));
    from = to;
  }
  return lines;
}
