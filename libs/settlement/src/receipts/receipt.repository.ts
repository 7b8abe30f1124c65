import { sql, type Queryable } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

/** A line of the bank statement of the agency's account; money in is positive. */
export interface BankLine {
  countyCode: string;
  bankAccount: string;
  bankReference: string;
  bookedOn: string;
  amountFen: bigint;
  payer: string | null;
  purpose: string | null;
}

export interface StoredBankLine extends BankLine {
  id: bigint;
  /** Already matched with statements, fen. */
  matchedFen: bigint;
  /** Given out by approved runs, fen. */
  givenOutFen: bigint;
  enteredBy: string;
  enteredAt: Date;
  /** Matches and reversals that there ever were: a match after a reversal is not the one before it. */
  matchCount: number;
}

/** Part of a statement that has not been received. */
export interface OpenStatement {
  statementId: bigint;
  stationCode: string;
  accountNo: string;
  month: string;
  openFen: bigint;
}

export interface NewMatch {
  statementId: bigint;
  amountFen: bigint;
  isPinned: boolean;
}

const LINE_COLUMNS = sql`
  b.id, b.county_code as "countyCode", b.bank_account as "bankAccount", b.bank_reference as "bankReference",
  b.booked_on as "bookedOn", b.amount_fen as "amountFen", b.payer, b.purpose,
  (select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.bank_line_id = b.id)::bigint as "matchedFen",
  (select count(*) from receipt_match m where m.bank_line_id = b.id)::int as "matchCount",
  (
    select coalesce(sum(a.amount_fen), 0)
    from receipt_match m
    join allocation_source a on a.match_id = m.id and not a.is_released
    join allocation_run r on r.id = a.run_id and r.state = 'approved'
    where m.bank_line_id = b.id
  )::bigint as "givenOutFen",
  b.entered_by as "enteredBy", b.entered_at as "enteredAt"`;

/** Writes a line unless its reference is known. @returns true where it is new */
export async function insertBankLine(
  transaction: Queryable,
  line: BankLine & { contentHash: string; row: number },
  by: { actor: SettlementActor; at: Date },
): Promise<boolean> {
  const rows = await transaction.query<{ id: bigint }>(sql`
    insert into bank_line (county_code, bank_account, bank_reference, booked_on, amount_fen, payer, purpose,
      content_hash, row_number, entered_by_id, entered_by, entered_at)
    values (${line.countyCode}, ${line.bankAccount}, ${line.bankReference}, ${line.bookedOn}::date,
      ${line.amountFen}::bigint, ${line.payer}::text, ${line.purpose}::text, ${line.contentHash}, ${line.row}::int,
      ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz)
    on conflict on constraint bank_line_reference_unique do nothing
    returning id`);
  return rows.length > 0;
}

export async function bankLineByReference(
  database: Queryable,
  line: Pick<BankLine, 'bankAccount' | 'bankReference'>,
): Promise<StoredBankLine | null> {
  const [row] = await database.query<StoredBankLine>(sql`
    select ${LINE_COLUMNS}
    from bank_line b
    where b.bank_account = ${line.bankAccount} and b.bank_reference = ${line.bankReference}`);
  return row ?? null;
}

/** A line, locked to the end of the transaction; null where there is none. */
export async function lockBankLine(transaction: Queryable, id: bigint): Promise<StoredBankLine | null> {
  const [row] = await transaction.query<StoredBankLine>(sql`
    select ${LINE_COLUMNS} from bank_line b where b.id = ${id}::bigint for update`);
  return row ?? null;
}

interface LineQuery {
  countyCode: string;
  state: 'all' | 'open';
  /** Booked from the first of these days on and before the other; null is any. */
  range: { from: string; to: string } | null;
}

const whereLine = ({ countyCode, state, range }: LineQuery) => sql`
  where b.county_code = ${countyCode}
    and (${range?.from ?? null}::date is null or b.booked_on >= ${range?.from ?? null}::date)
    and (${range?.to ?? null}::date is null or b.booked_on < ${range?.to ?? null}::date)
    and (${state}::text = 'all' or b.amount_fen <> (
      select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.bank_line_id = b.id
    ))`;

/** Lines of a county, the newest first. */
export async function listBankLines(
  database: Queryable,
  query: LineQuery & { limit: number; offset: number },
): Promise<StoredBankLine[]> {
  return database.query<StoredBankLine>(sql`
    select ${LINE_COLUMNS}
    from bank_line b
    ${whereLine(query)}
    order by b.booked_on desc, b.id desc
    limit ${query.limit}::int
    offset ${query.offset}::int`);
}

interface BankLineSum {
  count: number;
  amountFen: bigint;
  matchedFen: bigint;
  givenOutFen: bigint;
}

/** All lines of a query in sum. */
export async function sumBankLines(database: Queryable, query: LineQuery): Promise<BankLineSum> {
  const [row] = await database.query<BankLineSum>(sql`
    select count(*)::int as count, coalesce(sum(l."amountFen"), 0)::bigint as "amountFen",
      coalesce(sum(l."matchedFen"), 0)::bigint as "matchedFen",
      coalesce(sum(l."givenOutFen"), 0)::bigint as "givenOutFen"
    from (select ${LINE_COLUMNS} from bank_line b ${whereLine(query)}) l`);
  return row ?? { count: 0, amountFen: 0n, matchedFen: 0n, givenOutFen: 0n };
}

/** A line; null where there is none. */
export async function bankLineById(database: Queryable, id: bigint): Promise<StoredBankLine | null> {
  const [row] = await database.query<StoredBankLine>(sql`
    select ${LINE_COLUMNS} from bank_line b where b.id = ${id}::bigint`);
  return row ?? null;
}

interface LineMatch {
  stationCode: string;
  stationName: string;
  accountNo: string;
  month: string;
  component: string;
  amountFen: bigint;
  isPinned: boolean;
  isTakenBack: boolean;
  runId: number | null;
  matchedBy: string;
  matchedAt: Date;
}

/** What a line pays, or paid until it was taken back; by month, station and account. */
export async function matchesOfLine(database: Queryable, bankLineId: bigint): Promise<LineMatch[]> {
  return database.query<LineMatch>(sql`
    select st.code as "stationCode", st.name as "stationName", s.account_no as "accountNo", s.month, s.component,
      m.amount_fen as "amountFen", m.is_pinned as "isPinned", (r.id is not null) as "isTakenBack",
      a.run_id as "runId", m.matched_by as "matchedBy", m.matched_at as "matchedAt"
    from receipt_match m
    join grid_statement s on s.id = m.statement_id
    join station st on st.id = s.station_id
    left join receipt_match r on r.reverses_id = m.id
    left join allocation_source a on a.match_id = m.id and not a.is_released
    where m.bank_line_id = ${bankLineId}::bigint and m.reverses_id is null
    order by (r.id is not null), s.month, st.code, s.account_no, s.component, m.id`);
}

/** True where the registry knows the county. */
export async function isCounty(database: Queryable, code: string): Promise<boolean> {
  const rows = await database.query<{ code: string }>(
    sql`select c.code from county c where c.code = ${code}`,
  );
  return rows.length > 0;
}

/** What is open of a component in a county, by month, station and account. */
export async function openStatements(
  database: Queryable,
  query: { countyCode: string; component: string },
): Promise<OpenStatement[]> {
  return database.query<OpenStatement>(sql`
    select o.id as "statementId", o.code as "stationCode", o.account_no as "accountNo", o.month,
      o.open_fen as "openFen"
    from (
      select s.id, st.code, s.account_no, s.month,
        (s.amount_fen - coalesce((
          select sum(m.amount_fen) from receipt_match m where m.statement_id = s.id
        ), 0))::bigint as open_fen
      from grid_statement_in_force s
      join station st on st.id = s.station_id
      join township t on t.code = st.township_code
      where t.county_code = ${query.countyCode} and s.component = ${query.component}
    ) o
    where o.open_fen > 0
    order by o.month, o.code, o.account_no`);
}

/**
 * What was received for statements of a component in a county, and how much of it is more than is stated now: that is
 * what the grid takes back first.
 */
export async function receivedStatements(
  database: Queryable,
  query: { countyCode: string; component: string },
): Promise<(OpenStatement & { excessFen: bigint })[]> {
  return database.query<OpenStatement & { excessFen: bigint }>(sql`
    select r.id as "statementId", r.code as "stationCode", r.account_no as "accountNo", r.month,
      r.received_fen as "openFen", greatest(0, r.received_fen - r.amount_fen)::bigint as "excessFen"
    from (
      select s.id, st.code, s.account_no, s.month, s.amount_fen,
        (select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.statement_id = s.id)::bigint as received_fen
      from grid_statement_in_force s
      join station st on st.id = s.station_id
      join township t on t.code = st.township_code
      where t.county_code = ${query.countyCode} and s.component = ${query.component}
    ) r
    where r.received_fen > 0
    order by r.month desc, r.code desc, r.account_no`);
}

/** True where the reference is that of money that the agency sent to villages. */
export async function isTransferReference(
  database: Queryable,
  { countyCode, bankReference }: Pick<BankLine, 'countyCode' | 'bankReference'>,
): Promise<boolean> {
  const rows = await database.query<{ id: bigint }>(sql`
    select t.id
    from village_transfer t
    join village_transfer_batch b on b.id = t.batch_id
    where t.bank_reference = ${bankReference} and b.county_code = ${countyCode}
    limit 1`);
  return rows.length > 0;
}

export async function insertMatches(
  transaction: Queryable,
  matches: readonly NewMatch[],
  of: { bankLineId: bigint; ledgerSequence: bigint; actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    insert into receipt_match (bank_line_id, statement_id, amount_fen, is_pinned, ledger_sequence, matched_by_id,
      matched_by, matched_at)
    select ${of.bankLineId}::bigint, m.statement_id, m.amount_fen, m.is_pinned, ${of.ledgerSequence}::bigint,
      ${of.actor.accountId}, ${of.actor.name}, ${of.at}::timestamptz
    from unnest(${matches.map(({ statementId }) => String(statementId))}::bigint[],
      ${matches.map(({ amountFen }) => String(amountFen))}::bigint[],
      ${matches.map(({ isPinned }) => isPinned)}::boolean[]) as m (statement_id, amount_fen, is_pinned)`);
}

/** Matches of a line that an entry with this key booked and that were not taken back. */
export async function matchesOfKey(
  database: Queryable,
  query: { bankLineId: bigint; idempotencyKey: string },
): Promise<(OpenStatement & NewMatch & { ledgerSequence: bigint; receivedFen: bigint })[]> {
  return database.query(sql`
    select m.statement_id as "statementId", st.code as "stationCode", s.account_no as "accountNo", s.month,
      m.amount_fen as "amountFen", m.is_pinned as "isPinned", m.ledger_sequence as "ledgerSequence",
      (s.amount_fen - o.received_fen)::bigint as "openFen", o.received_fen::bigint as "receivedFen"
    from receipt_match m
    join ledger_entry e on e.sequence = m.ledger_sequence
    join grid_statement_in_force s on s.id = m.statement_id
    join station st on st.id = s.station_id
    cross join lateral (
      select sum(o.amount_fen) as received_fen from receipt_match o where o.statement_id = s.id
    ) o
    where m.bank_line_id = ${query.bankLineId}::bigint and m.reverses_id is null
      and e.idempotency_key = ${query.idempotencyKey}
      and not exists (select 1 from receipt_match r where r.reverses_id = m.id)
    order by s.month, st.code, s.account_no`);
}

/** Entries behind the matches of a line that were not taken back. */
export async function entriesOfLine(database: Queryable, bankLineId: bigint): Promise<bigint[]> {
  const rows = await database.query<{ sequence: bigint }>(sql`
    select distinct m.ledger_sequence as sequence
    from receipt_match m
    where m.bank_line_id = ${bankLineId}::bigint and m.reverses_id is null
      and not exists (select 1 from receipt_match r where r.reverses_id = m.id)
    order by m.ledger_sequence`);
  return rows.map(({ sequence }) => sequence);
}

/** Takes back the matches that an entry booked. */
export async function reverseMatches(
  transaction: Queryable,
  of: { entry: bigint; ledgerSequence: bigint; actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    insert into receipt_match (bank_line_id, statement_id, amount_fen, is_pinned, reverses_id, ledger_sequence,
      matched_by_id, matched_by, matched_at)
    select m.bank_line_id, m.statement_id, -m.amount_fen, m.is_pinned, m.id, ${of.ledgerSequence}::bigint,
      ${of.actor.accountId}, ${of.actor.name}, ${of.at}::timestamptz
    from receipt_match m
    where m.ledger_sequence = ${of.entry}::bigint and m.reverses_id is null
    order by m.id`);
}
