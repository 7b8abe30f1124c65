import { addDays } from '../time/shanghai.ts';
import { compareCodes, requireWhole, type VillageShare } from './allocate.ts';
import { compareFractions, ONE, sumFractions, type Fraction } from './fraction.ts';
import { MoneyError } from './money-error.ts';

/** A share of a village in a station, in force on `effectiveFrom <= day < effectiveTo`; null is open. */
export interface DatedShare extends VillageShare {
  effectiveFrom: string;
  effectiveTo: string | null;
}

/** Days `from <= day < to` on which the shares of a station are the same. */
export interface ShareSpan {
  from: string;
  to: string;
  shares: VillageShare[];
}

/** A day from which on the shares of a station do not sum to one (domain.md A16, requirement 52). */
export interface ShareGap {
  from: string;
  to: string;
  sum: Fraction;
}

/**
 * Shares in force on a Shanghai day, by village code.
 * @throws MoneyError `allocation.shares_not_one`, `allocation.duplicate_village`
 */
export function sharesOn(shares: readonly DatedShare[], day: string): VillageShare[] {
  const inForce = inForceOn(shares, day);
  inForce.forEach(({ villageCode }, index) => {
    if (index > 0 && inForce[index - 1]?.villageCode === villageCode)
      throw new MoneyError(
        'allocation.duplicate_village',
        `${day} 村份额重叠 (shares overlap): ${villageCode}`,
      );
  });
  requireWhole(inForce);
  return inForce;
}

/**
 * Cuts `from <= day < to` where shares change. A change holds from its day on, never backwards.
 * @throws MoneyError `allocation.shares_not_one`, `allocation.duplicate_village`, `money.bad_range`
 */
export function shareSpans(shares: readonly DatedShare[], range: { from: string; to: string }): ShareSpan[] {
  return spansOf(shares, range).map(({ from, to }) => ({ from, to, shares: sharesOn(shares, from) }));
}

/** Spans of a range on which the shares of a station do not sum to exactly one, for the check A16. */
export function shareGaps(shares: readonly DatedShare[], range: { from: string; to: string }): ShareGap[] {
  return spansOf(shares, range).flatMap(({ from, to }) => {
    const sum = sumFractions(inForceOn(shares, from).map(({ share }) => share));
    return compareFractions(sum, ONE) === 0 ? [] : [{ from, to, sum }];
  });
}

/** Half-open spans of a range between the days on which any of the dated rows begins or ends. */
export function spansOf(
  rows: readonly { effectiveFrom: string; effectiveTo: string | null }[],
  range: { from: string; to: string },
): { from: string; to: string }[] {
  if (range.from >= range.to)
    throw new MoneyError('money.bad_range', `空区间 (empty range): ${range.from} – ${range.to}`);
  const cuts = new Set([range.from]);
  for (const { effectiveFrom, effectiveTo } of rows)
    for (const day of [effectiveFrom, effectiveTo])
      if (day !== null && day > range.from && day < range.to) cuts.add(day);
  const days = [...cuts].sort();
  return days.map((from, index) => ({ from, to: days[index + 1] ?? range.to }));
}

/** True where a dated row holds on a day. */
export function isInForce(row: { effectiveFrom: string; effectiveTo: string | null }, day: string): boolean {
  return row.effectiveFrom <= day && (row.effectiveTo === null || day < row.effectiveTo);
}

/** First day of a month `YYYY-MM` and of the next one: the month as a half-open range. */
export function monthRange(month: string): { from: string; to: string } {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new MoneyError('money.bad_range', `不是月份 (not a month): ${month.slice(0, 20)}`);
  const from = `${month}-01`;
  return { from, to: `${addDays(from, 31).slice(0, 7)}-01` };
}

function inForceOn(shares: readonly DatedShare[], day: string): VillageShare[] {
  return shares
    .filter((row) => isInForce(row, day))
    .map(({ villageCode, share }) => ({ villageCode, share }))
    .sort((a, b) => compareCodes(a.villageCode, b.villageCode));
}
