import { randomUUID } from 'node:crypto';
import type { AllocationRunView, SettlementPolicyEntry } from '#contracts';
import { daysBetween, monthRange } from '#domain';
import { LedgerService } from '#ledger';
import { sql, type Database } from '#persistence';
import type { Clock } from '#platform';
import { RegistryRepository, type StationRecord } from '#registry';
import {
  AllocationService,
  BoardService,
  DashboardService,
  LineageService,
  MatchingService,
  ReceiptService,
  ReconciliationService,
  SettlementPolicyService,
  StatementService,
  TransferService,
} from '#settlement';

export const MAKER = { accountId: 'A1', name: '结算员甲' };
export const CHECKER = { accountId: 'A2', name: '复核员乙' };

/** The services of the money over one database, and the few steps that tests of what comes after them begin with. */
export class MoneyWorld {
  readonly ledger: LedgerService;
  readonly statements: StatementService;
  readonly matching: MatchingService;
  readonly receipts: ReceiptService;
  readonly allocations: AllocationService;
  readonly lineage: LineageService;
  readonly policies: SettlementPolicyService;
  readonly board: BoardService;
  readonly transfers: TransferService;
  readonly dashboard: DashboardService;

  constructor(
    readonly database: Database,
    clock: Clock,
  ) {
    this.ledger = new LedgerService(database, clock);
    this.statements = new StatementService(database, clock, this.ledger);
    this.matching = new MatchingService(database, clock);
    this.receipts = new ReceiptService(database, clock, this.ledger);
    this.allocations = new AllocationService(database, clock, this.ledger, this.matching);
    this.lineage = new LineageService(database);
    this.policies = new SettlementPolicyService(database, clock);
    this.transfers = new TransferService(database, clock, this.ledger);
    const reconciliation = new ReconciliationService(database, clock, this.ledger);
    this.dashboard = new DashboardService(
      database,
      clock,
      this.matching,
      reconciliation,
      new RegistryRepository(database),
    );
    this.board = new BoardService(database, clock, this.ledger, this.matching);
  }

  /** Measured days of a whole month that sum to the energy; `without` are left out. */
  async writeMonth(
    station: StationRecord,
    month: string,
    energy: { energyWh: bigint; without?: readonly string[] },
  ): Promise<void> {
    const { from, to } = monthRange(month);
    const days = daysBetween(from, to);
    const evenWh = energy.energyWh / BigInt(days.length);
    const firstWh = energy.energyWh - evenWh * BigInt(days.length - 1);
    for (const [index, day] of days.entries())
      if (!energy.without?.includes(day))
        await this.database.query(sql`
          insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
          select s.id, ${day}::date, ${index === 0 ? firstWh : evenWh}::bigint, 'meter_counter', 'measured', now()
          from station s
          where s.code = ${station.code}`);
  }

  /** Fen of a component for an energy at the station's own tariff. */
  async statedFen(station: StationRecord, month: string, part: { component: string; kWh: bigint }) {
    const [row] = await this.database.query<{ price: number }>(sql`
      select t.price_hao_per_kwh as price
      from tariff t
      join station s on s.id = t.station_id
      where s.code = ${station.code} and t.component = ${part.component} and t.effective_from <= ${`${month}-01`}::date
        and (t.effective_to is null or t.effective_to > ${`${month}-01`}::date)`);
    return (part.kWh * BigInt(row?.price ?? 0)) / 100n;
  }

  /** States base and subsidy of a month by a file of one row a station. @returns what was stated of each component, fen */
  async state(
    month: string,
    rows: readonly { station: StationRecord; kWh: bigint }[],
  ): Promise<{ baseFen: bigint; subsidyFen: bigint }> {
    const lines: string[] = [];
    let [baseSumFen, subsidySumFen] = [0n, 0n];
    for (const { station, kWh } of rows) {
      const baseFen = await this.statedFen(station, month, { component: 'base', kWh });
      const subsidyFen = await this.statedFen(station, month, { component: 'subsidy', kWh });
      baseSumFen += baseFen;
      subsidySumFen += subsidyFen;
      const accountNo = station.gridAccounts[0]?.accountNo ?? '';
      lines.push([accountNo, month, kWh, yuan(baseFen), kWh, yuan(subsidyFen)].join(','));
    }
    const heading = '户号,结算年月,上网电量,上网电费,补贴电量,补贴金额';
    const file = {
      fileName: `${month}.csv`,
      source: null,
      bytes: Buffer.from([heading, ...lines].join('\n')),
    };
    const { previewHash } = await this.statements.preview(file, MAKER);
    await this.statements.import({ ...file, confirm: previewHash, skipRefused: false }, MAKER);
    return { baseFen: baseSumFen, subsidyFen: subsidySumFen };
  }

  /** A line of the bank for a county and component, matched with the oldest first. */
  async receive(line: {
    county: string;
    reference: string;
    bookedOn: string;
    amountFen: bigint;
    component?: string;
  }): Promise<void> {
    const [entered] = await this.receipts.enter(
      [
        {
          county: line.county,
          bankAccount: '0512-1',
          bankReference: line.reference,
          bookedOn: line.bookedOn,
          amountFen: String(line.amountFen),
          payer: '国网供电公司',
          purpose: null,
        },
      ],
      MAKER,
    );
    const id = BigInt(entered?.id ?? '0');
    const entry = { component: line.component ?? 'base', pinned: [] };
    const { matchHash } = await this.receipts.match(id, entry, MAKER);
    await this.receipts.match(id, { ...entry, confirm: matchHash }, MAKER);
  }

  /** A run over all that may be given out in a county. */
  async propose(county: string): Promise<AllocationRunView & { id: number }> {
    const actionKey = randomUUID();
    const { runHash } = await this.allocations.propose({ county, actionKey }, MAKER);
    const run = await this.allocations.propose({ county, actionKey, confirm: runHash }, MAKER);
    if (run.id === null) throw new Error('a confirmed run has a number');
    return { ...run, id: run.id };
  }
}

/** A policy that a county has confirmed; without one no run is approved. */
export const confirmedPolicy = (county: string): SettlementPolicyEntry => ({
  areaCode: county,
  documentNumber: '县光伏办〔2025〕1号',
  minimumPercent: '80',
  allowedUses: ['posts', 'public_works'],
  costs: [
    { kind: 'fixed', line: 'rent', amountFen: '1000', reducesDenominator: true },
    { kind: 'rate', line: 'operation', percent: '2.9', capFen: null, reducesDenominator: true },
  ],
  amountToleranceFen: '1',
  energyWarnPercent: '3',
  energyAlarmPercent: '8',
  noticeDays: 7,
  lookBackMonths: 12,
  transferWorkingDays: 10,
  isConfirmed: true,
  effectiveFrom: '2025-01-01',
});

const yuan = (fen: bigint) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;
