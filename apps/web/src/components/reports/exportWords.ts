import type { ExportJobView, ExportKind } from '#contracts';

/** What a kind of export is of. */
export type ExportSubject = 'month' | 'quarter' | 'run';

export const KIND_SUBJECTS: Readonly<Record<ExportKind, ExportSubject>> = {
  month_pdf: 'month',
  quarter_pdf: 'quarter',
  settlement_xlsx: 'month',
  generation_xlsx: 'month',
  ledger_csv_excel: 'month',
  ledger_csv_machine: 'month',
  run_xlsx: 'run',
  run_csv: 'run',
};

/** Kinds in the order in which they are offered. */
export const EXPORT_KIND_ORDER: readonly ExportKind[] = [
  'month_pdf',
  'quarter_pdf',
  'settlement_xlsx',
  'generation_xlsx',
  'ledger_csv_excel',
  'ledger_csv_machine',
  'run_xlsx',
  'run_csv',
];

const KIBIBYTE = 1024;

/** Size of a file: `12.3 KB`, `1.2 MB`. */
export function sizeText(byteCount: number): string {
  const kilo = byteCount / KIBIBYTE;
  return kilo < KIBIBYTE ? `${kilo.toFixed(1)} KB` : `${(kilo / KIBIBYTE).toFixed(1)} MB`;
}

/** First month of the quarter that a month is in. */
export function quarterStart(month: string): string {
  const first = Math.floor((Number(month.slice(5)) - 1) / 3) * 3 + 1;
  return `${month.slice(0, 5)}${String(first).padStart(2, '0')}`;
}

/** Year and number of the quarter that begins with a month. */
export const quarterOf = (month: string): { year: string; n: number } => ({
  year: month.slice(0, 4),
  n: (Number(month.slice(5)) + 2) / 3,
});

export const isUnfinished = ({ state }: ExportJobView): boolean => state === 'queued' || state === 'running';
