import type { ImportReport } from '#contracts';
import type { Database, Queryable } from '#persistence';
import { lockRegistry } from '../registry.writer.ts';
import { checkStations, checkVillages } from './check-areas.ts';
import { checkShares } from './check-shares.ts';
import { checkAgriProjects, checkDevices } from './check-station-parts.ts';
import { checkTariffs } from './check-tariffs.ts';
import type { Checked, CheckOptions } from './checked.ts';
import { readRows, type Problem } from './read-rows.ts';
import { SHEETS, type ImportKind, type Sheet } from './sheets.ts';
import { readTable, type Table } from './table.ts';

export interface ImportOptions {
  kind: ImportKind;
  /** Content of a `.xlsx` or CSV file. */
  bytes: Buffer;
  /** Does everything and takes it back: the report is that of the real run, but for `applied`. */
  dryRun?: boolean;
  /** Marks new villages and stations as 模拟数据. */
  simulated?: boolean;
}

/**
 * Imports one sheet of the registry, wholly or not at all. Rows that are stored already with the same content are
 * unchanged, so a file may be imported twice; a row that contradicts what is stored is a problem. A later version of
 * shares or of a price ends the open one before it, which counts as updated.
 * @returns every bad row with its reason; `applied` is false while one is left, and in a dry run.
 * @throws RegistryError `registry.import_too_large`, `registry.import_unreadable`.
 */
export async function importRegistry(database: Database, options: ImportOptions): Promise<ImportReport> {
  return importTable(database, { ...options, table: await readTable(options.bytes) });
}

/** {@link importRegistry} of cells by column key, as a person enters them: the same checks, the same writer. */
export async function enterRegistryRows(
  database: Database,
  options: Omit<ImportOptions, 'bytes'> & { rows: readonly Readonly<Record<string, string>>[] },
): Promise<ImportReport> {
  const columns: Record<string, { title: string }> = SHEETS[options.kind].columns;
  const keys = Object.keys(columns);
  const table = [
    keys.map((key) => columns[key]?.title ?? key),
    ...options.rows.map((row) => keys.map((key) => row[key] ?? '')),
  ];
  return importTable(database, { ...options, table });
}

async function importTable(
  database: Database,
  { kind, table, dryRun = false, simulated = false }: Omit<ImportOptions, 'bytes'> & { table: Table },
): Promise<ImportReport> {
  return database.transaction(
    async (transaction) => {
      await lockRegistry(transaction);
      const { rows, problems, checked } = await checkTable({ kind, table, transaction, simulated });
      const clean = problems.length === 0;
      if (clean) await checked.apply(transaction);
      return {
        sheet: kind,
        rows,
        inserted: clean ? checked.inserted : 0,
        updated: clean ? checked.updated : 0,
        unchanged: checked.unchanged,
        problems,
        applied: clean && !dryRun,
      };
    },
    { rollback: dryRun },
  );
}

interface TableOptions {
  kind: ImportKind;
  table: Table;
  transaction: Queryable;
  simulated: boolean;
}

interface CheckedTable {
  rows: number;
  problems: Problem[];
  checked: Checked;
}

function checkTable(options: TableOptions): Promise<CheckedTable> {
  switch (options.kind) {
    case 'villages':
      return checkSheet(options, SHEETS.villages, checkVillages);
    case 'stations':
      return checkSheet(options, SHEETS.stations, checkStations);
    case 'devices':
      return checkSheet(options, SHEETS.devices, checkDevices);
    case 'shares':
      return checkSheet(options, SHEETS.shares, checkShares);
    case 'tariffs':
      return checkSheet(options, SHEETS.tariffs, checkTariffs);
    case 'agri-projects':
      return checkSheet(options, SHEETS['agri-projects'], checkAgriProjects);
  }
}

/** Rows that cannot be read do not hide what is wrong with the others. */
async function checkSheet<Row>(
  { table, transaction, simulated }: TableOptions,
  sheet: Sheet<Row>,
  check: (options: CheckOptions<Row>) => Promise<Checked>,
): Promise<CheckedTable> {
  const read = readRows(sheet, table);
  const checked = await check({
    transaction,
    lines: read.lines,
    complete: read.problems.length === 0,
    simulated,
  });
  const problems = [...read.problems, ...checked.problems].sort((a, b) => a.line - b.line);
  return { rows: read.count, problems, checked };
}
