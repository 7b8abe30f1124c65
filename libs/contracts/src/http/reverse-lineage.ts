import { z } from 'zod';
import { daySchema, fenSchema, instantSchema, monthSchema } from '../common.ts';
import { wholeTextSchema } from './settlement-parts.ts';

/** `GET /api/v1/lineage/stations/:code/devices/:device/reading`. */
export const readingLineageQuerySchema = z.strictObject({
  at: instantSchema.meta({ description: 'measuredAt of the reading' }),
});
export type ReadingLineageQuery = z.infer<typeof readingLineageQuerySchema>;

/** What a day of a station touches: papers, runs, adjustments, and the villages in them. */
export const dayLineageSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    day: daySchema,
    month: monthSchema,
    reading: z
      .object({
        device: z.string(),
        measuredAt: instantSchema,
        energyTotalWh: wholeTextSchema.nullable(),
        activePowerW: z.number().int().nullable(),
      })
      .nullable()
      .meta({ description: 'The reading that was asked for; null where a day was, or it is gone' }),
    energyWh: wholeTextSchema.nullable().meta({ description: 'Of the day; null is unknown' }),
    method: z.string().nullable(),
    quality: z.string().nullable(),
    statements: z
      .array(
        z.object({
          accountNo: z.string(),
          component: z.string(),
          version: z.number().int(),
          energyWh: wholeTextSchema.nullable(),
          amountFen: fenSchema,
        }),
      )
      .meta({ description: 'Papers of the month, which the telemetry of its days is checked against' }),
    runs: z.array(
      z.object({
        runId: z.number().int(),
        state: z.enum(['proposed', 'approved', 'voided']),
        component: z.string(),
        poolFen: fenSchema,
        isWeighed: z.boolean().meta({
          description: 'Shares change in the month, so energy of the day decides who gets how much',
        }),
        villages: z.array(
          z.object({ villageCode: z.string(), villageName: z.string(), amountFen: fenSchema }),
        ),
      }),
    ),
    adjustments: z.array(
      z.object({ id: z.number().int(), state: z.string(), cause: z.string(), totalFen: fenSchema }),
    ),
    villageCount: z
      .number()
      .int()
      .meta({ description: 'Villages that approved runs gave money of the month' }),
    amountFen: fenSchema.meta({ description: 'What approved runs gave out of the month' }),
  })
  .meta({ id: 'DayLineage' });
export type DayLineageView = z.infer<typeof dayLineageSchema>;
