import { catchesUp, type StillSpell } from './standing-still.ts';
import type { CounterProposal, CounterResult } from './counter-types.ts';

/** The longest night in Shanxi is under 15 hours. */
const NIGHT_MS = 15 * 3_600_000;

/**
 * Adds an event for each spell in which the counter stands still and power says output, and a proposal where nobody
 * knows what was made.
 * @param booked spells of which the counter's own rise was booked.
 */
export function reportStill(
  spells: readonly StillSpell[],
  booked: ReadonlySet<StillSpell>,
  result: CounterResult,
): void {
  for (const spell of spells) reportSpell(spell, booked, result);
}

function reportSpell(
  spell: StillSpell,
  booked: ReadonlySet<StillSpell>,
  { events, proposals }: CounterResult,
): void {
  const { from, last, next, missingWh } = spell;
  const riseWh = next ? next.totalWh - last.totalWh : 0;
  const span = { kind: 'frozen' as const, atMs: from.atMs, fromWh: from.totalWh, toWh: last.totalWh };
  if (catchesUp(spell) && booked.has(spell)) {
    events.push({ ...span, energyWh: riseWh, decided: true });
    return;
  }
  // It shows more than power explains, or more than it can have made: a step that is judged like any other.
  if (riseWh * 2 >= missingWh) return;
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
