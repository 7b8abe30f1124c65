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
  seq: number | null;
  flags: number;
}

/** Bits of `reading.flags`. */
export const FLAG_FIELD_REJECTED = 1;

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
}

/** What a message turned out to be. Readings and rejections can stand side by side. */
export interface DecodedMessage {
  readings: Reading[];
  gatewayStatus: { stationCode: string; deviceCode: string; online: boolean } | null;
  rejections: Rejection[];
}
