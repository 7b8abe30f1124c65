import type { ImportReport } from '#contracts';
import { normalise } from './cells.ts';
import type { Column, Sheet } from './sheets.ts';
import type { Table } from './table.ts';

export type Problem = ImportReport['problems'][number];

/** A row that could be read, with the line of the file that it stands on. */
export interface Line<Row> {
  line: number;
  row: Row;
  /** The cells as they were written, by column key; for the problems found later. */
  cells: Record<string, string>;
}

export interface ReadRows<Row> {
  /** Rows that are not blank. */
  count: number;
  lines: Line<Row>[];
  problems: Problem[];
}

/** A title and a note may stand above the header, no more. */
const HEADER_LINES_MAX = 10;

/** Reads every row of a table by its header; each cell that cannot be read is a problem. Unknown columns are left. */
export function readRows<Row>(sheet: Sheet<Row>, table: Table): ReadRows<Row> {
  const header = findHeader(sheet, table);
  if (header.problems.length > 0) return { count: 0, lines: [], problems: header.problems };
  const result: ReadRows<Row> = { count: 0, lines: [], problems: [] };
  for (const [index, texts] of table.entries()) {
    const line = index + 1;
    if (line <= header.line || texts.every((text) => normalise(text) === '')) continue;
    result.count++;
    const cells = Object.fromEntries(
      Object.keys(sheet.columns).map((key) => [key, texts[header.positions.get(key) ?? -1] ?? '']),
    );
    const parsed = sheet.row.safeParse(cells);
    if (parsed.success) result.lines.push({ line, row: parsed.data, cells });
    else
      result.problems.push(...parsed.error.issues.map((issue) => cellProblem({ sheet, line, cells, issue })));
  }
  if (result.count === 0) {
    result.problems.push({
      line: header.line + 1,
      column: null,
      value: null,
      code: 'import.no_rows',
      reason: '没有数据行',
    });
  }
  return result;
}

/** A problem at a cell, with the header and the text that a person sees. */
export function problemAt<Row>(
  sheet: Sheet<Row>,
  at: { line: number; cells: Record<string, string>; column: string },
  problem: { code: string; reason: string },
): Problem {
  return {
    line: at.line,
    column: sheet.columns[at.column]?.title ?? null,
    value: at.cells[at.column] ?? null,
    ...problem,
  };
}

interface Issue {
  path: PropertyKey[];
  message: string;
  params?: unknown;
}

function cellProblem<Row>(options: {
  sheet: Sheet<Row>;
  line: number;
  cells: Record<string, string>;
  issue: Issue;
}): Problem {
  const { sheet, line, cells, issue } = options;
  const { params } = issue;
  const code =
    typeof params === 'object' && params !== null && 'code' in params
      ? String(params.code)
      : 'import.bad_cell';
  return problemAt(sheet, { line, cells, column: String(issue.path[0]) }, { code, reason: issue.message });
}

interface Header {
  line: number;
  positions: Map<string, number>;
  problems: Problem[];
}

function findHeader<Row>(sheet: Sheet<Row>, table: Table): Header {
  const candidates = table
    .slice(0, HEADER_LINES_MAX)
    .map((texts, index) => readHeader(sheet, texts, index + 1));
  const best = candidates.sort((a, b) => b.positions.size - a.positions.size || a.line - b.line)[0];
  return best ?? readHeader(sheet, [], 1);
}

function readHeader<Row>(sheet: Sheet<Row>, texts: readonly string[], line: number): Header {
  const positions = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [position, text] of texts.entries()) {
    const { name, unit } = splitHeader(text);
    const found = Object.entries(sheet.columns).find(([, column]) => namesOf(column).includes(name));
    if (found === undefined) continue;
    const [key, column] = found;
    const at = { line, column: column.title, value: text };
    if (positions.has(key))
      problems.push({ ...at, code: 'import.duplicate_column', reason: '此列出现了两次' });
    if (unit !== '' && !(column.units ?? []).includes(unit)) {
      const wanted = column.units?.[0] ?? '无单位';
      problems.push({ ...at, code: 'import.wrong_unit', reason: `单位“${unit}”不可用，应为 ${wanted}` });
    }
    positions.set(key, position);
  }
  const missing = Object.entries(sheet.columns).filter(
    ([key, column]) => !column.optional && !positions.has(key),
  );
  const absent = missing.map(([, column]) => ({
    line,
    column: column.title,
    value: null,
    code: 'import.missing_column',
    reason: '缺少此列',
  }));
  return { line, positions, problems: [...problems, ...absent] };
}

const namesOf = (column: Column) => [column.title, ...column.aliases].map((name) => splitHeader(name).name);

/**
 * `装机容量（kW）` is a name and a unit; `capacity_kw` too. Case, spaces, dashes and underscores do not matter, and a
 * star beside a name marks what must be filled in.
 */
function splitHeader(text: string): { name: string; unit: string } {
  const plain = normalise(text).toLowerCase().replaceAll('*', '').trim();
  const bracketed = /^(.*?)[([](.*?)[)\]]$/.exec(plain);
  const [, name = plain, unit = ''] = bracketed ?? [];
  const suffixed = /^(.*)[\s_](kw|mw|w)$/.exec(name.trim());
  const [, stem = name, suffix = ''] = suffixed ?? [];
  return { name: stem.replaceAll(/[\s_-]/g, ''), unit: (unit || suffix).replaceAll(' ', '') };
}
