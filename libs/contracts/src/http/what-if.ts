import { z } from 'zod';
import { daySchema, fenSchema, monthSchema } from '../common.ts';
import { countySchema } from './settlement-parts.ts';
import { policyCostSchema, settlementPolicyEntrySchema } from './settlement-policies.ts';

/** Rules that are entered, or a draft of some. */
const rulesSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('policy'), id: z.number().int().min(1).max(2_147_483_647) }),
  z.strictObject({
    kind: z.literal('draft'),
    documentNumber: settlementPolicyEntrySchema.shape.documentNumber,
    minimumPercent: settlementPolicyEntrySchema.shape.minimumPercent,
    costs: z.array(policyCostSchema).max(5),
  }),
]);
export type WhatIfRules = z.infer<typeof rulesSchema>;

/** `POST /api/v1/settlement/policies/what-if`: stores nothing. */
export const whatIfQuerySchema = z.strictObject({
  county: countySchema,
  from: daySchema.meta({ description: 'First day on which the money came' }),
  to: daySchema.meta({ description: 'Last day, included' }),
  a: rulesSchema,
  b: rulesSchema,
});
export type WhatIfQuery = z.infer<typeof whatIfQuerySchema>;

const sideSchema = z.object({
  costFen: fenSchema,
  netFen: fenSchema,
  floorFen: fenSchema.meta({ description: 'Least amount for wages and labour fees' }),
});

const whatIfRulesSchema = sideSchema.extend({
  documentNumber: z.string(),
  isDraft: z.boolean(),
  isConfirmed: z.boolean(),
  minimum: z.string().meta({ description: 'Exact fraction, numerator/denominator' }),
  costs: z.array(z.object({ line: z.string(), takenFen: fenSchema })),
});

export const whatIfReportSchema = z
  .object({
    county: z.string(),
    from: daySchema,
    to: daySchema,
    receivedFen: fenSchema.meta({
      description: 'Of the money that both sides give out, as one distribution',
    }),
    a: whatIfRulesSchema,
    b: whatIfRulesSchema,
    villages: z
      .array(
        z.object({
          villageCode: z.string(),
          villageName: z.string(),
          amountFen: fenSchema,
          a: sideSchema,
          b: sideSchema,
          netDifferenceFen: fenSchema.meta({ description: 'b less a' }),
          floorDifferenceFen: fenSchema.meta({ description: 'b less a' }),
        }),
      )
      .meta({ description: 'The largest change first, ties by village code' }),
    leftOut: z
      .array(
        z.object({
          stationCode: z.string(),
          month: monthSchema,
          amountFen: fenSchema,
          code: z.string(),
          reason: z.string(),
        }),
      )
      .meta({ description: 'Received and not split, because shares or energy are not known' }),
  })
  .meta({ id: 'WhatIfReport' });
export type WhatIfReport = z.infer<typeof whatIfReportSchema>;
