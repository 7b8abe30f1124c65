// States of an adjustment: proposed -> approved, rejected or withdrawn.
// - proposed: found by a look at what approved runs rested on; one a station-month.
// - approved: by another person, for exactly that hash; booked in the open period. What was booked before stands.
// - rejected: by a person, with a reason; a paper that it rested on does not come into force.
// - withdrawn: a later look found no difference any more, or another one.
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { AdjustmentList, AdjustmentQuery, AdjustmentScanReport, AdjustmentView } from '#contracts';
import {
  adjustmentPostings,
  adjustmentText,
  dayOf,
  MoneyError,
  planAdjustment,
  policyOn,
  type AdjustmentPlan,
} from '#domain';
import { LedgerService } from '#ledger';
import { Database, sql, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { lockAllocation } from '../allocation/allocation.repository.ts';
import { settlementPolicies } from '../policy/policy.repository.ts';
import { lockStatements, type SettlementActor } from '../statements/statement.repository.ts';
import {
  adjustmentById,
  countAdjustments,
  countiesOfStations,
  countyCodes,
  insertAdjustment,
  insertScan,
  isScanned,
  lastScanAt,
  listAdjustments,
  markAdjusted,
  markDecided,
  proposedAdjustments,
  rejectedHashes,
  type BlockedMonth,
  type StoredAdjustment,
} from './adjustment.repository.ts';
import { amendStatements } from './books.repository.ts';
import { firstMonth } from './look-back.ts';
import { readBooks, type BooksOfStation } from './station-books.ts';

/** The worker, under what it finds by itself. */
const SCANNER: SettlementActor = { accountId: 'worker', name: '系统每日复查' };
/** Of all programs that scan: one at a time. */
const SCAN_LOCK = 7_260_471;

interface Planned {
  stationId: number;
  month: string;
  plan: AdjustmentPlan;
  adjustmentHash: string;
  correctionIds: bigint[];
  proposer: SettlementActor;
}

/** What a late change of a closed month makes of it, as a voucher in the open period (ADR 0016, 0019). */
@Injectable()
export class AdjustmentService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
  ) {}

  /**
   * Looks at every station-month of a county within the look-back of its policy and proposes what is different now. A
   * proposal that is still so stays; one that is not is withdrawn.
   * @throws MoneyError `policy.missing`
   */
  async scan(county: string, actor: SettlementActor): Promise<AdjustmentScanReport> {
    return this.database.transaction(async (transaction) => {
      await lockAllocation(transaction, county);
      const { planned, blocked, lookedAtCount } = await this.plan(transaction, county, null, actor);
      const standing = await proposedAdjustments(transaction, county);
      const kept = standing.filter((each) => planned.some((plan) => isSame(each, plan)));
      const gone = standing.filter((each) => !kept.includes(each));
      const at = this.clock.now();
      for (const { id } of gone)
        await markDecided(
          transaction,
          { id, state: 'withdrawn', reason: '复查时差异已不同 (found to be another one)' },
          { actor, at },
        );
      const rejected = await rejectedHashes(transaction, county);
      const proposed: AdjustmentView[] = [];
      for (const plan of planned) {
        const isDecided = rejected.has(plan.adjustmentHash) || kept.some((stood) => isSame(stood, plan));
        if (isDecided) continue;
        const id = await insertAdjustment(transaction, { ...plan, countyCode: county, at });
        const stored = await adjustmentById(transaction, id);
        if (stored) proposed.push(view(stored));
      }
      return { lookedAtCount, proposed, unchangedCount: kept.length, withdrawnCount: gone.length, blocked };
    });
  }

  /** {@link scan} of the counties of some stations. */
  async scanStations(stationCodes: readonly string[], actor: SettlementActor): Promise<void> {
    for (const county of await countiesOfStations(this.database, stationCodes))
      await this.scan(county, actor);
  }

  /** Looks at all counties once a Shanghai day; null where that was done, or another program is at it. */
  async scanDaily(): Promise<{ proposedCount: number; withdrawnCount: number } | null> {
    const day = dayOf(this.clock.nowMs());
    return this.database.transaction(async (transaction) => {
      const [lock] = await transaction.query<{ ours: boolean }>(sql`
        select pg_try_advisory_xact_lock(${SCAN_LOCK}::bigint) as ours`);
      if (lock?.ours !== true || (await isScanned(transaction, day))) return null;
      const sum = { lookedAtCount: 0, proposedCount: 0, withdrawnCount: 0 };
      const blocked: BlockedMonth[] = [];
      for (const county of await countyCodes(transaction)) {
        const report = await this.scanOrBlock(county, blocked);
        if (report === null) continue;
        sum.lookedAtCount += report.lookedAtCount;
        sum.proposedCount += report.proposed.length;
        sum.withdrawnCount += report.withdrawnCount;
        blocked.push(...report.blocked);
      }
      await insertScan(
        transaction,
        { day, isDaily: true, ...sum, blocked },
        { actor: SCANNER, at: this.clock.now() },
      );
      return sum;
    });
  }

  /**
   * Approves an adjustment for exactly the hash that was looked at, and books it in the open period of today.
   * @throws ProblemError 404 `adjustment.unknown`, 409 `adjustment.state`, `adjustment.hash_differs`,
   *   `adjustment.outdated` where it would be another one now, 403 `adjustment.maker_is_checker`
   * @throws LedgerError `ledger.period_missing`, `ledger.period_closed`
   */
  async approve(id: number, adjustmentHash: string, actor: SettlementActor): Promise<AdjustmentView> {
    return this.database.transaction(async (transaction) => {
      const { countyCode } = await found(transaction, id, { lock: false });
      await lockAllocation(transaction, countyCode);
      await lockStatements(transaction);
      const adjustment = await found(transaction, id, { lock: true });
      if (adjustment.state === 'approved' && adjustment.adjustmentHash === adjustmentHash)
        return view(adjustment);
      requireApprovable(adjustment, adjustmentHash, actor);
      const only = { stationId: adjustment.stationId, month: adjustment.month };
      const { planned } = await this.plan(transaction, countyCode, only, actor);
      const [now] = planned;
      if (!now || !isSame(adjustment, now))
        throw new ProblemError(
          409,
          'adjustment.outdated',
          '提出之后数据有变，请重新复查 (it would be another one now: look again)',
        );
      await amendStatements(transaction, now.correctionIds);
      const effectiveDay = dayOf(this.clock.nowMs());
      const periodMonth = effectiveDay.slice(0, 7);
      const { entry } = await this.ledger.bookIn(
        transaction,
        {
          idempotencyKey: `adjustment:${id}:${adjustmentHash}`,
          kind: 'adjustment',
          effectiveDay,
          periodMonth,
          description: `${adjustment.stationCode} ${adjustment.month} 调整 (adjustment)`,
          documentRef: `adjustment:${id}`,
          postings: adjustmentPostings(now.plan, adjustment.stationCode),
        },
        actor,
      );
      await markAdjusted(
        transaction,
        { id, adjustmentHash, periodMonth, ledgerSequence: entry.sequence },
        { actor, at: this.clock.now() },
      );
      return view(await found(transaction, id, { lock: false }));
    });
  }

  /**
   * Rejects an adjustment; what it rested on comes again only where it changes.
   * @throws ProblemError 404 `adjustment.unknown`, 409 `adjustment.state`
   */
  async reject(id: number, reason: string, actor: SettlementActor): Promise<AdjustmentView> {
    return this.database.transaction(async (transaction) => {
      const adjustment = await found(transaction, id, { lock: true });
      if (adjustment.state !== 'proposed') throw wrongState(adjustment);
      await markDecided(transaction, { id, state: 'rejected', reason }, { actor, at: this.clock.now() });
      return view(await found(transaction, id, { lock: false }));
    });
  }

  /** An adjustment with its villages. @throws ProblemError 404 `adjustment.unknown` */
  async adjustment(id: number): Promise<AdjustmentView> {
    return view(await found(this.database, id, { lock: false }));
  }

  /** Adjustments by county, state, station and month; proposed ones first. */
  async list(query: AdjustmentQuery & { county?: string | undefined }): Promise<AdjustmentList> {
    const filter = {
      countyCode: query.county,
      state: query.state,
      stationCode: query.station,
      month: query.month,
    };
    const page = { limit: query.pageSize, offset: (query.page - 1) * query.pageSize };
    const [items, counts, scannedAt] = await Promise.all([
      listAdjustments(this.database, filter, page),
      countAdjustments(this.database, { ...filter, state: undefined }),
      lastScanAt(this.database),
    ]);
    return {
      items: items.map(view),
      counts: Object.fromEntries(counts.map(({ state, count }) => [state, count])),
      lastScanAt: scannedAt?.toISOString() ?? null,
      page: query.page,
      pageSize: query.pageSize,
    };
  }

  /** A county without a rule is named, and the others are looked at all the same. */
  private async scanOrBlock(county: string, blocked: BlockedMonth[]): Promise<AdjustmentScanReport | null> {
    try {
      return await this.scan(county, SCANNER);
    } catch (error) {
      if (!(error instanceof MoneyError)) throw error;
      blocked.push({ stationCode: county, month: '', code: error.code, reason: error.message });
      return null;
    }
  }

  private async plan(
    transaction: Queryable,
    countyCode: string,
    only: { stationId: number; month: string } | null,
    actor: SettlementActor,
  ): Promise<{ planned: Planned[]; blocked: BlockedMonth[]; lookedAtCount: number }> {
    const today = dayOf(this.clock.nowMs());
    const policy = policyOn(await settlementPolicies(transaction), { countyCode, day: today });
    const fromMonth = firstMonth(today, policy.value.lookBackMonths);
    const all = await readBooks(transaction, { countyCode, fromMonth, only });
    const blocked: BlockedMonth[] = [];
    const planned = all.flatMap((each) => {
      const { stationCode, month } = each.books;
      if (month < fromMonth) {
        const reason = `早于回溯期限 ${fromMonth}，不再调整 (before the look-back)`;
        blocked.push({ stationCode, month, code: 'adjustment.beyond_look_back', reason });
        return [];
      }
      const plan = planOrBlock(each, blocked);
      return plan === null ? [] : [planOf(each, plan, actor)];
    });
    return { planned, blocked, lookedAtCount: all.length };
  }
}

/** What is not known is no adjustment: it is named, and looked at again the next time. */
function planOrBlock({ books }: BooksOfStation, blocked: BlockedMonth[]): AdjustmentPlan | null {
  try {
    return planAdjustment(books);
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    const { stationCode, month } = books;
    blocked.push({ stationCode, month, code: error.code, reason: error.message });
    return null;
  }
}

/** Who brought the paper is its maker; otherwise who looked. */
function planOf(each: BooksOfStation, plan: AdjustmentPlan, actor: SettlementActor): Planned {
  const { stationCode, month } = each.books;
  const correctionIds = each.corrections.map(({ correctionId }) => correctionId);
  const text = adjustmentText(plan, { stationCode, month, correctionIds });
  const last = each.corrections.at(-1);
  return {
    stationId: each.stationId,
    month,
    plan,
    correctionIds,
    adjustmentHash: createHash('sha256').update(text).digest('hex'),
    proposer: last ? { accountId: last.enteredById, name: last.enteredBy } : actor,
  };
}

const isSame = (stored: StoredAdjustment, planned: Planned) =>
  stored.stationId === planned.stationId &&
  stored.month === planned.month &&
  stored.adjustmentHash === planned.adjustmentHash;

async function found(database: Queryable, id: number, options: { lock: boolean }): Promise<StoredAdjustment> {
  const adjustment = await adjustmentById(database, id, options);
  if (!adjustment) throw new ProblemError(404, 'adjustment.unknown', '没有这笔调整 (no such adjustment)');
  return adjustment;
}

const wrongState = ({ state }: StoredAdjustment) =>
  new ProblemError(409, 'adjustment.state', `该调整的状态是 ${state} (the adjustment is ${state})`);

function requireApprovable(
  adjustment: StoredAdjustment,
  adjustmentHash: string,
  actor: SettlementActor,
): void {
  if (adjustment.state !== 'proposed') throw wrongState(adjustment);
  if (adjustment.adjustmentHash !== adjustmentHash)
    throw new ProblemError(
      409,
      'adjustment.hash_differs',
      '所审批的不是这一版 (another version was looked at)',
    );
  if (adjustment.proposedById === actor.accountId)
    throw new ProblemError(
      403,
      'adjustment.maker_is_checker',
      '提出人不能审批自己的调整 (maker is not checker)',
    );
}

function view(adjustment: StoredAdjustment): AdjustmentView {
  const { countyCode, stationId: _, proposedById: __, ...rest } = adjustment;
  return {
    ...rest,
    county: countyCode,
    settledFen: String(adjustment.settledFen),
    totalFen: String(adjustment.totalFen),
    proposedAt: adjustment.proposedAt.toISOString(),
    decidedAt: adjustment.decidedAt?.toISOString() ?? null,
    ledgerSequence: adjustment.ledgerSequence === null ? null : String(adjustment.ledgerSequence),
  };
}
