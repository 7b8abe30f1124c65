import { z } from 'zod';

/** Native protocol, version 1. The page for people is `docs/NATIVE-PROTOCOL.md`. */
export const NATIVE_TOPIC_ROOT = 'pv/v1';
/** Larger payloads are kept in quarantine, not decoded: a batch of 200 devices fits four times. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;
/** More readings than this in one message are refused: a day of one device at one minute fits. */
export const READINGS_PER_MESSAGE_MAX = 2000;
/** The largest string inverters on the market have 28 inputs. */
export const STRINGS_MAX = 32;

export const deviceCodeSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/)
  .meta({ description: 'Letters, digits, dash and underscore, 1 to 40 of them' });

const timestampSchema = z
  .union([
    z.number().int().meta({ description: 'Epoch milliseconds' }),
    z.iso.datetime({ offset: true }).meta({ description: 'ISO 8601 with zone' }),
  ])
  .meta({ description: 'When the device measured, never when the message was sent' });

export const deviceStatusSchema = z.enum([
  'running',
  'limited',
  'standby',
  'night',
  'fault',
  'stopped',
  'comm_lost',
]);
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;

/** Numbers that stand for a status in the database; never renumbered. */
export const DEVICE_STATUS_CODES: Record<DeviceStatus, number> = {
  running: 1,
  limited: 2,
  standby: 3,
  night: 4,
  fault: 5,
  stopped: 6,
  comm_lost: 7,
};

const quantity = (description: string) => z.number().nullable().optional().meta({ description });

/** Fields of one reading. A field that is absent or null is unknown; 0 is measured. */
export const nativeFieldsSchema = z.object({
  seq: z.number().int().min(0).optional().meta({ description: 'Running number of the sender' }),
  active_power_kw: quantity('Active power, kW'),
  active_power_w: quantity('Active power, W'),
  energy_total_kwh: quantity('Lifetime energy counter, kWh'),
  energy_total_wh: quantity('Lifetime energy counter, Wh'),
  energy_day_kwh: quantity('Energy of the day as the device counts it, kWh; shown, never billed'),
  energy_day_wh: quantity('Energy of the day as the device counts it, Wh; shown, never billed'),
  temperature_c: quantity('Temperature inside the device, °C'),
  frequency_hz: quantity('Grid frequency, Hz'),
  voltage_ab_v: quantity('Line voltage a-b, V'),
  voltage_bc_v: quantity('Line voltage b-c, V'),
  voltage_ca_v: quantity('Line voltage c-a, V'),
  current_a_a: quantity('Phase current a, A'),
  current_b_a: quantity('Phase current b, A'),
  current_c_a: quantity('Phase current c, A'),
  strings: z
    .array(z.object({ voltage_v: quantity('String voltage, V'), current_a: quantity('String current, A') }))
    .max(STRINGS_MAX)
    .optional(),
  status: deviceStatusSchema.optional(),
  fault_code: z
    .union([z.string().max(40), z.number().int()])
    .nullable()
    .optional(),
});

export const nativeReadingSchema = nativeFieldsSchema.extend({ ts: timestampSchema }).meta({
  id: 'NativeReading',
  description: 'One reading of the device that the topic names',
});

/** A device inside a gateway batch; its own `ts` wins over that of the batch. */
export const nativeDeviceFieldsSchema = nativeFieldsSchema.extend({ ts: timestampSchema.optional() });

/** Readings of many devices of one gateway, taken at one time or each with its own `ts`. */
export const nativeBatchSchema = z
  .object({
    ts: timestampSchema,
    seq: z.number().int().min(0).optional(),
    devices: z.record(deviceCodeSchema, nativeDeviceFieldsSchema),
  })
  .meta({ id: 'NativeGatewayBatch' });

export const nativeTelemetrySchema = z
  .union([nativeReadingSchema, z.array(nativeReadingSchema).max(READINGS_PER_MESSAGE_MAX), nativeBatchSchema])
  .meta({ id: 'NativeTelemetry' });
export type NativeReading = z.infer<typeof nativeReadingSchema>;
export type NativeFields = z.infer<typeof nativeFieldsSchema>;
export type NativeBatch = z.infer<typeof nativeBatchSchema>;

/** Retained on `pv/v1/{station}/{device}/status`; the last will says `online: false`. */
export const nativeStatusSchema = z
  .object({ online: z.boolean(), ts: timestampSchema.optional(), firmware: z.string().max(80).optional() })
  .meta({ id: 'NativeStatus' });
export type NativeStatus = z.infer<typeof nativeStatusSchema>;

/** More numbers than this are asked for in further requests: a gateway behind a slow modem sends them in minutes. */
export const RESEND_NUMBERS_MAX = 500;
const RESEND_RANGES_MAX = 50;
/**
 * A jump that is larger than this is a new numbering and no hole: more than the quarter for which late data are taken, at a
 * message a minute.
 */
export const NUMBER_JUMP_MAX = 150_000;

const numberRangeSchema = z
  .tuple([z.number().int().min(0), z.number().int().min(0)])
  .refine(([from, to]) => from <= to, 'from is above to')
  .meta({ description: 'First and last number, both included' });

/** Published to `pv/v1/{station}/{sender}/resend`: messages with these numbers are missing. */
export const nativeResendSchema = z
  .object({
    id: z.string().min(1).max(40).meta({ description: 'Names the request, for the reply' }),
    ranges: z.array(numberRangeSchema).min(1).max(RESEND_RANGES_MAX),
  })
  .meta({ id: 'NativeResend' });
export type NativeResend = z.infer<typeof nativeResendSchema>;

/** May be published by the sender to `pv/v1/{station}/{sender}/resend/reply`. */
export const nativeResendReplySchema = z
  .object({
    id: z.string().min(1).max(40),
    gone: z
      .array(numberRangeSchema)
      .max(RESEND_RANGES_MAX)
      .meta({ description: 'Messages that the sender does not have any more, or never made' }),
  })
  .meta({ id: 'NativeResendReply' });
export type NativeResendReply = z.infer<typeof nativeResendReplySchema>;

export const resendTopic = (stationCode: string, senderCode: string) =>
  `${NATIVE_TOPIC_ROOT}/${stationCode}/${senderCode}/resend`;
export const resendReplyTopic = (stationCode: string, senderCode: string) =>
  `${NATIVE_TOPIC_ROOT}/${stationCode}/${senderCode}/resend/reply`;

export const telemetryTopic = (stationCode: string, deviceCode: string) =>
  `${NATIVE_TOPIC_ROOT}/${stationCode}/${deviceCode}/telemetry`;
export const statusTopic = (stationCode: string, deviceCode: string) =>
  `${NATIVE_TOPIC_ROOT}/${stationCode}/${deviceCode}/status`;

const NATIVE_CHANNELS = ['telemetry', 'status', 'resend', 'resend/reply'] as const;
type NativeChannel = (typeof NATIVE_CHANNELS)[number];

/** Parts of a topic of the protocol, or `null` where it is none. */
export function parseNativeTopic(
  topic: string,
): { stationCode: string; deviceCode: string; channel: NativeChannel } | null {
  const match = /^pv\/v1\/([A-Za-z0-9_-]{1,40})\/([A-Za-z0-9_-]{1,40})\/([a-z/]+)$/.exec(topic);
  if (!match) return null;
  const [, stationCode = '', deviceCode = '', rest] = match;
  const channel = NATIVE_CHANNELS.find((name) => name === rest);
  return channel ? { stationCode, deviceCode, channel } : null;
}
