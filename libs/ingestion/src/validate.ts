import { dayStartMs } from '#domain';
import type { DeviceEntry } from './device-directory.ts';
import { FLAG_FIELD_REJECTED, type Reading, type Rejection } from './reading.ts';

/** A clock that is ahead by more than this is wrong (domain.md 3.4). */
export const FUTURE_TOLERANCE_MS = 5 * 60_000;
/** Late data are taken for a quarter: a station may be off the air for two months (docs/adr/0012). */
export const LATE_LIMIT_MS = 92 * 86_400_000;
/** A power above this many times the rating is a fault of the data, not of the sun (domain.md 3.2). */
export const BELIEVABLE_POWER_FACTOR = 1.2;

/** An inverter draws this share of its rating at most, or so many watts where it is small; a meter may take in all. */
const DRAW_SHARE_MAX = 0.05;
const LEAST_DRAW_W = 200;

export interface KnownReading {
  reading: Reading;
  device: DeviceEntry;
}

/** Judges a reading against its device and the clock; a bad power is taken out, the rest of the reading stays. */
export function validateReading(
  reading: Reading,
  device: DeviceEntry | undefined,
  nowMs: number,
): KnownReading | Rejection {
  const name = `${reading.stationCode}/${reading.deviceCode}`;
  if (!device) return { reason: 'unknown_device', detail: `${name} is not in the registry` };
  const at = reading.measuredAtMs;
  if (at > nowMs + FUTURE_TOLERANCE_MS)
    return {
      reason: 'future',
      detail: `${name}: measured ${Math.round((at - nowMs) / 1000)} s ahead of now`,
    };
  // Before the late limit, so that a nonsense year is not blamed on the commissioning date.
  if (at < nowMs - LATE_LIMIT_MS)
    return {
      reason: 'too_old',
      detail: `${name}: measured ${Math.round((nowMs - at) / 86_400_000)} days ago`,
    };
  if (at < dayStartMs(device.commissionedOn))
    return { reason: 'before_commissioning', detail: `${name}: commissioned on ${device.commissionedOn}` };
  const { activePowerW } = reading;
  const believableW = device.ratedPowerW * BELIEVABLE_POWER_FACTOR;
  const floorW =
    device.kind === 'meter' ? -believableW : -Math.max(LEAST_DRAW_W, device.ratedPowerW * DRAW_SHARE_MAX);
  if (activePowerW !== null && (activePowerW > believableW || activePowerW < floorW))
    return {
      device,
      reading: { ...reading, activePowerW: null, flags: reading.flags | FLAG_FIELD_REJECTED },
    };
  return { device, reading };
}
