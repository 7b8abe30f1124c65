import { z } from 'zod';
import { fenSchema, instantSchema, monthSchema } from '../common.ts';
import { wholeTextSchema } from './settlement-parts.ts';

/** Things that block a step shown of one county; the count is that of all. */
export const BOARD_BLOCKERS_MAX = 200;

/** Steps of a month of energy on its way to the villages, in their order. */
export const BOARD_STEPS = ['energy', 'statement', 'receipt', 'allocation', 'approval', 'transfer'] as const;
export const boardStepSchema = z.enum(BOARD_STEPS).meta({
  description:
    'energy: every day of the month is known; statement: it came and agrees or is signed for; receipt: what the grid ' +
    'pays by the month has come, the subsidy apart; allocation: all that came is in a run; approval: and approved; ' +
    'transfer: the bank has sent it to the village',
});
export type BoardStep = z.infer<typeof boardStepSchema>;

export const boardBlockerSchema = z
  .object({
    code: z
      .string()
      .meta({ description: 'Such as `energy.days_unknown`; with the step it says where to mend it' }),
    level: z.enum(['blocked', 'waiting']).meta({
      description: 'waiting: nobody can mend it, its time has not come (a running month, the subsidy)',
    }),
    stationCode: z.string().nullable(),
    stationName: z.string().nullable(),
    villageCode: z.string().nullable(),
    villageName: z.string().nullable(),
    runId: z.number().int().nullable(),
    places: z.number().int().meta({ description: 'Stations, or villages of a transfer, that it holds up' }),
    days: z.array(z.string()).meta({ description: 'Days that are not known' }),
    ageDays: z.number().int().nullable(),
    amountFen: fenSchema.nullable(),
    sentence: z.object({ zh: z.string(), en: z.string() }),
  })
  .meta({ id: 'BoardBlocker' });
export type BoardBlocker = z.infer<typeof boardBlockerSchema>;

export const boardCellSchema = z
  .object({
    step: boardStepSchema,
    done: z.number().int(),
    total: z.number().int().meta({
      description:
        'Stations of the county that ran in the month; of the transfer the villages that an approved run gave money of it',
    }),
    blocked: z.number().int().meta({ description: 'Those that this step holds up; somebody can mend it' }),
    waiting: z.number().int(),
    amountFen: fenSchema.nullable().meta({
      description:
        'Stated, received, in runs, approved, transferred; of those that have it. Null of the energy',
    }),
    energyWh: wholeTextSchema.nullable().meta({ description: 'Of the stations whose month is known' }),
  })
  .meta({ id: 'BoardCell' });
export type BoardCell = z.infer<typeof boardCellSchema>;

export const boardCountyCellSchema = boardCellSchema
  .extend({
    blockers: z
      .array(boardBlockerSchema)
      .meta({ description: `The largest first; ${BOARD_BLOCKERS_MAX} at most` }),
  })
  .meta({ id: 'BoardCountyCell' });
export type BoardCountyCell = z.infer<typeof boardCountyCellSchema>;

export const boardCountySchema = z
  .object({ countyCode: z.string(), countyName: z.string(), cells: z.array(boardCountyCellSchema) })
  .meta({ id: 'BoardCounty' });
export type BoardCounty = z.infer<typeof boardCountySchema>;

/** `GET /api/v1/settlement/board`. */
export const boardQuerySchema = z.strictObject({
  month: monthSchema
    .optional()
    .meta({ description: 'Month of the energy; left out: the one before the month that runs' }),
  county: z.string().trim().min(1).max(12).optional().meta({ description: 'Left out: all of the area' }),
});
export type BoardQuery = z.infer<typeof boardQuerySchema>;

export const boardSchema = z
  .object({
    month: monthSchema,
    asOf: instantSchema,
    period: z.enum(['open', 'on_hold', 'closed']).nullable().meta({
      description: 'Of the ledger in that month; null: it was never opened',
    }),
    items: z.array(boardCountySchema),
    totals: z.array(boardCellSchema).meta({ description: 'Sums of the counties that are shown' }),
  })
  .meta({ id: 'SettlementBoard' });
export type SettlementBoard = z.infer<typeof boardSchema>;
