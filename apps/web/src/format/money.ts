import { UNKNOWN, type Locale, type Quantity } from './quantity.ts';

/**
 * Money comes as whole fen in a decimal string and stays a bigint until it is text: a double cannot hold every fen
 * of a large sum. Rounding for display is half away from zero and never feeds a further calculation.
 */
interface MoneyStep {
  fromFen: bigint;
  unitFen: bigint;
  unit: string;
}

const STEPS: Record<Locale, readonly [MoneyStep, ...MoneyStep[]]> = {
  'zh-CN': [
    { fromFen: 0n, unitFen: 100n, unit: '元' },
    { fromFen: 1_000_000n, unitFen: 1_000_000n, unit: '万元' },
    { fromFen: 10_000_000_000n, unitFen: 10_000_000_000n, unit: '亿元' },
  ],
  en: [
    { fromFen: 0n, unitFen: 100n, unit: 'yuan' },
    { fromFen: 1_000_000n, unitFen: 100_000n, unit: 'k yuan' },
    { fromFen: 100_000_000n, unitFen: 100_000_000n, unit: 'M yuan' },
  ],
};
const SIGNIFICANT_DIGITS = 4;
const DECIMALS_MAX = 2;

const group = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

function divided(amount: bigint, unit: bigint, decimals: number): string {
  const factor = 10n ** BigInt(decimals);
  const scaled = (amount * factor * 2n + unit) / (unit * 2n);
  const whole = group((scaled / factor).toString());
  return decimals === 0 ? whole : `${whole}.${(scaled % factor).toString().padStart(decimals, '0')}`;
}

function parseFen(amountFen: string | null): bigint | null {
  return amountFen !== null && /^-?\d+$/.test(amountFen) ? BigInt(amountFen) : null;
}

/** Yuan with two decimals from fen, such as `786,000,000.00 元`; exact at any size. */
export function exactYuan(amountFen: string | null, locale: Locale): string {
  const amount = parseFen(amountFen);
  if (amount === null) return UNKNOWN;
  const sign = amount < 0n ? '−' : '';
  const size = amount < 0n ? -amount : amount;
  return `${sign}${divided(size, 100n, 2)} ${locale === 'en' ? 'yuan' : '元'}`;
}

/**
 * An amount as it stands in a book: yuan with both decimals and no unit, below zero in brackets, `(1,234.50)`; exact at any
 * size. The unit is in the head of the column.
 */
export function bookedYuan(amountFen: string | null): string {
  const amount = parseFen(amountFen);
  if (amount === null) return UNKNOWN;
  return amount < 0n ? `(${divided(-amount, 100n, 2)})` : divided(amount, 100n, 2);
}

/** Fen as 元, 万元 or 亿元 (yuan, k yuan, M yuan) with at most four significant digits. */
export function formatFen(amountFen: string | null, locale: Locale): Quantity {
  const steps = STEPS[locale];
  const amount = parseFen(amountFen);
  if (amount === null) return { value: UNKNOWN, unit: '', exact: '' };
  const size = amount < 0n ? -amount : amount;
  const step = steps.findLast((candidate) => size >= candidate.fromFen) ?? steps[0];
  const decimalsOf = (whole: bigint) =>
    Math.max(0, Math.min(DECIMALS_MAX, SIGNIFICANT_DIGITS - whole.toString().length));
  const decimals = decimalsOf(size / step.unitFen);
  const rounded = divided(size, step.unitFen, decimals).replaceAll(',', '').split('.')[0] ?? '0';
  const value = divided(size, step.unitFen, decimalsOf(BigInt(rounded)));
  return {
    value: amount === 0n ? '0' : `${amount < 0n ? '−' : ''}${value}`,
    unit: step.unit,
    exact: exactYuan(amountFen, locale),
  };
}

/** A price in hao (1/10,000 yuan) per kWh as yuan with four decimals, such as `0.3320`. */
export function formatHaoPrice(priceHaoPerKwh: number): string {
  return Number.isSafeInteger(priceHaoPerKwh)
    ? `${priceHaoPerKwh < 0 ? '−' : ''}${divided(BigInt(Math.abs(priceHaoPerKwh)), 10_000n, 4)}`
    : UNKNOWN;
}

/** A share as a fraction and as per cent with two decimals, by whole numbers: `1/3`, `33.33 %`. */
export function formatFraction(
  share: { numerator: string; denominator: string } | null,
): { fraction: string; percent: string } | null {
  if (!share || !/^\d+$/.test(share.numerator) || !/^\d+$/.test(share.denominator)) return null;
  const denominator = BigInt(share.denominator);
  if (denominator === 0n) return null;
  return {
    fraction: `${share.numerator}/${share.denominator}`,
    percent: `${divided(BigInt(share.numerator) * 100n, denominator, 2)} %`,
  };
}
