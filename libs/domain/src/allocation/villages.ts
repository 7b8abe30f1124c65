import type { VillageShare } from './allocate.ts';
import { compareCodes } from './allocate.ts';
import { addFractions, type Fraction } from './fraction.ts';
import { MoneyError } from './money-error.ts';

/** What a merger needs to know of a village; an unmerged one has neither date nor successor. */
export interface VillageLineage {
  code: string;
  successorCode: string | null;
  /** First day on which the successor stands in. */
  mergedOn: string | null;
}

/** A share that is paid to a village, and the villages it comes from: history stays with the old code. */
export interface PayeeShare extends VillageShare {
  origins: { villageCode: string; share: Fraction }[];
}

/** Mergers that follow each other; more than these are a mistake in the data. */
const SUCCESSIONS_MAX = 10;

/**
 * Who stands in for a village on a Shanghai day; itself before its merger (domain.md requirement 4, A16).
 * @throws MoneyError `allocation.successor_missing`, `allocation.successor_cycle`
 */
export function successorOn(
  villages: ReadonlyMap<string, VillageLineage>,
  code: string,
  day: string,
): string {
  let current = code;
  for (let step = 0; step <= SUCCESSIONS_MAX; step += 1) {
    const village = villages.get(current);
    if (!village)
      throw new MoneyError('allocation.successor_missing', `村不存在 (unknown village): ${current}`);
    if (village.mergedOn === null || day < village.mergedOn) return current;
    if (village.successorCode === null)
      throw new MoneyError('allocation.successor_missing', `已合并而无承接村 (no successor): ${current}`);
    current = village.successorCode;
  }
  throw new MoneyError('allocation.successor_cycle', `承接关系成环 (successors in a circle): ${code}`);
}

/**
 * Shares by the village that is paid on `day`. Shares of merged villages are joined before fen are made, so that the
 * successor is rounded once.
 * @throws MoneyError as {@link successorOn}
 */
export function payeeShares(
  shares: readonly VillageShare[],
  villages: ReadonlyMap<string, VillageLineage>,
  day: string,
): PayeeShare[] {
  const payees = new Map<string, PayeeShare>();
  for (const origin of [...shares].sort((a, b) => compareCodes(a.villageCode, b.villageCode))) {
    const villageCode = successorOn(villages, origin.villageCode, day);
    const payee = payees.get(villageCode);
    payees.set(villageCode, {
      villageCode,
      share: payee ? addFractions(payee.share, origin.share) : origin.share,
      origins: [...(payee?.origins ?? []), { villageCode: origin.villageCode, share: origin.share }],
    });
  }
  return [...payees.values()].sort((a, b) => compareCodes(a.villageCode, b.villageCode));
}
