import { z } from 'zod';
import { normalise } from './cells.ts';

/** What a cell of a column is, and how far its unit is from ours. */
type FieldKind =
  'account' | 'component' | 'month' | 'day' | 'text' | 'energy' | 'money' | 'price' | 'percent' | 'whole';

/** Fields of the document beside its price components (domain.md 2.3). */
const DOCUMENT_FIELDS = {
  accountNo: 'account',
  month: 'month',
  /** Name of the price component, where a row is one component and not a whole document. */
  component: 'component',
  accountName: 'text',
  readFrom: 'day',
  readTo: 'day',
  previousWh: 'energy',
  presentWh: 'energy',
  multiplier: 'whole',
  totalFen: 'money',
  taxRateBp: 'percent',
  taxFen: 'money',
  taxCode: 'text',
  invoiceNo: 'text',
  payOn: 'day',
  payeeName: 'text',
  payeeAccount: 'text',
  handledBy: 'text',
} as const satisfies Record<string, FieldKind>;
export type DocumentField = keyof typeof DOCUMENT_FIELDS;

/** Fields of a price component; components are an open list (requirement 22). */
const COMPONENT_FIELDS = {
  energyWh: 'energy',
  priceYuanPerKwh: 'price',
  amountFen: 'money',
} as const satisfies Record<string, FieldKind>;
export type ComponentField = keyof typeof COMPONENT_FIELDS;

/** Columns of the component that the row itself names, such as `any.amountFen`. */
export const NAMED_IN_ROW = 'any';

/** A column of a file: of the document, or of one component. */
export type ColumnKey =
  | { component: null; field: DocumentField; kind: FieldKind }
  | { component: string; field: ComponentField; kind: FieldKind };

/** Headings by column: `accountNo`, or `component.field` such as `subsidy.amountFen`. */
export type StatementMapping = Readonly<Record<string, readonly string[]>>;

/** Columns of one mapping, and headings of one column: a statement has some twenty. */
const COLUMNS_MAX = 60;
const HEADINGS_MAX = 20;
const COMPONENT = /^[a-z][a-z0-9_]{0,39}$/;

/** Reads a column's name; null where it is none. */
export function columnKey(name: string): ColumnKey | null {
  if (isDocumentField(name)) return { component: null, field: name, kind: DOCUMENT_FIELDS[name] };
  const [component = '', part = '', ...rest] = name.split('.');
  if (rest.length > 0 || !COMPONENT.test(component)) return null;
  return isComponentField(part) ? { component, field: part, kind: COMPONENT_FIELDS[part] } : null;
}

const isDocumentField = (name: string): name is DocumentField => Object.hasOwn(DOCUMENT_FIELDS, name);
const isComponentField = (name: string): name is ComponentField => Object.hasOwn(COMPONENT_FIELDS, name);

/** A mapping from outside. It must find the account, the month and at least one amount. */
export const statementMappingSchema = z
  .record(z.string().max(80), z.array(z.string().trim().min(1).max(60)).min(1).max(HEADINGS_MAX))
  .superRefine((mapping, context) => {
    const names = Object.keys(mapping);
    if (names.length > COLUMNS_MAX)
      context.addIssue({ code: 'custom', message: `at most ${COLUMNS_MAX} columns` });
    for (const name of names)
      if (columnKey(name) === null)
        context.addIssue({ code: 'custom', path: [name], message: 'is no column of a statement' });
    for (const name of ['accountNo', 'month'])
      if (!names.includes(name))
        context.addIssue({ code: 'custom', path: [name], message: 'must have a heading' });
    if (!names.some((name) => columnKey(name)?.field === 'amountFen'))
      context.addIssue({ code: 'custom', message: 'at least one component must have an amount' });
    const headings = Object.values(mapping).flat().map(headingName);
    const twice = headings.find((heading, index) => headings.indexOf(heading) !== index);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', message: `two columns have the heading ${twice}` });
  });

/** Headings seen in published statements and their plain variants (domain.md 2.3); a county adds its own as data. */
export const KNOWN_HEADINGS: StatementMapping = {
  accountNo: ['户号', '发电户号', '用户编号', '客户编号', '用电户号', 'account no'],
  month: ['结算年月', '电费年月', '结算月份', '年月', '月份', 'settlement month'],
  component: ['电价项目', '费用项目', '费用类型', '结算项目', '项目名称', '电费类型', 'component'],
  accountName: ['户名', '发电户名', '用户名称', '客户名称', 'account name'],
  readFrom: ['抄表起日', '抄表起始日期', '起始日期', '上次抄表日期'],
  readTo: ['抄表止日', '抄表截止日期', '截止日期', '本次抄表日期'],
  previousWh: ['上次示数', '上期示数', '起码', '起度'],
  presentWh: ['本次示数', '本期示数', '止码', '止度'],
  multiplier: ['倍率', '综合倍率'],
  totalFen: ['应付合计', '合计金额', '金额合计', '应付总额', 'total payable'],
  taxRateBp: ['税率'],
  taxFen: ['税额'],
  taxCode: ['计税方式', '税务处理'],
  invoiceNo: ['发票号', '发票号码', '发票编号', 'invoice number'],
  payOn: ['付款日期', '支付日期'],
  payeeName: ['收款户名', '收款单位', '收款人'],
  payeeAccount: ['收款账号', '收款帐号', '银行账号'],
  handledBy: ['经办', '经办人'],
  'any.energyWh': ['电量', '计费电量', 'energy'],
  'any.priceYuanPerKwh': ['电价', '单价', 'price'],
  'any.amountFen': ['金额', '电费', '电费金额', 'amount'],
  'base.energyWh': ['上网电量', '结算电量', '上网电费电量', 'on-grid energy'],
  'base.priceYuanPerKwh': ['上网电价', '结算电价', '上网电费电价', '上网电费单价'],
  'base.amountFen': ['上网电费', '上网电费金额', '购电费', '结算电费', 'on-grid revenue'],
  'subsidy.energyWh': ['补贴电量', '补贴电费电量', 'subsidised energy'],
  'subsidy.priceYuanPerKwh': ['补贴单价', '补贴电价', '补贴标准', '补贴电费单价', '补贴电费电价'],
  'subsidy.amountFen': ['补贴金额', '补贴电费', '补贴资金', '补贴电费金额', 'subsidy amount'],
  'mechanism_difference.energyWh': ['机制电量'],
  'mechanism_difference.priceYuanPerKwh': ['机制电价差价'],
  'mechanism_difference.amountFen': ['差价结算电费', '机制电价差价电费', '差价电费'],
  'deviation.amountFen': ['偏差考核', '考核电费', '偏差考核电费'],
};

/** Power of ten from a unit to ours: Wh and fen. */
const UNITS: Readonly<Record<FieldKind, Readonly<Record<string, number>>>> = {
  energy: { '': 3, kwh: 3, 千瓦时: 3, 度: 3, wh: 0, mwh: 6, 兆瓦时: 6, 万千瓦时: 7, 万kwh: 7, 万度: 7 },
  money: { '': 2, 元: 2, 人民币元: 2, yuan: 2, cny: 2, 万元: 6, 分: 0, fen: 0 },
  price: { '': 0, '元/kwh': 0, '元/千瓦时': 0, '元/度': 0, 元: 0, 'yuan/kwh': 0 },
  percent: { '': 2, '%': 2 },
  whole: { '': 0, 倍: 0 },
  account: { '': 0 },
  component: { '': 0 },
  month: { '': 0 },
  day: { '': 0 },
  text: { '': 0 },
};
/** Words in brackets that are no unit; amounts are what the document states with tax. */
const NOTES = new Set(['含税', '价税合计', '必填', '选填']);

/** Power of ten of a unit for a kind of column; null where the unit is none of its units. */
export function unitShift(kind: FieldKind, unit: string): number | null {
  const units = UNITS[kind];
  // What stands in brackets behind the heading of a text is a hint.
  return kind === 'text' || kind === 'account' ? 0 : (units[unit] ?? null);
}

/** Names of the units of a kind, for a sentence to a person. */
export function unitNames(kind: FieldKind): string {
  return (
    Object.keys(UNITS[kind])
      .filter((unit) => unit !== '')
      .join('、') || '无单位'
  );
}

/** `上网电费（元，含税）` is the name `上网电费` and the unit `元`. Case, spaces and stars do not matter. */
export function splitHeading(text: string): { name: string; unit: string } {
  const plain = normalise(text).toLowerCase().replaceAll(/[\s*]/g, '');
  const units: string[] = [];
  const name = plain.replaceAll(/[([【](.*?)[)\]】]/g, (_, inside: string) => {
    units.push(...inside.split(/[,，、;；]/).filter((part) => part !== '' && !NOTES.has(part)));
    return '';
  });
  return { name: name.replaceAll(/[-_:：]/g, ''), unit: units.join('') };
}

export const headingName = (text: string) => splitHeading(text).name;

/** Names of components in the rows of published statements; a code is its own name. */
const COMPONENT_NAMES: Readonly<Record<string, readonly string[]>> = {
  base: ['上网电费', '基础电费', '基础电价', '标杆电费', '燃煤标杆', '脱硫标杆', '购电费', '电费'],
  subsidy: ['补贴', '补贴电费', '国家补贴', '可再生能源补贴', '财政补贴', '补贴资金'],
  mechanism_difference: ['机制电价差价', '差价结算', '差价电费', '机制差价'],
  deviation: ['偏差考核', '考核电费', '偏差电费', '考核'],
};
const COMPONENT_OF = new Map(
  Object.entries(COMPONENT_NAMES).flatMap(([code, names]) =>
    names.map((name) => [headingName(name), code] as const),
  ),
);

/** Code of a component by its name in a row; null where nobody knows it. */
export function componentOfName(text: string): string | null {
  const name = headingName(text);
  return COMPONENT_OF.get(name) ?? (COMPONENT.test(name) && name !== NAMED_IN_ROW ? name : null);
}

/** Headings of a source over those that are known: what a source calls its own is nobody else's. */
export function mergedMapping(own: StatementMapping): StatementMapping {
  const taken = new Set(Object.values(own).flat().map(headingName));
  const known = Object.entries(KNOWN_HEADINGS).flatMap(([name, headings]) => {
    const left = headings.filter((heading) => !taken.has(headingName(heading)));
    return left.length === 0 || name in own ? [] : [[name, left] as const];
  });
  return { ...Object.fromEntries(known), ...own };
}
