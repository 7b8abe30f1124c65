import { Inject, Injectable } from '@nestjs/common';
import type { WhatIfQuery, WhatIfReport, WhatIfRules } from '#contracts';
import {
  compareCodes,
  dayOf,
  fractionOfPercent,
  MoneyError,
  proposeRun,
  type AllocationRun,
  type DeductionRule,
  type Fraction,
  type RunVillage,
  type StationRights,
} from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { villageLineages, type ReceivedOfStation } from '../allocation/allocation.repository.ts';
import { rightsOf, villagesOfRights } from '../allocation/rights.ts';
import { villageNames } from '../transfers/transfer.repository.ts';
import { settlementPolicies } from './policy.repository.ts';
import { costRule } from './policy.service.ts';
import { receivedBetween } from './what-if.repository.ts';

interface Rules {
  documentNumber: string;
  isDraft: boolean;
  isConfirmed: boolean;
  minimum: Fraction;
  costs: DeductionRule[];
}

type LeftOut = WhatIfReport['leftOut'][number];

/** Two sets of rules over the same received money, side by side, before the county signs. Nothing is stored. */
@Injectable()
export class WhatIfService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * What each village would be given by both rules of the money that came in a range of days, as one distribution: so fixed
   * costs are taken once.
   * @throws ProblemError 404 `policy.unknown`, 422 `what_if.nothing_received`, `what_if.bad_range`
   * @throws MoneyError `deduction.bad_rule`
   */
  async compare(query: WhatIfQuery): Promise<WhatIfReport> {
    if (query.from > query.to)
      throw new ProblemError(422, 'what_if.bad_range', '起始日期在截止日期之后 (from is after to)');
    return this.database.transaction(
      async (transaction) => {
        const received = await receivedBetween(transaction, { countyCode: query.county, ...query });
        const rules = { a: await rulesOf(transaction, query.a), b: await rulesOf(transaction, query.b) };
        const money = await this.splittable(transaction, received);
        if (money.received.length === 0)
          throw new ProblemError(
            422,
            'what_if.nothing_received',
            '该期间没有可试算的到账 (nothing came that could be given out)',
          );
        const run = (of: Rules) => proposeRun({ ...money, costs: of.costs, minimum: of.minimum });
        const runs = { a: run(rules.a), b: run(rules.b) };
        const names = await villageNames(
          transaction,
          runs.a.villages.map(({ villageCode }) => villageCode),
        );
        return {
          county: query.county,
          from: query.from,
          to: query.to,
          receivedFen: String(runs.a.totalFen),
          a: sideView(rules.a, runs.a),
          b: sideView(rules.b, runs.b),
          villages: villagesOf(runs.a, runs.b, names),
          leftOut: money.leftOut,
        };
      },
      { rollback: true },
    );
  }

  /** Money of station-months whose shares and energy are known; the rest is named. */
  private async splittable(transaction: Queryable, received: readonly ReceivedOfStation[]) {
    const day = dayOf(this.clock.nowMs());
    const rights: Map<string, StationRights> =
      received.length === 0 ? new Map() : await rightsOf(transaction, received);
    const villages = await villageLineages(transaction, villagesOfRights(rights));
    const leftOut: LeftOut[] = [];
    const known: ReceivedOfStation[] = [];
    const byMonth = Map.groupBy(received, ({ stationCode, month }) => `${stationCode}/${month}`);
    for (const rows of byMonth.values()) {
      const problem = problemOf(() =>
        proposeRun({ received: rows, rights, villages, day, costs: [], minimum: fractionOfPercent('0') }),
      );
      if (problem === null) known.push(...rows);
      else leftOut.push(...rows.slice(0, 1).map((row) => leftOutOf(row, rows, problem)));
    }
    return { received: known, rights, villages, day, leftOut };
  }
}

function problemOf(work: () => unknown): MoneyError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof MoneyError) return error;
    throw error;
  }
}

function leftOutOf(
  { stationCode, month }: ReceivedOfStation,
  rows: readonly ReceivedOfStation[],
  problem: MoneyError,
): LeftOut {
  const amountFen = rows.reduce((sum, each) => sum + each.amountFen, 0n);
  return { stationCode, month, amountFen: String(amountFen), code: problem.code, reason: problem.message };
}

async function rulesOf(transaction: Queryable, rules: WhatIfRules): Promise<Rules> {
  if (rules.kind === 'draft')
    return {
      documentNumber: rules.documentNumber,
      isDraft: true,
      isConfirmed: false,
      minimum: fractionOfPercent(rules.minimumPercent),
      costs: rules.costs.map(costRule),
    };
  const policies = await settlementPolicies(transaction);
  const policy = policies.find(({ value }) => value.policyId === rules.id);
  if (!policy) throw new ProblemError(404, 'policy.unknown', '没有这条规则 (no such policy)');
  return {
    documentNumber: policy.documentNumber,
    isDraft: false,
    isConfirmed: policy.isConfirmed,
    minimum: policy.value.minimum,
    costs: policy.value.costs,
  };
}

const sum = (villages: readonly RunVillage[], read: (village: RunVillage) => bigint) =>
  String(villages.reduce((total, village) => total + read(village), 0n));
const costOf = ({ amountFen, deductions }: RunVillage) => amountFen - deductions.netFen;

function sideView(rules: Rules, { villages }: AllocationRun): WhatIfReport['a'] {
  return {
    documentNumber: rules.documentNumber,
    isDraft: rules.isDraft,
    isConfirmed: rules.isConfirmed,
    minimum: `${rules.minimum.numerator}/${rules.minimum.denominator}`,
    costFen: sum(villages, costOf),
    netFen: sum(villages, ({ deductions }) => deductions.netFen),
    floorFen: sum(villages, ({ floorFen }) => floorFen),
    costs: rules.costs.map(({ line }) => ({
      line,
      takenFen: sum(
        villages,
        ({ deductions }) => deductions.lines.find((each) => each.line === line)?.takenFen ?? 0n,
      ),
    })),
  };
}

/** The larger amount first, whatever its sign. */
function bySize(x: bigint, y: bigint): number {
  const [left, right] = [x < 0n ? -x : x, y < 0n ? -y : y];
  return left === right ? 0 : left > right ? -1 : 1;
}

/** Both runs give the same villages the same money; only what is kept back of it differs. */
function villagesOf(
  a: AllocationRun,
  b: AllocationRun,
  names: ReadonlyMap<string, string>,
): WhatIfReport['villages'] {
  const others = new Map(b.villages.map((village) => [village.villageCode, village]));
  return a.villages
    .flatMap((own) => {
      const other = others.get(own.villageCode);
      if (!other) return [];
      const netFen = other.deductions.netFen - own.deductions.netFen;
      return [{ own, other, netFen, floorFen: other.floorFen - own.floorFen }];
    })
    .sort(
      (x, y) =>
        bySize(x.netFen, y.netFen) ||
        bySize(x.floorFen, y.floorFen) ||
        compareCodes(x.own.villageCode, y.own.villageCode),
    )
    .map(({ own, other, netFen, floorFen }) => ({
      villageCode: own.villageCode,
      villageName: names.get(own.villageCode) ?? own.villageCode,
      amountFen: String(own.amountFen),
      a: villageSide(own),
      b: villageSide(other),
      netDifferenceFen: String(netFen),
      floorDifferenceFen: String(floorFen),
    }));
}

const villageSide = (village: RunVillage) => ({
  costFen: String(costOf(village)),
  netFen: String(village.deductions.netFen),
  floorFen: String(village.floorFen),
});
