import { z } from 'zod';
import { daySchema, fenSchema, instantSchema } from '../common.ts';
import { countySchema, wholeTextSchema } from './settlement-parts.ts';

export const checkLevelSchema = z.enum(['info', 'warning', 'critical']);
export type CheckLevelName = z.infer<typeof checkLevelSchema>;
const checkStateSchema = z.enum(['open', 'closed']);
const ownerSchema = z.enum(['operator', 'agency_clerk', 'county', 'township', 'village', 'power_company']);
const subjectKindSchema = z.enum(['station', 'village', 'county', 'bank_line', 'run', 'ledger_entry']);
const codeSchema = z.string().regex(/^A\d{1,2}$/);
/** A figure of the evidence: text, a whole number as text, or not known. */
const figuresSchema = z.record(z.string(), z.string().nullable());

export const checkFindingSchema = z
  .object({
    id: wholeTextSchema,
    code: codeSchema.meta({ description: 'Row of the table of problems, such as A3' }),
    reason: z.string().meta({ description: 'What of the rule was hit' }),
    level: checkLevelSchema,
    subjectKind: subjectKindSchema,
    subject: z.string(),
    subjectName: z.string().nullable(),
    part: z.string(),
    county: z.string().nullable(),
    owner: ownerSchema,
    state: checkStateSchema,
    closedHow: z.enum(['gone', 'note']).nullable(),
    isPresent: z.boolean().meta({ description: 'The last run found it' }),
    firstSeenOn: daySchema,
    lastSeenOn: daySchema,
    dueOn: daySchema,
    daysLeft: z.number().int().meta({ description: 'Below zero: days over' }),
    ageDays: z.number().int(),
    timesOpened: z.number().int(),
    figures: figuresSchema,
    rowCount: z.number().int(),
  })
  .meta({ id: 'CheckFinding' });
export type CheckFindingView = z.infer<typeof checkFindingSchema>;

/** A row behind a finding; which fields are there depends on the rule. */
export const checkRowSchema = z
  .object({
    stationCode: z.string().nullable(),
    stationName: z.string().nullable(),
    villageCode: z.string().nullable(),
    month: z.string().nullable(),
    day: daySchema.nullable(),
    component: z.string().nullable(),
    reference: z.string().nullable().meta({ description: 'Number of a document, account, run or entry' }),
    amountFen: fenSchema.nullable(),
    energyWh: wholeTextSchema.nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'CheckRow' });
export type CheckRow = z.infer<typeof checkRowSchema>;

export const checkEventSchema = z
  .object({
    kind: z.enum(['opened', 'worse', 'gone', 'closed', 'reopened']),
    level: checkLevelSchema,
    note: z.string().nullable(),
    actor: z.string().nullable(),
    at: instantSchema,
  })
  .meta({ id: 'CheckEvent' });
export type CheckEventView = z.infer<typeof checkEventSchema>;

export const checkDetailSchema = checkFindingSchema
  .extend({ rows: z.array(checkRowSchema), events: z.array(checkEventSchema) })
  .meta({ id: 'CheckDetail' });
export type CheckDetail = z.infer<typeof checkDetailSchema>;

/** `GET /api/v1/checks`. */
export const checkQuerySchema = z.strictObject({
  county: countySchema.optional(),
  state: z.enum(['open', 'overdue', 'closed', 'all']).default('open'),
  code: codeSchema.optional(),
  level: checkLevelSchema.optional(),
  owner: ownerSchema.optional(),
  subject: z.string().trim().min(1).max(60).optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export type CheckQuery = z.infer<typeof checkQuerySchema>;

export const checkListSchema = z
  .object({
    asOf: instantSchema,
    lastRun: z
      .object({
        day: daySchema,
        finishedAt: instantSchema,
        opened: z.number().int(),
        reopened: z.number().int(),
        gone: z.number().int(),
        present: z.number().int(),
      })
      .nullable(),
    items: z.array(checkFindingSchema),
    /** Open findings of the area by rule, and how many of them are overdue. */
    codes: z.array(z.object({ code: z.string(), open: z.number().int(), overdue: z.number().int() })),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
  })
  .meta({ id: 'CheckList' });
export type CheckList = z.infer<typeof checkListSchema>;

/** `POST /api/v1/checks/:id/close`. */
export const checkCloseSchema = z.strictObject({
  note: z.string().trim().min(2).max(400),
  actionKey: z.uuid().meta({ description: 'Made once when the person acts; the same key closes once' }),
});
export type CheckClose = z.infer<typeof checkCloseSchema>;

/** Answer of `POST /api/v1/checks/run`. */
export const checkRunSchema = z
  .object({
    day: daySchema,
    opened: z.number().int(),
    reopened: z.number().int(),
    gone: z.number().int(),
    present: z.number().int(),
    tookMs: z.number().int(),
  })
  .meta({ id: 'CheckRun' });
export type CheckRunView = z.infer<typeof checkRunSchema>;
