import { allowedSinceChangeWh, follows, isWobble, type CounterLimits } from './counter-limits.ts';
import type {
  CounterEvent,
  CounterEventKind,
  CounterProposal,
  CounterSample,
  EnergyStep,
} from './counter-types.ts';

/** Samples that do not follow the last believed one; nothing is booked of them until later samples tell. */
export interface Held {
  readonly frames: CounterSample[];
  /** The latest run of them that goes on from its own first value. */
  first: CounterSample;
  last: CounterSample;
  /** Frames before that run. */
  strayFrames: number;
}

/** The last time that the counter was believed to go on from another value, and how to take that back. */
export interface Turn {
  readonly before: CounterSample;
  readonly first: CounterSample;
  readonly steps: number;
  readonly events: number;
  readonly proposals: number;
}

/**
 * The state of reading a counter. `good` is the last believed sample at its highest value. States: no `good` (nothing
 * read), `good` alone (counting), `good` and `held` (in doubt). In doubt goes back to counting when a sample follows
 * `good` (the held frames were a glitch), or when one rises from the held run (`excursion.ts` says what that was).
 */
export interface Walk {
  readonly limits: CounterLimits;
  readonly steps: EnergyStep[];
  readonly events: CounterEvent[];
  readonly proposals: CounterProposal[];
  good: CounterSample | undefined;
  changedMs: number;
  /** The sample from which `good` last rose, and the steps booked by then. */
  beforeRise: CounterSample | undefined;
  stepsBeforeRise: number;
  held: Held | undefined;
  turn: Turn | undefined;
  /** What a change of scale made readings too large by. */
  divisor: number;
  /** Effects of proposed scales can be told only at the end. */
  scales: { proposal: number; choice: number; fromStep: number; times: number; jumpWh: number }[];
  isWobbling: boolean;
  /** The first samples were zero, and it is not known yet whether the counter is new or they were empty frames. */
  firstZero: CounterSample | undefined;
  isAway: boolean;
}

export function startWalk(limits: CounterLimits, events: CounterEvent[]): Walk {
  return {
    limits,
    steps: [],
    events,
    proposals: [],
    good: undefined,
    changedMs: 0,
    beforeRise: undefined,
    stepsBeforeRise: 0,
    held: undefined,
    turn: undefined,
    divisor: 1,
    scales: [],
    isWobbling: false,
    firstZero: undefined,
    isAway: false,
  };
}

/** Makes `sample` the value from which the counter goes on; energy up to it is booked by the caller or unknown. */
export function setBase(walk: Walk, sample: CounterSample | undefined): void {
  walk.good = sample;
  walk.changedMs = sample?.atMs ?? 0;
  walk.beforeRise = undefined;
  walk.isWobbling = false;
  walk.firstZero = undefined;
}

export function report(
  walk: Walk,
  event: { kind: CounterEventKind; at: CounterSample; fromWh: number; energyWh?: number; decided?: boolean },
): void {
  walk.events.push({
    kind: event.kind,
    atMs: event.at.atMs,
    fromWh: event.fromWh,
    toWh: event.at.totalWh,
    energyWh: event.energyWh ?? 0,
    decided: event.decided ?? true,
  });
}

/** Takes a sample while nothing is held: books it, or returns false where it does not follow. */
export function count(walk: Walk, sample: CounterSample): boolean {
  const { good } = walk;
  if (!good) {
    setBase(walk, sample);
    if (sample.totalWh === 0) walk.firstZero = sample;
    return true;
  }
  const energyWh = sample.totalWh - good.totalWh;
  if (energyWh >= 0) {
    const times = { changedMs: walk.changedMs, readMs: good.atMs, toMs: sample.atMs };
    if (energyWh > allowedSinceChangeWh(walk.limits, times)) return leaveZeros(walk, sample);
    if (energyWh > 0) {
      walk.beforeRise = good;
      walk.stepsBeforeRise = walk.steps.length;
      walk.changedMs = sample.atMs;
      walk.isWobbling = false;
      walk.firstZero = undefined;
    }
    walk.steps.push({ fromMs: good.atMs, toMs: sample.atMs, energyWh });
    walk.good = sample;
    return true;
  }
  if (!isWobble(walk.limits, good, sample)) return false;
  if (!walk.isWobbling) report(walk, { kind: 'jitter', at: sample, fromWh: good.totalWh });
  walk.isWobbling = true;
  walk.steps.push({ fromMs: good.atMs, toMs: sample.atMs, energyWh: 0 });
  // The highest value stays, so that the way back up is not counted again.
  walk.good = { atMs: sample.atMs, totalWh: good.totalWh };
  return true;
}

/** Zeros at the very beginning were empty frames when the counter then shows what cannot have been made since. */
function leaveZeros(walk: Walk, sample: CounterSample): boolean {
  if (!walk.firstZero) return false;
  report(walk, { kind: 'zero_frame', at: walk.firstZero, fromWh: sample.totalWh });
  walk.steps.length = 0;
  setBase(walk, sample);
  return true;
}

export function hold(sample: CounterSample): Held {
  return { frames: [sample], first: sample, last: sample, strayFrames: 0 };
}

/** True where a held walk is back: a sample follows the last believed one, and not only because time has gone by. */
export function isBack(walk: Walk, good: CounterSample, held: Held, sample: CounterSample): boolean {
  if (walk.limits.isDaily && follows(walk.limits, held.last, sample)) return false;
  if (held.first.totalWh > good.totalWh && sample.totalWh >= held.first.totalWh) return false;
  return follows(walk.limits, good, sample);
}

/** Frames that were no readings: each is told, none is booked. */
export function reportFrames(
  walk: Walk,
  good: CounterSample,
  frames: readonly CounterSample[],
  { decided }: { decided: boolean } = { decided: true },
): void {
  for (const frame of frames)
    report(walk, { kind: frameKind(good, frame), at: frame, fromWh: good.totalWh, decided });
}

/** A fall within a hundredth of the counter that comes back is jitter, a deeper one an empty or partial frame. */
function frameKind(good: CounterSample, frame: CounterSample): CounterEventKind {
  if (frame.totalWh > good.totalWh) return 'implausible_step';
  return (good.totalWh - frame.totalWh) * 100 <= good.totalWh ? 'jitter' : 'zero_frame';
}
