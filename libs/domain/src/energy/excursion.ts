import {
  allowedWh,
  follows,
  scaleDownFactor,
  scaleUpFactor,
  wrapEnergyWh,
  type Jump,
} from './counter-limits.ts';
import type { CounterEventKind, CounterProposal, CounterSample } from './counter-types.ts';
import {
  count,
  hold,
  isBack,
  report,
  reportFrames,
  setBase,
  type Held,
  type Turn,
  type Walk,
} from './counter-walk.ts';

/*
 * What a counter does when a sample does not follow: it is held until later samples tell. A return makes it a glitch;
 * a rise from the held run makes it a wrap, a reset, a change of scale or a jump that nobody can explain. A later
 * return to where the counter was takes even that back.
 */

/** So long at rated power a counter may have made more than was seen of it when it returns. */
const RETURN_MS = 7_200_000;

/** Takes the next sample, whatever the state. */
export function advance(walk: Walk, reading: CounterSample): void {
  const sample = walk.divisor === 1 ? reading : inOldScale(walk, reading);
  if (!walk.held) {
    if (!count(walk, sample)) walk.held = hold(sample);
    return;
  }
  const { held, good } = walk;
  if (!good) return;
  if (isBack(walk, good, held, sample)) {
    walk.held = undefined;
    reportFrames(walk, good, held.frames);
    if (!count(walk, sample)) walk.held = hold(sample);
  } else weigh(walk, good, held, sample);
}

/** A sample that does not bring the counter back: does it go on from the held run? */
function weigh(walk: Walk, good: CounterSample, held: Held, sample: CounterSample): void {
  const jump = { before: good, first: held.first, next: sample };
  const goesOn = follows(walk.limits, held.last, sample) || scaleUpFactor(walk.limits, jump) !== null;
  if (goesOn && sample.totalWh > held.last.totalWh) {
    // Only a rise tells that a counter counts: not-available values and empty frames stand still.
    walk.held = undefined;
    reportFrames(walk, good, held.frames.slice(0, held.strayFrames));
    accept(walk, held, jump);
    return;
  }
  if (goesOn) held.last = { atMs: sample.atMs, totalWh: held.last.totalWh };
  else {
    held.strayFrames = held.frames.length;
    held.first = sample;
    held.last = sample;
  }
  held.frames.push(sample);
}

/** The counter counts from the held run: finds out why, books what is known, and goes on. */
function accept(walk: Walk, held: Held, jump: Jump): void {
  let factor = 1;
  if (takeBack(walk, jump)) count(walk, jump.first);
  else if (jump.first.totalWh < jump.before.totalWh) acceptFall(walk, jump);
  else factor = acceptRise(walk, jump);
  if (held.last.atMs > jump.first.atMs) count(walk, divided(held.last, factor));
  const next = divided(jump.next, factor);
  if (!count(walk, next)) walk.held = hold(next);
}

/**
 * Where the counter goes on from a value that it had before it rose or turned, that rise or turn was a glitch of
 * several frames: it is taken back, and the counter's own difference counts.
 */
function takeBack(walk: Walk, jump: Jump): boolean {
  const { before, first } = jump;
  const { beforeRise, limits } = walk;
  const isFall = first.totalWh < before.totalWh;
  if (isFall && beforeRise && beforeRise.totalWh > 0 && follows(limits, beforeRise, first)) {
    walk.steps.length = walk.stepsBeforeRise;
    const risen = { atMs: walk.changedMs, totalWh: before.totalWh };
    report(walk, { kind: 'implausible_step', at: risen, fromWh: beforeRise.totalWh });
    setBase(walk, beforeRise);
    return true;
  }
  return takeTurnBack(walk, jump);
}

function takeTurnBack(walk: Walk, { before, first }: Jump): boolean {
  const { turn, limits } = walk;
  if (!turn || !follows(limits, turn.before, first)) return false;
  // After days nearly any value is one that rated power allows, so what was counted since tells how far it may be.
  const fromMs = Math.max(turn.before.atMs, Math.min(before.atMs, first.atMs - RETURN_MS));
  const mostWh = 2 * sumFrom(walk, turn.steps) + allowedWh(limits, fromMs, first.atMs);
  if (first.totalWh - turn.before.totalWh > mostWh) return false;
  walk.steps.length = turn.steps;
  walk.events.length = turn.events;
  walk.proposals.length = turn.proposals;
  walk.scales = walk.scales.filter(({ proposal }) => proposal < turn.proposals);
  walk.turn = undefined;
  reportFrames(walk, turn.before, [turn.first]);
  setBase(walk, turn.before);
  return true;
}

function acceptFall(walk: Walk, jump: Jump): void {
  const { before, first } = jump;
  const { limits } = walk;
  const step = { fromMs: before.atMs, toMs: first.atMs };
  const wrapWh = wrapEnergyWh(limits, before, first);
  if (wrapWh !== null) {
    bookWrap(walk, jump, wrapWh);
    return;
  }
  walk.turn = turnOf(walk, jump);
  const factor = scaleDownFactor(limits, jump);
  if (factor !== null) {
    report(walk, { kind: 'scale_change', at: first, fromWh: before.totalWh, decided: false });
    proposeScale(walk, jump, { multiply: factor, divide: 1 });
  } else if (first.totalWh * 2 <= before.totalWh && follows(limits, { ...before, totalWh: 0 }, first)) {
    // It restarted from zero, so all that it shows was made since the last sample before.
    walk.steps.push({ ...step, energyWh: first.totalWh });
    report(walk, { kind: 'reset', at: first, fromWh: before.totalWh, energyWh: first.totalWh });
  } else {
    report(walk, { kind: 'reset', at: first, fromWh: before.totalWh, decided: false });
    propose(walk, 'reset', jump, [
      { fix: { kind: 'rebase', atMs: first.atMs, energyWh: 0 }, effectWh: 0 },
      { fix: { kind: 'reset', atMs: first.atMs }, effectWh: first.totalWh },
    ]);
  }
  setBase(walk, first);
}

/** Returns what the readings from the jump on are too large by. */
function acceptRise(walk: Walk, jump: Jump): number {
  const { before, first, next } = jump;
  const factor = scaleUpFactor(walk.limits, jump);
  if (factor !== null) {
    // Of the two scales the one with less energy counts until a person decides, so that no energy is invented.
    report(walk, {
      kind: 'scale_change',
      at: first,
      fromWh: before.totalWh,
      decided: !follows(walk.limits, first, next),
    });
    walk.turn = undefined;
    walk.divisor *= factor;
    setBase(walk, divided(first, factor));
    proposeScale(walk, jump, { multiply: 1, divide: factor });
    return factor;
  }
  walk.turn = turnOf(walk, jump);
  report(walk, { kind: 'implausible_step', at: first, fromWh: before.totalWh, decided: false });
  proposeStep(walk, jump);
  setBase(walk, first);
  return 1;
}

/** Ends a stretch of samples: what is still held stays unbooked, but for a wrap, which its two values prove. */
export function settle(walk: Walk, isWaiting: boolean): void {
  const { held, good } = walk;
  walk.held = undefined;
  if (held && good) {
    reportFrames(walk, good, held.frames.slice(0, held.strayFrames));
    settleHeld(walk, { before: good, first: held.first, next: held.last }, held, isWaiting);
  }
  for (const { proposal, choice, fromStep, times, jumpWh } of walk.scales) {
    const target = walk.proposals[proposal]?.choices[choice];
    if (target) target.effectWh = jumpWh + times * sumFrom(walk, fromStep);
  }
  walk.scales = [];
}

function settleHeld(walk: Walk, jump: Jump, held: Held, isWaiting: boolean): void {
  const { before, first, next } = jump;
  const wrapWh = first.totalWh < before.totalWh ? wrapEnergyWh(walk.limits, before, first) : null;
  if (wrapWh !== null) {
    bookWrap(walk, jump, wrapWh);
    if (next.atMs > first.atMs) count(walk, next);
  } else if (takeTurnBack(walk, jump)) {
    // Back at the very value that it had before it turned: no rise is needed to tell.
    count(walk, first);
    if (next.atMs > first.atMs) count(walk, next);
  } else if (first.totalWh > before.totalWh) {
    report(walk, { kind: 'implausible_step', at: first, fromWh: before.totalWh, decided: false });
    proposeStep(walk, jump, isWaiting);
  } else if (first.totalWh === 0)
    reportFrames(walk, before, held.frames.slice(held.strayFrames), { decided: false });
  else {
    report(walk, { kind: 'reset', at: first, fromWh: before.totalWh, decided: false });
    propose(
      walk,
      'reset',
      jump,
      [
        { fix: { kind: 'ignore', fromMs: first.atMs, toMs: next.atMs }, effectWh: 0 },
        { fix: { kind: 'reset', atMs: first.atMs }, effectWh: next.totalWh },
      ],
      isWaiting,
    );
  }
}

function bookWrap(walk: Walk, { before, first }: Jump, energyWh: number): void {
  walk.steps.push({ fromMs: before.atMs, toMs: first.atMs, energyWh });
  report(walk, { kind: 'wrap', at: first, fromWh: before.totalWh, energyWh });
  walk.turn = undefined;
  setBase(walk, first);
}

function turnOf(walk: Walk, { before, first }: Jump): Turn {
  const { steps, events, proposals } = walk;
  return {
    before,
    first,
    steps: steps.length,
    events: events.length,
    proposals: proposals.length,
  };
}

function propose(
  walk: Walk,
  kind: CounterEventKind,
  { before, first }: Jump,
  choices: CounterProposal['choices'],
  isWaiting = false,
): void {
  const { totalWh: fromWh } = before;
  walk.proposals.push({ kind, atMs: first.atMs, fromWh, toWh: first.totalWh, isWaiting, choices });
}

function proposeStep(walk: Walk, jump: Jump, isWaiting = false): void {
  const { atMs, totalWh } = jump.first;
  const energyWh = totalWh - jump.before.totalWh;
  propose(
    walk,
    'implausible_step',
    jump,
    [
      { fix: { kind: 'rebase', atMs, energyWh: 0 }, effectWh: 0 },
      { fix: { kind: 'rebase', atMs, energyWh }, effectWh: energyWh },
    ],
    isWaiting,
  );
}

/** The old scale goes on, or the new one counts as it stands: whichever is not booked now has an effect. */
function proposeScale(walk: Walk, jump: Jump, scale: { multiply: number; divide: number }): void {
  const { before, first } = jump;
  const jumpWh = Math.max(0, Math.round((first.totalWh * scale.multiply) / scale.divide) - before.totalWh);
  const proposal = walk.proposals.length;
  propose(walk, 'scale_change', jump, [
    { fix: { kind: 'scale', fromMs: first.atMs, toMs: null, ...scale }, effectWh: jumpWh },
    { fix: { kind: 'rebase', atMs: first.atMs, energyWh: 0 }, effectWh: 0 },
  ]);
  const fromStep = walk.steps.length;
  if (scale.multiply > 1)
    walk.scales.push({ proposal, choice: 0, fromStep, times: scale.multiply - 1, jumpWh });
  if (scale.divide > 1)
    walk.scales.push({ proposal, choice: 1, fromStep, times: scale.divide - 1, jumpWh: 0 });
}

function sumFrom({ steps }: Walk, index: number): number {
  let totalWh = 0;
  for (let at = index; at < steps.length; at += 1) totalWh += steps[at]?.energyWh ?? 0;
  return totalWh;
}

function divided(sample: CounterSample, divisor: number): CounterSample {
  return divisor === 1 ? sample : { ...sample, totalWh: Math.round(sample.totalWh / divisor) };
}

/** A reading while a change of scale lasts, or as it stands where the counter has gone back to its old scale. */
function inOldScale(walk: Walk, reading: CounterSample): CounterSample {
  const sample = divided(reading, walk.divisor);
  const { good } = walk;
  if (!good || follows(walk.limits, good, sample) || !follows(walk.limits, good, reading)) return sample;
  walk.divisor = 1;
  report(walk, { kind: 'scale_change', at: reading, fromWh: good.totalWh });
  return reading;
}
