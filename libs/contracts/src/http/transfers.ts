import { z } from 'zod';
import { daySchema, fenSchema, instantSchema } from '../common.ts';
import { countySchema, hashSchema, wholeTextSchema } from './settlement-parts.ts';

/** Items of one confirmation or of one row of further attempts: more than all villages of a county. */
export const TRANSFER_ITEMS_MAX = 2000;

const transferIdSchema = z.string().regex(/^[1-9]\d{0,17}$/);
const transferStateSchema = z.enum(['prepared', 'confirmed', 'failed']).meta({
  description:
    'prepared: an order that nobody confirmed; confirmed: the bank sent it; failed: it did not arrive',
});

/** `POST /api/v1/settlement/transfers`: a preview without `confirm`. */
export const transferProposalSchema = z.strictObject({
  county: countySchema,
  actionKey: z.uuid().meta({ description: 'Made once when the person acts; the same key is one batch' }),
  confirm: hashSchema.optional().meta({ description: 'batchHash of the preview' }),
});
export type TransferProposal = z.infer<typeof transferProposalSchema>;

/** `POST /api/v1/settlement/transfers/confirm`: all or none. */
export const transferConfirmationSchema = z.strictObject({
  transferredOn: daySchema.meta({ description: 'Day on which the bank sent them' }),
  items: z
    .array(z.strictObject({ id: transferIdSchema, bankReference: z.string().trim().min(1).max(60) }))
    .min(1)
    .max(TRANSFER_ITEMS_MAX),
});
export type TransferConfirmation = z.infer<typeof transferConfirmationSchema>;

/** `POST /api/v1/settlement/transfers/:id/fail`. */
export const transferFailureSchema = z.strictObject({
  reason: z.string().trim().min(2).max(400),
  returnedOn: daySchema
    .nullable()
    .default(null)
    .meta({ description: 'Day on which the bank gave it back; of a confirmed one only' }),
});
export type TransferFailure = z.infer<typeof transferFailureSchema>;

/** `POST /api/v1/settlement/transfers/retry`: another attempt of what failed. */
export const transferRetrySchema = z.strictObject({
  ids: z.array(transferIdSchema).min(1).max(TRANSFER_ITEMS_MAX),
  actionKey: z.uuid(),
});
export type TransferRetry = z.infer<typeof transferRetrySchema>;

export const villageTransferSchema = z
  .object({
    id: wholeTextSchema.nullable().meta({ description: 'Null of a preview' }),
    batchId: z.number().int().nullable(),
    villageCode: z.string(),
    villageName: z.string(),
    amountFen: fenSchema,
    attempt: z.number().int(),
    retryOfId: wholeTextSchema.nullable(),
    state: transferStateSchema,
    receivedOn: daySchema.meta({ description: 'Oldest day on which money in it came to the agency' }),
    dueOn: daySchema
      .nullable()
      .meta({ description: 'Last day in time; null where the days off of its year are not known yet' }),
    workingDaysLeft: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Left after today; below zero: working days that it is, or was, late' }),
    isOverdue: z.boolean().nullable(),
    bankReference: z.string().nullable(),
    transferredOn: daySchema.nullable(),
    ledgerSequence: wholeTextSchema.nullable(),
    preparedBy: z.string(),
    preparedAt: instantSchema,
    confirmedBy: z.string().nullable(),
    confirmedAt: instantSchema.nullable(),
    failedReason: z.string().nullable(),
    failedBy: z.string().nullable(),
    failedAt: instantSchema.nullable(),
    returnedOn: daySchema.nullable(),
    parts: z
      .array(
        z.object({
          runId: z.number().int().nullable(),
          adjustmentId: z.number().int().nullable(),
          amountFen: fenSchema,
        }),
      )
      .meta({ description: 'Runs and adjustments whose money it passes on; they sum to the amount' }),
  })
  .meta({ id: 'VillageTransfer' });
export type VillageTransferView = z.infer<typeof villageTransferSchema>;

export const transferBatchSchema = z
  .object({
    id: z.number().int().nullable().meta({ description: 'Null of a preview' }),
    county: z.string(),
    totalFen: fenSchema,
    batchHash: hashSchema,
    workingDays: z.number().int().meta({ description: 'From receipt to village account, by the policy' }),
    items: z.array(villageTransferSchema),
    waiting: z
      .array(z.object({ villageCode: z.string(), villageName: z.string(), amountFen: fenSchema }))
      .meta({ description: 'Given too much before: nothing is sent until it is made up; of a preview only' }),
  })
  .meta({ id: 'TransferBatch' });
export type TransferBatchView = z.infer<typeof transferBatchSchema>;

/** `GET /api/v1/settlement/transfers`. */
export const transferQuerySchema = z.strictObject({
  county: countySchema.optional(),
  state: transferStateSchema.optional(),
  village: z.string().max(40).optional(),
  batch: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  run: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(TRANSFER_ITEMS_MAX).default(50),
});
export type TransferQuery = z.infer<typeof transferQuerySchema>;

export const transferListSchema = z
  .object({
    items: z
      .array(villageTransferSchema)
      .meta({ description: 'Prepared first, the oldest receipt first; then the newest' }),
    counts: z.array(z.object({ state: transferStateSchema, count: z.number().int(), amountFen: fenSchema })),
    waitingCount: z.number().int().meta({ description: 'Amounts of villages that no transfer holds yet' }),
    waitingFen: fenSchema,
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'TransferList' });
export type TransferList = z.infer<typeof transferListSchema>;

/** `POST /api/v1/settlement/transfers/confirm`. */
export const transferConfirmedSchema = z
  .object({ items: z.array(villageTransferSchema), ledgerSequence: wholeTextSchema.nullable() })
  .meta({ id: 'TransferConfirmed' });
export type TransferConfirmed = z.infer<typeof transferConfirmedSchema>;

/** `GET /api/v1/settlement/transfers/reconciliation`. */
export const reconciliationQuerySchema = z.strictObject({
  county: countySchema,
  day: daySchema.optional().meta({ description: 'Left out: today' }),
});
export type ReconciliationQuery = z.infer<typeof reconciliationQuerySchema>;

export const agencyReconciliationSchema = z
  .object({
    county: z.string(),
    day: daySchema,
    ledgerFen: fenSchema.meta({ description: 'Balance of the agency account up to and with the day' }),
    bankFen: fenSchema.meta({ description: 'Sum of the lines of the bank that are known up to the day' }),
    differenceFen: fenSchema.meta({ description: 'Bank less ledger' }),
    explained: z.array(
      z.object({
        kind: z.enum(['unmatched_line', 'line_without_transfer', 'transfer_not_in_bank', 'other_entry']),
        reference: z.string().meta({ description: 'Of the bank, or the number of the entry' }),
        amountFen: fenSchema,
      }),
    ),
    unexplainedFen: fenSchema.meta({ description: 'Zero unless somebody wrote past the program' }),
    isReconciled: z.boolean().meta({ description: 'Nothing is left that nothing explains' }),
  })
  .meta({ id: 'AgencyReconciliation' });
export type AgencyReconciliation = z.infer<typeof agencyReconciliationSchema>;

/** `GET /api/v1/settlement/totals`. */
export const settlementTotalsQuerySchema = z.strictObject({ county: countySchema.optional() });
export type SettlementTotalsQuery = z.infer<typeof settlementTotalsQuerySchema>;

/** `GET /api/v1/settlement/totals`: the four totals of the way of one yuan; never mixed in one headline. */
export const settlementTotalsSchema = z
  .object({
    asOf: instantSchema,
    counties: z.array(
      z.object({
        county: z.string(),
        openingFen: fenSchema.meta({ description: 'Settled before this system began; in no other figure' }),
        settledFen: fenSchema,
        receivedFen: fenSchema,
        givenOutFen: fenSchema.meta({ description: 'Received and given out to villages by approved runs' }),
        transferredFen: fenSchema.meta({ description: 'Confirmed by the bank to village accounts' }),
        paidFen: fenSchema.nullable().meta({ description: 'To persons; null while it is not known here' }),
      }),
    ),
  })
  .meta({ id: 'SettlementTotals' });
export type SettlementTotals = z.infer<typeof settlementTotalsSchema>;
