import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nativeResendSchema, resendReplyTopic, statusTopic, telemetryTopic } from '#contracts';
import {
  BELIEVABLE_POWER_FACTOR,
  decodeNative,
  FUTURE_TOLERANCE_MS,
  LATE_LIMIT_MS,
  QUARANTINE_REASONS,
} from '#ingestion';
import { projectRoot } from '#platform';

const page = readFileSync(join(projectRoot(), 'docs/NATIVE-PROTOCOL.md'), 'utf8');

const CHANNELS = ['telemetry', 'status', 'resend', 'reply'] as const;
type Channel = (typeof CHANNELS)[number];

interface Example {
  line: number;
  channel: Channel;
  isBroken: boolean;
  text: string;
}

/** The fenced blocks of the page: `json telemetry` and so on by channel, with `broken` where it is meant to be refused. */
const examples: Example[] = [...page.matchAll(/^```json (\w+)( broken)?\n([^]*?)^```$/gm)].map(
  ({ index, 1: channel, 2: broken, 3: text = '' }) => ({
    line: page.slice(0, index).split('\n').length,
    channel: CHANNELS.find((name) => name === channel) ?? 'telemetry',
    isBroken: broken !== undefined,
    text,
  }),
);
const good = examples.filter(({ isBroken }) => !isBroken);
const broken = examples.filter(({ isBroken }) => isBroken);

const documentSchema = z.record(z.string(), z.unknown());
const document = documentSchema.parse(
  JSON.parse(readFileSync(join(projectRoot(), 'docs/native-protocol.schema.json'), 'utf8')),
);
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
addFormats.default(ajv);
ajv.addSchema(document, 'native');

const SCHEMAS: Record<Channel, string> = {
  telemetry: 'native',
  status: 'native#/$defs/NativeStatus',
  resend: 'native#/$defs/NativeResend',
  reply: 'native#/$defs/NativeResendReply',
};
const TOPICS: Record<Exclude<Channel, 'resend'>, string> = {
  telemetry: telemetryTopic('141124-001', 'INV01'),
  status: statusTopic('141124-001', 'GW01'),
  reply: resendReplyTopic('141124-001', 'GW01'),
};

function validator(channel: Example['channel']): ValidateFunction {
  const found = ajv.getSchema(SCHEMAS[channel]);
  if (!found) throw new Error(`the schema has no ${channel}`);
  return found;
}

const decoded = (channel: keyof typeof TOPICS, text: string) =>
  decodeNative(TOPICS[channel], Buffer.from(text));

describe('documents of the native protocol', () => {
  it('are what the code says now', async () => {
    const script = join(projectRoot(), 'tools/write-docs.mjs');
    const { stderr } = await promisify(execFile)(process.execPath, [script, '--check'], {
      cwd: projectRoot(),
    });
    expect(stderr).toBe('');
  });

  it('show examples of every channel, and broken ones of what a gateway sends', () => {
    const kinds = new Set(examples.map(({ channel, isBroken }) => `${channel} ${isBroken}`));
    expect(kinds.size).toBe(7);
    expect(examples.length).toBe([...page.matchAll(/^```json/gm)].length);
  });

  it.each(good)('give an example that the schema and ingest take whole: line $line', (example) => {
    const validate = validator(example.channel);
    validate(JSON.parse(example.text));
    expect(validate.errors).toBeNull();
    if (example.channel === 'resend') {
      // This one goes the other way: it is what a gateway has to read.
      expect(nativeResendSchema.safeParse(JSON.parse(example.text)).success).toBe(true);
      return;
    }
    const message = decoded(example.channel, example.text);
    expect(message.rejections).toEqual([]);
    expect(message.readings.filter(({ flags }) => flags !== 0)).toEqual([]);
    const others = [message.gatewayStatus, message.resendReply].filter((part) => part !== null);
    expect(message.readings.length + others.length).toBeGreaterThan(0);
  });

  it.each(broken)(
    'give an example that neither the schema nor ingest takes as it is: line $line',
    (example) => {
      expect(validator(example.channel)(JSON.parse(example.text))).toBe(false);
      expect(example.channel).not.toBe('resend');
      if (example.channel === 'resend') return;
      const { rejections, readings } = decoded(example.channel, example.text);
      expect(rejections.length + readings.filter(({ flags }) => flags !== 0).length).toBe(1);
    },
  );

  it('keep a reading and a batch apart by `devices`', () => {
    const telemetry = validator('telemetry');
    expect(telemetry({ ts: 1, devices: {} })).toBe(true);
    expect(telemetry({ ts: 1, devices: 'none' })).toBe(false);
    expect(telemetry({ ts: 1, unheard_of: 'ignored' })).toBe(true);
  });

  it('name every reason of quarantine, and the limits of time and power as they are', () => {
    const named = [...page.matchAll(/^\| `([a-z_0-9]+)` +\| [^|]+ \|$/gm)].map(([, reason]) => reason);
    expect(new Set(named)).toEqual(new Set(QUARANTINE_REASONS));
    expect(page).toContain(`more than ${FUTURE_TOLERANCE_MS / 60_000} minutes ahead`);
    expect(page).toContain(`more than ${LATE_LIMIT_MS / 86_400_000} days ago`);
    expect(page).toContain(`above ${BELIEVABLE_POWER_FACTOR} times the rating`);
  });
});
