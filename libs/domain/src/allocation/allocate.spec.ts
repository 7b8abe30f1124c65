import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, allocateByShares } from './allocate.ts';
import {
  ceilFraction,
  compareFractions,
  floorFraction,
  fraction,
  fractionOfDecimal,
  ONE,
  roundFraction,
  sumFractions,
} from './fraction.ts';
import { MoneyError } from './money-error.ts';
import { allocateRange } from './month.ts';
import { monthRange, shareGaps, shareSpans, sharesOn, type DatedShare } from './shares.ts';
import { payeeShares, successorOn, type VillageLineage } from './villages.ts';

const weightsArbitrary = fc
  .uniqueArray(
    fc.record({
      villageCode: fc.stringMatching(/^[0-9]{1,6}$/),
      share: fc
        .tuple(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.bigInt({ min: 1n, max: 997n }))
        .map(([numerator, denominator]) => fraction(numerator, denominator)),
    }),
    { selector: ({ villageCode }) => villageCode, minLength: 1, maxLength: 40 },
  )
  .filter((shares) => shares.some(({ share }) => share.numerator > 0n));
const totalArbitrary = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MoneyError ? error.code : String(error);
  }
}

describe('fractions', () => {
  it('read decimals exactly and refuse what is none', () => {
    expect(fractionOfDecimal('-0.50')).toEqual(fraction(-1n, 2n));
    for (const text of ['', '.5', '1e3', 'NaN', '1.', ' 1', '１'])
      expect(codeOf(() => fractionOfDecimal(text))).toBe('money.bad_fraction');
    expect(codeOf(() => fraction(1n, 0n))).toBe('money.bad_fraction');
  });

  it('round down, up and to the nearest, also below zero', () => {
    const half = fraction(-5n, 2n);
    expect([floorFraction(half), ceilFraction(half), roundFraction(half)]).toEqual([-3n, -2n, -3n]);
    expect([floorFraction(fraction(-4n, 2n)), ceilFraction(fraction(7n, 2n))]).toEqual([-2n, 4n]);
  });
});

describe('allocation', () => {
  it('sums to the total, to the fen', () => {
    fc.assert(
      fc.property(totalArbitrary, weightsArbitrary, (totalFen, shares) => {
        const { parts } = allocate(totalFen, shares);
        expect(parts.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(totalFen);
        expect(compareFractions(sumFractions(parts.map(({ share }) => share)), ONE)).toBe(0);
      }),
    );
  });

  it('gives nobody more or less than one fen beside the exact part, and a zero share zero', () => {
    fc.assert(
      fc.property(totalArbitrary, weightsArbitrary, (totalFen, shares) => {
        for (const { amountFen, exactFen, share } of allocate(totalFen, shares).parts) {
          expect(amountFen >= floorFraction(exactFen) && amountFen <= ceilFraction(exactFen)).toBe(true);
          if (share.numerator === 0n) expect(amountFen).toBe(0n);
        }
      }),
    );
  });

  it('does not depend on the order of the villages', () => {
    fc.assert(
      fc.property(
        totalArbitrary,
        weightsArbitrary.chain((shares) =>
          fc.tuple(
            fc.constant(shares),
            fc.shuffledSubarray(shares, { minLength: shares.length, maxLength: shares.length }),
          ),
        ),
        (totalFen, [shares, shuffled]) => {
          expect(allocate(totalFen, shuffled)).toEqual(allocate(totalFen, shares));
        },
      ),
    );
  });

  it('mirrors a negative total', () => {
    fc.assert(
      fc.property(totalArbitrary, weightsArbitrary, (totalFen, shares) => {
        const mirror = allocate(-totalFen, shares).parts.map(({ amountFen }) => -amountFen);
        expect(allocate(totalFen, shares).parts.map(({ amountFen }) => amountFen)).toEqual(mirror);
      }),
    );
  });

  it('gives 1 fen over 1,469 equal villages to the first code, and says so', () => {
    const shares = Array.from({ length: 1469 }, (_, index) => ({
      villageCode: `141124${String(index).padStart(6, '0')}`,
      share: fraction(1n, 1469n),
    }));
    const { parts, spareFen, explanation } = allocateByShares(1n, shares.toReversed());
    expect(spareFen).toBe(1n);
    expect(parts.filter(({ amountFen }) => amountFen !== 0n)).toMatchObject([
      { villageCode: '141124000000', amountFen: 1n, spareFen: 1n, spareRank: 1 },
    ]);
    expect(explanation.zh).toContain('141124000000');
    expect(allocate(0n, shares).parts.every(({ amountFen }) => amountFen === 0n)).toBe(true);
  });

  it('refuses a village twice', () => {
    const share = { villageCode: 'a', share: fraction(1n, 2n) };
    expect(codeOf(() => allocate(1n, [share, share]))).toBe('allocation.duplicate_village');
  });
});

const dated = (
  villageCode: string,
  [numerator, denominator]: [bigint, bigint],
  effectiveFrom: string,
  effectiveTo: string | null = null,
): DatedShare => ({ villageCode, share: fraction(numerator, denominator), effectiveFrom, effectiveTo });

describe('shares by date', () => {
  const shares = [
    dated('a', [1n, 3n], '2024-01-01', '2025-06-16'),
    dated('b', [2n, 3n], '2024-01-01', '2025-06-16'),
    dated('a', [1n, 1n], '2025-06-16'),
  ];

  it('change on their first day and not before', () => {
    expect(sharesOn(shares, '2025-06-15')).toHaveLength(2);
    expect(sharesOn(shares, '2025-06-16')).toEqual([{ villageCode: 'a', share: ONE }]);
    expect(codeOf(() => sharesOn(shares, '2023-12-31'))).toBe('allocation.shares_not_one');
    expect(shareSpans(shares, monthRange('2025-06')).map(({ from, to }) => [from, to])).toEqual([
      ['2025-06-01', '2025-06-16'],
      ['2025-06-16', '2025-07-01'],
    ]);
  });

  it('show the days on which they are not the whole', () => {
    const broken = [dated('a', [1n, 3n], '2025-06-01'), dated('b', [2n, 3n], '2025-06-01', '2025-06-10')];
    expect(shareGaps(broken, monthRange('2025-06'))).toEqual([
      { from: '2025-06-10', to: '2025-07-01', sum: fraction(1n, 3n) },
    ]);
  });

  it('need no energy where they do not change, and refuse unknown energy where they do', () => {
    const range = monthRange('2025-05');
    expect(allocateRange({ totalFen: 300n, range, shares, days: [] }).parts).toMatchObject([
      { amountFen: 100n },
      { amountFen: 200n },
    ]);
    const june = monthRange('2025-06');
    expect(codeOf(() => allocateRange({ totalFen: 300n, range: june, shares, days: [] }))).toBe(
      'money.unknown_value',
    );
  });
});

describe('village mergers', () => {
  const village = (code: string, successorCode: string | null = null, mergedOn: string | null = null) =>
    [code, { code, successorCode, mergedOn }] as const;
  const villages = new Map<string, VillageLineage>([
    village('a', 'b', '2021-05-01'),
    village('b', 'c', '2023-01-01'),
    village('c'),
    village('x', 'y', '2021-01-01'),
    village('y', 'x', '2021-01-01'),
  ]);

  it('follow each other, by date', () => {
    expect(['2021-04-30', '2021-05-01', '2023-01-01'].map((day) => successorOn(villages, 'a', day))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(codeOf(() => successorOn(villages, 'x', '2024-01-01'))).toBe('allocation.successor_cycle');
    expect(codeOf(() => successorOn(villages, 'q', '2024-01-01'))).toBe('allocation.successor_missing');
  });

  it('join shares before fen are made and keep where they come from', () => {
    const third = fraction(1n, 3n);
    const shares = ['a', 'b', 'c'].map((villageCode) => ({ villageCode, share: third }));
    const payees = payeeShares(shares, villages, '2022-01-01');
    expect(payees.map(({ villageCode, share }) => [villageCode, share])).toEqual([
      ['b', fraction(2n, 3n)],
      ['c', third],
    ]);
    expect(payees[0]?.origins.map(({ villageCode }) => villageCode)).toEqual(['a', 'b']);
    expect(allocateByShares(100n, payees).parts.map(({ amountFen }) => amountFen)).toEqual([67n, 33n]);
  });
});
