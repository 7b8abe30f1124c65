import { z } from 'zod';
import { daySchema, energyWhSchema, fenSchema, instantSchema, powerWSchema } from '../common.ts';
import { plantChangeKindSchema } from './outages.ts';

/** Orders of one page. */
export const WORK_ORDER_PAGE_SIZE = 50;
/** Parts of one repair. */
export const PARTS_MAX = 30;
/** No repair of a village station costs ten million yuan. */
const AMOUNT_DIGITS_MAX = 9;

const codeSchema = z.string().trim().min(1).max(40);
const noteSchema = z.string().trim().max(1000).default('');
const reasonSchema = z.string().trim().min(2).max(1000);
const assigneeSchema = z.string().trim().min(1).max(60);
const costSchema = z
  .string()
  .regex(new RegExp(`^(0|[1-9]\\d{0,${AMOUNT_DIGITS_MAX - 1}})$`))
  .meta({ description: 'Cost in whole fen (1/100 yuan) as a decimal string, not negative' });

export const workOrderStateSchema = z.enum([
  'opened',
  'dispatched',
  'accepted',
  'on_site',
  'suspended',
  'repaired',
  'verified',
  'returned',
  'closed',
  'cancelled',
]);
export const workOrderKindSchema = z.enum(['repair', 'patrol', 'wash', 'grass']);
export const workOrderActionSchema = z.enum([
  'dispatch',
  'accept',
  'arrive',
  'suspend',
  'resume',
  'repair',
  'verify',
  'return',
  'close',
  'cancel',
]);
const sizeSchema = z.enum(['minor', 'major']).meta({ description: 'Size of the repair, not of the alarm' });
const causeSchema = z.enum([
  'grid_outage',
  'grid_voltage',
  'grid_limit',
  'meter',
  'breaker',
  'inverter',
  'string',
  'module',
  'cable',
  'communication',
  'soiling',
  'vegetation',
  'theft',
  'animals',
  'weather',
  'nothing_found',
  'other',
]);
const sideSchema = z.enum(['grid', 'operator', 'village']).meta({
  description: 'Who answers for it: the grid company in front of the meter, operator or village behind it',
});
export const escalationSchema = z
  .enum(['none', 'township', 'county'])
  .meta({ description: 'Whom an overdue order concerns' });

/** What every action says: its own key, and when it was done where it is sent later. */
const actionBase = {
  actionKey: z.uuid().meta({
    description: 'Made once when the person acts and sent again with every retry: the same key is one action',
  }),
  at: instantSchema.optional().meta({
    description: 'When it was done, where a phone without network sends it later; believed for a week',
  }),
};

export const workOrderCreateSchema = z
  .strictObject({
    ...actionBase,
    alarmId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    station: codeSchema.optional(),
    title: z.string().trim().min(2).max(120).optional(),
    note: noteSchema,
    size: sizeSchema.default('minor'),
    assignee: assigneeSchema.optional(),
  })
  .refine(({ alarmId, station }) => (alarmId === undefined) !== (station === undefined), {
    path: ['station'],
    message: 'either an alarmId or a station',
  })
  .refine(({ alarmId, title }) => alarmId !== undefined || title !== undefined, {
    path: ['title'],
    message: 'an order by hand has a title',
  });
export type WorkOrderCreate = z.infer<typeof workOrderCreateSchema>;

export const workOrderPartSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  quantity: z.number().int().min(1).max(10_000),
  amountFen: costSchema.meta({ description: 'For all of them, whole fen as a decimal string' }),
});
export type WorkOrderPart = z.infer<typeof workOrderPartSchema>;

const plain = (action: 'accept' | 'arrive' | 'resume' | 'verify') =>
  z.strictObject({ action: z.literal(action), ...actionBase, note: noteSchema });
const reasoned = (action: 'suspend' | 'return' | 'cancel') =>
  z.strictObject({ action: z.literal(action), ...actionBase, note: reasonSchema });

export const workOrderStepSchema = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('dispatch'),
    ...actionBase,
    assignee: assigneeSchema,
    size: sizeSchema.optional(),
    note: noteSchema,
  }),
  plain('accept'),
  plain('arrive'),
  plain('resume'),
  plain('verify'),
  reasoned('suspend'),
  reasoned('return'),
  reasoned('cancel'),
  z.strictObject({
    action: z.literal('repair'),
    ...actionBase,
    note: reasonSchema.meta({ description: 'What was done' }),
    cause: causeSchema.optional().meta({ description: 'Needed for a repair, not for planned work' }),
    side: sideSchema.optional(),
    parts: z.array(workOrderPartSchema).max(PARTS_MAX).default([]),
    labourFen: costSchema
      .default('0')
      .meta({ description: 'Labour and travel, whole fen as a decimal string' }),
  }),
  z.strictObject({
    action: z.literal('close'),
    ...actionBase,
    reason: reasonSchema.optional().meta({ description: 'Needed where the readings do not show the repair' }),
    plantChange: plantChangeKindSchema.exclude(['re_powered']).optional().meta({
      description: 'Of a repair: expected output is learned anew from the day after it was repaired',
    }),
    note: noteSchema,
  }),
]);
export type WorkOrderStep = z.infer<typeof workOrderStepSchema>;

/** What the readings say of a repair. */
export const repairVerdictSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('verified'), ratio: z.number() }),
    z.object({ kind: z.literal('no_daylight') }),
    z.object({ kind: z.literal('no_readings') }),
    z.object({ kind: z.literal('too_soon'), quarters: z.number().int(), ratio: z.number() }),
    z.object({ kind: z.literal('not_better'), ratio: z.number() }),
  ])
  .meta({
    id: 'RepairVerdict',
    description:
      'Readings since the repair against what was expected of it, or else its neighbours: two hours of light at 80 % or a whole later day at 90 %',
  });
export type RepairVerdictView = z.infer<typeof repairVerdictSchema>;

export const workOrderSummarySchema = z
  .object({
    id: z.number().int(),
    kind: workOrderKindSchema,
    stationCode: z.string(),
    stationName: z.string(),
    countyCode: z.string(),
    countyName: z.string(),
    townshipCode: z.string(),
    townshipName: z.string(),
    title: z.string(),
    alarmKind: z.string().nullable(),
    alarmId: z.number().int().nullable(),
    size: sizeSchema,
    state: workOrderStateSchema,
    suspendedFrom: workOrderStateSchema.nullable(),
    assignee: z.string().nullable(),
    openedAt: instantSchema,
    due: z
      .object({ clock: z.enum(['accept', 'arrive', 'repair', 'close']), at: instantSchema })
      .nullable()
      .meta({ description: 'The clock that runs now; null while suspended and at the end' }),
    escalation: escalationSchema,
    lostEnergyWh: energyWhSchema.nullable().meta({
      description: 'Loss of its alarm so far, Wh; null where there is none',
    }),
    lostAmountFen: fenSchema.nullable(),
  })
  .meta({ id: 'WorkOrderSummary' });
export type WorkOrderSummary = z.infer<typeof workOrderSummarySchema>;

export const workOrderQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  township: z.string().max(12).optional(),
  station: codeSchema.optional(),
  state: z
    .union([z.enum(['open', 'ended']), workOrderStateSchema])
    .default('open')
    .meta({ description: '`open`: all that have not come to an end' }),
  kind: workOrderKindSchema.optional(),
  overdue: z.stringbool().optional(),
  assignee: assigneeSchema.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
});
export type WorkOrderQuery = z.infer<typeof workOrderQuerySchema>;

export const workOrderListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(workOrderSummarySchema).meta({ description: 'Overdue first, then what is due next' }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    counts: z
      .object({
        open: z.number().int(),
        overdue: z.number().int(),
        unassigned: z.number().int(),
        repaired: z.number().int().meta({ description: 'Repaired, to be verified' }),
        ended: z.number().int(),
      })
      .meta({ description: 'Of the area, whatever the other filters say' }),
    assignees: z.array(z.string()).meta({ description: 'Of open orders of the area' }),
  })
  .meta({ id: 'WorkOrderList' });
export type WorkOrderList = z.infer<typeof workOrderListSchema>;

const workOrderEventSchema = z.object({
  action: z.string(),
  fromState: workOrderStateSchema.nullable(),
  toState: workOrderStateSchema,
  by: z.string(),
  happenedAt: instantSchema,
  recordedAt: instantSchema.meta({ description: 'Later than `happenedAt` where a phone had no network' }),
  note: z.string(),
  verdict: repairVerdictSchema.nullable(),
});
export type WorkOrderEventView = z.infer<typeof workOrderEventSchema>;

export const workOrderPhotoSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    mediaType: z.string(),
    bytes: z.number().int(),
    positionKept: z.boolean(),
    by: z.string(),
    recordedAt: instantSchema,
  })
  .meta({ id: 'WorkOrderPhoto' });
export type WorkOrderPhotoView = z.infer<typeof workOrderPhotoSchema>;

export const workOrderSchema = workOrderSummarySchema
  .extend({
    asOf: instantSchema,
    note: z.string(),
    acceptedAt: instantSchema.nullable(),
    arrivedAt: instantSchema.nullable(),
    repairedAt: instantSchema.nullable(),
    verifiedAt: instantSchema.nullable(),
    closedAt: instantSchema.nullable(),
    closeReason: z.string().nullable(),
    cause: causeSchema.nullable(),
    side: sideSchema.nullable(),
    parts: z.array(workOrderPartSchema),
    labourFen: fenSchema,
    costFen: fenSchema.meta({ description: 'Parts and labour, whole fen' }),
    actions: z.array(workOrderActionSchema).meta({ description: 'What can be done now' }),
    verdict: repairVerdictSchema.nullable().meta({
      description: 'What the readings say now; null before the repair and for planned work',
    }),
    powerW: powerWSchema.nullable().meta({ description: 'Newest active power of the station, W' }),
    powerAt: instantSchema.nullable(),
    longitude: z.number(),
    latitude: z.number(),
    photos: z.array(workOrderPhotoSchema),
    events: z.array(workOrderEventSchema),
  })
  .meta({ id: 'WorkOrder' });
export type WorkOrder = z.infer<typeof workOrderSchema>;

export const photoQuerySchema = z.strictObject({
  actionKey: z.uuid(),
  name: z.string().max(400).default('photo'),
  keepPosition: z.stringbool().default(false).meta({
    description: 'True keeps where and when the photo was taken in it, false takes all of that out',
  }),
});
export type PhotoQuery = z.infer<typeof photoQuerySchema>;

export const patrolPlanSchema = z
  .object({
    id: z.number().int(),
    stationCode: z.string(),
    stationName: z.string(),
    kind: z.enum(['patrol', 'wash', 'grass']),
    everyMonths: z.number().int(),
    nextDueDay: daySchema,
    assignee: z.string(),
    note: z.string(),
    createdBy: z.string(),
    endedAt: instantSchema.nullable(),
  })
  .meta({ id: 'PatrolPlan' });
export type PatrolPlanView = z.infer<typeof patrolPlanSchema>;
export const patrolPlanListSchema = z
  .object({ items: z.array(patrolPlanSchema), total: z.number().int() })
  .meta({ id: 'PatrolPlanList' });
export type PatrolPlanList = z.infer<typeof patrolPlanListSchema>;

export const patrolPlanQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  station: codeSchema.optional(),
});
export type PatrolPlanQuery = z.infer<typeof patrolPlanQuerySchema>;

export const patrolPlanCreateSchema = z.strictObject({
  actionKey: z.uuid(),
  station: codeSchema,
  kind: z.enum(['patrol', 'wash', 'grass']),
  everyMonths: z.number().int().min(1).max(24),
  firstDueDay: daySchema,
  assignee: assigneeSchema.meta({ description: 'The holder of the post' }),
  note: noteSchema,
});
export type PatrolPlanCreate = z.infer<typeof patrolPlanCreateSchema>;

/** Clocks of work orders, minutes from the opening or the last return (domain.md 3.3). */
const limitMinutesSchema = z.number().int().min(10).max(525_600);
const workOrderLimitShape = {
  acceptMin: limitMinutesSchema,
  arriveMin: limitMinutesSchema,
  repairMinorMin: limitMinutesSchema,
  repairMajorMin: limitMinutesSchema,
  closeMin: limitMinutesSchema.meta({ description: 'From the repair on' }),
  countyAfterMin: limitMinutesSchema.meta({ description: 'So long after a limit the county is told' }),
};
export const workOrderLimitsSchema = z
  .object({
    ...workOrderLimitShape,
    countyCode: z.string().nullable(),
    effectiveFrom: daySchema.nullable().meta({ description: 'Null: the default of the program' }),
    reason: z.string().nullable(),
    setBy: z.string().nullable(),
    setAt: instantSchema.nullable(),
  })
  .meta({ id: 'WorkOrderLimits' });
export type WorkOrderLimitsView = z.infer<typeof workOrderLimitsSchema>;
/** `GET /api/v1/work-orders/limits?county=`. */
export const workOrderLimitsQuerySchema = z.strictObject({ county: codeSchema.optional() });
export type WorkOrderLimitsQuery = z.infer<typeof workOrderLimitsQuerySchema>;
export const workOrderLimitsListSchema = z
  .object({
    day: daySchema,
    inForce: workOrderLimitsSchema,
    items: z.array(workOrderLimitsSchema).meta({ description: 'Every dated row, the last to begin first' }),
  })
  .meta({ id: 'WorkOrderLimitsList' });
export type WorkOrderLimitsList = z.infer<typeof workOrderLimitsListSchema>;
/** `POST /api/v1/work-orders/limits`: from a day on, today at the earliest; for orders opened from then on. */
export const workOrderLimitsEntrySchema = z
  .strictObject({
    ...workOrderLimitShape,
    county: codeSchema.nullable().default(null),
    effectiveFrom: daySchema,
    reason: reasonSchema,
  })
  .refine(({ acceptMin, arriveMin }) => acceptMin <= arriveMin, {
    path: ['arriveMin'],
    message: 'not before it is accepted',
  })
  .refine(
    ({ arriveMin, repairMinorMin, repairMajorMin }) => arriveMin <= Math.min(repairMinorMin, repairMajorMin),
    {
      path: ['repairMinorMin'],
      message: 'not before somebody arrives',
    },
  );
export type WorkOrderLimitsEntry = z.infer<typeof workOrderLimitsEntrySchema>;
