import type { StatementMappingList, StatementReport } from '#contracts';
import type { Ref } from 'vue';
import { useDraft } from '../../../state/kept.ts';
import { emptyRow } from './gridRows.ts';

/** What was sent for a preview, so that exactly it can be sent again; `rowOfLine` tells the typed row of each line. */
export interface SentFile {
  name: string;
  /** Whose headings; empty: those that are known. */
  source: string;
  body: Blob;
  rowOfLine: readonly number[] | null;
}

/** Rows that are typed: `columns` are names of the import (`base.amountFen`), `headings` what stands over them in the file. */
export interface HandDraft {
  columns: string[];
  headings: string[];
  rows: string[][];
  source: string;
  /** File that refused rows came from; empty where they were typed. */
  mendedOf: string;
}

/** What a statement has at least, in the order of the paper. */
const HAND_COLUMNS = [
  'accountNo',
  'month',
  'base.energyWh',
  'base.amountFen',
  'subsidy.energyWh',
  'subsidy.amountFen',
  'totalFen',
  'invoiceNo',
] as const;

const FIRST_ROWS = 3;

/** Typed rows of this browser: they survive a reload until they are stored. */
export function useHandDraft(): { draft: Ref<HandDraft>; clear: () => void } {
  return useDraft<HandDraft>('statement-rows', () => ({
    columns: [],
    headings: [],
    rows: [],
    source: '',
    mendedOf: '',
  }));
}

/** The table as it begins, under headings that the import knows. */
export function beginDraft(known: StatementMappingList['known']): HandDraft {
  return {
    columns: [...HAND_COLUMNS],
    headings: HAND_COLUMNS.map((name) => headingOf(known, name)),
    rows: Array.from({ length: FIRST_ROWS }, () => emptyRow(HAND_COLUMNS.length)),
    source: '',
    mendedOf: '',
  };
}

export const headingOf = (known: StatementMappingList['known'], name: string): string =>
  known[name]?.[0] ?? name;

/** Refused rows of a report as typed rows, with those columns of their file that are read. */
export function mendDraft(report: StatementReport, { source, name }: SentFile): HandDraft {
  const read = report.columns.flatMap((column) =>
    column.name === null || column.heading === null
      ? []
      : [{ name: column.name, heading: column.heading, position: column.position }],
  );
  return {
    columns: read.map((column) => column.name),
    headings: read.map(({ heading }) => heading),
    rows: report.refusedRows.map(({ cells }) => read.map(({ position }) => cells[position] ?? '')),
    source,
    mendedOf: name,
  };
}

/** Name of the file that typed rows become; it stands in the list of imports. */
export function handFileName(draft: HandDraft, words: { hand: string; mended: string }, day: string): string {
  return draft.mendedOf === '' ? `${words.hand} ${day}.csv` : `${draft.mendedOf} ${words.mended} ${day}.csv`;
}

/** Faults of a report by typed row; the heading of a problem tells its cell. */
export function faultsOfRows(
  report: StatementReport | null,
  sent: SentFile | null,
  headings: readonly string[],
): Map<number, { column: number | null; text: string }[]> {
  const faults = new Map<number, { column: number | null; text: string }[]>();
  if (report === null || !sent?.rowOfLine) return faults;
  for (const problem of report.problems) {
    // Line 1 of the file is the heading.
    const row = sent.rowOfLine[problem.row - 2];
    if (row === undefined) continue;
    const place = report.columns.find(({ title }) => title === problem.column)?.position ?? -1;
    const column = place >= 0 && place < headings.length ? place : null;
    faults.set(row, [...(faults.get(row) ?? []), { column, text: problem.reason }]);
  }
  return faults;
}
