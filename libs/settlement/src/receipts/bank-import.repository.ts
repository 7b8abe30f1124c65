import { sql, type Queryable } from '#persistence';
import type { RowProblem } from '../statements/problem.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import type { BankLine } from './receipt.repository.ts';

export interface StoredBankImport {
  id: number;
  countyCode: string;
  bankAccount: string;
  fileName: string;
  contentHash: string;
  rowCount: number;
  enteredCount: number;
  knownCount: number;
  refusedCount: number;
  refusals: RowProblem[];
  importedBy: string;
  importedAt: Date;
}

const IMPORT_COLUMNS = sql`
  i.id, i.county_code as "countyCode", i.bank_account as "bankAccount", i.file_name as "fileName",
  i.content_hash as "contentHash", i.row_count as "rowCount", i.entered_count as "enteredCount",
  i.known_count as "knownCount", i.refused_count as "refusedCount", i.refusals, i.imported_by as "importedBy",
  i.imported_at as "importedAt"`;

/** From here to the end of the transaction nobody else imports lines of the account. */
export async function lockBankAccount(transaction: Queryable, bankAccount: string): Promise<void> {
  await transaction.query(sql`
    select pg_advisory_xact_lock(hashtextextended(${`bank:${bankAccount}`}, 0))`);
}

/** Lines of an account that are known, by their references. */
export async function linesByReference(
  database: Queryable,
  of: { bankAccount: string; references: readonly string[] },
): Promise<Map<string, BankLine>> {
  const rows = await database.query<BankLine>(sql`
    select b.county_code as "countyCode", b.bank_account as "bankAccount", b.bank_reference as "bankReference",
      b.booked_on as "bookedOn", b.amount_fen as "amountFen", b.payer, b.purpose
    from bank_line b
    where b.bank_account = ${of.bankAccount} and b.bank_reference = any(${of.references}::text[])`);
  return new Map(rows.map((row) => [row.bankReference, row]));
}

/** The last import of the same bytes for the same account; null where there is none. */
export async function bankImportOfContent(
  database: Queryable,
  of: { contentHash: string; bankAccount: string },
): Promise<StoredBankImport | null> {
  const [row] = await database.query<StoredBankImport>(sql`
    select ${IMPORT_COLUMNS}
    from bank_import i
    where i.content_hash = ${of.contentHash} and i.bank_account = ${of.bankAccount}
    order by i.id desc
    limit 1`);
  return row ?? null;
}

/** Imports of a county, the newest first. */
export async function listBankImports(
  database: Queryable,
  query: { countyCode: string; limit: number; offset: number },
): Promise<StoredBankImport[]> {
  return database.query<StoredBankImport>(sql`
    select ${IMPORT_COLUMNS}
    from bank_import i
    where i.county_code = ${query.countyCode}
    order by i.id desc
    limit ${query.limit}::int
    offset ${query.offset}::int`);
}

/** Writes an import with its new lines. @returns its id */
export async function insertBankImport(
  transaction: Queryable,
  entry: Omit<StoredBankImport, 'id' | 'importedBy' | 'importedAt'> & {
    lines: readonly (BankLine & { contentHash: string; row: number })[];
  },
  by: { actor: SettlementActor; at: Date },
): Promise<number> {
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into bank_import (county_code, bank_account, file_name, content_hash, row_count, entered_count, known_count,
      refused_count, refusals, imported_by_id, imported_by, imported_at)
    values (${entry.countyCode}, ${entry.bankAccount}, ${entry.fileName}, ${entry.contentHash},
      ${entry.rowCount}::int, ${entry.enteredCount}::int, ${entry.knownCount}::int, ${entry.refusedCount}::int,
      ${JSON.stringify(entry.refusals)}::jsonb, ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the import was not written');
  const lines = entry.lines.map((line) => ({ ...line, amountFen: String(line.amountFen) }));
  await transaction.query(sql`
    insert into bank_line (county_code, bank_account, bank_reference, booked_on, amount_fen, payer, purpose, content_hash,
      row_number, import_id, entered_by_id, entered_by, entered_at)
    select l."countyCode", l."bankAccount", l."bankReference", l."bookedOn", l."amountFen", l.payer, l.purpose,
      l."contentHash", l."row", ${row.id}::int, ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as l ("countyCode" text, "bankAccount" text,
      "bankReference" text, "bookedOn" date, "amountFen" bigint, payer text, purpose text, "contentHash" text, "row" int)
    order by l."row"`);
  return row.id;
}
