import { AccountService } from '#access';
import { addDays, dayOf, LULIANG, monthOf, monthRange } from '#domain';
import { sql, type Database } from '#persistence';
import type { Clock, Logger } from '#platform';
import type { RegistrySnapshot } from '#registry';
import { EPOCH_DAY, type TruthModel } from '#simulation';
import { baseLines, subsidyLines, type SimulatedBankLine } from './bank.ts';
import { Desk, type Person } from './desk.ts';
import { issueMonth, placeFaults, type IssuedMonth, type PaperFaultKind } from './paper-faults.ts';
import { monthAfter } from './paper-settings.ts';
import { papersOf } from './papers.ts';
import { statementFiles } from './statement-files.ts';

/**
 * The closed past of a demo: papers, money, runs and transfers of twelve months, done by a simulated office with the services of
 * the product. The last month is left as an office has it on its desk: some counties are through, in some a run waits
 * for the second person, in some the money is not matched, and a few papers are wrong.
 */
interface SettlementHistoryOptions {
  database: Database;
  truth: TruthModel;
  registry: RegistrySnapshot;
  clock: Clock;
  logger: Logger;
  /** How many months, the last one left half done; 0 writes none. */
  monthCount: number;
  signal: AbortSignal;
}

/** Days of the month after, on which the office does its work. */
const PAPERS_ON = 3;
const CORRECTIONS_ON = 6;
const BASE_ON = 8;
const RUN_ON = 12;
const TRANSFER_ON = 17;
const SUBSIDY_ON = 20;
const SUBSIDY_RUN_ON = 24;
const SUBSIDY_TRANSFER_ON = 27;
/** The subsidy comes every three months, and for months that are at least so old (domain.md 2.2). */
const SUBSIDY_EVERY_MONTHS = 3;
const SUBSIDY_BEHIND_MONTHS = 3;
/** A month in the middle has a correction, so that there is a paper with two versions. */
const CORRECTED_MONTH = 5;
const LAST_MONTH_FAULTS: readonly PaperFaultKind[] = [
  'unit_slip',
  'missing_statement',
  'wrong_tariff',
  'double_line',
];
/** Counties of the last month, by their place in the list: not matched yet, and proposed but not approved. */
const UNMATCHED_EVERY = 4;
const UNAPPROVED_EVERY = 3;

/** One thing that the office does. */
interface Task {
  day: string;
  work: () => Promise<unknown>;
}

/**
 * Writes the past of the money where the ledger is empty, or goes on where an earlier start was broken off. Whoever has
 * booked anything of their own keeps what they have.
 * @returns tasks that were done; 0 where there was nothing to do
 */
export async function writeSettlementHistory(options: SettlementHistoryOptions): Promise<number> {
  const { database, clock, logger, signal } = options;
  const today = dayOf(clock.nowMs());
  const months = await monthsToWrite(database, monthOf(clock.nowMs()), options.monthCount);
  const [first] = months;
  if (first === undefined) return 0;
  const office = new Office(
    options,
    new Desk(database, await peopleOf(database, clock), `${first}-01`),
    months,
  );
  const tasks = office.tasks().filter(({ day }) => day < today);
  const startedAt = performance.now();
  for (const { day, work } of tasks) {
    if (signal.aborted) return 0;
    office.desk.goTo(day);
    await work();
  }
  await noteMonths(database, { months, isWhole: true });
  logger.info({
    event: 'simulator.settlement_written',
    months: months.length,
    tasks: tasks.length,
    tookMs: Math.round(performance.now() - startedAt),
  });
  return tasks.length;
}

/** Fact of the installation: which months are written, and whether all of them are. */
const HISTORY_KEY = 'simulated_settlement';
interface WrittenMonths {
  months: string[];
  isWhole: boolean;
}

/** The months of the past that are to be written; empty where they are, or where somebody else has begun to book. */
async function monthsToWrite(database: Database, thisMonth: string, monthCount: number): Promise<string[]> {
  const [known] = await database.query<{ value: WrittenMonths }>(sql`
    select value from installation where key = ${HISTORY_KEY}`);
  if (known) return known.value.isWhole ? [] : known.value.months;
  const [found] = await database.query<{ isEmpty: boolean }>(sql`
    select not exists (select 1 from statement_import)
      and (select h.sequence from ledger_head h where h.id = 1) = 0 as "isEmpty"`);
  if (!found?.isEmpty || monthCount === 0) return [];
  const months: string[] = [];
  let month = monthBefore(thisMonth);
  while (months.length < monthCount && `${month}-01` >= EPOCH_DAY) {
    months.unshift(month);
    month = monthBefore(month);
  }
  await noteMonths(database, { months, isWhole: false });
  return months;
}

async function noteMonths(database: Database, value: WrittenMonths): Promise<void> {
  await database.query(sql`
    insert into installation (key, value)
    values (${HISTORY_KEY}, ${JSON.stringify(value)}::jsonb)
    on conflict (key) do update set value = excluded.value`);
}

/** The two people of the demo where they have accounts; else two who have none. */
async function peopleOf(database: Database, clock: Clock): Promise<{ maker: Person; checker: Person }> {
  const accounts = await new AccountService(database, clock).list();
  const person = (name: string, other: Person): Person => {
    const account = accounts.find((each) => each.name === name);
    return account ? { accountId: String(account.id), name: account.displayName } : other;
  };
  return {
    maker: person('clerk', { accountId: 'simulated-clerk', name: '模拟经办' }),
    checker: person('checker', { accountId: 'simulated-checker', name: '模拟复核' }),
  };
}

class Office {
  private readonly issued = new Map<string, IssuedMonth>();
  private readonly counties: string[];
  private readonly countyNames: ReadonlyMap<string, string>;

  constructor(
    private readonly options: SettlementHistoryOptions,
    readonly desk: Desk,
    private readonly months: readonly string[],
  ) {
    const { registry } = options;
    this.counties = registry.counties.map(({ code }) => code).sort();
    this.countyNames = new Map(registry.counties.map(({ code, name }) => [code, name]));
  }

  /** Everything that there is to do, in the order of days. */
  tasks(): Task[] {
    const last = this.months.length - 1;
    const tasks = this.months.flatMap((month, index) =>
      this.monthTasks(month, { index, isLast: index === last }),
    );
    const begin: Task = { day: `${monthAfter(this.months[0] ?? '')}-01`, work: () => this.enterPolicy() };
    return [begin, ...tasks].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  }

  private monthTasks(month: string, { index, isLast }: { index: number; isLast: boolean }): Task[] {
    const period = monthAfter(month);
    const on = (day: number) => `${period}-${String(day).padStart(2, '0')}`;
    const tasks: Task[] = [
      { day: on(1), work: () => this.desk.openPeriod(period) },
      { day: on(PAPERS_ON), work: () => this.takePapers(month, false) },
      { day: on(CORRECTIONS_ON), work: () => this.takePapers(month, true) },
      { day: on(BASE_ON), work: () => this.receive(baseLines(this.issue(month)), isLast) },
      { day: on(RUN_ON), work: () => this.giveOut(`demo/${month}/base`, isLast) },
      ...(isLast ? [] : [{ day: on(TRANSFER_ON), work: () => this.passOn(`demo/${month}/base`) }]),
    ];
    const paid = index - SUBSIDY_BEHIND_MONTHS;
    if ((index + 1) % SUBSIDY_EVERY_MONTHS === 0 && paid >= 0 && !isLast) {
      const from = Math.max(0, paid - SUBSIDY_EVERY_MONTHS + 1);
      const lumps = () => this.months.slice(from, paid + 1).map((each) => this.issue(each));
      tasks.push(
        { day: on(SUBSIDY_ON), work: () => this.receive(subsidyLines(lumps(), on(SUBSIDY_ON)), false) },
        { day: on(SUBSIDY_RUN_ON), work: () => this.giveOut(`demo/${month}/subsidy`, false) },
        { day: on(SUBSIDY_TRANSFER_ON), work: () => this.passOn(`demo/${month}/subsidy`) },
      );
    }
    // A period is closed once the next one has begun; the last two stay open for who looks at the demo.
    if (index < this.months.length - 2)
      tasks.push({ day: addDays(monthRange(period).to, 1), work: () => this.desk.closePeriod(period) });
    return tasks;
  }

  private async enterPolicy(): Promise<void> {
    const { items } = await this.desk.policies.list();
    if (items.some(({ areaCode }) => areaCode === LULIANG)) return;
    await this.desk.enterDemoPolicy(`${this.months[0] ?? ''}-01`);
  }

  private issue(month: string): IssuedMonth {
    const known = this.issued.get(month);
    if (known) return known;
    const { truth, registry } = this.options;
    const papers = papersOf(truth, registry, month);
    const index = this.months.indexOf(month);
    const kinds: readonly PaperFaultKind[] =
      index === this.months.length - 1 ? LAST_MONTH_FAULTS : index === CORRECTED_MONTH ? ['corrected'] : [];
    const stationCodes = papers.map(({ stationCode }) => stationCode);
    const issued = issueMonth(
      month,
      papers,
      placeFaults(kinds, { seed: truth.plant.seed, month, stationCodes }),
    );
    this.issued.set(month, issued);
    return issued;
  }

  private async takePapers(month: string, isCorrection: boolean): Promise<void> {
    const { countyNames } = this;
    const files = await statementFiles(this.issue(month), { layout: 'document', format: 'csv', countyNames });
    for (const file of files) {
      if (file.isCorrection !== isCorrection) continue;
      this.options.signal.throwIfAborted();
      await this.desk.takeIn(file);
    }
  }

  private async receive(lines: readonly SimulatedBankLine[], isLast: boolean): Promise<void> {
    const ids = await this.desk.enter(lines);
    for (const [index, line] of lines.entries()) {
      if (isLast && index % UNMATCHED_EVERY === UNMATCHED_EVERY - 1) continue;
      this.options.signal.throwIfAborted();
      await this.desk.match(ids[index] ?? 0n, line.component);
    }
  }

  /** To the accounts of the villages; of the last month it is still to be done. */
  private async passOn(name: string): Promise<void> {
    for (const county of this.counties) {
      this.options.signal.throwIfAborted();
      await this.desk.transfer(county, `${name}/${county}`);
    }
  }

  private async giveOut(name: string, isLast: boolean): Promise<void> {
    for (const [index, county] of this.counties.entries()) {
      this.options.signal.throwIfAborted();
      const run = await this.desk.propose(county, `${name}/${county}`);
      if (run === null || run.state !== 'proposed') continue;
      if (isLast && index % UNAPPROVED_EVERY === UNAPPROVED_EVERY - 1) continue;
      await this.desk.approve(run);
    }
  }
}

/** The month before one. */
function monthBefore(month: string): string {
  return addDays(`${month}-01`, -1).slice(0, 7);
}
