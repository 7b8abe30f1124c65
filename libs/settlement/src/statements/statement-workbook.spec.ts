import { describe, expect, it } from 'vitest';
import writeXlsxFile from 'write-excel-file/node';
import { readTable } from '#registry';
import { KNOWN_HEADINGS } from './mapping.ts';
import { readStatementFile } from './statement-file.ts';

const date = (day: string) => ({ value: new Date(`${day}T00:00:00.000Z`), type: Date, format: 'yyyy-mm-dd' });

// A workbook as a power company sends it: a title over the whole width, groups over columns, real dates and numbers.
const workbook = [
  [{ value: '国网临县供电公司上网电费结算单', columnSpan: 8 }, null, null, null, null, null, null, null],
  [
    { value: '户号', rowSpan: 2 },
    { value: '结算年月', rowSpan: 2 },
    { value: '抄表止日', rowSpan: 2 },
    { value: '上网电费', columnSpan: 2 },
    null,
    { value: '补贴电费', columnSpan: 2 },
    null,
    { value: '税率', rowSpan: 2 },
  ],
  [
    null,
    null,
    null,
    { value: '电量（kWh）' },
    { value: '金额（元）' },
    { value: '电量（kWh）' },
    { value: '金额（元）' },
    null,
  ],
  [
    { value: '0141124901001', type: String },
    date('2025-06-01'),
    date('2025-06-30'),
    { value: 32100, type: Number },
    { value: 10657.2, type: Number },
    { value: 32100, type: Number },
    { value: 16627.8, type: Number },
    { value: 0.13, type: Number, format: '0%' },
  ],
  [
    { value: 141124901002, type: Number },
    { value: 202506, type: Number },
    { value: '2025年6月30日' },
    { value: '１２３' },
    { value: 40.84, type: Number },
    null,
    null,
    { value: '1%' },
  ],
];

describe('a workbook of a power company', () => {
  it('is read with its merged header, its dates and its numbers, and says which account lost a zero', async () => {
    const bytes = await writeXlsxFile(workbook).toBuffer();
    const { rows, problems, rowCount } = readStatementFile(await readTable(bytes), KNOWN_HEADINGS);
    expect(rowCount).toBe(2);
    expect(
      rows.map(({ row, stated }) => [
        row,
        stated.component,
        stated.month,
        stated.readTo,
        stated.energyWh,
        stated.amountFen,
        stated.taxRateBp,
      ]),
    ).toEqual([
      [4, 'base', '2025-06', '2025-06-30', 32_100_000n, 1_065_720n, 1300],
      [4, 'subsidy', '2025-06', '2025-06-30', 32_100_000n, 1_662_780n, 1300],
    ]);
    expect(problems.map(({ row, column, code }) => [row, column, code])).toEqual([
      [5, '户号', 'statement.account_lost_zero'],
    ]);
  });
});
