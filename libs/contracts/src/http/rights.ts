import { z } from 'zod';
import { daySchema } from '../common.ts';

const codeSchema = z.string().trim().min(1).max(40);
const shareTextSchema = z
  .string()
  .trim()
  .regex(/^(\d{1,12}\/[1-9]\d{0,11}|\d{1,3}(\.\d{1,9})?%|[01](\.\d{1,9})?)$/)
  .meta({ description: 'Exact: a fraction 400/900, a percentage 12.5%, or a decimal 0.125' });

const shareVersionSchema = z.object({
  effectiveFrom: daySchema,
  effectiveTo: daySchema
    .nullable()
    .meta({ description: 'First day on which it holds no longer; null is open' }),
  basis: z.string().nullable().meta({ description: 'Of revenue shares; null of asset shares' }),
  shares: z
    .array(
      z.object({
        villageCode: z.string(),
        villageName: z.string(),
        numerator: z.string(),
        denominator: z.string(),
        successorCode: z.string().nullable(),
        mergedOn: daySchema.nullable(),
      }),
    )
    .meta({ description: 'Exact fractions that sum to one' }),
});

/** `GET /api/v1/stations/:code/rights`. */
export const stationRightsSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    countyCode: z.string(),
    asset: z.array(shareVersionSchema).meta({ description: 'Asset shares (确权), the newest version first' }),
    revenue: z.array(shareVersionSchema).meta({ description: 'Revenue shares, the newest version first' }),
    tariffs: z
      .array(
        z.object({
          component: z.string(),
          priceHaoPerKwh: z.number().int().meta({ description: 'Whole hao (1/10,000 yuan) a kWh, with tax' }),
          effectiveFrom: daySchema,
          effectiveTo: daySchema.nullable(),
        }),
      )
      .meta({ description: 'Price components, each with its newest version first' }),
  })
  .meta({ id: 'StationRights' });
export type StationRightsView = z.infer<typeof stationRightsSchema>;

/** `POST /api/v1/stations/:code/shares`: a whole version, which ends the open one; a check without `apply`. */
export const shareVersionEntrySchema = z.strictObject({
  right: z.enum(['asset', 'revenue']),
  basis: z.enum(['capacity', 'households', 'population', 'fixed']).default('capacity'),
  effectiveFrom: daySchema,
  shares: z
    .array(z.strictObject({ village: codeSchema, share: shareTextSchema }))
    .min(1)
    .max(500),
  apply: z.boolean().default(false).meta({ description: 'False: everything is checked and taken back' }),
});
export type ShareVersionEntry = z.infer<typeof shareVersionEntrySchema>;

/** `POST /api/v1/stations/:code/tariffs`: a price from a day on, which ends the open one; a check without `apply`. */
export const tariffEntrySchema = z.strictObject({
  component: codeSchema.meta({ description: 'base, subsidy, mechanism_difference' }),
  priceYuanPerKwh: z.string().regex(/^\d(\.\d{1,4})?$/),
  effectiveFrom: daySchema,
  apply: z.boolean().default(false).meta({ description: 'False: everything is checked and taken back' }),
});
export type TariffEntry = z.infer<typeof tariffEntrySchema>;

/** `POST /api/v1/villages/:code/merge`: cannot be taken back, for payments follow it. */
export const villageMergerSchema = z.strictObject({
  successor: codeSchema,
  mergedOn: daySchema.meta({ description: 'First day on which the successor stands in' }),
});
export type VillageMergerEntry = z.infer<typeof villageMergerSchema>;

export const villageMergedSchema = z
  .object({ villageCode: z.string(), successorCode: z.string(), mergedOn: daySchema })
  .meta({ id: 'VillageMerged' });
export type VillageMerged = z.infer<typeof villageMergedSchema>;
