import { parse } from 'csv-parse/sync';
import iconv from 'iconv-lite';
import { readSheet } from 'read-excel-file/node';
import { RegistryError } from '../registry-error.ts';

/** Larger files are refused before they are read: 20,000 rows of a dozen columns take some 3 MB. */
export const IMPORT_BYTES_MAX = 10 * 1024 * 1024;
/** Rows of one file: more than ten times the fleet's inverters would take a better way in. */
export const IMPORT_ROWS_MAX = 20_000;

/** Rows of text; the row at index 0 is line 1 of the file. */
export type Table = string[][];

const ZIP_MARK = [0x50, 0x4b, 0x03, 0x04];
const OLD_EXCEL_MARK = [0xd0, 0xcf, 0x11, 0xe0];
const UTF16_LE_MARK = [0xff, 0xfe];
const DELIMITERS = [',', '\t', ';'];
/** Digits that a spreadsheet itself keeps and shows; 0.1 + 0.2 is 0.3 there. */
const SPREADSHEET_DIGITS = 15;

/**
 * Reads XLSX (its first sheet) or CSV: UTF-8 with or without a mark, UTF-16 as Excel writes it, or GBK.
 * @throws RegistryError `registry.import_too_large` or `registry.import_unreadable`.
 */
export async function readTable(bytes: Buffer): Promise<Table> {
  if (bytes.length > IMPORT_BYTES_MAX) {
    throw new RegistryError(
      'registry.import_too_large',
      `文件超过 ${IMPORT_BYTES_MAX / 1024 / 1024} MB，请拆分后再导入`,
    );
  }
  if (startsWith(bytes, OLD_EXCEL_MARK)) {
    throw new RegistryError(
      'registry.import_unreadable',
      '旧版 Excel 文件（.xls）无法读取，请另存为 .xlsx 或 CSV',
    );
  }
  const table = startsWith(bytes, ZIP_MARK) ? await readWorkbook(bytes) : readText(decode(bytes));
  if (table.length > IMPORT_ROWS_MAX + 1) {
    throw new RegistryError('registry.import_too_large', `超过 ${IMPORT_ROWS_MAX} 行，请拆分后再导入`);
  }
  return table;
}

const startsWith = (bytes: Buffer, mark: readonly number[]) =>
  mark.every((byte, index) => bytes[index] === byte);

async function readWorkbook(bytes: Buffer): Promise<Table> {
  try {
    const rows = await readSheet(bytes);
    return rows.map((row) => row.map(cellText));
  } catch (error) {
    throw new RegistryError('registry.import_unreadable', '文件不是可读取的 Excel 工作簿（.xlsx）', {
      cause: error,
    });
  }
}

/** The reader's own types call a date the constructor of dates, so the value itself is asked. */
function cellText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'boolean') return String(value);
  return value instanceof Date ? value.toISOString().slice(0, 10) : '';
}

/** Without an exponent, so that long codes that a spreadsheet holds as numbers stay readable. */
function plainNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return String(Number(value.toPrecision(SPREADSHEET_DIGITS)));
}

function decode(bytes: Buffer): string {
  if (startsWith(bytes, UTF16_LE_MARK)) return iconv.decode(bytes, 'utf16le');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: files saved by a Chinese Excel are GBK, and GB18030 holds all of it.
    const text = iconv.decode(bytes, 'gb18030');
    if (!text.includes('\uFFFD')) return text;
    throw new RegistryError(
      'registry.import_unreadable',
      '文件编码无法识别，请另存为 UTF-8 或 GBK 编码的 CSV',
    );
  }
}

function readText(text: string): Table {
  if (text.includes('\0'))
    throw new RegistryError('registry.import_unreadable', '文件不是文本，请使用 .xlsx 或 CSV');
  const firstLine = text.split('\n', 1)[0] ?? '';
  const delimiter =
    [...DELIMITERS].sort((a, b) => firstLine.split(b).length - firstLine.split(a).length)[0] ?? ',';
  try {
    return parse(text, { bom: true, delimiter, relax_column_count: true, skip_empty_lines: false });
  } catch (error) {
    const detail = error instanceof Error ? error.message : '';
    throw new RegistryError('registry.import_unreadable', `CSV 格式有误：${detail}`, { cause: error });
  }
}
