import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type {
  BankLineDetail,
  BankLineEntry,
  BankLineList,
  BankLineListQuery,
  BankLineView,
  ReceiptMatchEntry,
  ReceiptMatchReport,
} from '#contracts';
import { dayOf, monthOf, monthRange, receiptPostings, type EntryDraft } from '#domain';
import { LedgerService } from '#ledger';
import { Database, postgresError, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import type { SettlementActor } from '../statements/statement.repository.ts';
import { clockTerms } from '../policy/clock-terms.ts';
import { lineView } from './line-view.ts';
import {
  bankLineById,
  bankLineByReference,
  entriesOfLine,
  insertBankLine,
  insertMatches,
  isCounty,
  listBankLines,
  lockBankLine,
  matchesOfKey,
  matchesOfLine,
  reverseMatches,
  sumBankLines,
  type BankLine,
  type StoredBankLine,
} from './receipt.repository.ts';
import { bankLineText } from './bank-line-text.ts';
import { planMatches, type PlannedMatch } from './receipt-plan.ts';

/** Lines of the bank, and which statements they pay (requirement 24). Only what is matched is received. */
@Injectable()
export class ReceiptService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
  ) {}

  /**
   * Keeps lines of the bank, all or none; a reference that is known with the same content is left.
   * @throws ProblemError 404 `registry.unknown_place`, 409 `receipt.reference_reused` where a reference comes with
   *   another content, 422 `receipt.future_day`
   */
  async enter(entries: readonly BankLineEntry[], actor: SettlementActor): Promise<BankLineView[]> {
    const at = this.clock.now();
    const today = dayOf(this.clock.nowMs());
    return this.database.transaction(async (transaction) => {
      const termsOf = await clockTerms(transaction, today);
      const views: BankLineView[] = [];
      for (const [index, entry] of entries.entries()) {
        const line = lineOf(entry);
        if (line.bookedOn > today)
          throw new ProblemError(
            422,
            'receipt.future_day',
            `入账日期在今天之后 (in the future): ${line.bankReference}`,
          );
        if (!(await isCounty(transaction, line.countyCode)))
          throw new ProblemError(
            404,
            'registry.unknown_place',
            `没有这个县 (no such county): ${line.countyCode}`,
          );
        const content = { ...line, contentHash: sha256(bankLineText(line)), row: index + 1 };
        await insertBankLine(transaction, content, { actor, at });
        const stored = await bankLineByReference(transaction, line);
        if (!stored || bankLineText(stored) !== bankLineText(line))
          throw new ProblemError(
            409,
            'receipt.reference_reused',
            `该流水号已有另一笔内容不同的记录 (reference was used with another content): ${line.bankReference}`,
          );
        views.push(lineView(stored, termsOf(stored.countyCode)));
      }
      return views;
    });
  }

  /** Lines of a county, the newest first, with the sums over all that the query finds. Amounts in fen. */
  async list({ county, state, month, page, pageSize }: BankLineListQuery): Promise<BankLineList> {
    const asked = { countyCode: county, state, range: month === undefined ? null : monthRange(month) };
    const [lines, sum, termsOf] = await Promise.all([
      listBankLines(this.database, { ...asked, limit: pageSize, offset: (page - 1) * pageSize }),
      sumBankLines(this.database, asked),
      clockTerms(this.database, dayOf(this.clock.nowMs())),
    ]);
    return {
      items: lines.map((line) => lineView(line, termsOf(line.countyCode))),
      total: sum.count,
      page,
      pageSize,
      sums: {
        amountFen: String(sum.amountFen),
        matchedFen: String(sum.matchedFen),
        openFen: String(sum.amountFen - sum.matchedFen),
        givenOutFen: String(sum.givenOutFen),
      },
    };
  }

  /** A line with what it pays, or paid until it was taken back. @throws ProblemError 404 `receipt.unknown_line` */
  async line(id: bigint): Promise<BankLineDetail> {
    const line = await bankLineById(this.database, id);
    if (!line) throw unknownLine();
    const matches = await matchesOfLine(this.database, id);
    const termsOf = await clockTerms(this.database, dayOf(this.clock.nowMs()));
    return {
      line: lineView(line, termsOf(line.countyCode)),
      matches: matches.map((match) => ({
        ...match,
        amountFen: String(match.amountFen),
        matchedAt: match.matchedAt.toISOString(),
      })),
    };
  }

  /**
   * Matches what is left of a line with what is open of a component, the oldest first, what a person pinned before it. A
   * line below zero takes back what was received: what is more than is stated first, then the newest. Without `confirm`
   * the same is done and taken back.
   * @throws ProblemError 404 `receipt.unknown_line`, 409 `receipt.preview_outdated`, 422 `receipt.nothing_left`,
   *   `receipt.nothing_open`
   * @throws MoneyError `receivable.pin_not_possible`
   * @throws LedgerError `ledger.period_missing`, `ledger.period_on_hold`
   */
  async match(
    bankLineId: bigint,
    entry: ReceiptMatchEntry,
    actor: SettlementActor,
  ): Promise<ReceiptMatchReport> {
    return this.database.transaction(
      async (transaction) => {
        const line = await lockBankLine(transaction, bankLineId);
        if (!line) throw unknownLine();
        const earlier = await appliedBefore(transaction, line, entry);
        if (earlier) return earlier;
        const { planned, unmatchedFen } = await planMatches(transaction, line, entry);
        const matchHash = sha256(planText(line, entry, planned));
        if (entry.confirm !== undefined && entry.confirm !== matchHash)
          throw new ProblemError(
            409,
            'receipt.preview_outdated',
            '预览之后数据有变，请重新预览再确认 (what is open has changed since the preview)',
          );
        const sequence = await this.book(transaction, { line, entry, planned, matchHash }, actor);
        const isApplied = entry.confirm !== undefined;
        return {
          bankLineId: String(bankLineId),
          component: entry.component,
          matches: planned.map(matchView),
          unmatchedFen: String(unmatchedFen),
          matchHash,
          applied: isApplied,
          ledgerSequence: isApplied ? String(sequence) : null,
        };
      },
      { rollback: entry.confirm === undefined },
    );
  }

  /**
   * Takes the matches of a line back, with their entries.
   * @throws ProblemError 404 `receipt.unknown_line`, 409 `receipt.given_out` where a run has given the money out
   */
  async unmatch(bankLineId: bigint, reason: string, actor: SettlementActor): Promise<BankLineView> {
    try {
      return await this.database.transaction(async (transaction) => {
        const line = await lockBankLine(transaction, bankLineId);
        if (!line) throw unknownLine();
        const at = this.clock.now();
        const today = dayOf(this.clock.nowMs());
        for (const sequence of await entriesOfLine(transaction, bankLineId)) {
          const { entry } = await this.ledger.reverseIn(
            transaction,
            {
              idempotencyKey: `unmatch:${sequence}`,
              sequence,
              effectiveDay: today,
              periodMonth: today.slice(0, 7),
              reason,
              documentRef: line.bankReference,
            },
            actor,
          );
          await reverseMatches(transaction, { entry: sequence, ledgerSequence: entry.sequence, actor, at });
        }
        const termsOf = await clockTerms(transaction, today);
        return lineView({ ...line, matchedFen: 0n, givenOutFen: 0n }, termsOf(line.countyCode));
      });
    } catch (error) {
      if (postgresError(error)?.constraint === 'receipt_match_not_allocated')
        throw new ProblemError(
          409,
          'receipt.given_out',
          '该笔到账已分配，请先作废分配 (the money was given out)',
        );
      throw error;
    }
  }

  private async book(
    transaction: Queryable,
    parts: {
      line: StoredBankLine;
      entry: ReceiptMatchEntry;
      planned: readonly PlannedMatch[];
      matchHash: string;
    },
    actor: SettlementActor,
  ): Promise<bigint> {
    const { line, entry, planned, matchHash } = parts;
    const draft: EntryDraft = {
      ...(await this.periodOf(transaction, line)),
      idempotencyKey: `receipt:${matchHash}`,
      effectiveDay: line.bookedOn,
      description: line.amountFen < 0n ? '电费退回 (receipt taken back)' : '电费到账 (receipt)',
      documentRef: line.bankReference,
      postings: receiptPostings({
        countyCode: line.countyCode,
        matched: planned.map(({ statement: { stationCode }, amountFen }) => ({
          stationCode,
          component: entry.component,
          deltaFen: amountFen,
        })),
      }),
    };
    const { entry: booked } = await this.ledger.bookIn(transaction, draft, actor);
    await insertMatches(transaction, planned, {
      bankLineId: line.id,
      ledgerSequence: booked.sequence,
      actor,
      at: this.clock.now(),
    });
    return booked.sequence;
  }

  /**
   * What belongs to a closed month is an adjustment in this one. So is what was taken back: the money may have left the
   * agency already, and the bank does not ask.
   */
  private async periodOf(
    transaction: Queryable,
    { bookedOn, amountFen }: StoredBankLine,
  ): Promise<Pick<EntryDraft, 'kind' | 'periodMonth'>> {
    const own = bookedOn.slice(0, 7);
    const isClosed = (await this.ledger.periodStateIn(transaction, own)) === 'closed';
    return {
      kind: isClosed || amountFen < 0n ? 'adjustment' : 'receipt',
      periodMonth: isClosed ? monthOf(this.clock.nowMs()) : own,
    };
  }
}

/** The answer to a confirmation that was given before; null where it was not. */
async function appliedBefore(
  transaction: Queryable,
  line: StoredBankLine,
  { component, confirm }: ReceiptMatchEntry,
): Promise<ReceiptMatchReport | null> {
  if (confirm === undefined) return null;
  const idempotencyKey = `receipt:${confirm}`;
  const matches = await matchesOfKey(transaction, { bankLineId: line.id, idempotencyKey });
  const [first] = matches;
  if (!first) return null;
  return {
    bankLineId: String(line.id),
    component,
    matches: matches.map(({ stationCode, accountNo, month, amountFen, openFen, receivedFen, isPinned }) => ({
      stationCode,
      accountNo,
      month,
      amountFen: String(amountFen),
      leftFen: String(amountFen < 0n ? receivedFen : openFen),
      isPinned,
    })),
    unmatchedFen: String(line.amountFen - line.matchedFen),
    matchHash: confirm,
    applied: true,
    ledgerSequence: String(first.ledgerSequence),
  };
}

function planText(line: StoredBankLine, entry: ReceiptMatchEntry, planned: readonly PlannedMatch[]): string {
  return JSON.stringify([
    'sunledger-receipt-1',
    String(line.id),
    String(line.matchedFen),
    line.matchCount,
    entry.component,
    planned.map(({ statementId, amountFen, isPinned }) => [String(statementId), String(amountFen), isPinned]),
  ]);
}

function lineOf(entry: BankLineEntry): BankLine {
  return {
    countyCode: entry.county,
    bankAccount: entry.bankAccount,
    bankReference: entry.bankReference,
    bookedOn: entry.bookedOn,
    amountFen: BigInt(entry.amountFen),
    payer: entry.payer,
    purpose: entry.purpose,
  };
}

const unknownLine = () => new ProblemError(404, 'receipt.unknown_line', '没有这笔流水 (no such bank line)');

function matchView({ statement, amountFen, isPinned }: PlannedMatch): ReceiptMatchReport['matches'][number] {
  return {
    stationCode: statement.stationCode,
    accountNo: statement.accountNo,
    month: statement.month,
    amountFen: String(amountFen),
    leftFen: String(amountFen < 0n ? statement.openFen + amountFen : statement.openFen - amountFen),
    isPinned,
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
