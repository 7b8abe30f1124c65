import { EPOCH_MS } from '../truth/calendar.ts';
import type { Plant, StationPlant } from '../truth/plant.ts';
import { keyOf, unit } from '../truth/random.ts';

/**
 * One gateway and its own beat: it reads its devices at `EPOCH + phase + k * interval`, and k is the running number of
 * the reading, so the numbers of a gateway do not depend on when the program was started. A reading that was taken and forgotten has
 * used up its number: that hole cannot be filled.
 */
export interface GatewaySchedule {
  station: StationPlant;
  code: string;
  intervalMs: number;
  phaseMs: number;
}

/** Gateways of the fleet, each with a phase of whole seconds, so that the load spreads over the interval. */
export function gatewaySchedules(plant: Plant, intervalS: number): GatewaySchedule[] {
  return plant.stations.flatMap((station) =>
    station.gatewayCodes.map((code) => {
      const luck = unit(keyOf(plant.seed, 'phase', station.code, code), 0);
      return { station, code, intervalMs: intervalS * 1000, phaseMs: Math.floor(luck * intervalS) * 1000 };
    }),
  );
}

/** When a gateway takes its reading number `seq`, epoch ms. */
export const readingInstantMs = (gateway: GatewaySchedule, seq: number): number =>
  EPOCH_MS + gateway.phaseMs + seq * gateway.intervalMs;

/** Number of the first reading after an instant. */
export const seqAfter = (gateway: GatewaySchedule, instantMs: number): number =>
  Math.floor((instantMs - EPOCH_MS - gateway.phaseMs) / gateway.intervalMs) + 1;
