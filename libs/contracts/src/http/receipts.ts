import { z } from 'zod';
import { daySchema, fenSchema, instantSchema, monthSchema } from '../common.ts';
import { countySchema, hashSchema, wholeTextSchema } from './settlement-parts.ts';

const positiveFenSchema = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .meta({ description: 'Money in whole fen, more than zero' });
const signedFenSchema = z
  .string()
  .regex(/^-?[1-9]\d{0,14}$/)
  .meta({ description: 'Money in whole fen, not zero; below zero it left the account' });
const componentSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

/** A line of the bank statement of the agency's account, as a person enters it. */
export const bankLineEntrySchema = z.strictObject({
  county: countySchema.meta({ description: 'County of the agency (结转机构)' }),
  bankAccount: z.string().trim().min(1).max(60),
  bankReference: z.string().trim().min(1).max(60).meta({ description: 'Number of the bank; one an account' }),
  bookedOn: daySchema,
  amountFen: signedFenSchema,
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
    givenOutFen: fenSchema.meta({ description: 'Part of it that approved runs have given out' }),
    ageDays: z.number().int().meta({ description: 'Days since it was booked' }),
    transferDueOn: daySchema
      .nullable()
      .meta({ description: 'Day by which it is due at the villages; null where the days off are not known' }),
    workingDaysLeft: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Working days until then, below zero after it; null as above' }),
    enteredBy: z.string(),
    enteredAt: instantSchema,
  })
  .meta({ id: 'BankLine' });
export type BankLineView = z.infer<typeof bankLineSchema>;

/** A county, a page at a time. */
export const bankLineQuerySchema = z.strictObject({
  county: countySchema,
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type BankLineQuery = z.infer<typeof bankLineQuerySchema>;

/** `GET /api/v1/settlement/bank-lines`. */
export const bankLineListQuerySchema = bankLineQuerySchema.extend({
  state: z.enum(['all', 'open']).default('all').meta({ description: 'open: something of it is not matched' }),
  month: monthSchema.optional().meta({ description: 'Booked in this month' }),
});
export type BankLineListQuery = z.infer<typeof bankLineListQuerySchema>;

export const bankLineListSchema = z
  .object({
    items: z.array(bankLineSchema),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    sums: z
      .object({ amountFen: fenSchema, matchedFen: fenSchema, openFen: fenSchema, givenOutFen: fenSchema })
      .meta({ description: 'Of all lines that the query finds, over all pages' }),
  })
  .meta({ id: 'BankLineList' });
export type BankLineList = z.infer<typeof bankLineListSchema>;

/** `GET /api/v1/settlement/bank-lines/:id`: a line with what it pays. */
export const bankLineDetailSchema = z
  .object({
    line: bankLineSchema,
    matches: z.array(
      z.object({
        stationCode: z.string(),
        stationName: z.string(),
        accountNo: z.string(),
        month: monthSchema,
        component: z.string(),
        amountFen: fenSchema,
        isPinned: z.boolean(),
        isTakenBack: z.boolean(),
        runId: z.number().int().nullable().meta({ description: 'Run that it is in and that was not voided' }),
        matchedBy: z.string(),
        matchedAt: instantSchema,
      }),
    ),
  })
  .meta({ id: 'BankLineDetail' });
export type BankLineDetail = z.infer<typeof bankLineDetailSchema>;

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
    .meta({
      description:
        'What a person chose, without a sign; the rest goes to the oldest first, of money taken back from the newest',
    }),
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
