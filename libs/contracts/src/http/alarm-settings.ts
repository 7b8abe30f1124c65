import { z } from 'zod';
import { daySchema, fenSchema, instantSchema } from '../common.ts';
import { alarmKindSchema, alarmPolicyEntrySchema, alarmPolicySchema } from './alarms.ts';

const codeSchema = z.string().trim().min(1).max(40);
const noteSchema = z.string().trim().min(2).max(400);

/** `GET /api/v1/alarms/policies/history`: every dated row, also those to come; nothing is ever changed or taken away. */
export const alarmPolicyHistoryQuerySchema = z.strictObject({
  county: codeSchema.optional().meta({ description: 'Rows of the county beside those of the city' }),
  kind: alarmKindSchema.optional(),
});
export type AlarmPolicyHistoryQuery = z.infer<typeof alarmPolicyHistoryQuerySchema>;
export const alarmPolicyHistorySchema = z
  .object({
    day: daySchema,
    items: z.array(alarmPolicySchema).meta({ description: 'The last to begin first, at most 200' }),
  })
  .meta({ id: 'AlarmPolicyHistory' });
export type AlarmPolicyHistory = z.infer<typeof alarmPolicyHistorySchema>;

/** `POST /api/v1/alarms/policies/preview`: what the limits would do if they were in force now. Nothing is stored. */
export const alarmPolicyPreviewEntrySchema = alarmPolicyEntrySchema.omit({
  reason: true,
  effectiveFrom: true,
});
export type AlarmPolicyPreviewEntry = z.infer<typeof alarmPolicyPreviewEntrySchema>;
export const alarmPolicyPreviewSchema = z
  .object({
    asOf: instantSchema,
    judged: z.number().int().meta({ description: 'Places of which something is seen now' }),
    unknown: z.number().int().meta({
      description: 'Places of which nothing can be said now: night, silence, a registered outage',
    }),
    open: z.number().int().meta({ description: 'Alarms of the kind that are open' }),
    opens: z.number().int().meta({ description: 'Beyond the new limit for the new delay already' }),
    mayOpen: z.number().int().meta({
      description: 'Beyond the new limit: alarms once they have lasted for the delay',
    }),
    closes: z.number().int().meta({
      description: 'Open alarms that are well by the new limits; they close after the times of the policy',
    }),
    examples: z
      .array(
        z.object({
          stationCode: z.string().nullable(),
          name: z.string(),
          seen: z.number(),
          change: z.enum(['opens', 'may_open', 'closes']),
        }),
      )
      .meta({ description: 'At most 20, those furthest beyond the limit first' }),
  })
  .meta({ id: 'AlarmPolicyPreview' });
export type AlarmPolicyPreview = z.infer<typeof alarmPolicyPreviewSchema>;

/** What a loss is worth where a station has no tariff of its own, and what a post is paid. */
export const alarmValuationSchema = z
  .object({
    countyCode: z.string().nullable().meta({ description: 'Null: the whole city' }),
    effectiveFrom: daySchema.nullable().meta({ description: 'Null: the default of the program' }),
    priceHaoPerKwh: z.number().int().meta({ description: '1/10000 yuan per kWh' }),
    fenPerPostMonth: fenSchema.meta({ description: 'What a post is paid a month, fen' }),
    reason: z.string().nullable(),
    setBy: z.string().nullable(),
    setAt: instantSchema.nullable(),
  })
  .meta({ id: 'AlarmValuation' });
export type AlarmValuation = z.infer<typeof alarmValuationSchema>;
/** `GET /api/v1/alarms/valuations?county=`. */
export const alarmValuationQuerySchema = z.strictObject({ county: codeSchema.optional() });
export type AlarmValuationQuery = z.infer<typeof alarmValuationQuerySchema>;
export const alarmValuationListSchema = z
  .object({
    day: daySchema,
    inForce: alarmValuationSchema.meta({
      description: 'Today, of the county that was asked for or the city',
    }),
    items: z.array(alarmValuationSchema).meta({ description: 'Every dated row, the last to begin first' }),
  })
  .meta({ id: 'AlarmValuationList' });
export type AlarmValuationList = z.infer<typeof alarmValuationListSchema>;
/** `POST /api/v1/alarms/valuations`: from a day on, today at the earliest. */
export const alarmValuationEntrySchema = z.strictObject({
  county: codeSchema.nullable().default(null),
  effectiveFrom: daySchema,
  priceHaoPerKwh: z.number().int().min(0).max(100_000).meta({ description: '1/10000 yuan per kWh' }),
  fenPerPostMonth: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .meta({ description: 'Fen a month, as a decimal string' }),
  reason: noteSchema,
});
export type AlarmValuationEntry = z.infer<typeof alarmValuationEntrySchema>;
