import { monthLater, monthRange } from '#domain';
import { contentHash, MEDIA_TYPES, monthOfTask, type BuildTask, type BuiltFile } from '../build.ts';
import { countyFigures, type CountyFigures } from '../queries/county-figures.ts';
import { fileName } from './file-name.ts';
import { printedKwh, printedYuan, shanghaiText, sumFen } from './figures.ts';
import { pdfReport, type PdfColumn } from './pdf-report.ts';

const COLUMNS: readonly PdfColumn[] = [
  { title: '县（市、区）', weight: 11, align: 'left' },
  { title: '电站（座）', weight: 7, align: 'right' },
  { title: '已出结算单（座）', weight: 8, align: 'right' },
  { title: '计量电量（kWh）', weight: 12, align: 'right' },
  { title: '结算电量（kWh）', weight: 12, align: 'right' },
  { title: '基础电费（元）', weight: 14, align: 'right' },
  { title: '国家补贴（元）', weight: 14, align: 'right' },
  { title: '结算合计（元）', weight: 14, align: 'right' },
  { title: '到账（元）', weight: 14, align: 'right' },
  { title: '分配（元）', weight: 14, align: 'right' },
  { title: '拨付到村（元）', weight: 14, align: 'right' },
];

const DEFINITIONS = [
  '计量电量：电站日电量之和，以关口电表为先；缺测日不计入，也不以零代替。仅作核对，不作为结算依据。',
  '结算电量、基础电费、国家补贴：所属月份现行有效的供电公司结算单（含税），更正以冲销加新版本反映。结算合计含其他价格构成。',
  '到账：期间内银行入账并已核销到结算单的金额。分配：记账期间内已批准的分配。拨付到村：期间内银行已转入村账户的金额，减去退回。三者与电量所属月份口径不同，不得相加减。',
  '“—”表示未知，不是零。负数加括号。',
];

const MONTHS_OF_QUARTER = 3;

/** The report of a month or a quarter by county, for signature. */
export async function periodReport(task: BuildTask): Promise<BuiltFile> {
  const first = monthOfTask(task);
  const isQuarter = task.kind === 'quarter_pdf';
  const last = isQuarter ? monthLater(first, MONTHS_OF_QUARTER - 1) : first;
  const counties = await countyFigures(task.database, {
    countyCode: task.countyCode,
    span: { first, last },
    from: monthRange(first).from,
    to: monthRange(last).to,
  });
  await task.progress(40);
  const place = task.countyCode === null ? '吕梁市' : (counties[0]?.countyName ?? task.countyCode);
  const period = isQuarter ? quarterName(first) : `${first.slice(0, 4)}年${Number(first.slice(5))}月`;
  const title = `${place}村级光伏帮扶电站结算${isQuarter ? '季报' : '月报'}（${period}）`;
  const hash = contentHash({ first, last, counties });
  const bytes = await pdfReport({
    title,
    subtitle: `数据截至 ${shanghaiText(task.now)}；单位：元、千瓦时${notWholeText(counties)}`,
    definitions: DEFINITIONS,
    columns: COLUMNS,
    rows: counties.map((each) => rowOf(each.countyName, each)),
    total: rowOf('合计', totalOf(counties)),
    signatures: ['制表', '复核', '审批'],
    footer: `${title}　校验码 ${hash}`,
    at: task.now,
  });
  await task.progress(95);
  return {
    fileName: fileName(
      [place, isQuarter ? quarterName(first) : first, isQuarter ? '结算季报' : '结算月报'],
      'pdf',
    ),
    mediaType: MEDIA_TYPES.pdf,
    bytes,
    rowCount: counties.length,
    contentHash: hash,
  };
}

const quarterName = (first: string) => `${first.slice(0, 4)}年第${(Number(first.slice(5)) + 2) / 3}季度`;

function notWholeText(counties: readonly CountyFigures[]): string {
  const days = counties.reduce((sum, { unknownDays }) => sum + unknownDays, 0);
  return days === 0 ? '' : `；计量电量缺 ${days} 个电站日`;
}

type Figures = Omit<CountyFigures, 'countyCode' | 'countyName' | 'unknownDays'>;

function rowOf(name: string, figures: Figures): string[] {
  const { baseFen, subsidyFen, otherFen } = figures;
  return [
    name,
    String(figures.stations),
    String(figures.statedStations),
    printedKwh(figures.meteredWh),
    printedKwh(figures.statedWh),
    printedYuan(baseFen),
    printedYuan(subsidyFen),
    printedYuan(baseFen + subsidyFen + otherFen),
    printedYuan(figures.receivedFen),
    printedYuan(figures.allocatedFen),
    printedYuan(figures.transferredFen),
  ];
}

/** Of energy that is unknown somewhere the sum of what is known; all unknown stays unknown. */
function totalOf(counties: readonly CountyFigures[]): Figures {
  const count = (pick: (each: CountyFigures) => number) =>
    counties.reduce((sum, each) => sum + pick(each), 0);
  const money = (pick: (each: CountyFigures) => bigint) => sumFen(counties.map(pick));
  const known = (pick: (each: CountyFigures) => bigint | null) => {
    const values = counties.map(pick).filter((value) => value !== null);
    return values.length === 0 ? null : sumFen(values);
  };
  return {
    stations: count(({ stations }) => stations),
    statedStations: count(({ statedStations }) => statedStations),
    meteredWh: known(({ meteredWh }) => meteredWh),
    statedWh: known(({ statedWh }) => statedWh),
    baseFen: money(({ baseFen }) => baseFen),
    subsidyFen: money(({ subsidyFen }) => subsidyFen),
    otherFen: money(({ otherFen }) => otherFen),
    receivedFen: money(({ receivedFen }) => receivedFen),
    allocatedFen: money(({ allocatedFen }) => allocatedFen),
    transferredFen: money(({ transferredFen }) => transferredFen),
  };
}
