import { createHash } from 'node:crypto';
import { STATEMENT_CHANGES_SHOWN_MAX, type StatementReport } from '#contracts';
import { statementText, type StatementChange } from '#domain';
import type { RowProblem } from './problem.ts';
import type { StatedRow, StatementFile } from './statement-file.ts';
import type { GridAccount, StoredMapping } from './statement.repository.ts';

export interface StatementFileInput {
  fileName: string;
  /** Content of a `.xlsx` or CSV file. */
  bytes: Buffer;
  /** Whose headings; null: those that are known. */
  source: string | null;
}

/** What a row would do, with the account that it is of. */
export interface PlannedRow extends StatedRow {
  account: GridAccount;
  change: Exclude<StatementChange, { kind: 'already_received' }>;
}

export interface Plan {
  contentHash: string;
  mapping: StoredMapping | null;
  file: StatementFile;
  rows: PlannedRow[];
  problems: RowProblem[];
  previewHash: string;
}

/** Everything that an import would do, so that a confirmation is bound to it. */
export function previewText(
  contentHash: string,
  mapping: StoredMapping | null,
  rows: readonly PlannedRow[],
  problems: readonly RowProblem[],
): string {
  return JSON.stringify([
    'sunledger-statements-1',
    contentHash,
    mapping?.id ?? null,
    rows.map(({ row, stated, account, change }) => [
      row,
      account.stationId,
      change.kind,
      change.version,
      change.reverses === null ? null : String(change.reverses.id),
      statementText(stated),
    ]),
    problems.map(({ row, column, value, code }) => [row, column, value, code]),
  ]);
}

export function reportOf(input: StatementFileInput, plan: Plan): StatementReport {
  const { rows, problems, file } = plan;
  const count = (kind: PlannedRow['change']['kind']) =>
    rows.filter(({ change }) => change.kind === kind).length;
  return {
    fileName: input.fileName,
    contentHash: plan.contentHash,
    previewHash: plan.previewHash,
    source: input.source,
    mappingVersion: plan.mapping?.version ?? null,
    rowCount: file.rowCount,
    statedCount: count('stated'),
    correctedCount: count('corrected'),
    unchangedCount: count('unchanged'),
    refusedRowCount: new Set(problems.map(({ row }) => row)).size,
    sums: sumsOf(rows),
    changes: rows.slice(0, STATEMENT_CHANGES_SHOWN_MAX).map(({ row, stated, account, change }) => ({
      row,
      kind: change.kind,
      accountNo: stated.accountNo,
      stationCode: account.stationCode,
      month: stated.month,
      component: stated.component,
      version: change.version,
      energyWh: wholeText(stated.energyWh),
      amountFen: String(stated.amountFen),
      beforeEnergyWh: wholeText(change.reverses?.stated.energyWh ?? null),
      beforeAmountFen: wholeText(change.reverses?.stated.amountFen ?? null),
    })),
    problems,
    applied: false,
    isReplay: false,
    importId: null,
  };
}

function sumsOf(rows: readonly PlannedRow[]): StatementReport['sums'] {
  const sums = new Map<string, { amountFen: bigint; energyWh: bigint | null }>();
  for (const { stated } of rows) {
    const sum = sums.get(stated.component) ?? { amountFen: 0n, energyWh: 0n };
    sums.set(stated.component, {
      amountFen: sum.amountFen + stated.amountFen,
      energyWh: sum.energyWh === null || stated.energyWh === null ? null : sum.energyWh + stated.energyWh,
    });
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([component, { amountFen, energyWh }]) => ({
      component,
      amountFen: String(amountFen),
      energyWh: wholeText(energyWh),
    }));
}

const wholeText = (value: bigint | null) => (value === null ? null : String(value));
export const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
