import { addDays } from '#domain';

/** Why a cell cannot be taken: a dotted code for programs, a sentence for people that says how to mend it. */
interface CellProblem {
  code: string;
  reason: string;
}
export type Cell<T> = { value: T; problem: null } | { value: null; problem: CellProblem };

const good = <T>(value: T): Cell<T> => ({ value, problem: null });
const bad = (code: string, reason: string): Cell<never> => ({ value: null, problem: { code, reason } });

/** Full-width digits, letters and signs become the plain ones; spaces and no-break spaces around are dropped. */
export const normalise = (text: string) => text.normalize('NFKC').trim();

/** Digits of one number in our unit: beyond it is a mistake, and 64 bits hold it. */
const DIGITS_MAX = 18;

/**
 * A decimal times 10 to the power `shift`, as a whole. The digits are moved, never calculated: `1,234.5` kWh with shift
 * 3 is 1,234,500 Wh. Accounting brackets are a minus sign, a yuan sign in front is dropped.
 * @returns problem `import.not_a_number`, or `import.too_precise` where digits would be lost
 */
export function scaledCell(raw: string, shift: number): Cell<bigint> {
  const text = normalise(raw)
    .replace(/^[¥￥]\s*/, '')
    .replace(/^\((.+)\)$/, '-$1');
  const match = /^([-−+]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d*))?$/.exec(text);
  if (!match)
    return bad(
      'import.not_a_number',
      /e[+-]?\d+$/i.test(text)
        ? '数字以科学计数法保存，已丢失末位；请在表格中设为数值格式后重新导出'
        : '应为纯数字，不带“万”“约”等字样；千分位逗号可以保留',
    );
  const [, sign, whole = '', decimals = ''] = match;
  const kept = decimals.replace(/0+$/, '');
  const digits = whole.replaceAll(',', '');
  if (digits.length + shift > DIGITS_MAX) return bad('import.not_a_number', '位数过多，请核对单位');
  if (kept.length > shift)
    return bad('import.too_precise', `小数不能超过 ${shift} 位；请按单据上的数字填写，不要用公式结果`);
  const magnitude = BigInt(digits + kept.padEnd(shift, '0'));
  return good(sign === '' || sign === '+' ? magnitude : -magnitude);
}

/** A whole number or a rate that is small; above `max` somebody mistook the column. */
export function smallCell(raw: string, limits: { shift: number; max: bigint }): Cell<bigint> {
  const parsed = scaledCell(raw, limits.shift);
  if (parsed.value === null || (parsed.value >= 0n && parsed.value <= limits.max)) return parsed;
  return bad('import.out_of_range', '超出合理范围；请核对是否填错列');
}

/** A decimal kept as its text, for what is shown and never calculated with; without trailing zeros. */
export function decimalCell(raw: string, decimals: number): Cell<string> {
  const parsed = scaledCell(raw, decimals);
  if (parsed.value === null) return parsed;
  const isNegative = parsed.value < 0n;
  const text = String(isNegative ? -parsed.value : parsed.value).padStart(decimals + 1, '0');
  const fraction = text.slice(-decimals).replace(/0+$/, '');
  const whole = text.slice(0, -decimals);
  return good(`${isNegative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`);
}

/**
 * 户号: 10 or 13 digits (domain.md 2.3). A spreadsheet that holds it as a number loses its leading zero, which is said
 * and not guessed.
 */
export function accountCell(raw: string): Cell<string> {
  const text = normalise(raw).replaceAll(/\s/g, '');
  if (/^(\d{10}|\d{13})$/.test(text)) return good(text);
  if (/^(\d{9}|\d{12})$/.test(text))
    return bad(
      'statement.account_lost_zero',
      `户号只有 ${text.length} 位，首位的 0 可能被表格去掉；请把该列设为文本，填写 0${text}（核对后）`,
    );
  if (/^\d(\.\d+)?e\+?\d+$/i.test(text))
    return bad(
      'statement.account_as_number',
      '户号被表格存成科学计数法，已丢失末位；请把该列设为文本后重新填写',
    );
  return bad('import.bad_code', '户号应为 10 位或 13 位数字');
}

const MONTH_SHAPES = [
  /^(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2}(?:[ T]0?0:00(?::00)?)?)?$/,
  /^(\d{4})年(\d{1,2})月(?:份)?$/,
  /^(\d{4})(\d{2})$/,
];
const DAY_SHAPES = [
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]0?0:00(?::00)?)?$/,
  /^(\d{4})年(\d{1,2})月(\d{1,2})日$/,
  /^(\d{4})(\d{2})(\d{2})$/,
];
/** Stations of the programme are of this century; a serial outside is some other number. */
const YEAR = { min: 2010, max: 2100 } as const;

/** A month in the usual ways of writing, or a spreadsheet's date or its serial number in that month. */
export function monthCell(raw: string): Cell<string> {
  const text = normalise(raw);
  const serial = serialDay(text);
  if (serial !== null) return good(serial.slice(0, 7));
  for (const shape of MONTH_SHAPES) {
    const [, year = '', month = ''] = shape.exec(text) ?? [];
    if (year === '') continue;
    const number = Number(month);
    if (number >= 1 && number <= 12 && Number(year) >= YEAR.min && Number(year) <= YEAR.max)
      return good(`${year}-${month.padStart(2, '0')}`);
  }
  return bad('import.bad_month', '年月应写作 2025-06、2025年6月 或 202506');
}

/** A day in the usual ways of writing, or a spreadsheet's serial number. */
export function dayCell(raw: string): Cell<string> {
  const text = normalise(raw);
  const serial = serialDay(text);
  if (serial !== null) return good(serial);
  for (const shape of DAY_SHAPES) {
    const [, year = '', month = '', day = ''] = shape.exec(text) ?? [];
    if (year === '') continue;
    const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    const instant = new Date(`${iso}T00:00:00.000Z`);
    // JavaScript moves 31 June to 1 July; such a day does not exist.
    if (Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== iso)
      return bad('import.bad_date', '没有这一天');
    if (Number(year) >= YEAR.min && Number(year) <= YEAR.max) return good(iso);
  }
  return bad('import.bad_date', '日期应写作 2025-06-30、2025/6/30 或 2025年6月30日');
}

/** Day 0 of a spreadsheet that counts a 29 February 1900 which never was. */
const SERIAL_ZERO = '1899-12-30';

/** A date that a spreadsheet shows as a number; null for anything else. */
function serialDay(text: string): string | null {
  if (!/^\d{5}$/.test(text)) return null;
  const day = addDays(SERIAL_ZERO, Number(text));
  return Number(day.slice(0, 4)) >= YEAR.min && Number(day.slice(0, 4)) <= YEAR.max ? day : null;
}

/** Text of at most `max` characters. */
export function textCell(raw: string, max: number): Cell<string> {
  const text = normalise(raw);
  return text.length > max ? bad('import.too_long', `不能超过 ${max} 个字`) : good(text);
}
