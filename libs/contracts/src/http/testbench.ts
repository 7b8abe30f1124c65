import { z } from 'zod';
import {
  daySchema,
  energyMethodSchema,
  energyQualitySchema,
  energyWhSchema,
  fenSchema,
  instantSchema,
  monthSchema,
} from '../common.ts';
import { FAULT_KINDS, faultScriptSchema } from '../fault-script.ts';

/**
 * The testers' place: a run plays a world on throw-away storage through the real ingest and roll-up, and puts what is
 * true beside what was stored.
 *
 *   queued → running → done | failed | cancelled        queued → cancelled
 */
export const testbenchStateSchema = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type TestbenchState = z.infer<typeof testbenchStateSchema>;

/** What a run may cost: a station-day is 288 messages, and the machine has other work. */
export const TESTBENCH_LIMITS = {
  stations: 20,
  days: 31,
  stationDays: 120,
  faults: 200,
  /** Bytes of a scenario file. */
  fileBytes: 2_000_000,
  /** Runs that wait. */
  queued: 20,
  /** Real minutes that a run may take. */
  minutes: 10,
} as const;

/** First day that can be played: the model of the simulated fleet begins there. */
export const TESTBENCH_FIRST_DAY = '2024-01-01';

const nameSchema = z.string().trim().min(1).max(80);
const codeSchema = z.string().min(1).max(40);

/** Stations, days, seed and faults; the readings come from the model of the simulated fleet. */
export const testbenchFleetSchema = z
  .strictObject({
    kind: z.literal('fleet'),
    stations: z.array(codeSchema).min(1).max(TESTBENCH_LIMITS.stations),
    fromDay: daySchema,
    days: z.number().int().min(1).max(TESTBENCH_LIMITS.days),
    seed: z.number().int().min(0).max(4_294_967_295),
    faults: faultScriptSchema.max(TESTBENCH_LIMITS.faults),
  })
  .superRefine(({ stations, days, fromDay, faults }, context) => {
    const fail = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (new Set(stations).size !== stations.length) fail(['stations'], 'a station is there twice');
    if (stations.length * days > TESTBENCH_LIMITS.stationDays)
      fail(['days'], `stations times days are at most ${TESTBENCH_LIMITS.stationDays}`);
    if (fromDay < TESTBENCH_FIRST_DAY) fail(['fromDay'], `not before ${TESTBENCH_FIRST_DAY}`);
    for (const [index, { station }] of faults.entries())
      if (!stations.includes(station)) fail(['faults', index, 'station'], `${station} is not of the run`);
  });
export type TestbenchFleet = z.infer<typeof testbenchFleetSchema>;

/** A scenario file as text; its form is checked before it runs, fault by fault. */
const testbenchFileSchema = z.strictObject({
  kind: z.literal('file'),
  text: z.string().min(2).max(TESTBENCH_LIMITS.fileBytes),
});

export const testbenchParametersSchema = z.union([testbenchFleetSchema, testbenchFileSchema]);
export type TestbenchParameters = z.infer<typeof testbenchParametersSchema>;

/** `POST /api/v1/testbench/runs`. */
export const testbenchAskSchema = z.strictObject({
  actionKey: z.uuid().meta({ description: 'Made once when the person acts; the same key is one run' }),
  name: nameSchema,
  parameters: testbenchParametersSchema,
});
export type TestbenchAsk = z.infer<typeof testbenchAskSchema>;

/** `POST /api/v1/testbench/runs/:id/replay`: the same parameters and the same stations once more. */
export const testbenchReplaySchema = z.strictObject({ actionKey: z.uuid() });
export type TestbenchReplay = z.infer<typeof testbenchReplaySchema>;

export const testbenchPhaseSchema = z.enum(['waiting', 'preparing', 'playing', 'settling', 'reading']);

/** Why a run did not come to its end. */
export const testbenchFailureSchema = z.object({
  code: z.enum(['unusable', 'crashed', 'timed_out', 'abandoned', 'no_database_right']),
  detail: z.string(),
  faults: z
    .array(z.object({ place: z.string(), fault: z.string() }))
    .meta({ description: 'Of an unusable file: each fault with its place' }),
});
export type TestbenchFailure = z.infer<typeof testbenchFailureSchema>;

/** Stored against truth, of one station and day. */
const verdictSchema = z.enum(['same', 'less', 'more', 'nothing_stored', 'truth_unknown']);
export type TestbenchVerdict = z.infer<typeof verdictSchema>;

export const testbenchSummarySchema = z.object({
  truthWh: energyWhSchema.nullable(),
  storedWh: energyWhSchema.nullable(),
  differenceWh: energyWhSchema.nullable().meta({
    description: 'Stored less true, of the station-days of which both are known',
  }),
  differenceFen: fenSchema.nullable(),
  stationDays: z.number().int(),
  differing: z.number().int().meta({ description: 'Station-days whose stored energy is not the true one' }),
  messages: z.number().int(),
  pass: z.boolean().nullable().meta({ description: 'Of a file: everything is as it expects' }),
});
export type TestbenchSummary = z.infer<typeof testbenchSummarySchema>;

export const testbenchRowSchema = z.object({
  station: z.string(),
  day: daySchema,
  truthWh: energyWhSchema.nullable(),
  storedWh: energyWhSchema.nullable(),
  settledWh: energyWhSchema.nullable().meta({ description: 'Null: nothing was settled in the run' }),
  differenceWh: energyWhSchema.nullable(),
  truthFen: fenSchema.nullable(),
  storedFen: fenSchema.nullable(),
  differenceFen: fenSchema.nullable(),
  method: energyMethodSchema.nullable(),
  quality: energyQualitySchema.nullable(),
  verdict: verdictSchema,
});
export type TestbenchRow = z.infer<typeof testbenchRowSchema>;

export const testbenchEventSchema = z.object({
  kind: z.union([z.enum(FAULT_KINDS), z.enum(['kill', 'start', 'device_exchanged', 'device_moved'])]),
  station: z.string().nullable(),
  device: z.string().nullable(),
  from: instantSchema,
  to: instantSchema.nullable(),
  lostWh: energyWhSchema
    .nullable()
    .meta({ description: 'Energy that it really took; null where it takes none' }),
  text: z.string(),
});
export type TestbenchEvent = z.infer<typeof testbenchEventSchema>;

/** A month that was settled, or of which a file knows the truth. */
export const testbenchMonthSchema = z.object({
  station: z.string(),
  month: monthSchema,
  truthWh: energyWhSchema.nullable(),
  storedWh: energyWhSchema.nullable(),
  settledWh: energyWhSchema.nullable(),
  settledFen: fenSchema.nullable(),
  differenceWh: energyWhSchema.nullable().meta({ description: 'Settled less true' }),
});
export type TestbenchMonth = z.infer<typeof testbenchMonthSchema>;

const quarterHoursSchema = z.array(energyWhSchema.nullable()).length(96);

export const testbenchCurveSchema = z.object({
  station: z.string(),
  day: daySchema,
  truthWh: quarterHoursSchema.nullable().meta({ description: 'Energy of each quarter hour; null unknown' }),
  storedWh: quarterHoursSchema.meta({ description: 'Energy of each quarter hour; null is a gap' }),
});
export type TestbenchCurve = z.infer<typeof testbenchCurveSchema>;

/** The same world gives the same result, to the last character: nothing in it depends on when or where it ran. */
export const testbenchResultSchema = z.object({
  summary: testbenchSummarySchema,
  rows: z.array(testbenchRowSchema),
  months: z.array(testbenchMonthSchema),
  curves: z.array(testbenchCurveSchema),
  events: z.array(testbenchEventSchema),
  quarantine: z.array(z.object({ reason: z.string(), messages: z.number().int() })),
  counterEvents: z.array(
    z.object({ station: z.string(), device: z.string(), kind: z.string(), at: instantSchema }),
  ),
  mismatches: z.array(z.string()).meta({ description: 'Of a file: what is not as it expects' }),
});
export type TestbenchResult = z.infer<typeof testbenchResultSchema>;

const runHead = {
  id: z.uuid(),
  name: z.string(),
  kind: z.enum(['fleet', 'file']),
  state: testbenchStateSchema,
  askedBy: z.string(),
  askedAt: instantSchema,
  startedAt: instantSchema.nullable(),
  endedAt: instantSchema.nullable(),
  replayOfId: z.uuid().nullable(),
  phase: testbenchPhaseSchema,
  progress: z.object({ done: z.number().int(), total: z.number().int() }),
  queuePosition: z
    .number()
    .int()
    .nullable()
    .meta({ description: '1 is the next; null where it does not wait' }),
  isCancelAsked: z.boolean(),
  programVersion: z.string().nullable(),
  resultHash: z.string().nullable(),
  summary: testbenchSummarySchema.nullable(),
  failure: testbenchFailureSchema.nullable(),
};

export const testbenchRunSummarySchema = z.object(runHead).meta({ id: 'TestbenchRunSummary' });
export type TestbenchRunSummary = z.infer<typeof testbenchRunSummarySchema>;

/** `GET /api/v1/testbench/runs/:id`. */
export const testbenchRunSchema = z
  .object({
    ...runHead,
    parameters: testbenchParametersSchema,
    stationNames: z.record(z.string(), z.string()),
    result: testbenchResultSchema.nullable(),
    replays: z.array(
      z.object({ id: z.uuid(), resultHash: z.string().nullable(), state: testbenchStateSchema }),
    ),
  })
  .meta({ id: 'TestbenchRun' });
export type TestbenchRun = z.infer<typeof testbenchRunSchema>;

/** `GET /api/v1/testbench/runs`. */
export const testbenchQuerySchema = z.strictObject({
  state: testbenchStateSchema.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
});
export type TestbenchQuery = z.infer<typeof testbenchQuerySchema>;

export const testbenchRunListSchema = z
  .object({
    items: z.array(testbenchRunSummarySchema),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'TestbenchRunList' });
export type TestbenchRunList = z.infer<typeof testbenchRunListSchema>;

/** `GET /api/v1/testbench/runs/:id/file?form=`. */
export const testbenchFileQuerySchema = z.strictObject({
  form: z.enum(['scenario', 'result-json', 'result-csv']),
});
export type TestbenchFileQuery = z.infer<typeof testbenchFileQuerySchema>;
