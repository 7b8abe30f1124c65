import {
  ceilFraction,
  compareFractions,
  fraction,
  multiplyFractions,
  ONE,
  roundFraction,
  type Fraction,
} from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';

/**
 * Costs before distribution, in the order in which the policy takes them (domain.md 1.5, 2.4, requirement 29). There is
 * no loan among them: 国能发新能〔2018〕29号 forbids borrowing, and revenue does not serve debts.
 */
export const DEDUCTION_LINES = ['rent', 'operation', 'insurance', 'tax', 'reserve'] as const;
export type DeductionLine = (typeof DEDUCTION_LINES)[number];

interface DeductionBase {
  line: DeductionLine;
  /** True where the line reduces the denominator of the ratio; for the reserve this is open (domain.md section 6). */
  reducesDenominator: boolean;
}

export type DeductionRule = DeductionBase &
  (
    | { kind: 'fixed'; amountFen: bigint }
    /** Part of the amount of this distribution, at most `capFen`; null is no cap. */
    | { kind: 'rate'; rate: Fraction; capFen: bigint | null }
  );

export interface Deduction {
  line: DeductionLine;
  /** What the rule asks for. */
  dueFen: bigint;
  /** What was taken: never more than there is. */
  takenFen: bigint;
  isCapped: boolean;
  reducesDenominator: boolean;
}

export interface Deductions {
  amountFen: bigint;
  lines: Deduction[];
  /** Left for distribution, fen. */
  netFen: bigint;
  /** Distribution less those lines that reduce the denominator, fen: what the ratio is measured on. */
  denominatorFen: bigint;
  /** Asked for and not taken because nothing was left. */
  shortFen: bigint;
}

/**
 * Name of a line in a rule from outside.
 * @throws MoneyError `deduction.loan_forbidden`, `deduction.bad_rule`
 */
export function deductionLine(name: string): DeductionLine {
  if (/loan|贷款|借款|债/i.test(name))
    throw new MoneyError(
      'deduction.loan_forbidden',
      '电站收益不得用于偿还贷款 (no loan line, 国能发新能〔2018〕29号)',
    );
  const line = DEDUCTION_LINES.find((known) => known === name);
  if (!line) throw new MoneyError('deduction.bad_rule', `未知的扣除项 (unknown line): ${name.slice(0, 40)}`);
  return line;
}

/**
 * Takes the costs of a distribution in the order of the rules. A rate is rounded half up to the fen. Of money that is
 * taken back (below zero) the rates are the mirror of the positive ones; what is fixed stays owed, and takes nothing.
 * @throws MoneyError `money.unknown_value`, `money.bad_range`, `deduction.bad_rule`
 */
export function deduct(amountFen: bigint | null, rules: readonly DeductionRule[]): Deductions {
  if (amountFen === null)
    throw new MoneyError('money.unknown_value', '本次分配金额未知 (amount of this distribution unknown)');
  if (amountFen < 0n) return mirroredDeductions(deduct(-amountFen, rules.map(withoutFixed)));
  if (new Set(rules.map(({ line }) => line)).size !== rules.length)
    throw new MoneyError('deduction.bad_rule', '同一扣除项重复 (a line appears twice)');
  let leftFen = amountFen;
  const lines = rules.map((rule): Deduction => {
    const { dueFen, isCapped } = due(rule, amountFen);
    const takenFen = dueFen < leftFen ? dueFen : leftFen;
    leftFen -= takenFen;
    return { line: rule.line, dueFen, takenFen, isCapped, reducesDenominator: rule.reducesDenominator };
  });
  const denominatorFen = lines.reduce(
    (rest, { takenFen, reducesDenominator }) => (reducesDenominator ? rest - takenFen : rest),
    amountFen,
  );
  const shortFen = lines.reduce((sum, { dueFen, takenFen }) => sum + dueFen - takenFen, 0n);
  return { amountFen, lines, netFen: leftFen, denominatorFen, shortFen };
}

const withoutFixed = (rule: DeductionRule): DeductionRule =>
  rule.kind === 'fixed' ? { ...rule, amountFen: 0n } : rule;

function mirroredDeductions(positive: Deductions): Deductions {
  return {
    amountFen: -positive.amountFen,
    lines: positive.lines.map((line) => ({ ...line, dueFen: -line.dueFen, takenFen: -line.takenFen })),
    netFen: -positive.netFen,
    denominatorFen: -positive.denominatorFen,
    shortFen: -positive.shortFen,
  };
}

function due(rule: DeductionRule, amountFen: bigint): { dueFen: bigint; isCapped: boolean } {
  switch (rule.kind) {
    case 'fixed': {
      if (rule.amountFen < 0n)
        throw new MoneyError('deduction.bad_rule', `扣除额为负 (negative): ${rule.line}`);
      return { dueFen: rule.amountFen, isCapped: false };
    }
    case 'rate': {
      if (rule.rate.numerator < 0n || compareFractions(rule.rate, ONE) > 0)
        throw new MoneyError('deduction.bad_rule', `比例不在 0–100 % (rate out of range): ${rule.line}`);
      const dueFen = roundFraction(multiplyFractions(rule.rate, fraction(amountFen)));
      const isCapped = rule.capFen !== null && dueFen > rule.capFen;
      return { dueFen: isCapped && rule.capFen !== null ? rule.capFen : dueFen, isCapped };
    }
  }
}

export interface RatioCheck {
  /** Least amount for wages and labour fees, rounded up to the fen. */
  floorFen: bigint;
  paidFen: bigint;
  /** Paid over denominator; null where there is nothing to distribute. */
  ratio: Fraction | null;
  isMet: boolean;
}

/**
 * (wages + labour fees) over (distribution less necessary cost) against the rule in force (requirement 30, A4). Labour
 * paid from small public works counts; the wage line alone is never tested.
 * @throws MoneyError `money.bad_range`
 */
export function checkRatio(input: {
  wagesFen: bigint;
  labourFen: bigint;
  denominatorFen: bigint;
  minimum: Fraction;
}): RatioCheck {
  const { wagesFen, labourFen, denominatorFen, minimum } = input;
  if (wagesFen < 0n || labourFen < 0n || denominatorFen < 0n)
    throw new MoneyError('money.bad_range', '金额为负 (negative amount)');
  const paidFen = wagesFen + labourFen;
  const floorFen = ceilFraction(multiplyFractions(minimum, fraction(denominatorFen)));
  return {
    floorFen,
    paidFen,
    ratio: denominatorFen === 0n ? null : fraction(paidFen, denominatorFen),
    isMet: paidFen >= floorFen,
  };
}
