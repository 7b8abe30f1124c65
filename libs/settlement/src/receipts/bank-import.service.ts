import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  BANK_LINES_SHOWN_MAX,
  type BankImportList,
  type BankImportPage,
  type BankImportReport,
} from '#contracts';
import { dayOf } from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { readTable, type Table } from '#registry';
import { fileProblem, type RowProblem } from '../statements/problem.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import { readBankFile } from './bank-file.ts';
import {
  bankImportOfContent,
  insertBankImport,
  linesByReference,
  listBankImports,
  lockBankAccount,
} from './bank-import.repository.ts';
import { bankLineText } from './bank-line-text.ts';
import { isCounty, type BankLine } from './receipt.repository.ts';

export interface BankFileInput {
  county: string;
  /** Account that the file is of; a file does not always name it. */
  bankAccount: string;
  fileName: string;
  /** Content of a `.xlsx` or CSV file. */
  bytes: Buffer;
}

interface PlannedLine extends BankLine {
  row: number;
  isKnown: boolean;
}

interface Plan {
  contentHash: string;
  rowCount: number;
  lines: PlannedLine[];
  problems: RowProblem[];
  previewHash: string;
}

/** Account statements of banks: read, shown, and stored after a person confirmed what was shown (ADR 0016). */
@Injectable()
export class BankImportService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * What a file would do; every bad row is named and nothing is stored.
   * @throws RegistryError `registry.import_too_large`, `registry.import_unreadable`
   * @throws ProblemError 404 `registry.unknown_place`
   */
  async preview(input: BankFileInput): Promise<BankImportReport> {
    const table = await readTable(input.bytes);
    return reportOf(input, await this.plan(this.database, input, table));
  }

  /**
   * Stores what a preview showed; wholly, or with `skipRefused` without the rows that have a problem, which are kept with
   * their reasons. The same bytes again are no new import.
   * @throws ProblemError 409 `receipt.preview_outdated` where it would do something else now, and those of
   *   {@link preview}
   */
  async import(
    input: BankFileInput & { confirm: string; skipRefused: boolean },
    actor: SettlementActor,
  ): Promise<BankImportReport> {
    const table = await readTable(input.bytes);
    return this.database.transaction(async (transaction) => {
      await lockBankAccount(transaction, input.bankAccount);
      const plan = await this.plan(transaction, input, table);
      const report = reportOf(input, plan);
      const fresh = plan.lines.filter(({ isKnown }) => !isKnown);
      const earlier = fresh.length > 0 ? null : await bankImportOfContent(transaction, { ...plan, ...input });
      if (earlier) return { ...report, applied: true, isReplay: true, importId: earlier.id };
      if (plan.previewHash !== input.confirm)
        throw new ProblemError(
          409,
          'receipt.preview_outdated',
          '预览之后数据有变，请重新预览再确认 (what is stored has changed since the preview)',
        );
      if ((plan.problems.length > 0 && !input.skipRefused) || plan.lines.length === 0) return report;
      const importId = await this.write(transaction, { input, plan, report, fresh }, actor);
      return { ...report, applied: true, importId };
    });
  }

  /** Imports of a county with the rows that each left out, the newest first. */
  async list(query: BankImportPage): Promise<BankImportList> {
    const imports = await listBankImports(this.database, {
      countyCode: query.county,
      limit: query.pageSize,
      offset: (query.page - 1) * query.pageSize,
    });
    return {
      items: imports.map(({ countyCode, importedAt, ...rest }) => ({
        ...rest,
        county: countyCode,
        importedAt: importedAt.toISOString(),
      })),
      page: query.page,
      pageSize: query.pageSize,
    };
  }

  private async write(
    transaction: Queryable,
    parts: {
      input: BankFileInput;
      plan: Plan;
      report: BankImportReport;
      fresh: readonly PlannedLine[];
    },
    actor: SettlementActor,
  ): Promise<number> {
    const { input, plan, report, fresh } = parts;
    return insertBankImport(
      transaction,
      {
        countyCode: input.county,
        bankAccount: input.bankAccount,
        fileName: input.fileName,
        contentHash: plan.contentHash,
        rowCount: plan.rowCount,
        enteredCount: report.enteredCount,
        knownCount: report.knownCount,
        refusedCount: report.refusedRowCount,
        refusals: plan.problems,
        lines: fresh.map((line) => ({ ...line, contentHash: sha256(bankLineText(line)) })),
      },
      { actor, at: this.clock.now() },
    );
  }

  private async plan(database: Queryable, input: BankFileInput, table: Table): Promise<Plan> {
    if (!(await isCounty(database, input.county)))
      throw new ProblemError(404, 'registry.unknown_place', `没有这个县 (no such county): ${input.county}`);
    const file = readBankFile(table);
    const references = file.rows.map(({ bankReference }) => bankReference);
    const known = await linesByReference(database, { bankAccount: input.bankAccount, references });
    const lines: PlannedLine[] = [];
    const problems = [...file.problems];
    for (const read of file.rows) {
      const stored = known.get(read.bankReference);
      const line = {
        ...read,
        countyCode: input.county,
        bankAccount: input.bankAccount,
        isKnown: stored !== undefined,
      };
      const problem = lineProblem(line, stored, dayOf(this.clock.nowMs()));
      if (problem) problems.push(problem);
      else lines.push(line);
    }
    problems.sort((a, b) => a.row - b.row);
    const contentHash = sha256(input.bytes);
    const text = JSON.stringify([
      'sunledger-bank-1',
      contentHash,
      input.county,
      input.bankAccount,
      lines.map((line) => [line.row, line.isKnown, bankLineText(line)]),
      problems.map(({ row, column, value, code }) => [row, column, value, code]),
    ]);
    return { contentHash, rowCount: file.rowCount, lines, problems, previewHash: sha256(text) };
  }
}

function lineProblem(line: PlannedLine, stored: BankLine | undefined, today: string): RowProblem | null {
  const at = (code: string, reason: string) => ({
    ...fileProblem(line.row, null, code, reason),
    value: line.bankReference,
  });
  if (line.bookedOn > today) return at('receipt.future_day', '入账日期在今天之后；请核对日期列是否选对');
  if (stored && bankLineText(stored) !== bankLineText(line))
    return at('receipt.reference_reused', '该流水号已有另一笔内容不同的记录；请核对账户和流水号');
  return null;
}

function reportOf(input: BankFileInput, plan: Plan): BankImportReport {
  const fresh = plan.lines.filter(({ isKnown }) => !isKnown);
  const sumFen = (lines: readonly PlannedLine[]) => lines.reduce((sum, { amountFen }) => sum + amountFen, 0n);
  return {
    fileName: input.fileName,
    contentHash: plan.contentHash,
    previewHash: plan.previewHash,
    rowCount: plan.rowCount,
    enteredCount: fresh.length,
    knownCount: plan.lines.length - fresh.length,
    refusedRowCount: new Set(plan.problems.map(({ row }) => row)).size,
    inFen: String(sumFen(fresh.filter(({ amountFen }) => amountFen > 0n))),
    outFen: String(sumFen(fresh.filter(({ amountFen }) => amountFen < 0n))),
    lines: plan.lines.slice(0, BANK_LINES_SHOWN_MAX).map(({ countyCode, amountFen, ...line }) => ({
      ...line,
      county: countyCode,
      amountFen: String(amountFen),
    })),
    problems: plan.problems,
    applied: false,
    isReplay: false,
    importId: null,
  };
}

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
