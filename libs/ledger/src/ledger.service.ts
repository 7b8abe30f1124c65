import { Inject, Injectable } from '@nestjs/common';
import {
  ACCOUNT_KINDS,
  ACCOUNT_RULES,
  accountCode,
  canChangePeriod,
  checkEntry,
  mirrored,
  requestText,
  type AccountKind,
  type EntryDraft,
  type EntryKind,
  type PeriodState,
} from '#domain';
import { Database, postgresError, type Queryable } from '#persistence';
import { Clock } from '#platform';
import { entryHash, sha256, verifyChain, type ChainReport } from './chain.ts';
import { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
import {
  checkDeferred,
  entryByKey,
  entryBySequence,
  insertEntry,
  lockAccounts,
  lockHead,
  periodState,
  readBalances,
  reversalOf,
  writePeriod,
  type BalanceRow,
  type StoredEntry,
  type WantedAccount,
} from './ledger.repository.ts';

/** Who books; the api hands over its actor. */
export interface LedgerActor {
  accountId: string;
  name: string;
}

export interface Booking {
  entry: StoredEntry;
  /** True where the key had been booked before: nothing happened, and `entry` is the original. */
  isReplay: boolean;
}

export interface ReversalDraft {
  idempotencyKey: string;
  sequence: bigint;
  effectiveDay: string;
  /** An open period, the original's or a later one. */
  periodMonth: string;
  reason: string;
  documentRef: string | null;
}

/** An entry in the making: what the two ways in, book and reverse, have in common. */
interface Prepared {
  idempotencyKey: string;
  requestHash: string;
  kind: EntryKind;
  effectiveDay: string;
  periodMonth: string;
  description: string;
  documentRef: string | null;
  reversesSequence: bigint | null;
  postings: { accountCode: string; amountFen: bigint }[];
  accounts: WantedAccount[];
}

/** Kinds that put right what was wrong may leave an account on its other side; so may an advance, which says so. */
const UNGUARDED_KINDS: ReadonlySet<EntryKind> = new Set(['adjustment', 'reversal', 'advance', 'opening']);

/**
 * The only writer of money. Every call may be repeated with its key: the second answer is the first entry.
 * Features that write tables of their own with an entry call the `…In` methods inside their transaction.
 */
@Injectable()
export class LedgerService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Books an entry, or with `dryRun` does the same and takes it back.
   * @throws MoneyError `ledger.bad_entry`, `ledger.not_zero`
   * @throws LedgerError `ledger.key_reused`, `ledger.period_missing`, `ledger.period_closed`,
   *   `ledger.period_on_hold`, `ledger.balance_too_low`
   */
  async book(draft: EntryDraft, actor: LedgerActor, options: { dryRun?: boolean } = {}): Promise<Booking> {
    return this.database.transaction((transaction) => this.bookIn(transaction, draft, actor), {
      rollback: options.dryRun ?? false,
    });
  }

  /** {@link book} inside a transaction of the caller. */
  async bookIn(transaction: Queryable, draft: EntryDraft, actor: LedgerActor): Promise<Booking> {
    checkEntry(draft);
    const accounts = new Map<string, WantedAccount>();
    const postings = draft.postings.map(({ account, amountFen }) => {
      const code = accountCode(account);
      accounts.set(code, wanted(code, account.kind, account.ownerCode));
      return { accountCode: code, amountFen };
    });
    return this.write(transaction, actor, {
      idempotencyKey: draft.idempotencyKey,
      requestHash: sha256(requestText(draft)),
      kind: draft.kind,
      effectiveDay: draft.effectiveDay,
      periodMonth: draft.periodMonth,
      description: draft.description,
      documentRef: draft.documentRef,
      reversesSequence: null,
      postings,
      accounts: [...accounts.values()],
    });
  }

  /**
   * Takes an entry back with its mirror (冲正). An entry is taken back once; a reversal is not taken back, what it took
   * back is booked anew.
   * @throws LedgerError `ledger.entry_unknown`, `ledger.already_reversed`, `ledger.reversal_not_reversible`, and those
   *   of {@link book}
   */
  async reverse(
    draft: ReversalDraft,
    actor: LedgerActor,
    options: { dryRun?: boolean } = {},
  ): Promise<Booking> {
    return this.database.transaction((transaction) => this.reverseIn(transaction, draft, actor), {
      rollback: options.dryRun ?? false,
    });
  }

  /** {@link reverse} inside a transaction of the caller. */
  async reverseIn(transaction: Queryable, draft: ReversalDraft, actor: LedgerActor): Promise<Booking> {
    const original = await entryBySequence(transaction, draft.sequence);
    if (!original) throw new LedgerError('ledger.entry_unknown', `没有这笔凭证 (no entry ${draft.sequence})`);
    if (original.kind === 'reversal')
      throw new LedgerError(
        'ledger.reversal_not_reversible',
        '冲正凭证不能再冲正，请重新记账 (a reversal is not reversed; book anew)',
      );
    const { reason, ...request } = draft;
    return this.write(transaction, actor, {
      idempotencyKey: draft.idempotencyKey,
      requestHash: sha256(
        JSON.stringify(['reversal', { ...request, sequence: String(draft.sequence), reason }]),
      ),
      kind: 'reversal',
      effectiveDay: draft.effectiveDay,
      periodMonth: draft.periodMonth,
      description: reason,
      documentRef: draft.documentRef,
      reversesSequence: original.sequence,
      postings: mirrored(original.postings),
      accounts: original.postings.map(({ accountCode: code }) => wantedOfCode(code)),
    });
  }

  /**
   * Opens a month for entries. @throws LedgerError `ledger.period_state` where it exists, `ledger.period_in_order`
   * where a later one is closed
   */
  async openPeriod(month: string, actor: LedgerActor): Promise<void> {
    await this.changePeriod({ month, to: 'open', from: null, reason: '开账 (opened)' }, actor);
  }

  /**
   * Moves a period between open, on hold and closed. Closing waits for entries that are on their way.
   * @throws LedgerError `ledger.period_missing`, `ledger.period_state`, `ledger.period_closed`,
   *   `ledger.period_in_order` where an earlier period is not closed
   */
  async setPeriodState(
    change: { month: string; to: PeriodState; reason: string },
    actor: LedgerActor,
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const from = await periodState(transaction, change.month, { lock: true });
      if (from === null)
        throw new LedgerError('ledger.period_missing', `期间未开 (no period): ${change.month}`);
      if (from === 'closed')
        throw new LedgerError('ledger.period_closed', `期间已结账 (closed): ${change.month}`);
      if (!canChangePeriod({ from, to: change.to }))
        throw new LedgerError('ledger.period_state', `期间已是该状态 (already ${from}): ${change.month}`);
      await this.writePeriodIn(transaction, { ...change, from }, actor);
    });
  }

  /** State of a month; null where it was never opened. */
  async periodState(month: string): Promise<PeriodState | null> {
    return periodState(this.database, month);
  }

  /**
   * {@link periodState} inside a transaction of the caller: a second connection for it would stop all of them where as
   * many act at once as there are connections.
   */
  async periodStateIn(transaction: Queryable, month: string): Promise<PeriodState | null> {
    return periodState(transaction, month);
  }

  /**
   * Balances by account code on both times: of what had happened by the end of `effectiveDay`, as it was known at
   * `bookedAt`. Left out, a bound does not bind. Fen, money into the account positive.
   */
  async balances(
    bounds: { codes?: readonly string[]; effectiveDay?: string; bookedAt?: Date } = {},
  ): Promise<BalanceRow[]> {
    return readBalances(this.database, {
      codes: bounds.codes ?? null,
      effectiveDay: bounds.effectiveDay ?? null,
      bookedAt: bounds.bookedAt ?? null,
    });
  }

  /** An entry by its number; null where there is none. */
  async entry(sequence: bigint): Promise<StoredEntry | null> {
    return entryBySequence(this.database, sequence);
  }

  /** Follows the hash chain from the first entry to the head. */
  async verifyChain(): Promise<ChainReport> {
    return verifyChain(this.database);
  }

  /** Locks are taken in one order everywhere: accounts by code, then the head. */
  private async write(transaction: Queryable, actor: LedgerActor, prepared: Prepared): Promise<Booking> {
    const early = await replayOf(transaction, prepared);
    if (early) return early;
    const accounts = await lockAccounts(transaction, prepared.accounts, this.clock.now());
    const head = await lockHead(transaction);
    // Whoever had the head before may have booked the same key.
    const late = await replayOf(transaction, prepared);
    if (late) return late;
    await this.requireWritable(transaction, prepared);
    const entry = {
      sequence: head.sequence + 1n,
      idempotencyKey: prepared.idempotencyKey,
      requestHash: prepared.requestHash,
      kind: prepared.kind,
      effectiveDay: prepared.effectiveDay,
      periodMonth: prepared.periodMonth,
      // Taken under the lock of the head, so that the order of times is the order of entries.
      bookedAtMs: this.clock.nowMs(),
      description: prepared.description,
      documentRef: prepared.documentRef,
      bookedById: actor.accountId,
      bookedBy: actor.name,
      reversesSequence: prepared.reversesSequence,
      postings: prepared.postings,
      previousHash: head.entryHash,
    };
    const stored = { ...entry, entryHash: entryHash(entry) };
    const ids = new Map(accounts.map(({ code, id }) => [code, id]));
    await named(async () => {
      await insertEntry(transaction, stored, ids);
      await checkDeferred(transaction);
    });
    if (!UNGUARDED_KINDS.has(prepared.kind)) await requireBalances(transaction, prepared, accounts);
    return { entry: stored, isReplay: false };
  }

  private async requireWritable(transaction: Queryable, prepared: Prepared): Promise<void> {
    if ((await periodState(transaction, prepared.periodMonth)) === null)
      throw new LedgerError('ledger.period_missing', `期间未开 (no period): ${prepared.periodMonth}`);
    if (prepared.reversesSequence === null) return;
    const earlier = await reversalOf(transaction, prepared.reversesSequence);
    if (earlier !== null)
      throw new LedgerError(
        'ledger.already_reversed',
        `该凭证已由第 ${earlier} 号冲正 (already reversed by entry ${earlier})`,
      );
  }

  private async changePeriod(
    change: { month: string; from: PeriodState | null; to: PeriodState; reason: string },
    actor: LedgerActor,
  ): Promise<void> {
    await this.database.transaction((transaction) => this.writePeriodIn(transaction, change, actor));
  }

  private async writePeriodIn(
    transaction: Queryable,
    change: { month: string; from: PeriodState | null; to: PeriodState; reason: string },
    actor: LedgerActor,
  ): Promise<void> {
    await named(() => writePeriod(transaction, { ...change, actor, changedAt: this.clock.now() }));
  }
}

async function replayOf(transaction: Queryable, prepared: Prepared): Promise<Booking | null> {
  const entry = await entryByKey(transaction, prepared.idempotencyKey);
  if (!entry) return null;
  if (entry.requestHash !== prepared.requestHash)
    throw new LedgerError(
      'ledger.key_reused',
      `幂等键已用于第 ${entry.sequence} 号凭证，内容不同 (key was used for entry ${entry.sequence} with another content)`,
    );
  return { entry, isReplay: true };
}

/** @throws LedgerError `ledger.balance_too_low` */
async function requireBalances(
  transaction: Queryable,
  prepared: Prepared,
  accounts: readonly { code: string; isGuarded: boolean; normalSide: 'debit' | 'credit' }[],
): Promise<void> {
  const guarded = new Map(accounts.filter(({ isGuarded }) => isGuarded).map((each) => [each.code, each]));
  // An account that only grows needs no look; an allocation over every village would add up all of them.
  const shrinking = new Set(
    prepared.postings.flatMap(({ accountCode: code, amountFen }) => {
      const account = guarded.get(code);
      return account && (account.normalSide === 'debit' ? amountFen < 0n : amountFen > 0n) ? [code] : [];
    }),
  );
  if (shrinking.size === 0) return;
  const balances = await readBalances(transaction, {
    codes: [...shrinking],
    effectiveDay: null,
    bookedAt: null,
  });
  for (const { code, balanceFen } of balances) {
    const isOver = guarded.get(code)?.normalSide === 'debit' ? balanceFen < 0n : balanceFen > 0n;
    if (isOver)
      throw new LedgerError(
        'ledger.balance_too_low',
        `余额不足 (balance too low): ${code}，差 ${balanceFen < 0n ? -balanceFen : balanceFen} 分`,
      );
  }
}

function wanted(code: string, kind: AccountKind, ownerCode: string): WantedAccount {
  return { code, kind, ownerCode, ...ACCOUNT_RULES[kind] };
}

/** The accounts of an entry that is taken back exist; only their codes are needed to lock them. */
function wantedOfCode(code: string): WantedAccount {
  const [kindText = '', ownerCode = ''] = code.split(':');
  const kind = ACCOUNT_KINDS.find((known) => known === kindText);
  if (!kind) throw new Error(`account ${code} is of no known kind`);
  return wanted(code, kind, ownerCode);
}

const BY_CONSTRAINT: Readonly<Record<string, LedgerErrorCode>> = {
  ledger_period_closed: 'ledger.period_closed',
  ledger_period_on_hold: 'ledger.period_on_hold',
  ledger_period_in_order: 'ledger.period_in_order',
  ledger_period_pkey: 'ledger.period_state',
};

/** Gives a refusal of the database its name; anything else passes as it is. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = BY_CONSTRAINT[postgresError(error)?.constraint ?? ''];
    if (code === undefined) throw error;
    throw new LedgerError(code, error instanceof Error ? error.message : code, { cause: error });
  }
}
