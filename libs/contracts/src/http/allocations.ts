import { z } from 'zod';
import { fenSchema, instantSchema, monthSchema } from '../common.ts';
import { countySchema, hashSchema, wholeTextSchema } from './settlement-parts.ts';

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
  proposedById: z.string().meta({ description: 'Account that may not approve it' }),
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

/** `GET /api/v1/settlement/allocation-runs`. */
export const allocationRunQuerySchema = z.strictObject({
  county: countySchema.optional().meta({ description: 'Left out: all of the area' }),
  state: z.enum(['proposed', 'approved', 'voided']).optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type AllocationRunQuery = z.infer<typeof allocationRunQuerySchema>;

export const allocationRunListSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.number().int(),
        ...allocationHead,
        villages: z.number().int(),
        stations: z.number().int(),
        months: z.array(monthSchema).meta({ description: 'Months of the energy, the earliest first' }),
      }),
    ),
    counts: z
      .object({ proposed: z.number().int(), approved: z.number().int(), voided: z.number().int() })
      .meta({
        description: 'Of the area, whatever the state that was asked for',
      }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'AllocationRunList' });
export type AllocationRunList = z.infer<typeof allocationRunListSchema>;
