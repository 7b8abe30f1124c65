import { STEP_FACTOR } from './counter-limits.ts';
import type { EnergyStep } from './counter-types.ts';

export interface PowerSample {
  atMs: number;
  /** Null is unknown. Negative is drawn from the grid. */
  activePowerW: number | null;
}

export interface PowerOptions {
  ratedPowerW: number;
  /** Default: 5 minutes. */
  reportIntervalMs?: number;
  /** `draw` integrates what the station takes at night, as a positive number. Default: `generation`. */
  direction?: 'generation' | 'draw';
}

const REPORT_INTERVAL_MS = 300_000;
/** Over a gap of more intervals the power is not known: a trapezoid would invent energy. */
const GAP_INTERVALS = 3;
/** Own consumption goes to a twentieth of rated power, or 200 W for small inverters. */
const DRAW_PARTS = 20;
const LEAST_DRAW_W = 200;
const WMS_PER_WH = 3_600_000;

/**
 * Energy by the trapezoid over power: the third choice after the counters of meter and inverters, and a check on
 * them. Values above 1.2 of rated power or far below zero are not used; over gaps above three intervals nothing is
 * known. Whole Wh of the running sum, so that nothing is lost in rounding. Any order; the first of an instant counts.
 */
export function powerIntegralSteps(samples: readonly PowerSample[], options: PowerOptions): EnergyStep[] {
  const longestMs = (options.reportIntervalMs ?? REPORT_INTERVAL_MS) * GAP_INTERVALS;
  const steps: EnergyStep[] = [];
  let last: { atMs: number; powerW: number } | undefined;
  let workWMs = 0;
  let bookedWh = 0;
  for (const { atMs, activePowerW } of samples.toSorted((a, b) => a.atMs - b.atMs)) {
    if (activePowerW === null || !isPossiblePower(activePowerW, options.ratedPowerW)) continue;
    if (last && atMs === last.atMs) continue;
    const powerW = Math.max(0, options.direction === 'draw' ? -activePowerW : activePowerW);
    if (last && atMs - last.atMs <= longestMs) {
      workWMs += ((last.powerW + powerW) / 2) * (atMs - last.atMs);
      const energyWh = Math.floor(workWMs / WMS_PER_WH) - bookedWh;
      steps.push({ fromMs: last.atMs, toMs: atMs, energyWh });
      bookedWh += energyWh;
    }
    last = { atMs, powerW };
  }
  return steps;
}

function isPossiblePower(powerW: number, ratedPowerW: number): boolean {
  return powerW <= ratedPowerW * STEP_FACTOR && powerW >= -Math.max(LEAST_DRAW_W, ratedPowerW / DRAW_PARTS);
}

/** Counter and power agree within this part where only the unit differs. */
const SCALE_TOLERANCE = 0.25;

/**
 * The power of ten (… 1/1000, 10, 1000 …) by which a counter's energy differs from the power integral of the same
 * span, both in Wh: a unit or scale to be looked at before the energy is settled. Null where they do not differ so.
 */
export function suspectedScale(energy: { counterWh: number; powerWh: number }): number | null {
  if (energy.counterWh <= 0 || energy.powerWh <= 0) return null;
  for (const factor of [0.001, 0.01, 0.1, 10, 100, 1000])
    if (Math.abs(energy.counterWh / (energy.powerWh * factor) - 1) <= SCALE_TOLERANCE) return factor;
  return null;
}
