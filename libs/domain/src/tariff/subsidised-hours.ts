import { MoneyError } from '../allocation/money-error.ts';

/** Zone III of 财建〔2020〕426号; whether it binds poverty stations is open, so it is a setting (requirement 27). */
export const SUBSIDISED_HOURS_ZONE_III = 22_000n;

/**
 * Energy of a month that still earns the subsidy under the cap of hours over the life of a station. The month in which
 * the cap is reached earns it in part.
 * @param input energies in Wh, capacity in W; `capHours` null where no cap applies
 * @throws MoneyError `money.unknown_value`, `money.bad_range`
 */
export function subsidisedEnergyWh(input: {
  beforeWh: bigint | null;
  monthWh: bigint | null;
  capacityW: bigint;
  capHours: bigint | null;
}): { subsidisedWh: bigint; leftWh: bigint | null } {
  const { beforeWh, monthWh, capacityW, capHours } = input;
  if (beforeWh === null || monthWh === null)
    throw new MoneyError('money.unknown_value', '累计电量未知 (lifetime energy unknown)');
  if (capacityW <= 0n || beforeWh < 0n || monthWh < 0n)
    throw new MoneyError('money.bad_range', '容量或电量不合理 (capacity or energy out of range)');
  if (capHours === null) return { subsidisedWh: monthWh, leftWh: null };
  const roomWh = capacityW * capHours > beforeWh ? capacityW * capHours - beforeWh : 0n;
  const subsidisedWh = monthWh < roomWh ? monthWh : roomWh;
  return { subsidisedWh, leftWh: roomWh - subsidisedWh };
}
