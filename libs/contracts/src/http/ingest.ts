import { z } from 'zod';
import { daySchema, instantSchema } from '../common.ts';
import { deviceCodeSchema, deviceStatusSchema, PAYLOAD_BYTES_MAX } from '../mqtt/native.ts';

/** Receipts of a station are asked for two months at most: the longest a page shows. */
export const RECEIPT_DAYS_MAX = 62;
/** Rows of a page of station-days or of quarantined messages. */
export const INGEST_PAGE_MAX = 200;
/** One portion of a replay; more is a further request, so that no request runs for minutes. */
export const REPLAY_PORTION_MAX = 1000;
/** Devices that one profile may map: more than the whole fleet of 468 stations has. */
export const PROFILE_SOURCES_MAX = 10_000;
/** Messages that a trial takes; a logger with one value a topic sends about fifty in a round. */
export const TRIAL_MESSAGES_MAX = 200;
/** Payload that is shown; the whole of it is a download. */
export const SHOWN_BYTES_MAX = 16 * 1024;

const count = z.number().int().min(0);
const pageFields = {
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(INGEST_PAGE_MAX).default(50),
};

/** Who changes something. There are no accounts yet, so the name is asked for. */
export const personNameSchema = z.string().trim().min(2).max(40);

// Receipts -----------------------------------------------------------------------------------------------------------

export const receiptQuerySchema = z.strictObject({
  station: z.string().max(40).optional(),
  county: z.string().max(12).optional(),
  from: daySchema.optional(),
  to: daySchema.optional().meta({ description: 'Exclusive; without a station exactly the day after `from`' }),
  ...pageFields,
});
export type ReceiptQuery = z.infer<typeof receiptQuerySchema>;

const messageCountsSchema = z.object({
  sent: count.meta({ description: 'Messages that the numbering says were sent: received and missing' }),
  received: count,
  missing: count.meta({ description: 'Numbers of this day that are still not there' }),
  asked: count.meta({ description: 'Numbers that the sender was asked to send again' }),
  came: count.meta({ description: 'Of those asked for, the numbers that are there now' }),
  gaveUp: count.meta({ description: 'Of those asked for, the numbers that will not come' }),
});
export type MessageCounts = z.infer<typeof messageCountsSchema>;

const senderReceiptSchema = messageCountsSchema.extend({
  code: z.string(),
  epoch: count.meta({ description: 'A new one begins where the numbers start again' }),
  firstSeq: count.nullable().meta({ description: 'First number that was expected on this day' }),
  lastSeq: count.nullable(),
  holes: z
    .array(z.tuple([count, count]))
    .meta({ description: 'Missing numbers, first and last of each hole; the first 50 holes' }),
});
export type SenderReceipt = z.infer<typeof senderReceiptSchema>;

/** More often than every quarter of an hour around the clock: no bad link does so, two clients with one id do. */
export const CONNECTS_DOUBTFUL = 100;
/** A gateway that lost its memory numbers anew; more often than this a day it is rather two of them in turn. */
export const RENUMBERED_DOUBTFUL = 5;

const sharedNameDoubtSchema = z.object({
  kind: z.enum(['reconnects', 'renumbered']).meta({
    description:
      'reconnects: the gateway came on line so often; renumbered: its numbers began again so often. Both are what two ' +
      'gateways do that share a client id or a code',
  }),
  sender: z.string(),
  times: count,
});
export type SharedNameDoubt = z.infer<typeof sharedNameDoubtSchema>;

export const receiptSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    day: daySchema.meta({ description: 'Shanghai day of measurement' }),
    messages: messageCountsSchema.nullable().meta({
      description: 'null where no sender numbers its messages: then nobody can say what is missing',
    }),
    readings: z
      .object({ accepted: count, duplicate: count, late: count })
      .nullable()
      .meta({ description: 'null where nothing was counted on this day; `late` is within `accepted`' }),
    rejected: z
      .array(z.object({ reason: z.string(), times: count }))
      .meta({ description: 'What was not stored, by reason, largest first' }),
    senders: z.array(senderReceiptSchema),
    doubts: z.array(sharedNameDoubtSchema).meta({ description: 'Hints of two devices under one name' }),
  })
  .meta({ id: 'IngestReceipt' });
export type Receipt = z.infer<typeof receiptSchema>;

const deviceClockSchema = z.object({
  deviceCode: z.string(),
  skewMs: z
    .number()
    .int()
    .meta({ description: 'Least delay of two hours, ms; below zero the clock is ahead' }),
  verdict: z.enum(['right', 'ahead', 'behind']).meta({ description: 'behind: or the link is slow' }),
  hourAt: instantSchema,
});
export type DeviceClock = z.infer<typeof deviceClockSchema>;

export const receiptListSchema = z
  .object({
    asOf: instantSchema,
    from: daySchema,
    to: daySchema,
    items: z
      .array(receiptSchema)
      .meta({ description: 'Newest day first; without a station by station code' }),
    total: count,
    page: count,
    pageSize: count,
    clocks: z.array(deviceClockSchema).meta({ description: 'As of now; empty without a station' }),
  })
  .meta({ id: 'IngestReceiptList' });
export type ReceiptList = z.infer<typeof receiptListSchema>;

// Quarantine ---------------------------------------------------------------------------------------------------------

const quarantineFilter = {
  reason: z.string().max(40).optional(),
  topic: z.string().max(200).optional().meta({ description: 'Part of the topic' }),
  text: z.string().max(100).optional().meta({ description: 'Part of topic, detail or payload' }),
  from: daySchema.optional().meta({ description: 'Last received on this Shanghai day or later' }),
  to: daySchema.optional().meta({ description: 'Last received before this Shanghai day' }),
  state: z.enum(['open', 'settled']).optional().meta({
    description: 'open: not replayed, or refused again; settled: stored or a duplicate since',
  }),
};
export const quarantineFilterSchema = z.strictObject(quarantineFilter);
export type QuarantineFilter = z.infer<typeof quarantineFilterSchema>;
export const quarantineQuerySchema = z.strictObject({ ...quarantineFilter, ...pageFields });
export type QuarantineQuery = z.infer<typeof quarantineQuerySchema>;

const quarantineItemSchema = z.object({
  id: z.string().meta({ description: 'A bigint as text' }),
  reason: z.string(),
  detail: z.string(),
  topic: z.string(),
  bytes: count,
  retained: z.boolean().meta({ description: 'Kept by the broker: last known, never a new reading' }),
  times: count.meta({ description: 'How often these bytes came for this reason' }),
  receivedAt: instantSchema,
  lastReceivedAt: instantSchema,
  replayedAt: instantSchema.nullable(),
  outcome: z
    .string()
    .nullable()
    .meta({ description: 'stored, duplicate, empty, last_known, or `refused: reason`' }),
});
export type QuarantineItem = z.infer<typeof quarantineItemSchema>;

export const quarantineListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(quarantineItemSchema).meta({ description: 'Last received first' }),
    total: count,
    page: count,
    pageSize: count,
    byReason: z
      .array(z.object({ reason: z.string(), messages: count }))
      .meta({ description: 'Counts under the other filters, whatever `reason` says' }),
  })
  .meta({ id: 'QuarantineList' });
export type QuarantineList = z.infer<typeof quarantineListSchema>;

export const quarantineMessageSchema = quarantineItemSchema
  .extend({
    text: z.string().nullable().meta({ description: 'Payload where it is UTF-8, else null' }),
    hex: z.string().meta({ description: 'Payload as hexadecimal digits' }),
    shownBytes: count.meta({ description: 'Less than `bytes` where only the beginning is shown' }),
  })
  .meta({ id: 'QuarantineMessage' });
export type QuarantineMessageView = z.infer<typeof quarantineMessageSchema>;

const rejectionSchema = z.object({ reason: z.string(), detail: z.string() });

export const replayResultSchema = z
  .object({
    id: z.string(),
    outcome: z.string(),
    accepted: count,
    duplicate: count,
    rejections: z.array(rejectionSchema),
  })
  .meta({ id: 'ReplayResult' });
export type ReplayResult = z.infer<typeof replayResultSchema>;

export const replayPortionRequestSchema = z.strictObject({
  ...quarantineFilter,
  limit: z.number().int().min(1).max(REPLAY_PORTION_MAX).default(200),
  after: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .meta({ description: '`nextAfter` of the portion before' }),
  upTo: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .meta({ description: '`upTo` of the first portion' }),
});
export type ReplayPortionRequest = z.infer<typeof replayPortionRequestSchema>;

export const replayPortionSchema = z
  .object({
    done: count.meta({ description: 'Messages of this portion' }),
    left: count.meta({ description: 'Messages of the job that are still to come' }),
    stored: count,
    duplicate: count,
    empty: count.meta({ description: 'Read, and nothing to store in it; also what was only last known' }),
    refused: count,
    nextAfter: z
      .string()
      .nullable()
      .meta({ description: 'For the next request; null where the job is done' }),
    upTo: z.string().meta({ description: 'The job ends here, whatever comes in meanwhile' }),
  })
  .meta({ id: 'ReplayPortion' });
export type ReplayPortion = z.infer<typeof replayPortionSchema>;

// Profiles -----------------------------------------------------------------------------------------------------------

/** A profile as JSON; the server checks it and names every bad place. */
const profileContentSchema = z.record(z.string(), z.unknown());

export const profileSummarySchema = z
  .object({
    id: z.string(),
    name: z.object({ zh: z.string(), en: z.string() }),
    origin: z.enum(['builtin', 'changed', 'own']),
    payload: z.string(),
    enabled: z.boolean(),
    filters: z
      .array(z.string())
      .meta({ description: 'MQTT filters that ingest subscribes to while it is enabled' }),
    mappedDevices: count,
    problem: z.string().nullable().meta({ description: 'Why the stored content cannot be used, or null' }),
    changedAt: instantSchema.nullable(),
    changedBy: z.string().nullable(),
  })
  .meta({ id: 'ProfileSummary' });
export type ProfileSummary = z.infer<typeof profileSummarySchema>;

export const profileListSchema = z
  .object({ items: z.array(profileSummarySchema) })
  .meta({ id: 'ProfileList' });
export type ProfileList = z.infer<typeof profileListSchema>;

export const profileDetailSchema = profileSummarySchema
  .extend({
    content: profileContentSchema,
    builtinContent: profileContentSchema.nullable().meta({ description: 'As it comes with the product' }),
  })
  .meta({ id: 'ProfileDetail' });
export type ProfileDetail = z.infer<typeof profileDetailSchema>;

export const saveProfileSchema = z.strictObject({
  content: profileContentSchema,
  changedBy: personNameSchema,
});
export const switchProfileSchema = z.strictObject({ changedBy: personNameSchema });

const sourceMappingSchema = z.object({
  sourceId: z.string().min(1).max(300).meta({ description: 'What the vendor calls the device' }),
  station: deviceCodeSchema,
  device: deviceCodeSchema,
});
export type SourceMapping = z.infer<typeof sourceMappingSchema>;

export const profileSourcesSchema = z
  .object({
    mapped: z.array(sourceMappingSchema),
    seen: z
      .array(z.object({ sourceId: z.string(), messages: count, lastReceivedAt: instantSchema }))
      .meta({ description: 'Unmapped names in the newest messages of the quarantine' }),
  })
  .meta({ id: 'ProfileSources' });
export type ProfileSources = z.infer<typeof profileSourcesSchema>;

export const saveSourcesSchema = z.strictObject({
  sources: z.array(sourceMappingSchema).max(PROFILE_SOURCES_MAX),
  changedBy: personNameSchema,
});
export type SaveSources = z.infer<typeof saveSourcesSchema>;

const trialMessageSchema = z
  .strictObject({
    topic: z.string().min(1).max(1000),
    text: z.string().max(PAYLOAD_BYTES_MAX).optional(),
    hex: z
      .string()
      .max(PAYLOAD_BYTES_MAX * 2)
      .regex(/^([0-9a-fA-F]{2})*$/, 'pairs of hexadecimal digits')
      .optional(),
    retained: z.boolean().default(false),
  })
  .refine(({ text, hex }) => (text === undefined) !== (hex === undefined), 'text or hex, one of them');

export const trialRequestSchema = z
  .strictObject({
    profileId: z.string().max(60).optional(),
    content: profileContentSchema.optional(),
    messages: z.array(trialMessageSchema).min(1).max(TRIAL_MESSAGES_MAX),
    receivedAt: instantSchema.optional().meta({ description: 'Now where absent' }),
  })
  .refine(({ profileId, content }) => profileId !== undefined || content !== undefined, {
    path: ['profileId'],
    message: 'a profileId or a content',
  });
export type TrialRequest = z.input<typeof trialRequestSchema>;

const numbersSchema = z.array(z.number().nullable()).nullable();
const trialReadingSchema = z.object({
  sourceId: z.string(),
  device: z
    .object({ station: z.string(), device: z.string(), known: z.boolean() })
    .nullable()
    .meta({ description: 'The device it would be stored for; null where nothing is mapped to the source' }),
  measuredAt: instantSchema,
  timeSource: z.enum(['device', 'received']),
  historical: z.boolean(),
  activePowerW: z.number().nullable(),
  energyTotalWh: z.number().nullable(),
  energyDayWh: z.number().nullable(),
  temperatureC: z.number().nullable(),
  frequencyHz: z.number().nullable(),
  lineVoltagesV: numbersSchema,
  phaseCurrentsA: numbersSchema,
  stringVoltagesV: numbersSchema,
  stringCurrentsA: numbersSchema,
  status: deviceStatusSchema.nullable(),
  vendorStatus: z.string().nullable(),
  faultCode: z.string().nullable(),
  seq: z.number().nullable(),
  fieldRejected: z.boolean().meta({ description: 'A bad field was taken out and is null' }),
  extras: z
    .record(z.string(), z.number().nullable())
    .meta({ description: 'Values without a column, base units' }),
});
export type TrialReading = z.infer<typeof trialReadingSchema>;

const noteSchema = z.object({
  message: count.meta({ description: 'Which message of the request, from 0' }),
  reason: z.string(),
  detail: z.string(),
});

export const trialResultSchema = z
  .object({
    readings: z.array(trialReadingSchema),
    presence: z.array(z.object({ sourceId: z.string(), online: z.boolean() })),
    ignored: z.array(noteSchema),
    rejections: z.array(noteSchema),
    rebirthNeeded: z.array(z.string()),
  })
  .meta({ id: 'TrialResult' });
export type TrialResult = z.infer<typeof trialResultSchema>;
