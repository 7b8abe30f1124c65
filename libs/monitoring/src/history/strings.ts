import type { InverterStrings } from '#contracts';
import { median } from '#domain';

/** Mean of one string of one inverter over a day. */
export interface StringRow {
  deviceCode: string;
  no: number;
  /** 0.01 A, of readings with the inverter at work. */
  currentCa: number | null;
  /** 0.1 V */
  voltageDv: number | null;
  samples: number;
  newestAt: Date | null;
}

/** Below this share of the median a string is not connected: inverters have more inputs than strings. */
const UNUSED_SHARE = 0.02;
const DIGITS = 1000;
const rounded = (value: number) => Math.round(value * DIGITS) / DIGITS;

/**
 * Strings of each inverter against the median of their siblings, the inverter with the worst string first. A string
 * without any current beside siblings that have some is kept: it may be the one that failed. Pure.
 */
export function stringsByDeviation(rows: readonly StringRow[]): InverterStrings[] {
  const inverters = [...Map.groupBy(rows, ({ deviceCode }) => deviceCode)].map(([deviceCode, members]) =>
    inverterOf(deviceCode, members),
  );
  return inverters.toSorted(
    (left, right) => worst(left) - worst(right) || (left.deviceCode < right.deviceCode ? -1 : 1),
  );
}

function inverterOf(deviceCode: string, rows: readonly StringRow[]): InverterStrings {
  const currents = rows.flatMap(({ currentCa }) => currentCa ?? []);
  const middle = median(currents) ?? 0;
  const inUse = currents.filter((current) => middle > 0 && current > middle * UNUSED_SHARE);
  return {
    deviceCode,
    samples: Math.max(0, ...rows.map(({ samples }) => samples)),
    newestAt: rows[0]?.newestAt?.toISOString() ?? null,
    dispersion: dispersionOf(inUse),
    strings: rows
      .toSorted((left, right) => left.no - right.no)
      .map(({ no, currentCa, voltageDv }) => ({
        no,
        currentA: currentCa === null ? null : rounded(currentCa / 100),
        voltageV: voltageDv === null ? null : rounded(voltageDv / 10),
        deviation: currentCa === null || middle <= 0 ? null : rounded(currentCa / middle - 1),
      })),
  };
}

/** Standard deviation over mean (domain.md 3.2, dispersion); one string has none. */
function dispersionOf(currents: readonly number[]): number | null {
  if (currents.length < 2) return null;
  const mean = currents.reduce((sum, current) => sum + current, 0) / currents.length;
  const variance = currents.reduce((sum, current) => sum + (current - mean) ** 2, 0) / currents.length;
  return mean <= 0 ? null : rounded(Math.sqrt(variance) / mean);
}

const worst = ({ strings }: InverterStrings): number =>
  Math.min(Number.POSITIVE_INFINITY, ...strings.flatMap(({ deviation }) => deviation ?? []));
