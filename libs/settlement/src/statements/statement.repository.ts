import type { Area, StatedComponent, StatementInForce } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { RowProblem } from './problem.ts';
import type { StatementMapping } from './mapping.ts';

/** Who does it; the api hands over its actor. */
export interface SettlementActor {
  accountId: string;
  name: string;
  /** County codes that he may change; absent or null is the whole city. */
  area?: Area;
}

export interface GridAccount {
  accountNo: string;
  stationId: number;
  stationCode: string;
  countyCode: string;
}

export interface StoredMapping {
  id: number;
  source: string;
  version: number;
  columns: StatementMapping;
  enteredBy: string;
  enteredAt: Date;
}

export interface StoredImport {
  id: number;
  fileName: string;
  contentHash: string;
  rowCount: number;
  statedCount: number;
  correctedCount: number;
  unchangedCount: number;
  refusedCount: number;
  importedBy: string;
  importedAt: Date;
}

/** A component to be written, with where it comes from. */
interface NewStatement {
  row: number;
  version: number;
  stationId: number;
  stated: StatedComponent;
}

type Key = Pick<StatedComponent, 'accountNo' | 'month' | 'component'>;

interface StatementRow extends Omit<StatedComponent, 'priceYuanPerKwh'> {
  id: bigint;
  version: number;
  priceYuanPerKwh: string | null;
  receivedFen: bigint;
}

/** From here to the end of the transaction nobody else writes statements. */
export async function lockStatements(transaction: Queryable): Promise<void> {
  await transaction.query(sql`select pg_advisory_xact_lock(hashtextextended('grid_statement', 0))`);
}

export async function accountsOf(
  database: Queryable,
  accountNos: readonly string[],
): Promise<Map<string, GridAccount>> {
  const rows = await database.query<GridAccount>(sql`
    select a.account_no as "accountNo", s.id as "stationId", s.code as "stationCode",
      t.county_code as "countyCode"
    from grid_account a
    join station s on s.id = a.station_id
    join township t on t.code = s.township_code
    where a.account_no = any(${accountNos}::text[])`);
  return new Map(rows.map((row) => [row.accountNo, row]));
}

const KEYS = (keys: readonly Key[]) => sql`
  jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k ("accountNo" text, month text, component text)`;

/** Statements in force of the keys, with the figures of their last amendment and what was received for each. */
export async function statementsInForce(
  database: Queryable,
  keys: readonly Key[],
): Promise<StatementInForce[]> {
  const rows = await database.query<StatementRow>(sql`
    select s.id, f.version, f.account_no as "accountNo", f.month, f.component, f.energy_wh as "energyWh",
      f.price_yuan_per_kwh::text as "priceYuanPerKwh", f.amount_fen as "amountFen", f.total_fen as "totalFen",
      f.account_name as "accountName", f.read_from as "readFrom", f.read_to as "readTo",
      f.previous_wh as "previousWh", f.present_wh as "presentWh", f.multiplier, f.tax_rate_bp as "taxRateBp",
      f.tax_fen as "taxFen", f.tax_code as "taxCode", f.invoice_no as "invoiceNo", f.pay_on as "payOn",
      f.payee_name as "payeeName", f.payee_account as "payeeAccount", f.handled_by as "handledBy",
      coalesce(m.received_fen, 0)::bigint as "receivedFen"
    from ${KEYS(keys)}
    join grid_statement s
      on s.account_no = k."accountNo" and s.month = k.month and s.component = k.component and s.kind = 'stated'
    left join grid_statement r on r.reverses_id = s.id
    left join grid_statement a
      on a.amends_id = s.id
      and not exists (select 1 from grid_statement b where b.amends_id = s.id and b.version > a.version)
    join grid_statement f on f.id = coalesce(a.id, s.id)
    left join lateral (
      select sum(m.amount_fen) as received_fen
      from receipt_match m
      where m.statement_id = s.id
    ) m on true
    where r.id is null`);
  return rows.map(({ id, version, receivedFen, ...stated }) => ({
    id,
    version,
    receivedFen,
    stated: { ...stated, priceYuanPerKwh: plainDecimal(stated.priceYuanPerKwh) },
  }));
}

/** The database writes all places of a numeric; the statement has none that say nothing. */
function plainDecimal(text: string | null): string | null {
  if (text === null || !text.includes('.')) return text;
  return text.replace(/0+$/, '').replace(/\.$/, '');
}

/** Highest version of each key that there ever was. */
export async function lastVersions(
  database: Queryable,
  keys: readonly Key[],
): Promise<(Key & { version: number })[]> {
  return database.query<Key & { version: number }>(sql`
    select s.account_no as "accountNo", s.month, s.component, max(s.version)::int as version
    from ${KEYS(keys)}
    join grid_statement s on s.account_no = k."accountNo" and s.month = k.month and s.component = k.component
    group by s.account_no, s.month, s.component`);
}

/** The latest mapping of a source; null where it has none. */
export async function latestMapping(database: Queryable, source: string): Promise<StoredMapping | null> {
  const [row] = await database.query<StoredMapping>(sql`
    select id, source, version, columns, entered_by as "enteredBy", entered_at as "enteredAt"
    from statement_mapping
    where source = ${source}
    order by version desc
    limit 1`);
  return row ?? null;
}

/** The latest mapping of every source, by source. */
export async function latestMappings(database: Queryable): Promise<StoredMapping[]> {
  return database.query<StoredMapping>(sql`
    select distinct on (source) id, source, version, columns, entered_by as "enteredBy", entered_at as "enteredAt"
    from statement_mapping
    order by source, version desc`);
}

export async function insertMapping(
  transaction: Queryable,
  mapping: { source: string; version: number; columns: StatementMapping },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    insert into statement_mapping (source, version, columns, entered_by_id, entered_by, entered_at)
    values (${mapping.source}, ${mapping.version}::int, ${JSON.stringify(mapping.columns)}::jsonb,
      ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz)`);
}

const IMPORT_COLUMNS = sql`
  i.id, i.file_name as "fileName", i.content_hash as "contentHash", i.row_count as "rowCount",
  i.stated_count as "statedCount", i.corrected_count as "correctedCount", i.unchanged_count as "unchangedCount",
  i.refused_count as "refusedCount", i.imported_by as "importedBy", i.imported_at as "importedAt"`;

/** The last import of the same bytes; null where there is none. */
export async function importOfContent(
  database: Queryable,
  contentHash: string,
): Promise<StoredImport | null> {
  const [row] = await database.query<StoredImport>(sql`
    select ${IMPORT_COLUMNS}
    from statement_import i
    where i.content_hash = ${contentHash}
    order by i.id desc
    limit 1`);
  return row ?? null;
}

/** Imports, the newest first. */
export async function listImports(
  database: Queryable,
  page: { limit: number; offset: number },
): Promise<{ total: number; items: StoredImport[] }> {
  const [counted, items] = await Promise.all([
    database.query<{ total: number }>(sql`select count(*)::int as total from statement_import`),
    database.query<StoredImport>(sql`
      select ${IMPORT_COLUMNS}
      from statement_import i
      order by i.id desc
      limit ${page.limit}::int
      offset ${page.offset}::int`),
  ]);
  return { total: counted[0]?.total ?? 0, items };
}

/** Rows that an import left out; null where there is no such import. */
export async function refusalsOf(database: Queryable, importId: number): Promise<RowProblem[] | null> {
  const [found] = await database.query<{ id: number }>(sql`
    select i.id from statement_import i where i.id = ${importId}::int`);
  if (!found) return null;
  return database.query<RowProblem>(sql`
    select r.row_number as row, r.column_title as column, r.value, r.code, r.reason
    from statement_import_refusal r
    where r.import_id = ${importId}::int
    order by r.position`);
}

/** Writes an import with the rows that it left out. @returns its id */
export async function insertImport(
  transaction: Queryable,
  entry: Omit<StoredImport, 'id' | 'importedBy' | 'importedAt'> & {
    mappingId: number | null;
    ledgerSequence: bigint | null;
    refusals: readonly RowProblem[];
  },
  by: { actor: SettlementActor; at: Date },
): Promise<number> {
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into statement_import (file_name, content_hash, mapping_id, row_count, stated_count, corrected_count,
      unchanged_count, refused_count, ledger_sequence, imported_by_id, imported_by, imported_at)
    values (${entry.fileName}, ${entry.contentHash}, ${entry.mappingId}::int, ${entry.rowCount}::int,
      ${entry.statedCount}::int, ${entry.correctedCount}::int, ${entry.unchangedCount}::int,
      ${entry.refusedCount}::int, ${entry.ledgerSequence}::bigint, ${by.actor.accountId}, ${by.actor.name}, ${by.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the import was not written');
  await transaction.query(sql`
    insert into statement_import_refusal (import_id, position, row_number, column_title, value, code, reason)
    select ${row.id}::int, r.position::int, r."row", r."column", r.value, r.code, r.reason
    from rows from (
      jsonb_to_recordset(${JSON.stringify(entry.refusals)}::jsonb)
        as ("row" int, "column" text, value text, code text, reason text)
    ) with ordinality as r ("row", "column", value, code, reason, position)`);
  return row.id;
}

/** Takes statements back with their mirror. */
export async function reverseStatements(
  transaction: Queryable,
  ids: readonly bigint[],
  importId: number,
): Promise<void> {
  await transaction.query(sql`
    insert into grid_statement (account_no, station_id, month, component, version, kind, reverses_id, energy_wh,
      price_yuan_per_kwh, amount_fen, total_fen, import_id, row_number)
    select s.account_no, s.station_id, s.month, s.component, s.version, 'reversal', s.id, -s.energy_wh,
      s.price_yuan_per_kwh, -s.amount_fen, -s.total_fen, ${importId}::int, s.row_number
    from grid_statement s
    where s.id = any(${ids.map(String)}::bigint[])
    order by s.id`);
}

export async function insertStatements(
  transaction: Queryable,
  statements: readonly NewStatement[],
  importId: number,
): Promise<void> {
  const rows = statements.map(({ stated, row, version, stationId }) => ({
    ...stated,
    row,
    version,
    stationId,
  }));
  await transaction.query(sql`
    insert into grid_statement (account_no, station_id, month, component, version, kind, energy_wh,
      price_yuan_per_kwh, amount_fen, total_fen, account_name, read_from, read_to, previous_wh, present_wh, multiplier,
      tax_rate_bp, tax_fen, tax_code, invoice_no, pay_on, payee_name, payee_account, handled_by, import_id, row_number)
    select r."accountNo", r."stationId", r.month, r.component, r.version, 'stated', r."energyWh", r."priceYuanPerKwh",
      r."amountFen", r."totalFen", r."accountName", r."readFrom", r."readTo", r."previousWh", r."presentWh",
      r.multiplier, r."taxRateBp", r."taxFen", r."taxCode", r."invoiceNo", r."payOn", r."payeeName",
      r."payeeAccount", r."handledBy", ${importId}::int, r."row"
    from jsonb_to_recordset(${JSON.stringify(rows, bigintAsText)}::jsonb) as r ("accountNo" text, "stationId" int,
      month text, component text, version int, "energyWh" bigint, "priceYuanPerKwh" numeric, "amountFen" bigint,
      "totalFen" bigint, "accountName" text, "readFrom" date, "readTo" date, "previousWh" bigint, "presentWh" bigint,
      multiplier int, "taxRateBp" int, "taxFen" bigint, "taxCode" text, "invoiceNo" text, "payOn" date,
      "payeeName" text, "payeeAccount" text, "handledBy" text, "row" int)
    order by r."row", r.component`);
}

/** JSON has no whole numbers of 64 bits; the database reads them from text. */
const bigintAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
