import { toBookFen } from './gridMoney.ts';

/** Rows that are typed or pasted: text as it stands, nothing is guessed. */
export type GridRow = string[];

export interface GridColumn {
  key: string;
  label: string;
  placeholder?: string;
  /** Amounts stand at the right and are summed under the table. */
  isAmount?: boolean;
  /** Digits, as an energy: at the right, without a sum. */
  isNumber?: boolean;
  width?: number;
}

/** Rows of one entry; more of them are a file. */
export const GRID_ROWS_MAX = 500;

export const isBlank = (row: GridRow) => row.every((cell) => cell.trim() === '');
export const emptyRow = (columns: number): GridRow => Array.from({ length: columns }, () => '');

const plain = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/\(.*?\)|[\s*]/g, '')
    .toLowerCase();

/** A cell of a spreadsheet with a line break or a tab in it comes in quotes. */
function cellsOfLine(line: string): string[] {
  return line.split('\t').map((cell) => {
    const inside = /^"(.*)"$/s.exec(cell)?.[1];
    return (inside === undefined ? cell : inside.replaceAll('""', '"')).trim();
  });
}

/**
 * Puts what a spreadsheet copies (cells by tab, rows by line) into rows from a cell on. Where its first line holds two or
 * more headings of the table, the columns go by these and the line is left out.
 */
export function pasted(parts: {
  rows: readonly GridRow[];
  labels: readonly string[];
  at: { row: number; column: number };
  text: string;
}): GridRow[] {
  const { labels, at } = parts;
  const lines = parts.text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n').map(cellsOfLine);
  const [first = [], ...rest] = lines;
  const known = labels.map(plain);
  const byHeading = first.map((cell) => (plain(cell) === '' ? -1 : known.indexOf(plain(cell))));
  const hasHeadings = byHeading.filter((place) => place >= 0).length >= 2;
  const body = hasHeadings ? rest : lines;
  const rows = parts.rows.map((row) => [...row]);
  for (const [index, cells] of body.entries()) {
    if (at.row + index >= GRID_ROWS_MAX) break;
    const row = rows[at.row + index] ?? emptyRow(labels.length);
    for (const [position, cell] of cells.entries()) {
      const place = hasHeadings ? (byHeading[position] ?? -1) : at.column + position;
      if (place >= 0 && place < labels.length) row[place] = cell;
    }
    rows[at.row + index] = row;
  }
  return rows;
}

const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/**
 * Rows as a file of the import, without the blank ones.
 * @returns the text, and for each line of the file below its heading the row that it comes from
 */
export function fileOfRows(
  headings: readonly string[],
  rows: readonly GridRow[],
): { text: string; rowOfLine: number[] } {
  const rowOfLine = rows.flatMap((row, index) => (isBlank(row) ? [] : [index]));
  const lines = [headings, ...rowOfLine.map((index) => rows[index] ?? [])];
  return {
    text: lines.map((cells) => cells.map((cell) => quoted(cell.trim())).join(',')).join('\n'),
    rowOfLine,
  };
}

/** Sum of a column of amounts in fen; null where a cell is no amount. */
export function columnSumFen(rows: readonly GridRow[], column: number): string | null {
  let total = 0n;
  for (const row of rows) {
    const fen = toBookFen(row[column] ?? '');
    if (fen === undefined) return null;
    total += fen ?? 0n;
  }
  return String(total);
}
