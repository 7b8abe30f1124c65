import { z } from 'zod';
import { monthSchema } from '../common.ts';

const periodStateSchema = z.enum(['open', 'on_hold', 'closed']);

/** `GET /api/v1/ledger/periods/:month`. */
export const ledgerPeriodSchema = z
  .object({
    month: monthSchema,
    state: periodStateSchema.nullable().meta({ description: 'Null: the month was never opened' }),
  })
  .meta({ id: 'LedgerPeriod' });
export type LedgerPeriod = z.infer<typeof ledgerPeriodSchema>;

/** `POST /api/v1/ledger/periods/:month`. */
export const ledgerPeriodEntrySchema = z.strictObject({
  state: periodStateSchema,
  reason: z.string().trim().min(2).max(400),
});
export type LedgerPeriodEntry = z.infer<typeof ledgerPeriodEntrySchema>;
