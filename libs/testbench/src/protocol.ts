import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  testbenchParametersSchema,
  testbenchPhaseSchema,
  testbenchResultSchema,
  type TestbenchResult,
} from '#contracts';

/** What the queue and the program of a run (`apps/testbench`) say to each other over their channel. */

/** The stations of a run as they were when it was asked for, so that a replay plays the same ones. */
export const worldSchema = z.object({
  counties: z.array(
    z.object({ code: z.string(), name: z.string(), seatLongitude: z.number(), seatLatitude: z.number() }),
  ),
  townships: z.array(z.object({ code: z.string(), countyCode: z.string(), name: z.string() })),
  stations: z.array(
    z.object({
      code: z.string(),
      name: z.string(),
      kind: z.enum(['single', 'joint']),
      townshipCode: z.string(),
      longitude: z.number(),
      latitude: z.number(),
      capacityW: z.number().int(),
      ratedAcW: z.number().int(),
      tiltDeg: z.number(),
      azimuthDeg: z.number(),
      commissionedOn: z.string(),
      subsidyClass: z.enum(['national', 'local', 'none']),
      gateways: z.array(z.object({ code: z.string(), serial: z.string() })),
      devices: z.array(
        z.object({
          code: z.string(),
          kind: z.enum(['inverter', 'meter']),
          serial: z.string(),
          model: z.string().nullable(),
          ratedPowerW: z.number().int(),
          stringCount: z.number().int().nullable(),
          gatewayCode: z.string(),
        }),
      ),
      prices: z.array(
        z.object({
          component: z.string(),
          priceHaoPerKwh: z.number().int(),
          effectiveFrom: z.string(),
          effectiveTo: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type TestbenchWorld = z.infer<typeof worldSchema>;

export const jobSchema = z.object({
  parameters: testbenchParametersSchema,
  world: worldSchema,
  /** An empty database that the program may do with what it likes; who sent the job drops it. */
  databaseUrl: z.string(),
  /** Where it may leave files. */
  folder: z.string(),
});
export type TestbenchJob = z.infer<typeof jobSchema>;

export const reportSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    phase: testbenchPhaseSchema,
    done: z.number().int(),
    total: z.number().int(),
  }),
  z.object({
    type: z.literal('unusable'),
    faults: z.array(z.object({ place: z.string(), fault: z.string() })),
  }),
  z.object({ type: z.literal('failed'), message: z.string() }),
  z.object({ type: z.literal('result'), result: testbenchResultSchema }),
]);
export type TestbenchReport = z.infer<typeof reportSchema>;

/** SHA-256 of a result: two runs of one world have the same. */
export const resultHashOf = (result: TestbenchResult): string =>
  createHash('sha256').update(JSON.stringify(result)).digest('hex');
