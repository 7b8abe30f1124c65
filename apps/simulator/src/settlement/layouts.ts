import type { SheetCell, SheetFormat } from './sheet.ts';
import { totalFen, type Paper, type PaperLine } from './papers.ts';

export const LAYOUTS = ['document', 'component', 'merged'] as const;
/**
 * How a power company lays its file out: one row a document; one row a price component, named in a column; or groups of
 * columns under merged cells, with dates, full-width digits and separators of thousands as people type them.
 */
export type Layout = (typeof LAYOUTS)[number];

/** What a layout is usually sent as. */
export const USUAL_FORMAT: Record<Layout, SheetFormat> = {
  document: 'xlsx',
  component: 'csv',
  merged: 'gbk',
};

export type SheetRow = readonly SheetCell[];

/** What the components are called on paper. */
const COMPONENT_NAMES: Record<string, { energy: string; price: string; amount: string; group: string }> = {
  base: { energy: '上网电量', price: '上网电价', amount: '上网电费', group: '上网电费' },
  subsidy: { energy: '补贴电量', price: '补贴单价', amount: '补贴金额', group: '补贴电费' },
};
const HANDLED_BY = '模拟数据';

const text = (value: string): SheetCell => ({ kind: 'text', text: value });
const number = (value: string): SheetCell => ({ kind: 'number', text: value });

/** Digits of a whole with so many decimals: 1065720 with 2 is `10657.20`. */
export function decimal(value: bigint, decimals: number): string {
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0');
  const sign = value < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
/** kWh with its three decimals, of which the meter knows two. */
const kwh = (energyWh: bigint) => decimal(energyWh, 3).replace(/0$/, '');
const yuan = (amountFen: bigint) => decimal(amountFen, 2);
const price = (priceHao: bigint) => decimal(priceHao, 4);

/** Rows of a file of one county and month; papers that stand in `doubled` are in it twice. */
export function statementRows(
  papers: readonly Paper[],
  options: { layout: Layout; title: string; doubled: ReadonlySet<string> },
): SheetRow[] {
  const rows = papers.flatMap((paper) => (options.doubled.has(paper.stationCode) ? [paper, paper] : [paper]));
  switch (options.layout) {
    case 'document':
      return documentRows(rows, papers);
    case 'component':
      return componentRows(rows);
    case 'merged':
      return mergedRows(rows, papers, options.title);
  }
}

function documentRows(printed: readonly Paper[], counted: readonly Paper[]): SheetRow[] {
  const components = componentsOf(counted);
  const heading = [
    '户号',
    '户名',
    '结算年月',
    '抄表起日',
    '抄表止日',
    '上期示数',
    '本期示数',
    '倍率',
    ...components.flatMap((component) => {
      const { energy, price: priceName, amount } = namesOf(component);
      return [`${energy}(kWh)`, `${priceName}(元/kWh)`, `${amount}(元)`];
    }),
    '应付合计(元)',
    '发票号码',
    '经办人',
  ].map(text);
  const rows = printed.map((paper): SheetRow => [
    text(paper.accountNo),
    text(paper.accountName),
    text(paper.month),
    { kind: 'day', day: paper.readFrom },
    { kind: 'day', day: paper.readTo },
    number(kwh(paper.previousWh)),
    number(kwh(paper.presentWh)),
    number(String(paper.multiplier)),
    ...components.flatMap((component) => {
      const line = lineOf(paper, component);
      return line
        ? [number(kwh(line.energyWh)), number(price(line.priceHaoPerKwh)), number(yuan(line.amountFen))]
        : [null, null, null];
    }),
    number(yuan(totalFen(paper))),
    text(invoiceNo(paper)),
    text(HANDLED_BY),
  ]);
  const sum = [
    text('合计'),
    ...Array.from({ length: 7 }, () => null),
    ...components.flatMap((component) => [null, null, number(yuan(sumFen(counted, component)))]),
  ];
  return [heading, ...rows, sum];
}

function componentRows(printed: readonly Paper[]): SheetRow[] {
  const heading = [
    '客户编号',
    '结算年月',
    '电价项目',
    '电量(kWh)',
    '电价(元/kWh)',
    '金额(元)',
    '发票号码',
  ].map(text);
  return [
    heading,
    ...printed.flatMap((paper) =>
      paper.lines.map((line): SheetRow => [
        text(paper.accountNo),
        text(`${paper.month.slice(0, 4)}年${Number(paper.month.slice(5))}月`),
        text(namesOf(line.component).group),
        number(kwh(line.energyWh)),
        number(price(line.priceHaoPerKwh)),
        number(yuan(line.amountFen)),
        text(invoiceNo(paper)),
      ]),
    ),
  ];
}

function mergedRows(printed: readonly Paper[], counted: readonly Paper[], title: string): SheetRow[] {
  const components = componentsOf(counted);
  const leading = ['户号', '年月', '抄表起日', '抄表止日'];
  const width = leading.length + components.length * 2 + 1;
  const over = (value: string, span: { columns?: number; rows?: number }): SheetCell => ({
    kind: 'text',
    text: value,
    ...span,
  });
  return [
    [over(title, { columns: width }), ...Array.from({ length: width - 1 }, () => null)],
    [
      ...leading.map((name) => over(name, { rows: 2 })),
      ...components.flatMap((component): SheetCell[] => [
        over(namesOf(component).group, { columns: 2 }),
        null,
      ]),
      over('合计金额（元）', { rows: 2 }),
    ],
    [
      ...leading.map(() => null),
      ...components.flatMap(() => [text('电量（kWh）'), text('金额（元，含税）')]),
      null,
    ],
    ...printed.map((paper, index): SheetRow => [
      text(paper.accountNo),
      { kind: 'day', day: paper.readFrom },
      { kind: 'serial', day: paper.readFrom },
      { kind: 'day', day: paper.readTo },
      ...components.flatMap((component): SheetCell[] => {
        const line = lineOf(paper, component);
        return line ? [typed(kwh(line.energyWh), index), typed(yuan(line.amountFen), index)] : [null, null];
      }),
      typed(yuan(totalFen(paper)), index),
    ]),
    [
      text('合计'),
      ...leading.slice(1).map(() => null),
      ...components.flatMap((component) => [null, typed(yuan(sumFen(counted, component)), 0)]),
      null,
    ],
  ];
}

/** As people type numbers: with separators, every third in full width. */
function typed(value: string, index: number): SheetCell {
  const [whole = '', rest = ''] = value.split('.');
  const separated = `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${rest}`;
  if (index % 3 !== 1) return text(separated);
  return text(
    separated.replaceAll(/[0-9.,]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + FULL_WIDTH)),
  );
}
/** From `0` to `０`. */
const FULL_WIDTH = 0xfee0;

/** Number of the invoice of a paper; no real one begins with SIM. */
export const invoiceNo = ({ accountNo, month }: Paper) => `SIM${month.replace('-', '')}${accountNo}`;

const componentsOf = (papers: readonly Paper[]) => [
  ...new Set(papers.flatMap(({ lines }) => lines.map(({ component }) => component))),
];
const lineOf = ({ lines }: Paper, component: string): PaperLine | undefined =>
  lines.find((line) => line.component === component);
const sumFen = (papers: readonly Paper[], component: string) =>
  papers.reduce((sum, paper) => sum + (lineOf(paper, component)?.amountFen ?? 0n), 0n);

function namesOf(component: string) {
  const names = COMPONENT_NAMES[component];
  if (names === undefined) throw new RangeError(`no name on paper for ${component}`);
  return names;
}
