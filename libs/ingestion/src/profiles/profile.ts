import { z } from 'zod';
import { deviceStatusSchema, STRINGS_MAX } from '#contracts';
import { isZone, TIME_FORMATS } from './device-time.ts';
import { CODE_TARGETS, isNumberTarget, STRING_TARGETS, TARGETS, unitFactor } from './targets.ts';
import type { NumberTarget } from './targets.ts';
import { isTopicPattern } from './topic-pattern.ts';

/**
 * A vendor profile: how the messages of one kind of logger, gateway or platform become readings. It is data, kept as
 * JSON, so that a new logger needs a profile and no code.
 *
 * Paths are dotted keys from the object they are read in (`values.pvpowerout`, `strings.0.u`); the empty path is that
 * object itself. In topic profiles and in lists of points a path is a whole key (`0/power`, `16385`).
 */
const pathSchema = z.string().max(200);
const topicPatternSchema = z.string().min(1).max(200).refine(isTopicPattern, 'not a topic pattern');
const textSchema = z.string().max(100);

/** Where a text or number is found: beside the values, at the top of the message, in the topic, as a key, or fixed. */
const placeSchema = z.discriminatedUnion('from', [
  z.object({ from: z.literal('record'), path: pathSchema }),
  z.object({ from: z.literal('root'), path: pathSchema }),
  z.object({ from: z.literal('topic'), name: textSchema }),
  z.object({ from: z.literal('key'), name: textSchema }),
  z.object({ from: z.literal('constant'), value: textSchema }),
]);
export type Place = z.infer<typeof placeSchema>;

/** Holds where the place has one of these values; text and number of the same spelling are not the same. */
const conditionSchema = z.object({
  place: placeSchema,
  equals: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(20),
});
export type Condition = z.infer<typeof conditionSchema>;

/** One level of repetition inside a message: all items of an array, or all entries of an object by their key. */
const stepSchema = z.object({
  path: pathSchema.default(''),
  each: z.enum(['array', 'map']),
  as: textSchema.default('key'),
});

/** A time of the device. Its unit is stated here and never guessed from the size of the number. */
const timeSourceSchema = z.object({
  /** `item` is the time beside a single value, see `item` of the profile. */
  place: z.union([placeSchema, z.object({ from: z.literal('item') })]),
  format: z.enum(TIME_FORMATS),
  /** Zone of times that carry none: `+08:00` or a name such as `Asia/Shanghai`. */
  zone: z.string().refine(isZone, 'not a time zone').optional(),
  /** The device itself says that its time is not valid. */
  invalidWhen: z.array(conditionSchema).max(5).default([]),
  /** The device says that its time is summer time, an hour ahead of the zone. */
  summerWhen: z.array(conditionSchema).max(5).default([]),
});
export type TimeSource = z.infer<typeof timeSourceSchema>;

const timeSchema = z.object({
  /** In order of trust; the first that is there and usable decides. */
  sources: z.array(timeSourceSchema).max(10).default([]),
  /** What to do where the message has no time. */
  whenAbsent: z.enum(['received', 'reject']).default('received'),
  /** What to do where it has one that cannot be right: unreadable, or from before there were stations. */
  whenUnusable: z.enum(['received', 'reject']).default('reject'),
});

/** Values that come as small objects, `{ "value": 9.65, "time": … }`, alone or as a list of them. */
const itemSchema = z.object({
  /** Set where the values are a list: what tells them apart, a point number or a name. */
  key: pathSchema.optional(),
  value: pathSchema,
  badWhen: z
    .array(z.object({ path: pathSchema, equals: conditionSchema.shape.equals }))
    .max(10)
    .default([]),
  time: pathSchema.optional(),
});

const fieldSchema = z
  .object({
    target: z.union([
      z.custom<NumberTarget>((value) => typeof value === 'string' && isNumberTarget(value)),
      z.enum(CODE_TARGETS),
    ]),
    /** Which DC input, from 0, for the string targets. */
    index: z
      .number()
      .int()
      .min(0)
      .max(STRINGS_MAX - 1)
      .optional(),
    /** The first that is in the message is taken. */
    paths: z.array(pathSchema).min(1).max(10),
    unit: z.string().max(10).optional(),
    /** Where the message itself says the unit; `unit` stands where it does not. */
    unitPath: pathSchema.optional(),
    /** Raw value ÷ divisor = value in `unit`. */
    divisor: z
      .number()
      .refine((value) => Number.isFinite(value) && value !== 0)
      .optional(),
    /** SunSpec: the power of ten by which the raw value is multiplied stands in the message. */
    scalePath: pathSchema.optional(),
    /** The raw value is a two's complement of so many bits that the gateway left unsigned. */
    signedBits: z.union([z.literal(16), z.literal(32)]).optional(),
    /** Raw values that mean "no value"; a code without a scale may also come as its scaled number. */
    notAvailable: z.array(z.number()).max(10).default([]),
    notAvailableScaled: z.array(z.number()).max(10).default([]),
    /** Believable range in the base unit of the target (W, Wh, V, A, Hz, °C); outside is null and flagged. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** What an array stands for; without this an array is flagged, not guessed. */
    arrays: z.enum(['sum', 'first', 'strings']).optional(),
    textNumbers: z.boolean().optional(),
    when: z.array(conditionSchema).max(5).default([]),
  })
  .superRefine(({ target, index, unit, arrays }, context) => {
    const fail = (message: string) => context.addIssue({ code: 'custom', message });
    if (!isNumberTarget(target)) return;
    if (unit === undefined) fail(`${target} needs a unit`);
    else if (unitFactor(target, unit) === undefined)
      fail(`${unit} is no unit of ${TARGETS[target].quantity}`);
    const isList = STRING_TARGETS.has(target);
    if (isList !== (index !== undefined || arrays === 'strings'))
      fail('an index, or arrays: strings, belongs to a string target and to no other');
  });
export type FieldRule = z.infer<typeof fieldSchema>;

const presenceSchema = z.object({
  topics: z.array(topicPatternSchema).min(1).max(5),
  online: z.array(textSchema).min(1).max(5),
  offline: z.array(textSchema).min(1).max(5),
});

/** One value a topic: when the values that came are one reading. */
const assemblySchema = z.object({
  /** The values of a device belong together until nothing came for so long. */
  quietMs: z.number().int().min(100).max(600_000).default(2_000),
  /** A device that never falls silent is cut after this. */
  longestMs: z.number().int().min(100).max(3_600_000).default(60_000),
});

export const profileSchema = z
  .object({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/),
    name: z.object({ zh: z.string().min(1).max(80), en: z.string().min(1).max(80) }),
    topics: z.array(topicPatternSchema).min(1).max(20),
    /** `?request_id=…` at the end of the topic is not looked at. */
    ignoreTopicQuery: z.boolean().default(false),
    payload: z.enum(['native', 'json', 'topic-values', 'sparkplug-b', 'raw']),
    /** `utf-8-or-gbk` takes GBK where the bytes are no UTF-8: good for numbers, not for names. */
    encoding: z.enum(['utf-8', 'gbk', 'utf-8-or-gbk']).default('utf-8'),
    /** Takes bare `nan` and `inf`, which are not JSON, as bad values instead of a bad message. */
    nanTokens: z.boolean().default(false),
    /** Takes "231.4" for a number. */
    textNumbers: z.boolean().default(false),
    /** Texts that stand for "no value". */
    notAvailableTexts: z.array(textSchema).max(20).default([]),
    records: z.array(stepSchema).max(4).default([]),
    /** Where in a record the values are; the first that is there is taken. */
    containers: z.array(pathSchema).min(1).max(5).default(['']),
    item: itemSchema.optional(),
    /**
     * What makes the source id, joined by `/`: each part is the first of its places that is there, and an empty
     * constant leaves the part out. A display name must not be used: people change it.
     */
    identity: z.array(z.array(placeSchema).min(1).max(5)).max(5).default([]),
    /** Source parts that are no device, such as a total over all devices. */
    notSources: z.array(textSchema).max(20).default([]),
    time: timeSchema.prefault({}),
    fields: z.array(fieldSchema).max(200).default([]),
    /** Code as text → status of the house. Other codes are kept as the vendor's and are unknown. */
    statuses: z.record(z.string().max(40), deviceStatusSchema).default({}),
    /** A buffered value of the past: it counts for energy, and is never "now". */
    historicalWhen: z.array(conditionSchema).max(5).default([]),
    /** Not measured, but repeated, for instance as an answer to an interrogation. */
    notNewWhen: z.array(conditionSchema).max(5).default([]),
    presence: presenceSchema.optional(),
    assembly: assemblySchema.prefault({}),
  })
  .superRefine((profile, context) => {
    if (profile.payload !== 'native' && profile.identity.length === 0)
      context.addIssue({ code: 'custom', path: ['identity'], message: 'needs an identity' });
    if (profile.payload === 'topic-values' && profile.time.whenAbsent === 'reject')
      context.addIssue({
        code: 'custom',
        path: ['time', 'whenAbsent'],
        message: 'one value a topic: only the time topic has a time, so the rest takes the time of receipt',
      });
    if (profile.payload === 'topic-values' && !profile.topics.every((topic) => topic.endsWith('{rest...}')))
      context.addIssue({
        code: 'custom',
        path: ['topics'],
        message: 'one value a topic: ends with {rest...}',
      });
  })
  .meta({ id: 'VendorProfile' });
export type Profile = z.infer<typeof profileSchema>;
export type ProfileInput = z.input<typeof profileSchema>;
