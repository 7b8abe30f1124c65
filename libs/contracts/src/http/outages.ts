import { z } from 'zod';
import { daySchema, instantSchema } from '../common.ts';

/** Outages of one page. */
export const OUTAGE_PAGE_MAX = 200;

const noteSchema = z.string().trim().min(2).max(400);
const codeSchema = z.string().trim().min(1).max(40);
const actionKeySchema = z.uuid().meta({
  description: 'Made once when the person acts and sent again with every retry: the same key is one action',
});

/**
 * Why a place is known not to generate as usual: work that was planned, the grid gone, the grid's limit, weather (snow),
 * or something else that the reason says.
 */
export const outageKindSchema = z.enum(['planned', 'grid', 'curtailment', 'weather', 'other']);
export type OutageKind = z.infer<typeof outageKindSchema>;

export const outageStateSchema = z.enum(['coming', 'running', 'over', 'cancelled']);
export type OutageState = z.infer<typeof outageStateSchema>;

export const outageSchema = z
  .object({
    id: z.number().int(),
    kind: outageKindSchema,
    state: outageStateSchema,
    countyCode: z.string().nullable().meta({ description: 'With stationCode null: the whole county' }),
    stationCode: z.string().nullable().meta({ description: 'Both null: the whole city' }),
    placeName: z.string().nullable(),
    fromAt: instantSchema,
    toAt: instantSchema.nullable().meta({ description: 'Null: until somebody says its end' }),
    reason: z.string(),
    registeredBy: z.string(),
    registeredAt: instantSchema,
    cancelledBy: z.string().nullable(),
    cancelledAt: instantSchema.nullable(),
  })
  .meta({ id: 'Outage' });
export type Outage = z.infer<typeof outageSchema>;

/** `GET /api/v1/outages`. */
export const outageQuerySchema = z.strictObject({
  county: codeSchema.optional().meta({
    description: 'Those of the county, of its stations, and of the whole city',
  }),
  station: codeSchema.optional().meta({
    description: 'Those of the station, of its county, and of the whole city',
  }),
  state: z.enum(['open', 'all']).default('all').meta({ description: 'open: coming or running' }),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(OUTAGE_PAGE_MAX).default(50),
});
export type OutageQuery = z.infer<typeof outageQuerySchema>;

export const outageListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(outageSchema).meta({ description: 'The one that begins last first' }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'OutageList' });
export type OutageList = z.infer<typeof outageListSchema>;

/** `POST /api/v1/outages`. Neither county nor station is the whole city. Cancel: `POST /api/v1/outages/:id/cancel`. */
export const outageEntrySchema = z
  .strictObject({
    actionKey: actionKeySchema,
    kind: outageKindSchema,
    county: codeSchema.nullable().default(null),
    station: codeSchema.nullable().default(null),
    fromAt: instantSchema,
    toAt: instantSchema.nullable().default(null),
    reason: noteSchema,
  })
  .refine(({ fromAt, toAt }) => toAt === null || Date.parse(fromAt) < Date.parse(toAt), {
    path: ['toAt'],
    message: 'must be after fromAt',
  })
  .refine(({ county, station }) => county === null || station === null, {
    path: ['station'],
    message: 'a county or a station, not both',
  });
export type OutageEntry = z.infer<typeof outageEntrySchema>;
/** `POST /api/v1/outages/:id/end`: says the end of one that lasts; once. */
export const outageEndSchema = z.strictObject({ toAt: instantSchema });
export type OutageEnd = z.infer<typeof outageEndSchema>;

/**
 * A change of a plant: from its day on the expected output is learned anew. `re_powered` is noticed by the program where
 * the registered power changes; `accepted` says that a loss stays and is no longer to be told.
 */
export const plantChangeKindSchema = z.enum([
  'repaired',
  'panels_added',
  'inverter_exchanged',
  'capacity_corrected',
  're_powered',
  'accepted',
]);
export type PlantChangeKind = z.infer<typeof plantChangeKindSchema>;

export const plantChangeSchema = z
  .object({
    id: z.number().int(),
    kind: plantChangeKindSchema,
    fromDay: daySchema,
    note: z.string(),
    workOrderId: z.number().int().nullable().meta({ description: 'The order that was closed with it' }),
    enteredBy: z.string(),
    enteredAt: instantSchema,
    cancelledBy: z.string().nullable(),
    cancelledAt: instantSchema.nullable(),
  })
  .meta({ id: 'PlantChange' });
export type PlantChange = z.infer<typeof plantChangeSchema>;

/** `GET /api/v1/stations/:code/plant-changes`. */
export const plantChangeListSchema = z
  .object({
    stationCode: z.string(),
    items: z
      .array(plantChangeSchema)
      .meta({ description: 'The newest first, with those that were cancelled' }),
  })
  .meta({ id: 'PlantChangeList' });
export type PlantChangeList = z.infer<typeof plantChangeListSchema>;

/** `POST /api/v1/stations/:code/plant-changes`; cancel: `POST /api/v1/stations/:code/plant-changes/:id/cancel`. */
export const plantChangeEntrySchema = z.strictObject({
  actionKey: actionKeySchema,
  kind: plantChangeKindSchema.exclude(['re_powered']),
  fromDay: daySchema.meta({ description: 'Not after today, not before it was commissioned' }),
  note: noteSchema,
});
export type PlantChangeEntry = z.infer<typeof plantChangeEntrySchema>;
