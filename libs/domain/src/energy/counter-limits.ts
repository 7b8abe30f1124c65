import type { CounterSample } from './counter-types.ts';

/** A step may exceed rated power times time by this factor (domain.md 3.2: counter error). */
export const STEP_FACTOR = 1.2;
/** A register that is filled less often than it is asked: so much standing still before a step counts as its time. */
const SLOW_REGISTER_MS = 900_000;
/** A fall below this, and below a thousandth of the counter, is a wobble whatever the resolution. */
const WOBBLE_WH = 1000;
const WOBBLE_PARTS = 1000;
/** The old value of a wrap lies in the last tenth of the range; of a range that is only guessed, the last hundredth. */
const TOP_PARTS = 10;
const GUESSED_TOP_PARTS = 100;
/** Registers of 16, 24 and 32 bits and meters of 5 to 7 digits of kWh, at 1 Wh to 1 kWh a count. */
const USUAL_MODULI_WH = [
  ...[2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32].flatMap((counts) => [1, 10, 100, 1000].map((wh) => counts * wh)),
  100_000_000,
  1_000_000_000,
  10_000_000_000,
].sort((a, b) => a - b);
const SCALE_FACTORS = [10, 100, 1000];
/** A ratio of ten tells something only where the energy that may have been made is this part of the counter or less. */
const SCALE_PARTS = 20;

export interface CounterLimits {
  readonly ratedPowerW: number;
  readonly resolutionWh: number;
  readonly modulusWh: number | null;
  /** The device clears the register itself every day, so that a fall is the rule and not a fault. */
  readonly isDaily: boolean;
}

/** The most that rated power allows between two instants, and one count of the register. */
export function allowedWh(limits: CounterLimits, fromMs: number, toMs: number): number {
  return (limits.ratedPowerW * (toMs - fromMs) * STEP_FACTOR) / 3_600_000 + limits.resolutionWh;
}

/** As `allowedWh`, for a counter that last rose at `changedMs` and was last read at `readMs`. */
export function allowedSinceChangeWh(
  limits: CounterLimits,
  times: { changedMs: number; readMs: number; toMs: number },
): number {
  return allowedWh(limits, Math.max(times.changedMs, times.readMs - SLOW_REGISTER_MS), times.toMs);
}

/** A fall that is no news: two counts, or a thousandth of the counter up to 1 kWh. */
export function wobbleBandWh(limits: CounterLimits, totalWh: number): number {
  return Math.max(2 * limits.resolutionWh, Math.min(WOBBLE_WH, totalWh / WOBBLE_PARTS));
}

/** True where `sample` lies a little below `high`, not near zero. */
export function isWobble(limits: CounterLimits, high: CounterSample, sample: CounterSample): boolean {
  const fallWh = high.totalWh - sample.totalWh;
  return fallWh > 0 && fallWh <= wobbleBandWh(limits, high.totalWh) && sample.totalWh * 2 >= high.totalWh;
}

/** True where a counter that showed `from` can show `sample` without anything having happened. */
export function follows(limits: CounterLimits, from: CounterSample, sample: CounterSample): boolean {
  const riseWh = sample.totalWh - from.totalWh;
  return riseWh >= 0 ? riseWh <= allowedWh(limits, from.atMs, sample.atMs) : isWobble(limits, from, sample);
}

/**
 * Energy of a wrap between two samples: only where the old value is in the top part of the range and the step is
 * possible; otherwise null, and the fall is a reset.
 */
export function wrapEnergyWh(limits: CounterLimits, from: CounterSample, to: CounterSample): number | null {
  const allowed = allowedWh(limits, from.atMs, to.atMs);
  const across = (modulusWh: number, topParts: number): number | null => {
    const isAtTop = from.totalWh < modulusWh && from.totalWh >= modulusWh - modulusWh / topParts;
    const energyWh = to.totalWh + modulusWh - from.totalWh;
    return isAtTop && energyWh <= allowed ? energyWh : null;
  };
  if (limits.modulusWh !== null) return across(limits.modulusWh, TOP_PARTS);
  for (const modulusWh of USUAL_MODULI_WH) {
    const energyWh = across(modulusWh, GUESSED_TOP_PARTS);
    if (energyWh !== null) return energyWh;
  }
  return null;
}

/** Three samples around a jump: the last before it, the first after it, and one that goes on from there. */
export interface Jump {
  before: CounterSample;
  first: CounterSample;
  next: CounterSample;
}

/** The power of ten by which a counter became smaller, where the digits go on; null where they do not. */
export function scaleDownFactor(limits: CounterLimits, { before, first, next }: Jump): number | null {
  if (!isScaleClear(limits, before, first)) return null;
  for (const factor of SCALE_FACTORS) {
    const countWh = factor * limits.resolutionWh;
    const riseWh = first.totalWh * factor - before.totalWh;
    const nextWh = (next.totalWh - first.totalWh) * factor;
    const isNextPossible = nextWh <= allowedWh(limits, first.atMs, next.atMs) + countWh;
    if (
      isNextPossible &&
      riseWh >= -countWh &&
      riseWh <= allowedWh(limits, before.atMs, first.atMs) + countWh
    )
      return factor;
  }
  return null;
}

/** The power of ten by which a counter became larger, where the digits go on; null where they do not. */
export function scaleUpFactor(limits: CounterLimits, { before, first, next }: Jump): number | null {
  if (!isScaleClear(limits, before, first)) return null;
  for (const factor of SCALE_FACTORS) {
    const riseWh = first.totalWh / factor - before.totalWh;
    const nextWh = (next.totalWh - first.totalWh) / factor;
    const isNextPossible = nextWh <= allowedWh(limits, first.atMs, next.atMs);
    if (
      isNextPossible &&
      riseWh >= -limits.resolutionWh &&
      riseWh <= allowedWh(limits, before.atMs, first.atMs)
    )
      return factor;
  }
  return null;
}

function isScaleClear(limits: CounterLimits, before: CounterSample, first: CounterSample): boolean {
  return allowedWh(limits, before.atMs, first.atMs) * SCALE_PARTS <= before.totalWh;
}
