import { raw, sql, type Queryable } from '#persistence';
import { problemAt, type Line, type Problem } from './read-rows.ts';
import type { Sheet } from './sheets.ts';

/** What a file would do: nothing is written before all problems are known. */
export interface Checked {
  problems: Problem[];
  inserted: number;
  updated: number;
  unchanged: number;
  /** Writes what is new; called only where there is no problem. */
  apply: (transaction: Queryable) => Promise<void>;
}

export interface CheckOptions<Row> {
  transaction: Queryable;
  lines: readonly Line<Row>[];
  /** False where some rows could not be read: what the rows are in sum is then unknown. */
  complete: boolean;
  /** Marks new villages and stations as 模拟数据. */
  simulated: boolean;
}

/** Lines whose key stands on an earlier line, as problems at `column`, and the lines without them. */
export function splitDuplicates<Row>(options: {
  sheet: Sheet<Row>;
  lines: readonly Line<Row>[];
  keyOf: (row: Row) => string;
  column: string;
}): { unique: Line<Row>[]; problems: Problem[] } {
  const { sheet, lines, keyOf, column } = options;
  const firstLines = new Map<string, number>();
  const unique: Line<Row>[] = [];
  const problems: Problem[] = [];
  for (const line of lines) {
    const first = firstLines.get(keyOf(line.row));
    if (first === undefined) {
      firstLines.set(keyOf(line.row), line.line);
      unique.push(line);
      continue;
    }
    const reason = `与第 ${first} 行重复`;
    problems.push(problemAt(sheet, { ...line, column }, { code: 'import.duplicate_in_file', reason }));
  }
  return { unique, problems };
}

/** What a code of a file must be known as. */
export interface Reference {
  known: (transaction: Queryable) => Promise<Set<string>>;
  problem: { code: string; reason: string };
}

const known = (table: 'township' | 'station' | 'village') => async (transaction: Queryable) => {
  const rows = await transaction.query<{ code: string }>(sql`select code from ${raw(table)}`);
  return new Set(rows.map(({ code }) => code));
};
export const TOWNSHIP: Reference = {
  known: known('township'),
  problem: { code: 'import.unknown_township', reason: '没有这个乡镇编码' },
};
export const STATION: Reference = {
  known: known('station'),
  problem: { code: 'import.unknown_station', reason: '没有这个电站，请先导入电站' },
};
export const VILLAGE: Reference = {
  known: known('village'),
  problem: { code: 'import.unknown_village', reason: '没有这个村，请先导入村' },
};

/** Problems of lines whose code in `column` is not known. */
export async function unknownCodes<Column extends string, Row extends Record<Column, string>>(options: {
  sheet: Sheet<Row>;
  transaction: Queryable;
  lines: readonly Line<Row>[];
  column: Column;
  reference: Reference;
}): Promise<Problem[]> {
  const { sheet, transaction, lines, column, reference } = options;
  const codes = await reference.known(transaction);
  return lines
    .filter(({ row }) => !codes.has(row[column]))
    .map((line) => problemAt(sheet, { ...line, column }, reference.problem));
}

/** Splits lines into new and stored ones; a stored one that says something else is a problem at the first difference. */
function compareWithStored<Row extends object>(options: {
  sheet: Sheet<Row>;
  lines: readonly Line<Row>[];
  keyOf: (row: Row) => string;
  stored: ReadonlyMap<string, Row>;
}): { fresh: Line<Row>[]; unchanged: number; problems: Problem[] } {
  const { sheet, lines, keyOf, stored } = options;
  const fresh: Line<Row>[] = [];
  const problems: Problem[] = [];
  let unchanged = 0;
  for (const line of lines) {
    const before = stored.get(keyOf(line.row));
    if (before === undefined) {
      fresh.push(line);
      continue;
    }
    const values = new Map(Object.entries(before));
    const column = Object.entries(line.row).find(([key, value]) => values.get(key) !== value)?.[0];
    if (column === undefined) unchanged++;
    else problems.push(problemAt(sheet, { ...line, column }, differs(String(values.get(column) ?? ''))));
  }
  return { fresh, unchanged, problems };
}

const differs = (stored: string) => ({
  code: 'import.differs_from_database',
  reason: `此编码已登记，且内容不同（已登记：${stored}）；导入不覆盖已有数据`,
});

/** The rule of a sheet whose rows are things with a key, which are stored once and not changed by a file. */
export interface ThingRule<Column extends string, Row extends Record<Column, string>> {
  sheet: Sheet<Row>;
  keyOf: (row: Row) => string;
  /** Where a key that stands twice is shown. */
  keyColumn: string;
  /** The column that names something that must be there already. */
  column: Column;
  reference: Reference;
  /** What is stored of the things of these rows, and of others perhaps. */
  stored: (transaction: Queryable, rows: readonly Row[]) => Promise<readonly Row[]>;
  insert: (transaction: Queryable, rows: readonly Row[], simulated: boolean) => Promise<void>;
}

/** Checks the rows of a sheet against each other, against what they refer to, and against what is stored. */
export async function checkThings<Column extends string, Row extends Record<Column, string>>(
  { transaction, lines, simulated }: CheckOptions<Row>,
  rule: ThingRule<Column, Row>,
): Promise<Checked> {
  const { sheet, keyOf, keyColumn, column, reference } = rule;
  const { unique, problems: duplicates } = splitDuplicates({ sheet, lines, keyOf, column: keyColumn });
  const unknown = await unknownCodes({ sheet, transaction, lines, column, reference });
  const known = await rule.stored(
    transaction,
    unique.map(({ row }) => row),
  );
  const stored = new Map(known.map((row) => [keyOf(row), row]));
  const compared = compareWithStored({ sheet, lines: unique, keyOf, stored });
  const rows = compared.fresh.map(({ row }) => row);
  return {
    problems: [...duplicates, ...unknown, ...compared.problems],
    inserted: rows.length,
    updated: 0,
    unchanged: compared.unchanged,
    apply: (target) => rule.insert(target, rows, simulated),
  };
}
