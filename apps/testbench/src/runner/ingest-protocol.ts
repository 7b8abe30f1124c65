import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What the runner and its ingest process say to each other over their channel. */

export const commandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    databaseUrl: z.string(),
    brokerUrl: z.string(),
    ingestId: z.string(),
    atMs: z.number(),
    resendAfterS: z.number(),
  }),
  z.object({ type: z.literal('clock'), atMs: z.number() }),
  z.object({ type: z.literal('stop') }),
]);
export type IngestCommand = z.infer<typeof commandSchema>;

export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('stopped') }),
  z.object({ type: z.literal('failed'), message: z.string() }),
  z.object({ type: z.literal('clock'), atMs: z.number() }),
  /** A message came to the pipeline; `retained` ones are "last known" and not awaited. */
  z.object({ type: z.literal('received'), key: z.string(), retained: z.boolean() }),
  /** The pipeline let go of it: it is written. */
  z.object({ type: z.literal('acknowledged'), key: z.string(), retained: z.boolean() }),
  /** A marker of the runner came, which says that the subscription is there. */
  z.object({ type: z.literal('marker'), text: z.string(), topic: z.string() }),
]);
export type IngestReport = z.infer<typeof reportSchema>;

export const MARKER = 'scenario-marker';

/** Tells messages apart by topic and bytes. */
export const keyOf = (topic: string, payload: Uint8Array): string =>
  createHash('sha1').update(topic).update('\0').update(payload).digest('base64');
