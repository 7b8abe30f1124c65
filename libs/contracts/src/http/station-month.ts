import { z } from 'zod';
import { daySchema, energyMethodSchema, energyQualitySchema, instantSchema, monthSchema } from '../common.ts';
import { wholeTextSchema } from './settlement-parts.ts';
import { stationMatchSchema } from './settlement.ts';
import { statementSchema } from './statements.ts';

/** `GET /api/v1/settlement/matches/:station/:month`: everything that a station-month rests on. */
export const stationMonthSchema = z
  .object({
    asOf: instantSchema,
    month: monthSchema,
    countyCode: z.string(),
    policy: z.object({ documentNumber: z.string(), isConfirmed: z.boolean() }),
    match: stationMatchSchema,
    days: z.array(
      z.object({
        day: daySchema,
        energyWh: wholeTextSchema.nullable().meta({
          description: 'What was seen, also of a day that is not whole; null where nothing is known',
        }),
        quality: energyQualitySchema.nullable().meta({ description: 'Null: the day was never calculated' }),
        method: energyMethodSchema.nullable(),
        use: z.enum(['counted', 'substitute', 'unknown']).meta({
          description:
            'substitute: estimated and counted; unknown: not counted, it blocks the month for money',
        }),
      }),
    ),
    statements: z.array(statementSchema).meta({ description: 'Every version, with reversals' }),
    signatures: z.array(
      z.object({
        finding: z.string(),
        component: z.string().nullable(),
        reasonCode: z.string(),
        note: z.string(),
        signedBy: z.string(),
        signedAt: instantSchema,
      }),
    ),
  })
  .meta({ id: 'StationMonth' });
export type StationMonth = z.infer<typeof stationMonthSchema>;
