import { Inject, Injectable } from '@nestjs/common';
import type {
  CheckClose,
  CheckDetail,
  CheckFindingView,
  CheckList,
  CheckQuery,
  CheckRunView,
} from '#contracts';
import { dayOf, findingDueOn, findingStep, isInArea, type Area, type FindingStep } from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { MatchingService } from '../matching/matching.service.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import {
  closeFinding,
  closedByKey,
  eventsOf,
  findingById,
  findingKey,
  hurryFindings,
  insertEvents,
  insertRun,
  isDayDone,
  knownFindings,
  lastRun,
  listFindings,
  lockChecks,
  markGone,
  openByCode,
  reopenFindings,
  rowsOf,
  upsertFindings,
  type RunCounts,
  type StoredFinding,
} from './check.repository.ts';
import { matchRules } from './match-rules.ts';
import {
  agencyRules,
  classRules,
  invoiceRules,
  loanRules,
  missingStatementRules,
  receivableRules,
  rentRules,
  transferRules,
} from './money-rules.ts';
import type { SeenFinding } from './seen.ts';
import { repairRules, shareRules, stationRules } from './station-rules.ts';

const MS_PER_DAY = 86_400_000;

/** Who looks: counties, or null for the whole city. */
export interface CheckReader {
  area: Area;
}

/** Problems that audits found elsewhere, looked for here every day (domain.md section 4, requirements 38-53). */
@Injectable()
export class CheckService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MatchingService) private readonly matching: MatchingService,
  ) {}

  /** The run of the day by the schedule; null where it was done already, by whichever worker. */
  async runDaily(): Promise<CheckRunView | null> {
    const day = dayOf(this.clock.nowMs());
    if (await isDayDone(this.database, day)) return null;
    return this.run({ startedBy: 'worker', isScheduled: true });
  }

  /** A run on demand. What is found again is the same finding. */
  async runNow(actor: SettlementActor): Promise<CheckRunView> {
    const run = await this.run({ startedBy: actor.name, isScheduled: false });
    if (!run) throw new Error('a run on demand is never left out');
    return run;
  }

  /** Findings of an area, those due first, first. */
  async list(query: CheckQuery, reader: CheckReader): Promise<CheckList> {
    const { page, pageSize } = query;
    const today = dayOf(this.clock.nowMs());
    const filter = { ...query, area: reader.area, today };
    const [{ items, total }, codes, run] = await Promise.all([
      listFindings(this.database, filter, { limit: pageSize, offset: (page - 1) * pageSize }),
      openByCode(this.database, filter),
      lastRun(this.database),
    ]);
    return {
      asOf: this.clock.now().toISOString(),
      lastRun: run === null ? null : { ...run, finishedAt: run.finishedAt.toISOString() },
      items: items.map((finding) => view(finding, today)),
      codes,
      total,
      page,
      pageSize,
    };
  }

  /** @throws ProblemError 404 `check.unknown` */
  async detail(id: bigint, reader: CheckReader): Promise<CheckDetail> {
    const finding = visible(await findingById(this.database, id), reader);
    const events = await eventsOf(this.database, id);
    return {
      ...view(finding, dayOf(this.clock.nowMs())),
      rows: await rowsOf(this.database, id),
      events: events.map((event) => ({ ...event, at: event.at.toISOString() })),
    };
  }

  /**
   * A person answers for a finding and lets it stand; it opens again only where it gets worse, or went and came again.
   * @throws ProblemError 404 `check.unknown`, 409 `check.closed`
   */
  async close(
    id: bigint,
    close: CheckClose,
    reader: CheckReader,
    actor: SettlementActor,
  ): Promise<CheckDetail> {
    await this.database.transaction(async (transaction) => {
      const finding = visible(await findingById(transaction, id, { lock: true }), reader);
      if ((await closedByKey(transaction, close.actionKey)) === id) return;
      if (finding.state === 'closed')
        throw new ProblemError(409, 'check.closed', '该问题已关闭 (the finding is closed)');
      await closeFinding(transaction, { id, ...close }, { actor, at: this.clock.now() });
    });
    return this.detail(id, reader);
  }

  private async run(by: { startedBy: string; isScheduled: boolean }): Promise<CheckRunView | null> {
    const startedAt = this.clock.now();
    const startedMs = this.clock.realNow().getTime();
    const day = dayOf(startedAt.getTime());
    const counts = await this.database.transaction(async (transaction) => {
      await lockChecks(transaction);
      if (by.isScheduled && (await isDayDone(transaction, day))) return null;
      const found = await this.collect(transaction, day);
      const done = await store(transaction, found, { day, now: startedAt });
      await insertRun(transaction, { ...by, day, startedAt, finishedAt: this.clock.now() }, done);
      return done;
    });
    if (counts === null) return null;
    return { day, ...counts, tookMs: this.clock.realNow().getTime() - startedMs };
  }

  private async collect(database: Queryable, today: string): Promise<SeenFinding[]> {
    return [
      ...(await stationRules(database, today)),
      ...(await repairRules(database, today)),
      ...(await shareRules(database, today)),
      ...(await receivableRules(database, today)),
      ...(await classRules(database, today)),
      ...(await agencyRules(database, today)),
      ...(await transferRules(database, today)),
      ...(await invoiceRules(database, today)),
      ...(await missingStatementRules(database, today)),
      ...(await rentRules(database)),
      ...(await loanRules(database)),
      ...(await matchRules(database, this.matching, today)),
    ];
  }
}

/** Steps of one run over all findings: those seen, and those known that were not. */
async function store(
  transaction: Queryable,
  found: readonly SeenFinding[],
  at: { day: string; now: Date },
): Promise<RunCounts> {
  const known = await knownFindings(transaction);
  const seenByKey = new Map(found.map((finding) => [findingKey(finding), finding]));
  const steps = new Map<string, FindingStep>();
  for (const key of new Set([...known.keys(), ...seenByKey.keys()]))
    steps.set(key, findingStep(known.get(key) ?? null, seenByKey.get(key)?.level ?? null));
  const dueOf = (finding: SeenFinding) => findingDueOn(finding.level, at.day);
  const withDue = (step: FindingStep) =>
    [...steps].flatMap(([key, each]) => {
      const before = known.get(key);
      const finding = seenByKey.get(key);
      return each === step && before && finding ? [{ id: before.id, dueOn: dueOf(finding) }] : [];
    });
  await reopenFindings(transaction, withDue('reopened'), at.now);
  await hurryFindings(transaction, withDue('worse'));
  const changes = [...seenByKey.values()].map((finding) => ({ finding, dueOn: dueOf(finding) }));
  await upsertFindings(transaction, changes, at);
  const after = await knownFindings(transaction);
  const of = (step: FindingStep) =>
    [...steps].flatMap(([key, each]) => {
      const finding = each === step ? after.get(key) : undefined;
      return finding ? [finding] : [];
    });
  const gone = of('gone');
  await markGone(
    transaction,
    gone.map(({ id }) => id),
    at.now,
  );
  const events = (['opened', 'reopened', 'worse', 'gone'] as const).flatMap((kind) =>
    of(kind).map(({ id }) => ({ id, kind })),
  );
  await insertEvents(transaction, events, at.now);
  return {
    opened: of('opened').length,
    reopened: of('reopened').length,
    gone: gone.length,
    present: seenByKey.size,
  };
}

function visible(finding: StoredFinding | null, reader: CheckReader): StoredFinding {
  const isHis =
    finding !== null &&
    (finding.countyCode === null ? reader.area === null : isInArea(reader.area, finding.countyCode));
  if (!isHis) throw new ProblemError(404, 'check.unknown', '没有这个问题 (no such finding)');
  return finding;
}

const daysBetweenDays = (from: string, to: string) =>
  Math.round((Date.parse(to) - Date.parse(from)) / MS_PER_DAY);

function view(finding: StoredFinding, today: string): CheckFindingView {
  const { id, countyCode, acceptedLevel: _, ...rest } = finding;
  return {
    ...rest,
    id: String(id),
    county: countyCode,
    daysLeft: daysBetweenDays(today, finding.dueOn),
    ageDays: daysBetweenDays(finding.firstSeenOn, today),
  };
}
