import type { TestbenchResult } from '#contracts';

const HEADING = [
  '电站',
  '日期',
  '真值_Wh',
  '入库_Wh',
  '结算_Wh',
  '差_Wh',
  '真值_元',
  '入库_元',
  '差_元',
  '方法',
  '质量',
  '结论',
];

/** Rows of a result for a table program: Chinese headings, a byte order mark, amounts in yuan with both decimals. */
export function resultCsv({ rows }: TestbenchResult): string {
  const lines = rows.map((row) => [
    row.station,
    row.day,
    row.truthWh,
    row.storedWh,
    row.settledWh,
    row.differenceWh,
    yuan(row.truthFen),
    yuan(row.storedFen),
    yuan(row.differenceFen),
    row.method,
    row.quality,
    row.verdict,
  ]);
  return `\uFEFF${[HEADING, ...lines].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** Whole fen as yuan, without a float. */
function yuan(fen: string | null): string | null {
  if (fen === null) return null;
  const sign = fen.startsWith('-') ? '-' : '';
  const digits = fen.replace('-', '').padStart(3, '0');
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Codes of stations are typed by people: nothing may be taken for a formula. */
function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
