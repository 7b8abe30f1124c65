import { z } from 'zod';
import { fenSchema, instantSchema, monthSchema } from '../common.ts';
import { countySchema, hashSchema, wholeTextSchema } from './settlement-parts.ts';

const adjustmentStateSchema = z.enum(['proposed', 'approved', 'rejected', 'withdrawn']).meta({
  description: 'withdrawn: a later look found no difference any more, or another one',
});
const adjustmentCauseSchema = z.enum(['shares', 'energy', 'statement']).meta({
  description: 'What came late: shares, energy that shares are weighed by, or a paper of the grid',
});

export const adjustmentSchema = z
  .object({
    id: z.number().int(),
    county: z.string(),
    stationCode: z.string(),
    stationName: z.string(),
    month: monthSchema.meta({ description: 'Month of the energy' }),
    cause: adjustmentCauseSchema,
    state: adjustmentStateSchema,
    settledFen: fenSchema.meta({ description: 'What the grid owes more; below zero less' }),
    totalFen: fenSchema.meta({ description: 'What the villages get more; below zero less' }),
    adjustmentHash: hashSchema,
    proposedBy: z.string(),
    proposedAt: instantSchema,
    decidedBy: z.string().nullable(),
    decidedAt: instantSchema.nullable(),
    decidedReason: z.string().nullable(),
    periodMonth: monthSchema.nullable().meta({ description: 'Open period in which it is booked' }),
    ledgerSequence: wholeTextSchema.nullable(),
    lines: z
      .array(
        z.object({
          component: z.string(),
          villageCode: z.string(),
          villageName: z.string(),
          beforeFen: fenSchema,
          afterFen: fenSchema,
          differenceFen: fenSchema,
        }),
      )
      .meta({ description: 'Villages whose amount changes; what was booked stands' }),
    corrections: z
      .array(
        z.object({
          accountNo: z.string(),
          component: z.string(),
          beforeFen: fenSchema,
          afterFen: fenSchema,
          fileName: z.string(),
          rowNumber: z.number().int(),
          enteredBy: z.string(),
        }),
      )
      .meta({ description: 'Papers that came after money had come' }),
  })
  .meta({ id: 'Adjustment' });
export type AdjustmentView = z.infer<typeof adjustmentSchema>;

/** `GET /api/v1/settlement/adjustments`. */
export const adjustmentQuerySchema = z.strictObject({
  county: countySchema.optional(),
  state: adjustmentStateSchema.optional(),
  station: z.string().max(40).optional(),
  month: monthSchema.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type AdjustmentQuery = z.infer<typeof adjustmentQuerySchema>;

export const adjustmentListSchema = z
  .object({
    items: z.array(adjustmentSchema).meta({ description: 'Proposed first, then the newest' }),
    counts: z.record(z.string(), z.number().int()).meta({ description: 'By state' }),
    lastScanAt: instantSchema.nullable().meta({ description: 'When all counties were last looked at' }),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'AdjustmentList' });
export type AdjustmentList = z.infer<typeof adjustmentListSchema>;

/** `POST /api/v1/settlement/adjustments/scan`. */
export const adjustmentScanSchema = z.strictObject({ county: countySchema });
export type AdjustmentScan = z.infer<typeof adjustmentScanSchema>;

export const adjustmentScanReportSchema = z
  .object({
    lookedAtCount: z.number().int().meta({ description: 'Station-months' }),
    proposed: z.array(adjustmentSchema),
    unchangedCount: z.number().int().meta({ description: 'Proposed before and still so' }),
    withdrawnCount: z.number().int(),
    blocked: z
      .array(z.object({ stationCode: z.string(), month: monthSchema, code: z.string(), reason: z.string() }))
      .meta({ description: 'Where what would result now is not known, or lies beyond the look-back' }),
  })
  .meta({ id: 'AdjustmentScanReport' });
export type AdjustmentScanReport = z.infer<typeof adjustmentScanReportSchema>;

/** `POST /api/v1/settlement/adjustments/:id/approve`. */
export const adjustmentApprovalSchema = z.strictObject({
  adjustmentHash: hashSchema.meta({ description: 'Of the adjustment that was looked at' }),
});
export type AdjustmentApproval = z.infer<typeof adjustmentApprovalSchema>;
