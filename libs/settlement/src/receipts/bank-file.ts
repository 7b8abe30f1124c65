import type { Table } from '#registry';
import { dayCell, normalise, scaledCell, textCell, type Cell } from '../statements/cells.ts';
import { headingName, splitHeading, unitNames, unitShift } from '../statements/mapping.ts';
import { fileProblem, type RowProblem } from '../statements/problem.ts';

/** A line as a row of a file of the bank has it; money in is positive. */
interface BankRow {
  row: number;
  bankReference: string;
  bookedOn: string;
  amountFen: bigint;
  payer: string | null;
  purpose: string | null;
}

export interface BankFile {
  /** Rows that are neither blank nor sums. */
  rowCount: number;
  rows: BankRow[];
  problems: RowProblem[];
}

const BANK_COLUMNS = [
  'bookedOn',
  'bankReference',
  'amount',
  'in',
  'out',
  'direction',
  'payer',
  'purpose',
] as const;
type BankColumn = (typeof BANK_COLUMNS)[number];

/** Headings of the account statements of banks; what is in brackets behind them is the unit. */
const HEADINGS: Readonly<Record<BankColumn, readonly string[]>> = {
  bookedOn: ['交易日期', '入账日期', '记账日期', '交易时间', '日期', 'booked on'],
  bankReference: ['交易流水号', '流水号', '银行流水号', '凭证号', '回单编号', '交易序号', 'reference'],
  amount: ['交易金额', '发生额', '金额', 'amount'],
  in: ['收入金额', '收入', '贷方发生额', '贷方金额', '转入金额', '存入金额', 'credit'],
  out: ['支出金额', '支出', '借方发生额', '借方金额', '转出金额', '支取金额', 'debit'],
  direction: ['借贷标志', '借贷方向', '借贷', '收支', '收支标志', '交易方向'],
  payer: ['对方户名', '对方名称', '对方单位', '付款人', '付款单位', 'payer'],
  purpose: ['摘要', '用途', '附言', '备注', '交易摘要', 'purpose'],
};
const COLUMN_OF = new Map(
  BANK_COLUMNS.flatMap((column) => HEADINGS[column].map((text) => [headingName(text), column] as const)),
);
/** A title, the account and the period may stand above the header. */
const HEADER_LINES_MAX = 12;
const PAYER_MAX = 120;
const PURPOSE_MAX = 200;
const REFERENCE_MAX = 60;
const SUM_WORDS = new Set(['合计', '总计', '小计', '本页合计', '本页小计']);
const INTO = new Set(['贷', '贷方', '收', '收入', '入', '转入', 'c', 'cr', 'credit', '+']);
const OUT_OF = new Set(['借', '借方', '支', '支出', '出', '转出', 'd', 'dr', 'debit', '-']);

interface Placed {
  position: number;
  title: string;
  shift: number;
}
type Columns = ReadonlyMap<BankColumn, Placed>;

/**
 * Reads a file of the bank: one row a line, either with an amount (its sign, or a column that says which way) or with a
 * column for money in and one for money out. Rows with a problem give no line.
 */
export function readBankFile(table: Table): BankFile {
  const header = findHeader(table);
  if (header.problems.length > 0) return { rowCount: 0, rows: [], problems: header.problems };
  const file: BankFile = { rowCount: 0, rows: [], problems: [] };
  const seen = new Map<string, number>();
  for (const [index, texts] of table.entries()) {
    const row = index + 1;
    const word = texts.map(normalise).find((text) => text !== '');
    if (row <= header.line || word === undefined) continue;
    if (SUM_WORDS.has(word.replaceAll(/[\s:：]/g, ''))) continue;
    file.rowCount += 1;
    const read = readRow(row, texts, header.columns);
    file.problems.push(...read.problems);
    if (!read.line) continue;
    const earlier = seen.get(read.line.bankReference);
    if (earlier === undefined) {
      seen.set(read.line.bankReference, row);
      file.rows.push(read.line);
    } else
      file.problems.push({
        ...fileProblem(row, null, 'import.duplicate_row', `与第 ${earlier} 行的流水号相同；请删去一行`),
        value: read.line.bankReference,
      });
  }
  if (file.rowCount === 0)
    file.problems.push(fileProblem(header.line + 1, null, 'import.no_rows', '表头下面没有数据行'));
  return file;
}

function findHeader(table: Table): { line: number; columns: Columns; problems: RowProblem[] } {
  let best: { line: number; columns: Map<BankColumn, Placed>; problems: RowProblem[] } = {
    line: 1,
    columns: new Map(),
    problems: [],
  };
  for (const [index, texts] of table.slice(0, HEADER_LINES_MAX).entries()) {
    const header = readHeader(index + 1, texts);
    if (header.columns.size > best.columns.size) best = header;
  }
  const { columns, line, problems } = best;
  const missing = (['bookedOn', 'bankReference'] as const)
    .filter((column) => !columns.has(column))
    .map((column) => missingColumn(line, HEADINGS[column][0] ?? column));
  if (!columns.has('amount') && !columns.has('in')) missing.push(missingColumn(line, '交易金额'));
  return { line, columns, problems: [...problems, ...missing] };
}

const missingColumn = (line: number, title: string) =>
  fileProblem(line, title, 'import.missing_column', `缺少“${title}”列；请核对是否为银行对账单`);

function readHeader(
  line: number,
  texts: readonly string[],
): { line: number; columns: Map<BankColumn, Placed>; problems: RowProblem[] } {
  const columns = new Map<BankColumn, Placed>();
  const problems: RowProblem[] = [];
  for (const [position, text] of texts.entries()) {
    const title = normalise(text);
    const { name, unit } = splitHeading(title);
    const column = COLUMN_OF.get(name);
    if (column === undefined) continue;
    if (columns.has(column)) {
      problems.push(fileProblem(line, title, 'import.duplicate_column', '此列出现了两次；请删去一列'));
      continue;
    }
    const isMoney = column === 'amount' || column === 'in' || column === 'out';
    const shift = isMoney ? unitShift('money', unit) : 0;
    if (shift === null)
      problems.push(
        fileProblem(line, title, 'import.wrong_unit', `单位“${unit}”不可用，应为 ${unitNames('money')}`),
      );
    columns.set(column, { position, title, shift: shift ?? 0 });
  }
  return { line, columns, problems };
}

function readRow(
  row: number,
  texts: readonly string[],
  columns: Columns,
): { line: BankRow | null; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const rawOf = (column: BankColumn) => texts[columns.get(column)?.position ?? -1] ?? '';
  const read = <T>(column: BankColumn, cell: Cell<T>): T | null => {
    if (cell.problem)
      problems.push({
        row,
        column: columns.get(column)?.title ?? null,
        value: rawOf(column),
        ...cell.problem,
      });
    return cell.value;
  };
  // A time of day behind the date is the bank's; a line belongs to the day.
  const day = normalise(rawOf('bookedOn')).replace(/[ T]\d{1,2}:\d{2}(:\d{2})?$/, '');
  const bookedOn = read('bookedOn', dayCell(day));
  const bankReference = read('bankReference', referenceCell(rawOf('bankReference')));
  const amountFen = amountOf(row, rawOf, columns, problems);
  const payer = read('payer', textCell(rawOf('payer'), PAYER_MAX));
  const purpose = read('purpose', textCell(rawOf('purpose'), PURPOSE_MAX));
  if (problems.length > 0 || bookedOn === null || bankReference === null || amountFen === null)
    return { line: null, problems };
  return {
    line: { row, bookedOn, bankReference, amountFen, payer: payer || null, purpose: purpose || null },
    problems,
  };
}

function referenceCell(raw: string): Cell<string> {
  const text = normalise(raw).replaceAll(/\s/g, '');
  if (text === '')
    return { value: null, problem: { code: 'import.missing', reason: '流水号不能为空；同一流水只记一次' } };
  if (/^\d(\.\d+)?e\+?\d+$/i.test(text))
    return {
      value: null,
      problem: {
        code: 'import.bad_code',
        reason: '流水号被表格存成科学计数法，已丢失末位；请把该列设为文本后重新导出',
      },
    };
  return textCell(text, REFERENCE_MAX);
}

/** The signed amount of a row; null with a problem where there is none, or two. */
function amountOf(
  row: number,
  rawOf: (column: BankColumn) => string,
  columns: Columns,
  problems: RowProblem[],
): bigint | null {
  const complain = (column: BankColumn, code: string, reason: string) => {
    problems.push({ row, column: columns.get(column)?.title ?? null, value: rawOf(column), code, reason });
    return null;
  };
  const fenOf = (column: BankColumn): bigint | null => {
    const raw = rawOf(column);
    if (normalise(raw) === '') return 0n;
    const cell = scaledCell(raw, columns.get(column)?.shift ?? 0);
    return cell.problem ? complain(column, cell.problem.code, cell.problem.reason) : cell.value;
  };
  if (columns.has('in')) {
    const [into, outOf] = [fenOf('in'), columns.has('out') ? fenOf('out') : 0n];
    if (into === null || outOf === null) return null;
    if ((into === 0n) === (outOf === 0n))
      return complain('in', 'bank.no_amount', '收入和支出应恰有一项不为零；请核对此行');
    // A minus in the column of money in is a red entry of the bank: it is taken back.
    return into - outOf;
  }
  const amountFen = fenOf('amount');
  if (amountFen === null) return null;
  if (amountFen === 0n) return complain('amount', 'bank.no_amount', '金额为空或为零；请核对此行');
  if (!columns.has('direction')) return amountFen;
  const direction = normalise(rawOf('direction')).toLowerCase();
  if (INTO.has(direction)) return amountFen;
  if (OUT_OF.has(direction)) return -amountFen;
  return complain('direction', 'bank.bad_direction', '应为 贷/收入 或 借/支出');
}
