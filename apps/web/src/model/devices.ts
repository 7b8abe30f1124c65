import type { StationDetail } from '#contracts';

export type DeviceView = StationDetail['devices'][number];
export interface RankedDevice {
  device: DeviceView;
  /** Power per rated kW over the median of the station's inverters, minus 1; null where it cannot be said. */
  deviation: number | null;
}

const specificPower = (device: DeviceView): number | null =>
  device.kind === 'inverter' &&
  device.powerW !== null &&
  device.ratedPowerW !== null &&
  device.ratedPowerW > 0
    ? device.powerW / device.ratedPowerW
    : null;

/** Median of the values, null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/**
 * Devices with the one to look at first on top: inverters without power while their siblings generate, then inverters
 * from the most below the median to the most above it, then meters and gateways. At night the median is zero and
 * nothing deviates.
 */
export function rankDevices(devices: readonly DeviceView[]): RankedDevice[] {
  const known = devices.map(specificPower).filter((value) => value !== null);
  const middle = median(known);
  const rank = ({ device, deviation }: RankedDevice): number => {
    if (device.kind !== 'inverter') return Number.POSITIVE_INFINITY;
    if (deviation !== null) return deviation;
    return device.powerW === null ? -2 : 0;
  };
  return devices
    .map((device): RankedDevice => {
      const own = specificPower(device);
      return { device, deviation: own === null || middle === null || middle <= 0 ? null : own / middle - 1 };
    })
    .toSorted((left, right) => {
      const leftRank = rank(left);
      const rightRank = rank(right);
      return leftRank === rightRank
        ? left.device.code.localeCompare(right.device.code)
        : leftRank < rightRank
          ? -1
          : 1;
    });
}
