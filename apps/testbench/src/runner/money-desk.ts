import { createHash } from 'node:crypto';
import { LULIANG } from '#domain';
import { LedgerError, LedgerService } from '#ledger';
import type { Database } from '#persistence';
import { ProblemError, type Clock } from '#platform';
import {
  AllocationService,
  MatchingService,
  ReceiptService,
  SettlementPolicyService,
  StatementService,
} from '#settlement';
import type { MoneyStep, ScenarioSettlement, StatementStep } from './money-file.ts';

/** Two persons, as the product demands. */
const MAKER = { accountId: 'scenario-maker', name: 'scenario' };
const CHECKER = { accountId: 'scenario-checker', name: 'scenario, second person' };
const BANK_ACCOUNT = 'scenario';

export interface Refusal {
  at: string;
  step: string;
  code: string;
}

/**
 * Does the money steps of a scenario with the services of the product. What is refused is noted by its code and changes
 * nothing; anything else that fails ends the run.
 */
export class MoneyDesk {
  readonly refusals: Refusal[] = [];
  /** Ids of runs by their keys in the file. */
  readonly runs = new Map<string, number>();
  readonly ledger: LedgerService;
  private readonly bankLines = new Map<string, bigint>();
  private readonly statements: StatementService;
  private readonly receipts: ReceiptService;
  private readonly allocations: AllocationService;
  private readonly policies: SettlementPolicyService;

  constructor(
    database: Database,
    private readonly clock: Clock,
    private readonly accounts: ReadonlyMap<string, ScenarioSettlement>,
  ) {
    this.ledger = new LedgerService(database, clock);
    this.statements = new StatementService(database, clock, this.ledger);
    this.receipts = new ReceiptService(database, clock, this.ledger);
    const matching = new MatchingService(database, clock);
    this.allocations = new AllocationService(database, clock, this.ledger, matching);
    this.policies = new SettlementPolicyService(database, clock);
  }

  /** A confirmed rule without costs: a scenario is about amounts, and rules of a county would take from them. */
  async prepare(): Promise<void> {
    await this.policies.enter(
      {
        areaCode: LULIANG,
        documentNumber: 'scenario',
        minimumPercent: '60',
        allowedUses: ['posts'],
        costs: [],
        amountToleranceFen: '1',
        energyWarnPercent: '3',
        energyAlarmPercent: '8',
        noticeDays: 7,
        lookBackMonths: 12,
        transferWorkingDays: 10,
        isConfirmed: true,
        effectiveFrom: '2015-01-01',
      },
      CHECKER,
    );
  }

  async take(step: MoneyStep): Promise<void> {
    const { statement, bank, run, voidRun, unmatch, closePeriod } = step;
    if (statement) await this.repeat('statement', statement, () => this.import(statement));
    if (bank) await this.repeat('bank', bank, () => this.receive(bank));
    if (run) await this.repeat('run', run, () => this.giveOut(run));
    if (voidRun) await this.repeat('voidRun', voidRun, () => this.void(voidRun.key));
    if (unmatch) await this.repeat('unmatch', unmatch, () => this.unmatch(unmatch.reference));
    if (closePeriod) await this.noted('closePeriod', () => this.close(closePeriod.month));
  }

  private async repeat(
    step: string,
    { times, parallel }: { times: number; parallel: boolean },
    work: () => Promise<unknown>,
  ): Promise<void> {
    await this.openPeriod();
    const each = () => this.noted(step, work);
    if (parallel) await Promise.all(Array.from({ length: times }, each));
    else for (let time = 0; time < times; time += 1) await each();
  }

  private async noted(step: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ProblemError) && !(error instanceof LedgerError)) throw error;
      this.note(step, error.code);
    }
  }

  private note(step: string, code: string): void {
    this.refusals.push({ at: this.clock.now().toISOString(), step, code });
  }

  /** The month of the clock takes entries, unless the scenario has closed it. */
  private async openPeriod(): Promise<void> {
    const month = this.month();
    if ((await this.ledger.periodState(month)) === null) await this.ledger.openPeriod(month, CHECKER);
  }

  private month(): string {
    return new Date(this.clock.nowMs() + SHANGHAI_MS).toISOString().slice(0, 7);
  }

  private async import({ rows }: StatementStep): Promise<void> {
    const bytes = Buffer.from(this.csvOf(rows));
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    const file = { fileName: `scenario-${name}.csv`, source: null, bytes };
    const { previewHash } = await this.statements.preview(file, MAKER);
    const report = await this.statements.import({ ...file, confirm: previewHash, skipRefused: true }, MAKER);
    for (const { code } of report.problems) this.note('statement', code);
  }

  /** One row an account and month, as a power company writes it. */
  private csvOf(rows: StatementStep['rows']): string {
    const documents = Map.groupBy(rows, ({ station, month }) => `${station}/${month}`);
    const lines = [...documents.values()].map((components) => {
      const [first] = components;
      const cells = (['base', 'subsidy'] as const).flatMap((component) => {
        const row = components.find((each) => each.component === component);
        return row ? [row.kwh, row.yuan] : ['', ''];
      });
      return [this.accounts.get(first?.station ?? '')?.account ?? '', first?.month ?? '', ...cells].join(',');
    });
    return ['户号,结算年月,上网电量,上网电费,补贴电量,补贴金额', ...lines].join('\n');
  }

  private async receive(bank: NonNullable<MoneyStep['bank']>): Promise<void> {
    const line = {
      county: bank.county,
      bankAccount: BANK_ACCOUNT,
      bankReference: bank.reference,
      bookedOn: new Date(this.clock.nowMs() + SHANGHAI_MS).toISOString().slice(0, 10),
      amountFen: bank.yuan.replace('.', '').replace(/^(-?)0+(?=\d)/, '$1'),
      payer: null,
      purpose: null,
    };
    const [entered] = await this.receipts.enter([line], MAKER);
    const id = BigInt(entered?.id ?? 0);
    this.bankLines.set(bank.reference, id);
    const entry = { component: bank.component, pinned: [] };
    const { matchHash } = await this.receipts.match(id, entry, MAKER);
    await this.receipts.match(id, { ...entry, confirm: matchHash }, MAKER);
  }

  private async giveOut({ county, key }: NonNullable<MoneyStep['run']>): Promise<void> {
    const proposal = { county, actionKey: actionKeyOf(key) };
    const { runHash } = await this.allocations.propose(proposal, MAKER);
    const run = await this.allocations.propose({ ...proposal, confirm: runHash }, MAKER);
    if (run.id === null) return;
    this.runs.set(key, run.id);
    await this.allocations.approve(run.id, run.runHash, CHECKER);
  }

  private async void(key: string): Promise<void> {
    const id = this.runs.get(key);
    if (id === undefined) throw new Error(`there was no run ${key}`);
    await this.allocations.void(id, 'scenario', CHECKER);
  }

  private async unmatch(reference: string): Promise<void> {
    const id = this.bankLines.get(reference);
    if (id === undefined) throw new Error(`there was no bank line ${reference}`);
    await this.receipts.unmatch(id, 'scenario', CHECKER);
  }

  private async close(month: string): Promise<void> {
    await this.ledger.setPeriodState({ month, to: 'closed', reason: 'scenario' }, CHECKER);
  }
}

const SHANGHAI_MS = 8 * 3_600_000;

/** The same key of a file is the same action. */
function actionKeyOf(key: string): string {
  const hash = createHash('sha256').update(key).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
