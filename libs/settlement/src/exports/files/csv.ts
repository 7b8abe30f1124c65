/** A cell: text, or a figure that was made into text here (`yuanText`); null is unknown and stays empty. */
export type CsvCell = string | null;

/** A spreadsheet takes a file for UTF-8 only with it. */
export const BYTE_ORDER_MARK = '\uFEFF';
/** A plain number may begin with a minus; everything else that a spreadsheet would calculate may not begin a cell. */
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;
const STARTS_FORMULA = /^\s*[=+\-@＝＋－＠]/;

/**
 * A row for a spreadsheet: no text is run as a formula (a quote stands before it), control characters are gone, and what
 * holds commas, quotes or line ends is quoted.
 */
export function excelRow(cells: readonly CsvCell[]): string {
  return `${cells.map((cell) => quoted(cell === null ? '' : harmless(cell))).join(',')}\r\n`;
}

/** A row for a program (RFC 4180): the text as it is, quoted where needed. */
export function machineRow(cells: readonly CsvCell[]): string {
  return `${cells.map((cell) => quoted(cell ?? '')).join(',')}\r\n`;
}

/** Text that no spreadsheet runs and that XML takes; what it says stays readable. */
export function harmless(text: string): string {
  const clean = printable(text);
  return STARTS_FORMULA.test(clean) && !PLAIN_NUMBER.test(clean) ? `'${clean}` : clean;
}

/** Without control characters, lone surrogates and marks that turn the direction of what follows; cut at a cell's size. */
export function printable(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '')
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .slice(0, CELL_CHARACTERS_MAX)
    .toWellFormed();
}

/** More does not fit into a cell of Excel. */
const CELL_CHARACTERS_MAX = 32_767;

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
