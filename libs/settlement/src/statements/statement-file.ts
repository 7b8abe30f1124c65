import { statementKey, type StatedComponent } from '#domain';
import type { Table } from '#registry';
import {
  accountCell,
  dayCell,
  decimalCell,
  monthCell,
  normalise,
  scaledCell,
  smallCell,
  textCell,
  type Cell,
} from './cells.ts';
import { findHeader, type Header, type PlacedColumn } from './header.ts';
import {
  componentOfName,
  NAMED_IN_ROW,
  type ComponentField,
  type DocumentField,
  type StatementMapping,
} from './mapping.ts';
import type { RowProblem } from './problem.ts';

/** A component as a row of the file states it. */
export interface StatedRow {
  row: number;
  stated: StatedComponent;
}

export interface StatementFile {
  header: Header;
  /** Rows that are neither blank nor sums. */
  rowCount: number;
  /** Components of the rows without a problem, in the order of the file. */
  rows: StatedRow[];
  problems: RowProblem[];
}

/** What a row cannot do without. */
const NEEDED_FIELDS: ReadonlySet<DocumentField> = new Set(['accountNo', 'month', 'component']);
/** Decimals of a price that is kept as stated: 0.3320 yuan a kWh, and more where somebody divided. */
const PRICE_DECIMALS = 8;
/** 100 yuan a kWh, in units of PRICE_DECIMALS: the column is not a price. */
const PRICE_MAX = 100n * 10n ** 8n;
const MULTIPLIER_MAX = 1_000_000n;
const WHOLE_BP = 10_000n;
const TEXT_MAX = 120;
const SUM_WORDS = new Set(['合计', '总计']);
const PART_SUM_WORDS = new Set(['小计', '本页合计', '本页小计']);

/**
 * Reads a grid statement (domain.md 2.3), whatever order its columns have: one row an account and month, or one row a
 * price component, which a column names then. Rows with a problem give no component; a sum row is not data, but must
 * agree with the rows above it.
 */
export function readStatementFile(table: Table, mapping: StatementMapping): StatementFile {
  const header = findHeader(table, mapping);
  if (header.problems.length > 0) return { header, rowCount: 0, rows: [], problems: header.problems };
  const file: StatementFile = { header, rowCount: 0, rows: [], problems: [] };
  const seen = new Map<string, number>();
  const sumRows: { row: number; texts: readonly string[] }[] = [];
  for (const [index, texts] of table.entries()) {
    const row = index + 1;
    if (row <= header.line || texts.every((text) => normalise(text) === '')) continue;
    const word = texts.map(normalise).find((text) => text !== '') ?? '';
    const bare = word.replaceAll(/[\s:：]/g, '');
    if (PART_SUM_WORDS.has(bare)) continue;
    if (SUM_WORDS.has(bare)) {
      sumRows.push({ row, texts });
      continue;
    }
    file.rowCount += 1;
    const { components, problems } = readRow(row, texts, header.columns);
    const repeated = components.flatMap(({ stated }) => {
      const key = statementKey(stated);
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, row);
      return earlier === undefined ? [] : [repeatedRow(row, earlier, stated)];
    });
    file.problems.push(...problems, ...repeated);
    if (problems.length === 0 && repeated.length === 0) file.rows.push(...components);
  }
  if (file.rowCount === 0)
    file.problems.push({
      row: header.line + 1,
      column: null,
      value: null,
      code: 'import.no_rows',
      reason: '表头下面没有数据行',
    });
  // What the rows are in sum is not known while one of them could not be read.
  if (file.problems.length === 0)
    file.problems.push(...sumRows.flatMap((sum) => sumProblems(sum, file.rows, header.columns)));
  return file;
}

function repeatedRow(
  row: number,
  earlier: number,
  { accountNo, month, component }: StatedComponent,
): RowProblem {
  return {
    row,
    column: null,
    value: `${accountNo} ${month} ${component}`,
    code: 'import.duplicate_row',
    reason: `与第 ${earlier} 行的户号、月份和电价项目重复；请删去一行，更正请另行导入`,
  };
}

/** The cells of a row by what they are; a cell that is blank or cannot be read is null. */
interface RowCells {
  document: Map<DocumentField, Cell<string | bigint>['value']>;
  components: Map<string, Map<ComponentField, Cell<string | bigint>['value']>>;
  problems: RowProblem[];
}

function readRow(
  row: number,
  texts: readonly string[],
  columns: readonly PlacedColumn[],
): { components: StatedRow[]; problems: RowProblem[] } {
  const cells = readCells(row, texts, columns);
  const { problems } = cells;
  for (const column of columns)
    if (
      column.component === null &&
      NEEDED_FIELDS.has(column.field) &&
      normalise(texts[column.position] ?? '') === ''
    )
      problems.push(
        cellProblem(row, column, '', {
          code: 'import.missing',
          reason: '此项不能为空；合并单元格请先拆分并填满',
        }),
      );
  const components: StatedRow[] = [];
  for (const [place, fields] of cells.components) {
    const amountFen = wholeOf(fields.get('amountFen'));
    const component = place === NAMED_IN_ROW ? (textOf(cells.document.get('component')) ?? '') : place;
    // Its problem is named already.
    if (component === '') continue;
    const stated = { ...documentOf(cells.document), component };
    if (amountFen !== null)
      components.push({
        row,
        stated: {
          ...stated,
          energyWh: wholeOf(fields.get('energyWh')),
          priceYuanPerKwh: textOf(fields.get('priceYuanPerKwh')),
          amountFen,
        },
      });
    else if (problems.length === 0 && wholeOf(fields.get('energyWh')) !== null)
      problems.push({
        row,
        column: columns.find((each) => each.component === place && each.field === 'amountFen')?.title ?? null,
        value: null,
        code: 'statement.amount_missing',
        reason: '有电量而没有金额；请补填金额，未结算的请把电量一并留空',
      });
  }
  if (components.length === 0 && problems.length === 0)
    problems.push({
      row,
      column: null,
      value: null,
      code: 'statement.no_amount',
      reason: '此行没有任何金额；请补填，或删去此行',
    });
  return { components, problems };
}

function readCells(row: number, texts: readonly string[], columns: readonly PlacedColumn[]): RowCells {
  const cells: RowCells = { document: new Map(), components: new Map(), problems: [] };
  for (const column of columns) {
    const raw = texts[column.position] ?? '';
    const cell: Cell<string | bigint> =
      normalise(raw) === '' ? { value: '', problem: null } : readCell(raw, column);
    if (cell.problem) cells.problems.push(cellProblem(row, column, raw, cell.problem));
    const value = cell.value === '' ? null : cell.value;
    if (column.component === null) cells.document.set(column.field, value);
    else {
      const fields = cells.components.get(column.component) ?? new Map<ComponentField, typeof value>();
      cells.components.set(column.component, fields.set(column.field, value));
    }
  }
  return cells;
}

function readCell(raw: string, { kind, shift }: PlacedColumn): Cell<string | bigint> {
  switch (kind) {
    case 'account':
      return accountCell(raw);
    case 'component':
      return componentCell(raw);
    case 'month':
      return monthCell(raw);
    case 'day':
      return dayCell(raw);
    case 'text':
      return textCell(raw, TEXT_MAX);
    case 'price': {
      const checked = smallCell(raw.replace(/^\s*[-−(（]/, ''), { shift: PRICE_DECIMALS, max: PRICE_MAX });
      return checked.problem?.code === 'import.out_of_range' ? checked : decimalCell(raw, PRICE_DECIMALS);
    }
    case 'percent':
      return percentCell(raw);
    case 'energy':
    case 'money':
      return scaledCell(raw, shift);
    case 'whole':
      return smallCell(raw, { shift, max: MULTIPLIER_MAX });
  }
}

function componentCell(raw: string): Cell<string> {
  const value = componentOfName(raw);
  if (value !== null) return { value, problem: null };
  return {
    value: null,
    problem: {
      code: 'statement.unknown_component',
      reason: '电价项目无法识别；可写作 上网电费、国家补贴、机制电价差价、偏差考核，或项目的英文代码',
    },
  };
}

/** `13%`, `13`, or the 0.13 that a spreadsheet holds behind `13%`; rates of tax are at least 1 %. */
function percentCell(raw: string): Cell<bigint> {
  const text = normalise(raw);
  return text.endsWith('%') || !/^0?\.\d+$/.test(text)
    ? smallCell(text.replace(/%$/, ''), { shift: 2, max: WHOLE_BP })
    : smallCell(text, { shift: 4, max: WHOLE_BP });
}

function cellProblem(
  row: number,
  column: PlacedColumn,
  value: string,
  problem: { code: string; reason: string },
): RowProblem {
  return { row, column: column.title, value, ...problem };
}

function documentOf(
  cells: RowCells['document'],
): Omit<StatedComponent, 'component' | 'energyWh' | 'priceYuanPerKwh' | 'amountFen'> {
  const text = (field: DocumentField) => textOf(cells.get(field));
  const whole = (field: DocumentField) => wholeOf(cells.get(field));
  const small = (field: DocumentField) => {
    const value = whole(field);
    return value === null ? null : Number(value);
  };
  return {
    // Without either of them the row has a problem and gives no component.
    accountNo: text('accountNo') ?? '',
    month: text('month') ?? '',
    totalFen: whole('totalFen'),
    accountName: text('accountName'),
    readFrom: text('readFrom'),
    readTo: text('readTo'),
    previousWh: whole('previousWh'),
    presentWh: whole('presentWh'),
    multiplier: small('multiplier'),
    taxRateBp: small('taxRateBp'),
    taxFen: whole('taxFen'),
    taxCode: text('taxCode'),
    invoiceNo: text('invoiceNo'),
    payOn: text('payOn'),
    payeeName: text('payeeName'),
    payeeAccount: text('payeeAccount'),
    handledBy: text('handledBy'),
  };
}

const wholeOf = (value: string | bigint | null | undefined) => (typeof value === 'bigint' ? value : null);
const textOf = (value: string | bigint | null | undefined) => (typeof value === 'string' ? value : null);

/** Each amount in a sum row is that of the rows, to the fen. */
function sumProblems(
  sum: { row: number; texts: readonly string[] },
  rows: readonly StatedRow[],
  columns: readonly PlacedColumn[],
): RowProblem[] {
  return columns.flatMap((column) => {
    if (column.component === null || column.field !== 'amountFen') return [];
    const raw = sum.texts[column.position] ?? '';
    if (normalise(raw) === '') return [];
    const stated = scaledCell(raw, column.shift);
    const addedFen = rows
      .filter(
        ({ row, stated: { component } }) =>
          row < sum.row && (column.component === NAMED_IN_ROW || component === column.component),
      )
      .reduce((total, { stated: { amountFen } }) => total + amountFen, 0n);
    if (stated.value === addedFen) return [];
    const reason =
      stated.problem?.reason ??
      `合计与各行之和不符，各行之和为 ${yuan(addedFen)} 元；请核对是否漏行或有隐藏行`;
    return [cellProblem(sum.row, column, raw, { code: 'statement.sum_differs', reason })];
  });
}

function yuan(amountFen: bigint): string {
  const text = String(amountFen < 0n ? -amountFen : amountFen).padStart(3, '0');
  return `${amountFen < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}
