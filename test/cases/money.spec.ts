import { describe, expect, it } from 'vitest';
import {
  allocate,
  allocateByShares,
  allocateRange,
  daysBetween,
  fraction,
  fractionOfDecimal,
  fractionOfPercent,
  monthlyFee,
  MoneyError,
  multiplyFractions,
  priceRange,
  prorateFee,
  roundFraction,
  sumFractions,
  type VillageShare,
} from '#domain';

/** Parties a, b, c, … by weight. */
function parties(weights: readonly (bigint | string)[]): VillageShare[] {
  return weights.map((weight, index) => ({
    villageCode: String.fromCodePoint(97 + index),
    share: typeof weight === 'string' ? fractionOfDecimal(weight) : fraction(weight),
  }));
}

function fen(totalFen: bigint, weights: readonly (bigint | string)[]): bigint[] {
  return allocate(totalFen, parties(weights)).parts.map(({ amountFen }) => amountFen);
}

function refusal(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MoneyError ? error.code : String(error);
  }
}

const energyOf = (from: string, to: string, totalWh: bigint) => {
  const days = daysBetween(from, to);
  return days.map((day, index) => {
    const each = totalWh / BigInt(days.length);
    return { day, energyWh: index === 0 ? totalWh - each * BigInt(days.length - 1) : each };
  });
};

// Cases that users of money libraries and of settlement programs reported.
describe('reported faults of splitting money', () => {
  it('gives the spare fen of 99.99 over 75:25 to the larger remainder', () => {
    expect(fen(9999n, [75n, 25n])).toEqual([7499n, 2500n]);
  });

  it('gives a spare fen to the largest remainder, not to the first', () => {
    expect(fen(5n, [100n, 101n, 100n, 100n])).toEqual([1n, 2n, 1n, 1n]);
  });

  it('gives everybody the same in every order', () => {
    const weights = parties([98n, 92n, 98n, 123n, 102n, 92n]);
    for (const order of [weights, weights.toReversed(), [...weights.slice(3), ...weights.slice(0, 3)]])
      expect(allocate(613n, order).parts.map(({ amountFen }) => amountFen)).toEqual([
        99n,
        93n,
        99n,
        125n,
        104n,
        93n,
      ]);
  });

  it('mirrors negative amounts', () => {
    expect(fen(1000n, ['0.6667', '0.3333'])).toEqual([667n, 333n]);
    expect(fen(-1000n, ['0.6667', '0.3333'])).toEqual([-667n, -333n]);
    expect(fen(5n, [3n, 7n])).toEqual([2n, 3n]);
    expect(fen(-5n, [3n, 7n])).toEqual([-2n, -3n]);
  });

  it('refuses shares that cannot be used', () => {
    expect(refusal(() => fen(10_000n, [0n, 0n]))).toBe('allocation.zero_shares');
    expect(refusal(() => fen(10_000n, [-50n, 50n]))).toBe('allocation.negative_share');
    expect(refusal(() => fen(10_000n, []))).toBe('allocation.no_shares');
    expect(refusal(() => fen(10_000n, ['NaN', 1n]))).toBe('money.bad_fraction');
    const thirds = ['a', 'b', 'c'].map((villageCode) => ({ villageCode, share: fractionOfPercent('33.33') }));
    expect(refusal(() => allocateByShares(10_000n, thirds))).toBe('allocation.shares_not_one');
    expect(fen(10_000n, [1n, 1n, 1n])).toEqual([3334n, 3333n, 3333n]);
  });

  it('adds up 1.00 over three to 1.00', () => {
    expect(fen(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
  });

  it('rounds a bill once, not each slot', () => {
    const slots = [
      ...Array<string>(14).fill('0.0190'),
      ...Array<string>(32).fill('0.1136'),
      ...Array<string>(2).fill('0.0154'),
    ];
    const rate = fractionOfDecimal('26.4159');
    const exact = multiplyFractions(sumFractions(slots.map(fractionOfDecimal)), rate);
    expect(exact).toEqual(fractionOfDecimal('103.8673188'));
    expect(roundFraction(exact)).toBe(104n);
    const slotByslot = slots.map((slot) => roundFraction(multiplyFractions(fractionOfDecimal(slot), rate)));
    expect(slotByslot.reduce((sum, each) => sum + each, 0n)).toBe(110n);
  });

  it('bills part months by their own days, and a part period by the days of the whole', () => {
    expect(
      monthlyFee({ monthFeeFen: 31_000n, from: '2015-01-25', to: '2015-02-03' }).map(
        ({ amountFen }) => amountFen,
      ),
    ).toEqual([7000n, 2214n]);
    const quarter = { from: '2024-04-01', to: '2024-07-01' };
    expect(
      prorateFee({ periodFeeFen: 91_000n, period: quarter, from: '2024-05-20', to: '2024-07-01' }),
    ).toMatchObject({ daysInPeriod: 91, daysBilled: 42, amountFen: 42_000n });
  });

  it('lets new shares hold from their day on, by energy', () => {
    const share = (
      villageCode: string,
      percent: string,
      effectiveFrom: string,
      effectiveTo: string | null,
    ) => ({
      villageCode,
      share: fractionOfPercent(percent),
      effectiveFrom,
      effectiveTo,
    });
    const range = { from: '2025-06-01', to: '2025-07-01' };
    const days = [
      ...energyOf('2025-06-01', '2025-06-16', 1_000_000n),
      ...energyOf('2025-06-16', '2025-07-01', 2_000_000n),
    ];
    const prices = [
      { component: 'base', priceHaoPerKwh: 3949n, effectiveFrom: '2020-01-01', effectiveTo: null },
    ];
    const { totalFen } = priceRange({ energyWh: 3_000_000n, range, prices, days });
    expect(totalFen).toBe(118_470n);
    const { parts, spans } = allocateRange({
      totalFen,
      range,
      days,
      shares: [
        share('village', '70', '2020-01-01', '2025-06-16'),
        share('company', '30', '2020-01-01', '2025-06-16'),
        share('village', '50', '2025-06-16', null),
        share('company', '50', '2025-06-16', null),
      ],
    });
    expect(parts.map(({ villageCode, amountFen }) => [villageCode, amountFen])).toEqual([
      ['company', 51_337n],
      ['village', 67_133n],
    ]);
    expect(spans.map(({ energyWh }) => energyWh)).toEqual([1_000_000n, 2_000_000n]);
  });

  it('corrects a meter by an adjustment that lands where a fresh settlement would', () => {
    const price = (energyWh: bigint) =>
      priceRange({
        energyWh,
        range: { from: '2025-06-01', to: '2025-07-01' },
        prices: [
          { component: 'base', priceHaoPerKwh: 3949n, effectiveFrom: '2020-01-01', effectiveTo: null },
        ],
        days: [],
      }).totalFen;
    const original = price(12_345_600n);
    const corrected = price(12_300_000n);
    expect([original, corrected, corrected - original]).toEqual([487_528n, 485_727n, -1801n]);
    expect(fen(original, [60n, 40n])).toEqual([292_517n, 195_011n]);
    const adjustment = fen(corrected - original, [60n, 40n]);
    expect(adjustment).toEqual([-1081n, -720n]);
    expect(fen(original, [60n, 40n]).map((each, index) => each + (adjustment[index] ?? 0n))).toEqual([
      291_436n,
      194_291n,
    ]);
  });
});
