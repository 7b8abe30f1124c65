import { energyValueFen } from '../money/value.ts';
import { quantile } from './statistics.ts';

/** Deviation over mean of string currents: good up to 5 %, fair to 10 %, poor to 20 %, above it must be mended. */
export type DispersionGrade = 'good' | 'fair' | 'poor' | 'bad';

/**
 * Full-load hours 等效利用小时 of a span, h: energy over installed DC power; the meter's energy where it is known.
 * Null where the energy is unknown. Source: domain.md 3.2.
 */
export function fullLoadHours(energyWh: number | null, capacityW: number): number | null {
  return energyWh === null || capacityW <= 0 ? null : energyWh / capacityW;
}

/** A fleet counts a station as attaining from this share of its expected energy. */
export const ATTAINMENT_SHARE = 0.8;

/**
 * Attainment of a station 达标: measured over expected energy of the same span; null where one is unknown or nothing was
 * expected. Source: domain.md 3.2, with the expected energy of this folder in place of the county median.
 */
export function attainment(energyWh: number | null, expectedWh: number | null): number | null {
  return energyWh === null || expectedWh === null || expectedWh <= 0 ? null : energyWh / expectedWh;
}

/** A share with what it was counted from, so that shares of groups can be added up. */
export interface CountedShare {
  count: number;
  of: number;
  /** Null where nothing was counted. */
  share: number | null;
}

const counted = (count: number, of: number): CountedShare => ({
  count,
  of,
  share: of > 0 ? count / of : null,
});

/** Attainment rate 达标率 of a fleet: stations with at least 80 % of expected over the stations judged (domain.md 3.2). */
export function attainmentRate(attainments: readonly (number | null)[]): CountedShare {
  const judged = attainments.filter((value) => value !== null);
  return counted(judged.filter((value) => value >= ATTAINMENT_SHARE).length, judged.length);
}

/** Online rate 在线率 of a station: reporting intervals received over those due in daylight (domain.md 3.2). */
export function onlineRate(intervals: { received: number; due: number }): CountedShare {
  return counted(Math.min(intervals.received, intervals.due), intervals.due);
}

/**
 * Availability 可用率: 1 less the hours in fault over the daylight hours, weighted by power (domain.md 3.2; IEC 63019
 * calls it time-based). Null where there was no daylight.
 */
export function availability(
  parts: readonly { capacityW: number; faultMs: number; daylightMs: number }[],
): number | null {
  const dueWMs = parts.reduce((sum, { capacityW, daylightMs }) => sum + capacityW * daylightMs, 0);
  const lostWMs = parts.reduce(
    (sum, { capacityW, faultMs, daylightMs }) => sum + capacityW * Math.min(faultMs, daylightMs),
    0,
  );
  return dueWMs > 0 ? 1 - lostWMs / dueWMs : null;
}

/**
 * Performance ratio: energy x 1 kW/m2 over installed power x measured insolation in the plane (IEC 61724-1). Null
 * without a measured irradiance: a modelled one would only give the model back, so it is then not shown.
 * @param insolationWhPerM2 measured insolation in the plane of the modules, Wh/m2.
 */
export function performanceRatio(
  energyWh: number | null,
  capacityW: number,
  insolationWhPerM2: number | null,
): number | null {
  if (energyWh === null || insolationWhPerM2 === null || insolationWhPerM2 <= 0 || capacityW <= 0)
    return null;
  return (energyWh * 1000) / (capacityW * insolationWhPerM2);
}

/**
 * String dispersion 离散率: standard deviation over mean of the currents per module of the inputs in use. Null of fewer
 * than two, or without current. Source: domain.md 3.2 and the makers' definition.
 * @param inputs current, A, and number of modules in series; an input without modules is not in use.
 */
export function stringDispersion(
  inputs: readonly { currentA: number | null; modules: number }[],
): { dispersion: number; weakestShare: number } | null {
  const used = inputs.flatMap(({ currentA, modules }) =>
    modules > 0 && currentA !== null ? [currentA / modules] : [],
  );
  const mean = used.reduce((sum, value) => sum + value, 0) / used.length;
  const middle = quantile(used, 0.5) ?? 0;
  if (used.length < 2 || mean <= 0 || middle <= 0) return null;
  const variance = used.reduce((sum, value) => sum + (value - mean) ** 2, 0) / used.length;
  return { dispersion: Math.sqrt(variance) / mean, weakestShare: Math.min(...used) / middle };
}

/** Grade of a dispersion by domain.md 3.2. */
export function dispersionGrade(dispersion: number): DispersionGrade {
  if (dispersion <= 0.05) return 'good';
  if (dispersion <= 0.1) return 'fair';
  return dispersion <= 0.2 ? 'poor' : 'bad';
}

/** Meter against inverters: (sum of inverters - meter) / meter; 0 to +3 % is normal (domain.md 3.2). */
export function meterDifference(
  invertersWh: number | null,
  meterWh: number | null,
): { share: number; isNormal: boolean } | null {
  if (invertersWh === null || meterWh === null || meterWh <= 0) return null;
  const share = (invertersWh - meterWh) / meterWh;
  return { share, isNormal: share >= 0 && share <= 0.03 };
}

/** Energy lost, whole Wh, and its value, whole fen. */
export interface Loss {
  lossWh: bigint;
  lossFen: bigint;
}

/**
 * Loss 损失 of a span: what is missing of the expected energy and its value at the station's full price of each date.
 * Each day is rounded to whole Wh; the money is rounded once, over the whole span (domain.md 3.2; money/value.ts).
 * A day with more than expected does not make good another day's loss. Null days are not judged and add nothing.
 */
export function lossOf(
  days: readonly { expectedWh: number | null; energyWh: number | null; priceHaoPerKwh: bigint }[],
): Loss {
  let lossWh = 0n;
  let lossWhHao = 0n;
  for (const { expectedWh, energyWh, priceHaoPerKwh } of days) {
    if (expectedWh === null || energyWh === null) continue;
    const dayWh = BigInt(Math.round(Math.max(0, expectedWh - energyWh)));
    lossWh += dayWh;
    lossWhHao += dayWh * priceHaoPerKwh;
  }
  return { lossWh, lossFen: energyValueFen({ energyWh: lossWhHao, priceHaoPerKwh: 1n }) };
}
