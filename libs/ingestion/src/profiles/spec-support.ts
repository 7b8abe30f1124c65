import { builtinProfile } from './builtin/index.ts';
import { decodeWithProfile, type ProfileMessage } from './decode-with-profile.ts';
import type { Profile } from './profile.ts';
import type { ProfileDecoded, ProfileReading } from './profile-reading.ts';

/** 2025-06-01T02:00:00Z, the noon of the sample messages. */
export const NOON_MS = 1_748_743_200_000;

export function profileOf(id: string): Profile {
  const profile = builtinProfile(id);
  if (!profile) throw new Error(`no built-in profile ${id}`);
  return profile;
}

export const bytesOf = (payload: unknown): Uint8Array =>
  payload instanceof Uint8Array
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));

export function decode(
  profile: string | Profile,
  topic: string,
  payload: unknown,
  more: Partial<ProfileMessage> = {},
): ProfileDecoded {
  return decodeWithProfile(typeof profile === 'string' ? profileOf(profile) : profile, {
    topic,
    payload: bytesOf(payload),
    receivedAtMs: NOON_MS + 5_000,
    ...more,
  });
}

/** The one reading of a message that must have exactly one and no rejection. */
export function readingOf(decoded: ProfileDecoded): ProfileReading {
  const [reading, ...others] = decoded.readings;
  if (!reading || others.length > 0 || decoded.rejections.length > 0)
    throw new Error(`not one reading: ${JSON.stringify(decoded)}`);
  return reading;
}

interface MetricToEncode {
  name?: string;
  alias?: number;
  timestampMs?: number;
  datatype?: number;
  historical?: boolean;
  isNull?: boolean;
  double?: number;
  float?: number;
  int?: number;
  long?: bigint;
}

/** Encodes a Sparkplug B payload; only for tests, so it is plain rather than fast. */
export function sparkplugPayload(
  metrics: MetricToEncode[],
  { seq, timestampMs = NOON_MS }: { seq?: number; timestampMs?: number },
): Uint8Array {
  return Buffer.concat([
    varintField(1, timestampMs),
    ...metrics.map((metric) => bytesField(2, metricBytes(metric))),
    ...(seq === undefined ? [] : [varintField(3, seq)]),
  ]);
}

function metricBytes(metric: MetricToEncode): Buffer {
  const parts: Buffer[] = [];
  if (metric.name !== undefined) parts.push(bytesField(1, Buffer.from(metric.name)));
  if (metric.alias !== undefined) parts.push(varintField(2, metric.alias));
  if (metric.timestampMs !== undefined) parts.push(varintField(3, metric.timestampMs));
  if (metric.datatype !== undefined) parts.push(varintField(4, metric.datatype));
  if (metric.historical) parts.push(varintField(5, 1));
  if (metric.isNull) parts.push(varintField(7, 1));
  if (metric.int !== undefined) parts.push(varintField(10, metric.int));
  if (metric.long !== undefined) parts.push(varintField(11, BigInt.asUintN(64, metric.long)));
  if (metric.float !== undefined) {
    const value = Buffer.alloc(4);
    value.writeFloatLE(metric.float);
    parts.push(varint((12 << 3) | 5), value);
  }
  if (metric.double !== undefined) {
    const value = Buffer.alloc(8);
    value.writeDoubleLE(metric.double);
    parts.push(varint((13 << 3) | 1), value);
  }
  return Buffer.concat(parts);
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const varintField = (field: number, value: number | bigint) =>
  Buffer.concat([varint(field << 3), varint(value)]);

const bytesField = (field: number, value: Uint8Array) =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
