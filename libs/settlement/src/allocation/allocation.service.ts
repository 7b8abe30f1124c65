// States of a run: proposed -> approved -> voided, proposed -> voided.
// - proposed: everything is written and hashed; its money is in no other run.
// - approved: by somebody else, for exactly that hash; it is booked.
// - voided: with a reason; the entry is taken back and the money is free for another run.
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type {
  AllocationProposal,
  AllocationRunList,
  AllocationRunQuery,
  AllocationRunView,
} from '#contracts';
import {
  allocationPostings,
  dayOf,
  policyOn,
  proposeRun,
  runDifference,
  runText,
  type DatedPolicy,
} from '#domain';
import { LedgerService } from '#ledger';
import { Database, postgresError, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { takenByAdjustment } from '../adjustments/adjustment.repository.ts';
import { MatchingService } from '../matching/matching.service.ts';
import { settlementPolicies, type SettlementRules } from '../policy/policy.repository.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import {
  bookingLines,
  countRuns,
  insertRun,
  lastApproved,
  listRuns,
  lockAllocation,
  markApproved,
  markVoided,
  receivedMoney,
  runById,
  runByKey,
  villageLineages,
  villagesOfRun,
  type ReceivedOfStation,
  type StoredRun,
} from './allocation.repository.ts';
import { withoutNothing, withoutTaken } from './received.ts';
import { rightsOf, villagesOfRights } from './rights.ts';

type Held = AllocationRunView['held'];

/** Runs that give received money out to villages (domain.md section 6; requirements 28, 29, 34). */
@Injectable()
export class AllocationService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(MatchingService) private readonly matching: MatchingService,
  ) {}

  /**
   * Proposes a run over all received money of a county that is in no run yet. Money of station-months that are blocked,
   * or whose differences nobody has signed, is held back. Without `confirm` the same is done and taken back.
   * @throws ProblemError 409 `allocation.preview_outdated`, 422 `allocation.nothing_received`
   * @throws MoneyError of shares that are not whole, villages without a successor, days that are unknown
   */
  async propose(proposal: AllocationProposal, actor: SettlementActor): Promise<AllocationRunView> {
    return this.database.transaction(
      async (transaction) => {
        await lockAllocation(transaction, proposal.county);
        const known = await runByKey(transaction, proposal.actionKey);
        if (known) return this.view(transaction, known, []);
        const { free, held } = await this.received(transaction, proposal.county);
        if (free.length === 0)
          throw new ProblemError(
            422,
            'allocation.nothing_received',
            held.length === 0
              ? '没有可分配的到账 (nothing was received that could be given out)'
              : '到账均被暂缓，请先处理对账差异 (all that was received is held back)',
          );
        const id = await this.write(transaction, { proposal, free, actor });
        const run = await runById(transaction, id);
        if (!run) throw new Error('the run is gone');
        if (proposal.confirm !== undefined && proposal.confirm !== run.runHash)
          throw new ProblemError(
            409,
            'allocation.preview_outdated',
            '预览之后数据有变，请重新预览再确认 (the run would be another one now)',
          );
        const view = await this.view(transaction, run, held);
        return proposal.confirm === undefined ? { ...view, id: null } : view;
      },
      { rollback: proposal.confirm === undefined },
    );
  }

  /**
   * Approves a run for exactly the hash that was looked at, and books it.
   * @throws ProblemError 404 `allocation.unknown`, 409 `allocation.state`, `allocation.hash_differs`,
   *   `allocation.outdated_month`, `allocation.policy_unconfirmed`, 403 `allocation.maker_is_checker`
   * @throws LedgerError `ledger.period_missing`, `ledger.period_closed`, `ledger.period_on_hold`
   */
  async approve(id: number, runHash: string, actor: SettlementActor): Promise<AllocationRunView> {
    return this.database.transaction(async (transaction) => {
      const run = await this.lockedRun(transaction, id);
      if (run.state === 'approved' && run.runHash === runHash) return this.view(transaction, run, []);
      if (run.state !== 'proposed') throw wrongState(run);
      if (run.runHash !== runHash)
        throw new ProblemError(
          409,
          'allocation.hash_differs',
          '所审批的不是这一版 (another version was looked at)',
        );
      if (run.proposedById === actor.accountId)
        throw new ProblemError(
          403,
          'allocation.maker_is_checker',
          '制表人不能审批自己的分配 (maker is not checker)',
        );
      if (!run.isConfirmed)
        throw new ProblemError(
          409,
          'allocation.policy_unconfirmed',
          '所依据的规则未经县级确认，请先登记本县规则 (the policy is not confirmed by the county)',
        );
      const effectiveDay = dayOf(this.clock.nowMs());
      if (run.month !== effectiveDay.slice(0, 7))
        throw new ProblemError(
          409,
          'allocation.outdated_month',
          '分配是上个月提出的，请作废后重新提出 (proposed in an earlier month: void and propose again)',
        );
      const postings = allocationPostings(await bookingLines(transaction, id));
      // A village that is given less than nothing may have passed its money on: that puts right, and is not refused.
      const takesBack = postings.some(
        ({ account, amountFen }) => account.kind === 'village' && amountFen > 0n,
      );
      const { entry } = await this.ledger.bookIn(
        transaction,
        {
          idempotencyKey: `allocation:${id}:${runHash}`,
          kind: takesBack ? 'adjustment' : 'allocation',
          effectiveDay,
          periodMonth: run.month,
          description: `收益分配 ${run.countyCode} ${run.month} (allocation)`,
          documentRef: `allocation-run:${id}`,
          postings,
        },
        actor,
      );
      const approved = { id, runHash, ledgerSequence: entry.sequence };
      await markApproved(transaction, approved, { actor, at: this.clock.now() });
      return this.view(transaction, await this.lockedRun(transaction, id), []);
    });
  }

  /**
   * Voids a run; where it was booked, the entry is taken back.
   * @throws ProblemError 404 `allocation.unknown`, 409 `allocation.state`, `allocation.transferred` where its money is on
   *   the way to villages
   */
  async void(id: number, reason: string, actor: SettlementActor): Promise<AllocationRunView> {
    return this.database.transaction(async (transaction) => {
      const run = await this.lockedRun(transaction, id);
      if (run.state === 'voided') throw wrongState(run);
      const ledgerSequence =
        run.ledgerSequence === null
          ? null
          : await this.takeBack(transaction, run.ledgerSequence, reason, actor);
      await this.markVoided(transaction, { id, reason, ledgerSequence }, actor);
      return this.view(transaction, await this.lockedRun(transaction, id), []);
    });
  }

  private async markVoided(
    transaction: Queryable,
    run: { id: number; reason: string; ledgerSequence: bigint | null },
    actor: SettlementActor,
  ): Promise<void> {
    try {
      await markVoided(transaction, run, { actor, at: this.clock.now() });
    } catch (error) {
      if (postgresError(error)?.constraint !== 'allocation_run_not_transferred') throw error;
      throw new ProblemError(
        409,
        'allocation.transferred',
        '该分配的款项已在拨付中，不能作废；差错请做调整 (its money is on the way: adjust what is wrong)',
      );
    }
  }

  /** A run with its villages. @throws ProblemError 404 `allocation.unknown` */
  async run(id: number): Promise<AllocationRunView> {
    const run = await runById(this.database, id);
    if (!run) throw unknownRun();
    return this.view(this.database, run, []);
  }

  /** Runs of a county, or of all, the newest first. */
  async list(query: AllocationRunQuery): Promise<AllocationRunList> {
    const { page, pageSize } = query;
    const countyCode = query.county ?? null;
    const [runs, counts] = await Promise.all([
      listRuns(this.database, {
        countyCode,
        state: query.state ?? null,
        limit: pageSize,
        offset: (page - 1) * pageSize,
      }),
      countRuns(this.database, countyCode),
    ]);
    const total = query.state ? counts[query.state] : counts.proposed + counts.approved + counts.voided;
    const items = runs.map((run) => ({
      ...headOf(run),
      id: run.id,
      villages: run.villages,
      stations: run.stations,
      months: run.months,
    }));
    return { items, counts, total, page, pageSize };
  }

  /** County of a run, which tells who may see it. @throws ProblemError 404 `allocation.unknown` */
  async countyOf(id: number): Promise<string> {
    const run = await runById(this.database, id);
    if (!run) throw unknownRun();
    return run.countyCode;
  }

  private async lockedRun(transaction: Queryable, id: number): Promise<StoredRun> {
    const run = await runById(transaction, id, { lock: true });
    if (!run) throw unknownRun();
    return run;
  }

  private async takeBack(
    transaction: Queryable,
    sequence: bigint,
    reason: string,
    actor: SettlementActor,
  ): Promise<bigint> {
    const effectiveDay = dayOf(this.clock.nowMs());
    const { entry } = await this.ledger.reverseIn(
      transaction,
      {
        idempotencyKey: `void-allocation:${sequence}`,
        sequence,
        effectiveDay,
        periodMonth: effectiveDay.slice(0, 7),
        reason,
        documentRef: null,
      },
      actor,
    );
    return entry.sequence;
  }

  /** What may be given out, and what is held back with the state of its station-month. */
  private async received(
    transaction: Queryable,
    countyCode: string,
  ): Promise<{ free: ReceivedOfStation[]; held: Held }> {
    const taken = await takenByAdjustment(transaction, countyCode);
    const all = withoutNothing(withoutTaken(await receivedMoney(transaction, countyCode), taken));
    const states = new Map<string, string>();
    for (const month of new Set(all.map((each) => each.month)))
      for (const [stationCode, state] of await this.matching.states(transaction, countyCode, month))
        states.set(`${stationCode}/${month}`, state);
    const stateOf = ({ stationCode, month }: ReceivedOfStation) =>
      states.get(`${stationCode}/${month}`) ?? 'missing';
    const isHeld = (each: ReceivedOfStation) => HOLDING.has(stateOf(each));
    return {
      free: all.filter((each) => !isHeld(each)),
      held: all.filter(isHeld).map((each) => ({
        stationCode: each.stationCode,
        month: each.month,
        component: each.component,
        amountFen: String(each.amountFen),
        state: stateOf(each),
      })),
    };
  }

  private async write(
    transaction: Queryable,
    parts: { proposal: AllocationProposal; free: readonly ReceivedOfStation[]; actor: SettlementActor },
  ): Promise<number> {
    const { proposal, free, actor } = parts;
    const day = dayOf(this.clock.nowMs());
    const policy = await this.policy(transaction, proposal.county, day);
    const rights = await rightsOf(transaction, free);
    const run = proposeRun({
      received: free,
      rights,
      villages: await villageLineages(transaction, villagesOfRights(rights)),
      costs: policy.value.costs,
      minimum: policy.value.minimum,
      day,
    });
    const terms = { countyCode: proposal.county, month: day.slice(0, 7), policyId: policy.value.policyId };
    return insertRun(transaction, {
      run,
      ...terms,
      stationIds: new Map(free.map(({ stationCode, stationId }) => [stationCode, stationId])),
      runHash: createHash('sha256').update(runText(run, terms)).digest('hex'),
      actionKey: proposal.actionKey,
      actor,
      at: this.clock.now(),
    });
  }

  private async policy(
    transaction: Queryable,
    countyCode: string,
    day: string,
  ): Promise<DatedPolicy<SettlementRules>> {
    return policyOn(await settlementPolicies(transaction), { countyCode, day });
  }

  /** Against the last approved run before it, the largest change first. */
  private async view(database: Queryable, run: StoredRun, held: Held): Promise<AllocationRunView> {
    const villages = await villagesOfRun(database, run.id);
    const last = await lastApproved(database, { countyCode: run.countyCode, beforeId: run.id });
    const before = last ? await villagesOfRun(database, last.id) : [];
    const byCode = new Map([...before, ...villages].map((each) => [each.villageCode, each]));
    const inRun = new Set(villages.map(({ villageCode }) => villageCode));
    const sumFen = villages.reduce((sum, { amountFen }) => sum + amountFen, 0n);
    return {
      ...headOf(run),
      comparedWithId: last?.id ?? null,
      isWhole: sumFen === run.totalFen,
      held,
      villages: runDifference(before, villages).map(({ villageCode, beforeFen, differenceFen }) => {
        const village = byCode.get(villageCode);
        const own = inRun.has(villageCode) ? village : undefined;
        return {
          villageCode,
          villageName: village?.villageName ?? villageCode,
          amountFen: String(own?.amountFen ?? 0n),
          costFen: String(own?.costFen ?? 0n),
          netFen: String(own?.netFen ?? 0n),
          floorFen: String(own?.floorFen ?? 0n),
          beforeFen: beforeFen === null ? null : String(beforeFen),
          differenceFen: String(differenceFen),
        };
      }),
    };
  }
}

/** States of a station-month whose money waits: the paper may not be believed, or nobody signed for what differs. */
export const HOLDING: ReadonlySet<string> = new Set(['missing', 'blocked', 'needs_reason']);

const unknownRun = () => new ProblemError(404, 'allocation.unknown', '没有这次分配 (no such run)');
const wrongState = ({ state }: StoredRun) =>
  new ProblemError(409, 'allocation.state', `该分配的状态是 ${state} (the run is ${state})`);

function headOf(run: StoredRun) {
  return {
    id: run.id,
    county: run.countyCode,
    month: run.month,
    state: run.state,
    totalFen: String(run.totalFen),
    runHash: run.runHash,
    policy: { documentNumber: run.documentNumber, isConfirmed: run.isConfirmed },
    proposedById: run.proposedById,
    proposedBy: run.proposedBy,
    proposedAt: run.proposedAt.toISOString(),
    approvedBy: run.approvedBy,
    approvedAt: run.approvedAt?.toISOString() ?? null,
    voidedBy: run.voidedBy,
    voidedAt: run.voidedAt?.toISOString() ?? null,
    voidReason: run.voidReason,
    ledgerSequence: run.ledgerSequence === null ? null : String(run.ledgerSequence),
  };
}
