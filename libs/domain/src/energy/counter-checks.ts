import { STEP_FACTOR } from './counter-limits.ts';
import type { CounterOptions, CounterProposal, CounterResult, CounterSample } from './counter-types.ts';

/** A counter that stands still for so long while power says output is frozen (domain.md 3.2: counter error). */
const FROZEN_MS = 3_600_000;
/** Below a twentieth of an hour at rated power the counter may simply not have turned yet. */
const FROZEN_PARTS = 20;
const FROZEN_COUNTS = 3;
/** Power is not carried over longer gaps. */
const POWER_GAP_MS = 35 * 60_000;
/** The longest night in Shanxi is under 15 hours. */
const NIGHT_MS = 15 * 3_600_000;

interface Spell {
  from: CounterSample;
  last: CounterSample;
  /** Power times time by the trapezoid, in W·ms. */
  workWMs: number;
}

/** Adds an event and a proposal for each spell in which the counter stands still and power says output. */
export function findFrozen(
  samples: readonly CounterSample[],
  options: CounterOptions & { resolutionWh: number },
  result: CounterResult,
): void {
  if (!samples.some(({ activePowerW }) => typeof activePowerW === 'number' && activePowerW > 0)) return;
  let spell: Spell | undefined;
  for (const sample of samples) {
    if (spell && sample.totalWh === spell.last.totalWh) {
      spell.workWMs += workBetween(spell.last, sample, options);
      spell.last = sample;
    } else {
      if (spell) closeSpell(spell, sample, options, result);
      spell = { from: sample, last: sample, workWMs: 0 };
    }
  }
  if (spell) closeSpell(spell, null, options, result);
}

function workBetween(from: CounterSample, to: CounterSample, options: CounterOptions): number {
  const durationMs = to.atMs - from.atMs;
  const fromW = from.activePowerW ?? 0;
  const toW = to.activePowerW ?? 0;
  const isUsable = (powerW: number) => powerW > 0 && powerW <= options.ratedPowerW * STEP_FACTOR;
  if (durationMs > POWER_GAP_MS || !isUsable(fromW) || !isUsable(toW)) return 0;
  if (options.daylight && !(options.daylight(from.atMs) && options.daylight(to.atMs))) return 0;
  return ((fromW + toW) / 2) * durationMs;
}

function closeSpell(
  { from, last, workWMs }: Spell,
  next: CounterSample | null,
  options: CounterOptions & { resolutionWh: number },
  { events, proposals }: CounterResult,
): void {
  if (last.atMs - from.atMs < FROZEN_MS) return;
  const missingWh = Math.floor(workWMs / 3_600_000);
  const leastWh = Math.max(FROZEN_COUNTS * options.resolutionWh, options.ratedPowerW / FROZEN_PARTS);
  const riseWh = next ? next.totalWh - last.totalWh : 0;
  // A register that catches up was slow, and its step is judged like any other.
  if (missingWh < leastWh || riseWh * 2 >= missingWh) return;
  const span = { kind: 'frozen' as const, atMs: from.atMs, fromWh: from.totalWh, toWh: last.totalWh };
  events.push({ ...span, energyWh: 0, decided: false });
  const choices: CounterProposal['choices'] =
    next && riseWh >= 0
      ? [
          {
            fix: { kind: 'rebase', atMs: next.atMs, energyWh: missingWh + riseWh },
            effectWh: missingWh,
          },
          { fix: { kind: 'rebase', atMs: next.atMs, energyWh: riseWh }, effectWh: 0 },
        ]
      : [];
  proposals.push({ ...span, isWaiting: next === null, choices });
}

/** Adds an event for each spell in which a counter rises in the dark; the energy stays booked. */
export function findNightOutput(
  options: { daylight: (atMs: number) => boolean; resolutionWh: number },
  { steps, events }: CounterResult,
): void {
  let startMs: number | null = null;
  let energyWh = 0;
  const close = () => {
    // One count may belong to the last light of the evening.
    if (startMs !== null && energyWh > options.resolutionWh)
      events.push({
        kind: 'night_output',
        atMs: startMs,
        fromWh: null,
        toWh: null,
        energyWh,
        decided: false,
      });
    startMs = null;
    energyWh = 0;
  };
  for (const step of steps) {
    if (step.energyWh === 0) continue;
    if (isDark(step.fromMs, step.toMs, options.daylight)) {
      startMs ??= step.fromMs;
      energyWh += step.energyWh;
    } else close();
  }
  close();
}

function isDark(fromMs: number, toMs: number, daylight: (atMs: number) => boolean): boolean {
  if (toMs - fromMs > NIGHT_MS || daylight(fromMs) || daylight(toMs)) return false;
  return !daylight(Math.floor((fromMs + toMs) / 2));
}
