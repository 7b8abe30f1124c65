import { z } from 'zod';
import { daySchema, fenSchema, instantSchema, monthSchema } from '../common.ts';

/** Changes shown of one preview; the counts are those of all. */
export const STATEMENT_CHANGES_SHOWN_MAX = 500;
/** Imports of one page. */
export const STATEMENT_IMPORT_PAGE_MAX = 200;

const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256, hexadecimal' });
const wholeTextSchema = z.string().regex(/^-?\d+$/);
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
    kind: z.enum(['stated', 'corrected', 'unchanged']).meta({
      description:
        'corrected: the version in force is reversed and this one follows; unchanged: nothing is written',
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
    refusedRowCount: z.number().int(),
    sums: z
      .array(z.object({ component: z.string(), amountFen: fenSchema, energyWh: wholeTextSchema.nullable() }))
      .meta({ description: 'Of the rows that can be taken, by component; energy null where a row has none' }),
    changes: z.array(statementChangeSchema),
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

const positiveFenSchema = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .meta({ description: 'Money in whole fen, more than zero' });
const countySchema = z.string().trim().min(1).max(12);
const componentSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

/** A line of the bank statement of the agency's account, as a person enters it. */
export const bankLineEntrySchema = z.strictObject({
  county: countySchema.meta({ description: 'County of the agency (结转机构)' }),
  bankAccount: z.string().trim().min(1).max(60),
  bankReference: z.string().trim().min(1).max(60).meta({ description: 'Number of the bank; one an account' }),
  bookedOn: daySchema,
  amountFen: positiveFenSchema,
  payer: z.string().trim().min(1).max(120).nullable().default(null),
  purpose: z.string().trim().min(1).max(200).nullable().default(null),
});
export type BankLineEntry = z.infer<typeof bankLineEntrySchema>;

/** `POST /api/v1/settlement/bank-lines`: all or none; a line that is known with the same content is left. */
export const bankLineEntriesSchema = z.strictObject({ lines: z.array(bankLineEntrySchema).min(1).max(500) });
export type BankLineEntries = z.infer<typeof bankLineEntriesSchema>;

export const bankLineSchema = z
  .object({
    id: wholeTextSchema,
    county: z.string(),
    bankAccount: z.string(),
    bankReference: z.string(),
    bookedOn: daySchema,
    amountFen: fenSchema,
    payer: z.string().nullable(),
    purpose: z.string().nullable(),
    matchedFen: fenSchema,
    openFen: fenSchema.meta({ description: 'Not matched with a statement yet: not received for anybody' }),
  })
  .meta({ id: 'BankLine' });
export type BankLineView = z.infer<typeof bankLineSchema>;

/** `GET /api/v1/settlement/bank-lines`. */
export const bankLineQuerySchema = z.strictObject({
  county: countySchema,
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type BankLineQuery = z.infer<typeof bankLineQuerySchema>;

export const bankLineListSchema = z
  .object({ items: z.array(bankLineSchema), page: z.number().int(), pageSize: z.number().int() })
  .meta({ id: 'BankLineList' });
export type BankLineList = z.infer<typeof bankLineListSchema>;

export const bankLinesEnteredSchema = z
  .object({ items: z.array(bankLineSchema) })
  .meta({ id: 'BankLinesEntered' });
export type BankLinesEntered = z.infer<typeof bankLinesEnteredSchema>;

/** `POST /api/v1/settlement/bank-lines/:id/match`: a preview without `confirm`. */
export const receiptMatchEntrySchema = z.strictObject({
  component: componentSchema.meta({ description: 'The stream that the money is for: base, subsidy, …' }),
  pinned: z
    .array(z.strictObject({ station: z.string().max(40), month: monthSchema, amountFen: positiveFenSchema }))
    .max(2000)
    .default([])
    .meta({ description: 'What a person chose; the rest goes to the oldest first' }),
  confirm: hashSchema.optional().meta({ description: 'matchHash of the preview' }),
});
export type ReceiptMatchEntry = z.infer<typeof receiptMatchEntrySchema>;

export const receiptMatchReportSchema = z
  .object({
    bankLineId: wholeTextSchema,
    component: z.string(),
    matches: z.array(
      z.object({
        stationCode: z.string(),
        accountNo: z.string(),
        month: monthSchema,
        amountFen: fenSchema,
        leftFen: fenSchema,
        isPinned: z.boolean(),
      }),
    ),
    unmatchedFen: fenSchema.meta({ description: 'Nothing is open for it: a question for the payer' }),
    matchHash: hashSchema,
    applied: z.boolean(),
    ledgerSequence: wholeTextSchema.nullable(),
  })
  .meta({ id: 'ReceiptMatchReport' });
export type ReceiptMatchReport = z.infer<typeof receiptMatchReportSchema>;

/** `POST /api/v1/settlement/bank-lines/:id/unmatch` and `…/allocation-runs/:id/void`. */
export const settlementReasonSchema = z.strictObject({ reason: z.string().trim().min(2).max(400) });
export type SettlementReason = z.infer<typeof settlementReasonSchema>;

/** `POST /api/v1/settlement/allocation-runs`: a preview without `confirm`. */
export const allocationProposalSchema = z.strictObject({
  county: countySchema,
  actionKey: z.uuid().meta({ description: 'Made once when the person acts; the same key is one run' }),
  confirm: hashSchema.optional().meta({ description: 'runHash of the preview' }),
});
export type AllocationProposal = z.infer<typeof allocationProposalSchema>;

/** `POST /api/v1/settlement/allocation-runs/:id/approve`. */
export const allocationApprovalSchema = z.strictObject({
  runHash: hashSchema.meta({ description: 'Of the run that was looked at' }),
});
export type AllocationApproval = z.infer<typeof allocationApprovalSchema>;

const allocationHead = {
  county: z.string(),
  month: monthSchema.meta({ description: 'Period of the ledger' }),
  state: z.enum(['proposed', 'approved', 'voided']),
  totalFen: fenSchema,
  runHash: hashSchema,
  policy: z.object({ documentNumber: z.string(), isConfirmed: z.boolean() }),
  proposedBy: z.string(),
  proposedAt: instantSchema,
  approvedBy: z.string().nullable(),
  approvedAt: instantSchema.nullable(),
  voidedBy: z.string().nullable(),
  voidedAt: instantSchema.nullable(),
  voidReason: z.string().nullable(),
  ledgerSequence: wholeTextSchema.nullable(),
};

export const allocationRunSchema = z
  .object({
    id: z.number().int().nullable().meta({ description: 'Null of a preview' }),
    ...allocationHead,
    comparedWithId: z.number().int().nullable().meta({ description: 'The last approved run before it' }),
    isWhole: z.boolean().meta({ description: 'The villages sum to the total, to the fen' }),
    held: z
      .array(
        z.object({
          stationCode: z.string(),
          month: monthSchema,
          component: z.string(),
          amountFen: fenSchema,
          state: z.string(),
        }),
      )
      .meta({
        description: 'Received and held back, with the state of the station-month; of a preview only',
      }),
    villages: z
      .array(
        z.object({
          villageCode: z.string(),
          villageName: z.string(),
          amountFen: fenSchema,
          costFen: fenSchema,
          netFen: fenSchema,
          floorFen: fenSchema.meta({ description: 'Least amount for wages and labour fees' }),
          beforeFen: fenSchema.nullable(),
          differenceFen: fenSchema,
        }),
      )
      .meta({ description: 'The largest change first' }),
  })
  .meta({ id: 'AllocationRun' });
export type AllocationRunView = z.infer<typeof allocationRunSchema>;

export const allocationRunListSchema = z
  .object({
    items: z.array(z.object({ id: z.number().int(), ...allocationHead })),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'AllocationRunList' });
export type AllocationRunList = z.infer<typeof allocationRunListSchema>;
