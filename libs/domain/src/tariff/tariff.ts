import { allocate, compareCodes } from '../allocation/allocate.ts';
import { addFractions, fraction, roundFraction, ZERO, type Fraction } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { energyOfSpan, type DayEnergyWh } from '../allocation/month.ts';
import { isInForce, spansOf } from '../allocation/shares.ts';

/**
 * What a price is made of is an open list (domain.md 2.1, requirement 22): `base`, `subsidy`, `mechanism_difference`,
 * `deviation` and what the next price document brings. Prices are whole hao (1/10,000 yuan) a kWh, tax included, and
 * may be negative.
 */
export interface DatedPrice {
  component: string;
  priceHaoPerKwh: bigint;
  effectiveFrom: string;
  effectiveTo: string | null;
}

/** One component of a settlement: rounded once, as the statement prints it. */
export interface PricedLine {
  component: string;
  energyWh: bigint;
  /** Before rounding. */
  exactFen: Fraction;
  amountFen: bigint;
  /** How the exact amount comes about: one span, or more where the price changed. */
  spans: { from: string; to: string; energyWh: bigint; priceHaoPerKwh: bigint }[];
}

export interface PricedRange {
  energyWh: bigint;
  lines: PricedLine[];
  /** Sum of the lines as shown, so that a table, its sum row and the entry agree. */
  totalFen: bigint;
}

/** fen = Wh × hao / (1000 Wh a kWh × 100 hao a fen). */
const WH_HAO_PER_FEN = 100_000n;

/** Components in force on a day, by name. @throws MoneyError `tariff.missing`, `tariff.overlap` */
export function pricesOn(prices: readonly DatedPrice[], day: string): DatedPrice[] {
  const inForce = prices
    .filter((price) => isInForce(price, day))
    .sort((a, b) => compareCodes(a.component, b.component));
  if (inForce.length === 0) throw new MoneyError('tariff.missing', `${day} 没有电价 (no price in force)`);
  inForce.forEach(({ component }, index) => {
    if (index > 0 && inForce[index - 1]?.component === component)
      throw new MoneyError('tariff.overlap', `${day} 电价重叠 (prices overlap): ${component}`);
  });
  return inForce;
}

/**
 * Value of settled energy over a range of days at the prices of each day. Where a price changes inside the range the
 * settled energy is divided over the spans as `days` were metered, to the Wh; old energy keeps its old price.
 * @throws MoneyError `money.unknown_value` for unknown energy, `tariff.missing`, `tariff.overlap`,
 *   `allocation.no_energy` where the price changes and no day generated
 */
export function priceRange(input: {
  energyWh: bigint | null;
  range: { from: string; to: string };
  prices: readonly DatedPrice[];
  days: readonly DayEnergyWh[];
}): PricedRange {
  const { energyWh, range, prices, days } = input;
  if (energyWh === null) throw new MoneyError('money.unknown_value', '结算电量未知 (settled energy unknown)');
  const spans = mergeEqual(
    spansOf(prices, range).map((span) => ({ ...span, prices: pricesOn(prices, span.from) })),
  );
  const energies = spans.length === 1 ? [energyWh] : energyBySpan(energyWh, spans, days);
  const lines = new Map<string, PricedLine>();
  spans.forEach(({ from, to, prices: inForce }, index) => {
    const spanWh = energies[index] ?? 0n;
    for (const { component, priceHaoPerKwh } of inForce) {
      const line = lines.get(component) ?? {
        component,
        energyWh: 0n,
        exactFen: ZERO,
        amountFen: 0n,
        spans: [],
      };
      line.energyWh += spanWh;
      line.exactFen = addFractions(line.exactFen, fraction(spanWh * priceHaoPerKwh, WH_HAO_PER_FEN));
      line.spans.push({ from, to, energyWh: spanWh, priceHaoPerKwh });
      lines.set(component, line);
    }
  });
  const rounded = [...lines.values()]
    .map((line) => ({ ...line, amountFen: roundFraction(line.exactFen) }))
    .sort((a, b) => compareCodes(a.component, b.component));
  return { energyWh, lines: rounded, totalFen: rounded.reduce((sum, { amountFen }) => sum + amountFen, 0n) };
}

interface PriceSpan {
  from: string;
  to: string;
  prices: DatedPrice[];
}

/** A new version of a price at the same value is no change: the month needs no metered days for it. */
function mergeEqual(spans: readonly PriceSpan[]): PriceSpan[] {
  const merged: PriceSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && samePrices(last.prices, span.prices)) last.to = span.to;
    else merged.push({ ...span });
  }
  return merged;
}

function samePrices(a: readonly DatedPrice[], b: readonly DatedPrice[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ component, priceHaoPerKwh }, index) =>
        b[index]?.component === component && b[index].priceHaoPerKwh === priceHaoPerKwh,
    )
  );
}

function energyBySpan(energyWh: bigint, spans: readonly PriceSpan[], days: readonly DayEnergyWh[]): bigint[] {
  const weights = spans.map((span) => ({
    villageCode: span.from,
    share: fraction(energyOfSpan(days, span)),
  }));
  if (weights.every(({ share }) => share.numerator === 0n))
    throw new MoneyError('allocation.no_energy', '电价变动的期间没有电量 (no energy to weigh prices by)');
  return allocate(energyWh, weights).parts.map(({ amountFen }) => amountFen);
}
