import { sql, type Queryable } from '#persistence';
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

/** Problems of lines whose code is not among the known ones. */
export function unknownCodes<Row>(options: {
  sheet: Sheet<Row>;
  lines: readonly Line<Row>[];
  codeOf: (row: Row) => string;
  column: string;
  known: ReadonlySet<string>;
  problem: { code: string; reason: string };
}): Problem[] {
  const { sheet, lines, codeOf, column, known, problem } = options;
  return lines
    .filter(({ row }) => !known.has(codeOf(row)))
    .map((line) => problemAt(sheet, { ...line, column }, problem));
}

/** Splits lines into new and stored ones; a stored one that says something else is a problem at the first difference. */
export function compareWithStored<Row extends object>(options: {
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

export const UNKNOWN_TOWNSHIP = { code: 'import.unknown_township', reason: '没有这个乡镇编码' };
export const UNKNOWN_STATION = { code: 'import.unknown_station', reason: '没有这个电站，请先导入电站' };
export const UNKNOWN_VILLAGE = { code: 'import.unknown_village', reason: '没有这个村，请先导入村' };

export async function knownTownships(transaction: Queryable): Promise<Set<string>> {
  const rows = await transaction.query<{ code: string }>(sql`select code from township`);
  return new Set(rows.map(({ code }) => code));
}

export async function knownStations(transaction: Queryable): Promise<Set<string>> {
  const rows = await transaction.query<{ code: string }>(sql`select code from station`);
  return new Set(rows.map(({ code }) => code));
}

export async function knownVillages(transaction: Queryable): Promise<Set<string>> {
  const rows = await transaction.query<{ code: string }>(sql`select code from village`);
  return new Set(rows.map(({ code }) => code));
}
