import { compareCodes } from '../allocation/allocate.ts';
import { MoneyError } from '../allocation/money-error.ts';
import type { WorkingCalendar } from '../calendar/working-days.ts';
import { addDays } from '../time/shanghai.ts';
import type { Posting } from '../ledger/entry.ts';

/** A village's amount of a run or of an adjustment that no transfer has passed on; below zero it was given too much. */
export interface TransferablePart {
  runId: number | null;
  adjustmentId: number | null;
  villageCode: string;
  amountFen: bigint;
  /** Oldest Shanghai day on which money in it came to the agency. */
  receivedOn: string;
}

/** What one village is sent at once. */
export interface TransferItem {
  villageCode: string;
  amountFen: bigint;
  /** Of the oldest part: the clock of working days runs from here. */
  receivedOn: string;
  parts: TransferablePart[];
}

export interface TransferPlan {
  totalFen: bigint;
  /** By village code. */
  items: TransferItem[];
  /** Villages whose parts sum to zero or less: nothing is sent, and the rest is taken from what they get next. */
  waiting: { villageCode: string; amountFen: bigint }[];
}

/**
 * One item a village over everything that was given out and not passed on (domain.md, lifecycle of one yuan, step 6). What
 * a village was given too much is taken off what it gets, never taken out of its account.
 * @throws MoneyError `money.bad_range` where a document gives a village an amount twice
 */
export function planTransfers(parts: readonly TransferablePart[]): TransferPlan {
  const documents = parts.map(
    ({ runId, adjustmentId, villageCode }) => `${runId}/${adjustmentId}/${villageCode}`,
  );
  if (new Set(documents).size !== documents.length)
    throw new MoneyError(
      'money.bad_range',
      '同一凭据的村金额重复 (a document gives a village an amount twice)',
    );
  const byVillage = Map.groupBy(
    parts.filter(({ amountFen }) => amountFen !== 0n),
    ({ villageCode }) => villageCode,
  );
  const sums = [...byVillage]
    .sort(([a], [b]) => compareCodes(a, b))
    .map(([villageCode, own]) => ({
      villageCode,
      amountFen: own.reduce((sum, { amountFen }) => sum + amountFen, 0n),
      receivedOn: own.reduce(
        (oldest, { receivedOn }) => (receivedOn < oldest ? receivedOn : oldest),
        own[0]?.receivedOn ?? '',
      ),
      parts: [...own].sort(
        (a, b) => (a.runId ?? 0) - (b.runId ?? 0) || (a.adjustmentId ?? 0) - (b.adjustmentId ?? 0),
      ),
    }));
  const items = sums.filter(({ amountFen }) => amountFen > 0n);
  return {
    totalFen: items.reduce((sum, { amountFen }) => sum + amountFen, 0n),
    items,
    waiting: sums
      .filter(({ amountFen }) => amountFen <= 0n)
      .map(({ villageCode, amountFen }) => ({ villageCode, amountFen })),
  };
}

/** Text whose SHA-256 a confirmation of a batch is bound to: every village with every part, in fixed places. */
export function transferText(plan: TransferPlan, countyCode: string): string {
  return JSON.stringify([
    'sunledger-transfer-1',
    countyCode,
    String(plan.totalFen),
    plan.items.map(({ villageCode, amountFen, receivedOn, parts }) => [
      villageCode,
      String(amountFen),
      receivedOn,
      parts.map(({ runId, adjustmentId, amountFen: partFen }) => [runId, adjustmentId, String(partFen)]),
    ]),
  ]);
}

/** Cash leaves the agency (结转机构), and it owes the villages so much less. */
export function transferPostings(input: {
  countyCode: string;
  items: readonly { villageCode: string; amountFen: bigint }[];
}): Posting[] {
  const villages = new Map<string, bigint>();
  for (const { villageCode, amountFen } of input.items)
    villages.set(villageCode, (villages.get(villageCode) ?? 0n) + amountFen);
  const totalFen = [...villages.values()].reduce((sum, amountFen) => sum + amountFen, 0n);
  return [
    { account: { kind: 'agency' as const, ownerCode: input.countyCode }, amountFen: -totalFen },
    ...[...villages]
      .sort(([a], [b]) => compareCodes(a, b))
      .map(([ownerCode, amountFen]) => ({ account: { kind: 'village' as const, ownerCode }, amountFen })),
  ].filter(({ amountFen }) => amountFen !== 0n);
}

/** Where the clock from receipt to village account stands. */
export interface TransferClock {
  /** Last day in time; null where the days off of its year are not known yet, for then nobody can say. */
  dueOn: string | null;
  /** Working days left after the day; below zero: working days that it is late. Null where `dueOn` is. */
  workingDaysLeft: number | null;
  /** Past the last day, or arrived after it. */
  isOverdue: boolean | null;
}

/**
 * Clock of so many working days from the day of the receipt, which itself does not count (民法典第二百零一条).
 * @param input `endedOn` is the day on which the money arrived; null while it has not
 * @throws MoneyError `money.bad_range` where the count is out of range
 */
export function transferClock(input: {
  receivedOn: string;
  workingDays: number;
  endedOn: string | null;
  today: string;
  calendar: WorkingCalendar;
}): TransferClock {
  const { calendar } = input;
  const dueOn = knownDay(() => calendar.addWorkingDays(input.receivedOn, input.workingDays));
  if (dueOn === null) return { dueOn: null, workingDaysLeft: null, isOverdue: null };
  const at = input.endedOn ?? input.today;
  return {
    dueOn,
    workingDaysLeft: knownDay(() =>
      at <= dueOn ? workingDaysAfter(calendar, at, dueOn) : -workingDaysAfter(calendar, dueOn, at),
    ),
    isOverdue: at > dueOn,
  };
}

/** As in `addWorkingDays` the day itself does not count: on the day of the receipt all of them are left. */
const workingDaysAfter = (calendar: WorkingCalendar, from: string, to: string) =>
  calendar.workingDaysBetween(addDays(from, 1), addDays(to, 1));

function knownDay<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof MoneyError && error.code === 'calendar.year_unknown') return null;
    throw error;
  }
}

/** What the ledger and the bank know of the agency's account up to a day, by what can be told apart. */
export interface AgencyFacts {
  /** Balance of the agency in the ledger, fen. */
  ledgerFen: bigint;
  /** Sum of the lines of the bank, fen. */
  bankFen: bigint;
  /** Lines of the bank with what of each is in the ledger. */
  lines: readonly { bankLineId: bigint; bankReference: string; amountFen: bigint; matchedFen: bigint }[];
  /** Transfers that left by the day, or came back, by the reference of the bank; out is below zero. */
  transfers: readonly { transferId: bigint; villageCode: string; bankReference: string; amountFen: bigint }[];
  /** Entries that move the agency's account and are neither receipt nor transfer. */
  others: readonly { ledgerSequence: bigint; amountFen: bigint }[];
}

export type DifferenceKind =
  'unmatched_line' | 'line_without_transfer' | 'transfer_not_in_bank' | 'other_entry';

/** A reason why bank and ledger differ, fen: bank less ledger. */
export interface ExplainedDifference {
  kind: DifferenceKind;
  reference: string;
  amountFen: bigint;
}

export interface Reconciliation {
  differenceFen: bigint;
  explained: ExplainedDifference[];
  /** Not explained by lines and entries: one of the two was changed past the program. */
  unexplainedFen: bigint;
}

/**
 * Puts the balance of the agency beside the lines of the bank (requirement 26). A line that carries the reference of
 * transfers is theirs; what is open of any other line is not in the ledger yet.
 */
export function reconcileAgency(facts: AgencyFacts): Reconciliation {
  const sent = new Map<string, bigint>();
  for (const { bankReference, amountFen } of facts.transfers)
    sent.set(bankReference, (sent.get(bankReference) ?? 0n) + amountFen);
  const seen = new Map<string, bigint>();
  const explained: ExplainedDifference[] = [];
  for (const { bankReference, amountFen, matchedFen } of facts.lines) {
    if (matchedFen === 0n && sent.has(bankReference)) {
      seen.set(bankReference, (seen.get(bankReference) ?? 0n) + amountFen);
      continue;
    }
    const openFen = amountFen - matchedFen;
    if (openFen !== 0n)
      explained.push({
        kind: openFen > 0n ? 'unmatched_line' : 'line_without_transfer',
        reference: bankReference,
        amountFen: openFen,
      });
  }
  for (const [reference, sentFen] of sent) {
    const amountFen = (seen.get(reference) ?? 0n) - sentFen;
    if (amountFen !== 0n) explained.push({ kind: 'transfer_not_in_bank', reference, amountFen });
  }
  for (const { ledgerSequence, amountFen } of facts.others)
    explained.push({ kind: 'other_entry', reference: String(ledgerSequence), amountFen: -amountFen });
  const differenceFen = facts.bankFen - facts.ledgerFen;
  const explainedFen = explained.reduce((sum, { amountFen }) => sum + amountFen, 0n);
  return { differenceFen, explained, unexplainedFen: differenceFen - explainedFen };
}
