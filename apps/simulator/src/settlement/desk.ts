import { createHash } from 'node:crypto';
import type {
  AllocationRunView,
  ReceiptMatchReport,
  SettlementPolicyEntry,
  StatementReport,
} from '#contracts';
import { dayOf, dayStartMs, LULIANG } from '#domain';
import { LedgerService } from '#ledger';
import type { Database } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  AllocationService,
  MatchingService,
  ReceiptService,
  SettlementPolicyService,
  StatementService,
  TransferService,
} from '#settlement';
import type { SimulatedBankLine } from './bank.ts';

/** An office opens at this hour of a Shanghai day. */
const OFFICE_HOUR_MS = 9 * 3_600_000;

/** Shows the day that the desk works on; every look at it is a moment later, so that entries stand in their order. */
class DeskClock extends Clock {
  private atMs: number;

  constructor(day: string) {
    super();
    this.atMs = dayStartMs(day) + OFFICE_HOUR_MS;
  }

  set(day: string): void {
    this.atMs = Math.max(this.atMs, dayStartMs(day) + OFFICE_HOUR_MS);
  }

  override nowMs(): number {
    this.atMs += 1;
    return this.atMs;
  }
}

export interface Person {
  accountId: string;
  name: string;
}

/**
 * The finance office of the simulation: the services of the product, and two people who use them on days of their own.
 * What it does is what the pages do, with the same checks.
 */
export class Desk {
  private readonly clock: DeskClock;
  readonly ledger: LedgerService;
  readonly statements: StatementService;
  readonly matching: MatchingService;
  readonly receipts: ReceiptService;
  readonly allocations: AllocationService;
  readonly policies: SettlementPolicyService;
  readonly transfers: TransferService;

  constructor(
    database: Database,
    private readonly people: { maker: Person; checker: Person },
    firstDay: string,
  ) {
    this.clock = new DeskClock(firstDay);
    this.ledger = new LedgerService(database, this.clock);
    this.statements = new StatementService(database, this.clock, this.ledger);
    this.matching = new MatchingService(database, this.clock);
    this.receipts = new ReceiptService(database, this.clock, this.ledger);
    this.allocations = new AllocationService(database, this.clock, this.ledger, this.matching);
    this.policies = new SettlementPolicyService(database, this.clock);
    this.transfers = new TransferService(database, this.clock, this.ledger);
  }

  /** The day on which the next thing is done; never an earlier one than before. */
  goTo(day: string): void {
    this.clock.set(day);
  }

  /** Opens a month for entries where it is not there. */
  async openPeriod(month: string): Promise<void> {
    if ((await this.ledger.periodState(month)) === null)
      await this.ledger.openPeriod(month, this.people.checker);
  }

  /** Closes a month where it is open. */
  async closePeriod(month: string): Promise<void> {
    if ((await this.ledger.periodState(month)) === 'open')
      await this.ledger.setPeriodState(
        { month, to: 'closed', reason: '结账（模拟数据）' },
        this.people.checker,
      );
  }

  /** Rules of the demo, which say of themselves what they are: a ratio that nobody has confirmed gives nothing out. */
  async enterDemoPolicy(effectiveFrom: string): Promise<void> {
    await this.policies.enter({ ...DEMO_POLICY, effectiveFrom }, this.people.checker);
  }

  /** Previews a file and confirms what was shown; rows with a problem are left out. */
  async takeIn(file: { name: string; bytes: Buffer }): Promise<StatementReport> {
    const input = { fileName: file.name, source: null, bytes: file.bytes };
    const { previewHash } = await this.statements.preview(input, this.people.maker);
    return this.statements.import({ ...input, confirm: previewHash, skipRefused: true }, this.people.maker);
  }

  /** Keeps lines of the bank. @returns their ids in the order of the lines */
  async enter(lines: readonly SimulatedBankLine[]): Promise<bigint[]> {
    const entries = lines.map(
      ({ county, bankAccount, bankReference, bookedOn, amountFen, payer, purpose }) => ({
        county,
        bankAccount,
        bankReference,
        bookedOn,
        amountFen,
        payer,
        purpose,
      }),
    );
    const views = await this.receipts.enter(entries, this.people.maker);
    return views.map(({ id }) => BigInt(id));
  }

  /** Matches what is left of a line with what is open, the oldest first; null where one of them is nothing. */
  async match(lineId: bigint, component: string): Promise<ReceiptMatchReport | null> {
    return unlessNothing(async () => {
      const entry = { component, pinned: [] };
      const { matchHash } = await this.receipts.match(lineId, entry, this.people.maker);
      return this.receipts.match(lineId, { ...entry, confirm: matchHash }, this.people.maker);
    });
  }

  /** Proposes what a county may give out; null where nothing came. The same name gives the same run. */
  async propose(county: string, name: string): Promise<AllocationRunView | null> {
    return unlessNothing(async () => {
      const proposal = { county, actionKey: actionKeyOf(name) };
      const { runHash } = await this.allocations.propose(proposal, this.people.maker);
      return this.allocations.propose({ ...proposal, confirm: runHash }, this.people.maker);
    });
  }

  /** The second person looks at the run and approves it. */
  async approve(run: AllocationRunView): Promise<AllocationRunView> {
    return this.allocations.approve(run.id ?? 0, run.runHash, this.people.checker);
  }

  /**
   * One person prepares what a county's villages are to get, the other confirms it as the bank sent it. The same name is
   * the same batch. @returns items that left
   */
  async transfer(county: string, name: string): Promise<number> {
    const batch = await unlessNothing(async () => {
      const proposal = { county, actionKey: actionKeyOf(`transfer/${name}`) };
      const { batchHash } = await this.transfers.prepare(proposal, this.people.maker);
      return this.transfers.prepare({ ...proposal, confirm: batchHash }, this.people.maker);
    });
    const open = batch?.items.filter(({ state }) => state === 'prepared') ?? [];
    const items = open.flatMap(({ id }) => (id === null ? [] : [{ id, bankReference: `SIM-T-${id}` }]));
    if (items.length === 0) return 0;
    await this.transfers.confirm({ transferredOn: this.today(), items }, this.people.checker);
    return items.length;
  }

  private today(): string {
    return dayOf(this.clock.nowMs());
  }
}

const DEMO_POLICY: Omit<SettlementPolicyEntry, 'effectiveFrom'> = {
  areaCode: LULIANG,
  documentNumber: '演示规则（模拟数据，非正式文件）',
  minimumPercent: '60',
  allowedUses: ['posts', 'public_works', 'reward', 'carried_balance'],
  // O&M and reserve as in the plan template of 汾西 (domain.md 1.5).
  costs: [
    { kind: 'rate', line: 'operation', percent: '2.9', capFen: null, reducesDenominator: true },
    { kind: 'rate', line: 'reserve', percent: '2', capFen: null, reducesDenominator: true },
  ],
  amountToleranceFen: '1',
  energyWarnPercent: '3',
  energyAlarmPercent: '8',
  noticeDays: 7,
  lookBackMonths: 12,
  transferWorkingDays: 10,
  isConfirmed: true,
};

const NOTHING: ReadonlySet<string> = new Set([
  'receipt.nothing_left',
  'receipt.nothing_open',
  'allocation.nothing_received',
  'transfer.nothing_given_out',
]);

async function unlessNothing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError && NOTHING.has(error.code)) return null;
    throw error;
  }
}

/** A key that is the same for the same name: 32 digits of its hash in the shape of a UUID of version 8. */
function actionKeyOf(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}
