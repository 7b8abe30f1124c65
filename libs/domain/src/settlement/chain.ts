import { MoneyError } from '../allocation/money-error.ts';

/**
 * The four totals of the way of one yuan, fen, cumulative; never mixed in one headline (domain.md, lifecycle of one
 * yuan; requirement 25).
 */
export interface ChainTotals {
  settledFen: bigint;
  receivedFen: bigint;
  transferredFen: bigint;
  paidFen: bigint;
}

/** What rests at each hop, fen. */
export interface ChainGaps {
  atGridFen: bigint;
  atAgencyFen: bigint;
  atVillageFen: bigint;
}

/**
 * Gaps between the totals. Advances are kept apart, so that each total covers the next one.
 * @throws MoneyError `money.bad_range` where a later total is above an earlier one
 */
export function chainGaps(totals: ChainTotals): ChainGaps {
  const gaps = {
    atGridFen: totals.settledFen - totals.receivedFen,
    atAgencyFen: totals.receivedFen - totals.transferredFen,
    atVillageFen: totals.transferredFen - totals.paidFen,
  };
  if (Object.values(gaps).some((gapFen) => gapFen < 0n) || totals.paidFen < 0n)
    throw new MoneyError(
      'money.bad_range',
      '结算 ≥ 到账 ≥ 拨付 ≥ 发放 不成立 (settled ≥ received ≥ transferred ≥ paid does not hold)',
    );
  return gaps;
}
