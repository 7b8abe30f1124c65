// States of a transfer: prepared -> confirmed or failed, confirmed -> failed.
// - prepared: an item of a batch; its money is in no other transfer.
// - confirmed: by another person, with the reference and day of the bank; it is booked.
// - failed: it did not leave, or the bank gave it back (booked on that day); its money is free for another attempt.
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type {
  TransferBatchView,
  TransferConfirmation,
  TransferConfirmed,
  TransferFailure,
  TransferList,
  TransferProposal,
  TransferQuery,
  TransferRetry,
  VillageTransferView,
} from '#contracts';
import {
  dayOf,
  monthOf,
  planTransfers,
  transferPostings,
  transferText,
  type EntryDraft,
  type TransferPlan,
} from '#domain';
import { LedgerService } from '#ledger';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { clockTerms, type ClockTerms } from '../policy/clock-terms.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import {
  freedParts,
  isConfirmedAs,
  lockedTransfers,
  oneCounty,
  requireConfirmable,
  unknownTransfer,
  wrongState,
} from './transfer-rules.ts';
import { plannedView, storedView } from './transfer-view.ts';
import {
  batchByKey,
  countTransfers,
  failedOfVillages,
  insertBatch,
  listTransfers,
  lockTransfers,
  markConfirmed,
  markFailed,
  transferableParts,
  transfersById,
  transfersOfBatch,
  villageNames,
  waitingMoney,
  type StoredBatch,
  type StoredTransfer,
} from './transfer.repository.ts';

/** Money from the agency (结转机构) to the accounts of villages (domain.md, lifecycle of one yuan, steps 6; requirements 25, 26). */
@Injectable()
export class TransferService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
  ) {}

  /**
   * Prepares one transfer a village of a county over everything that was given out and is in no transfer; where one of a
   * village failed before, it is another attempt of it. Without `confirm` the same is done and taken back.
   * @throws ProblemError 409 `transfer.preview_outdated`, 422 `transfer.nothing_given_out`
   * @throws MoneyError `policy.missing`
   */
  async prepare(proposal: TransferProposal, actor: SettlementActor): Promise<TransferBatchView> {
    return this.database.transaction(
      async (transaction) => {
        await lockTransfers(transaction, proposal.county);
        const known = await batchByKey(transaction, proposal.actionKey);
        if (known) return this.batchView(transaction, known);
        const plan = planTransfers(await transferableParts(transaction, proposal.county));
        if (plan.items.length === 0)
          throw new ProblemError(
            422,
            'transfer.nothing_given_out',
            '没有待拨付的已分配金额 (nothing was given out that is not on its way)',
          );
        const batchHash = hashOf(plan, proposal.county);
        if (proposal.confirm !== undefined && proposal.confirm !== batchHash)
          throw new ProblemError(
            409,
            'transfer.preview_outdated',
            '预览之后数据有变，请重新预览再确认 (the batch would be another one now)',
          );
        const retries = await failedOfVillages(
          transaction,
          plan.items.map(({ villageCode }) => villageCode),
        );
        return this.writeBatch(transaction, { ...proposal, plan, batchHash, retries }, actor);
      },
      { rollback: proposal.confirm === undefined },
    );
  }

  /**
   * Another attempt of transfers that failed, each linked to the one before; the clock goes on from the receipt.
   * @throws ProblemError 404 `transfer.unknown`, 409 `transfer.state`, 422 `transfer.mixed_counties`
   */
  async retry(request: TransferRetry, actor: SettlementActor): Promise<TransferBatchView> {
    return this.database.transaction(async (transaction) => {
      const { countyCode } = await oneCounty(transaction, request.ids);
      await lockTransfers(transaction, countyCode);
      const known = await batchByKey(transaction, request.actionKey);
      if (known) return this.batchView(transaction, known);
      const failed = await lockedTransfers(transaction, request.ids);
      const open = await transferableParts(transaction, countyCode);
      const parts = failed.flatMap((transfer) => freedParts(transfer, open));
      const plan = planTransfers(parts);
      const retries = new Map(failed.map(({ villageCode, id, attempt }) => [villageCode, { id, attempt }]));
      if (retries.size !== failed.length)
        throw new ProblemError(
          409,
          'transfer.state',
          '同一村的两笔失败拨付请分别重付 (two of one village: one at a time)',
        );
      const batchHash = hashOf(plan, countyCode);
      const batch = { county: countyCode, actionKey: request.actionKey, confirm: batchHash };
      return this.writeBatch(transaction, { ...batch, plan, batchHash, retries }, actor);
    });
  }

  /**
   * Confirms transfers with the references of the bank, all or none, and books them in one entry of the day. The same
   * confirmation again changes nothing.
   * @throws ProblemError 404 `transfer.unknown`, 403 `transfer.maker_is_checker`, 409 `transfer.state`, 422
   *   `transfer.bad_day`, `transfer.mixed_counties`, `transfer.twice`
   * @throws LedgerError `ledger.period_missing`, `ledger.period_on_hold`, `ledger.balance_too_low`
   */
  async confirm(request: TransferConfirmation, actor: SettlementActor): Promise<TransferConfirmed> {
    const today = dayOf(this.clock.nowMs());
    if (request.transferredOn > today)
      throw new ProblemError(422, 'transfer.bad_day', '拨付日期在今天之后 (the day is in the future)');
    const references = new Map(request.items.map(({ id, bankReference }) => [id, bankReference]));
    if (references.size !== request.items.length)
      throw new ProblemError(422, 'transfer.twice', '同一笔拨付出现两次 (a transfer comes twice)');
    return this.database.transaction(async (transaction) => {
      const ids = [...references.keys()];
      const { countyCode } = await oneCounty(transaction, ids);
      const transfers = await lockedTransfers(transaction, ids);
      const open = transfers.filter((each) => !isConfirmedAs(each, request, references));
      for (const each of open) requireConfirmable(each, request.transferredOn, actor);
      const ledgerSequence =
        open.length === 0
          ? (transfers[0]?.ledgerSequence ?? null)
          : await this.bookConfirmed(transaction, { open, countyCode, request, references }, actor);
      const terms = await this.terms(transaction, countyCode);
      const after = await transfersById(transaction, ids);
      return {
        items: after.map((each) => storedView(each, terms)),
        ledgerSequence: ledgerSequence === null ? null : String(ledgerSequence),
      };
    });
  }

  /**
   * Says that a transfer did not arrive: it never left, or the bank gave it back on `returnedOn`, which is booked on that
   * day. The same again changes nothing.
   * @throws ProblemError 404 `transfer.unknown`, 409 `transfer.state`, 422 `transfer.bad_day`
   * @throws LedgerError as {@link confirm}
   */
  async fail(id: string, failure: TransferFailure, actor: SettlementActor): Promise<VillageTransferView> {
    return this.database.transaction(async (transaction) => {
      const [transfer] = await lockedTransfers(transaction, [id]);
      if (!transfer) throw unknownTransfer();
      const terms = await this.terms(transaction, transfer.countyCode);
      if (transfer.state === 'failed' && transfer.returnedOn === failure.returnedOn)
        return storedView(transfer, terms);
      if (transfer.state === 'failed') throw wrongState(transfer);
      this.requireReturnDay(transfer, failure.returnedOn);
      const returnSequence =
        failure.returnedOn === null
          ? null
          : await this.bookReturned(transaction, transfer, failure.returnedOn, actor);
      await markFailed(
        transaction,
        { id: transfer.id, reason: failure.reason, returnedOn: failure.returnedOn, returnSequence },
        { actor, at: this.clock.now() },
      );
      const [after] = await transfersById(transaction, [id]);
      if (!after) throw unknownTransfer();
      return storedView(after, terms);
    });
  }

  /** Transfers by county, state, village, batch and run, with their sums and what waits for a transfer. */
  async list(query: TransferQuery & { county?: string | undefined }): Promise<TransferList> {
    const filter = {
      countyCode: query.county,
      state: query.state,
      villageCode: query.village,
      batchId: query.batch,
      runId: query.run,
    };
    const page = { limit: query.pageSize, offset: (query.page - 1) * query.pageSize };
    const [transfers, counts, waiting, termsOf] = await Promise.all([
      listTransfers(this.database, filter, page),
      countTransfers(this.database, { ...filter, state: undefined }),
      waitingMoney(this.database, query.county),
      clockTerms(this.database, dayOf(this.clock.nowMs())),
    ]);
    return {
      items: transfers.map((each) => storedView(each, termsOf(each.countyCode))),
      counts: counts.map(({ state, count, amountFen }) => ({ state, count, amountFen: String(amountFen) })),
      waitingCount: waiting.count,
      waitingFen: String(waiting.amountFen),
      page: query.page,
      pageSize: query.pageSize,
    };
  }

  /** County of transfers, for whoever may see one county only. @throws ProblemError as {@link retry} */
  async countyOf(ids: readonly string[]): Promise<string> {
    return (await oneCounty(this.database, ids)).countyCode;
  }

  private async writeBatch(
    transaction: Queryable,
    batch: {
      county: string;
      actionKey: string;
      confirm?: string | undefined;
      plan: TransferPlan;
      batchHash: string;
      retries: ReadonlyMap<string, { id: bigint; attempt: number }>;
    },
    actor: SettlementActor,
  ): Promise<TransferBatchView> {
    const { county, plan, batchHash } = batch;
    const id = await insertBatch(transaction, {
      ...batch,
      countyCode: county,
      actor,
      at: this.clock.now(),
    });
    const view = await this.batchView(transaction, {
      id,
      countyCode: county,
      totalFen: plan.totalFen,
      batchHash,
    });
    const names = await villageNames(
      transaction,
      plan.waiting.map(({ villageCode }) => villageCode),
    );
    const waiting = plan.waiting.map(({ villageCode, amountFen }) => ({
      villageCode,
      villageName: names.get(villageCode) ?? villageCode,
      amountFen: String(amountFen),
    }));
    return batch.confirm === undefined ? plannedView({ ...view, waiting }) : { ...view, waiting };
  }

  private async batchView(transaction: Queryable, batch: StoredBatch): Promise<TransferBatchView> {
    const terms = await this.terms(transaction, batch.countyCode);
    const transfers = await transfersOfBatch(transaction, batch.id);
    return {
      id: batch.id,
      county: batch.countyCode,
      totalFen: String(batch.totalFen),
      batchHash: batch.batchHash,
      workingDays: terms.workingDays,
      items: transfers.map((each) => storedView(each, terms)),
      waiting: [],
    };
  }

  private async terms(database: Queryable, countyCode: string): Promise<ClockTerms> {
    return (await clockTerms(database, dayOf(this.clock.nowMs())))(countyCode);
  }

  private async bookConfirmed(
    transaction: Queryable,
    parts: {
      open: readonly StoredTransfer[];
      countyCode: string;
      request: TransferConfirmation;
      references: ReadonlyMap<string, string>;
    },
    actor: SettlementActor,
  ): Promise<bigint> {
    const { open, countyCode, request, references } = parts;
    const items = open.map(({ id }) => ({
      id: String(id),
      bankReference: references.get(String(id)) ?? '',
    }));
    const text = JSON.stringify(['sunledger-transferred-1', request.transferredOn, items]);
    const { entry } = await this.ledger.bookIn(
      transaction,
      {
        ...(await this.periodOf(transaction, request.transferredOn)),
        idempotencyKey: `transfer:${createHash('sha256').update(text).digest('hex')}`,
        effectiveDay: request.transferredOn,
        description: `拨付到村 ${countyCode} ${open.length} 笔 (transfers to villages)`,
        documentRef: `transfer-batch:${open[0]?.batchId ?? 0}`,
        postings: transferPostings({ countyCode, items: open }),
      },
      actor,
    );
    const by = { actor, at: this.clock.now(), ledgerSequence: entry.sequence };
    await markConfirmed(transaction, items, { ...by, transferredOn: request.transferredOn });
    return entry.sequence;
  }

  /** What came back is an event of its own day, not a mistake of the day on which it left. */
  private async bookReturned(
    transaction: Queryable,
    { id, countyCode, villageCode, amountFen, bankReference }: StoredTransfer,
    returnedOn: string,
    actor: SettlementActor,
  ): Promise<bigint> {
    const { entry } = await this.ledger.bookIn(
      transaction,
      {
        ...(await this.periodOf(transaction, returnedOn)),
        idempotencyKey: `transfer-returned:${id}`,
        effectiveDay: returnedOn,
        description: `拨付退回 ${villageCode} (transfer returned)`,
        documentRef: bankReference,
        postings: transferPostings({ countyCode, items: [{ villageCode, amountFen: -amountFen }] }),
      },
      actor,
    );
    return entry.sequence;
  }

  private requireReturnDay(transfer: StoredTransfer, returnedOn: string | null): void {
    if ((transfer.state === 'confirmed') !== (returnedOn !== null))
      throw new ProblemError(
        422,
        'transfer.bad_day',
        '已确认的拨付须写明退回日期，未确认的不写 (a day of return belongs to a confirmed transfer)',
      );
    const isOutside =
      returnedOn !== null &&
      (returnedOn > dayOf(this.clock.nowMs()) || returnedOn < (transfer.transferredOn ?? ''));
    if (isOutside)
      throw new ProblemError(
        422,
        'transfer.bad_day',
        '退回日期不在拨付日与今天之间 (outside transfer and today)',
      );
  }

  /** What belongs to a closed month is an adjustment in this one. */
  private async periodOf(
    transaction: Queryable,
    day: string,
  ): Promise<Pick<EntryDraft, 'kind' | 'periodMonth'>> {
    const own = day.slice(0, 7);
    const isClosed = (await this.ledger.periodStateIn(transaction, own)) === 'closed';
    return isClosed
      ? { kind: 'adjustment', periodMonth: monthOf(this.clock.nowMs()) }
      : { kind: 'transfer', periodMonth: own };
  }
}

const hashOf = (plan: TransferPlan, countyCode: string) =>
  createHash('sha256').update(transferText(plan, countyCode)).digest('hex');
