import { compareCodes } from '../allocation/allocate.ts';
import { MoneyError } from '../allocation/money-error.ts';

/** Subsidy that a station-month still has to come, fen. */
export interface Receivable {
  stationCode: string;
  month: string;
  openFen: bigint;
}

export interface ReceivableMatch {
  stationCode: string;
  month: string;
  amountFen: bigint;
  /** Still open after this receipt. */
  leftFen: bigint;
  /** Set by a person, not by age. */
  isPinned: boolean;
}

export interface LumpMatch {
  matches: ReceivableMatch[];
  /** Money for which no receivable is open: a question for the payer, never income by itself. */
  unmatchedFen: bigint;
}

/** A person's choice: so much of this receipt is for that station-month. */
export interface PinnedAmount {
  stationCode: string;
  month: string;
  amountFen: bigint;
}

/**
 * Matches a lump subsidy receipt with station-months, the oldest first, ties by station code; what a person pinned goes
 * first (requirement 24). Nothing is matched beyond what is open.
 * @throws MoneyError `money.bad_range` for a receipt or receivable that is not positive,
 *   `receivable.pin_not_possible` where a pinned amount is more than is open or than came
 */
export function matchLump(input: {
  amountFen: bigint;
  receivables: readonly Receivable[];
  pinned?: readonly PinnedAmount[];
  order?: 'oldest_first' | 'newest_first';
}): LumpMatch {
  const { amountFen, receivables, pinned = [], order = 'oldest_first' } = input;
  if (amountFen <= 0n) throw new MoneyError('money.bad_range', '到账金额须为正 (receipt must be positive)');
  const sorted = sortedReceivables(receivables);
  const inOrder = order === 'oldest_first' ? sorted : sorted.toReversed();
  const rows = inOrder.map((row) => ({ ...row, takenFen: 0n, isPinned: false }));
  let leftFen = amountFen;
  for (const pin of pinned) {
    const row = rows.find((each) => each.stationCode === pin.stationCode && each.month === pin.month);
    if (!row || pin.amountFen <= 0n || pin.amountFen > row.openFen - row.takenFen || pin.amountFen > leftFen)
      throw new MoneyError(
        'receivable.pin_not_possible',
        `指定核销不成立 (not open to this amount): ${pin.stationCode} ${pin.month}`,
      );
    row.takenFen += pin.amountFen;
    row.isPinned = true;
    leftFen -= pin.amountFen;
  }
  for (const row of rows) {
    // What a person pinned is their whole word on that station-month.
    if (row.isPinned) continue;
    const takenFen = row.openFen < leftFen ? row.openFen : leftFen;
    row.takenFen = takenFen;
    leftFen -= takenFen;
  }
  return {
    matches: rows
      .filter(({ takenFen }) => takenFen > 0n)
      .map(({ stationCode, month, openFen, takenFen, isPinned }) => ({
        stationCode,
        month,
        amountFen: takenFen,
        leftFen: openFen - takenFen,
        isPinned,
      })),
    unmatchedFen: leftFen,
  };
}

/**
 * Matches money that the grid took back with what it brought: the mirror of {@link matchLump}, so the newest first.
 * @param input `amountFen` is below zero; `received` is what came by station-month, fen
 * @returns amounts below zero, and what is left received
 * @throws MoneyError as {@link matchLump}
 */
export function matchTakenBack(input: {
  amountFen: bigint;
  received: readonly Receivable[];
  pinned?: readonly PinnedAmount[];
}): LumpMatch {
  const { matches, unmatchedFen } = matchLump({
    amountFen: -input.amountFen,
    receivables: input.received,
    pinned: (input.pinned ?? []).map((pin) => ({ ...pin, amountFen: -pin.amountFen })),
    order: 'newest_first',
  });
  return {
    matches: matches.map((match) => ({ ...match, amountFen: -match.amountFen })),
    unmatchedFen: -unmatchedFen,
  };
}

function sortedReceivables(receivables: readonly Receivable[]): Receivable[] {
  const sorted = [...receivables].sort(
    (a, b) => compareCodes(a.month, b.month) || compareCodes(a.stationCode, b.stationCode),
  );
  sorted.forEach((row, index) => {
    const before = sorted[index - 1];
    if (before?.month === row.month && before.stationCode === row.stationCode)
      throw new MoneyError('money.bad_range', `应收重复 (twice): ${row.stationCode} ${row.month}`);
    if (row.openFen < 0n)
      throw new MoneyError('money.bad_range', `应收为负 (negative): ${row.stationCode} ${row.month}`);
  });
  return sorted;
}
