import { divRoundHalfUp } from '../money/value.ts';
import { MoneyError } from './money-error.ts';

/** An exact rational number in lowest terms; the denominator is positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** @throws MoneyError `money.bad_fraction` where the denominator is zero */
export function fraction(numerator: bigint, denominator = 1n): Fraction {
  if (denominator === 0n) throw new MoneyError('money.bad_fraction', '分母为零 (denominator is zero)');
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor };
}

export const ZERO: Fraction = fraction(0n);
export const ONE: Fraction = fraction(1n);

/**
 * Exact value of a decimal text such as `33.33` or `-0.5`; a share that was rounded stays what was written.
 * @throws MoneyError `money.bad_fraction` for anything else, so also for `NaN`, an exponent and the empty text
 */
export function fractionOfDecimal(text: string): Fraction {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match) throw new MoneyError('money.bad_fraction', `不是小数 (not a decimal): ${text.slice(0, 40)}`);
  const decimals = match[3] ?? '';
  const magnitude = BigInt(`${match[2] ?? ''}${decimals}`);
  return fraction(match[1] === '-' ? -magnitude : magnitude, 10n ** BigInt(decimals.length));
}

/** Fraction of a percentage: `2.9` is 29/1000. @throws MoneyError `money.bad_fraction` */
export function fractionOfPercent(text: string): Fraction {
  return multiplyFractions(fractionOfDecimal(text), fraction(1n, 100n));
}

export function addFractions(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function multiplyFractions(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function sumFractions(values: Iterable<Fraction>): Fraction {
  let sum = ZERO;
  for (const value of values) sum = addFractions(sum, value);
  return sum;
}

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareFractions(a: Fraction, b: Fraction): -1 | 0 | 1 {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** Largest whole number not above the value. */
export function floorFraction(value: Fraction): bigint {
  const quotient = value.numerator / value.denominator;
  return value.numerator < 0n && quotient * value.denominator !== value.numerator ? quotient - 1n : quotient;
}

/** Smallest whole number not below the value: a legal minimum is never missed by a part of a fen. */
export function ceilFraction(value: Fraction): bigint {
  return -floorFraction({ numerator: -value.numerator, denominator: value.denominator });
}

/** Nearest whole number, halves away from zero. */
export function roundFraction(value: Fraction): bigint {
  return divRoundHalfUp(value.numerator, value.denominator);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (right !== 0n) [left, right] = [right, left % right];
  return left === 0n ? 1n : left;
}
