/** What is wrong with a cell, a row or the file: where, what, and how to mend it. */
export interface RowProblem {
  /** Line of the file as a spreadsheet shows it, from 1. */
  row: number;
  column: string | null;
  value: string | null;
  code: string;
  reason: string;
}

export function fileProblem(row: number, column: string | null, code: string, reason: string): RowProblem {
  return { row, column, value: null, code, reason };
}
