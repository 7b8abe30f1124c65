import { randomUUID } from 'node:crypto';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock } from '#platform';
import {
  AllocationService,
  MatchingService,
  ReceiptService,
  SettlementPolicyService,
  StatementService,
  type StatementFileInput,
} from '#settlement';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

export const MAKER = { accountId: 'A1', name: '结算员甲' };
export const CHECKER = { accountId: 'A2', name: '复核员乙' };
const ENERGY_KWH = 32_100n;
const HEADING = '户号,结算年月,上网电量,上网电费,补贴电量,补贴金额,发票号';

const yuan = (fen: bigint) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;

/** Four stations in a database of their own, and the ways by which money is settled for them, at an instant. */
export async function paidWorld(startAt: string) {
  const { database, url } = await createTestDatabase();
  const fleet = await writeSmallFleet(database);
  const clock = new Clock({ startAt: new Date(startAt), speed: 1 });
  const ledger = new LedgerService(database, clock);
  const statements = new StatementService(database, clock, ledger);
  const matching = new MatchingService(database, clock);
  const receipts = new ReceiptService(database, clock, ledger);
  const allocations = new AllocationService(database, clock, ledger, matching);
  const policies = new SettlementPolicyService(database, clock);
  const [station] = fleet.neighbours;
  const county = station.code.slice(0, 6);

  /** What 32,100 kWh are worth at a station's tariff, fen. */
  async function statedFen(code: string, component: string, month: string): Promise<bigint> {
    const [row] = await database.query<{ price: number }>(sql`
      select t.price_hao_per_kwh as price
      from tariff t
      join station s on s.id = t.station_id
      where s.code = ${code} and t.component = ${component} and t.effective_from <= ${`${month}-01`}::date
        and (t.effective_to is null or t.effective_to > ${`${month}-28`}::date)`);
    return (ENERGY_KWH * BigInt(row?.price ?? 0)) / 100n;
  }

  /** States a month of a station, as its tariff has it. */
  async function state(at: { code: string; accountNo: string; month: string; invoiceNo?: string }) {
    const base = await statedFen(at.code, 'base', at.month);
    const subsidy = await statedFen(at.code, 'subsidy', at.month);
    const row = `${at.accountNo},${at.month},32100,${yuan(base)},32100,${yuan(subsidy)},${at.invoiceNo ?? ''}`;
    const file: StatementFileInput = {
      fileName: `${at.month}.csv`,
      source: null,
      bytes: Buffer.from([HEADING, row].join('\n')),
    };
    const { previewHash } = await statements.preview(file, MAKER);
    const report = await statements.import({ ...file, confirm: previewHash, skipRefused: false }, MAKER);
    if (!report.applied) throw new Error(JSON.stringify(report.problems));
    return { base, subsidy };
  }

  /** Money on the account of the county. @returns the number of the line */
  async function pay(bankReference: string, amountFen: bigint, bookedOn: string): Promise<bigint> {
    const [line] = await receipts.enter(
      [
        {
          county,
          bankAccount: '0512-1',
          bankReference,
          bookedOn,
          amountFen: String(amountFen),
          payer: '国网供电公司',
          purpose: null,
        },
      ],
      MAKER,
    );
    return BigInt(line?.id ?? '0');
  }

  async function match(lineId: bigint, component: string) {
    const entry = { component, pinned: [] };
    const { matchHash } = await receipts.match(lineId, entry, MAKER);
    return receipts.match(lineId, { ...entry, confirm: matchHash }, MAKER);
  }

  /** Gives out what was received, approved by the second person. @returns the number of the run */
  async function giveOut(): Promise<number> {
    const actionKey = randomUUID();
    const { runHash } = await allocations.propose({ county, actionKey }, MAKER);
    const run = await allocations.propose({ county, actionKey, confirm: runHash }, MAKER);
    await allocations.approve(run.id ?? 0, run.runHash, CHECKER);
    return run.id ?? 0;
  }

  const accountOf = (index: 0 | 1 | 2) => {
    const { code, gridAccounts } = fleet.neighbours[index];
    return { code, accountNo: gridAccounts[0]?.accountNo ?? '' };
  };
  return {
    database,
    url,
    fleet,
    clock,
    ledger,
    matching,
    receipts,
    allocations,
    policies,
    station,
    county,
    statedFen,
    state,
    pay,
    match,
    giveOut,
    accountOf,
  };
}

/** A rule that the county confirmed; without one nothing is approved. */
export const confirmedPolicy = (areaCode: string) => ({
  areaCode,
  documentNumber: '县光伏办〔2025〕1号',
  minimumPercent: '80',
  allowedUses: ['posts' as const, 'public_works' as const],
  costs: [{ kind: 'fixed' as const, line: 'rent' as const, amountFen: '1000', reducesDenominator: true }],
  amountToleranceFen: '1',
  energyWarnPercent: '3',
  energyAlarmPercent: '8',
  noticeDays: 7,
  lookBackMonths: 12,
  transferWorkingDays: 10,
  isConfirmed: true,
  effectiveFrom: '2025-01-01',
});
