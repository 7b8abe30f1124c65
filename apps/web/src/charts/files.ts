import { csvFile, type CsvCell, type CsvTable } from './csv.ts';

/** Gives the browser something to keep under a name. */
export function saveAddress(address: string, fileName: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
}

function saveBlob(blob: Blob, fileName: string): void {
  const address = URL.createObjectURL(blob);
  saveAddress(address, fileName);
  URL.revokeObjectURL(address);
}

/** Saves a table as CSV with a byte order mark. */
export function saveCsv(name: string, table: CsvTable): void {
  saveBlob(new Blob([csvFile(table)], { type: 'text/csv;charset=utf-8' }), `${name}.csv`);
}

const NARROWEST = 8;
const WIDEST = 40;
/** A spreadsheet takes no longer name for a sheet, and none of these characters in it. */
const SHEET_NAME_MAX = 31;

/** Name of a sheet that a spreadsheet takes. */
export function sheetName(title: string): string {
  const name = title
    .replaceAll(/[\\/?*[\]:]/g, ' ')
    .trim()
    .slice(0, SHEET_NAME_MAX);
  return name === '' ? 'data' : name;
}

const lengthOf = (cell: CsvCell): number =>
  Array.from(String(cell ?? '')).reduce((sum, letter) => sum + (letter > '\u2E7F' ? 2 : 1), 0);

/** The cells of a sheet: names in bold, numbers as numbers, text as text so that nothing is run as a formula. */
export function sheetCells(table: CsvTable) {
  const header = table.columns.map((value) => ({ value, type: String, fontWeight: 'bold' as const }));
  const rows = table.rows.map((row) =>
    row.map((cell) => {
      if (cell === null || (typeof cell === 'number' && !Number.isFinite(cell))) return null;
      return typeof cell === 'number' ? { value: cell, type: Number } : { value: cell, type: String };
    }),
  );
  const columns = table.columns.map((name, index) => ({
    width: Math.min(
      WIDEST,
      Math.max(NARROWEST, lengthOf(name), ...table.rows.map((row) => lengthOf(row[index] ?? null))) + 2,
    ),
  }));
  return { data: [header, ...rows], columns };
}

/** Saves a table as a workbook; the writer is loaded when somebody asks for one. */
export async function saveXlsx(name: string, title: string, table: CsvTable): Promise<void> {
  const { default: writeXlsxFile } = await import('write-excel-file/browser');
  const { data, columns } = sheetCells(table);
  const file = writeXlsxFile(data, { columns, sheet: sheetName(title), stickyRowsCount: 1 });
  saveBlob(await file.toBlob(), `${name}.xlsx`);
}
