import type { PolicyCost, SettlementPolicyEntry, SettlementPolicyView, WhatIfRules } from '#contracts';
import { bookFenTyped, toBookFen } from './gridMoney.ts';
import { percentTyped } from './paperWords.ts';

export const COST_LINES = ['rent', 'operation', 'insurance', 'tax', 'reserve'] as const;
export const USES = ['posts', 'public_works', 'reward', 'carried_balance'] as const;

/** A cost as it is typed: a fixed amount in yuan, or a rate in per cent with a cap in yuan. */
interface CostDraft {
  line: PolicyCost['line'];
  kind: PolicyCost['kind'];
  yuan: string;
  percent: string;
  capYuan: string;
  reducesDenominator: boolean;
}

/** Rules as they are typed. */
export interface RuleDraft {
  areaCode: string;
  documentNumber: string;
  minimumPercent: string;
  allowedUses: SettlementPolicyEntry['allowedUses'];
  costs: CostDraft[];
  toleranceYuan: string;
  energyWarnPercent: string;
  energyAlarmPercent: string;
  noticeDays: number;
  lookBackMonths: number;
  transferWorkingDays: number;
  isConfirmed: boolean;
  effectiveFrom: string;
}

type RuleFault =
  | 'document'
  | 'percent'
  | 'uses'
  | 'costs'
  | 'tolerance'
  | 'order'
  | 'notice'
  | 'lookBack'
  | 'transfer'
  | 'day';

const PERCENT = /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/;
const COST_LINE: ReadonlySet<string> = new Set(COST_LINES);
const USE: ReadonlySet<string> = new Set(USES);
const isLine = (line: string): line is PolicyCost['line'] => COST_LINE.has(line);
const isUse = (use: string): use is SettlementPolicyEntry['allowedUses'][number] => USE.has(use);
const NOTICE_DAYS_MAX = 60;
const LOOK_BACK_MONTHS_MAX = 120;
const TRANSFER_DAYS_MAX = 60;
const isWithin = (value: number, min: number, max: number) =>
  Number.isInteger(value) && value >= min && value <= max;

export const emptyCost = (): CostDraft => ({
  line: 'rent',
  kind: 'fixed',
  yuan: '',
  percent: '',
  capYuan: '',
  reducesDenominator: true,
});

/** Rules in the form, as they stand in those that hold: a new document changes a few of them. */
export function ruleDraft(
  from: SettlementPolicyView | null,
  at: { areaCode: string; day: string },
): RuleDraft {
  return {
    areaCode: at.areaCode,
    documentNumber: '',
    minimumPercent: from ? percentTyped(from.minimum) : '',
    allowedUses: from ? from.allowedUses.filter(isUse) : [...USES],
    costs: (from?.costs ?? []).flatMap(({ line, kind, amountFen, rate, capFen, reducesDenominator }) =>
      isLine(line)
        ? [
            {
              line,
              kind,
              yuan: amountFen === null ? '' : bookFenTyped(amountFen),
              percent: rate === null ? '' : percentTyped(rate),
              capYuan: capFen === null ? '' : bookFenTyped(capFen),
              reducesDenominator,
            },
          ]
        : [],
    ),
    toleranceYuan: from ? bookFenTyped(from.amountToleranceFen) : '0.01',
    energyWarnPercent: from ? percentTyped(from.energyWarn) : '3',
    energyAlarmPercent: from ? percentTyped(from.energyAlarm) : '8',
    noticeDays: from?.noticeDays ?? 7,
    lookBackMonths: from?.lookBackMonths ?? 12,
    transferWorkingDays: from?.transferWorkingDays ?? 10,
    isConfirmed: false,
    effectiveFrom: at.day,
  };
}

/** An amount that is zero or more; null where it is none. */
function fenOf(text: string): string | null {
  const fen = toBookFen(text);
  return typeof fen === 'bigint' && fen >= 0n ? String(fen) : null;
}

/** Hundredths of a ten thousandth: percentages are compared without a float. */
function percentParts(text: string): bigint {
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole) * 10_000n + BigInt(decimals.padEnd(4, '0'));
}

function costOf(cost: CostDraft): PolicyCost | null {
  const { line, reducesDenominator } = cost;
  if (cost.kind === 'fixed') {
    const amountFen = fenOf(cost.yuan);
    return amountFen === null ? null : { kind: 'fixed', line, reducesDenominator, amountFen };
  }
  const capFen = cost.capYuan.trim() === '' ? null : fenOf(cost.capYuan);
  if (!PERCENT.test(cost.percent.trim()) || (capFen === null && cost.capYuan.trim() !== '')) return null;
  return { kind: 'rate', line, reducesDenominator, percent: cost.percent.trim(), capFen };
}

/** What of a form is no rule yet; empty where it is one. The server has the last word. */
export function ruleFaults(draft: RuleDraft): RuleFault[] {
  const faults: RuleFault[] = [];
  const percents = [draft.minimumPercent, draft.energyWarnPercent, draft.energyAlarmPercent].map((text) =>
    text.trim(),
  );
  const lines = draft.costs.map(({ line }) => line);
  if (draft.documentNumber.trim() === '') faults.push('document');
  if (!percents.every((text) => PERCENT.test(text))) faults.push('percent');
  else if (percentParts(percents[2] ?? '') < percentParts(percents[1] ?? '')) faults.push('order');
  if (draft.allowedUses.length === 0) faults.push('uses');
  if (draft.costs.some((cost) => costOf(cost) === null) || new Set(lines).size !== lines.length)
    faults.push('costs');
  if (fenOf(draft.toleranceYuan) === null) faults.push('tolerance');
  if (!isWithin(draft.noticeDays, 0, NOTICE_DAYS_MAX)) faults.push('notice');
  if (!isWithin(draft.lookBackMonths, 1, LOOK_BACK_MONTHS_MAX)) faults.push('lookBack');
  if (!isWithin(draft.transferWorkingDays, 1, TRANSFER_DAYS_MAX)) faults.push('transfer');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(draft.effectiveFrom)) faults.push('day');
  return faults;
}

/** The form as the api takes it; null while it has a fault. */
export function ruleEntry(draft: RuleDraft): SettlementPolicyEntry | null {
  const costs = draft.costs.map(costOf).filter((cost) => cost !== null);
  const amountToleranceFen = fenOf(draft.toleranceYuan);
  if (ruleFaults(draft).length > 0 || amountToleranceFen === null) return null;
  return {
    areaCode: draft.areaCode,
    documentNumber: draft.documentNumber.trim(),
    minimumPercent: draft.minimumPercent.trim(),
    allowedUses: draft.allowedUses,
    costs,
    amountToleranceFen,
    energyWarnPercent: draft.energyWarnPercent.trim(),
    energyAlarmPercent: draft.energyAlarmPercent.trim(),
    noticeDays: draft.noticeDays,
    lookBackMonths: draft.lookBackMonths,
    transferWorkingDays: draft.transferWorkingDays,
    isConfirmed: draft.isConfirmed,
    effectiveFrom: draft.effectiveFrom,
  };
}

/** Areas from the smallest to the largest that has a say over a county. */
export const WIDER_AREAS = ['141100', '140000', '100000'] as const;

/** The rule that holds in an area on a day: its own, or that of the next larger one. */
export function ruleInForce(
  items: readonly SettlementPolicyView[],
  areaCode: string,
  day: string,
): SettlementPolicyView | null {
  for (const code of [areaCode, ...WIDER_AREAS]) {
    const found = items.find(
      (item) =>
        item.areaCode === code &&
        item.effectiveFrom <= day &&
        (item.effectiveTo === null || item.effectiveTo > day),
    );
    if (found) return found;
  }
  return null;
}

/** Rules with another least part and the costs of rules that there are; null where the percentage is none. */
export function whatIfDraft(
  from: SettlementPolicyView | null,
  minimumPercent: string,
  documentNumber: string,
): WhatIfRules | null {
  const percent = minimumPercent.trim();
  if (from === null || !PERCENT.test(percent)) return null;
  const { costs } = ruleDraft(from, { areaCode: from.areaCode, day: from.effectiveFrom });
  return {
    kind: 'draft',
    documentNumber,
    minimumPercent: percent,
    costs: costs.map(costOf).filter((cost) => cost !== null),
  };
}
