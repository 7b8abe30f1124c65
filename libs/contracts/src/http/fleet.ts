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
import { alarmKindSchema, alarmLevelSchema } from './alarms.ts';
import { expectedCauseSchema, expectedVerdictSchema } from './expected.ts';

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

/** What the day so far of a station is judged to be against its own expected output; null before it was looked at. */
export const stationExpectedSchema = z
  .object({
    verdict: expectedVerdictSchema,
    cause: expectedCauseSchema.nullable(),
    sinceDay: daySchema.nullable().meta({ description: 'First day of a loss that goes on' }),
    ratio: z.number().nullable().meta({ description: 'Measured over expected, of what could be compared' }),
    expectedEnergyWh: energyWhSchema.nullable(),
    lostEnergyWh: energyWhSchema.nullable().meta({ description: 'Today so far' }),
    lostAmountFen: fenSchema.nullable(),
    computedAt: instantSchema,
  })
  .meta({ id: 'StationExpected' });
export type StationExpected = z.infer<typeof stationExpectedSchema>;

/** Open alarms of one kind. */
export const openAlarmsOfKindSchema = z
  .object({
    kind: alarmKindSchema,
    level: alarmLevelSchema.meta({ description: 'The gravest of them' }),
    alarms: z.number().int(),
    unacknowledged: z.number().int(),
    stations: z.number().int(),
    lostEnergyWh: energyWhSchema,
    lostAmountFen: fenSchema.meta({
      description:
        'Since they began; what several alarms of one station lost together is in the one with the most only',
    }),
  })
  .meta({ id: 'OpenAlarmsOfKind' });
export type OpenAlarmsOfKind = z.infer<typeof openAlarmsOfKindSchema>;

/** Expected power of an area in one quarter hour: the sum of the stations that are in, scaled to all by capacity. */
export const expectedSlotSchema = z.object({
  startsAt: instantSchema,
  expectedPowerW: powerWSchema
    .nullable()
    .meta({ description: 'Null: of less than 80 % of the capacity, or still to come' }),
  lowPowerW: powerWSchema.nullable().meta({
    description: 'Sum of the lower ends of the stations: wider than the band of the sum',
  }),
  highPowerW: powerWSchema.nullable(),
  stationsCounted: z.number().int(),
});

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
    expected: stationExpectedSchema.nullable(),
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
      expected: z
        .object({
          slots: z.array(expectedSlotSchema).meta({ description: 'From 04:00 to 21:00 in Shanghai' }),
          stationsCounted: z.number().int().meta({ description: 'Stations with an expected curve today' }),
          stationsTotal: z.number().int(),
          capacityW: powerWSchema.meta({ description: 'Of the stations that are in' }),
          computedAt: instantSchema,
        })
        .nullable()
        .meta({ description: 'Null: nothing is judged today (yet)' }),
    }),
    openAlarms: z.object({
      kinds: z.array(openAlarmsOfKindSchema).meta({ description: 'The most yuan lost first' }),
      lostAmountFen: fenSchema,
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
