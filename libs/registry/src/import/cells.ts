import { z } from 'zod';

/** Why a cell cannot be taken: a dotted code for programs, a sentence for people. */
export interface CellProblem {
  code: string;
  reason: string;
}
type Parsed<T> = { value: T } | { problem: CellProblem };

const problem = (code: string, reason: string): { problem: CellProblem } => ({ problem: { code, reason } });

/** Full-width digits, letters and signs become the plain ones; spaces around are dropped. */
export const normalise = (text: string) => text.normalize('NFKC').trim();

/** A cell that must not be empty. */
function cell<T>(parse: (text: string) => Parsed<T>) {
  return z.string().transform((raw, context): T => {
    const text = normalise(raw);
    const parsed = text === '' ? problem('import.missing', '此项不能为空') : parse(text);
    if ('value' in parsed) return parsed.value;
    const { code, reason } = parsed.problem;
    context.addIssue({ code: 'custom', message: reason, params: { code } });
    return z.NEVER;
  });
}

/** An empty cell becomes `empty`; anything else is read by `inner`. */
export function optionalCell<T, const E>(inner: z.ZodType<T, string>, empty: E) {
  return z.string().transform((raw, context): T | E => {
    if (normalise(raw) === '') return empty;
    const parsed = inner.safeParse(raw);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      if (issue.code === 'custom')
        context.addIssue({ code: 'custom', message: issue.message, params: issue.params });
    }
    return z.NEVER;
  });
}

/** Text of at most `max` characters, kept as written but for spaces around. */
export const textCell = (max: number) =>
  cell((text) => (text.length > max ? problem('import.too_long', `不能超过 ${max} 个字`) : { value: text }));

/** A code of exactly `length` digits. */
export const digitsCell = (length: number) =>
  cell((text) =>
    new RegExp(`^\\d{${length}}$`).test(text)
      ? { value: text }
      : problem('import.bad_code', `应为 ${length} 位数字`),
  );

/** A code as topics carry it: letters, digits, dash and underscore. */
export const codeCell = () =>
  cell((text) =>
    /^[A-Za-z0-9_-]{1,40}$/.test(text)
      ? { value: text }
      : problem('import.bad_code', '应为 1–40 位字母、数字、“-”或“_”'),
  );

const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;
const GROUPED_NUMBER = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/;
/** No number of the registry has more digits; longer ones are mistakes. */
const NUMBER_LENGTH_MAX = 20;

export interface NumberRange {
  min: number;
  max: number;
  /** Digits after the point that are kept; more of them are refused, never rounded away. */
  decimals: number;
  /** What the number counts, for the message. */
  unit: string;
}

/** A number in its own unit. Exact within `decimals`. */
export const numberCell = (range: NumberRange) => cell((text) => readNumber(text, range));

/**
 * A number multiplied to a smaller unit, as a whole: kW to W, yuan to hao. The digits are moved, not calculated.
 */
export const scaledCell = (range: NumberRange) =>
  cell((text): Parsed<number> => {
    const parsed = readNumber(text, range);
    if ('problem' in parsed) return parsed;
    const [whole = '0', fraction = ''] = text.replaceAll(',', '').split('.');
    return { value: Number(whole + fraction.replace(/0+$/, '').padEnd(range.decimals, '0')) };
  });

function readNumber(text: string, { min, max, decimals, unit }: NumberRange): Parsed<number> {
  if (text.length > NUMBER_LENGTH_MAX || !(PLAIN_NUMBER.test(text) || GROUPED_NUMBER.test(text))) {
    return problem('import.not_a_number', '应为纯数字，不带单位和“万”等字样');
  }
  const plain = text.replaceAll(',', '');
  const fraction = (plain.split('.')[1] ?? '').replace(/0+$/, '');
  if (fraction.length > decimals) {
    return decimals === 0
      ? problem('import.not_whole', '应为整数')
      : problem('import.too_precise', `小数不能超过 ${decimals} 位`);
  }
  const value = Number(plain);
  if (value < min || value > max) {
    return problem('import.out_of_range', `超出范围：应在 ${min} 至 ${max} ${unit}之间，请核对单位`);
  }
  return { value };
}

const DATE_SHAPES = [
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?$/,
  /^(\d{4})\/(\d{1,2})\/(\d{1,2})(?: 0?0:00(?::00)?)?$/,
  /^(\d{4})\.(\d{1,2})\.(\d{1,2})$/,
  /^(\d{4})年(\d{1,2})月(\d{1,2})日$/,
  /^(\d{4})(\d{2})(\d{2})$/,
];
const YEAR = { min: 2000, max: 2100 } as const;

/** A calendar day in the usual Chinese ways of writing, as `YYYY-MM-DD`. */
export const dateCell = () =>
  cell((text): Parsed<string> => {
    const match = DATE_SHAPES.map((shape) => shape.exec(text)).find((found) => found !== null);
    if (!match) return problem('import.bad_date', '日期应写作 2019-06-30、2019/6/30 或 2019年6月30日');
    const [, year = '', month = '', day = ''] = match;
    const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    const instant = new Date(`${iso}T00:00:00.000Z`);
    // JavaScript moves 31 June to 1 July; such a day does not exist.
    if (Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== iso) {
      return problem('import.bad_date', '没有这一天');
    }
    return Number(year) < YEAR.min || Number(year) > YEAR.max
      ? problem('import.bad_date', `年份应在 ${YEAR.min} 至 ${YEAR.max} 之间`)
      : { value: iso };
  });

/** One of a few words; several words may mean the same. */
export const choiceCell = <T extends string>(words: Record<string, T>) =>
  cell((text) => {
    const value = new Map(Object.entries(words)).get(text.toLowerCase());
    return value === undefined
      ? problem('import.unknown_choice', `应为：${Object.keys(words).join('、')}`)
      : { value };
  });

/** An exact fraction in lowest terms. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

const FRACTION_DIGITS_MAX = 12;

/** A share above 0 and up to 1: `400/900`, `33.5%` or `0.335`. */
export const fractionCell = () =>
  cell((text): Parsed<Fraction> => {
    const fraction = readFraction(text.replaceAll(' ', ''));
    if (fraction === null) return problem('import.not_a_fraction', '份额应写作 400/900、33.5% 或 0.335');
    const { numerator, denominator } = fraction;
    if (denominator === 0n || numerator === 0n || numerator > denominator) {
      return problem('import.out_of_range', '份额应大于 0 且不超过 1（100%）');
    }
    return { value: lowestTerms(numerator, denominator) };
  });

function readFraction(text: string): Fraction | null {
  const parts = /^(\d+)[/⁄](\d+)$/.exec(text);
  if (parts) {
    const [, numerator = '', denominator = ''] = parts;
    if (Math.max(numerator.length, denominator.length) > FRACTION_DIGITS_MAX) return null;
    return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
  }
  const decimal = /^(\d+)(?:\.(\d+))?(%?)$/.exec(text);
  if (!decimal) return null;
  const [, whole = '', fraction = '', percent = ''] = decimal;
  if (whole.length + fraction.length > FRACTION_DIGITS_MAX) return null;
  const scale = 10n ** BigInt(fraction.length) * (percent === '' ? 1n : 100n);
  return { numerator: BigInt(whole + fraction), denominator: scale };
}

/** Divides out the greatest common divisor. */
export function lowestTerms(numerator: bigint, denominator: bigint): Fraction {
  let [a, b] = [numerator, denominator];
  while (b > 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
