import { z } from 'zod';
import {
  daySchema,
  energyWhSchema,
  fenSchema,
  fullLoadHoursSchema,
  instantSchema,
  powerWSchema,
  stationStateSchema,
} from '../common.ts';

/** The clock that all programs share; differs from real time only in a demo or a test. */
export const clockSchema = z
  .object({
    now: instantSchema,
    realNow: instantSchema,
    speed: z.number().positive(),
    isReal: z.boolean().meta({ description: 'false while the demo clock runs apart from real time' }),
    nightDemo: z.boolean().meta({
      description: 'true where the demo started in daylight because it is night in Lüliang',
    }),
  })
  .meta({ id: 'Clock' });
export type ClockView = z.infer<typeof clockSchema>;

/** What stands beside every headline figure: how true it is. */
export const coverageSchema = z
  .object({
    stationsCounted: z.number().int().meta({ description: 'Stations whose data are in the figure' }),
    stationsTotal: z.number().int(),
    oldestSampleAt: instantSchema.nullable(),
    newestSampleAt: instantSchema.nullable(),
    estimatedShare: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: 'Share of the figure that is estimated or incomplete, 0…1' }),
  })
  .meta({ id: 'Coverage' });
export type Coverage = z.infer<typeof coverageSchema>;

export const powerFigureSchema = coverageSchema.extend({ powerW: powerWSchema.nullable() }).meta({
  id: 'PowerFigure',
});
export const energyFigureSchema = coverageSchema
  .extend({
    energyWh: energyWhSchema.nullable(),
    fullLoadHours: fullLoadHoursSchema.nullable(),
  })
  .meta({ id: 'EnergyFigure' });
export type EnergyFigure = z.infer<typeof energyFigureSchema>;

export const countsByStateSchema = z.record(stationStateSchema, z.number().int());

export const areaStandingSchema = z
  .object({
    code: z.string(),
    name: z.string(),
    stations: z.number().int(),
    reporting: z.number().int(),
    attention: z.number().int(),
    capacityW: powerWSchema,
    powerW: powerWSchema.nullable(),
    todayWh: energyWhSchema.nullable(),
    fullLoadHours: fullLoadHoursSchema.nullable(),
  })
  .meta({ id: 'AreaStanding' });
export type AreaStanding = z.infer<typeof areaStandingSchema>;

export const attentionItemSchema = z
  .object({
    stationCode: z.string(),
    stationName: z.string(),
    countyCode: z.string(),
    countyName: z.string(),
    state: stationStateSchema,
    since: instantSchema.nullable(),
    powerW: powerWSchema.nullable(),
    peerRatio: z
      .number()
      .nullable()
      .meta({ description: 'Full-load hours today over the median of the county, 1 = like its neighbours' }),
    lostTodayWh: energyWhSchema.nullable().meta({ description: 'Estimate against the county median' }),
    lostTodayFen: fenSchema.nullable().meta({ description: 'Estimate at the full price of the station' }),
  })
  .meta({ id: 'AttentionItem' });
export type AttentionItem = z.infer<typeof attentionItemSchema>;

/** One quarter hour of a curve. `null` is unknown and is drawn as a gap; 0 is measured. */
export const curveSlotSchema = z.object({
  startsAt: instantSchema,
  powerW: powerWSchema.nullable().meta({ description: 'Mean active power of the quarter hour' }),
  stationsCounted: z.number().int(),
});

export const fleetSchema = z
  .object({
    asOf: instantSchema,
    clock: clockSchema,
    simulated: z.boolean().meta({ description: '模拟数据: the registry and readings are made up' }),
    area: z.object({ level: z.enum(['city', 'county']), code: z.string(), name: z.string() }),
    sun: z.object({
      isDaylight: z.boolean(),
      sunriseAt: instantSchema,
      sunsetAt: instantSchema,
    }),
    stations: z.object({
      total: z.number().int(),
      reporting: z.number().int(),
      byState: countsByStateSchema,
    }),
    capacityW: powerWSchema,
    villages: z.number().int(),
    households: z.number().int(),
    posts: z.number().int(),
    settled: z.object({
      amountFen: fenSchema,
      asOfDay: daySchema,
      definition: z.string(),
    }),
    power: powerFigureSchema,
    today: energyFigureSchema,
    month: energyFigureSchema.extend({
      completeDaysWh: energyWhSchema
        .nullable()
        .meta({ description: 'Energy of the days of this month before today; null on the first' }),
      sameDaysLastYearWh: energyWhSchema
        .nullable()
        .meta({ description: 'Energy of the same days a year before; compare it with completeDaysWh' }),
    }),
    year: energyFigureSchema,
    lostToday: z.object({ energyWh: energyWhSchema, amountFen: fenSchema }),
    curve: z.object({
      day: daySchema,
      slots: z.array(curveSlotSchema),
      yesterday: z.array(curveSlotSchema),
    }),
    counties: z.array(areaStandingSchema),
    attention: z.array(attentionItemSchema).meta({ description: 'Largest loss first, at most 50' }),
    attentionTotal: z.number().int(),
  })
  .meta({ id: 'Fleet' });
export type Fleet = z.infer<typeof fleetSchema>;

/** What `/api/v1/live` sends as event `fleet`: the moving part of the overview. */
export const liveFleetSchema = fleetSchema
  .pick({
    asOf: true,
    clock: true,
    area: true,
    sun: true,
    stations: true,
    power: true,
    today: true,
    lostToday: true,
    counties: true,
  })
  .meta({ id: 'LiveFleet' });
export type LiveFleet = z.infer<typeof liveFleetSchema>;

export const fleetQuerySchema = z.strictObject({
  county: z.string().max(12).optional().meta({ description: 'County code; absent means the whole city' }),
});
