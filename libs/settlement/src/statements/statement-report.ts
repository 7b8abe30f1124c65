import { createHash } from 'node:crypto';
import {
  STATEMENT_CHANGES_SHOWN_MAX,
  STATEMENT_REFUSED_ROWS_SHOWN_MAX,
  type StatementReport,
} from '#contracts';
import { statementText, type StatementChange } from '#domain';
import type { Table } from '#registry';
import type { PlacedColumn } from './header.ts';
import { KNOWN_HEADINGS, mergedMapping } from './mapping.ts';
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
  /** `already_received`: kept, and in force once an adjustment is approved. */
  change: StatementChange;
}

export interface Plan {
  contentHash: string;
  mapping: StoredMapping | null;
  /** Cells of the file as they stand in it. */
  table: Table;
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
    lateCount: count('already_received'),
    refusedRowCount: new Set(problems.map(({ row }) => row)).size,
    sums: sumsOf(rows),
    changes: rows.slice(0, STATEMENT_CHANGES_SHOWN_MAX).map(({ row, stated, account, change }) => ({
      row,
      kind: change.kind === 'already_received' ? 'late' : change.kind,
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
    columns: columnsOf(plan),
    refusedRows: refusedRowsOf(plan),
    problems,
    applied: false,
    isReplay: false,
    importId: null,
  };
}

/** What each heading of the file is taken for, so that a wrong guess is seen before anything is stored. */
function columnsOf({ mapping, file: { header } }: Plan): StatementReport['columns'] {
  const headings = mapping ? mergedMapping(mapping.columns) : KNOWN_HEADINGS;
  return header.titles.map(({ position, title }) => {
    const column = header.columns.find((each) => each.position === position);
    if (!column) return { position, title, name: null, heading: null };
    const name = columnName(column);
    const heading = headings[name]?.[0] ?? title;
    return { position, title, name, heading: column.unit === '' ? heading : `${heading}(${column.unit})` };
  });
}

const columnName = ({ component, field }: PlacedColumn) =>
  component === null ? field : `${component}.${field}`;

function refusedRowsOf({ problems, table, file: { header } }: Plan): StatementReport['refusedRows'] {
  const rows = [...new Set(problems.map(({ row }) => row))].filter((row) => row > header.line);
  return rows.slice(0, STATEMENT_REFUSED_ROWS_SHOWN_MAX).flatMap((row) => {
    const cells = table[row - 1];
    return cells ? [{ row, cells: [...cells] }] : [];
  });
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
