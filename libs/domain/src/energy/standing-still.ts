import { STEP_FACTOR } from './counter-limits.ts';
import type { CounterOptions, CounterSample, EnergyStep } from './counter-types.ts';

/*
 * A counter that stands still while power says output (domain.md 3.2: counter error, frozen in sun). It is like a gap:
 * what was made meanwhile is known, if at all, by what the counter shows afterwards, and only as a total. Where the
 * counter catches up with about what power says, or a person signed what was made, that total is shared out over the
 * stretch as power says, so that every day of it has its part and all of them add up.
 */

/** A counter that stands still for so long while power says output is frozen. */
const FROZEN_MS = 3_600_000;
/** Below a twentieth of an hour at rated power the counter may simply not have turned yet. */
const FROZEN_PARTS = 20;
const FROZEN_COUNTS = 3;
/** Power is not carried over longer gaps. */
const POWER_GAP_MS = 35 * 60_000;
/** A counter that catches up shows no less than this part of what power says, and no more than as many times it. */
const CATCH_UP_PARTS = 2;

type StillOptions = CounterOptions & { resolutionWh: number };

/** Samples of one value, with output by power of more than the counter may be slow by. */
export interface StillSpell {
  from: CounterSample;
  last: CounterSample;
  /** The first sample of another value; null where there is none yet. */
  next: CounterSample | null;
  /** What power says was made from `from` to `last`. */
  missingWh: number;
  /** The samples from which on standing still is in doubt: the last before the output was too much, up to `next`. */
  doubtful: readonly CounterSample[];
}

/** The spells among samples that are in order of time, each an hour long or more. */
export function stillSpells(samples: readonly CounterSample[], options: StillOptions): StillSpell[] {
  if (!samples.some(({ activePowerW }) => typeof activePowerW === 'number' && activePowerW > 0)) return [];
  const spells: StillSpell[] = [];
  for (let begin = 0; begin < samples.length;) {
    let end = begin + 1;
    while (end < samples.length && samples[end]?.totalWh === samples[begin]?.totalWh) end += 1;
    const durationMs = (samples[end - 1]?.atMs ?? 0) - (samples[begin]?.atMs ?? 0);
    const spell =
      durationMs < FROZEN_MS ? null : spellOf(samples.slice(begin, end), samples[end] ?? null, options);
    if (spell) spells.push(spell);
    begin = end;
  }
  return spells;
}

function spellOf(
  run: readonly CounterSample[],
  next: CounterSample | null,
  options: StillOptions,
): StillSpell | null {
  const from = run[0];
  const last = run.at(-1);
  if (!from || !last) return null;
  const leastWh = Math.max(FROZEN_COUNTS * options.resolutionWh, options.ratedPowerW / FROZEN_PARTS);
  let workWMs = 0;
  let doubtfulFrom = 0;
  for (const [index, sample] of run.entries()) {
    const before = run[index - 1];
    if (before) workWMs += workBetween(before, sample, options);
    // Known from the begin of the spell on, so that whoever looks at a part of it finds the same instant.
    if (workWMs < leastWh * 3_600_000) doubtfulFrom = index;
  }
  const missingWh = Math.floor(workWMs / 3_600_000);
  if (missingWh < leastWh) return null;
  return { from, last, next, missingWh, doubtful: [...run.slice(doubtfulFrom), ...(next ? [next] : [])] };
}

/** Power times time between two samples by the trapezoid, in W·ms. */
function workBetween(from: CounterSample, to: CounterSample, options: CounterOptions): number {
  const durationMs = to.atMs - from.atMs;
  const fromW = from.activePowerW ?? 0;
  const toW = to.activePowerW ?? 0;
  const isUsable = (powerW: number) => powerW > 0 && powerW <= options.ratedPowerW * STEP_FACTOR;
  if (durationMs > POWER_GAP_MS || !isUsable(fromW) || !isUsable(toW)) return 0;
  if (options.daylight && !(options.daylight(from.atMs) && options.daylight(to.atMs))) return 0;
  return ((fromW + toW) / 2) * durationMs;
}

/** True where the counter then shows about what power says was made. */
export function catchesUp({ last, next, missingWh }: StillSpell): boolean {
  const riseWh = next ? next.totalWh - last.totalWh : 0;
  return riseWh * CATCH_UP_PARTS >= missingWh && riseWh <= missingWh * CATCH_UP_PARTS;
}

/** False where a rise is too small to be what a spell of standing still ends with, however long it was. */
export function mayCatchUp(riseWh: number, ratedPowerW: number): boolean {
  return riseWh * CATCH_UP_PARTS * FROZEN_PARTS >= ratedPowerW;
}

/** True where a person signed what was made up to the end of the spell. */
export function isSigned({ last, next }: StillSpell, { fixes = [] }: CounterOptions): boolean {
  if (!next) return false;
  return fixes.some(({ kind, ...fix }) => {
    const atMs = kind === 'rebase' && 'atMs' in fix ? fix.atMs : null;
    return atMs !== null && atMs > last.atMs && atMs <= next.atMs;
  });
}

/** The samples without those that stand still: each of the spells is a gap then, and what follows it is judged so. */
export function withoutStill(
  samples: readonly CounterSample[],
  spells: readonly StillSpell[],
): readonly CounterSample[] {
  if (spells.length === 0) return samples;
  const dropped = new Set(spells.flatMap(({ doubtful }) => doubtful.slice(1, -1)));
  return samples.filter((sample) => !dropped.has(sample));
}

/** The step across the gap that a spell became, if it was booked as one. */
export function stepAcross({ doubtful }: StillSpell, steps: readonly EnergyStep[]): EnergyStep | undefined {
  const fromMs = doubtful[0]?.atMs;
  const toMs = doubtful.at(-1)?.atMs;
  return steps.find((step) => step.fromMs === fromMs && step.toMs === toMs);
}

/** Shares the steps across spells out, sample by sample, as power says. The parts add up to the step exactly. */
export function shareOut(
  steps: readonly EnergyStep[],
  spells: readonly StillSpell[],
  options: CounterOptions,
): EnergyStep[] {
  const partsOf = new Map(
    spells.flatMap((spell) => {
      const step = stepAcross(spell, steps);
      return step ? [[step, parts(step, spell.doubtful, options)] as const] : [];
    }),
  );
  return steps.flatMap((step) => partsOf.get(step) ?? [step]);
}

function parts(step: EnergyStep, samples: readonly CounterSample[], options: CounterOptions): EnergyStep[] {
  const estimatedOver = { fromMs: step.fromMs, toMs: step.toMs };
  const sums: number[] = [];
  let workWMs = 0;
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before) sums.push((workWMs += workBetween(before, sample, options)));
  }
  let givenWh = 0;
  return samples.slice(1).map((sample, index) => {
    // Of the running sum, so that no rounding is lost; the last part takes what is left.
    const isLast = index === sums.length - 1;
    const untilWh = isLast ? step.energyWh : Math.floor(step.energyWh * ((sums[index] ?? 0) / workWMs));
    const energyWh = untilWh - givenWh;
    givenWh = untilWh;
    return { fromMs: samples[index]?.atMs ?? step.fromMs, toMs: sample.atMs, energyWh, estimatedOver };
  });
}
