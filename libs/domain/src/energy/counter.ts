/**
 * Energy from a lifetime counter. Pure; whole Wh in and out.
 *
 * Rules: never sum counters, only their steps; a counter that falls and comes back was
 * a glitch, not a reset; a fall is a reset only when the counter goes on from the low value; an all-zero frame is no
 * reading; a step above what the rated power allows is not believed.
 */
export interface CounterSample {
  atMs: number;
  totalWh: number;
}

/** Energy between two samples that are believed. */
export interface EnergyStep {
  fromMs: number;
  toMs: number;
  energyWh: number;
}

export interface CounterOptions {
  ratedPowerW: number;
}

/** A step may exceed rated power times time by this factor (domain.md 3.2: counter error). */
const STEP_FACTOR = 1.2;
/** Counters advance in steps of up to 1 kWh, whatever the power. */
const STEP_ALLOWANCE_WH = 1000;
/** So many samples must go on from a low value before it is a reset: one or two low frames are a glitch. */
const RESET_CONFIRMATIONS = 2;

/**
 * Steps between believed samples, in order. Samples must be sorted by time and be of one device and register.
 * After a confirmed reset the counter is taken to have restarted from zero at the last sample before it.
 */
export function counterSteps(samples: readonly CounterSample[], options: CounterOptions): EnergyStep[] {
  const steps: EnergyStep[] = [];
  let last: CounterSample | undefined;
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index];
    if (!sample) break;
    if (last && sample.totalWh >= last.totalWh) {
      const step = { fromMs: last.atMs, toMs: sample.atMs, energyWh: sample.totalWh - last.totalWh };
      if (isBelievable(step, options)) {
        steps.push(step);
        last = sample;
      } else if (goesOn(samples, index, last)) {
        // The counter really jumped (exchange, scale): its steps count again from here, the jump does not.
        last = sample;
      }
    } else if (!last) {
      if (sample.totalWh > 0 || goesOn(samples, index, undefined)) last = sample;
    } else if (goesOn(samples, index, last)) {
      const restart = { fromMs: last.atMs, toMs: sample.atMs, energyWh: sample.totalWh };
      if (isBelievable(restart, options)) steps.push(restart);
      last = sample;
    }
  }
  return steps;
}

function isBelievable(step: EnergyStep, options: CounterOptions): boolean {
  const hours = (step.toMs - step.fromMs) / 3_600_000;
  return step.energyWh <= options.ratedPowerW * hours * STEP_FACTOR + STEP_ALLOWANCE_WH;
}

/** True where the samples after `index` go on from its value instead of returning to the one before. */
function goesOn(
  samples: readonly CounterSample[],
  index: number,
  before: CounterSample | undefined,
): boolean {
  const candidate = samples[index];
  if (!candidate) return false;
  const following = samples.slice(index + 1, index + 1 + RESET_CONFIRMATIONS);
  if (following.length < RESET_CONFIRMATIONS) return false;
  return following.every(({ totalWh }) => {
    if (totalWh < candidate.totalWh) return false;
    if (!before) return true;
    // Nearer to the new value than to the old one.
    return Math.abs(totalWh - candidate.totalWh) < Math.abs(totalWh - before.totalWh);
  });
}
