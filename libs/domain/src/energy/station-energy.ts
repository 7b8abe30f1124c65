import { QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import type { DayEnergy } from './day-energy.ts';

export * from './power-integral.ts';

export type StationMethod = 'meter_counter' | 'inverter_counter' | 'day_counter' | 'power_integral';

/** Energy of one day of a station: meter, inverters, counters of the day, power, in this order (domain.md requirement 13). */
export interface StationDayEnergy {
  energyWh: number;
  method: StationMethod;
  quality: 'measured' | 'estimated' | 'incomplete';
  quarterHours: {
    slot: number;
    energyWh: number;
    method: StationMethod;
    quality: 'measured' | 'estimated' | 'incomplete';
  }[];
}

/** What is known of a day of a station's devices, by the way in which it is known. */
export interface StationDayParts {
  meters: readonly DayEnergy[];
  inverters: readonly DayEnergy[];
  /** From `dailyCounterSteps`, one an inverter: shown where nothing better is known, never billed. */
  dayCounters?: readonly DayEnergy[];
  /** From `powerIntegralSteps`, one a device that delivers: the meter alone, or every inverter. */
  powers?: readonly DayEnergy[];
}

/** Never better than an estimate. */
const SECOND_HAND: ReadonlySet<StationMethod> = new Set(['day_counter', 'power_integral']);

/** Devices that are taken together, best first. */
interface Source {
  method: StationMethod;
  devices: readonly DayEnergy[];
}

/**
 * Sums deltas, never counters. Where the meter knows the day, the day is the meter's; a quarter hour that the meter
 * does not know is taken from the inverters, and from power where they know nothing either. `incomplete` where one of
 * the devices is silent; an integral of power is never better than `estimated`.
 * @returns null where nothing is known.
 */
export function stationDayEnergy({
  meters,
  inverters,
  dayCounters = [],
  powers = [],
}: StationDayParts): StationDayEnergy | null {
  const sources: Source[] = [
    { method: 'meter_counter', devices: meters },
    { method: 'inverter_counter', devices: inverters },
    { method: 'day_counter', devices: dayCounters },
    { method: 'power_integral', devices: powers },
  ];
  for (const { method, devices } of sources) {
    const { energyWh, isComplete, isEstimated } = total(devices);
    if (energyWh === null) continue;
    const isSecondHand = isEstimated || SECOND_HAND.has(method);
    const quality = isComplete ? (isSecondHand ? 'estimated' : 'measured') : 'incomplete';
    return { energyWh, method, quality, quarterHours: quarterHours(sources) };
  }
  return null;
}

function total(counters: readonly DayEnergy[]) {
  const known = counters.filter(({ energyWh }) => energyWh !== null);
  return {
    energyWh: known.length === 0 ? null : known.reduce((sum, { energyWh }) => sum + (energyWh ?? 0), 0),
    isComplete: known.length === counters.length,
    isEstimated: known.some(({ quality }) => quality === 'estimated'),
  };
}

function quarterHours(sources: readonly Source[]) {
  const result: StationDayEnergy['quarterHours'] = [];
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const found = quarterHour(sources, slot);
    if (found) result.push(found);
  }
  return result;
}

/** The best source that knows the quarter hour in full; the inverters' part of it before power's estimate. */
function quarterHour(
  sources: readonly Source[],
  slot: number,
): StationDayEnergy['quarterHours'][number] | null {
  for (const { method, devices } of sources) {
    const { energyWh, isComplete } = slotSum(devices, slot);
    if (energyWh === null || (!isComplete && method === 'meter_counter')) continue;
    const quality = isComplete ? (SECOND_HAND.has(method) ? 'estimated' : 'measured') : 'incomplete';
    return { slot, energyWh, method, quality };
  }
  return null;
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
