import { z } from 'zod';
import { fenSchema, instantSchema, monthSchema } from '../common.ts';
import { hashSchema, wholeTextSchema } from './settlement-parts.ts';

/** Changes shown of one preview; the counts are those of all. */
export const STATEMENT_CHANGES_SHOWN_MAX = 500;
/** Refused rows of one preview that come with their cells, to be mended on the screen. */
export const STATEMENT_REFUSED_ROWS_SHOWN_MAX = 200;
/** Imports of one page. */
const STATEMENT_IMPORT_PAGE_MAX = 200;

const sourceSchema = z.string().trim().min(1).max(60);

/** A cell, a row or a file that cannot be taken as it is. */
export const statementProblemSchema = z
  .object({
    row: z.number().int().meta({ description: 'Line of the file as a spreadsheet shows it, from 1' }),
    column: z.string().nullable().meta({ description: 'Heading as it stands in the file' }),
    value: z.string().nullable(),
    code: z.string(),
    reason: z.string().meta({ description: 'What is wrong and how to mend it' }),
  })
  .meta({ id: 'StatementProblem' });
export type StatementProblem = z.infer<typeof statementProblemSchema>;

export const statementChangeSchema = z
  .object({
    row: z.number().int(),
    kind: z.enum(['stated', 'corrected', 'unchanged', 'late']).meta({
      description:
        'corrected: the version in force is reversed and this one follows; unchanged: nothing is written; late: money came for it, so it is in force once an adjustment is approved',
    }),
    accountNo: z.string(),
    stationCode: z.string(),
    month: monthSchema,
    component: z.string(),
    version: z.number().int(),
    energyWh: wholeTextSchema.nullable(),
    amountFen: fenSchema,
    beforeEnergyWh: wholeTextSchema.nullable(),
    beforeAmountFen: fenSchema.nullable().meta({ description: 'Of the version that is corrected' }),
  })
  .meta({ id: 'StatementChange' });
export type StatementChangeView = z.infer<typeof statementChangeSchema>;

/** `POST /api/v1/settlement/statement-imports`, as a preview and as the real one. */
export const statementReportSchema = z
  .object({
    fileName: z.string(),
    contentHash: hashSchema,
    previewHash: hashSchema.meta({ description: 'Send it back as `confirm` to store exactly this' }),
    source: z.string().nullable(),
    mappingVersion: z.number().int().nullable(),
    rowCount: z.number().int(),
    statedCount: z.number().int(),
    correctedCount: z.number().int(),
    unchangedCount: z.number().int(),
    lateCount: z.number().int().meta({ description: 'Money came for them: an adjustment is proposed' }),
    refusedRowCount: z.number().int(),
    sums: z
      .array(z.object({ component: z.string(), amountFen: fenSchema, energyWh: wholeTextSchema.nullable() }))
      .meta({ description: 'Of the rows that can be taken, by component; energy null where a row has none' }),
    changes: z.array(statementChangeSchema),
    columns: z
      .array(
        z.object({
          position: z.number().int().meta({ description: 'Place in the row, from 0' }),
          title: z.string().meta({ description: 'Heading as it stands in the file' }),
          name: z
            .string()
            .nullable()
            .meta({ description: 'Column that it is taken for; null: it is not read' }),
          heading: z.string().nullable().meta({
            description: 'A heading under which the same column is read again, with the unit of the file',
          }),
        }),
      )
      .meta({ description: 'Headings of the file and what each is taken for' }),
    refusedRows: z
      .array(z.object({ row: z.number().int(), cells: z.array(z.string()) }))
      .meta({ description: 'Rows that cannot be taken as they stand in the file, the first of them' }),
    problems: z.array(statementProblemSchema),
    applied: z.boolean().meta({ description: 'True where it is stored, now or before' }),
    isReplay: z.boolean().meta({ description: 'The same bytes were stored before; nothing happened now' }),
    importId: z.number().int().nullable(),
  })
  .meta({ id: 'StatementReport' });
export type StatementReport = z.infer<typeof statementReportSchema>;

export const statementImportQuerySchema = z.strictObject({
  fileName: z.string().trim().min(1).max(200),
  source: sourceSchema.optional().meta({ description: 'Whose headings; left out: those that are known' }),
  confirm: hashSchema
    .optional()
    .meta({ description: 'previewHash of what is to be stored; left out: a preview' }),
  skipRefused: z
    .stringbool()
    .default(false)
    .meta({ description: 'Stores the good rows and keeps the refused ones with their reasons' }),
});
export type StatementImportQuery = z.infer<typeof statementImportQuerySchema>;

export const statementImportSchema = z
  .object({
    id: z.number().int(),
    fileName: z.string(),
    contentHash: hashSchema,
    rowCount: z.number().int(),
    statedCount: z.number().int(),
    correctedCount: z.number().int(),
    unchangedCount: z.number().int(),
    refusedCount: z.number().int(),
    importedBy: z.string(),
    importedAt: instantSchema,
  })
  .meta({ id: 'StatementImport' });
export type StatementImport = z.infer<typeof statementImportSchema>;

/** `GET /api/v1/settlement/statement-imports`. */
export const statementImportPageSchema = z.strictObject({
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(STATEMENT_IMPORT_PAGE_MAX).default(50),
});
export type StatementImportPage = z.infer<typeof statementImportPageSchema>;

export const statementImportListSchema = z
  .object({
    items: z.array(statementImportSchema).meta({ description: 'The newest first' }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'StatementImportList' });
export type StatementImportList = z.infer<typeof statementImportListSchema>;

/** `GET /api/v1/settlement/statement-imports/:id/refusals`. */
export const statementRefusalsSchema = z
  .object({ importId: z.number().int(), problems: z.array(statementProblemSchema) })
  .meta({ id: 'StatementRefusals' });
export type StatementRefusals = z.infer<typeof statementRefusalsSchema>;

/** Which headings of a source's files hold which column. */
export const statementMappingViewSchema = z
  .object({
    source: z.string(),
    version: z.number().int(),
    columns: z.record(z.string(), z.array(z.string())).meta({
      description: 'Headings by column: `accountNo`, `month`, … or `component.amountFen`',
    }),
    enteredBy: z.string(),
    enteredAt: instantSchema,
  })
  .meta({ id: 'StatementMapping' });
export type StatementMappingView = z.infer<typeof statementMappingViewSchema>;

export const statementMappingListSchema = z
  .object({
    known: z.record(z.string(), z.array(z.string())),
    sources: z.array(statementMappingViewSchema),
  })
  .meta({ id: 'StatementMappingList' });
export type StatementMappingList = z.infer<typeof statementMappingListSchema>;

/** `PUT /api/v1/settlement/statement-mappings/:source`: a new version, unless it says the same. */
export const statementMappingEntrySchema = z.strictObject({
  columns: z.record(z.string().max(80), z.array(z.string().trim().min(1).max(60)).min(1).max(20)),
});
export type StatementMappingEntry = z.infer<typeof statementMappingEntrySchema>;

/** Telemetry, statement and bank of a station-month. */
export const stationMatchSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    state: z
      .enum(['missing', 'matched', 'matched_with_warnings', 'needs_reason', 'signed', 'blocked'])
      .meta({ description: 'missing: no statement has come; signed: each alarm has a signed reason' }),
    energyState: z.enum(['complete', 'complete_with_substitutes', 'blocked']),
    meteredWh: wholeTextSchema.nullable().meta({ description: 'Telemetry; null where a day is unknown' }),
    substituteDays: z.array(z.string()),
    missingDays: z.array(z.string()),
    statedWh: wholeTextSchema.nullable(),
    streams: z.array(
      z.object({
        component: z.string(),
        energyWh: wholeTextSchema.nullable(),
        statedFen: fenSchema,
        expectedFen: fenSchema
          .nullable()
          .meta({ description: 'Energy × tariff of the date; null without a price' }),
        receivedFen: fenSchema,
        openFen: fenSchema,
        ageDays: z.number().int().nullable(),
        age: z.enum(['to_30', 'to_60', 'to_90', 'to_365', 'over_365']).nullable(),
      }),
    ),
    findings: z.array(
      z.object({
        reason: z.string(),
        level: z.enum(['warning', 'alarm', 'blocking']),
        component: z.string().nullable(),
        stated: wholeTextSchema.nullable(),
        expected: wholeTextSchema.nullable(),
        isSigned: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'StationMatch' });
export type StationMatchView = z.infer<typeof stationMatchSchema>;

/** `GET /api/v1/settlement/matches`. */
export const stationMatchQuerySchema = z.strictObject({
  county: z.string().trim().min(1).max(12),
  month: monthSchema,
});
export type StationMatchQuery = z.infer<typeof stationMatchQuerySchema>;

export const stationMatchListSchema = z
  .object({
    month: monthSchema,
    countyCode: z.string(),
    policy: z.object({ documentNumber: z.string(), isConfirmed: z.boolean() }),
    counts: z.record(z.string(), z.number().int()).meta({ description: 'Stations by state' }),
    items: z.array(stationMatchSchema),
  })
  .meta({ id: 'StationMatchList' });
export type StationMatchList = z.infer<typeof stationMatchListSchema>;

/** `POST /api/v1/settlement/matches/:station/:month/sign`: a reason for the alarms as they stand. */
export const matchSignatureSchema = z.strictObject({
  finding: z.string().max(60).optional().meta({ description: 'Left out: all alarms that want a reason' }),
  reasonCode: z.enum([
    'meter_exchange',
    'telemetry_gap',
    'line_loss',
    'reading_day',
    'grid_error',
    'rounding',
    'other',
  ]),
  note: z.string().trim().min(2).max(400),
});
export type MatchSignature = z.infer<typeof matchSignatureSchema>;
