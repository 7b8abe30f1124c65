import { createHash } from 'node:crypto';
import type { ExportKind } from '#contracts';
import type { Queryable } from '#persistence';
import { ProblemError } from '#platform';

/** What makes a file gets. */
export interface BuildTask {
  /** All reads are of one instant. */
  database: Queryable;
  kind: ExportKind;
  countyCode: string | null;
  month: string | null;
  runId: number | null;
  now: Date;
  today: string;
  /** Says how far it is, 0 to 100. @throws ExportGoneError where nobody wants the file any more */
  progress(percent: number): Promise<void>;
}

export interface BuiltFile {
  fileName: string;
  mediaType: string;
  bytes: Buffer;
  rowCount: number;
  contentHash: string;
}

/** The job was cancelled, or another worker has it: what was made so far is thrown away. */
export class ExportGoneError extends Error {
  override readonly name = 'ExportGoneError';
}

/** A file beyond this was asked for by mistake, or wants another way out than a browser. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** @throws ProblemError 413 `export.too_large` */
export function requireSize(bytes: number): void {
  if (bytes > FILE_BYTES_MAX)
    throw new ProblemError(413, 'export.too_large', '文件过大，请缩小范围 (the file would be too large)');
}

export const MEDIA_TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
  pdf: 'application/pdf',
} as const;

/** SHA-256 of figures, whatever file they stand in; the same figures have the same hash. */
export function contentHash(figures: unknown): string {
  const text = JSON.stringify(figures, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** The month of a task that has one. */
export function monthOfTask({ kind, month }: { kind: ExportKind; month: string | null }): string {
  if (month === null) throw new Error(`${kind} needs a month`);
  return month;
}

export const componentName = (component: string): string =>
  ({ base: '基础电价', subsidy: '国家补贴', mechanism_difference: '机制差价', deviation: '偏差考核' })[
    component
  ] ?? component;
