import { z } from 'zod';
import { daySchema, fenSchema, instantSchema, monthSchema } from '../common.ts';

/** Villages of the ranking. */
export const DASHBOARD_VILLAGES = 20;
/** Months that are shown, each against the same one of the year before. */
export const DASHBOARD_MONTHS = 12;

export const AGE_BUCKETS = ['to_30', 'to_60', 'to_90', 'to_365', 'over_365'] as const;
const agedSchema = z.object({
  age: z.enum(AGE_BUCKETS).meta({ description: 'Days that the money has rested' }),
  amountFen: fenSchema,
});

/** `GET /api/v1/settlement/dashboard`. */
export const settlementDashboardQuerySchema = z.strictObject({
  county: z.string().trim().min(1).max(12).optional(),
});
export type SettlementDashboardQuery = z.infer<typeof settlementDashboardQuerySchema>;

export const settlementDashboardSchema = z
  .object({
    asOf: instantSchema,
    headline: z.object({
      stations: z.number().int(),
      villages: z.number().int().meta({ description: 'That have a share in a station' }),
      households: z.number().int(),
      posts: z.number().int(),
      openingFen: fenSchema.nullable().meta({ description: 'Settled before this ledger began' }),
      openingDay: daySchema.nullable(),
    }),
    funnel: z
      .array(
        z.object({
          step: z.enum(['settled', 'received', 'given_out', 'transferred', 'paid']),
          amountFen: fenSchema
            .nullable()
            .meta({ description: 'Since the ledger began; null: not known here' }),
          resting: z
            .array(agedSchema)
            .meta({ description: 'What has reached this step and not the next, by age' }),
        }),
      )
      .meta({ description: 'Totals of the way of one yuan; each a figure of its own' }),
    months: z.array(
      z.object({
        month: monthSchema,
        settledFen: fenSchema.nullable().meta({ description: 'Null where no statement has come' }),
        lastYearFen: fenSchema.nullable(),
        receivedFen: fenSchema.nullable().meta({ description: 'Of the statements of the month, up to now' }),
      }),
    ),
    counties: z
      .array(
        z.object({
          countyCode: z.string(),
          countyName: z.string(),
          settledFen: fenSchema,
          lastYearFen: fenSchema,
          receivedFen: fenSchema,
        }),
      )
      .meta({ description: 'Over the months that are shown, the largest first' }),
    receivables: z
      .array(z.object({ age: z.enum(AGE_BUCKETS), baseFen: fenSchema, subsidyFen: fenSchema }))
      .meta({ description: 'Stated and not received, by days since the month ended' }),
    match: z.object({
      month: monthSchema,
      states: z.array(z.object({ state: z.string(), stations: z.number().int() })),
    }),
    villages: z
      .array(
        z.object({
          villageCode: z.string(),
          villageName: z.string(),
          countyName: z.string(),
          households: z.number().int(),
          givenFen: fenSchema,
          transferredFen: fenSchema,
        }),
      )
      .meta({ description: 'Given out in the last 365 days, the largest first' }),
  })
  .meta({ id: 'SettlementDashboard' });
export type SettlementDashboard = z.infer<typeof settlementDashboardSchema>;
