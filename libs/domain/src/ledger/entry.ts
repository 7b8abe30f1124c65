import { MoneyError } from '../allocation/money-error.ts';

/** Chart of accounts: what a kind holds and on which side it grows. */
export const ACCOUNT_KINDS = ['agency', 'station', 'village', 'cost', 'receivable', 'rounding'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/**
 * Money into an account is positive, out of it negative. A debit account grows with money in (cash of the agency 结转
 * 机构, receivable, cost); a credit account with money out: what a station earned, what is owed to a village.
 */
export type NormalSide = 'debit' | 'credit';

export interface AccountRules {
  normalSide: NormalSide;
  /** The balance does not pass zero to the other side: nothing is paid that was not received (requirement 33). */
  isGuarded: boolean;
}

/** Rules of each kind of account; a station may be claimed back from after a correction, so it is not guarded. */
export const ACCOUNT_RULES: Record<AccountKind, AccountRules> = {
  agency: { normalSide: 'debit', isGuarded: true },
  station: { normalSide: 'credit', isGuarded: false },
  village: { normalSide: 'credit', isGuarded: true },
  cost: { normalSide: 'debit', isGuarded: false },
  receivable: { normalSide: 'debit', isGuarded: false },
  rounding: { normalSide: 'debit', isGuarded: false },
};

export const ENTRY_KINDS = [
  'opening',
  'settlement',
  'receipt',
  'allocation',
  'transfer',
  'cost',
  'advance',
  'adjustment',
  'reversal',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Account of an entry: `kind:ownerCode`, and for some kinds what is held, such as `receivable:ST001:subsidy`. */
export interface AccountRef {
  kind: AccountKind;
  /** Code of the station, village or county in the registry. */
  ownerCode: string;
  /** Tells accounts of one kind and owner apart: a price component, a cost line. */
  part?: string;
}

export interface Posting {
  account: AccountRef;
  /** Positive into the account, negative out of it; never zero. */
  amountFen: bigint;
}

/** What is asked of the ledger. */
export interface EntryDraft {
  idempotencyKey: string;
  kind: Exclude<EntryKind, 'reversal'>;
  /** Shanghai day on which the thing happened. */
  effectiveDay: string;
  /** `YYYY-MM`; another month than that of the day for adjustments only. */
  periodMonth: string;
  description: string;
  /** Number of the document behind it; null where there is none. */
  documentRef: string | null;
  postings: readonly Posting[];
}

/** Postings of one entry: an allocation over every village and what goes with it. */
export const POSTINGS_MAX = 5000;
/** Codes end in keys and addresses; free text would not. */
const CODE = /^[\p{L}\p{N}._-]{1,60}$/u;
const KEY = /^[\x21-\x7e]{1,200}$/;
const DESCRIPTION_CHARACTERS_MAX = 500;
/** 10^15 fen is ten thousand 亿 yuan: beyond it somebody mistook the unit, and sums stay inside 64 bits. */
export const AMOUNT_FEN_MAX = 10n ** 15n;

/** @throws MoneyError `ledger.bad_entry` */
export function accountCode({ kind, ownerCode, part }: AccountRef): string {
  if (!CODE.test(ownerCode) || (part !== undefined && !CODE.test(part)))
    throw new MoneyError(
      'ledger.bad_entry',
      `账户编码不合规 (bad account): ${kind}:${ownerCode.slice(0, 60)}`,
    );
  return part === undefined ? `${kind}:${ownerCode}` : `${kind}:${ownerCode}:${part}`;
}

/**
 * Checks an entry before it reaches the database, which checks it again.
 * @throws MoneyError `ledger.bad_entry`, `ledger.not_zero`
 */
export function checkEntry(draft: EntryDraft): void {
  const { postings } = draft;
  if (!KEY.test(draft.idempotencyKey)) bad('幂等键不合规 (bad idempotency key)');
  if (!isDay(draft.effectiveDay)) bad('发生日期不合规 (bad effective day)');
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(draft.periodMonth)) bad('会计期间不合规 (bad period)');
  const own = draft.effectiveDay.slice(0, 7);
  if (draft.kind === 'adjustment' ? draft.periodMonth < own : draft.periodMonth !== own)
    bad('会计期间与发生日期不符 (period is not that of the day)');
  const characters = draft.description.trim().length;
  if (characters === 0 || characters > DESCRIPTION_CHARACTERS_MAX) bad('摘要为空或过长 (bad description)');
  if (postings.length < 2 || postings.length > POSTINGS_MAX) bad('分录行数不合规 (number of postings)');
  for (const { amountFen } of postings)
    if (amountFen === 0n || amountFen > AMOUNT_FEN_MAX || amountFen < -AMOUNT_FEN_MAX)
      bad('分录金额不合规 (bad amount)');
  const sumFen = postings.reduce((sum, { amountFen }) => sum + amountFen, 0n);
  if (sumFen !== 0n)
    throw new MoneyError('ledger.not_zero', `借贷不平，差 ${sumFen} 分 (postings sum to ${sumFen} fen)`);
}

/** Postings that take back others, in the same order. */
export function mirrored<Line extends { amountFen: bigint }>(postings: readonly Line[]): Line[] {
  return postings.map((posting) => ({ ...posting, amountFen: -posting.amountFen }));
}

/** An entry as it is chained; every field that a reader may rely on. */
export interface ChainedEntry {
  sequence: bigint;
  idempotencyKey: string;
  requestHash: string;
  kind: EntryKind;
  effectiveDay: string;
  periodMonth: string;
  bookedAtMs: number;
  description: string;
  documentRef: string | null;
  bookedById: string;
  bookedBy: string;
  reversesSequence: bigint | null;
  /** In the order of their lines. */
  postings: readonly { accountCode: string; amountFen: bigint }[];
  previousHash: string;
}

/** Hash before the first entry. */
export const CHAIN_START = '0'.repeat(64);

/**
 * Text whose SHA-256 is the hash of an entry: a JSON array with fixed places, so that nobody can move a character from
 * one field into the next. It holds the hash of the entry before.
 */
export function chainText(entry: ChainedEntry): string {
  return JSON.stringify([
    'sunledger-entry-1',
    entry.previousHash,
    String(entry.sequence),
    entry.idempotencyKey,
    entry.requestHash,
    entry.kind,
    entry.effectiveDay,
    entry.periodMonth,
    new Date(entry.bookedAtMs).toISOString(),
    entry.description,
    entry.documentRef,
    entry.bookedById,
    entry.bookedBy,
    entry.reversesSequence === null ? null : String(entry.reversesSequence),
    entry.postings.map(({ accountCode, amountFen }) => [accountCode, String(amountFen)]),
  ]);
}

/** Text whose SHA-256 tells a repetition from another request under the same key. Who asks does not count. */
export function requestText(draft: EntryDraft): string {
  return JSON.stringify([
    'sunledger-request-1',
    draft.kind,
    draft.effectiveDay,
    draft.periodMonth,
    draft.description,
    draft.documentRef,
    draft.postings.map(({ account, amountFen }) => [accountCode(account), String(amountFen)]),
  ]);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

function bad(message: string): never {
  throw new MoneyError('ledger.bad_entry', message);
}
