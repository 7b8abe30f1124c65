import { z } from 'zod';
import { daySchema, fenSchema, monthSchema } from '../common.ts';
import { wholeTextSchema } from './settlement-parts.ts';

const fractionTextSchema = z
  .string()
  .regex(/^-?\d+\/\d+$/)
  .meta({ description: 'Exact fraction, numerator/denominator' });

/** Money of a station, month and component, and the village's part of it. */
export const lineagePoolSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    month: monthSchema,
    component: z.string(),
    poolFen: fenSchema.meta({ description: 'What the run gave out of this station, month and component' }),
    villages: z.number().int(),
    share: fractionTextSchema,
    exactFen: fractionTextSchema,
    amountFen: fenSchema,
    spareFen: fenSchema,
    spareRank: z.number().int().nullable().meta({ description: 'Place in the row of remainders' }),
    recomputedFen: fenSchema.nullable().meta({ description: 'Split again from what is stored' }),
    isReproduced: z.boolean(),
    explanation: z.object({ zh: z.string(), en: z.string() }),
    spans: z
      .array(z.object({ fromDay: daySchema, toDay: daySchema, energyWh: wholeTextSchema.nullable() }))
      .meta({ description: 'More than one where shares change in the month; weighed by energy' }),
    sources: z.array(
      z.object({
        amountFen: fenSchema,
        bankReference: z.string(),
        bookedOn: daySchema,
        receiptSequence: wholeTextSchema,
        accountNo: z.string(),
        version: z.number().int(),
        energyWh: wholeTextSchema.nullable(),
        priceYuanPerKwh: z.string().nullable(),
        statedFen: fenSchema,
        fileName: z.string(),
        contentHash: z.string(),
        rowNumber: z.number().int(),
      }),
    ),
    days: z
      .array(z.object({ day: daySchema, energyWh: wholeTextSchema, method: z.string(), quality: z.string() }))
      .meta({ description: 'Telemetry of the month as it is known now; money follows the statement' }),
  })
  .meta({ id: 'LineagePool' });
export type LineagePool = z.infer<typeof lineagePoolSchema>;

/** `GET /api/v1/lineage/allocation-runs/:id/villages/:village`. */
export const villageLineageSchema = z
  .object({
    runId: z.number().int(),
    runHash: z.string(),
    state: z.enum(['proposed', 'approved', 'voided']),
    policy: z.object({ documentNumber: z.string(), isConfirmed: z.boolean() }),
    ledgerSequence: wholeTextSchema.nullable(),
    villageCode: z.string(),
    villageName: z.string(),
    amountFen: fenSchema,
    netFen: fenSchema,
    costs: z.array(
      z.object({
        line: z.string(),
        dueFen: fenSchema,
        takenFen: fenSchema,
        isCapped: z.boolean(),
        reducesDenominator: z.boolean(),
      }),
    ),
    pools: z.array(lineagePoolSchema),
    isReproduced: z.boolean().meta({ description: 'Every part came out again to the fen, and they sum' }),
  })
  .meta({ id: 'VillageLineage' });
export type VillageLineageView = z.infer<typeof villageLineageSchema>;
