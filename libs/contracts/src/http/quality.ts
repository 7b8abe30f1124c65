import { z } from 'zod';
import { daySchema, energyWhSchema, instantSchema } from '../common.ts';

/** Days of one question: the longest that a page shows. */
export const QUALITY_DAYS_MAX = 62;
/** Stations of a page; the fleet of 468 fits into three. */
export const QUALITY_PAGE_MAX = 200;

const count = z.number().int().min(0);
const pageFields = {
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(QUALITY_PAGE_MAX).default(50),
};

/**
 * What may be doubtful of a station and day (docs/DATA-QUALITY.md has the rule of each).
 * Of the power series: gap, stale, interpolated, outlier, clipped, shift. Of the level of its days: level_shift. Of what
 * came: clock, no_time, field_rejected, null_field, second_value, refused. Of counters and energy: counter, estimated,
 * incomplete.
 */
export const QUALITY_FLAGS = [
  'gap',
  'stale',
  'interpolated',
  'outlier',
  'clipped',
  'shift',
  'level_shift',
  'clock',
  'no_time',
  'field_rejected',
  'null_field',
  'second_value',
  'refused',
  'counter',
  'estimated',
  'incomplete',
] as const;
export const qualityFlagSchema = z.enum(QUALITY_FLAGS);
export type StationFlag = z.infer<typeof qualityFlagSchema>;

const touchedSchema = energyWhSchema.min(0).nullable().meta({
  description: 'Energy that rests on it, Wh; null where that is not known, which is not zero',
});

export const qualityQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  from: daySchema.optional().meta({ description: 'A week back where absent' }),
  to: daySchema.optional().meta({ description: 'Exclusive; tomorrow where absent' }),
  flag: qualityFlagSchema.optional(),
  q: z.string().trim().max(60).optional().meta({ description: 'Part of the code or name of a station' }),
  ...pageFields,
});
export type QualityQuery = z.infer<typeof qualityQuerySchema>;

const flagSumSchema = z.object({
  flag: qualityFlagSchema,
  days: count,
  count: count.meta({
    description: 'Values, readings, quarter hours, events or devices; the flag says which',
  }),
  touchedWh: touchedSchema,
  lastDay: daySchema,
});
export type FlagSum = z.infer<typeof flagSumSchema>;

const qualityStationSchema = z.object({
  stationCode: z.string(),
  stationName: z.string(),
  countyCode: z.string(),
  countyName: z.string(),
  townshipName: z.string(),
  days: count.meta({ description: 'Days with a flag, or with the flag that was asked for' }),
  count,
  touchedWh: touchedSchema,
  flags: z.array(flagSumSchema).meta({ description: 'The most energy first' }),
  lastDay: daySchema,
  lastAt: instantSchema.nullable().meta({ description: 'null where no flag names an instant' }),
});
export type QualityStation = z.infer<typeof qualityStationSchema>;

export const qualityListSchema = z
  .object({
    asOf: instantSchema,
    from: daySchema,
    to: daySchema.meta({ description: 'Exclusive' }),
    items: z.array(qualityStationSchema).meta({ description: 'The most energy first; unknown energy last' }),
    total: count,
    page: count,
    pageSize: count,
    byFlag: z
      .array(
        z.object({
          flag: qualityFlagSchema,
          stations: count,
          days: count.meta({ description: 'Station-days' }),
          count,
          touchedWh: touchedSchema,
        }),
      )
      .meta({ description: 'Of the area and words, whatever `flag` says' }),
    judged: z.object({
      stationDays: count.meta({ description: 'Judged so far, of the area and days that were asked for' }),
      judgedAt: instantSchema.nullable().meta({ description: 'When the last of them was judged' }),
    }),
  })
  .meta({ id: 'QualityList' });
export type QualityList = z.infer<typeof qualityListSchema>;

export const stationQualityQuerySchema = z.strictObject({
  from: daySchema.optional(),
  to: daySchema.optional().meta({ description: 'Exclusive' }),
});
export type StationQualityQuery = z.infer<typeof stationQualityQuerySchema>;

const stationFlagSchema = z.object({
  flag: qualityFlagSchema,
  count,
  deviceCodes: z.array(z.string()).meta({ description: 'Empty where it is of the station as a whole' }),
  firstAt: instantSchema.nullable(),
  lastAt: instantSchema.nullable(),
  touchedWh: touchedSchema,
  detail: z.record(z.string(), z.number()).meta({
    description: 'offsetS of a shift, factor of a level, leastDelayMs of a clock, kinds of what was counted',
  }),
});
export type StationFlagRow = z.infer<typeof stationFlagSchema>;

export const stationQualitySchema = z
  .object({
    asOf: instantSchema,
    stationCode: z.string(),
    stationName: z.string(),
    from: daySchema,
    to: daySchema,
    days: z
      .array(
        z.object({
          day: daySchema,
          judgedAt: instantSchema.nullable().meta({ description: 'null where only its level was looked at' }),
          energyWh: energyWhSchema.nullable(),
          touchedWh: touchedSchema,
          flags: z.array(stationFlagSchema),
        }),
      )
      .meta({ description: 'Days that were judged, the newest first; those without a flag have none' }),
    spells: z
      .array(
        z.object({
          day: daySchema,
          deviceCode: z.string(),
          kind: z.string(),
          fromAt: instantSchema,
          toAt: instantSchema,
          count,
        }),
      )
      .meta({
        description: 'What the power series of its devices were flagged for, spell by spell; the first 500',
      }),
  })
  .meta({ id: 'StationQuality' });
export type StationQuality = z.infer<typeof stationQualitySchema>;

// Receipts of a day --------------------------------------------------------------------------------------------------

export const dayReceiptsQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  day: daySchema.optional().meta({ description: 'Today where absent' }),
  ...pageFields,
});
export type DayReceiptsQuery = z.infer<typeof dayReceiptsQuerySchema>;

const dayMessagesSchema = z.object({
  sent: count,
  received: count,
  missing: count,
  asked: count.meta({ description: 'Numbers that the sender was asked to send again' }),
  came: count.meta({ description: 'Of those, the ones that are there now' }),
  gaveUp: count,
});
const dayReadingsSchema = z.object({ accepted: count, duplicate: count, late: count });

const dayReceiptSchema = z.object({
  stationCode: z.string(),
  stationName: z.string(),
  countyName: z.string(),
  townshipName: z.string(),
  messages: dayMessagesSchema.nullable().meta({
    description: 'null where no sender numbers its messages: then nobody can say what is missing',
  }),
  readings: dayReadingsSchema.nullable().meta({ description: 'null where nothing was counted' }),
  rejected: count.meta({ description: 'Not stored: in quarantine, with the reason' }),
});
export type DayReceipt = z.infer<typeof dayReceiptSchema>;

export const dayReceiptsSchema = z
  .object({
    asOf: instantSchema,
    day: daySchema,
    items: z.array(dayReceiptSchema).meta({ description: 'The most missing first, then the most refused' }),
    total: count,
    page: count,
    pageSize: count,
    totals: dayMessagesSchema.extend(dayReadingsSchema.shape).extend({
      rejected: count,
      numbered: count.meta({ description: 'Stations of which it is known what they sent' }),
      silent: count.meta({ description: 'Stations of which nothing at all was counted' }),
      lacking: count.meta({ description: 'Stations of which something is missing' }),
    }),
  })
  .meta({ id: 'DayReceipts' });
export type DayReceipts = z.infer<typeof dayReceiptsSchema>;
