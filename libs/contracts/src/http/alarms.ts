import { z } from 'zod';
import { daySchema, energyWhSchema, fenSchema, instantSchema } from '../common.ts';

/** Alarms of one page of the queue. */
export const ALARM_PAGE_MAX = 200;

/** Kinds of domain.md 3.2, and the parents that speak for many (`ingest_down`, `county_silent`). */
export const alarmKindSchema = z.enum([
  'ingest_down',
  'county_silent',
  'offline',
  'no_data',
  'zero',
  'inverter_zero',
  'fault',
  'low',
  'string_low',
  'insulation',
  'over_temperature',
  'grid',
  'soiling',
  'counter',
  'over_capacity',
]);
export type AlarmKind = z.infer<typeof alarmKindSchema>;

export const alarmLevelSchema = z.enum(['info', 'minor', 'major', 'critical', 'data']);
export type AlarmLevel = z.infer<typeof alarmLevelSchema>;

/** `snoozed` is open or acknowledged with an end of rest that is still to come. */
export const alarmStateSchema = z.enum(['open', 'acknowledged', 'snoozed', 'closed']);
export type AlarmState = z.infer<typeof alarmStateSchema>;

const noteSchema = z.string().trim().min(2).max(400);
const codeSchema = z.string().trim().min(1).max(40);
const countySchema = z.string().trim().max(12).nullable().meta({ description: 'Null: the whole city' });

export const alarmSchema = z
  .object({
    id: z.number().int(),
    kind: alarmKindSchema,
    level: alarmLevelSchema,
    state: alarmStateSchema,
    countyCode: z.string().nullable(),
    countyName: z.string().nullable(),
    stationCode: z.string().nullable().meta({ description: 'Null: a parent of many stations' }),
    stationName: z.string().nullable(),
    deviceCodes: z.array(z.string()),
    beganAt: instantSchema.meta({ description: 'First sign' }),
    openedAt: instantSchema,
    lastSeenAt: instantSchema,
    recoveredAt: instantSchema.nullable(),
    closedAt: instantSchema.nullable(),
    closedBy: z.string().nullable(),
    closedReason: z.string().nullable(),
    acknowledgedAt: instantSchema.nullable(),
    acknowledgedBy: z.string().nullable(),
    assignedTo: z.string().nullable(),
    snoozedUntil: instantSchema.nullable(),
    escalatedAt: instantSchema.nullable(),
    lostEnergyWh: energyWhSchema.meta({ description: 'Lost so far against what was to be expected, Wh' }),
    lostAmountFen: fenSchema,
    lostPostMonths: z.number().meta({ description: 'The amount in months of one post, one decimal' }),
    isLossWhole: z
      .boolean()
      .meta({ description: 'False where a part of the time had nothing to compare with' }),
    seen: z.number().nullable().meta({ description: 'What was seen last, in the unit of the kind' }),
    limit: z.number().nullable(),
    incidents: z.number().int(),
    isSameLoss: z.boolean().meta({
      description: 'Another open alarm of the station has this energy in its loss: it counts there, once',
    }),
    version: z.number().int(),
  })
  .meta({ id: 'Alarm' });
export type Alarm = z.infer<typeof alarmSchema>;

export const alarmQuerySchema = z.strictObject({
  county: codeSchema.optional(),
  station: codeSchema.optional(),
  kind: alarmKindSchema.optional(),
  state: z.enum(['active', 'open', 'acknowledged', 'snoozed', 'closed']).default('active').meta({
    description: 'active: neither closed nor snoozed',
  }),
  assignee: z.string().trim().max(40).optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(ALARM_PAGE_MAX).default(50),
});
export type AlarmQuery = z.infer<typeof alarmQuerySchema>;

export const alarmListSchema = z
  .object({
    asOf: instantSchema,
    items: z.array(alarmSchema).meta({ description: 'The most yuan lost first' }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    counts: z.object({
      open: z.number().int(),
      acknowledged: z.number().int(),
      snoozed: z.number().int(),
    }),
    lostAmountFen: fenSchema.meta({
      description:
        'Of all that this filter finds; several open alarms of a station lose the same energy, which counts once',
    }),
    evaluatedAt: instantSchema.nullable().meta({ description: 'When alarms were last judged' }),
    graceUntil: instantSchema.nullable().meta({ description: 'Nothing new is raised until then' }),
  })
  .meta({ id: 'AlarmList' });
export type AlarmList = z.infer<typeof alarmListSchema>;

export const alarmEventSchema = z.object({
  at: instantSchema,
  kind: z.enum([
    'opened',
    'joined',
    'level',
    'recovered',
    'closed',
    'escalated',
    'acknowledged',
    'assigned',
    'commented',
    'snoozed',
    'woken',
    'work_order',
  ]),
  by: z.string().nullable().meta({ description: 'Null: the program' }),
  note: z.string(),
});
export type AlarmEvent = z.infer<typeof alarmEventSchema>;

export const alarmDetailSchema = z
  .object({
    asOf: instantSchema,
    alarm: alarmSchema,
    samples: z.array(
      z.object({ at: instantSchema, seen: z.number().nullable(), limit: z.number().nullable() }),
    ),
    incidents: z.array(
      z.object({ beganAt: instantSchema, lastSeenAt: instantSchema, endedAt: instantSchema.nullable() }),
    ),
    lossDays: z.array(
      z.object({
        day: daySchema,
        lostEnergyWh: energyWhSchema,
        lostAmountFen: fenSchema,
        priceHaoPerKwh: z.number().int(),
        basis: z.enum(['expected', 'peers', 'none']),
      }),
    ),
    history: z.array(alarmEventSchema).meta({ description: 'The newest first' }),
  })
  .meta({ id: 'AlarmDetail' });
export type AlarmDetail = z.infer<typeof alarmDetailSchema>;

/** Every change names the version that the person saw; another one is a conflict. */
const versionSchema = z.number().int().min(1);
export const acknowledgeAlarmSchema = z.strictObject({ version: versionSchema });
export type AcknowledgeAlarm = z.infer<typeof acknowledgeAlarmSchema>;
export const assignAlarmSchema = z.strictObject({
  version: versionSchema,
  assignee: z.string().trim().min(2).max(40).nullable(),
});
export type AssignAlarm = z.infer<typeof assignAlarmSchema>;
export const commentAlarmSchema = z.strictObject({ note: noteSchema });
export type CommentAlarm = z.infer<typeof commentAlarmSchema>;
export const snoozeAlarmSchema = z.strictObject({
  version: versionSchema,
  until: instantSchema.nullable().meta({ description: 'Null wakes it' }),
  note: z.string().trim().max(400).default(''),
});
export type SnoozeAlarm = z.infer<typeof snoozeAlarmSchema>;
export const closeAlarmSchema = z.strictObject({ version: versionSchema, reason: noteSchema });
export type CloseAlarm = z.infer<typeof closeAlarmSchema>;

/** Seconds of silence, a share, degrees, a count, parts of the allowed range of the grid, or 1 where it is so. */
export const alarmUnitSchema = z.enum(['s', 'share', 'celsius', 'count', 'range', 'yes']);
export type AlarmUnit = z.infer<typeof alarmUnitSchema>;

const limitsSchema = z.object({
  isOn: z.boolean(),
  delayS: z.number().int().min(0).max(31_536_000),
  clearAfterS: z.number().int().min(0).max(31_536_000),
  rejoinS: z.number().int().min(0).max(31_536_000),
  escalateAfterS: z.number().int().min(60).max(31_536_000).nullable(),
  openLimit: z.number(),
  closeLimit: z.number(),
  majorLimit: z.number().nullable(),
});
export const alarmPolicySchema = limitsSchema
  .extend({
    kind: alarmKindSchema,
    countyCode: z.string().nullable(),
    effectiveFrom: daySchema.nullable().meta({ description: 'Null: the default of the program' }),
    reason: z.string().nullable(),
    setBy: z.string().nullable(),
    setAt: instantSchema.nullable(),
    side: z.enum(['above', 'below']).meta({ description: 'Bad above the open limit, or below it' }),
    unit: alarmUnitSchema.meta({ description: 'Of the three limits and of what is seen' }),
  })
  .meta({ id: 'AlarmPolicy' });
export type AlarmPolicyView = z.infer<typeof alarmPolicySchema>;
export const alarmPolicyListSchema = z
  .object({ day: daySchema, items: z.array(alarmPolicySchema) })
  .meta({ id: 'AlarmPolicyList' });
export type AlarmPolicyList = z.infer<typeof alarmPolicyListSchema>;
export const alarmPolicyQuerySchema = z.strictObject({
  county: codeSchema.optional(),
  day: daySchema.optional().meta({ description: 'In force on that day; today where it is absent' }),
});
export type AlarmPolicyQuery = z.infer<typeof alarmPolicyQuerySchema>;
export const alarmPolicyEntrySchema = z.strictObject({
  ...limitsSchema.shape,
  kind: alarmKindSchema,
  county: countySchema,
  effectiveFrom: daySchema.meta({ description: 'Today at the earliest: the past stays as it was' }),
  reason: noteSchema,
});
export type AlarmPolicyEntry = z.infer<typeof alarmPolicyEntrySchema>;

export const noticeChannelSchema = z.enum(['email', 'webhook', 'wecom', 'dingtalk']);
export type NoticeChannel = z.infer<typeof noticeChannelSchema>;
const minuteSchema = z.number().int().min(0).max(1439).nullable();
const noticeRuleBodySchema = z.object({
  name: z.string().trim().min(1).max(60),
  channel: noticeChannelSchema,
  targets: z.array(z.string().trim().min(3).max(400)).min(1).max(20),
  county: countySchema,
  kinds: z.array(alarmKindSchema).meta({ description: 'Empty: all' }),
  leastLevel: alarmLevelSchema,
  quietFromMin: minuteSchema.meta({ description: 'Minutes after midnight in Shanghai' }),
  quietToMin: minuteSchema,
  groupS: z.number().int().min(0).max(86_400),
});
export const noticeRuleSchema = noticeRuleBodySchema
  .extend({
    id: z.number().int(),
    hasSecret: z.boolean(),
    createdBy: z.string(),
    createdAt: instantSchema,
  })
  .meta({ id: 'NoticeRule' });
export type NoticeRule = z.infer<typeof noticeRuleSchema>;
export const noticeRuleListSchema = z
  .object({ items: z.array(noticeRuleSchema), canSendMail: z.boolean() })
  .meta({ id: 'NoticeRuleList' });
export type NoticeRuleList = z.infer<typeof noticeRuleListSchema>;
export const noticeRuleEntrySchema = z
  .strictObject({
    ...noticeRuleBodySchema.shape,
    secret: z.string().trim().min(1).max(200).nullable().default(null),
  })
  .refine(
    ({ channel, targets }) =>
      targets.every((target) =>
        channel === 'email' ? z.email().safeParse(target).success : /^https?:\/\/\S+$/.test(target),
      ),
    { path: ['targets'], message: 'addresses of e-mail, or of http and https' },
  )
  .refine(({ quietFromMin, quietToMin }) => (quietFromMin === null) === (quietToMin === null), {
    path: ['quietToMin'],
    message: 'both ends of the quiet hours, or neither',
  });
export type NoticeRuleEntry = z.infer<typeof noticeRuleEntrySchema>;

export const noticeMessageSchema = z
  .object({
    id: z.number().int(),
    ruleId: z.number().int(),
    ruleName: z.string(),
    channel: noticeChannelSchema,
    isTest: z.boolean(),
    state: z.enum(['waiting', 'sent', 'given_up']),
    subject: z.string(),
    createdAt: instantSchema,
    sentAt: instantSchema.nullable(),
    nextAttemptAt: instantSchema,
    attempts: z.number().int(),
    lastError: z.string().nullable(),
    alarms: z.number().int(),
  })
  .meta({ id: 'NoticeMessage' });
export type NoticeMessage = z.infer<typeof noticeMessageSchema>;
export const noticeLogSchema = z.object({ items: z.array(noticeMessageSchema) }).meta({ id: 'NoticeLog' });
export type NoticeLog = z.infer<typeof noticeLogSchema>;
