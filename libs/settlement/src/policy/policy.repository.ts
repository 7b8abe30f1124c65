import {
  deductionLine,
  fraction,
  type DatedPolicy,
  type DeductionRule,
  type Fraction,
  type MatchTolerances,
} from '#domain';
import { sql, type Queryable } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

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
  /** Months back from this one in which a change is still adjusted. */
  lookBackMonths: number;
  /** From receipt to the account of the village. */
  transferWorkingDays: number;
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
  lookBackMonths: number;
  transferWorkingDays: number;
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
      energy_alarm_bp as "energyAlarmBp", notice_days as "noticeDays",
      look_back_months as "lookBackMonths", transfer_working_days as "transferWorkingDays", is_confirmed as "isConfirmed",
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
      lookBackMonths: row.lookBackMonths,
      transferWorkingDays: row.transferWorkingDays,
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

export interface NewPolicy {
  areaCode: string;
  documentNumber: string;
  minimum: Fraction;
  allowedUses: readonly string[];
  costs: readonly DeductionRule[];
  amountToleranceFen: bigint;
  energyWarnBp: number;
  energyAlarmBp: number;
  noticeDays: number;
  lookBackMonths: number;
  transferWorkingDays: number;
  isConfirmed: boolean;
  effectiveFrom: string;
}

/** Ends what holds in the area without an end, where it began before the day. */
export async function endPolicy(
  transaction: Queryable,
  { areaCode, effectiveFrom }: Pick<NewPolicy, 'areaCode' | 'effectiveFrom'>,
): Promise<void> {
  await transaction.query(sql`
    update settlement_policy
    set effective_to = ${effectiveFrom}::date
    where area_code = ${areaCode} and effective_to is null and effective_from < ${effectiveFrom}::date`);
}

/** @returns its id */
export async function insertPolicy(
  transaction: Queryable,
  policy: NewPolicy,
  by: { actor: SettlementActor; at: Date },
): Promise<number> {
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into settlement_policy (area_code, document_number, ratio_numerator, ratio_denominator, allowed_uses,
      amount_tolerance_fen, energy_warn_bp, energy_alarm_bp, notice_days, look_back_months, transfer_working_days, is_confirmed, effective_from,
      entered_by_id, entered_by, entered_at)
    values (${policy.areaCode}, ${policy.documentNumber}, ${policy.minimum.numerator}::bigint,
      ${policy.minimum.denominator}::bigint, ${policy.allowedUses}::text[], ${policy.amountToleranceFen}::bigint,
      ${policy.energyWarnBp}::int, ${policy.energyAlarmBp}::int, ${policy.noticeDays}::smallint,
      ${policy.lookBackMonths}::smallint, ${policy.transferWorkingDays}::smallint,
      ${policy.isConfirmed}::boolean, ${policy.effectiveFrom}::date, ${by.actor.accountId}, ${by.actor.name},
      ${by.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the policy was not written');
  const costs = policy.costs.map((cost, index) => ({
    position: index + 1,
    line: cost.line,
    kind: cost.kind,
    amountFen: cost.kind === 'fixed' ? String(cost.amountFen) : null,
    rateNumerator: cost.kind === 'rate' ? String(cost.rate.numerator) : null,
    rateDenominator: cost.kind === 'rate' ? String(cost.rate.denominator) : null,
    capFen: cost.kind === 'rate' && cost.capFen !== null ? String(cost.capFen) : null,
    reducesDenominator: cost.reducesDenominator,
  }));
  await transaction.query(sql`
    insert into settlement_policy_cost (policy_id, position, line, kind, amount_fen, rate_numerator, rate_denominator,
      cap_fen, reduces_denominator)
    select ${row.id}::int, c."position", c.line, c.kind, c."amountFen", c."rateNumerator", c."rateDenominator",
      c."capFen", c."reducesDenominator"
    from jsonb_to_recordset(${JSON.stringify(costs)}::jsonb) as c ("position" smallint, line text, kind text,
      "amountFen" bigint, "rateNumerator" bigint, "rateDenominator" bigint, "capFen" bigint,
      "reducesDenominator" boolean)`);
  return row.id;
}
