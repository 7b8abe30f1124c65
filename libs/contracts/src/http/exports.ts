import { z } from 'zod';
import { daySchema, instantSchema, monthSchema } from '../common.ts';
import { countySchema, hashSchema } from './settlement-parts.ts';

/** What can be made as a file; each is of a month, of a quarter that begins with it, or of one run. */
export const EXPORT_KINDS = [
  'settlement_xlsx',
  'ledger_csv_excel',
  'ledger_csv_machine',
  'run_xlsx',
  'run_csv',
  'month_pdf',
  'quarter_pdf',
  'generation_xlsx',
] as const;
export const exportKindSchema = z.enum(EXPORT_KINDS);
export type ExportKind = z.infer<typeof exportKindSchema>;

const RUN_KINDS: ReadonlySet<ExportKind> = new Set(['run_xlsx', 'run_csv']);
const QUARTER_STARTS: ReadonlySet<string> = new Set(['01', '04', '07', '10']);

/** `POST /api/v1/exports`. */
export const exportRequestSchema = z
  .strictObject({
    kind: exportKindSchema,
    county: countySchema.optional().meta({ description: 'Absent is the whole city' }),
    month: monthSchema.optional().meta({ description: 'Of a quarter its first month' }),
    runId: z.number().int().min(1).max(2_147_483_647).optional(),
    actionKey: z.uuid().meta({ description: 'Made once when the person acts; the same key is one export' }),
  })
  .superRefine((request, context) => {
    const isOfRun = RUN_KINDS.has(request.kind);
    if (isOfRun !== (request.runId !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['runId'],
        message: 'runs have a runId, other kinds have none',
      });
    if (isOfRun === (request.month !== undefined))
      context.addIssue({ code: 'custom', path: ['month'], message: 'a month is needed, but not for a run' });
    if (request.kind === 'quarter_pdf' && !QUARTER_STARTS.has(request.month?.slice(5) ?? ''))
      context.addIssue({
        code: 'custom',
        path: ['month'],
        message: 'a quarter begins in month 1, 4, 7 or 10',
      });
  });
export type ExportRequest = z.infer<typeof exportRequestSchema>;

export const exportStateSchema = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type ExportState = z.infer<typeof exportStateSchema>;

export const exportJobSchema = z
  .object({
    id: z.number().int(),
    kind: exportKindSchema,
    county: z.string().nullable().meta({ description: 'Null is the whole city' }),
    month: monthSchema.nullable(),
    runId: z.number().int().nullable(),
    state: exportStateSchema,
    progressPercent: z.number().int(),
    askedBy: z.string(),
    askedAt: instantSchema,
    finishedAt: instantSchema.nullable(),
    fileName: z.string().nullable(),
    byteCount: z.number().int().nullable(),
    rowCount: z.number().int().nullable(),
    sha256: hashSchema.nullable().meta({ description: 'Of the bytes of the file' }),
    contentHash: hashSchema.nullable().meta({ description: 'Of the figures; printed in a report' }),
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    keptUntil: daySchema.nullable().meta({ description: 'First day without the file' }),
    hasFile: z.boolean(),
  })
  .meta({ id: 'ExportJob' });
export type ExportJobView = z.infer<typeof exportJobSchema>;

/** `GET /api/v1/exports`. */
export const exportQuerySchema = z.strictObject({
  county: countySchema.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
});
export type ExportQuery = z.infer<typeof exportQuerySchema>;

export const exportListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(exportJobSchema),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'ExportList' });
export type ExportList = z.infer<typeof exportListSchema>;

export const dueReportStateSchema = z.enum(['waiting', 'prepared', 'overdue', 'handed_in', 'handed_in_late']);
export type DueReportStateName = z.infer<typeof dueReportStateSchema>;

export const dueReportSchema = z
  .object({
    month: monthSchema,
    dueOn: daySchema,
    daysLeft: z.number().int().meta({ description: 'Below zero: days over' }),
    state: dueReportStateSchema,
    preparedAt: instantSchema.nullable(),
    job: exportJobSchema.nullable(),
    handedInBy: z.string().nullable(),
    handedInAt: instantSchema.nullable(),
    receiptRef: z.string().nullable(),
  })
  .meta({ id: 'DueReport' });
export type DueReportView = z.infer<typeof dueReportSchema>;

/** `GET /api/v1/reports/due`: reports of energy, price and subsidy (发改价格规〔2017〕2196号 art. 4), the newest first. */
export const dueReportListSchema = z
  .object({ asOf: instantSchema, items: z.array(dueReportSchema) })
  .meta({ id: 'DueReportList' });
export type DueReportList = z.infer<typeof dueReportListSchema>;

/** `POST /api/v1/reports/due/:month/hand-in`. */
export const handInSchema = z.strictObject({
  receiptRef: z.string().trim().min(1).max(100).nullable().default(null),
});
export type HandIn = z.infer<typeof handInSchema>;
