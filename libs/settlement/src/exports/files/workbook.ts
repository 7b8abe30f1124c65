import writeXlsxFile, { type Cell, type Sheet } from 'write-excel-file/node';
import { priceText, yuanText } from './figures.ts';
import { printable } from './csv.ts';

const YUAN_FORMAT = '#,##0.00;(#,##0.00)';
const KWH_FORMAT = '#,##0.000';
const PRICE_FORMAT = '0.0000';
const HEADING_COLOUR = '#E8EEF2';
/** A spreadsheet takes no longer name of a sheet. */
const SHEET_NAME_MAX = 31;

/** Column of a sheet, in characters. */
interface SheetColumn {
  title: string;
  width: number;
}

/** Text: always of the type string, so that nothing is run as a formula. */
export const textCell = (text: string | null): Cell =>
  text === null || text === '' ? null : { value: printable(text), type: String };

/** A day as a date of the spreadsheet. */
export const dayCell = (day: string | null): Cell =>
  day === null ? null : { value: new Date(`${day}T00:00:00.000Z`), type: Date, format: 'yyyy-mm-dd' };

/** Fen as yuan: a number of the spreadsheet, the nearest to the exact value. */
export const yuanCell = (amountFen: bigint | null, isBold = false): Cell =>
  amountFen === null ? null : numberCell(yuanText(amountFen), { format: YUAN_FORMAT, isBold });

/** Wh as kWh. */
export const kwhCell = (energyWh: bigint | null, isBold = false): Cell =>
  energyWh === null ? null : numberCell(milliText(energyWh), { format: KWH_FORMAT, isBold });

/** Hao a kWh as yuan a kWh. */
export const priceCell = (priceHaoPerKwh: bigint | null): Cell =>
  priceHaoPerKwh === null
    ? null
    : numberCell(priceText(priceHaoPerKwh), { format: PRICE_FORMAT, isBold: false });

/** A decimal text of the database as a number. */
export const decimalCell = (text: string | null, format: string): Cell =>
  text === null ? null : numberCell(text, { format, isBold: false });

export const countCell = (count: number): Cell => ({ value: count, type: Number, format: '#,##0' });

const numberCell = (text: string, look: { format: string; isBold: boolean }): Cell => ({
  value: Number(text),
  type: Number,
  format: look.format,
  align: 'right',
  ...(look.isBold ? { fontWeight: 'bold' as const } : {}),
});

function milliText(value: bigint): string {
  const size = value < 0n ? -value : value;
  return `${value < 0n ? '-' : ''}${size / 1000n}.${String(size % 1000n).padStart(3, '0')}`;
}

/** The sum of rows of a column by the spreadsheet itself, so that a reader may see that the total is theirs. */
export const sumFormula = (at: {
  column: number;
  firstRow: number;
  lastRow: number;
  format?: string;
}): Cell => {
  const letter = columnLetter(at.column);
  return {
    value: `SUM(${letter}${at.firstRow}:${letter}${at.lastRow})`,
    type: 'Formula',
    format: at.format ?? YUAN_FORMAT,
    align: 'right',
  };
};

/** Letter of a column, the first is 0; sheets here have fewer than 26. */
const columnLetter = (column: number) => String.fromCodePoint(65 + column);

export interface SheetContent {
  name: string;
  title: string;
  /** What the sheet tells of, as of when, by which definition: a line each. */
  notes: readonly string[];
  columns: readonly SheetColumn[];
  rows: readonly (readonly Cell[])[];
  /** Rows after the last one, such as totals. */
  totals: readonly (readonly Cell[])[];
}

/** Row number of the first row of content: title, notes, headings stand before it. */
export const firstContentRow = (sheet: { notes: readonly string[] }) => sheet.notes.length + 3;

function sheetOf(content: SheetContent): Sheet<never> {
  const headings = content.columns.map(({ title }) => ({
    value: title,
    type: String,
    fontWeight: 'bold' as const,
    backgroundColor: HEADING_COLOUR,
    wrap: true,
  }));
  return {
    sheet: sheetName(content.name),
    columns: content.columns.map(({ width }) => ({ width })),
    stickyRowsCount: firstContentRow(content) - 1,
    data: [
      [{ value: printable(content.title), type: String, fontWeight: 'bold', fontSize: 14 }],
      ...content.notes.map((note): Cell[] => [
        { value: printable(note), type: String, textColor: '#5B6475' },
      ]),
      headings,
      ...content.rows.map((row) => [...row]),
      ...content.totals.map((row) => [...row]),
    ],
  };
}

/** A name that a spreadsheet takes for a sheet. */
export function sheetName(name: string): string {
  const clean = printable(name)
    .replaceAll(/[\\/?*[\]:']/g, ' ')
    .trim()
    .slice(0, SHEET_NAME_MAX);
  return clean === '' ? '数据' : clean;
}

/** Writes sheets as a workbook; two of one name get a number. */
export async function workbook(sheets: readonly SheetContent[]): Promise<Buffer> {
  const names = new Set<string>();
  const unique = sheets.map((sheet) => {
    let name = sheetName(sheet.name);
    for (let n = 2; names.has(name); n += 1) name = sheetName(`${sheet.name.slice(0, 27)} ${n}`);
    names.add(name);
    return sheetOf({ ...sheet, name });
  });
  return writeXlsxFile(unique).toBuffer();
}
