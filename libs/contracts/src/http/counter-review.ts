import { z } from 'zod';
import { daySchema, energyQualitySchema, energyWhSchema, instantSchema, powerWSchema } from '../common.ts';

/** Items of one page of the inbox. */
export const REVIEW_PAGE_SIZE = 50;

/** There are no accounts yet: who signs gives a name. */
const personSchema = z
  .string()
  .trim()
  .min(2)
  .max(40)
  .meta({ description: 'Name of the person who signs, 2 to 40 characters' });
const reasonSchema = z.string().trim().min(2).max(400);
const counterWhSchema = energyWhSchema.min(0).max(Number.MAX_SAFE_INTEGER);
const codeSchema = z.string().trim().min(1).max(40);
const noteSchema = z.string().trim().max(400).default('');

export const counterEventKindSchema = z.enum([
  'jitter',
  'zero_frame',
  'reset',
  'wrap',
  'exchange',
  'moved',
  'implausible_step',
  'frozen',
  'scale_change',
  'night_output',
]);

/** What is done to readings; raw readings stay as they are. */
export const counterFixSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ignore'), fromAt: instantSchema, toAt: instantSchema }),
  z.object({ kind: z.literal('reset'), at: instantSchema }),
  z.object({ kind: z.literal('rebase'), at: instantSchema, energyWh: energyWhSchema }),
  z.object({
    kind: z.literal('scale'),
    fromAt: instantSchema,
    toAt: instantSchema.nullable(),
    multiply: z.number().int(),
    divide: z.number().int(),
  }),
]);
export type CounterFixView = z.infer<typeof counterFixSchema>;

/** A signed decision. `dismiss`: a person looked, and what is booked stands. */
export const signedFixSchema = z
  .object({
    id: z.number().int(),
    proposalId: z.number().int(),
    fix: z.union([counterFixSchema, z.object({ kind: z.literal('dismiss') })]),
    effectWh: energyWhSchema.meta({ description: 'Change of the booked energy when it was signed, Wh' }),
    reason: z.string(),
    signedBy: z.string(),
    signedAt: instantSchema,
    takenBack: z.object({ by: z.string(), at: instantSchema, reason: z.string() }).nullable(),
  })
  .meta({ id: 'SignedCounterFix' });
export type SignedFix = z.infer<typeof signedFixSchema>;

const reviewPlaceSchema = z.object({
  stationCode: z.string(),
  stationName: z.string(),
  deviceCode: z.string(),
  deviceKind: z.enum(['inverter', 'meter']),
});

export const reviewItemSchema = reviewPlaceSchema
  .extend({
    id: z.number().int(),
    kind: counterEventKindSchema,
    at: instantSchema,
    day: daySchema,
    fromWh: energyWhSchema.nullable().meta({ description: 'Counter before, Wh' }),
    toWh: energyWhSchema.nullable().meta({ description: 'Counter after, Wh' }),
    isWaiting: z.boolean().meta({ description: 'The next readings may still decide it' }),
    state: z.enum(['open', 'fixed', 'dismissed', 'gone']),
    firstSeenAt: instantSchema,
    choices: z.array(z.object({ fix: counterFixSchema, effectWh: energyWhSchema })).meta({
      description: 'What could be done, the likeliest first; the effect is over the readings of the day',
    }),
    decision: signedFixSchema.nullable().meta({ description: 'The decision in force' }),
  })
  .meta({ id: 'CounterReviewItem' });
export type ReviewItem = z.infer<typeof reviewItemSchema>;

export const reviewQuerySchema = z.strictObject({
  state: z.enum(['open', 'settled']).default('open'),
  station: codeSchema.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
});
export type ReviewQuery = z.infer<typeof reviewQuerySchema>;

export const reviewListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(reviewItemSchema),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    counts: z.object({
      open: z.number().int(),
      settled: z.number().int(),
      records: z.number().int().meta({ description: 'Records that wait for the second person' }),
    }),
  })
  .meta({ id: 'CounterReviewList' });
export type ReviewList = z.infer<typeof reviewListSchema>;

export const reviewDetailSchema = z
  .object({
    asOf: instantSchema,
    item: reviewItemSchema,
    readings: z
      .array(
        z.object({
          measuredAt: instantSchema,
          receivedAt: instantSchema,
          totalWh: energyWhSchema.nullable(),
          powerW: powerWSchema.nullable(),
        }),
      )
      .meta({ description: 'Raw readings, at most twelve on each side' }),
    day: z.object({
      deviceWh: energyWhSchema.nullable().meta({ description: 'What the device is booked with on that day' }),
      deviceQuality: energyQualitySchema.nullable(),
      stationWh: energyWhSchema.nullable(),
      stationQuality: energyQualitySchema.nullable(),
      isPending: z.boolean().meta({ description: 'The day is about to be worked out again' }),
    }),
    outcomes: z
      .array(
        z.object({
          effectWh: energyWhSchema.meta({ description: 'Change of all the energy that it reaches, Wh' }),
          deviceWh: energyWhSchema.nullable().meta({ description: 'What the day would be booked with' }),
        }),
      )
      .meta({ description: 'What each choice would do now, in the order of `item.choices`' }),
    history: z.array(signedFixSchema).meta({ description: 'All decisions, the newest first' }),
  })
  .meta({ id: 'CounterReviewDetail' });
export type ReviewDetail = z.infer<typeof reviewDetailSchema>;

export const signSchema = z.strictObject({ reason: reasonSchema, signedBy: personSchema });
export type Signature = z.infer<typeof signSchema>;

export const signFixSchema = z.strictObject({
  choice: z.number().int().min(0).max(9).meta({ description: 'Index in `choices`' }),
  reason: reasonSchema,
  signedBy: personSchema,
  until: instantSchema.optional().meta({
    description: 'End of a change of scale, exclusive; without it the change goes on',
  }),
});
export type SignFix = z.infer<typeof signFixSchema>;

const recordBaseSchema = reviewPlaceSchema.extend({
  id: z.number().int(),
  at: instantSchema,
  note: z.string(),
  enteredBy: z.string(),
  enteredAt: instantSchema,
  confirmed: z.object({ by: z.string(), at: instantSchema }).nullable().meta({
    description: 'Without a second person a record has no effect',
  }),
  takenBack: z.object({ by: z.string(), at: instantSchema, reason: z.string() }).nullable(),
});
export const counterRecordSchema = z
  .discriminatedUnion('kind', [
    recordBaseSchema.extend({
      kind: z.literal('exchange'),
      finalWh: energyWhSchema
        .nullable()
        .meta({ description: 'Last reading of the old one; null: not taken' }),
      startWh: energyWhSchema,
      oldSerial: z.string(),
      newSerial: z.string(),
    }),
    recordBaseSchema.extend({
      kind: z.literal('move'),
      readingWh: energyWhSchema.nullable(),
      to: reviewPlaceSchema,
    }),
  ])
  .meta({ id: 'CounterRecord' });
export type CounterRecordView = z.infer<typeof counterRecordSchema>;

export const recordQuerySchema = z.strictObject({
  state: z.enum(['waiting', 'all']).default('waiting'),
  station: codeSchema.optional(),
});
export type RecordQuery = z.infer<typeof recordQuerySchema>;
export const recordListSchema = z
  .object({ items: z.array(counterRecordSchema) })
  .meta({ id: 'CounterRecordList' });
export type RecordList = z.infer<typeof recordListSchema>;

export const deviceReviewSchema = reviewPlaceSchema
  .extend({ fixes: z.array(signedFixSchema), records: z.array(counterRecordSchema) })
  .meta({ id: 'DeviceReview' });
export type DeviceReview = z.infer<typeof deviceReviewSchema>;

export const exchangeEntrySchema = z.strictObject({
  station: codeSchema,
  device: codeSchema,
  at: instantSchema,
  finalWh: counterWhSchema.nullable(),
  startWh: counterWhSchema,
  newSerial: z.string().trim().min(1).max(60),
  note: noteSchema,
  enteredBy: personSchema,
});
export type ExchangeEntry = z.infer<typeof exchangeEntrySchema>;

const placeEntrySchema = z.strictObject({ station: codeSchema, device: codeSchema });
export const moveEntrySchema = z.strictObject({
  from: placeEntrySchema,
  to: placeEntrySchema,
  at: instantSchema,
  readingWh: counterWhSchema.nullable(),
  note: noteSchema,
  enteredBy: personSchema,
});
export type MoveEntry = z.infer<typeof moveEntrySchema>;

export const confirmSchema = z.strictObject({ confirmedBy: personSchema });
export type Confirmation = z.infer<typeof confirmSchema>;
