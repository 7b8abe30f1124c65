import { z } from 'zod';

/** Parts that the bodies of settlement share. */
export const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256, hexadecimal' });

/** A whole number that may be larger than a float holds, as text. */
export const wholeTextSchema = z.string().regex(/^-?\d+$/);

/** County code of the agency (结转机构). */
export const countySchema = z.string().trim().min(1).max(12);
