import { z } from 'zod';

/** The parts of a scenario file that are about money (docs/SCENARIOS.md, Money). Amounts and energies are decimals as text. */

const remarks = { note: z.string().optional() };
const codeSchema = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be a code: letters, digits, - and _');
const monthSchema = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month, such as 2025-06');
const daySchema = z.iso.date({ error: 'must be a day, such as 2025-02-20' });
const yuanSchema = z.string().regex(/^-?\d{1,12}\.\d{2}$/, 'must be yuan with two decimals, such as "99.99"');
const kwhSchema = z.string().regex(/^-?\d{1,12}(\.\d{1,3})?$/, 'must be kWh as text, such as "12345.6"');
const componentSchema = z.enum(['base', 'subsidy']);
/** Whole fen, as a number or as the text that the output has. */
const fenSchema = z.union([z.number().int(), z.string().regex(/^-?\d+$/)]).transform(String);

/** `7/12` of what the station earns, from a day up to, not including, another. */
const shareSchema = z.strictObject({
  village: codeSchema,
  share: z.string().regex(/^\d{1,9}\/[1-9]\d{0,8}$/, 'must be a fraction, such as "70/100"'),
  from: daySchema.optional(),
  to: daySchema.optional(),
  ...remarks,
});

/** What a station needs to be settled; a station without it is not. */
export const settlementSchema = z.strictObject({
  /** 户号, 10 or 13 digits. */
  account: z.string().regex(/^(\d{10}|\d{13})$/, 'must be 10 or 13 digits'),
  /** Yuan a kWh with four decimals by component. */
  tariff: z.partialRecord(componentSchema, z.string().regex(/^\d{1,2}\.\d{4}$/, 'must be such as "0.3320"')),
  shares: z.array(shareSchema).min(1),
  ...remarks,
});

const statementRowSchema = z.strictObject({
  station: codeSchema,
  month: monthSchema,
  component: componentSchema.default('base'),
  kwh: kwhSchema,
  yuan: yuanSchema,
  ...remarks,
});
/** How often a thing is done, and whether all at once: it is one thing then. */
const repeats = { times: z.number().int().min(1).max(50).default(1), parallel: z.boolean().default(false) };

export const MONEY_ACTIONS = ['statement', 'bank', 'run', 'voidRun', 'unmatch', 'closePeriod'] as const;
export const moneySteps = {
  /** A file of the power company: previewed and confirmed; rows with a problem are left out. */
  statement: z.strictObject({ rows: z.array(statementRowSchema).min(1), ...repeats, ...remarks }).optional(),
  /** A line of the bank, matched with what is open of a component, the oldest first. */
  bank: z
    .strictObject({
      county: z
        .string()
        .regex(/^\d{6}$/)
        .default('141124'),
      reference: codeSchema,
      yuan: yuanSchema,
      component: componentSchema.default('base'),
      ...repeats,
      ...remarks,
    })
    .optional(),
  /** Everything that may be given out is proposed by one person and approved by another. */
  run: z
    .strictObject({
      county: z
        .string()
        .regex(/^\d{6}$/)
        .default('141124'),
      key: codeSchema,
      ...repeats,
      ...remarks,
    })
    .optional(),
  voidRun: z.strictObject({ key: codeSchema, ...repeats, ...remarks }).optional(),
  /** Takes the matches of a bank line back. */
  unmatch: z.strictObject({ reference: codeSchema, ...repeats, ...remarks }).optional(),
  closePeriod: z.strictObject({ month: monthSchema, ...remarks }).optional(),
};
const moneyStepSchema = z.object(moneySteps);
export type MoneyStep = z.infer<typeof moneyStepSchema>;
export type StatementStep = NonNullable<MoneyStep['statement']>;
export type ScenarioSettlement = z.infer<typeof settlementSchema>;

/** What must stand in the ledger and the tables of settlement in the end; fen. */
export const settledExpectation = z.strictObject({
  balances: z.array(z.strictObject({ account: z.string(), fen: fenSchema, ...remarks })).default([]),
  statements: z
    .array(
      z.strictObject({
        station: codeSchema,
        month: monthSchema,
        component: componentSchema.default('base'),
        fen: fenSchema.nullable(),
        version: z.number().int().min(1).optional(),
        ...remarks,
      }),
    )
    .default([]),
  runs: z
    .array(
      z.strictObject({
        key: codeSchema,
        state: z.enum(['proposed', 'approved', 'voided']).optional(),
        villages: z.record(codeSchema, fenSchema).optional(),
        ...remarks,
      }),
    )
    .default([]),
  /** Refusals by their dotted code; a step that is refused changes nothing and does not end the run. */
  refusals: z
    .array(z.strictObject({ code: z.string(), count: z.number().int().min(0), ...remarks }))
    .default([]),
  /** Entries of the ledger, reversals among them. */
  entries: z.number().int().min(0).optional(),
  ...remarks,
});
export type SettledExpectation = z.infer<typeof settledExpectation>;

/** What really was: known to who wrote the file, and put beside what was stored and what was settled. */
export const truthSchema = z
  .array(z.strictObject({ station: codeSchema, month: monthSchema, wh: z.number().int(), ...remarks }))
  .default([]);
export type ScenarioTruth = z.infer<typeof truthSchema>;
