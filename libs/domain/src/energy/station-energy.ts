import { QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import type { DayEnergy } from './day-energy.ts';

export type StationMethod = 'meter_counter' | 'inverter_counter';

/** Energy of one day of a station: the grid meter before the inverters (domain.md requirement 13). */
export interface StationDayEnergy {
  energyWh: number;
  method: StationMethod;
  quality: 'measured' | 'estimated' | 'incomplete';
  quarterHours: {
    slot: number;
    energyWh: number;
    method: StationMethod;
    quality: 'measured' | 'incomplete';
  }[];
}

/**
 * Sums deltas, never counters. Where the meter knows the day, the day is the meter's; a quarter hour that the meter
 * does not know is taken from the inverters, and is `incomplete` where one of them is silent.
 * @returns null where neither knows anything.
 */
export function stationDayEnergy(parts: {
  meters: readonly DayEnergy[];
  inverters: readonly DayEnergy[];
}): StationDayEnergy | null {
  const meter = total(parts.meters);
  const inverters = total(parts.inverters);
  const chosen = meter.energyWh === null ? inverters : meter;
  if (chosen.energyWh === null) return null;
  const method: StationMethod = chosen === meter ? 'meter_counter' : 'inverter_counter';
  return {
    energyWh: chosen.energyWh,
    method,
    quality: chosen.isComplete ? (chosen.isEstimated ? 'estimated' : 'measured') : 'incomplete',
    quarterHours: quarterHours(parts),
  };
}

function total(counters: readonly DayEnergy[]) {
  const known = counters.filter(({ energyWh }) => energyWh !== null);
  return {
    energyWh: known.length === 0 ? null : known.reduce((sum, { energyWh }) => sum + (energyWh ?? 0), 0),
    isComplete: known.length === counters.length,
    isEstimated: known.some(({ quality }) => quality === 'estimated'),
  };
}

function quarterHours(parts: { meters: readonly DayEnergy[]; inverters: readonly DayEnergy[] }) {
  const result: StationDayEnergy['quarterHours'] = [];
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const meter = slotSum(parts.meters, slot);
    const found = meter.isComplete ? meter : slotSum(parts.inverters, slot);
    if (found.energyWh === null) continue;
    result.push({
      slot,
      energyWh: found.energyWh,
      method: found === meter ? 'meter_counter' : 'inverter_counter',
      quality: found.isComplete ? 'measured' : 'incomplete',
    });
  }
  return result;
}

function slotSum(counters: readonly DayEnergy[], slot: number) {
  let energyWh: number | null = null;
  let known = 0;
  for (const { quarterHoursWh } of counters) {
    const part = quarterHoursWh[slot];
    if (part === null || part === undefined) continue;
    energyWh = (energyWh ?? 0) + part;
    known += 1;
  }
  return { energyWh, isComplete: known > 0 && known === counters.length };
}
