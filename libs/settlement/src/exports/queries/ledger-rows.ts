import { sql, type Queryable } from '#persistence';

/** A posting with its entry; fen into (+) or out of (−) the account. */
export interface LedgerRow {
  sequence: bigint;
  line: number;
  kind: string;
  effectiveDay: string;
  periodMonth: string;
  bookedAt: Date;
  description: string;
  documentRef: string | null;
  bookedBy: string;
  reversesSequence: bigint | null;
  accountCode: string;
  accountKind: string;
  ownerCode: string;
  ownerName: string | null;
  amountFen: bigint;
  entryHash: string;
}

/** The last of the next `limitEntries` entries of a period; null where there is none. */
export async function ledgerPageEnd(
  database: Queryable,
  query: { month: string; after: bigint; limitEntries: number },
): Promise<bigint | null> {
  const [row] = await database.query<{ last: bigint | null }>(sql`
    select max(e.sequence) as last
    from (
      select sequence
      from ledger_entry
      where period_month = ${query.month} and sequence > ${query.after}::bigint
      order by sequence
      limit ${query.limitEntries}::int
    ) e`);
  return row?.last ?? null;
}

/**
 * Postings of a period, of entries after one and up to another. Of a county: those on its accounts only, so that
 * an entry over several counties does not sum to zero in it.
 */
export async function ledgerRows(
  database: Queryable,
  query: { month: string; countyCode: string | null; after: bigint; upTo: bigint },
): Promise<LedgerRow[]> {
  const { month, countyCode, after, upTo } = query;
  return database.query<LedgerRow>(sql`
    select e.sequence, p.line, e.kind, e.effective_day as "effectiveDay", e.period_month as "periodMonth",
      e.booked_at as "bookedAt", e.description, e.document_ref as "documentRef", e.booked_by as "bookedBy",
      e.reverses_sequence as "reversesSequence", a.code as "accountCode", a.kind as "accountKind",
      a.owner_code as "ownerCode", coalesce(s.name, v.name, c.name) as "ownerName", p.amount_fen as "amountFen",
      e.entry_hash as "entryHash"
    from ledger_entry e
    join ledger_posting p on p.sequence = e.sequence
    join ledger_account a on a.id = p.account_id
    left join station s on s.code = a.owner_code
    left join village v on v.code = a.owner_code
    left join county c on c.code = a.owner_code
    left join township t on t.code = coalesce(s.township_code, v.township_code)
    where e.period_month = ${month} and e.sequence > ${after}::bigint and e.sequence <= ${upTo}::bigint
      and (${countyCode}::text is null or coalesce(t.county_code, c.code) = ${countyCode}::text)
    order by e.sequence, p.line`);
}

/** How many entries a period has. */
export async function ledgerEntryCount(database: Queryable, month: string): Promise<number> {
  const [row] = await database.query<{ entries: number }>(sql`
    select count(*)::int as entries from ledger_entry where period_month = ${month}`);
  return row?.entries ?? 0;
}
