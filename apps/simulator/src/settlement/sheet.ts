import iconv from 'iconv-lite';
import writeXlsxFile from 'write-excel-file/node';

/** A cell as a clerk's program writes it. A number has its decimals as text, so that no digit is lost on the way. */
export type SheetCell =
  | { kind: 'text'; text: string; columns?: number; rows?: number }
  | { kind: 'number'; text: string }
  | { kind: 'day'; day: string }
  /** A day as the number that a spreadsheet keeps of it. */
  | { kind: 'serial'; day: string }
  | null;

export const SHEET_FORMATS = ['xlsx', 'csv', 'gbk'] as const;
/** A workbook, a CSV in UTF-8 with its mark, or one in GBK as older programs write it. */
export type SheetFormat = (typeof SHEET_FORMATS)[number];

export const endingOf = (format: SheetFormat) => (format === 'xlsx' ? 'xlsx' : 'csv');

const SERIAL_ZERO_MS = Date.parse('1899-12-30T00:00:00.000Z');
const DAY_MS = 86_400_000;
const CSV_LINE_END = '\r\n';

/** Bytes of a sheet. */
export async function sheetBytes(
  rows: readonly (readonly SheetCell[])[],
  format: SheetFormat,
): Promise<Buffer> {
  if (format === 'xlsx') return writeXlsxFile(rows.map((row) => row.map(workbookCell))).toBuffer();
  const text =
    rows.map((row) => row.map((cell) => csvText(cell)).join(',')).join(CSV_LINE_END) + CSV_LINE_END;
  return format === 'gbk' ? iconv.encode(text, 'gb18030') : Buffer.from(`\uFEFF${text}`, 'utf8');
}

function workbookCell(cell: SheetCell) {
  if (cell === null) return null;
  switch (cell.kind) {
    case 'text':
      return {
        value: cell.text,
        type: String,
        ...(cell.columns === undefined ? {} : { columnSpan: cell.columns }),
        ...(cell.rows === undefined ? {} : { rowSpan: cell.rows }),
      };
    // A spreadsheet keeps 15 digits; amounts and energies of a month have ten.
    case 'number':
      return { value: Number(cell.text), type: Number };
    case 'serial':
      return { value: serialOf(cell.day), type: Number };
    case 'day':
      return { value: new Date(`${cell.day}T00:00:00.000Z`), type: Date, format: 'yyyy-mm-dd' };
  }
}

function csvText(cell: SheetCell): string {
  if (cell === null) return '';
  const text =
    cell.kind === 'day' ? cell.day : cell.kind === 'serial' ? String(serialOf(cell.day)) : cell.text;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const serialOf = (day: string) => Math.round((Date.parse(`${day}T00:00:00.000Z`) - SERIAL_ZERO_MS) / DAY_MS);
