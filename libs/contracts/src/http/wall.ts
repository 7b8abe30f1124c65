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
import { clockSchema, energyFigureSchema, fleetSchema, powerFigureSchema } from './fleet.ts';

/** A county of the city or a township of a county. */
export const wallPlaceSchema = z
  .object({
    code: z.string(),
    name: z.string(),
    stations: z.number().int(),
    reporting: z.number().int(),
    attention: z.number().int().meta({ description: 'Stations in trouble' }),
    capacityW: powerWSchema,
    powerW: powerWSchema.nullable(),
    todayWh: energyWhSchema.nullable(),
    fullLoadHours: fullLoadHoursSchema.nullable(),
    lostFen: fenSchema.meta({ description: 'Estimated loss of today, as far as it is known' }),
  })
  .meta({ id: 'WallPlace' });
export type WallPlace = z.infer<typeof wallPlaceSchema>;

/** A station on the map. Of the whole city only those in trouble; of a county all. */
export const wallStationSchema = z
  .object({
    code: z.string(),
    name: z.string(),
    countyCode: z.string(),
    townshipCode: z.string(),
    longitude: z.number(),
    latitude: z.number(),
    state: stationStateSchema,
    inTrouble: z.boolean(),
    powerW: powerWSchema.nullable(),
    fullLoadHours: fullLoadHoursSchema.nullable(),
  })
  .meta({ id: 'WallStation' });
export type WallStation = z.infer<typeof wallStationSchema>;

/** Where money is being lost: an open alarm, or a station in trouble while no alarms are evaluated. */
export const wallTroubleSchema = z
  .object({
    alarmId: z.string().nullable(),
    kind: z.string().meta({ description: 'Kind of the alarm, or the state of the station' }),
    level: z.string().nullable(),
    stationCode: z.string().nullable(),
    stationName: z.string().nullable(),
    countyName: z.string().nullable(),
    since: instantSchema.nullable(),
    isAcknowledged: z.boolean(),
    lostWh: energyWhSchema.nullable(),
    lostFen: fenSchema.nullable().meta({ description: 'null: nothing to compare with' }),
  })
  .meta({ id: 'WallTrouble' });
export type WallTrouble = z.infer<typeof wallTroubleSchema>;

/** A quarter hour of the area. The expected sums are scaled from the stations that have them to the whole area. */
export const wallSlotSchema = z.object({
  startsAt: instantSchema,
  powerW: powerWSchema.nullable(),
  stationsCounted: z.number().int(),
  expectedPowerW: powerWSchema.nullable(),
  lowPowerW: powerWSchema.nullable(),
  highPowerW: powerWSchema.nullable(),
});
export type WallSlot = z.infer<typeof wallSlotSchema>;

export const wallSchema = z
  .object({
    asOf: instantSchema,
    clock: clockSchema,
    simulated: z.boolean(),
    area: z.object({ level: z.enum(['city', 'county']), code: z.string(), name: z.string() }),
    sun: fleetSchema.shape.sun,
    stations: fleetSchema.shape.stations,
    capacityW: powerWSchema,
    power: powerFigureSchema,
    today: energyFigureSchema,
    month: energyFigureSchema,
    year: energyFigureSchema,
    total: energyFigureSchema.extend({
      sinceDay: daySchema.nullable().meta({ description: 'First day that the sum holds' }),
    }),
    curve: z.object({
      day: daySchema,
      slots: z.array(wallSlotSchema).meta({ description: 'Quarter hours from 04:00 to 21:00' }),
      expectedShare: z
        .number()
        .min(0)
        .max(1)
        .meta({ description: 'Share of the capacity whose expected output is known; 0: no expected curve' }),
    }),
    expected: z
      .object({
        powerW: powerWSchema.nullable().meta({ description: 'In the newest quarter hour that is known' }),
        ratio: z.number().nullable().meta({ description: 'Measured over expected energy since sunrise' }),
      })
      .nullable()
      .meta({ description: 'null where no expected output is worked out' }),
    places: z
      .array(wallPlaceSchema)
      .meta({ description: 'Counties of the city, or townships of the county' }),
    stationsShown: z.array(wallStationSchema),
    ranking: z.object({
      total: z.number().int(),
      best: z.array(wallPlaceSchema).meta({ description: 'Highest full-load hours today first' }),
      worst: z.array(wallPlaceSchema).meta({ description: 'The lowest last; none that is among the best' }),
    }),
    losing: z.object({
      source: z.enum(['alarms', 'stations']),
      total: z.number().int(),
      unknown: z.number().int().meta({ description: 'How many of them have no estimated loss' }),
      lostWh: energyWhSchema,
      lostFen: fenSchema,
      items: z.array(wallTroubleSchema).meta({ description: 'Most yuan first' }),
    }),
    money: z
      .object({
        asOf: instantSchema,
        settledFen: fenSchema.meta({ description: 'Statements of the grid in force' }),
        receivedFen: fenSchema,
        givenOutFen: fenSchema.meta({ description: 'Given out to villages by approved runs' }),
        transferredFen: fenSchema.meta({ description: 'Confirmed by the bank to village accounts' }),
      })
      .nullable()
      .meta({
        description:
          'Since this system settles, what came before in none of them; null where nothing is settled',
      }),
  })
  .meta({ id: 'Wall' });
export type Wall = z.infer<typeof wallSchema>;
/** What the stations are worth looking at for; the money is settlement's to tell. */
export type WallOfStations = Omit<Wall, 'money'>;

export const wallQuerySchema = z.strictObject({
  county: z.string().max(12).optional().meta({ description: 'County code; absent means the whole city' }),
});
