/** A cell of an exported file. Numbers are plain, in the unit that the column names; null is unknown and stays empty. */
export type CsvCell = string | number | null;
export interface CsvTable {
  columns: readonly string[];
  rows: readonly (readonly CsvCell[])[];
}

/** A spreadsheet takes the file for UTF-8 only with a byte order mark. */
const BYTE_ORDER_MARK = '\uFEFF';

function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const isFormula = /^[=+@\t\r]/.test(cell) || (cell.startsWith('-') && !/^-?[\d.,]+$/.test(cell));
  const safe = isFormula ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV text: quoted where needed, and no text that a spreadsheet would run as a formula. */
export function toCsv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => row.map(cellText).join(',')).join('\r\n');
}

/** A whole file: byte order mark, names of the columns, rows. */
export function csvFile(table: CsvTable): string {
  return BYTE_ORDER_MARK + toCsv([table.columns, ...table.rows]);
}
