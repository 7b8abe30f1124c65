import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { readTable } from '#registry';
import { readBankFile } from './bank-file.ts';

const lines = (table: string[][]) =>
  readBankFile(table).rows.map(({ bankReference, bookedOn, amountFen }) => [
    bankReference,
    bookedOn,
    amountFen,
  ]);
const codes = (table: string[][]) =>
  readBankFile(table).problems.map(({ row, column, code }) => [row, column, code]);

describe('a file of the bank', () => {
  it('is read with columns for money in and out, below a title, with a time behind the day', () => {
    const table = [
      ['某农商银行对账单', '', '', '', '', ''],
      ['账号：0512-1', '', '', '', '', ''],
      ['交易日期', '交易流水号', '收入（元）', '支出（元）', '对方户名', '摘要'],
      ['2025-07-03 09:12:44', 'B1', '10,657.20', '', '国网供电公司', '六月电费'],
      ['2025/7/4', 'B2', '', '1,000.00', '', ''],
      ['合计', '', '10657.20', '1000.00', '', ''],
    ];
    expect(readBankFile(table).problems).toEqual([]);
    expect(lines(table)).toEqual([
      ['B1', '2025-07-03', 1_065_720n],
      ['B2', '2025-07-04', -100_000n],
    ]);
    expect(readBankFile(table).rows[1]).toMatchObject({ payer: null, purpose: null });
  });

  it('is read with one amount and a column that says which way, in GBK', async () => {
    const text = ['入账日期,流水号,借贷标志,金额', '20250703,B1,贷,1.00', '20250704,B2,借,2.00'].join('\r\n');
    const table = await readTable(iconv.encode(text, 'gbk'));
    expect(lines(table)).toEqual([
      ['B1', '2025-07-03', 100n],
      ['B2', '2025-07-04', -200n],
    ]);
  });

  it('takes a signed amount and a red entry in the column of money in as taken back', () => {
    expect(
      lines([
        ['日期', '流水号', '金额'],
        ['2025-07-03', 'B1', '(5.00)'],
      ]),
    ).toEqual([['B1', '2025-07-03', -500n]]);
    expect(
      lines([
        ['日期', '流水号', '收入', '支出'],
        ['2025-07-03', 'B1', '-5.00', ''],
      ]),
    ).toEqual([['B1', '2025-07-03', -500n]]);
  });

  it('names every bad row and keeps the good ones', () => {
    const table = [
      ['交易日期', '流水号', '收入', '支出'],
      ['2025-07-03', 'B1', '1.00', ''],
      ['2025-07-32', 'B2', '1.00', ''],
      ['2025-07-03', '', '1.00', ''],
      ['2025-07-03', 'B4', '1.00', '1.00'],
      ['2025-07-03', 'B5', '', ''],
      ['2025-07-03', 'B6', '一元', ''],
      ['2025-07-03', 'B1', '2.00', ''],
      ['2025-07-03', '2.02507E+15', '2.00', ''],
    ];
    expect(codes(table)).toEqual([
      [3, '交易日期', 'import.bad_date'],
      [4, '流水号', 'import.missing'],
      [5, '收入', 'bank.no_amount'],
      [6, '收入', 'bank.no_amount'],
      [7, '收入', 'import.not_a_number'],
      [8, null, 'import.duplicate_row'],
      [9, '流水号', 'import.bad_code'],
    ]);
    expect(lines(table)).toEqual([['B1', '2025-07-03', 100n]]);
    expect(readBankFile(table).rowCount).toBe(8);
  });

  it('refuses a table that is no statement of an account', () => {
    expect(
      codes([
        ['户号', '年月'],
        ['1', '2'],
      ]),
    ).toEqual([
      [1, '交易日期', 'import.missing_column'],
      [1, '交易流水号', 'import.missing_column'],
      [1, '交易金额', 'import.missing_column'],
    ]);
    expect(codes([['日期', '流水号', '金额']])).toEqual([[2, null, 'import.no_rows']]);
  });
});
