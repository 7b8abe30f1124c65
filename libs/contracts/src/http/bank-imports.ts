import { z } from 'zod';
import { fenSchema, instantSchema } from '../common.ts';
import { bankLineEntrySchema } from './receipts.ts';
import { statementProblemSchema } from './settlement.ts';
import { countySchema, hashSchema } from './settlement-parts.ts';

/** Lines shown of one preview; the counts are those of all. */
export const BANK_LINES_SHOWN_MAX = 500;

/** `POST /api/v1/settlement/bank-imports`: the file is the body; a preview without `confirm`. */
export const bankImportQuerySchema = z.strictObject({
  county: countySchema.meta({ description: 'County of the agency (结转机构)' }),
  bankAccount: z.string().trim().min(1).max(60).meta({ description: 'Account that the file is of' }),
  fileName: z.string().trim().min(1).max(200),
  confirm: hashSchema
    .optional()
    .meta({ description: 'previewHash of what is to be stored; left out: a preview' }),
  skipRefused: z
    .stringbool()
    .default(false)
    .meta({ description: 'Stores the good rows and keeps the refused ones with their reasons' }),
});
export type BankImportQuery = z.infer<typeof bankImportQuerySchema>;

export const bankImportReportSchema = z
  .object({
    fileName: z.string(),
    contentHash: hashSchema,
    previewHash: hashSchema.meta({ description: 'Send it back as `confirm` to store exactly this' }),
    rowCount: z.number().int(),
    enteredCount: z.number().int(),
    knownCount: z.number().int().meta({ description: 'Known with the same content: nothing is written' }),
    refusedRowCount: z.number().int(),
    inFen: fenSchema.meta({ description: 'Sum of the new lines above zero' }),
    outFen: fenSchema.meta({ description: 'Sum of the new lines below zero' }),
    lines: z.array(z.object({ row: z.number().int(), isKnown: z.boolean(), ...bankLineEntrySchema.shape })),
    problems: z.array(statementProblemSchema),
    applied: z.boolean(),
    isReplay: z.boolean().meta({ description: 'The same bytes were stored before; nothing happened now' }),
    importId: z.number().int().nullable(),
  })
  .meta({ id: 'BankImportReport' });
export type BankImportReport = z.infer<typeof bankImportReportSchema>;

/** `GET /api/v1/settlement/bank-imports`. */
export const bankImportPageSchema = z.strictObject({
  county: countySchema,
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type BankImportPage = z.infer<typeof bankImportPageSchema>;

export const bankImportListSchema = z
  .object({
    items: z
      .array(
        z.object({
          id: z.number().int(),
          county: z.string(),
          bankAccount: z.string(),
          fileName: z.string(),
          contentHash: hashSchema,
          rowCount: z.number().int(),
          enteredCount: z.number().int(),
          knownCount: z.number().int(),
          refusedCount: z.number().int(),
          refusals: z.array(statementProblemSchema),
          importedBy: z.string(),
          importedAt: instantSchema,
        }),
      )
      .meta({ description: 'The newest first' }),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'BankImportList' });
export type BankImportList = z.infer<typeof bankImportListSchema>;
