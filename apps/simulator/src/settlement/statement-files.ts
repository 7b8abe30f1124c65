import { divRoundHalfUp } from '#domain';
import { baseLines, subsidyLines, type SimulatedBankLine } from './bank.ts';
import {
  decimal,
  invoiceNo,
  LAYOUTS,
  statementRows,
  USUAL_FORMAT,
  type Layout,
  type SheetRow,
} from './layouts.ts';
import type { IssuedMonth } from './paper-faults.ts';
import { totalFen, type Paper } from './papers.ts';
import { endingOf, sheetBytes, type SheetCell, type SheetFormat } from './sheet.ts';

interface StatementFile {
  name: string;
  month: string;
  countyCode: string;
  layout: Layout;
  bytes: Buffer;
  /** True for what is sent days later to mend the first. */
  isCorrection: boolean;
}

/** Null: each county has a layout of its own, in turn. */
interface FileOptions {
  layout: Layout | null;
  format: SheetFormat | null;
  countyNames: ReadonlyMap<string, string>;
}

/** Tax of the general taxpayer, contained in the amount (domain.md 2.3), as the invoice states it. */
const TAX = { percent: 13n, whole: 113n };

/** Files of a month, one a county, the first ones before the corrections. */
export async function statementFiles(issued: IssuedMonth, options: FileOptions): Promise<StatementFile[]> {
  const first = await filesOf(issued.printed, { ...options, issued, isCorrection: false });
  return [...first, ...(await filesOf(issued.corrections, { ...options, issued, isCorrection: true }))];
}

async function filesOf(
  papers: readonly Paper[],
  options: FileOptions & { issued: IssuedMonth; isCorrection: boolean },
): Promise<StatementFile[]> {
  const { issued, isCorrection } = options;
  const counties = [...new Set(issued.paid.map(({ countyCode }) => countyCode))].sort();
  const files: StatementFile[] = [];
  for (const [index, countyCode] of counties.entries()) {
    const own = papers.filter((paper) => paper.countyCode === countyCode);
    if (own.length === 0) continue;
    const layout = options.layout ?? LAYOUTS[index % LAYOUTS.length] ?? 'document';
    const format = options.format ?? USUAL_FORMAT[layout];
    const county = options.countyNames.get(countyCode) ?? countyCode;
    const word = isCorrection ? '更正' : '结算单';
    const rows = statementRows(own, {
      layout,
      title: `${county}供电公司 ${issued.month} 上网电费结算单（模拟数据）`,
      doubled: isCorrection ? new Set() : issued.doubled,
    });
    files.push({
      name: `模拟-${countyCode}-${county}-${issued.month}-${word}.${endingOf(format)}`,
      month: issued.month,
      countyCode,
      layout,
      bytes: await sheetBytes(rows, format),
      isCorrection,
    });
  }
  return files;
}

const text = (value: string): SheetCell => ({ kind: 'text', text: value });
const number = (value: string): SheetCell => ({ kind: 'number', text: value });

/** Invoices of a month: number, account, amount with tax, and the tax in it. */
export async function invoiceFile(issued: IssuedMonth): Promise<{ name: string; bytes: Buffer }> {
  const rows: SheetRow[] = [
    ['发票号码', '户号', '结算年月', '价税合计(元)', '税率', '税额(元)', '备注'].map(text),
    ...issued.paid.map((paper): SheetRow => {
      const amountFen = totalFen(paper);
      return [
        text(invoiceNo(paper)),
        text(paper.accountNo),
        text(paper.month),
        number(decimal(amountFen, 2)),
        text(`${TAX.percent}%`),
        number(decimal(divRoundHalfUp(amountFen * TAX.percent, TAX.whole), 2)),
        text('模拟数据'),
      ];
    }),
  ];
  return { name: `模拟-发票-${issued.month}.csv`, bytes: await sheetBytes(rows, 'csv') };
}

/** Lines of the bank over all months: the base month by month, the subsidy in one lump. */
export function bankLines(months: readonly IssuedMonth[]): SimulatedBankLine[] {
  return [...months.flatMap(baseLines), ...subsidyLines(months)].sort((a, b) =>
    a.bookedOn === b.bookedOn
      ? a.bankReference < b.bankReference
        ? -1
        : 1
      : a.bookedOn < b.bookedOn
        ? -1
        : 1,
  );
}

/** The bank's own file of a county, as it is downloaded. */
export async function bankFile(
  lines: readonly SimulatedBankLine[],
  countyCode: string,
): Promise<{ name: string; bytes: Buffer }> {
  const rows: SheetRow[] = [
    ['交易日期', '账号', '流水号', '收入金额(元)', '对方户名', '摘要'].map(text),
    ...lines
      .filter(({ county }) => county === countyCode)
      .map((line): SheetRow => [
        text(line.bookedOn),
        text(line.bankAccount),
        text(line.bankReference),
        number(decimal(BigInt(line.amountFen), 2)),
        text(line.payer),
        text(line.purpose),
      ]),
  ];
  return { name: `模拟-银行流水-${countyCode}.csv`, bytes: await sheetBytes(rows, 'gbk') };
}
