import { findNightOutput, reportStill } from './counter-checks.ts';
import { prepareSamples, type CounterInput } from './counter-input.ts';
import { applyCut, cutsOf, isAwayAt } from './counter-records.ts';
import type { CounterOptions, CounterResult, CounterSample, EnergyStep } from './counter-types.ts';
import { startWalk, type Walk } from './counter-walk.ts';
import { advance, settle } from './excursion.ts';
import {
  catchesUp,
  isSigned,
  shareOut,
  stepAcross,
  stillSpells,
  withoutStill,
  type StillSpell,
} from './standing-still.ts';

export type * from './counter-types.ts';

/**
 * Energy from a lifetime counter of one device and register. Pure; whole Wh in and out; linear in the samples.
 *
 * Never the sum of counters, only of their steps, and no step above what rated power allows (domain.md 3.2). A counter
 * that falls and comes back was a glitch; a fall is a reset, a wrap or a change of scale only when the counter goes on
 * from there. Records and fixes that persons signed are booked as they say. What is not decided is not booked, and is
 * proposed. A sample that cannot be a reading (negative, not a number) is passed over. Never throws.
 */
export function counterEnergy(samples: readonly CounterSample[], options: CounterOptions): CounterResult {
  return energyOf(samples, options, false);
}

/** The steps of `counterEnergy` alone. */
export function counterSteps(samples: readonly CounterSample[], options: CounterOptions): EnergyStep[] {
  return counterEnergy(samples, options).steps;
}

/**
 * Steps of a counter that the device clears every day, at whatever hour. It may be shown, never billed. Give it the
 * last sample of the day before where there is one; without one the counter is taken to have been clear at `startMs`.
 */
export function dailyCounterSteps(
  samples: readonly CounterSample[],
  options: CounterOptions & { startMs: number },
): EnergyStep[] {
  const isKnownBefore = samples.some(({ atMs }) => atMs <= options.startMs);
  const known = isKnownBefore ? samples : [{ atMs: options.startMs, totalWh: 0 }, ...samples];
  return energyOf(known, options, true).steps;
}

function energyOf(
  samples: readonly CounterSample[],
  options: CounterOptions,
  isDaily: boolean,
): CounterResult {
  const input = prepareSamples(samples, options);
  const { resolutionWh } = input;
  const spells = stillSpells(input.samples, { ...options, resolutionWh });
  const known = spells.filter((spell) => catchesUp(spell) || isSigned(spell, options));
  let walk = walked(input, known, options, isDaily);
  const booked = new Set(known.filter((spell) => stepAcross(spell, walk.steps)));
  // A rise that is refused across the gap as well is judged with all of its samples.
  if (booked.size < known.length) walk = walked(input, [...booked], options, isDaily);
  const { events, proposals } = walk;
  const result = { steps: shareOut(walk.steps, [...booked], options), events, proposals };
  reportStill(spells, booked, result);
  if (options.daylight) findNightOutput({ daylight: options.daylight, resolutionWh }, result);
  if (events.length > 1) events.sort((a, b) => a.atMs - b.atMs);
  return result;
}

function walked(
  { samples, resolutionWh, events }: CounterInput,
  gaps: readonly StillSpell[],
  options: CounterOptions,
  isDaily: boolean,
): Walk {
  const { ratedPowerW, modulusWh = null } = options;
  const walk = startWalk({ ratedPowerW, resolutionWh, modulusWh, isDaily }, [...events]);
  walkThrough(walk, withoutStill(samples, gaps), options);
  settle(walk, true);
  return walk;
}

function walkThrough(walk: Walk, samples: readonly CounterSample[], options: CounterOptions): void {
  const cuts = cutsOf(options);
  walk.isAway = isAwayAt(samples[0]?.atMs ?? 0, cuts);
  // What was signed for an instant before the samples is in them already.
  let next = cuts.findIndex(({ atMs }) => atMs >= (samples[0]?.atMs ?? 0));
  if (next < 0) next = cuts.length;
  for (const sample of samples) {
    let isTaken = false;
    for (let cut = cuts[next]; cut && cut.atMs <= sample.atMs; cut = cuts[next]) {
      isTaken = applyCut(walk, cut, sample) || isTaken;
      next += 1;
    }
    if (!isTaken && !walk.isAway) advance(walk, sample);
  }
  for (const cut of cuts.slice(next)) applyCut(walk, cut, undefined);
}
