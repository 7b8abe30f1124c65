import { monthRange } from '#domain';
import { ProblemError } from '#platform';
import {
  componentName,
  contentHash,
  MEDIA_TYPES,
  monthOfTask,
  type BuildTask,
  type BuiltFile,
} from '../build.ts';
import { countyFigures, type CountyFigures } from '../queries/county-figures.ts';
import { statedTotals, statementRows, type StatementRow } from '../queries/statement-rows.ts';
import { fileName } from './file-name.ts';
import { shanghaiText, sumFen } from './figures.ts';
import {
  countCell,
  dayCell,
  decimalCell,
  firstContentRow,
  kwhCell,
  sumFormula,
  textCell,
  workbook,
  yuanCell,
  type SheetContent,
} from './workbook.ts';

const COLUMNS = [
  { title: '电站编码', width: 18 },
  { title: '电站名称', width: 26 },
  { title: '发电户号', width: 18 },
  { title: '价格构成', width: 14 },
  { title: '版本', width: 8 },
  { title: '电量（kWh）', width: 16 },
  { title: '单价（元/kWh）', width: 14 },
  { title: '结算金额（元）', width: 18 },
  { title: '已到账（元）', width: 18 },
  { title: '未到账（元）', width: 18 },
  { title: '发票号', width: 18 },
  { title: '付款日期', width: 14 },
];
const AMOUNT_COLUMN = 7;

/** Settlement of a month: an overview, and a sheet for each county. @throws ProblemError 500 `export.sum_differs` */
export async function settlementWorkbook(task: BuildTask): Promise<BuiltFile> {
  const month = monthOfTask(task);
  const range = monthRange(month);
  const place = { countyCode: task.countyCode, month };
  const rows = await statementRows(task.database, place);
  await task.progress(30);
  const totals = await statedTotals(task.database, place);
  const counties = await countyFigures(task.database, {
    countyCode: task.countyCode,
    span: { first: month, last: month },
    ...range,
  });
  await task.progress(50);
  const byCounty = Map.groupBy(rows, ({ countyCode }) => countyCode);
  for (const { countyCode, countyName } of counties)
    requireSum(byCounty.get(countyCode) ?? [], { expectedFen: totals.get(countyCode) ?? 0n, countyName });
  const notes = notesOf(task, month);
  const sheets = [
    overviewSheet(counties, { month, notes }),
    ...counties
      .filter(({ countyCode }) => byCounty.has(countyCode))
      .map(({ countyCode, countyName }) =>
        countySheet(byCounty.get(countyCode) ?? [], { name: countyName, month, notes }),
      ),
  ];
  const bytes = await workbook(sheets);
  await task.progress(95);
  const name = task.countyCode === null ? '吕梁市' : (counties[0]?.countyName ?? task.countyCode);
  return {
    fileName: fileName([name, month, '结算明细'], 'xlsx'),
    mediaType: MEDIA_TYPES.xlsx,
    bytes,
    rowCount: rows.length,
    contentHash: contentHash({ counties, rows }),
  };
}

/** What the rows add up to is what the database adds up to, reversals and all. */
function requireSum(
  rows: readonly StatementRow[],
  { expectedFen, countyName }: { expectedFen: bigint; countyName: string },
): void {
  const sum = sumFen(rows.map(({ amountFen }) => amountFen));
  if (sum !== expectedFen)
    throw new ProblemError(500, 'export.sum_differs', `${countyName}: ${sum} ≠ ${expectedFen} fen`);
}

const notesOf = ({ now }: BuildTask, month: string) => [
  `电量所属月份 ${month}；数据截至 ${shanghaiText(now)}`,
  '结算金额以供电公司结算单为准（含税），更正以冲销加新版本反映；已到账为已核销的银行到账。',
];

function countySheet(
  rows: readonly StatementRow[],
  sheet: { name: string; month: string; notes: readonly string[] },
): SheetContent {
  const first = firstContentRow(sheet);
  const last = first + rows.length - 1;
  const amounts = [
    sumFen(rows.map(({ amountFen }) => amountFen)),
    sumFen(rows.map(({ receivedFen }) => receivedFen)),
    sumFen(rows.map(({ amountFen, receivedFen }) => amountFen - receivedFen)),
  ];
  return {
    name: sheet.name,
    title: `${sheet.name} ${sheet.month} 结算明细`,
    notes: sheet.notes,
    columns: COLUMNS,
    rows: rows.map((row) => [
      textCell(row.stationCode),
      textCell(row.stationName),
      textCell(row.accountNo),
      textCell(componentName(row.component)),
      countCell(row.version),
      kwhCell(row.energyWh),
      decimalCell(row.priceYuanPerKwh, '0.0000####'),
      yuanCell(row.amountFen),
      yuanCell(row.receivedFen),
      yuanCell(row.amountFen - row.receivedFen),
      textCell(row.invoiceNo),
      dayCell(row.payOn),
    ]),
    totals: [
      [...labelled('合计'), ...amounts.map((amountFen) => yuanCell(amountFen, true)), null, null],
      [
        ...labelled('表内求和'),
        ...amounts.map((_, index) =>
          sumFormula({ column: AMOUNT_COLUMN + index, firstRow: first, lastRow: last }),
        ),
        null,
        null,
      ],
    ],
  };
}

const labelled = (label: string) => [
  { value: label, type: String, fontWeight: 'bold' as const },
  ...Array.from({ length: AMOUNT_COLUMN - 1 }, () => null),
];

function overviewSheet(
  counties: readonly CountyFigures[],
  { month, notes }: { month: string; notes: readonly string[] },
): SheetContent {
  const amountsOf = (each: CountyFigures) => [
    each.baseFen,
    each.subsidyFen,
    each.otherFen,
    each.baseFen + each.subsidyFen + each.otherFen,
    each.receivedFen,
    each.allocatedFen,
    each.transferredFen,
  ];
  const sums = counties
    .map(amountsOf)
    .reduce((sum, each) => sum.map((value, index) => value + (each[index] ?? 0n)), Array<bigint>(7).fill(0n));
  return {
    name: '汇总',
    title: `${month} 结算汇总`,
    notes: [...notes, '到账和拨付按银行日期、分配按记账期间统计，与电量所属月份口径不同。'],
    columns: [
      { title: '县（市、区）', width: 14 },
      { title: '电站数', width: 10 },
      { title: '已出结算单电站', width: 14 },
      { title: '计量电量（kWh）', width: 18 },
      { title: '结算电量（kWh）', width: 18 },
      { title: '基础电费（元）', width: 18 },
      { title: '国家补贴（元）', width: 18 },
      { title: '其他（元）', width: 16 },
      { title: '结算合计（元）', width: 18 },
      { title: '当月到账（元）', width: 18 },
      { title: '当月分配（元）', width: 18 },
      { title: '当月拨付到村（元）', width: 18 },
    ],
    rows: counties.map((each) => [
      textCell(each.countyName),
      countCell(each.stations),
      countCell(each.statedStations),
      kwhCell(each.meteredWh),
      kwhCell(each.statedWh),
      ...amountsOf(each).map((amountFen) => yuanCell(amountFen)),
    ]),
    totals: [
      [
        { value: '合计', type: String, fontWeight: 'bold' },
        countCell(counties.reduce((sum, { stations }) => sum + stations, 0)),
        countCell(counties.reduce((sum, { statedStations }) => sum + statedStations, 0)),
        null,
        null,
        ...sums.map((amountFen) => yuanCell(amountFen, true)),
      ],
    ],
  };
}
