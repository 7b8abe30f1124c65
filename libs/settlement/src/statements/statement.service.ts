import { Inject, Injectable } from '@nestjs/common';
import {
  type StatementImportList,
  type StatementImportPage,
  type StatementMappingList,
  type StatementMappingView,
  type StatementRefusals,
  type StatementReport,
} from '#contracts';
import {
  dayOf,
  isInArea,
  monthOf,
  planStatement,
  settlementPostings,
  statementKey,
  statementText,
  type StatedComponent,
  type StatementChange,
} from '#domain';
import { LedgerService } from '#ledger';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { readTable, type Table } from '#registry';
import { insertCorrections, pendingTexts } from '../adjustments/books.repository.ts';
import { KNOWN_HEADINGS, mergedMapping, statementMappingSchema, type StatementMapping } from './mapping.ts';
import { fileProblem, type RowProblem } from './problem.ts';
import { readStatementFile, type StatedRow } from './statement-file.ts';
import {
  previewText,
  reportOf,
  sha256,
  type Plan,
  type PlannedRow,
  type StatementFileInput,
} from './statement-report.ts';
import {
  accountsOf,
  importOfContent,
  insertImport,
  insertMapping,
  insertStatements,
  lastVersions,
  latestMapping,
  latestMappings,
  listImports,
  lockStatements,
  refusalsOf,
  reverseStatements,
  statementsInForce,
  type GridAccount,
  type SettlementActor,
  type StoredImport,
  type StoredMapping,
} from './statement.repository.ts';

/**
 * Grid statements: read, shown, and stored after a person confirmed exactly what was shown (requirement 21). A preview
 * and an import make the same plan; nothing of a preview is stored. What is in force and says the same stays, so a file
 * may be sent again; what says something else is a reversal and a new version.
 */
@Injectable()
export class StatementService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
  ) {}

  /**
   * What a file would do: the import, taken back. Every bad row is named.
   * @throws RegistryError `registry.import_too_large`, `registry.import_unreadable`
   * @throws ProblemError 404 `statement.unknown_source`
   * @throws LedgerError as {@link import}
   */
  async preview(input: StatementFileInput, actor: SettlementActor): Promise<StatementReport> {
    const table = await readTable(input.bytes);
    return this.database.transaction(
      async (transaction) => {
        await lockStatements(transaction);
        const plan = await this.plan(transaction, input, { table, actor });
        const report = reportOf(input, plan);
        // Written and taken back, so that what the database or the ledger would refuse is heard now. Bad rows first.
        if (report.problems.length === 0) await this.write(transaction, { input, plan, report, actor });
        return report;
      },
      { rollback: true },
    );
  }

  /**
   * Stores what a preview showed; wholly, or with `skipRefused` without the rows that have a problem, which are kept
   * with their reasons. The same bytes again are no new import.
   * @throws ProblemError 409 `statement.preview_outdated` where it would do something else now, and those of
   *   {@link preview}
   * @throws LedgerError `ledger.period_missing`, `ledger.period_closed`, `ledger.period_on_hold` of this month
   */
  async import(
    input: StatementFileInput & { confirm: string; skipRefused: boolean },
    actor: SettlementActor,
  ): Promise<StatementReport> {
    const table = await readTable(input.bytes);
    return this.database.transaction(async (transaction) => {
      await lockStatements(transaction);
      const plan = await this.plan(transaction, input, { table, actor });
      const report = reportOf(input, plan);
      const isNew = report.statedCount + report.correctedCount + report.lateCount > 0;
      const earlier = isNew ? null : await importOfContent(transaction, plan.contentHash);
      if (earlier) return { ...report, applied: true, isReplay: true, importId: earlier.id };
      if (plan.previewHash !== input.confirm)
        throw new ProblemError(
          409,
          'statement.preview_outdated',
          '预览之后数据有变，请重新预览再确认 (what is stored has changed since the preview)',
        );
      if ((report.problems.length > 0 && !input.skipRefused) || plan.rows.length === 0) return report;
      const importId = await this.write(transaction, { input, plan, report, actor });
      return { ...report, applied: true, importId };
    });
  }

  /** Imports, the newest first. */
  async imports({ page, pageSize }: StatementImportPage): Promise<StatementImportList> {
    const { total, items } = await listImports(this.database, {
      limit: pageSize,
      offset: (page - 1) * pageSize,
    });
    return { items: items.map(importView), total, page, pageSize };
  }

  /** Rows that an import left out. @throws ProblemError 404 `statement.unknown_import` */
  async refusals(importId: number): Promise<StatementRefusals> {
    const problems = await refusalsOf(this.database, importId);
    if (!problems) throw new ProblemError(404, 'statement.unknown_import', '没有这次导入 (no such import)');
    return { importId, problems };
  }

  /** Headings that are known, and those of each source. */
  async mappings(): Promise<StatementMappingList> {
    const sources = await latestMappings(this.database);
    return { known: mutable(KNOWN_HEADINGS), sources: sources.map(mappingView) };
  }

  /**
   * Keeps the headings of a source as a new version; the same headings again are the version that there is.
   * @throws ProblemError 422 `statement.bad_mapping`
   */
  async keepMapping(
    source: string,
    columns: StatementMapping,
    actor: SettlementActor,
  ): Promise<StatementMappingView> {
    const parsed = statementMappingSchema.safeParse(mergedMapping(columns));
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({
        path: path.map(String).join('.'),
        message,
      }));
      throw new ProblemError(
        422,
        'statement.bad_mapping',
        '列名对照不可用 (the mapping cannot be used)',
        errors,
      );
    }
    return this.database.transaction(async (transaction) => {
      await lockStatements(transaction);
      const latest = await latestMapping(transaction, source);
      if (latest && sameColumns(latest.columns, columns)) return mappingView(latest);
      const version = (latest?.version ?? 0) + 1;
      const at = this.clock.now();
      await insertMapping(transaction, { source, version, columns }, { actor, at });
      return mappingView({ id: 0, source, version, columns, enteredBy: actor.name, enteredAt: at });
    });
  }

  private async plan(
    transaction: Queryable,
    input: StatementFileInput,
    parts: { table: Table; actor: SettlementActor },
  ): Promise<Plan> {
    const { table, actor } = parts;
    const mapping = await this.mappingOf(transaction, input.source);
    const file = readStatementFile(table, mapping ? mergedMapping(mapping.columns) : KNOWN_HEADINGS);
    const { rows, problems } = await this.planRows(transaction, file.rows, actor);
    const contentHash = sha256(input.bytes);
    const all = [...file.problems, ...problems].sort((a, b) => a.row - b.row);
    return {
      contentHash,
      mapping,
      table,
      file,
      rows,
      problems: all,
      previewHash: sha256(previewText(contentHash, mapping, rows, all)),
    };
  }

  private async mappingOf(transaction: Queryable, source: string | null): Promise<StoredMapping | null> {
    if (source === null) return null;
    const mapping = await latestMapping(transaction, source);
    if (!mapping)
      throw new ProblemError(
        404,
        'statement.unknown_source',
        '该来源没有登记列名对照 (no mapping of this source)',
      );
    return mapping;
  }

  private async planRows(
    transaction: Queryable,
    read: readonly StatedRow[],
    actor: SettlementActor,
  ): Promise<{ rows: PlannedRow[]; problems: RowProblem[] }> {
    const keys = read.map(({ stated: { accountNo, month, component } }) => ({ accountNo, month, component }));
    const accounts = await accountsOf(transaction, [...new Set(keys.map(({ accountNo }) => accountNo))]);
    const stored = await statementsInForce(transaction, keys);
    const inForce = new Map(stored.map((each) => [statementKey(each.stated), each]));
    const pending = await pendingTexts(
      transaction,
      stored.map(({ id }) => id),
    );
    const versions = await lastVersions(transaction, keys);
    const lastVersion = new Map(versions.map((each) => [statementKey(each), each.version]));
    const thisMonth = monthOf(this.clock.nowMs());
    const rows: PlannedRow[] = [];
    const problems: RowProblem[] = [];
    for (const { row, stated } of read) {
      const key = statementKey(stated);
      const account = accounts.get(stated.accountNo);
      const planned = planStatement({
        stated,
        inForce: inForce.get(key) ?? null,
        lastVersion: lastVersion.get(key) ?? 0,
      });
      const change = isPending(stated, planned, pending) ? unchanged(planned) : planned;
      const isOutside = account !== undefined && !isInArea(actor.area ?? null, account.countyCode);
      const isFuture = stated.month > thisMonth;
      const problem = rowProblem({ stated, account, change, isOutside, isFuture });
      if (problem) problems.push({ ...fileProblem(row, null, problem.code, problem.reason), value: key });
      else if (account) rows.push({ row, stated, account, change });
    }
    // A row of the file is taken whole or not at all: its components are one document.
    const refused = new Set(problems.map((each) => each.row));
    return { rows: rows.filter(({ row }) => !refused.has(row)), problems };
  }

  private async write(
    transaction: Queryable,
    parts: { input: StatementFileInput; plan: Plan; report: StatementReport; actor: SettlementActor },
  ): Promise<number> {
    const { input, plan, report, actor } = parts;
    const ledgerSequence = await this.book(transaction, plan, actor);
    const importId = await insertImport(
      transaction,
      {
        ledgerSequence,
        fileName: input.fileName,
        contentHash: plan.contentHash,
        mappingId: plan.mapping?.id ?? null,
        rowCount: report.rowCount,
        statedCount: report.statedCount,
        correctedCount: report.correctedCount,
        unchangedCount: report.unchangedCount,
        refusedCount: report.refusedRowCount,
        refusals: plan.problems,
      },
      { actor, at: this.clock.now() },
    );
    const reversed = plan.rows.flatMap(({ change }) =>
      change.kind === 'corrected' ? [change.reverses.id] : [],
    );
    await reverseStatements(transaction, reversed, importId);
    const written = plan.rows
      .filter(({ change }) => change.kind === 'stated' || change.kind === 'corrected')
      .map(({ row, stated, account, change }) => ({
        row,
        stated,
        version: change.version,
        stationId: account.stationId,
      }));
    await insertStatements(transaction, written, importId);
    const late = plan.rows.flatMap(({ row, stated, change }) =>
      change.kind === 'already_received' ? [{ statementId: change.reverses.id, stated, row }] : [],
    );
    await insertCorrections(transaction, late, { importId, actor, at: this.clock.now() });
    return importId;
  }

  /** What was stated is owed by the grid from the day on which the paper came; a correction books the difference. */
  private async book(transaction: Queryable, plan: Plan, actor: SettlementActor): Promise<bigint | null> {
    const postings = settlementPostings(
      plan.rows.map(({ stated, account, change }) => ({
        stationCode: account.stationCode,
        component: stated.component,
        deltaFen:
          change.kind === 'stated' || change.kind === 'corrected'
            ? stated.amountFen - (change.reverses?.stated.amountFen ?? 0n)
            : 0n,
      })),
    );
    if (postings.length === 0) return null;
    const effectiveDay = dayOf(this.clock.nowMs());
    const { entry } = await this.ledger.bookIn(
      transaction,
      {
        idempotencyKey: `statements:${plan.previewHash}`,
        kind: 'settlement',
        effectiveDay,
        periodMonth: effectiveDay.slice(0, 7),
        description: '电网结算单 (grid statements)',
        documentRef: plan.contentHash,
        postings,
      },
      actor,
    );
    return entry.sequence;
  }
}

/** The same paper again is no second one, while nobody has decided on it. */
function isPending(
  stated: StatedComponent,
  change: StatementChange,
  pending: ReadonlyMap<bigint, string>,
): boolean {
  return change.kind === 'already_received' && pending.get(change.reverses.id) === statementText(stated);
}

const unchanged = ({ version }: StatementChange): StatementChange => ({
  kind: 'unchanged',
  version: version - 1,
  reverses: null,
});

function rowProblem(row: {
  stated: StatedComponent;
  account: GridAccount | undefined;
  change: StatementChange;
  isOutside: boolean;
  isFuture: boolean;
}): { code: string; reason: string } | null {
  if (!row.account)
    return {
      code: 'statement.unknown_account',
      reason: '户号未登记；请核对户号，或先在电站档案中登记该户号',
    };
  if (row.isOutside)
    return {
      code: 'statement.outside_area',
      reason: '该户号不在您的管辖范围内；请删去此行，由该县经办导入',
    };
  if (row.isFuture) return { code: 'statement.future_month', reason: '结算年月在本月之后；请核对年月' };
  if (row.change.kind === 'already_received' && row.change.reverses.stated.amountFen === row.stated.amountFen)
    return {
      code: 'statement.already_received',
      reason: '该结算单已有到账而金额未变，无需调整；电量、发票等更正请附说明存档',
    };
  return null;
}

function importView({ importedAt, ...rest }: StoredImport): StatementImportList['items'][number] {
  return { ...rest, importedAt: importedAt.toISOString() };
}

function mappingView({
  source,
  version,
  columns,
  enteredBy,
  enteredAt,
}: StoredMapping): StatementMappingView {
  return { source, version, columns: mutable(columns), enteredBy, enteredAt: enteredAt.toISOString() };
}

function mutable(columns: StatementMapping): Record<string, string[]> {
  return Object.fromEntries(Object.entries(columns).map(([name, headings]) => [name, [...headings]]));
}

/** jsonb does not keep the order of columns. */
function sameColumns(a: StatementMapping, b: StatementMapping): boolean {
  const text = (columns: StatementMapping) =>
    JSON.stringify(Object.entries(columns).sort(([one], [other]) => (one < other ? -1 : 1)));
  return text(a) === text(b);
}
