import { z } from 'zod';
import { daySchema, energyWhSchema, fenSchema, instantSchema, powerWSchema } from '../common.ts';

/** Quarter hours of a curve: from 04:00 to 21:00 in Asia/Shanghai. */
export const EXPECTED_SLOTS = 68;
export const EXPECTED_FIRST_HOUR = 4;

/**
 * What a day of a station is judged to be, from good to bad, then what says nothing of it:
 * `normal`: within the band or above. `watch`: below the band, or a loss is suspected, but it is not sure yet.
 * `low`: sure, smaller loss. `very_low`: sure, large loss. `zero`: no power in the sun.
 * `excluded`: snow, a registered outage, the grid's limit or a loss of the whole region: shown, not counted.
 * `learning`: less than 14 accepted days are known. `not_judged`: no three neighbours, hardly any light, or data missing.
 */
export const expectedVerdictSchema = z.enum([
  'normal',
  'watch',
  'low',
  'very_low',
  'zero',
  'excluded',
  'learning',
  'not_judged',
]);
export type ExpectedVerdict = z.infer<typeof expectedVerdictSchema>;

/** Why a day is not judged. */
export const notJudgedSchema = z.enum(['no_peers', 'no_sun', 'missing_data']);

/** By the clear-sky index of the day, weighted by energy: below 0.3, 0.5, 0.7, 0.85, and above. */
export const skyClassSchema = z.enum(['overcast', 'cloudy', 'broken', 'mostly_clear', 'clear']);
export type SkyClass = z.infer<typeof skyClassSchema>;

/** The signature that fitted first (domain, `Cause`); the numbers it is told by are in the evidence. */
export const expectedCauseSchema = z.enum([
  'none',
  'weather',
  'regional',
  'bad_data',
  'communication',
  'outage',
  'registered_outage',
  'snow',
  'curtailment',
  'over_voltage',
  'derating',
  'clipping',
  'clock',
  'inverter',
  'string',
  'wrong_capacity',
  'shading',
  'soiling',
  'ageing',
  'unclear',
]);
export type ExpectedCause = z.infer<typeof expectedCauseSchema>;

/**
 * Numbers that a cause is told by: `{ key: number }`, in plain shares (0.1 is 10 %), W, minutes or counts by their names;
 * the words are the web's, by key (`expected.evidence.<key>`).
 */
export const expectedEvidenceSchema = z.record(z.string(), z.number());

/**
 * Definitions of the indicators (domain.md 3.2), each a key of the web's texts (`indicator.<id>`). A definition that is
 * changed gets a new number, so that two figures with the same id were worked out the same way.
 */
export const INDICATOR_DEFINITIONS = {
  'full_load_hours.1': { unit: 'h', formula: 'energy_wh / capacity_w' },
  'attainment.1': { unit: 'share', formula: 'energy_wh / expected_energy_wh' },
  'online_rate.1': { unit: 'share', formula: 'reporting intervals received / due in daylight' },
  'availability.1': { unit: 'share', formula: '1 - fault time / daylight, weighted by rated power' },
  'string_dispersion.1': {
    unit: 'share',
    formula: 'worst inverter: deviation / mean of string currents at noon',
  },
  'meter_difference.1': {
    unit: 'share',
    formula: '(energy of inverters - energy of meter) / energy of meter',
  },
  'lost_energy.1': { unit: 'Wh', formula: 'max(0, expected - measured) over the quarter hours compared' },
  'lost_amount.1': { unit: 'fen', formula: 'lost energy at the full price of the station on that day' },
  'attainment_rate.1': {
    unit: 'share',
    formula: 'stations with at least 80 % of expected / stations judged',
  },
} as const;
export const indicatorIdSchema = z.enum([
  'full_load_hours.1',
  'attainment.1',
  'online_rate.1',
  'availability.1',
  'string_dispersion.1',
  'meter_difference.1',
  'lost_energy.1',
  'lost_amount.1',
  'attainment_rate.1',
]);
export type IndicatorId = z.infer<typeof indicatorIdSchema>;

export const indicatorSchema = z
  .object({
    id: indicatorIdSchema.meta({ description: 'Definition and its version' }),
    value: z.number().nullable().meta({ description: 'Null is not known' }),
    unit: z.enum(['h', 'share', 'Wh', 'fen']),
    count: z.number().int().nullable().meta({ description: 'Of a counted share: what was counted' }),
    of: z.number().int().nullable().meta({ description: 'Of a counted share: out of how many' }),
  })
  .meta({ id: 'Indicator' });
export type Indicator = z.infer<typeof indicatorSchema>;

const judgementShape = {
  verdict: expectedVerdictSchema,
  notJudgedBecause: notJudgedSchema.nullable(),
  cause: expectedCauseSchema.nullable(),
  sinceDay: daySchema.nullable().meta({ description: 'First day of a loss that goes on' }),
  energyWh: energyWhSchema.nullable().meta({ description: 'Measured, of the whole day; today so far' }),
  comparedEnergyWh: energyWhSchema.nullable().meta({
    description: 'Measured in the quarter hours that were compared; the ratio is about it',
  }),
  comparedExpectedWh: energyWhSchema.nullable().meta({
    description: 'Expected of the quarter hours that were compared: comparedEnergyWh / ratio',
  }),
  expectedEnergyWh: energyWhSchema.nullable().meta({
    description: 'Expected of the whole day, today of the quarter hours that are over; null: not judged',
  }),
  lowEnergyWh: energyWhSchema.nullable().meta({ description: 'Lower end of the band of expectedEnergyWh' }),
  highEnergyWh: energyWhSchema.nullable().meta({ description: 'Its upper end' }),
  ratio: z.number().nullable().meta({
    description: 'comparedEnergyWh / comparedExpectedWh: measured over expected of what could be compared',
  }),
  lostEnergyWh: energyWhSchema.nullable(),
  lostAmountFen: fenSchema.nullable(),
  skyClass: skyClassSchema.nullable(),
  peers: z.number().int().meta({ description: 'Neighbours that told the sky' }),
  isFinal: z.boolean().meta({ description: 'False: today so far' }),
  computedAt: instantSchema,
};

/** `GET /api/v1/expected`: a row a station, the worst loss first. Stations that were not looked at yet are left out. */
export const expectedFleetQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  day: daySchema.optional().meta({ description: 'Today where it is absent' }),
});
export type ExpectedFleetQuery = z.infer<typeof expectedFleetQuerySchema>;

export const expectedFleetSchema = z
  .object({
    day: daySchema,
    asOf: instantSchema,
    modelVersion: z.string().nullable(),
    totals: z.object({
      stations: z.number().int().meta({ description: 'Stations looked at' }),
      judged: z.number().int().meta({ description: 'Of them with an expected energy' }),
      byVerdict: z.record(expectedVerdictSchema, z.number().int()),
      energyWh: energyWhSchema.nullable().meta({ description: 'Of the judged stations' }),
      expectedEnergyWh: energyWhSchema.nullable().meta({ description: 'Of the judged stations' }),
      lostEnergyWh: energyWhSchema.meta({ description: 'Of stations with verdict low, very_low or zero' }),
      lostAmountFen: fenSchema,
      indicators: z.array(indicatorSchema),
    }),
    items: z.array(
      z.object({
        code: z.string(),
        name: z.string(),
        countyCode: z.string(),
        townshipName: z.string(),
        capacityW: powerWSchema,
        ...judgementShape,
        indicators: z.array(indicatorSchema),
      }),
    ),
  })
  .meta({ id: 'ExpectedFleet' });
export type ExpectedFleet = z.infer<typeof expectedFleetSchema>;

/** `GET /api/v1/stations/:code/expected`. */
export const expectedStationQuerySchema = z.strictObject({ day: daySchema.optional() });

const slotPowerSchema = powerWSchema.nullable();
export const expectedStationSchema = z
  .object({
    stationCode: z.string(),
    day: daySchema,
    asOf: instantSchema,
    modelVersion: z.string().nullable(),
    judgement: z
      .object({ ...judgementShape, evidence: expectedEvidenceSchema })
      .nullable()
      .meta({ description: 'Null: the day was not looked at (yet)' }),
    indicators: z.array(indicatorSchema),
    curve: z
      .object({
        firstSlotAt: instantSchema.meta({ description: '04:00 in Asia/Shanghai; a quarter hour a slot' }),
        slotMinutes: z.literal(15),
        expectedPowerW: z.array(slotPowerSchema),
        lowPowerW: z.array(slotPowerSchema),
        highPowerW: z.array(slotPowerSchema),
        neighboursPowerW: z
          .array(slotPowerSchema)
          .meta({ description: 'Median power per kW of the neighbours, scaled to this station' }),
        computedAt: instantSchema,
      })
      .nullable(),
    neighbours: z.array(
      z.object({
        code: z.string(),
        name: z.string(),
        distanceKm: z.number(),
        ratio: z.number().nullable(),
        verdict: expectedVerdictSchema.nullable(),
      }),
    ),
    model: z
      .object({
        tiltDeg: z.number(),
        azimuthDeg: z.number(),
        limitW: powerWSchema.nullable(),
        fittedDays: z.number().int().meta({ description: '0: start values' }),
        fittedAt: instantSchema,
      })
      .nullable(),
    days: z
      .array(
        z.object({
          day: daySchema,
          energyWh: energyWhSchema.nullable(),
          expectedEnergyWh: energyWhSchema.nullable(),
          lowEnergyWh: energyWhSchema.nullable(),
          highEnergyWh: energyWhSchema.nullable(),
          verdict: expectedVerdictSchema,
          cause: expectedCauseSchema.nullable(),
          lostEnergyWh: energyWhSchema.nullable(),
        }),
      )
      .meta({ description: 'The 60 days up to `day`, the earliest first' }),
  })
  .meta({ id: 'ExpectedStation' });
export type ExpectedStation = z.infer<typeof expectedStationSchema>;
