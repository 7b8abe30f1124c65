import { z } from 'zod';
import {
  MONEY_ACTIONS,
  moneySteps,
  settledExpectation,
  settlementSchema,
  truthSchema,
} from './money-file.ts';

/**
 * A scenario file: stations, what happens in order of time, and what must be true afterwards (docs/SCENARIOS.md).
 * Everything that is wrong with a file is found before anything runs, and named by its place in the file.
 */

/** A fault of the file, by its place: `steps[3].publish.topic`. */
export interface FileFault {
  place: string;
  fault: string;
}

/** Free text for people; the only key that is allowed everywhere. */
const remarks = { note: z.string().optional() };
const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant with its zone, such as 2025-02-20T10:00:00+08:00' })
  .transform((text) => Date.parse(text));
const daySchema = z.iso.date({ error: 'must be a day, such as 2025-02-20' });
const codeSchema = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be a code: letters, digits, - and _');
/** Whole Wh, as a number or as the text that the output has. */
const whSchema = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);
const kwSchema = z.number().positive();
const countSchema = z.number().int().min(0);

const deviceSchema = z.object({
  code: codeSchema,
  kind: z.enum(['inverter', 'meter']),
  ratedKw: kwSchema,
  serial: z.string().min(1).max(60).optional(),
  /** Built-in profile or one of `profiles`. */
  profile: z.string().default('native'),
  /** What the vendor calls the device, where that is neither its serial nor its code. */
  source: z.string().min(1).max(200).optional(),
  counter: z.object({ modulusWh: z.number().int().positive().optional() }).optional(),
  ...remarks,
});

const stationSchema = z.object({
  code: codeSchema,
  countyCode: z
    .string()
    .regex(/^\d{6}$/, 'must be the six digits of a county')
    .default('141124'),
  ratedKw: kwSchema.optional(),
  commissionedOn: daySchema.default('2015-01-01'),
  gateways: z.array(codeSchema).min(1).default(['GW01']),
  devices: z.array(deviceSchema),
  settlement: settlementSchema.optional(),
  ...remarks,
});

/** What MQTT lets a client publish to; a broker closes the connection on anything else. */
const topicSchema = z
  .string()
  .min(1)
  .max(1000)
  .refine((topic) => !/[#+\0]/.test(topic), 'a client cannot publish to a topic with #, + or NUL');
const publishSchema = z
  .strictObject({
    topic: topicSchema,
    json: z.json().optional(),
    text: z.string().optional(),
    hex: z
      .string()
      .regex(/^(?:[0-9a-fA-F]{2})*$/, 'must be pairs of hexadecimal digits')
      .optional(),
    qos: z.union([z.literal(0), z.literal(1)]).default(1),
    retain: z.boolean().default(false),
    times: z.number().int().min(1).max(10_000).default(1),
    ...remarks,
  })
  .refine(
    ({ json, text, hex }) => [json, text, hex].filter((body) => body !== undefined).length === 1,
    'needs exactly one of json, text and hex',
  )
  .transform(({ json, text, hex, ...rest }) => ({
    ...rest,
    payload: hex === undefined ? Buffer.from(text ?? JSON.stringify(json ?? null)) : Buffer.from(hex, 'hex'),
  }));

const exchangedSchema = z.strictObject({
  station: codeSchema,
  device: codeSchema,
  newSerial: z.string().min(1).max(60),
  finalWh: whSchema.nullable().default(null),
  startWh: whSchema.default(0),
  ...remarks,
});
const movedSchema = z.strictObject({ device: codeSchema, from: codeSchema, to: codeSchema, ...remarks });
const PARTS = ['ingest', 'broker', 'database'] as const;
const partSchema = z.enum(PARTS);
/** A part of the system that a scenario can kill. */
export type Part = z.infer<typeof partSchema>;

const ACTIONS = [
  'publish',
  'deviceExchanged',
  'deviceMoved',
  'kill',
  'start',
  'wait',
  ...MONEY_ACTIONS,
] as const;
const stepSchema = z
  .strictObject({
    at: instantSchema.optional(),
    publish: publishSchema.optional(),
    deviceExchanged: exchangedSchema.optional(),
    deviceMoved: movedSchema.optional(),
    kill: partSchema.optional(),
    start: partSchema.optional(),
    wait: z.literal('settled').optional(),
    ...moneySteps,
    ...remarks,
  })
  .refine(
    (step) => ACTIONS.filter((action) => step[action] !== undefined).length === 1,
    `needs exactly one of ${ACTIONS.join(', ')}`,
  );

const energyLine = {
  wh: whSchema.nullable().optional(),
  whBetween: z.tuple([whSchema, whSchema]).optional(),
};
const tolerance = { toleranceWh: z.number().min(0).default(0) };
const countLine = {
  count: countSchema.optional(),
  countBetween: z.tuple([countSchema, countSchema]).optional(),
};
const valueSchema = z.union([z.number(), z.string(), z.null()]);

/** One of the keys says what is expected. */
const oneOf =
  (...keys: readonly string[]) =>
  (line: Record<string, unknown>) =>
    keys.filter((key) => line[key] !== undefined).length === 1;
const needsWh = 'needs exactly one of wh and whBetween';
const needsCount = 'needs exactly one of count and countBetween';

const energyExpectation = z
  .strictObject({
    station: codeSchema,
    /** Without it: all meters of the station, or all inverters where it has no meter. */
    device: codeSchema.optional(),
    from: instantSchema,
    to: instantSchema,
    ...energyLine,
    ...tolerance,
    ...remarks,
  })
  .refine(oneOf('wh', 'whBetween'), needsWh);
const dayExpectation = z
  .strictObject({
    station: codeSchema,
    device: codeSchema.optional(),
    day: daySchema,
    method: z.string().optional(),
    quality: z.string().optional(),
    ...energyLine,
    ...tolerance,
    ...remarks,
  })
  .refine(oneOf('wh', 'whBetween'), needsWh);
const readingsExpectation = z
  .strictObject({ station: codeSchema, device: codeSchema.optional(), ...countLine, ...remarks })
  .refine(oneOf('count', 'countBetween'), needsCount);
const valueExpectation = z
  .strictObject({
    station: codeSchema,
    device: codeSchema,
    measuredAt: instantSchema,
    field: z.string().min(1),
    value: valueSchema.optional(),
    valueIn: z.array(valueSchema).min(1).optional(),
    flagged: z.boolean().optional(),
    ...remarks,
  })
  .refine(
    ({ value, valueIn, flagged }) => value !== undefined || valueIn !== undefined || flagged !== undefined,
    'needs value, valueIn or flagged',
  );
const quarantineExpectation = z
  .strictObject({
    reason: z.string().optional(),
    topic: z.string().optional(),
    ...countLine,
    ...remarks,
  })
  .refine(oneOf('count', 'countBetween'), needsCount);
const counterEventExpectation = z
  .strictObject({
    station: codeSchema,
    device: codeSchema.optional(),
    kind: z.string().optional(),
    ...countLine,
    ...remarks,
  })
  .refine(oneOf('count', 'countBetween'), needsCount);
const liveExpectation = z
  .strictObject({
    station: codeSchema,
    device: codeSchema.optional(),
    powerW: z.number().nullable().optional(),
    powerWIn: z.array(z.number().nullable()).min(1).optional(),
    state: z.string().optional(),
    ...remarks,
  })
  .refine(
    ({ powerW, powerWIn, state }) => powerW !== undefined || powerWIn !== undefined || state !== undefined,
    'needs powerW, powerWIn or state',
  );

const linesSchema = z.strictObject({
  energy: z.array(energyExpectation).default([]),
  days: z.array(dayExpectation).default([]),
  readings: z.array(readingsExpectation).default([]),
  values: z.array(valueExpectation).default([]),
  quarantine: z.array(quarantineExpectation).default([]),
  counterEvents: z.array(counterEventExpectation).default([]),
  live: z.array(liveExpectation).default([]),
  settled: settledExpectation.optional(),
  ...remarks,
});
const expectSchema = linesSchema.extend({ anyOf: z.array(linesSchema).min(1).optional() });

const scenarioSchema = z.object({
  name: z.string().min(1),
  stations: z.array(stationSchema),
  /** Profiles of vendors that are not built in (docs/PROFILES.md), by the ids that the devices name. */
  profiles: z.array(z.record(z.string(), z.json())).default([]),
  steps: z.array(stepSchema),
  /** What really was, where who wrote the file knows it. */
  truth: truthSchema,
  expect: expectSchema.prefault({}),
});

type Step = z.infer<typeof stepSchema>;
export type TimedStep = Omit<Step, 'at'> & { atMs: number };
export type ScenarioStation = z.infer<typeof stationSchema>;
export type ScenarioDevice = z.infer<typeof deviceSchema>;
export type ScenarioPublish = z.infer<typeof publishSchema>;
export type ScenarioExchange = z.infer<typeof exchangedSchema>;
export type ScenarioMove = z.infer<typeof movedSchema>;
export type ExpectLines = z.infer<typeof linesSchema>;
export type Expectations = z.infer<typeof expectSchema>;

export interface Scenario extends Omit<z.infer<typeof scenarioSchema>, 'steps'> {
  /** Every step with its instant. */
  steps: TimedStep[];
}

/** A scenario that can be run, or everything that is wrong with the file. */
export function parseScenario(text: string): { scenario: Scenario } | { faults: FileFault[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { faults: [{ place: 'file', fault: error instanceof Error ? error.message : 'not JSON' }] };
  }
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success)
    return {
      faults: parsed.error.issues.map(({ path, message }) => ({ place: placeOf(path), fault: message })),
    };
  const { steps, ...rest } = parsed.data;
  const faults = [...stationFaults(rest.stations), ...stepFaults(parsed.data)];
  return faults.length > 0 ? { faults } : { scenario: { ...rest, steps: timed(steps) } };
}

/** `steps[3].publish.topic` */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? 'file' : place.replace(/^\./, '');
}

function stationFaults(stations: readonly ScenarioStation[]): FileFault[] {
  const faults: FileFault[] = [];
  const codes = new Set<string>();
  for (const [index, { code, devices }] of stations.entries()) {
    if (codes.has(code)) faults.push({ place: `stations[${index}].code`, fault: `${code} is there twice` });
    codes.add(code);
    const own = new Set<string>();
    for (const [place, device] of devices.entries()) {
      if (own.has(device.code))
        faults.push({
          place: `stations[${index}].devices[${place}].code`,
          fault: `${device.code} is there twice`,
        });
      own.add(device.code);
    }
  }
  return faults;
}

function stepFaults({ stations, steps }: z.infer<typeof scenarioSchema>): FileFault[] {
  const faults: FileFault[] = [];
  const devices = new Set(
    stations.flatMap(({ code, devices: own }) => own.map((device) => `${code}/${device.code}`)),
  );
  const codes = new Set(stations.map(({ code }) => code));
  const down = new Set<Part>();
  let lastMs = -Infinity;
  for (const [index, step] of steps.entries()) {
    const fail = (key: string, fault: string) => faults.push({ place: `steps[${index}].${key}`, fault });
    if (step.at !== undefined && step.at < lastMs) fail('at', 'is before the step before it');
    lastMs = step.at ?? lastMs;
    const { deviceExchanged: exchange, deviceMoved: move, kill, start } = step;
    if (exchange && !devices.has(`${exchange.station}/${exchange.device}`))
      fail('deviceExchanged', `there is no device ${exchange.station}/${exchange.device}`);
    if (move && !devices.has(`${move.from}/${move.device}`))
      fail('deviceMoved', `there is no device ${move.from}/${move.device}`);
    if (move && !codes.has(move.to)) fail('deviceMoved.to', `there is no station ${move.to}`);
    if (move && move.to === move.from) fail('deviceMoved.to', 'is the station that it came from');
    if (kill && down.has(kill)) fail('kill', `${kill} is not running`);
    if (start && !down.has(start)) fail('start', `${start} is running`);
    if (kill) down.add(kill);
    if (start) down.delete(start);
    for (const station of settledStations(step))
      if (!stations.some(({ code, settlement }) => code === station && settlement))
        fail('statement', `${station} has no settlement`);
    const inNeed = (['wait', 'deviceExchanged', 'deviceMoved', ...MONEY_ACTIONS] as const).find(
      (key) => step[key] !== undefined,
    );
    if (inNeed && down.has('database')) fail(inNeed, 'the database is not running');
  }
  return faults;
}

const settledStations = ({ statement }: Step) => statement?.rows.map(({ station }) => station) ?? [];

/** A step without an instant happens at that of the step before; the first ones at the first that is named. */
function timed(steps: readonly Step[]): TimedStep[] {
  let atMs = steps.find(({ at }) => at !== undefined)?.at ?? Date.now();
  return steps.map(({ at, ...step }) => {
    atMs = at ?? atMs;
    return { ...step, atMs };
  });
}
