import { DEVICE_STATUS_CODES, type DeviceStatus } from '#contracts';

/**
 * What a device of the fleet measured, in the units of the database, worked out from who and which message it is. Nothing
 * has to be kept to know later what every reading must be, and no two readings are alike.
 */
export interface TrueReading {
  activePowerW: number;
  energyTotalWh: number;
  energyDayWh: number;
  temperatureDc: number;
  frequencyChz: number;
  lineVoltagesDv: readonly [number, number, number];
  status: DeviceStatus;
  faultCode: string | null;
}

export const RATED_POWER_W = 100_000;
const STATUSES: readonly DeviceStatus[] = ['running', 'limited', 'standby', 'fault'];

/** @param device running number of the device in the fleet; @param seq number of the message. */
export function trueReading(device: number, seq: number): TrueReading {
  const noise = (salt: number, range: number) => mix(device, seq, salt) % range;
  const status = STATUSES[noise(1, STATUSES.length)] ?? 'running';
  return {
    activePowerW: noise(2, RATED_POWER_W),
    energyTotalWh: 1_000_000 * (device + 1) + seq * 37,
    energyDayWh: seq * 37,
    temperatureDc: noise(3, 900) - 200,
    frequencyChz: 4950 + noise(4, 100),
    lineVoltagesDv: [3900 + noise(5, 200), 3900 + noise(6, 200), 3900 + noise(7, 200)],
    status,
    faultCode: status === 'fault' ? `E${noise(8, 1000)}` : null,
  };
}

/** The reading as the native protocol says it. */
export function nativeFields(reading: TrueReading) {
  const [ab, bc, ca] = reading.lineVoltagesDv;
  return {
    active_power_kw: reading.activePowerW / 1000,
    energy_total_kwh: reading.energyTotalWh / 1000,
    energy_day_wh: reading.energyDayWh,
    temperature_c: reading.temperatureDc / 10,
    frequency_hz: reading.frequencyChz / 100,
    voltage_ab_v: ab / 10,
    voltage_bc_v: bc / 10,
    voltage_ca_v: ca / 10,
    status: reading.status,
    ...(reading.faultCode === null ? {} : { fault_code: reading.faultCode }),
  };
}

/** The row that must be stored, as one text, in the order of the columns that `compare.ts` selects. */
export const rowText = (seq: number, reading: TrueReading): string =>
  JSON.stringify([
    seq,
    reading.activePowerW,
    reading.energyTotalWh,
    reading.energyDayWh,
    reading.temperatureDc,
    reading.frequencyChz,
    reading.lineVoltagesDv,
    DEVICE_STATUS_CODES[reading.status],
    reading.faultCode,
  ]);

function mix(...parts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x01000193) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  }
  return (hash ^ (hash >>> 13)) >>> 0;
}
