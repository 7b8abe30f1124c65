import { compareFractions, floorFraction, fraction, ONE, sumFractions, type Fraction } from './fraction.ts';
import { MoneyError } from './money-error.ts';

/** A village and its part; the parts are shares that sum to one, or weights such as kW or households. */
export interface VillageShare {
  villageCode: string;
  share: Fraction;
}

/** What one village gets and how the figure comes about. */
export interface AllocationPart {
  villageCode: string;
  /** Part of the whole, exact; the parts of an allocation sum to one. */
  share: Fraction;
  /** Total × share before rounding, fen. */
  exactFen: Fraction;
  amountFen: bigint;
  /** Fen that it got on top of its whole ones: -1, 0 or 1. */
  spareFen: bigint;
  /** Place in the row of remainders, the largest first; null where no remainder is left. */
  spareRank: number | null;
}

export interface Allocation {
  totalFen: bigint;
  /** By village code. */
  parts: AllocationPart[];
  /** Fen that no whole part holds and that went to the largest remainders, with the sign of the total. */
  spareFen: bigint;
  explanation: { zh: string; en: string };
}

/** Villages of one allocation: the whole of Lüliang has 1,469. */
export const ALLOCATION_VILLAGES_MAX = 10_000;

/**
 * Splits whole fen by weight: largest remainder, ties by village code (domain.md section 6 and requirement 28). The
 * order of `shares` does not matter, parts sum to the total, a zero share gets zero, and a negative total is the mirror
 * of the positive one, so that a reversal leaves nothing behind.
 * @throws MoneyError `allocation.no_shares`, `allocation.negative_share`, `allocation.zero_shares`,
 *   `allocation.duplicate_village`
 */
export function allocate(totalFen: bigint, shares: readonly VillageShare[]): Allocation {
  const sorted = checkedShares(shares);
  const weights = wholeWeights(sorted);
  const whole = weights.reduce((sum, { weight }) => sum + weight, 0n);
  if (whole === 0n) throw new MoneyError('allocation.zero_shares', '份额全部为零 (all shares are zero)');
  const sign = totalFen < 0n ? -1n : 1n;
  const magnitude = sign * totalFen;
  const floors = weights.map(({ villageCode, weight }) => ({
    villageCode,
    weight,
    wholeFen: (magnitude * weight) / whole,
    remainder: (magnitude * weight) % whole,
  }));
  const spare = magnitude - floors.reduce((sum, { wholeFen }) => sum + wholeFen, 0n);
  // Array.sort is stable and the villages are in order of their codes: equal remainders stay in that order.
  const byRemainder = floors
    .filter(({ remainder }) => remainder > 0n)
    .sort((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1));
  const rankOf = new Map(byRemainder.map(({ villageCode }, index) => [villageCode, index + 1]));
  const parts = floors.map(({ villageCode, weight, wholeFen }) => {
    const spareRank = rankOf.get(villageCode) ?? null;
    const gets = spareRank !== null && BigInt(spareRank) <= spare ? 1n : 0n;
    return {
      villageCode,
      share: fraction(weight, whole),
      exactFen: fraction(totalFen * weight, whole),
      amountFen: sign * (wholeFen + gets),
      spareFen: sign * gets,
      spareRank,
    };
  });
  return { totalFen, parts, spareFen: sign * spare, explanation: explain(spare, parts) };
}

/**
 * Like {@link allocate}, for shares that must be the whole: three times 33.33 % are refused, not stretched.
 * @throws MoneyError `allocation.shares_not_one`, and those of {@link allocate}
 */
export function allocateByShares(totalFen: bigint, shares: readonly VillageShare[]): Allocation {
  requireWhole(checkedShares(shares));
  return allocate(totalFen, shares);
}

/** @throws MoneyError `allocation.shares_not_one` */
export function requireWhole(shares: readonly VillageShare[]): void {
  const sum = sumFractions(shares.map(({ share }) => share));
  if (compareFractions(sum, ONE) !== 0)
    throw new MoneyError(
      'allocation.shares_not_one',
      `份额合计不是 1 (shares sum to ${sum.numerator}/${sum.denominator})`,
    );
}

function checkedShares(shares: readonly VillageShare[]): VillageShare[] {
  if (shares.length === 0) throw new MoneyError('allocation.no_shares', '没有份额 (there are no shares)');
  if (shares.length > ALLOCATION_VILLAGES_MAX)
    throw new MoneyError('money.bad_range', `村数超过 ${ALLOCATION_VILLAGES_MAX} (too many villages)`);
  const sorted = [...shares].sort((a, b) => compareCodes(a.villageCode, b.villageCode));
  sorted.forEach(({ villageCode, share }, index) => {
    if (share.numerator < 0n)
      throw new MoneyError('allocation.negative_share', `份额为负 (negative share): ${villageCode}`);
    if (index > 0 && sorted[index - 1]?.villageCode === villageCode)
      throw new MoneyError('allocation.duplicate_village', `村重复 (village twice): ${villageCode}`);
  });
  return sorted;
}

/** Order of codes by their characters, the same on every machine and in every language setting. */
export function compareCodes(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Shares over one common denominator, so that the rest is whole numbers. */
function wholeWeights(shares: readonly VillageShare[]): { villageCode: string; weight: bigint }[] {
  const common = shares.reduce(
    (product, { share }) =>
      product % share.denominator === 0n ? product : product * fraction(share.denominator, product).numerator,
    1n,
  );
  return shares.map(({ villageCode, share }) => ({
    villageCode,
    weight: floorFraction({ numerator: share.numerator * common, denominator: share.denominator }),
  }));
}

const EXPLAINED_VILLAGES_MAX = 20;

function explain(spare: bigint, parts: readonly AllocationPart[]): Allocation['explanation'] {
  if (spare === 0n)
    return { zh: '各村金额均为整分，无余分。', en: 'Every part is whole fen; nothing is left.' };
  const receivers = parts.filter(({ spareFen }) => spareFen !== 0n).map(({ villageCode }) => villageCode);
  const shown = receivers.slice(0, EXPLAINED_VILLAGES_MAX).join('、');
  const rest = receivers.length > EXPLAINED_VILLAGES_MAX ? ' …' : '';
  return {
    zh: `取整后余 ${spare} 分，按余数从大到小各给 1 分，余数相同按村编码：${shown}${rest}。`,
    en: `${spare} fen are left after whole fen; one each to the largest remainders, ties by village code: ${shown}${rest}.`,
  };
}
