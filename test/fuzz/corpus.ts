import { z } from 'zod';
import { BUILTIN_PROFILES } from '#ingestion';
import loggers from './corpus/loggers.json';
import native from './corpus/native.json';
import platforms from './corpus/platforms.json';
import registers from './corpus/registers.json';
import sparkplug from './corpus/sparkplug.json';
import topicValues from './corpus/topic-values.json';

/** A message as a logger, gateway or platform really sends it; serial numbers and values are made up. */
export interface Sample {
  profileId: string;
  topic: string;
  payload: Uint8Array;
}

const address = { profile: z.string(), topic: z.string() };
const sampleSchema = z.union([
  z.strictObject({ ...address, json: z.json() }),
  z.strictObject({ ...address, text: z.string() }),
  z.strictObject({ ...address, hex: z.hex() }),
]);

/** At least one message for each built-in profile. */
export function readCorpus(): Sample[] {
  const samples = z
    .array(sampleSchema)
    .parse([...native, ...platforms, ...topicValues, ...loggers, ...registers, ...sparkplug])
    .map((sample): Sample => ({ profileId: sample.profile, topic: sample.topic, payload: bytesOf(sample) }));
  const missing = BUILTIN_PROFILES.filter(({ id }) => !samples.some(({ profileId }) => profileId === id));
  if (missing.length > 0) throw new Error(`no sample for ${missing.map(({ id }) => id).join(', ')}`);
  return samples;
}

function bytesOf(sample: z.infer<typeof sampleSchema>): Uint8Array {
  if ('hex' in sample) return Buffer.from(sample.hex, 'hex');
  return Buffer.from('text' in sample ? sample.text : JSON.stringify(sample.json));
}
