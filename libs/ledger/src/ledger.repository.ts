import type { AccountKind, AccountRules, ChainedEntry, EntryKind, PeriodState } from '#domain';
import { empty, join, sql, type Queryable } from '#persistence';

/** An account that an entry needs. */
export interface WantedAccount extends AccountRules {
  code: string;
  kind: AccountKind;
  ownerCode: string;
}

export interface AccountRow extends AccountRules {
  id: number;
  code: string;
}

export interface StoredEntry extends ChainedEntry {
  entryHash: string;
}

interface EntryRow {
  sequence: bigint;
  idempotencyKey: string;
  requestHash: string;
  kind: EntryKind;
  effectiveDay: string;
  periodMonth: string;
  bookedAt: Date;
  description: string;
  documentRef: string | null;
  bookedById: string;
  bookedBy: string;
  reversesSequence: bigint | null;
  previousHash: string;
  entryHash: string;
  accountCodes: string[];
  /** Text, because an array of bigint comes as it is written. */
  amounts: string[];
}

const ENTRY_COLUMNS = sql`
  e.sequence, e.idempotency_key as "idempotencyKey", e.request_hash as "requestHash", e.kind,
  e.effective_day as "effectiveDay", e.period_month as "periodMonth", e.booked_at as "bookedAt", e.description,
  e.document_ref as "documentRef", e.booked_by_id as "bookedById", e.booked_by as "bookedBy",
  e.reverses_sequence as "reversesSequence", e.previous_hash as "previousHash", e.entry_hash as "entryHash",
  array(
    select a.code from ledger_posting p join ledger_account a on a.id = p.account_id
    where p.sequence = e.sequence order by p.line
  ) as "accountCodes",
  array(
    select p.amount_fen::text from ledger_posting p where p.sequence = e.sequence order by p.line
  ) as amounts`;

/** Opens the accounts that are not there yet and locks all of them in the order of their codes. */
export async function lockAccounts(
  transaction: Queryable,
  wanted: readonly WantedAccount[],
  openedAt: Date,
): Promise<AccountRow[]> {
  const accounts = JSON.stringify(wanted);
  await transaction.query(sql`
    insert into ledger_account (code, kind, owner_code, normal_side, is_guarded, opened_at)
    select w.code, w.kind, w."ownerCode", w."normalSide", w."isGuarded", ${openedAt}::timestamptz
    from jsonb_to_recordset(${accounts}::jsonb)
      as w (code text, kind text, "ownerCode" text, "normalSide" text, "isGuarded" boolean)
    order by w.code collate "C"
    on conflict on constraint ledger_account_code_unique do nothing`);
  return transaction.query<AccountRow>(sql`
    select id, code, normal_side as "normalSide", is_guarded as "isGuarded"
    from ledger_account
    where code = any(${wanted.map(({ code }) => code)}::text[])
    order by code collate "C"
    for no key update`);
}

/** Locks the head: from here to the end of the transaction no other entry is written. */
export async function lockHead(transaction: Queryable): Promise<{ sequence: bigint; entryHash: string }> {
  const [head] = await transaction.query<{ sequence: bigint; entryHash: string }>(sql`
    select sequence, entry_hash as "entryHash" from ledger_head where id = 1 for update`);
  if (!head) throw new Error('the ledger has no head');
  return head;
}

/** The head without a lock. */
export async function readHead(database: Queryable): Promise<{ sequence: bigint; entryHash: string }> {
  const [head] = await database.query<{ sequence: bigint; entryHash: string }>(sql`
    select sequence, entry_hash as "entryHash" from ledger_head where id = 1`);
  if (!head) throw new Error('the ledger has no head');
  return head;
}

export async function entryByKey(database: Queryable, key: string): Promise<StoredEntry | null> {
  const [row] = await database.query<EntryRow>(sql`
    select ${ENTRY_COLUMNS} from ledger_entry e where e.idempotency_key = ${key}`);
  return row ? entryOf(row) : null;
}

export async function entryBySequence(database: Queryable, sequence: bigint): Promise<StoredEntry | null> {
  const [row] = await database.query<EntryRow>(sql`
    select ${ENTRY_COLUMNS} from ledger_entry e where e.sequence = ${sequence}::bigint`);
  return row ? entryOf(row) : null;
}

/** Sequence of the entry that takes `sequence` back; null where there is none. */
export async function reversalOf(database: Queryable, sequence: bigint): Promise<bigint | null> {
  const [row] = await database.query<{ sequence: bigint }>(sql`
    select e.sequence from ledger_entry e where e.reverses_sequence = ${sequence}::bigint`);
  return row?.sequence ?? null;
}

/** Entries after `after` in their order, at most `limit`. */
export async function entriesAfter(
  database: Queryable,
  page: { after: bigint; limit: number },
): Promise<StoredEntry[]> {
  const rows = await database.query<EntryRow>(sql`
    select ${ENTRY_COLUMNS}
    from ledger_entry e
    where e.sequence > ${page.after}::bigint
    order by e.sequence
    limit ${page.limit}::int`);
  return rows.map(entryOf);
}

export async function insertEntry(
  transaction: Queryable,
  entry: StoredEntry,
  accountIds: ReadonlyMap<string, number>,
): Promise<void> {
  await transaction.query(sql`
    insert into ledger_entry (sequence, idempotency_key, request_hash, kind, effective_day, period_month, booked_at,
      description, document_ref, booked_by_id, booked_by, reverses_sequence, posting_count, previous_hash, entry_hash)
    values (${entry.sequence}::bigint, ${entry.idempotencyKey}, ${entry.requestHash}, ${entry.kind},
      ${entry.effectiveDay}::date, ${entry.periodMonth}, ${new Date(entry.bookedAtMs)}::timestamptz,
      ${entry.description}, ${entry.documentRef}::text, ${entry.bookedById}, ${entry.bookedBy},
      ${entry.reversesSequence}::bigint, ${entry.postings.length}::int, ${entry.previousHash}, ${entry.entryHash})`);
  const ids = entry.postings.map(({ accountCode }) => accountIds.get(accountCode) ?? null);
  await transaction.query(sql`
    insert into ledger_posting (sequence, line, account_id, amount_fen)
    select ${entry.sequence}::bigint, p.line::int, p.account_id, p.amount_fen
    from unnest(${ids}::int[], ${entry.postings.map(({ amountFen }) => String(amountFen))}::bigint[])
      with ordinality as p (account_id, amount_fen, line)`);
}

/** Makes the rules that wait for the end of the transaction speak now, so that a dry run hears them too. */
export async function checkDeferred(transaction: Queryable): Promise<void> {
  await transaction.query(sql`set constraints ledger_entry_whole immediate`);
}

export async function periodState(
  database: Queryable,
  month: string,
  options: { lock: boolean } = { lock: false },
): Promise<PeriodState | null> {
  const [row] = await database.query<{ state: PeriodState }>(sql`
    select state from ledger_period where month = ${month} ${options.lock ? sql`for update` : empty}`);
  return row?.state ?? null;
}

export async function writePeriod(
  transaction: Queryable,
  change: {
    month: string;
    from: PeriodState | null;
    to: PeriodState;
    reason: string;
    actor: { accountId: string; name: string };
    changedAt: Date;
  },
): Promise<void> {
  await (change.from === null
    ? transaction.query(sql`insert into ledger_period (month, state) values (${change.month}, ${change.to})`)
    : transaction.query(sql`update ledger_period set state = ${change.to} where month = ${change.month}`));
  await transaction.query(sql`
    insert into ledger_period_change (month, from_state, to_state, reason, changed_by_id, changed_by, changed_at)
    values (${change.month}, ${change.from}::text, ${change.to}, ${change.reason}, ${change.actor.accountId},
      ${change.actor.name}, ${change.changedAt}::timestamptz)`);
}

/** What an account held, and since when it is known. */
export interface BalanceRow {
  code: string;
  kind: AccountKind;
  ownerCode: string;
  balanceFen: bigint;
}

/**
 * Balances by account code: of what happened up to and including `effectiveDay`, as far as it was booked by `bookedAt`.
 * Null bounds do not bind. An account without a posting in the bounds holds zero.
 */
export async function readBalances(
  database: Queryable,
  bounds: { codes: readonly string[] | null; effectiveDay: string | null; bookedAt: Date | null },
): Promise<BalanceRow[]> {
  const conditions = [sql`true`];
  if (bounds.codes) conditions.push(sql`a.code = any(${[...bounds.codes]}::text[])`);
  const inTime = [sql`true`];
  if (bounds.effectiveDay) inTime.push(sql`e.effective_day <= ${bounds.effectiveDay}::date`);
  if (bounds.bookedAt) inTime.push(sql`e.booked_at <= ${bounds.bookedAt}::timestamptz`);
  return database.query<BalanceRow>(sql`
    select a.code, a.kind, a.owner_code as "ownerCode",
      coalesce(sum(p.amount_fen) filter (where ${join(inTime, ' and ')}), 0)::bigint as "balanceFen"
    from ledger_account a
    left join ledger_posting p on p.account_id = a.id
    left join ledger_entry e on e.sequence = p.sequence
    where ${join(conditions, ' and ')}
    group by a.id
    order by a.code collate "C"`);
}

function entryOf(row: EntryRow): StoredEntry {
  const { bookedAt, accountCodes, amounts, ...rest } = row;
  return {
    ...rest,
    bookedAtMs: bookedAt.getTime(),
    postings: accountCodes.map((accountCode, index) => ({
      accountCode,
      amountFen: BigInt(amounts[index] ?? '0'),
    })),
  };
}
