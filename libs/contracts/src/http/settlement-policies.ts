import { z } from 'zod';
import { daySchema, fenSchema, instantSchema } from '../common.ts';

const percentSchema = z
  .string()
  .regex(/^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/)
  .meta({ description: 'Percentage as decimal text, 0 to 100' });
const costBase = {
  line: z.enum(['rent', 'operation', 'insurance', 'tax', 'reserve']),
  reducesDenominator: z.boolean().meta({ description: 'The line is taken off before the ratio is measured' }),
};

/** Costs before distribution, in the order in which they are taken; a loan is not among them. */
export const policyCostSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), ...costBase, amountFen: z.string().regex(/^\d{1,15}$/) }),
  z.strictObject({
    kind: z.literal('rate'),
    ...costBase,
    percent: percentSchema,
    capFen: z
      .string()
      .regex(/^\d{1,15}$/)
      .nullable()
      .default(null),
  }),
]);
export type PolicyCost = z.infer<typeof policyCostSchema>;

/** `POST /api/v1/settlement/policies`: holds from a day on; what held in the area until then ends there. */
export const settlementPolicyEntrySchema = z.strictObject({
  areaCode: z
    .string()
    .regex(/^\d{6}$/)
    .meta({ description: '100000 China, 140000 Shanxi, 141100 Lüliang, or a county' }),
  documentNumber: z.string().trim().min(1).max(200),
  minimumPercent: percentSchema.meta({ description: 'Least part for wages and labour fees' }),
  allowedUses: z.array(z.enum(['posts', 'public_works', 'reward', 'carried_balance'])).min(1),
  costs: z.array(policyCostSchema).max(5),
  amountToleranceFen: z.string().regex(/^\d{1,9}$/),
  energyWarnPercent: percentSchema,
  energyAlarmPercent: percentSchema,
  noticeDays: z.number().int().min(0).max(60),
  lookBackMonths: z
    .number()
    .int()
    .min(1)
    .max(120)
    .default(12)
    .meta({ description: 'Months back in which a late change is still adjusted' }),
  transferWorkingDays: z
    .number()
    .int()
    .min(1)
    .max(60)
    .default(10)
    .meta({ description: 'Working days from receipt to the account of the village' }),
  isConfirmed: z.boolean().meta({ description: 'Confirmed by the county; without it nothing is approved' }),
  effectiveFrom: daySchema,
});
export type SettlementPolicyEntry = z.infer<typeof settlementPolicyEntrySchema>;

export const settlementPolicySchema = z
  .object({
    id: z.number().int(),
    areaCode: z.string(),
    documentNumber: z.string(),
    minimum: z.string().meta({ description: 'Exact fraction, numerator/denominator' }),
    allowedUses: z.array(z.string()),
    costs: z.array(
      z.object({
        line: z.string(),
        kind: z.enum(['fixed', 'rate']),
        amountFen: fenSchema.nullable(),
        rate: z.string().nullable(),
        capFen: fenSchema.nullable(),
        reducesDenominator: z.boolean(),
      }),
    ),
    amountToleranceFen: fenSchema,
    energyWarn: z.string(),
    energyAlarm: z.string(),
    noticeDays: z.number().int(),
    lookBackMonths: z.number().int(),
    transferWorkingDays: z.number().int(),
    isConfirmed: z.boolean(),
    effectiveFrom: daySchema,
    effectiveTo: daySchema.nullable(),
  })
  .meta({ id: 'SettlementPolicy' });
export type SettlementPolicyView = z.infer<typeof settlementPolicySchema>;

export const settlementPolicyListSchema = z
  .object({ asOf: instantSchema, items: z.array(settlementPolicySchema) })
  .meta({ id: 'SettlementPolicyList' });
export type SettlementPolicyList = z.infer<typeof settlementPolicyListSchema>;
