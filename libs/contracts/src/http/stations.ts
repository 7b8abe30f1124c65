import { z } from 'zod';
import {
  daySchema,
  energyMethodSchema,
  energyQualitySchema,
  energyWhSchema,
  fullLoadHoursSchema,
  instantSchema,
  monthSchema,
  powerWSchema,
  stationStateSchema,
} from '../common.ts';
import { expectedVerdictSchema } from './expected.ts';
import { clockSchema, countsByStateSchema, stationExpectedSchema } from './fleet.ts';

/** A page never holds more stations than this; the fleet has 468. */
export const STATION_PAGE_MAX = 500;
/** A day range by day never spans more than this. */
export const ENERGY_DAYS_MAX = 800;

export const stationKindSchema = z.enum(['single', 'joint']);

export const stationSummarySchema = z
  .object({
    code: z.string(),
    name: z.string(),
    kind: stationKindSchema,
    countyCode: z.string(),
    countyName: z.string(),
    townshipCode: z.string(),
    townshipName: z.string(),
    capacityW: powerWSchema.meta({ description: 'Installed DC power, W' }),
    villages: z.number().int(),
    state: stationStateSchema,
    stateSince: instantSchema.nullable(),
    reporting: z.boolean(),
    powerW: powerWSchema.nullable(),
    measuredAt: instantSchema.nullable(),
    todayWh: energyWhSchema.nullable(),
    fullLoadHours: fullLoadHoursSchema.nullable(),
    peerRatio: z.number().nullable(),
    invertersReporting: z.number().int(),
    inverters: z.number().int(),
    expected: stationExpectedSchema.nullable().meta({ description: 'Null: not looked at today (yet)' }),
  })
  .meta({ id: 'StationSummary' });
export type StationSummary = z.infer<typeof stationSummarySchema>;

export const stationSortSchema = z.enum([
  'code',
  'name',
  'power',
  'hours',
  'peer',
  'ratio',
  'capacity',
  'lost',
]);
export const stationListQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  township: z.string().max(12).optional(),
  state: stationStateSchema.optional(),
  kind: stationKindSchema.optional(),
  verdict: expectedVerdictSchema.optional(),
  q: z
    .string()
    .trim()
    .max(60)
    .optional()
    .meta({ description: 'Part of the name, code, township or village' }),
  sort: stationSortSchema.default('code'),
  order: z.enum(['asc', 'desc']).default('asc'),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(STATION_PAGE_MAX).default(50),
});
export type StationListQuery = z.infer<typeof stationListQuerySchema>;

export const stationListSchema = z
  .object({
    asOf: instantSchema,
    simulated: z.boolean(),
    items: z.array(stationSummarySchema),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    byState: countsByStateSchema.meta({
      description: 'Counts under the other filters, whatever `state` says',
    }),
  })
  .meta({ id: 'StationList' });
export type StationList = z.infer<typeof stationListSchema>;

const fractionSchema = z.object({ numerator: z.string(), denominator: z.string() });

export const deviceViewSchema = z
  .object({
    code: z.string(),
    kind: z.enum(['inverter', 'meter', 'gateway']),
    serial: z.string(),
    model: z.string().nullable(),
    ratedPowerW: powerWSchema.nullable(),
    state: stationStateSchema,
    measuredAt: instantSchema.nullable(),
    receivedAt: instantSchema.nullable(),
    powerW: powerWSchema.nullable(),
    energyTotalWh: energyWhSchema.nullable(),
    todayWh: energyWhSchema.nullable(),
    temperatureC: z.number().nullable(),
    deviceStatus: z.string().nullable(),
    faultCode: z.string().nullable(),
  })
  .meta({ id: 'DeviceView' });

export const stationDetailSchema = z
  .object({
    asOf: instantSchema,
    clock: clockSchema,
    simulated: z.boolean(),
    station: stationSummarySchema,
    place: z.object({
      longitude: z.number(),
      latitude: z.number(),
      coordinateSystem: z.string(),
    }),
    facts: z.object({
      commissionedOn: daySchema,
      tiltDeg: z.number(),
      azimuthDeg: z.number().meta({ description: '180 is south' }),
      ratedAcW: powerWSchema,
      subsidyClass: z.enum(['national', 'local', 'none']),
      gridAccounts: z.array(z.object({ accountNo: z.string(), meterCode: z.string().nullable() })),
      catalogueProjects: z.array(z.object({ code: z.string(), registeredW: powerWSchema })),
      agriProjects: z.array(
        z.object({ name: z.string(), crop: z.string(), landMu: z.number(), startedOn: daySchema }),
      ),
      tariff: z.array(
        z.object({
          component: z.string(),
          priceHaoPerKwh: z.number().int().meta({ description: '1 hao = 1/10,000 yuan' }),
          effectiveFrom: daySchema,
          effectiveTo: daySchema.nullable(),
        }),
      ),
    }),
    villages: z.array(
      z.object({
        code: z.string(),
        name: z.string(),
        townshipName: z.string(),
        households: z.number().int(),
        posts: z.number().int(),
        assetShare: fractionSchema.nullable(),
        revenueShare: fractionSchema.nullable(),
        revenueBasis: z.string().nullable(),
      }),
    ),
    devices: z.array(deviceViewSchema),
    energy: z.object({
      todayWh: energyWhSchema.nullable(),
      todayMethod: energyMethodSchema.nullable(),
      todayQuality: energyQualitySchema.nullable(),
      monthWh: energyWhSchema.nullable(),
      yearWh: energyWhSchema.nullable(),
    }),
  })
  .meta({ id: 'StationDetail' });
export type StationDetail = z.infer<typeof stationDetailSchema>;

export const powerQuerySchema = z.strictObject({ day: daySchema.optional() });
export const stationPowerSchema = z
  .object({
    stationCode: z.string(),
    day: daySchema,
    asOf: instantSchema,
    sunriseAt: instantSchema,
    sunsetAt: instantSchema,
    slots: z
      .array(
        z.object({
          startsAt: instantSchema,
          powerW: powerWSchema.nullable().meta({ description: 'Mean of the quarter hour; null is no data' }),
          energyWh: energyWhSchema.nullable(),
          quality: energyQualitySchema,
          peerPowerW: powerWSchema
            .nullable()
            .meta({ description: 'County median kW per kW, scaled to this station' }),
        }),
      )
      .meta({ description: 'Always 96 quarter hours; those still to come have quality `none`' }),
  })
  .meta({ id: 'StationPower' });
export type StationPower = z.infer<typeof stationPowerSchema>;

export const energyQuerySchema = z
  .strictObject({
    from: daySchema,
    to: daySchema.meta({ description: 'Exclusive' }),
    by: z.enum(['day', 'month']).default('day'),
  })
  .refine((query) => query.from < query.to, { path: ['to'], message: 'to must be after from' })
  .refine((query) => Date.parse(query.to) - Date.parse(query.from) <= ENERGY_DAYS_MAX * 86_400_000, {
    path: ['to'],
    message: `at most ${ENERGY_DAYS_MAX} days`,
  });
export const stationEnergySchema = z
  .object({
    stationCode: z.string(),
    by: z.enum(['day', 'month']),
    items: z.array(
      z.object({
        period: z.union([daySchema, monthSchema]),
        energyWh: energyWhSchema.nullable(),
        fullLoadHours: fullLoadHoursSchema.nullable(),
        quality: energyQualitySchema,
        methods: z.array(energyMethodSchema),
        daysCounted: z.number().int(),
        days: z.number().int(),
      }),
    ),
    totalWh: energyWhSchema.nullable(),
  })
  .meta({ id: 'StationEnergy' });
export type StationEnergy = z.infer<typeof stationEnergySchema>;

export const areasSchema = z
  .object({
    city: z.object({ code: z.string(), name: z.string() }),
    counties: z.array(
      z.object({
        code: z.string(),
        name: z.string(),
        stations: z.number().int(),
        townships: z.array(z.object({ code: z.string(), name: z.string(), stations: z.number().int() })),
      }),
    ),
  })
  .meta({ id: 'Areas' });
export type Areas = z.infer<typeof areasSchema>;

/** What `/api/v1/live?station=CODE` sends as event `station`. */
export const liveStationSchema = z
  .object({ asOf: instantSchema, clock: clockSchema, station: stationSummarySchema })
  .meta({ id: 'LiveStation' });
export type LiveStation = z.infer<typeof liveStationSchema>;

/** Bad rows of a registry import; nothing is imported while one is left. */
export const importReportSchema = z
  .object({
    sheet: z.string(),
    rows: z.number().int(),
    inserted: z.number().int(),
    updated: z.number().int(),
    unchanged: z.number().int(),
    problems: z.array(
      z.object({
        line: z.number().int().meta({ description: 'Line of the file as a spreadsheet shows it, from 1' }),
        column: z.string().nullable(),
        value: z.string().nullable(),
        code: z.string(),
        reason: z.string(),
      }),
    ),
    applied: z.boolean(),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;
