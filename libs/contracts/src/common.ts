import { z } from 'zod';

/** An instant: ISO 8601 in UTC with milliseconds, such as `2026-11-25T02:00:00.000Z`. */
export const instantSchema = z.iso
  .datetime({ offset: true })
  .meta({ description: 'Instant, ISO 8601 with zone' });

/** A calendar day in Asia/Shanghai, `YYYY-MM-DD`. */
export const daySchema = z.iso.date().meta({ description: 'Calendar day in Asia/Shanghai, YYYY-MM-DD' });

/** A calendar month in Asia/Shanghai, `YYYY-MM`. */
export const monthSchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
  .meta({ description: 'Calendar month in Asia/Shanghai, YYYY-MM' });

/** Money: whole fen as a decimal string, so that no reader rounds it. */
export const fenSchema = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ description: 'Money in whole fen (1/100 yuan) as a decimal string' });

export const powerWSchema = z.number().int().meta({ description: 'Active power, W' });
export const energyWhSchema = z.number().int().meta({ description: 'Energy, Wh' });
/** kWh per installed kW; the common measure across station sizes. */
export const fullLoadHoursSchema = z
  .number()
  .meta({ description: 'Equivalent full-load hours, h (kWh per kW)' });

/** How far a stored energy can be trusted. */
export const energyQualitySchema = z.enum(['measured', 'estimated', 'incomplete', 'none']);
export type EnergyQuality = z.infer<typeof energyQualitySchema>;

/** Where a stored energy comes from; `simulated` marks bulk history of the demo. */
export const energyMethodSchema = z.enum([
  'meter_counter',
  'inverter_counter',
  'day_counter',
  'power_integral',
  'simulated',
]);
export type EnergyMethod = z.infer<typeof energyMethodSchema>;

/** What a station or device is doing, as shown to an operator. */
export const stationStateSchema = z.enum([
  'generating',
  'limited',
  'low',
  'zero',
  'fault',
  'offline',
  'night',
  'unknown',
]);
export type StationState = z.infer<typeof stationStateSchema>;

/** `application/problem+json` (RFC 9457) with a dotted `code` that programs can match on. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    reference: z.string().meta({ description: 'Quote this when asking for help; it is in the server log' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
