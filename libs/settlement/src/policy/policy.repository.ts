import {
  deductionLine,
  fraction,
  type DatedPolicy,
  type DeductionRule,
  type Fraction,
  type MatchTolerances,
} from '#domain';
import { sql, type Queryable } from '#persistence';

/** Rules of settlement that hold in an area from a day on (requirement 6). */
export interface SettlementRules {
  policyId: number;
  /** Least part of the denominator for wages and labour fees. */
  minimum: Fraction;
  allowedUses: string[];
  /** In the order in which they are taken. */
  costs: DeductionRule[];
  tolerances: MatchTolerances;
  noticeDays: number;
}

interface PolicyRow {
  id: number;
  areaCode: string;
  documentNumber: string;
  ratioNumerator: bigint;
  ratioDenominator: bigint;
  allowedUses: string[];
  amountToleranceFen: bigint;
  energyWarnBp: number;
  energyAlarmBp: number;
  noticeDays: number;
  isConfirmed: boolean;
  effectiveFrom: string;
  effectiveTo: string | null;
}

interface CostRow {
  policyId: number;
  line: string;
  kind: 'fixed' | 'rate';
  amountFen: bigint | null;
  rateNumerator: bigint | null;
  rateDenominator: bigint | null;
  capFen: bigint | null;
  reducesDenominator: boolean;
}

/** Every policy; there are a few a county and year. The one that holds is found by `policyOn`. */
export async function settlementPolicies(database: Queryable): Promise<DatedPolicy<SettlementRules>[]> {
  const policies = await database.query<PolicyRow>(sql`
    select id, area_code as "areaCode", document_number as "documentNumber", ratio_numerator as "ratioNumerator",
      ratio_denominator as "ratioDenominator", allowed_uses as "allowedUses",
      amount_tolerance_fen as "amountToleranceFen", energy_warn_bp as "energyWarnBp",
      energy_alarm_bp as "energyAlarmBp", notice_days as "noticeDays", is_confirmed as "isConfirmed",
      effective_from as "effectiveFrom", effective_to as "effectiveTo"
    from settlement_policy
    order by area_code, effective_from`);
  const costs = await database.query<CostRow>(sql`
    select policy_id as "policyId", line, kind, amount_fen as "amountFen", rate_numerator as "rateNumerator",
      rate_denominator as "rateDenominator", cap_fen as "capFen", reduces_denominator as "reducesDenominator"
    from settlement_policy_cost
    order by policy_id, position`);
  return policies.map((row) => ({
    value: {
      policyId: row.id,
      minimum: fraction(row.ratioNumerator, row.ratioDenominator),
      allowedUses: row.allowedUses,
      costs: costs.filter(({ policyId }) => policyId === row.id).map(ruleOf),
      tolerances: {
        amountFen: row.amountToleranceFen,
        energyWarn: fraction(BigInt(row.energyWarnBp), 10_000n),
        energyAlarm: fraction(BigInt(row.energyAlarmBp), 10_000n),
      },
      noticeDays: row.noticeDays,
    },
    documentNumber: row.documentNumber,
    areaCode: row.areaCode,
    effectiveFrom: row.effectiveFrom,
    effectiveTo: row.effectiveTo,
    isConfirmed: row.isConfirmed,
  }));
}

function ruleOf(row: CostRow): DeductionRule {
  const base = { line: deductionLine(row.line), reducesDenominator: row.reducesDenominator };
  if (row.kind === 'fixed') return { ...base, kind: 'fixed', amountFen: row.amountFen ?? 0n };
  return {
    ...base,
    kind: 'rate',
    rate: fraction(row.rateNumerator ?? 0n, row.rateDenominator ?? 1n),
    capFen: row.capFen,
  };
}
