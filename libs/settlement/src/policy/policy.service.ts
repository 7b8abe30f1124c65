import { Inject, Injectable } from '@nestjs/common';
import type { SettlementPolicyEntry, SettlementPolicyList, SettlementPolicyView } from '#contracts';
import { fractionOfPercent, type DatedPolicy, type DeductionRule, type Fraction } from '#domain';
import { Database, postgresError } from '#persistence';
import { Clock, ProblemError } from '#platform';
import type { SettlementActor } from '../statements/statement.repository.ts';
import {
  endPolicy,
  insertPolicy,
  settlementPolicies,
  type NewPolicy,
  type SettlementRules,
} from './policy.repository.ts';

/** Rules of settlement as data: by area and date, with the document that they rest on (requirement 6). */
@Injectable()
export class SettlementPolicyService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Every policy by area and day. */
  async list(): Promise<SettlementPolicyList> {
    const policies = await settlementPolicies(this.database);
    return { asOf: this.clock.now().toISOString(), items: policies.map(view) };
  }

  /**
   * Enters a policy that holds from a day on. What held in the area until then ends on that day; history stays.
   * @throws ProblemError 409 `policy.overlap` where a policy of the area begins on or after the day, 422
   *   `policy.tolerances` where the alarm lies below the warning
   */
  async enter(entry: SettlementPolicyEntry, actor: SettlementActor): Promise<SettlementPolicyView> {
    const policy = newPolicy(entry);
    if (policy.energyAlarmBp < policy.energyWarnBp)
      throw new ProblemError(422, 'policy.tolerances', '告警阈值低于提醒阈值 (alarm lies below the warning)');
    try {
      return await this.database.transaction(async (transaction) => {
        await endPolicy(transaction, policy);
        const id = await insertPolicy(transaction, policy, { actor, at: this.clock.now() });
        const policies = await settlementPolicies(transaction);
        const stored = policies.find(({ value }) => value.policyId === id);
        if (!stored) throw new Error('the policy was not written');
        return view(stored);
      });
    } catch (error) {
      const constraint = postgresError(error)?.constraint ?? '';
      if (['settlement_policy_overlap', 'settlement_policy_start_unique'].includes(constraint))
        throw new ProblemError(
          409,
          'policy.overlap',
          '该地区在这一天之后已有规则 (a later policy of the area exists)',
        );
      throw error;
    }
  }
}

function newPolicy(entry: SettlementPolicyEntry): NewPolicy {
  return {
    areaCode: entry.areaCode,
    documentNumber: entry.documentNumber,
    minimum: fractionOfPercent(entry.minimumPercent),
    allowedUses: entry.allowedUses,
    costs: entry.costs.map(costRule),
    amountToleranceFen: BigInt(entry.amountToleranceFen),
    energyWarnBp: bpOf(entry.energyWarnPercent),
    energyAlarmBp: bpOf(entry.energyAlarmPercent),
    noticeDays: entry.noticeDays,
    lookBackMonths: entry.lookBackMonths,
    transferWorkingDays: entry.transferWorkingDays,
    isConfirmed: entry.isConfirmed,
    effectiveFrom: entry.effectiveFrom,
  };
}

/** A cost line as a person enters it. */
export function costRule(cost: SettlementPolicyEntry['costs'][number]): DeductionRule {
  const { line, reducesDenominator } = cost;
  switch (cost.kind) {
    case 'fixed':
      return { line, reducesDenominator, kind: 'fixed', amountFen: BigInt(cost.amountFen) };
    case 'rate':
      return {
        line,
        reducesDenominator,
        kind: 'rate',
        rate: fractionOfPercent(cost.percent),
        capFen: cost.capFen === null ? null : BigInt(cost.capFen),
      };
  }
}

/** Hundredths of a percent; finer digits do not matter for a tolerance. */
function bpOf(percent: string): number {
  const { numerator, denominator } = fractionOfPercent(percent);
  return Number((numerator * 10_000n) / denominator);
}

const text = ({ numerator, denominator }: Fraction) => `${numerator}/${denominator}`;

function view(policy: DatedPolicy<SettlementRules>): SettlementPolicyView {
  const { value } = policy;
  return {
    id: value.policyId,
    areaCode: policy.areaCode,
    documentNumber: policy.documentNumber,
    minimum: text(value.minimum),
    allowedUses: value.allowedUses,
    costs: value.costs.map((cost) => ({
      line: cost.line,
      kind: cost.kind,
      amountFen: cost.kind === 'fixed' ? String(cost.amountFen) : null,
      rate: cost.kind === 'rate' ? text(cost.rate) : null,
      capFen: cost.kind === 'rate' && cost.capFen !== null ? String(cost.capFen) : null,
      reducesDenominator: cost.reducesDenominator,
    })),
    amountToleranceFen: String(value.tolerances.amountFen),
    energyWarn: text(value.tolerances.energyWarn),
    energyAlarm: text(value.tolerances.energyAlarm),
    noticeDays: value.noticeDays,
    lookBackMonths: value.lookBackMonths,
    transferWorkingDays: value.transferWorkingDays,
    isConfirmed: policy.isConfirmed,
    effectiveFrom: policy.effectiveFrom,
    effectiveTo: policy.effectiveTo,
  };
}
