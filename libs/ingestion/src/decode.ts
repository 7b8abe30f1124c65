import { z } from 'zod';
import {
  deviceCodeSchema,
  nativeBatchSchema,
  nativeDeviceFieldsSchema,
  nativeReadingSchema,
  nativeResendReplySchema,
  nativeStatusSchema,
  parseNativeTopic,
  PAYLOAD_BYTES_MAX,
  READINGS_PER_MESSAGE_MAX,
  type NativeFields,
} from '#contracts';
import { decodeText, parseBoundedJson } from './profiles/payload-text.ts';
import {
  FLAG_FIELD_REJECTED,
  type DecodedMessage,
  type QuarantineReason,
  type Reading,
  type Rejection,
} from './reading.ts';

/**
 * Bytes of a native message → readings. Pure. Nothing is dropped silently: what cannot be used comes back as a
 * rejection, and a bad field becomes null with a flag and leaves its neighbours alone.
 */
export function decodeNative(topic: string, payload: Uint8Array): DecodedMessage {
  const place = parseNativeTopic(topic);
  if (!place) return rejected('unknown_topic', 'no profile reads this topic');
  const decoded = decodeAt(place, payload);
  const { stationCode } = place;
  return { ...decoded, rejections: decoded.rejections.map((item) => ({ stationCode, ...item })) };
}

function decodeAt(
  place: NonNullable<ReturnType<typeof parseNativeTopic>>,
  payload: Uint8Array,
): DecodedMessage {
  if (payload.byteLength > PAYLOAD_BYTES_MAX)
    return rejected('too_large', `${payload.byteLength} bytes, at most ${PAYLOAD_BYTES_MAX}`);
  const { stationCode, deviceCode } = place;
  // Our own request, which comes back to whoever hears all topics.
  if (place.channel === 'resend') return nothing();
  const parsed = parseJson(payload);
  if ('reason' in parsed) return rejected(parsed.reason, parsed.detail);
  if (place.channel === 'status') return decodeStatus(stationCode, deviceCode, parsed.value);
  if (place.channel === 'resend/reply') return decodeReply(stationCode, deviceCode, parsed.value);
  if (Array.isArray(parsed.value)) return decodeArray(stationCode, deviceCode, parsed.value);
  if (isRecord(parsed.value) && 'devices' in parsed.value)
    return decodeBatch(stationCode, deviceCode, parsed.value);
  return decodeArray(stationCode, deviceCode, [parsed.value]);
}

/** The frame of a batch; what is in it is parsed a device at a time. */
const batchHeadSchema = nativeBatchSchema.extend({ devices: z.record(z.string(), z.unknown()) });

function parseJson(payload: Uint8Array): { value: unknown } | Rejection {
  const decoded = decodeText(payload, 'utf-8');
  if ('rejection' in decoded) return decoded.rejection;
  try {
    return { value: JSON.parse(decoded.text) };
  } catch {
    // Firmware prints `nan` where a sensor is dead: the field is bad, its neighbours are not.
    const lenient = parseBoundedJson(decoded.text, { nanTokens: true });
    return 'rejection' in lenient ? lenient.rejection : lenient;
  }
}

function decodeStatus(stationCode: string, deviceCode: string, value: unknown): DecodedMessage {
  const result = nativeStatusSchema.safeParse(value);
  if (!result.success) return rejected('schema', describe(result.error));
  return { ...nothing(), gatewayStatus: { stationCode, deviceCode, online: result.data.online } };
}

function decodeReply(stationCode: string, senderCode: string, value: unknown): DecodedMessage {
  const result = nativeResendReplySchema.safeParse(value);
  if (!result.success) return rejected('schema', describe(result.error));
  return { ...nothing(), resendReply: { stationCode, senderCode, ...result.data } };
}

function decodeArray(stationCode: string, deviceCode: string, values: readonly unknown[]): DecodedMessage {
  if (values.length > READINGS_PER_MESSAGE_MAX)
    return rejected('too_large', `${values.length} readings, at most ${READINGS_PER_MESSAGE_MAX}`);
  const message = nothing();
  for (const value of values) {
    const result = parseLeniently(nativeReadingSchema, value);
    if ('problem' in result) message.rejections.push({ reason: 'schema', detail: result.problem });
    else {
      const reading = toReading({ stationCode, deviceCode }, result.data.ts, result);
      message.readings.push(reading);
      const { seq, measuredAtMs } = reading;
      if (seq !== null) message.numbers.push({ stationCode, senderCode: deviceCode, seq, measuredAtMs });
    }
  }
  return message;
}

function decodeBatch(
  stationCode: string,
  senderCode: string,
  value: Record<string, unknown>,
): DecodedMessage {
  const head = batchHeadSchema.safeParse(value);
  if (!head.success) return rejected('schema', describe(head.error));
  const { ts, seq, devices } = head.data;
  const entries = Object.entries(devices);
  if (entries.length > READINGS_PER_MESSAGE_MAX)
    return rejected('too_large', `${entries.length} devices, at most ${READINGS_PER_MESSAGE_MAX}`);
  const message = nothing();
  if (seq !== undefined) message.numbers.push({ stationCode, senderCode, seq, measuredAtMs: instantOf(ts) });
  for (const [deviceCode, fields] of entries) {
    // One bad device is no reason to lose its neighbours.
    const result = deviceCodeSchema.safeParse(deviceCode).success
      ? parseLeniently(nativeDeviceFieldsSchema, fields)
      : { problem: 'not a device code' };
    if ('problem' in result) {
      message.rejections.push({ reason: 'schema', detail: `${deviceCode.slice(0, 60)}: ${result.problem}` });
      continue;
    }
    const own = seq === undefined || result.data.seq !== undefined ? result.data : { ...result.data, seq };
    message.readings.push(toReading({ stationCode, deviceCode }, own.ts ?? ts, { ...result, data: own }));
  }
  return message;
}

type Lenient<T> = { data: T; badFields: string[] } | { problem: string };

/** Parses; where single fields are bad they are taken out and named, and the rest is parsed again. */
function parseLeniently<T>(schema: z.ZodType<T>, value: unknown): Lenient<T> {
  const first = schema.safeParse(value);
  if (first.success) return { data: first.data, badFields: [] };
  const badFields = new Set(first.error.issues.map(({ path }) => String(path[0] ?? '')));
  // Without its time there is no reading.
  if (!isRecord(value) || badFields.has('') || badFields.has('ts')) return { problem: describe(first.error) };
  const mended = new Set<string>();
  const rest = Object.fromEntries(
    Object.entries(value).flatMap(([field, raw]): [string, unknown][] => {
      if (!badFields.has(field)) return [[field, raw]];
      const number = numberOfText(raw);
      if (number !== undefined) mended.add(field);
      return number === undefined ? [] : [[field, number]];
    }),
  );
  for (const field of mended) badFields.delete(field);
  const second = schema.safeParse(rest);
  return second.success
    ? { data: second.data, badFields: [...badFields] }
    : { problem: describe(second.error) };
}

/** Texts by which loggers say that there is no value. */
const NOT_AVAILABLE_TEXTS: ReadonlySet<string> = new Set(['', '-', '--', 'n/a', 'na', 'null', 'none']);
const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** A number that was sent as a text, null for a text that says "no value", undefined for anything else. */
function numberOfText(raw: unknown): number | null | undefined {
  if (typeof raw !== 'string') return undefined;
  const text = raw.trim();
  if (NOT_AVAILABLE_TEXTS.has(text.toLowerCase())) return null;
  return NUMBER_TEXT.test(text) ? Number(text) : undefined;
}

function toReading(
  device: { stationCode: string; deviceCode: string },
  ts: number | string,
  parsed: { data: NativeFields; badFields: readonly string[] },
): Reading {
  const { data } = parsed;
  let lost = parsed.badFields.length > 0;
  // Out of the range of its column is as bad as no number: null, and flagged.
  const scaled = (value: number | null | undefined, factor: number, max: number): number | null => {
    if (value === null || value === undefined) return null;
    const whole = Math.round(value * factor);
    if (Math.abs(whole) <= max) return whole;
    lost = true;
    return null;
  };
  const list = (values: (number | null | undefined)[], factor: number, max: number) =>
    values.every((value) => value === null || value === undefined)
      ? null
      : values.map((value) => scaled(value, factor, max));
  const reading: Reading = {
    ...device,
    measuredAtMs: instantOf(ts),
    activePowerW: scaled(data.active_power_w, 1, INT4_MAX) ?? scaled(data.active_power_kw, 1000, INT4_MAX),
    energyTotalWh:
      scaled(data.energy_total_wh, 1, COUNTER_MAX_WH) ?? scaled(data.energy_total_kwh, 1000, COUNTER_MAX_WH),
    energyDayWh: scaled(data.energy_day_wh, 1, INT4_MAX) ?? scaled(data.energy_day_kwh, 1000, INT4_MAX),
    temperatureDc: scaled(data.temperature_c, 10, INT2_MAX),
    frequencyChz: scaled(data.frequency_hz, 100, INT2_MAX),
    lineVoltagesDv: list([data.voltage_ab_v, data.voltage_bc_v, data.voltage_ca_v], 10, INT2_MAX),
    phaseCurrentsCa: list([data.current_a_a, data.current_b_a, data.current_c_a], 100, INT4_MAX),
    stringVoltagesDv: list(data.strings?.map(({ voltage_v }) => voltage_v) ?? [], 10, INT2_MAX),
    stringCurrentsCa: list(data.strings?.map(({ current_a }) => current_a) ?? [], 100, INT2_MAX),
    status: data.status ?? null,
    faultCode: textOf(data.fault_code),
    seq: data.seq ?? null,
    flags: 0,
  };
  return lost ? { ...reading, flags: FLAG_FIELD_REJECTED } : reading;
}

const instantOf = (ts: number | string) => (typeof ts === 'number' ? ts : Date.parse(ts));

/** PostgreSQL's text holds no NUL. */
const textOf = (value: string | number | null | undefined) =>
  value === null || value === undefined ? null : String(value).replaceAll('\0', '').toWellFormed();

const INT2_MAX = 32_767;
const INT4_MAX = 2_147_483_647;
/** 10^15 Wh is a thousand times what the whole fleet makes in its life, and exact in a double. */
const COUNTER_MAX_WH = 1e15;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const nothing = (): DecodedMessage => ({
  readings: [],
  gatewayStatus: null,
  numbers: [],
  resendReply: null,
  rejections: [],
});

const rejected = (reason: QuarantineReason, detail: string): DecodedMessage => ({
  ...nothing(),
  rejections: [{ reason, detail }],
});

const describe = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`)
    .join('; ')
    .slice(0, 500);
