import { DAY_MS, QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import type { EnergyStep } from './counter.ts';

/** Energy of one day of one counter. */
export interface DayEnergy {
  /** Null where nothing is known of the day. */
  energyWh: number | null;
  /** `estimated` where a boundary of the day had to be interpolated across a gap. */
  quality: 'measured' | 'estimated' | 'none';
  /** 96 quarter hours; null is unknown, zero is measured. They add up to `energyWh` where none is null. */
  quarterHoursWh: (number | null)[];
}

/**
 * Within a step of this length the energy is spread evenly over its quarter hours; in a longer one only the total is
 * known, unless it is zero. Two reporting intervals of 15 minutes and a little.
 */
export const SPREAD_LIMIT_MS = 35 * 60_000;

/**
 * Energy of the day that begins at `startMs`, from the steps of a counter that touch it. Boundaries are interpolated
 * inside a step by whole Wh of the running sum, so that quarter hours add up to the day, and days to the month,
 * exactly.
 */
export function dayEnergy(steps: readonly EnergyStep[], startMs: number): DayEnergy {
  const endMs = startMs + DAY_MS;
  const quarterHoursWh: (number | null)[] = Array.from({ length: QUARTER_HOURS_PER_DAY }, () => null);
  const coveredMs: number[] = Array.from({ length: QUARTER_HOURS_PER_DAY }, () => 0);
  let energyWh: number | null = null;
  let isEstimated = false;
  for (const step of steps) {
    if (step.toMs <= startMs || step.fromMs >= endMs) continue;
    // Only the total over a longer stretch was seen; the part of the day is by power.
    if (step.estimatedOver) isEstimated = true;
    const crossesEdge = step.fromMs < startMs || step.toMs > endMs;
    const isLong = step.toMs - step.fromMs > SPREAD_LIMIT_MS && step.energyWh > 0;
    if (crossesEdge && isLong) isEstimated = true;
    energyWh = (energyWh ?? 0) + energyBetween(step, startMs, endMs);
    const isPartKnown = step.estimatedOver === undefined || step.energyWh === 0;
    if (!isLong && isPartKnown) spread(step, startMs, quarterHoursWh, coveredMs);
  }
  // A quarter hour that is known in part would look like less power.
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1)
    if ((coveredMs[slot] ?? 0) < QUARTER_HOUR_MS) quarterHoursWh[slot] = null;
  return {
    energyWh,
    quality: energyWh === null ? 'none' : isEstimated ? 'estimated' : 'measured',
    quarterHoursWh,
  };
}

/** Whole Wh of a step that fall between two instants; adjacent spans add up to the step. */
export function energyBetween(step: EnergyStep, fromMs: number, toMs: number): number {
  return energyUntil(step, toMs) - energyUntil(step, fromMs);
}

function energyUntil(step: EnergyStep, atMs: number): number {
  if (atMs <= step.fromMs) return 0;
  if (atMs >= step.toMs) return step.energyWh;
  // Whole numbers below 2^53: a step of 10 GWh over a day stays exact enough to floor once.
  return Math.floor((step.energyWh * (atMs - step.fromMs)) / (step.toMs - step.fromMs));
}

function spread(
  step: EnergyStep,
  startMs: number,
  quarterHoursWh: (number | null)[],
  coveredMs: number[],
): void {
  const first = Math.max(0, Math.floor((step.fromMs - startMs) / QUARTER_HOUR_MS));
  const last = Math.min(QUARTER_HOURS_PER_DAY - 1, Math.floor((step.toMs - 1 - startMs) / QUARTER_HOUR_MS));
  for (let slot = first; slot <= last; slot += 1) {
    const slotStartMs = startMs + slot * QUARTER_HOUR_MS;
    const slotEndMs = slotStartMs + QUARTER_HOUR_MS;
    quarterHoursWh[slot] = (quarterHoursWh[slot] ?? 0) + energyBetween(step, slotStartMs, slotEndMs);
    coveredMs[slot] =
      (coveredMs[slot] ?? 0) + Math.min(step.toMs, slotEndMs) - Math.max(step.fromMs, slotStartMs);
  }
}
