import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { readTable, type Table } from '#registry';
import { accountCell, dayCell, decimalCell, monthCell, scaledCell } from './cells.ts';
import { KNOWN_HEADINGS, mergedMapping, splitHeading, statementMappingSchema } from './mapping.ts';
import { readStatementFile } from './statement-file.ts';

const HEADINGS = ['户号', '结算年月', '上网电量(kWh)', '上网电费（元，含税）', '补贴电量', '补贴金额'];
const JUNE = ['0141124901001', '2025-06', '32,100', '10,657.20', '32100', '16627.8'];
const read = (table: Table) => readStatementFile(table, KNOWN_HEADINGS);
const codes = (table: Table) => read(table).problems.map(({ row, code }) => [row, code]);
const amounts = (table: Table) =>
  read(table).rows.map(({ row, stated }) => [row, stated.component, stated.energyWh, stated.amountFen]);
const JUNE_AMOUNTS = [
  ['base', 32_100_000n, 1_065_720n],
  ['subsidy', 32_100_000n, 1_662_780n],
];

describe('a grid statement', () => {
  it('gives a component a price and month, to the Wh and the fen', () => {
    expect(read([HEADINGS, JUNE]).problems).toEqual([]);
    expect(amounts([HEADINGS, JUNE])).toEqual(JUNE_AMOUNTS.map((row) => [2, ...row]));
  });

  it('finds a header of merged cells below a title, whatever order its columns have', () => {
    const table = [
      ['国网临县供电公司光伏电费结算单', '', '', '', '', '', '', ''],
      ['结算期间：2025年6月', '', '', '', '', '', '', ''],
      ['月份', '户号', '上网电费', '', '', '补贴电费', '', ''],
      ['', '', '电量（度）', '电价', '金额（元）', '电量（度）', '单价', '金额（元）'],
      ['2025年6月', '0141124901001', '32100', '0.3320', '10657.20', '32100', '0.518', '16627.80'],
      ['合计', '', '32100', '', '10657.20', '', '', '16,627.80'],
    ];
    expect(read(table).problems).toEqual([]);
    expect(amounts(table)).toEqual(JUNE_AMOUNTS.map((row) => [5, ...row]));
    expect(read(table).rows[0]?.stated.priceYuanPerKwh).toBe('0.332');
  });

  it('is read where each row is one component, which a column names', () => {
    const rows = [
      ['0141124901001', '2025-06', '上网电费', '32,100', '0.332', '10,657.20'],
      ['0141124901001', '2025-06', '国家补贴', '32100', '0.518', '16627.80'],
      ['合计', '', '', '', '', '27285.00'],
    ];
    for (const headings of [
      ['户号', '结算年月', '电价项目', '电量', '电价', '金额（元）'],
      ['户号', '结算年月', '费用类型', '结算电量', '结算电价', '结算电费'],
    ]) {
      const { problems, rows: stated } = read([headings, ...rows]);
      expect(problems).toEqual([]);
      expect(
        stated.map((each) => [each.row, each.stated.component, each.stated.energyWh, each.stated.amountFen]),
      ).toEqual([
        [2, 'base', 32_100_000n, 1_065_720n],
        [3, 'subsidy', 32_100_000n, 1_662_780n],
      ]);
    }
  });

  it('names a component that nobody knows, and one that a row leaves out', () => {
    const headings = ['户号', '结算年月', '电价项目', '金额'];
    expect(
      codes([
        headings,
        ['0141124901001', '2025-06', '神秘费用', '1.00'],
        ['0141124901001', '2025-06', '', '1.00'],
        ['0141124901001', '2025-06', 'capacity_fee', '1.00'],
      ]),
    ).toEqual([
      [2, 'statement.unknown_component'],
      [3, 'import.missing'],
    ]);
  });

  it('does not take a plain amount for a component where nothing names one', () => {
    expect(
      codes([
        ['户号', '结算年月', '金额'],
        ['0141124901001', '2025-06', '1.00'],
      ]),
    ).toEqual([[1, 'import.missing_column']]);
  });

  it('is the same in UTF-8 with a mark, in GBK, and in full-width digits', async () => {
    const text = [HEADINGS, JUNE].map((cells) => cells.map((cell) => `"${cell}"`).join(',')).join('\r\n');
    const wide = text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
    for (const bytes of [Buffer.from(`\uFEFF${text}`), iconv.encode(text, 'gbk'), Buffer.from(wide)])
      expect(amounts(await readTable(bytes))).toEqual(JUNE_AMOUNTS.map((row) => [2, ...row]));
  });

  it('names every bad cell with its row, its column and how to mend it', () => {
    const table = [
      HEADINGS,
      ['141124901001', '2025-13', '三万', '1.234', '', ''],
      JUNE,
      ['0141124901002', '2025-06', '5', '', '', ''],
      ['0141124901003', '', '', '1', '', ''],
      ['0141124901004', '2025-06', '', '', '', ''],
    ];
    const { problems, rows, rowCount } = read(table);
    expect(problems.map(({ row, column, code }) => [row, column, code])).toEqual([
      [2, '户号', 'statement.account_lost_zero'],
      [2, '结算年月', 'import.bad_month'],
      [2, '上网电量(kWh)', 'import.not_a_number'],
      [2, '上网电费(元,含税)', 'import.too_precise'],
      [4, '上网电费(元,含税)', 'statement.amount_missing'],
      [5, '结算年月', 'import.missing'],
      [6, null, 'statement.no_amount'],
    ]);
    expect(problems[0]?.reason).toContain('0141124901001');
    expect([rowCount, rows.length]).toEqual([5, 2]);
  });

  it('refuses a second row of an account and month, and a sum that does not agree', () => {
    expect(codes([HEADINGS, JUNE, JUNE])).toEqual([
      [3, 'import.duplicate_row'],
      [3, 'import.duplicate_row'],
    ]);
    expect(codes([HEADINGS, JUNE, ['合计：', '', '', '10657.21', '', '16627.80']])).toEqual([
      [3, 'statement.sum_differs'],
    ]);
    expect(codes([HEADINGS, JUNE, ['小计', '', '', '1', '', '']])).toEqual([]);
  });

  it('refuses a unit that it does not know, amounts without tax, and a file without amounts', () => {
    expect(
      codes([
        ['户号', '月份', '上网电费(美元)'],
        ['1', '2', '3'],
      ]),
    ).toEqual([[1, 'import.wrong_unit']]);
    expect(
      codes([
        ['户号', '月份', '上网电费(不含税)'],
        ['1', '2', '3'],
      ]),
    ).toEqual([[1, 'statement.without_tax']]);
    expect(codes([['户号', '年月', '备注']])).toEqual([[1, 'import.missing_column']]);
    expect(codes([])).toHaveLength(3);
    expect(codes([HEADINGS])).toEqual([[2, 'import.no_rows']]);
  });

  it('moves units by whole powers of ten', () => {
    const table = [
      ['户号', '月份', '上网电量（万千瓦时）', '上网电费（万元）'],
      ['0141124901001', '202506', '3.21', '1.06572'],
    ];
    expect(amounts(table)).toEqual([[2, 'base', 32_100_000n, 1_065_720n]]);
  });

  it('takes negative components and further ones of a mapping of its own', () => {
    const table = [
      ['户号', '月份', '上网电费', '偏差考核', '绿证'],
      ['0141124901001', '2025-06', '100', '（1.50）', '2'],
    ];
    expect(amounts(table)).toEqual([
      [2, 'base', null, 10_000n],
      [2, 'deviation', null, -150n],
    ]);
    const mapping = { ...KNOWN_HEADINGS, 'green_certificate.amountFen': ['绿证'] };
    expect(readStatementFile(table, mapping).rows.map(({ stated }) => stated.component)).toContain(
      'green_certificate',
    );
  });

  it('reads every file without a failure', () => {
    const cell = fc.oneof(
      fc.constantFrom(...HEADINGS, ...JUNE, '合计', '', '2025年6月', '45823'),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(cell, { maxLength: 7 }), { maxLength: 8 }), (table) => {
        const { rows, problems, rowCount } = read(table);
        const bad = new Set(problems.map(({ row }) => row));
        expect(rowCount <= table.length).toBe(true);
        for (const { row } of rows) expect(bad.has(row) && !sumRow(table[row - 1])).toBe(false);
      }),
    );
  });
});

const sumRow = (texts: readonly string[] | undefined) => (texts ?? []).includes('合计');

describe('cells of a statement', () => {
  it.each([
    ['1,234.50', 2, 123_450n],
    ['￥ 1,234.5', 2, 123_450n],
    ['(0.01)', 2, -1n],
    ['−3', 2, -300n],
    ['１２．３０', 2, 1230n],
    ['12.3400', 2, 1234n],
    ['007', 0, 7n],
  ])('reads %s', (text, shift, value) => expect(scaledCell(text, shift).value).toBe(value));

  it.each(['', '1,23', '1.2.3', '12万', '1e5', 'NaN', '--1', '1 000', '1234567890123456789'])(
    'refuses %s as a number',
    (text) => expect(scaledCell(text, 2).problem?.code).toBe('import.not_a_number'),
  );

  it('keeps every digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), (value) => {
        const digits = String(value < 0n ? -value : value).padStart(4, '0');
        const text = `${value < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
        expect(scaledCell(text, 3).value).toBe(value);
        const kept = decimalCell(text, 8).value ?? '';
        expect(scaledCell(kept, 3).value).toBe(value);
      }),
    );
  });

  it.each([
    ['2025-06', '2025-06'],
    ['2025/6', '2025-06'],
    ['2025年6月', '2025-06'],
    ['202506', '2025-06'],
    ['2025-06-01', '2025-06'],
    ['45823', '2025-06'],
  ])('reads %s as a month', (text, month) => expect(monthCell(text).value).toBe(month));

  it.each([
    ['45838', '2025-06-30'],
    ['2025年6月30日', '2025-06-30'],
    ['20250630', '2025-06-30'],
  ])('reads %s as a day', (text, day) => expect(dayCell(text).value).toBe(day));

  it.each(['2025-06-31', '12345', '30/6/2025', '2025-06'])('refuses %s as a day', (text) =>
    expect(dayCell(text).problem?.code).toBe('import.bad_date'),
  );

  it('never guesses an account', () => {
    expect(accountCell('０１４１１２４９０１００１').value).toBe('0141124901001');
    expect(accountCell('1.41125E+11').problem?.code).toBe('statement.account_as_number');
    expect(accountCell('123').problem?.code).toBe('import.bad_code');
  });
});

describe('a mapping', () => {
  it('that the program knows by itself is one that it would accept', () => {
    expect(statementMappingSchema.safeParse(KNOWN_HEADINGS).success).toBe(true);
  });

  it('must find the account, the month and an amount, by headings that are told apart', () => {
    const whole = { accountNo: ['户号'], month: ['月份'], 'base.amountFen': ['电费'] };
    expect(statementMappingSchema.safeParse(whole).success).toBe(true);
    for (const broken of [
      { ...whole, month: ['户号'] },
      { accountNo: ['户号'], month: ['月份'] },
      { ...whole, 'base.money': ['钱'] },
      { month: ['月份'], 'base.amountFen': ['电费'] },
    ])
      expect(statementMappingSchema.safeParse(broken).success).toBe(false);
  });

  it('of a source wins over what is known: its headings are its own', () => {
    const merged = mergedMapping({ 'subsidy.amountFen': ['上网电费'], invoiceNo: ['票号'] });
    expect(merged['subsidy.amountFen']).toEqual(['上网电费']);
    expect(merged['base.amountFen']).not.toContain('上网电费');
    expect(merged['invoiceNo']).toEqual(['票号']);
    expect(merged['accountNo']).toEqual(KNOWN_HEADINGS['accountNo']);
    expect(statementMappingSchema.safeParse(merged).success).toBe(true);
  });

  it('reads units and notes of a heading', () => {
    expect(splitHeading(' 上网电费（元，含税）* ')).toEqual({ name: '上网电费', unit: '元' });
    expect(splitHeading('Account No')).toEqual({ name: 'accountno', unit: '' });
  });
});
