import { follows, wobbleBandWh } from './counter-limits.ts';
import type { CounterFix, CounterOptions, CounterRecord, CounterSample } from './counter-types.ts';
import { report, setBase, type Walk } from './counter-walk.ts';
import { advance, settle } from './excursion.ts';

type BaseFix = Extract<CounterFix, { kind: 'reset' | 'rebase' }>;

/** A signed fact or fix that cuts the series at an instant. */
export type Cut = CounterRecord | BaseFix;

export function cutsOf({ records = [], fixes = [] }: CounterOptions): Cut[] {
  const bases = fixes.filter((fix): fix is BaseFix => fix.kind === 'reset' || fix.kind === 'rebase');
  return [...records, ...bases].sort((a, b) => a.atMs - b.atMs);
}

/** True where the device is at another station at an instant; one that is moved in was not here before. */
export function isAwayAt(instantMs: number, cuts: readonly Cut[]): boolean {
  const moves = cuts.filter(({ kind }) => kind === 'move_in' || kind === 'move_out');
  const last = moves.findLast(({ atMs }) => atMs < instantMs);
  return last ? last.kind === 'move_out' : moves[0]?.kind === 'move_in';
}

/**
 * Applies a cut before `sample`, the first one from its instant on, if there is one.
 * @returns true where that sample has been dealt with.
 */
export function applyCut(walk: Walk, cut: Cut, sample: CounterSample | undefined): boolean {
  switch (cut.kind) {
    case 'exchange':
      exchange(walk, cut);
      return sample?.atMs === cut.atMs;
    case 'move_out':
    case 'move_in':
      return move(walk, cut, sample);
    case 'reset':
    case 'rebase':
      if (!sample || walk.isAway) return false;
      rebase(walk, cut, sample);
      return true;
  }
}

function exchange(walk: Walk, cut: Extract<Cut, { kind: 'exchange' }>): void {
  if (walk.isAway) return;
  const lastWh = walk.good?.totalWh ?? null;
  const closed = close(walk, cut.atMs, cut.finalWh);
  walk.events.push({
    kind: 'exchange',
    atMs: cut.atMs,
    fromWh: cut.finalWh ?? lastWh,
    toWh: cut.startWh,
    energyWh: closed.energyWh,
    decided: closed.isWhole,
  });
  begin(walk, { atMs: cut.atMs, totalWh: cut.startWh });
}

function move(
  walk: Walk,
  cut: Extract<Cut, { kind: 'move_in' | 'move_out' }>,
  sample: CounterSample | undefined,
): boolean {
  const { atMs, readingWh } = cut;
  const isOut = cut.kind === 'move_out';
  const energyWh = isOut ? close(walk, atMs, readingWh ?? null).energyWh : 0;
  const fromWh = isOut ? (walk.good?.totalWh ?? null) : null;
  walk.events.push({ kind: 'moved', atMs, fromWh, toWh: readingWh ?? null, energyWh, decided: true });
  begin(walk, isOut || readingWh === undefined ? undefined : { atMs, totalWh: readingWh });
  walk.isAway = isOut;
  return !isOut && readingWh !== undefined && sample?.atMs === atMs;
}

/** A person said what the step up to this sample is; it is booked as said. */
function rebase(walk: Walk, fix: BaseFix, sample: CounterSample): void {
  settle(walk, false);
  const { good } = walk;
  const energyWh = fix.kind === 'reset' ? sample.totalWh : fix.energyWh;
  if (good && good.atMs < sample.atMs) {
    walk.steps.push({ fromMs: good.atMs, toMs: sample.atMs, energyWh });
    const kind = fix.kind === 'reset' ? 'reset' : 'implausible_step';
    report(walk, { kind, at: sample, fromWh: good.totalWh, energyWh });
  }
  begin(walk, sample);
}

/**
 * Ends a counter with its signed final reading, which is booked exactly, also above what rated power allows: two
 * persons have read it. A final reading below the last sample books nothing and wants a look.
 */
function close(walk: Walk, atMs: number, finalWh: number | null): { energyWh: number; isWhole: boolean } {
  if (finalWh !== null && walk.held && walk.good) {
    const final = { atMs, totalWh: finalWh };
    // Held samples may be proved by the final reading: a reset that nothing had confirmed before.
    if (!follows(walk.limits, walk.good, final) && follows(walk.limits, walk.held.last, final))
      advance(walk, final);
  }
  settle(walk, false);
  const { good } = walk;
  if (finalWh === null) return { energyWh: 0, isWhole: false };
  if (!good) return { energyWh: 0, isWhole: true };
  const riseWh = finalWh - good.totalWh;
  if (riseWh < 0) return { energyWh: 0, isWhole: -riseWh <= wobbleBandWh(walk.limits, good.totalWh) };
  if (good.atMs < atMs) walk.steps.push({ fromMs: good.atMs, toMs: atMs, energyWh: riseWh });
  return { energyWh: riseWh, isWhole: true };
}

/** Another counter: nothing of the old one may be taken back any more. */
function begin(walk: Walk, base: CounterSample | undefined): void {
  setBase(walk, base);
  walk.turn = undefined;
  walk.divisor = 1;
}
