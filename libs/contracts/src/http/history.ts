import { z } from 'zod';
import { daySchema, energyWhSchema, fullLoadHoursSchema, instantSchema, powerWSchema } from '../common.ts';
import { stationDetailSchema, stationPowerSchema } from './stations.ts';

/** A screen draws no more points a series than this; the rest is thinned out on the server, peaks kept. */
export const SERIES_POINTS_MAX = 1500;
/** A trace spans no more days than this: 31 days of five minutes are 8,928 readings. */
export const TRACE_DAYS_MAX = 31;
/** Stations side by side; more lines than this cannot be told apart without colour. */
export const COMPARE_STATIONS_MAX = 6;
/** Readings of one page. */
export const READINGS_PAGE_MAX = 1000;

/** What happened to a station, on the time axis of its day. */
export const stationEventSchema = z
  .object({
    kind: z.enum([
      'alarm',
      'counter',
      'exchange',
      'move',
      'fix',
      'registered_outage',
      'plant_change',
      'work_order',
      'state',
      'gateway',
    ]),
    code: z
      .string()
      .meta({ description: 'What exactly: kind of the alarm, anomaly, fix, order, or the state' }),
    fromAt: instantSchema,
    toAt: instantSchema.nullable().meta({ description: 'Null: a moment, or not over yet (`isOpen`)' }),
    isOpen: z.boolean(),
    deviceCode: z.string().nullable(),
    text: z.string().nullable().meta({ description: 'What a person wrote' }),
    energyWh: energyWhSchema
      .nullable()
      .meta({ description: 'Lost by an alarm; changed by an anomaly or a fix' }),
    link: z.string().nullable().meta({ description: 'Place of the web app where it is handled' }),
  })
  .meta({ id: 'StationEvent' });
export type StationEvent = z.infer<typeof stationEventSchema>;

export const inverterStringsSchema = z
  .object({
    deviceCode: z.string(),
    samples: z.number().int().meta({ description: 'Readings of strings with the inverter at work' }),
    newestAt: instantSchema.nullable(),
    dispersion: z.number().nullable().meta({
      description: 'Standard deviation over mean of the strings in use; null where nothing is known',
    }),
    strings: z.array(
      z.object({
        no: z.number().int().meta({ description: 'From 1, as the inverter counts' }),
        currentA: z.number().nullable().meta({ description: 'Mean of the day with the inverter at work' }),
        voltageV: z.number().nullable(),
        deviation: z
          .number()
          .nullable()
          .meta({ description: 'Over the median of the strings of this inverter, minus 1' }),
      }),
    ),
  })
  .meta({ id: 'InverterStrings' });
export type InverterStrings = z.infer<typeof inverterStringsSchema>;

/** One day of a station: `GET /api/v1/stations/:code/day`. */
export const stationDaySchema = z
  .object({
    power: stationPowerSchema,
    events: z.array(stationEventSchema).meta({ description: 'The earliest first, at most 200' }),
    strings: z.array(inverterStringsSchema).meta({ description: 'The worst string first' }),
  })
  .meta({ id: 'StationDay' });
export type StationDay = z.infer<typeof stationDaySchema>;

/** The page of a station in one request: `GET /api/v1/stations/:code/screen`. */
export const stationScreenSchema = z
  .object({ detail: stationDetailSchema, day: stationDaySchema })
  .meta({ id: 'StationScreen' });
export type StationScreen = z.infer<typeof stationScreenSchema>;

export const readingFlagSchema = z.enum(['field_rejected', 'historical', 'time_of_receipt']);
export const stationReadingsQuerySchema = z.strictObject({
  day: daySchema,
  device: z.string().max(40).optional(),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(READINGS_PAGE_MAX).default(100),
});
export type StationReadingsQuery = z.infer<typeof stationReadingsQuerySchema>;

/** Readings as they are stored, the newest first. */
export const stationReadingsSchema = z
  .object({
    stationCode: z.string(),
    day: daySchema,
    total: z.number().int(),
    offset: z.number().int(),
    limit: z.number().int(),
    devices: z.array(z.object({ code: z.string(), kind: z.enum(['inverter', 'meter']) })),
    items: z.array(
      z.object({
        deviceCode: z.string(),
        measuredAt: instantSchema,
        receivedAt: instantSchema,
        powerW: powerWSchema.nullable(),
        energyTotalWh: energyWhSchema.nullable(),
        energyDayWh: energyWhSchema.nullable(),
        temperatureC: z.number().nullable(),
        frequencyHz: z.number().nullable(),
        lineVoltagesV: z.array(z.number().nullable()).nullable(),
        phaseCurrentsA: z.array(z.number().nullable()).nullable(),
        stringCurrentsA: z.array(z.number().nullable()).nullable(),
        status: z.string().nullable(),
        faultCode: z.string().nullable(),
        seq: z.number().int().nullable(),
        flags: z.array(readingFlagSchema),
      }),
    ),
  })
  .meta({ id: 'StationReadings' });
export type StationReadings = z.infer<typeof stationReadingsSchema>;

export const stationTraceQuerySchema = z
  .strictObject({
    device: z.string().max(40),
    from: daySchema,
    to: daySchema.meta({ description: 'Exclusive' }),
  })
  .refine((query) => query.from < query.to, { path: ['to'], message: 'to must be after from' })
  .refine((query) => Date.parse(query.to) - Date.parse(query.from) <= TRACE_DAYS_MAX * 86_400_000, {
    path: ['to'],
    message: `at most ${TRACE_DAYS_MAX} days`,
  });
export type StationTraceQuery = z.infer<typeof stationTraceQuerySchema>;

/** Power of one device over days, every peak in it. */
export const stationTraceSchema = z
  .object({
    stationCode: z.string(),
    deviceCode: z.string(),
    readings: z.number().int().meta({ description: 'How many there are before they are thinned out' }),
    points: z
      .array(z.object({ at: instantSchema, powerW: powerWSchema.nullable() }))
      .max(SERIES_POINTS_MAX)
      .meta({ description: 'Null: a gap begins here' }),
  })
  .meta({ id: 'StationTrace' });
export type StationTrace = z.infer<typeof stationTraceSchema>;

export const compareQuerySchema = z.strictObject({
  stations: z
    .string()
    .max(400)
    .transform((text) =>
      [...new Set(text.split(',').map((code) => code.trim()))].filter((code) => code !== ''),
    )
    .pipe(z.array(z.string().max(40)).min(1).max(COMPARE_STATIONS_MAX))
    .meta({ description: `Codes with commas between, at most ${COMPARE_STATIONS_MAX}` }),
  day: daySchema.optional(),
});
export type CompareQuery = z.infer<typeof compareQuerySchema>;

/** Stations side by side, each by its installed kW: `GET /api/v1/compare`. */
export const stationCompareSchema = z
  .object({
    day: daySchema,
    asOf: instantSchema,
    sunriseAt: instantSchema,
    sunsetAt: instantSchema,
    /** 96 quarter hours from midnight in Shanghai. */
    firstSlotAt: instantSchema,
    days: z.array(daySchema).meta({ description: 'Of the month of `day`, up to today' }),
    unknown: z.array(z.string()).meta({ description: 'Codes that are no station' }),
    stations: z.array(
      z.object({
        code: z.string(),
        name: z.string(),
        countyName: z.string(),
        capacityW: powerWSchema,
        powerShare: z
          .array(z.number().nullable())
          .meta({ description: 'Mean power of each quarter hour over installed power; 1 is full load' }),
        dayHours: fullLoadHoursSchema.nullable(),
        monthHours: fullLoadHoursSchema.nullable().meta({ description: 'Of the days that are known' }),
        daysCounted: z.number().int(),
        hours: z.array(fullLoadHoursSchema.nullable()).meta({ description: 'Full-load hours of `days`' }),
      }),
    ),
  })
  .meta({ id: 'StationCompare' });
export type StationCompare = z.infer<typeof stationCompareSchema>;
