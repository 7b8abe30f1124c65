import { z } from 'zod';
import { daySchema, fenSchema, instantSchema, monthSchema } from '../common.ts';
import { countySchema, wholeTextSchema } from './settlement-parts.ts';

/** Statements of one page; a sheet that is printed holds as many. */
const STATEMENT_PAGE_MAX = 500;

/** One price component of one account and month, as the paper states it: a version, or the reversal of one. */
export const statementSchema = z
  .object({
    id: wholeTextSchema,
    kind: z.enum(['stated', 'reversal', 'amended']).meta({
      description:
        'A reversal has the figures with the other sign; amended: a later paper after money had come, by an adjustment',
    }),
    isInForce: z.boolean(),
    version: z.number().int(),
    stationCode: z.string(),
    stationName: z.string(),
    countyCode: z.string(),
    accountNo: z.string(),
    month: monthSchema,
    component: z.string(),
    energyWh: wholeTextSchema.nullable(),
    priceYuanPerKwh: z.string().nullable().meta({ description: 'As printed; never calculated with' }),
    amountFen: fenSchema,
    totalFen: fenSchema.nullable().meta({ description: 'Total payable of the whole document' }),
    receivedFen: fenSchema,
    openFen: fenSchema.meta({ description: 'Not received yet; 0 for what is not in force' }),
    readFrom: daySchema.nullable(),
    readTo: daySchema.nullable(),
    previousWh: wholeTextSchema.nullable(),
    presentWh: wholeTextSchema.nullable(),
    multiplier: z.number().int().nullable(),
    taxRateBp: z.number().int().nullable(),
    taxFen: fenSchema.nullable(),
    taxCode: z.string().nullable(),
    invoiceNo: z.string().nullable(),
    payOn: daySchema.nullable(),
    payeeName: z.string().nullable(),
    importId: z.number().int(),
    fileName: z.string(),
    row: z.number().int(),
    importedBy: z.string(),
    importedAt: instantSchema,
  })
  .meta({ id: 'Statement' });
export type StatementView = z.infer<typeof statementSchema>;

/** `GET /api/v1/settlement/statements`. */
export const statementQuerySchema = z.strictObject({
  county: countySchema.optional(),
  station: z.string().trim().min(1).max(40).optional(),
  account: z.string().trim().min(1).max(20).optional(),
  month: monthSchema.optional(),
  component: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}$/)
    .optional(),
  show: z.enum(['in_force', 'open', 'corrected', 'all']).default('in_force').meta({
    description:
      'open: in force and not wholly received; corrected: every version of what was ever corrected; all: every version',
  }),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(STATEMENT_PAGE_MAX).default(100),
});
export type StatementQuery = z.infer<typeof statementQuerySchema>;

export const statementListSchema = z
  .object({
    items: z
      .array(statementSchema)
      .meta({ description: 'The latest month first; versions of one paper together' }),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    components: z.array(z.string()).meta({ description: 'Components that there are in the area at all' }),
    sums: z
      .array(
        z.object({
          component: z.string(),
          count: z.number().int(),
          energyWh: wholeTextSchema.nullable().meta({ description: 'Null where a row has none' }),
          amountFen: fenSchema,
          receivedFen: fenSchema,
          openFen: fenSchema,
        }),
      )
      .meta({ description: 'Of all that the query finds, over all pages; versions and reversals add up' }),
  })
  .meta({ id: 'StatementList' });
export type StatementList = z.infer<typeof statementListSchema>;
