/**
 * Numbers as an operator reads them: a step of unit by size, at most four significant digits, the exact value
 * beside it. Null and anything not finite become a dash, never NaN and never 0.
 */
export type Locale = 'zh-CN' | 'en';

/** A shown number. `exact` goes into the title, so that hover and focus give the full value. */
export interface Quantity {
  value: string;
  unit: string;
  exact: string;
}

/** What stands for an unknown value. */
export const UNKNOWN = '—';
const SIGNIFICANT_DIGITS = 4;
const DECIMALS_MAX = 2;

const formatters = new Map<number, Intl.NumberFormat>();

/** A number with grouping commas and a fixed count of decimals. */
export function fixed(value: number, decimals: number): string {
  let formatter = formatters.get(decimals);
  if (!formatter) {
    formatter = new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formatters.set(decimals, formatter);
  }
  // A rounded negative must not read "-0".
  return formatter.format(value).replace(/^-(0(?:\.0+)?)$/, '$1');
}

/** At most four significant digits and two decimals; the decimals do not come and go while a number moves. */
export function significant(value: number): string {
  if (value === 0) return '0';
  const integerDigits = (size: number) => Math.max(1, Math.floor(Math.log10(Math.max(size, 1))) + 1);
  const decimalsOf = (size: number) =>
    Math.max(0, Math.min(DECIMALS_MAX, SIGNIFICANT_DIGITS - integerDigits(size)));
  const decimals = decimalsOf(Math.abs(value));
  // 99.996 has two integer digits before rounding and three after it.
  const rounded = Number(Math.abs(value).toFixed(decimals));
  return fixed(value, decimalsOf(rounded));
}

interface Step {
  from: number;
  divisor: number;
  unit: string;
}

function stepped(value: number, steps: readonly Step[], exact: string): Quantity {
  const size = Math.abs(value);
  const step = steps.findLast((candidate) => size >= candidate.from) ?? steps[0];
  if (!step) return NOTHING;
  return { value: significant(value / step.divisor), unit: step.unit, exact };
}

const POWER_STEPS: readonly Step[] = [
  { from: 0, divisor: 1e3, unit: 'kW' },
  { from: 1e6, divisor: 1e6, unit: 'MW' },
];
const ENERGY_STEPS: Record<Locale, readonly Step[]> = {
  'zh-CN': [
    { from: 0, divisor: 1e3, unit: 'kWh' },
    { from: 1e7, divisor: 1e7, unit: '万千瓦时' },
    { from: 1e11, divisor: 1e11, unit: '亿千瓦时' },
  ],
  en: [
    { from: 0, divisor: 1e3, unit: 'kWh' },
    { from: 1e6, divisor: 1e6, unit: 'MWh' },
    { from: 1e9, divisor: 1e9, unit: 'GWh' },
  ],
};

const isKnown = (value: number | null): value is number => value !== null && Number.isFinite(value);
/** A dash without a unit: there is no number that the unit could belong to. */
const NOTHING: Quantity = { value: UNKNOWN, unit: '', exact: '' };

/** Power in W as kW or MW. */
export function formatPower(powerW: number | null): Quantity {
  if (!isKnown(powerW)) return NOTHING;
  return stepped(powerW, POWER_STEPS, `${fixed(powerW / 1e3, 3)} kW`);
}

/** Energy in Wh as kWh and 万千瓦时 in Chinese, kWh, MWh and GWh in English. */
export function formatEnergy(energyWh: number | null, locale: Locale): Quantity {
  if (!isKnown(energyWh)) return NOTHING;
  return stepped(energyWh, ENERGY_STEPS[locale], `${fixed(energyWh / 1e3, 3)} kWh`);
}

/** Divisor and unit that suit an axis whose largest value is `maxW`. */
export function powerScale(maxW: number): { divisor: number; unit: string } {
  return maxW >= 1e6 ? { divisor: 1e6, unit: 'MW' } : { divisor: 1e3, unit: 'kW' };
}

/** Divisor and unit that suit an axis whose largest value is `maxWh`. */
export function energyScale(maxWh: number, locale: Locale): { divisor: number; unit: string } {
  const step = ENERGY_STEPS[locale].findLast((candidate) => maxWh >= candidate.from);
  return step ? { divisor: step.divisor, unit: step.unit } : { divisor: 1e3, unit: 'kWh' };
}

/** Full-load hours with two decimals. */
export function formatHours(hours: number | null, locale: Locale): Quantity {
  const unit = locale === 'en' ? 'h' : '小时';
  if (!isKnown(hours)) return NOTHING;
  return { value: fixed(hours, 2), unit, exact: `${fixed(hours, 4)} ${unit}` };
}

/** A share or ratio, 1 = 100 %. A share that is not zero is never rounded to it. */
export function formatRatio(ratio: number | null): string {
  if (!isKnown(ratio)) return UNKNOWN;
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  if (percent > 0 && percent < 1) return `${fixed(percent, 1)} %`;
  return `${fixed(percent, 0)} %`;
}

/** Change of `current` against `before` with its sign; a dash where there is nothing to compare with. */
export function formatChange(current: number | null, before: number | null): string {
  if (!isKnown(current) || !isKnown(before) || before === 0) return UNKNOWN;
  return formatDeviation(current / before - 1);
}

/** A relative difference with its sign, 0.05 = +5.0 %. */
export function formatDeviation(difference: number | null): string {
  if (!isKnown(difference)) return UNKNOWN;
  const text = fixed(difference * 100, 1);
  if (text === '0.0') return '0.0 %';
  return difference > 0 ? `+${text} %` : `${text.replace('-', '−')} %`;
}

/** A whole number with grouping commas. */
export function formatCount(count: number | null): string {
  return isKnown(count) ? fixed(count, 0) : UNKNOWN;
}

/** Value and unit in one text. */
export function joined(quantity: Quantity): string {
  return quantity.unit === '' ? quantity.value : `${quantity.value} ${quantity.unit}`;
}
