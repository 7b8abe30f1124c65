import { fraction, type Fraction } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { isInForce } from '../allocation/shares.ts';

/** Who a rule binds: all of China, Shanxi, Lüliang, or one county (GB/T 2260). */
export const NATION = '100000';
export const SHANXI = '140000';
export const LULIANG = '141100';

/** A rule as data: a value with its document, area and dates (domain.md 1.6, requirement 6). */
export interface DatedPolicy<Value> {
  value: Value;
  /** 文号; for a proposal without a document, the reason that it is here. */
  documentNumber: string;
  areaCode: string;
  effectiveFrom: string;
  effectiveTo: string | null;
  /** False: seeded, and to be confirmed by the county before it decides anything. */
  isConfirmed: boolean;
}

/**
 * The rule that binds a county on a day: that of the smallest area wins.
 * @throws MoneyError `policy.missing`; `policy.ambiguous` where two rules of one area hold on the day
 */
export function policyOn<Value>(
  policies: readonly DatedPolicy<Value>[],
  at: { countyCode: string; day: string },
): DatedPolicy<Value> {
  for (const areaCode of [at.countyCode, LULIANG, SHANXI, NATION]) {
    const found = policies.filter((policy) => policy.areaCode === areaCode && isInForce(policy, at.day));
    const [policy] = found;
    if (found.length > 1)
      throw new MoneyError('policy.ambiguous', `${at.day} ${areaCode} 规则重叠 (two rules hold)`);
    if (policy) return policy;
  }
  throw new MoneyError('policy.missing', `${at.day} ${at.countyCode} 没有规则 (no rule holds)`);
}

/** Least part of the distributable net that goes to wages of posts and labour fees. */
export interface RatioRule {
  minimum: Fraction;
}

/** Seed of the ratio: 80 % for 2020, 60 % later until the county confirms another one (domain.md 1.4, 1.6). */
export const RATIO_POLICIES: readonly DatedPolicy<RatioRule>[] = [
  {
    value: { minimum: fraction(4n, 5n) },
    documentNumber: '国开办司发〔2020〕3号',
    areaCode: NATION,
    effectiveFrom: '2020-01-01',
    effectiveTo: '2021-01-01',
    isConfirmed: true,
  },
  {
    value: { minimum: fraction(3n, 5n) },
    documentNumber: '待县级确认（参照安徽各县 2022–2023 年做法）',
    areaCode: NATION,
    effectiveFrom: '2021-01-01',
    effectiveTo: null,
    isConfirmed: false,
  },
];
