import type { Table } from '#registry';
import { normalise } from './cells.ts';
import {
  columnKey,
  headingName,
  NAMED_IN_ROW,
  splitHeading,
  unitNames,
  unitShift,
  type ColumnKey,
  type StatementMapping,
} from './mapping.ts';
import { fileProblem, type RowProblem } from './problem.ts';

/** Where a column stands, what its cells are, and by what power of ten they are moved. */
export type PlacedColumn = ColumnKey & { position: number; title: string; unit: string; shift: number };

export interface Header {
  /** Last line of the header, from 1; data stand below. */
  line: number;
  columns: PlacedColumn[];
  /** Every heading of the file from the left, also those that are not read. */
  titles: { position: number; title: string }[];
  problems: RowProblem[];
}

/** A title, a period and notes may stand above the header, no more. */
const HEADER_LINES_MAX = 12;
/** Lines of one header: groups over columns, and once more groups over groups. */
const HEADER_DEPTH_MAX = 3;

/**
 * Finds the header of a statement: the place where most columns are recognised. It may be one line or up to three, where
 * a merged cell above names a group of columns (`上网电费` over `电量`, `电价`, `金额`); a reader of spreadsheets leaves the
 * covered cells of a merged one empty, so a group reaches to the next text in its line.
 */
export function findHeader(table: Table, mapping: StatementMapping): Header {
  const headings = headingsOf(mapping);
  let best: Header | null = null;
  for (let depth = 1; depth <= HEADER_DEPTH_MAX; depth += 1)
    for (let first = 0; first < Math.min(HEADER_LINES_MAX, table.length - depth + 1); first += 1) {
      const header = readHeader(table.slice(first, first + depth), first + depth, headings);
      if (best === null || header.columns.length > best.columns.length) best = header;
    }
  const found = best ?? { line: 1, columns: [], titles: [], problems: [] };
  return { ...found, problems: [...found.problems, ...missing(found, mapping)] };
}

function headingsOf(mapping: StatementMapping): Map<string, ColumnKey> {
  const headings = new Map<string, ColumnKey>();
  for (const [name, texts] of Object.entries(mapping)) {
    const key = columnKey(name);
    if (key) for (const text of texts) headings.set(headingName(text), key);
  }
  return headings;
}

function readHeader(lines: Table, line: number, headings: ReadonlyMap<string, ColumnKey>): Header {
  const columns = new Map<string, PlacedColumn>();
  const problems: RowProblem[] = [];
  const stacked = stacks(lines);
  const titles = stacked
    .filter(({ parts }) => parts.length > 0)
    .map(({ position, parts }) => ({ position, title: parts.join(' ') }));
  for (const { position, title, key, unit } of recognised(stacked, headings)) {
    const name = `${key.component ?? ''}.${key.field}`;
    if (columns.has(name)) {
      problems.push(
        fileProblem(line, title, 'import.duplicate_column', '此列出现了两次；请删去一列，或在对照表中改列名'),
      );
      continue;
    }
    const shift = unitShift(key.kind, unit);
    if (shift === null)
      problems.push(
        fileProblem(
          line,
          title,
          unit === '不含税' ? 'statement.without_tax' : 'import.wrong_unit',
          unit === '不含税'
            ? '金额应为含税金额；请改用单据上的含税列'
            : `单位“${unit}”不可用，应为 ${unitNames(key.kind)}；请核对后改列名`,
        ),
      );
    columns.set(name, { ...key, position, title, unit, shift: shift ?? 0 });
  }
  return { line, columns: [...columns.values()], titles, problems };
}

/** Columns that are known. A plain `金额` is one where the row says of which component, and nothing otherwise. */
function recognised(
  stacked: readonly { position: number; parts: string[] }[],
  headings: ReadonlyMap<string, ColumnKey>,
): { position: number; title: string; key: ColumnKey; unit: string }[] {
  const found = stacked.flatMap(({ position, parts }) => {
    const known = recognise(parts, headings);
    return known ? [{ position, title: parts.join(' '), ...known }] : [];
  });
  const namesComponents = found.some(({ key }) => key.component === null && key.field === 'component');
  if (!namesComponents) return found.filter(({ key }) => key.component !== NAMED_IN_ROW);
  // `结算电费` beside a column of components is the money of the component that the row names.
  const hasPlain = found.some(({ key }) => key.component === NAMED_IN_ROW && key.field === 'amountFen');
  return hasPlain ? found : found.map((each) => ({ ...each, key: plainKey(each.key) }));
}

const plainKey = (key: ColumnKey): ColumnKey =>
  key.component === 'base' ? { ...key, component: NAMED_IN_ROW } : key;

/** The texts above each other in each column, the group first; equal neighbours count once. */
function stacks(lines: Table): { position: number; parts: string[] }[] {
  const width = Math.max(0, ...lines.map((texts) => texts.length));
  const filled = lines.map((texts, index) =>
    index === lines.length - 1 ? texts.map(normalise) : filledRight(texts, width),
  );
  return Array.from({ length: width }, (_, position) => ({
    position,
    parts: filled
      .map((texts) => texts[position] ?? '')
      .filter((text, index, all) => text !== '' && text !== all[index - 1]),
  }));
}

function filledRight(texts: readonly string[], width: number): string[] {
  let last = '';
  return Array.from({ length: width }, (_, position) => {
    last = normalise(texts[position] ?? '') || last;
    return last;
  });
}

/** The fullest name that is known wins: `上网电费` + `电量` before `电量` alone. The unit is that of the lowest line. */
function recognise(
  parts: readonly string[],
  headings: ReadonlyMap<string, ColumnKey>,
): { key: ColumnKey; unit: string } | null {
  for (let from = 0; from < parts.length; from += 1) {
    const split = parts.slice(from).map(splitHeading);
    const key = headings.get(split.map(({ name }) => name).join(''));
    if (key) return { key, unit: split.map(({ unit }) => unit).findLast((unit) => unit !== '') ?? '' };
  }
  return null;
}

function missing({ line, columns }: Header, mapping: StatementMapping): RowProblem[] {
  const problems = (['accountNo', 'month'] as const)
    .filter((field) => !columns.some((column) => column.component === null && column.field === field))
    .map((field) => {
      const title = mapping[field]?.[0] ?? field;
      return fileProblem(
        line,
        title,
        'import.missing_column',
        `缺少“${title}”列；若列名不同，请在对照表中为该来源登记`,
      );
    });
  if (!columns.some(({ field }) => field === 'amountFen'))
    problems.push(
      fileProblem(
        line,
        '上网电费',
        'import.missing_column',
        '没有任何金额列（上网电费、补贴金额等）；若列名不同，请在对照表中为该来源登记',
      ),
    );
  return problems;
}
