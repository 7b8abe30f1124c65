import type { DeviceStatus } from '#contracts';

/** One reading in the units of the database: whole W and Wh, tenths and hundredths. Null is unknown. */
export interface Reading {
  stationCode: string;
  deviceCode: string;
  measuredAtMs: number;
  activePowerW: number | null;
  energyTotalWh: number | null;
  energyDayWh: number | null;
  temperatureDc: number | null;
  frequencyChz: number | null;
  lineVoltagesDv: (number | null)[] | null;
  phaseCurrentsCa: (number | null)[] | null;
  stringVoltagesDv: (number | null)[] | null;
  stringCurrentsCa: (number | null)[] | null;
  status: DeviceStatus | null;
  faultCode: string | null;
  /** The status code as the vendor sent it, where no profile knows it; `status` is null then. */
  vendorStatus?: string | null;
  seq: number | null;
  flags: number;
}

/** Bits of `reading.flags`. */
export const FLAG_FIELD_REJECTED = 1;
/** Kept by the device and sent late: it counts for energy and is never "now". */
export const FLAG_HISTORICAL = 2;
/** The message had no usable time; `measuredAt` is when it came. */
export const FLAG_TIME_OF_RECEIPT = 4;

export const QUARANTINE_REASONS = [
  'unparsable',
  'not_utf8',
  'too_large',
  'unknown_device',
  'unknown_topic',
  'future',
  'too_old',
  'before_commissioning',
  'schema',
  'conflict',
  'other',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

export interface Rejection {
  reason: QuarantineReason;
  /** What is wrong, for the person who will mend it; no payload in it. */
  detail: string;
  /** Of which station and device time, where the message says so; for the receipt. */
  stationCode?: string;
  measuredAtMs?: number;
}

/** The running number of a message: which sender, and when its readings were taken. */
export interface MessageNumber {
  stationCode: string;
  /** Third segment of the topic: a gateway, a device, or the word `gateway`. */
  senderCode: string;
  seq: number;
  measuredAtMs: number;
}

/** What a sender answered to a resend request. */
export interface ResendReply {
  stationCode: string;
  senderCode: string;
  id: string;
  gone: readonly (readonly [number, number])[];
}

/** What a message turned out to be. Readings and rejections can stand side by side. */
export interface DecodedMessage {
  readings: Reading[];
  gatewayStatus: { stationCode: string; deviceCode: string; online: boolean } | null;
  numbers: MessageNumber[];
  resendReply: ResendReply | null;
  rejections: Rejection[];
}
