import { monthRange, reportDueOn } from '#domain';
import { contentHash, MEDIA_TYPES, monthOfTask, type BuildTask, type BuiltFile } from '../build.ts';
import { generationRows, type GenerationRow } from '../queries/generation-rows.ts';
import { fileName } from './file-name.ts';
import { shanghaiText, sumFen } from './figures.ts';
import {
  countCell,
  firstContentRow,
  kwhCell,
  priceCell,
  sumFormula,
  textCell,
  workbook,
  yuanCell,
} from './workbook.ts';

const COLUMNS = [
  { title: '序号', width: 8 },
  { title: '县（市、区）', width: 14 },
  { title: '项目（电站）编码', width: 18 },
  { title: '项目（电站）名称', width: 26 },
  { title: '发电户号', width: 20 },
  { title: '补贴类别', width: 14 },
  { title: '装机容量（kW）', width: 14 },
  { title: '计量发电量（kWh）', width: 18 },
  { title: '结算上网电量（kWh）', width: 18 },
  { title: '上网电价（元/kWh）', width: 14 },
  { title: '上网电费（元）', width: 18 },
  { title: '补贴电量（kWh）', width: 18 },
  { title: '补贴标准（元/kWh）', width: 14 },
  { title: '补贴金额（元）', width: 18 },
  { title: '其他构成（元）', width: 16 },
  { title: '说明', width: 26 },
];
const CLASS_NAMES = { national: '国家规划', local: '地方参照', none: '无补贴' } as const;
/** Columns with sums: base, subsidy, other. */
const SUM_COLUMNS: ReadonlySet<number> = new Set([10, 13, 14]);

/** Energy, price and subsidy of a month by station, due by the 10th of the next one (发改价格规〔2017〕2196号 art. 4). */
export async function generationWorkbook(task: BuildTask): Promise<BuiltFile> {
  const month = monthOfTask(task);
  const { countyCode } = task;
  const rows = await generationRows(task.database, { countyCode, month, ...monthRange(month) });
  await task.progress(50);
  const notes = [
    `依据：发改价格规〔2017〕2196号第四条，每月10日前报送；本期截止 ${reportDueOn(month)}；数据截至 ${shanghaiText(task.now)}`,
    '空白表示未知，不是零。计量电量只在当月每一天都有可信电量时填写；金额以供电公司结算单为准（含税）。',
  ];
  const first = firstContentRow({ notes });
  const last = first + rows.length - 1;
  const bytes = await workbook([
    {
      name: month,
      title: `村级光伏帮扶电站电量、电价、补贴报送表（${month}）`,
      notes,
      columns: COLUMNS,
      rows: rows.map(rowCells),
      totals: rows.length === 0 ? [] : [totalCells(rows), formulaCells(first, last)],
    },
  ]);
  await task.progress(95);
  const name = countyCode === null ? '吕梁市' : (rows[0]?.countyName ?? countyCode);
  return {
    fileName: fileName([name, month, '电量电价补贴报送表'], 'xlsx'),
    mediaType: MEDIA_TYPES.xlsx,
    bytes,
    rowCount: rows.length,
    contentHash: contentHash(rows),
  };
}

function rowCells(row: GenerationRow, index: number) {
  const remarks = [
    ...(row.baseFen === null && row.subsidyFen === null ? ['结算单未到'] : []),
    ...(row.meteredWh === null ? ['计量电量不完整'] : []),
  ];
  return [
    countCell(index + 1),
    textCell(row.countyName),
    textCell(row.stationCode),
    textCell(row.stationName),
    textCell(row.accountNos),
    textCell(CLASS_NAMES[row.subsidyClass]),
    // W as kW.
    kwhCell(row.capacityW),
    kwhCell(row.meteredWh),
    kwhCell(row.statedWh),
    priceCell(row.basePriceHao),
    yuanCell(row.baseFen),
    kwhCell(row.subsidyWh),
    priceCell(row.subsidyPriceHao),
    yuanCell(row.subsidyFen),
    yuanCell(row.otherFen),
    textCell(remarks.join('；')),
  ];
}

const amountOf = (row: GenerationRow, column: number): bigint =>
  (column === 10 ? row.baseFen : column === 13 ? row.subsidyFen : row.otherFen) ?? 0n;

const totalCells = (rows: readonly GenerationRow[]) =>
  COLUMNS.map((_, column) => {
    if (column === 0) return { value: '合计', type: String, fontWeight: 'bold' as const };
    if (!SUM_COLUMNS.has(column)) return null;
    return yuanCell(sumFen(rows.map((row) => amountOf(row, column))), true);
  });

const formulaCells = (firstRow: number, lastRow: number) =>
  COLUMNS.map((_, column) => {
    if (column === 0) return { value: '表内求和', type: String, fontWeight: 'bold' as const };
    return SUM_COLUMNS.has(column) ? sumFormula({ column, firstRow, lastRow }) : null;
  });
