import { randomUUID } from 'node:crypto';
import type { AllocationRunView, SettlementPolicyEntry } from '#contracts';
import { LedgerService } from '#ledger';
import { sql, type Database } from '#persistence';
import { Clock } from '#platform';
import {
  AllocationService,
  LineageService,
  MatchingService,
  ReceiptService,
  ReconciliationService,
  SettlementPolicyService,
  StatementService,
  TransferService,
  type StatementFileInput,
} from '#settlement';
import { writeSmallFleet } from './small-fleet.ts';

const HEADING = '户号,结算年月,上网电量,上网电费,补贴电量,补贴金额';
const ENERGY_KWH = 32_100n;

/** `123.45` yuan of fen, as a statement prints it. */
export const yuan = (fen: bigint) => {
  const text = String(fen < 0n ? -fen : fen).padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
};

/** A clock that stands until it is set. */
class SetClock extends Clock {
  private atMs: number;

  constructor(startAt: string) {
    super({ startAt: new Date(startAt), speed: 1 });
    this.atMs = Date.parse(startAt);
  }

  override nowMs(): number {
    return this.atMs;
  }

  set(instant: string): void {
    this.atMs = Date.parse(instant);
  }
}

/** A small county with a policy, two people, open periods, and every service of settlement. */
export async function settledWorld(
  database: Database,
  options: { startAt: string; months: readonly string[] },
) {
  const fleet = await writeSmallFleet(database);
  const clock = new SetClock(options.startAt);
  const maker = { accountId: 'A1', name: '结算员甲' };
  const checker = { accountId: 'A2', name: '复核员乙' };
  const ledger = new LedgerService(database, clock);
  for (const month of options.months) await ledger.openPeriod(month, maker);
  const matching = new MatchingService(database, clock);
  const services = {
    ledger,
    matching,
    statements: new StatementService(database, clock, ledger),
    receipts: new ReceiptService(database, clock, ledger),
    allocations: new AllocationService(database, clock, ledger, matching),
    lineage: new LineageService(database),
    policies: new SettlementPolicyService(database, clock),
    transfers: new TransferService(database, clock, ledger),
    reconciliation: new ReconciliationService(database, clock, ledger),
  };
  const [station] = fleet.neighbours;
  const county = station.code.slice(0, 6);
  const accountNo = station.gridAccounts[0]?.accountNo ?? '';
  await services.policies.enter(policyOf(county), checker);

  /** Energy × the station's own tariff of a day, fen. */
  async function tariffFen(component: string, day: string): Promise<bigint> {
    const [row] = await database.query<{ price: number }>(sql`
      select t.price_hao_per_kwh as price
      from tariff t
      join station s on s.id = t.station_id
      where s.code = ${station.code} and t.component = ${component} and t.effective_from <= ${day}::date
        and (t.effective_to is null or t.effective_to > ${day}::date)`);
    return (ENERGY_KWH * BigInt(row?.price ?? 0)) / 100n;
  }

  /** A row of a statement of the station at its tariff, or with another base amount. */
  async function statementRow(month: string, baseFen?: bigint): Promise<string> {
    const base = baseFen ?? (await tariffFen('base', `${month}-01`));
    const subsidy = await tariffFen('subsidy', `${month}-01`);
    return `${accountNo},${month},${ENERGY_KWH},${yuan(base)},${ENERGY_KWH},${yuan(subsidy)}`;
  }

  async function importRows(fileName: string, ...rows: string[]) {
    const bytes = Buffer.from([HEADING, ...rows].join('\n'));
    const file: StatementFileInput = { fileName, source: null, bytes };
    const { previewHash } = await services.statements.preview(file, maker);
    return services.statements.import({ ...file, confirm: previewHash, skipRefused: false }, maker);
  }

  /** A line of the bank, entered. @returns its id */
  async function bankLine(bankReference: string, bookedOn: string, amountFen: bigint): Promise<string> {
    const line = {
      county,
      bankAccount: '0512-1',
      bankReference,
      bookedOn,
      amountFen: String(amountFen),
      payer: '国网供电公司',
      purpose: null,
    };
    const [entered] = await services.receipts.enter([line], maker);
    return entered?.id ?? '';
  }

  /** Signs for whatever differs in a station-month, so that its money is not held back. */
  async function signAll(stationCode: string, month: string): Promise<void> {
    const { items } = await matching.list({ county, month });
    if (items.find((item) => item.stationCode === stationCode)?.state !== 'needs_reason') return;
    const reason = { reasonCode: 'other' as const, note: '试验用单据' };
    await matching.sign({ station: stationCode, month }, reason, maker);
  }

  async function match(id: string, component: string) {
    const entry = { component, pinned: [] };
    const { matchHash } = await services.receipts.match(BigInt(id), entry, maker);
    return services.receipts.match(BigInt(id), { ...entry, confirm: matchHash }, maker);
  }

  async function approvedRun(): Promise<AllocationRunView & { id: number }> {
    const actionKey = randomUUID();
    const preview = await services.allocations.propose({ county, actionKey }, maker);
    const proposal = { county, actionKey, confirm: preview.runHash };
    const { id, runHash } = await services.allocations.propose(proposal, maker);
    const run = await services.allocations.approve(id ?? 0, runHash, checker);
    return { ...run, id: run.id ?? 0 };
  }

  async function balanceFen(code: string): Promise<bigint> {
    return (await ledger.balances({ codes: [code] }))[0]?.balanceFen ?? 0n;
  }

  return {
    database,
    fleet,
    clock,
    maker,
    checker,
    station,
    county,
    accountNo,
    ...services,
    tariffFen,
    statementRow,
    importRows,
    bankLine,
    signAll,
    match,
    approvedRun,
    balanceFen,
  };
}

function policyOf(county: string): SettlementPolicyEntry {
  return {
    areaCode: county,
    documentNumber: '县光伏办〔2025〕1号',
    minimumPercent: '80',
    allowedUses: ['posts', 'public_works'],
    costs: [{ kind: 'rate', line: 'operation', percent: '2.9', capFen: null, reducesDenominator: true }],
    amountToleranceFen: '1',
    energyWarnPercent: '3',
    energyAlarmPercent: '8',
    noticeDays: 7,
    lookBackMonths: 12,
    transferWorkingDays: 10,
    isConfirmed: true,
    effectiveFrom: '2025-01-01',
  };
}
