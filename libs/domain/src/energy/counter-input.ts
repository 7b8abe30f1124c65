import type { CounterEvent, CounterFix, CounterOptions, CounterSample } from './counter-types.ts';

const COARSEST_WH = 1000;

export interface CounterInput {
  /** Rising in time, one an instant, fixes of kind `ignore` and `scale` applied. */
  samples: readonly CounterSample[];
  resolutionWh: number;
  events: CounterEvent[];
}

/**
 * Puts samples in order. Samples that are in order already, as nearly all are, are not copied. The same value for an
 * instant counts once; of two values for an instant the first given is kept and the other is an event for review.
 */
export function prepareSamples(given: readonly CounterSample[], options: CounterOptions): CounterInput {
  const events: CounterEvent[] = [];
  let samples = isInOrder(given) ? given : inOrder(given, events);
  for (const fix of options.fixes ?? []) samples = fixed(samples, fix, events);
  return { samples, resolutionWh: options.resolutionWh ?? resolutionOf(samples), events };
}

function isInOrder(samples: readonly CounterSample[]): boolean {
  let lastMs = -Infinity;
  for (const { atMs, totalWh } of samples) {
    if (atMs <= lastMs || !isReading(totalWh)) return false;
    lastMs = atMs;
  }
  return true;
}

function isReading(totalWh: number): boolean {
  return Number.isFinite(totalWh) && totalWh >= 0;
}

function inOrder(given: readonly CounterSample[], events: CounterEvent[]): CounterSample[] {
  const samples: CounterSample[] = [];
  const sorted = given.filter(({ totalWh }) => isReading(totalWh)).toSorted((a, b) => a.atMs - b.atMs);
  for (const sample of sorted) {
    const last = samples.at(-1);
    if (last?.atMs !== sample.atMs) samples.push(sample);
    else if (last.totalWh !== sample.totalWh)
      events.push({
        kind: 'implausible_step',
        atMs: sample.atMs,
        fromWh: last.totalWh,
        toWh: sample.totalWh,
        energyWh: 0,
        decided: false,
      });
  }
  return samples;
}

function fixed(
  samples: readonly CounterSample[],
  fix: CounterFix,
  events: CounterEvent[],
): readonly CounterSample[] {
  switch (fix.kind) {
    case 'ignore':
      return samples.filter(({ atMs }) => atMs < fix.fromMs || atMs > fix.toMs);
    case 'scale':
      return scaled(samples, fix, events);
    case 'reset':
    case 'rebase':
      return samples;
  }
}

function scaled(
  samples: readonly CounterSample[],
  fix: Extract<CounterFix, { kind: 'scale' }>,
  events: CounterEvent[],
): CounterSample[] {
  const endMs = fix.toMs ?? Infinity;
  const first = samples.find(({ atMs }) => atMs >= fix.fromMs && atMs < endMs);
  const inScale = (totalWh: number) => Math.round((totalWh * fix.multiply) / fix.divide);
  if (first)
    events.push({
      kind: 'scale_change',
      atMs: first.atMs,
      fromWh: first.totalWh,
      toWh: inScale(first.totalWh),
      energyWh: 0,
      decided: true,
    });
  return samples.map((sample) =>
    sample.atMs >= fix.fromMs && sample.atMs < endMs
      ? { ...sample, totalWh: inScale(sample.totalWh) }
      : sample,
  );
}

function resolutionOf(samples: readonly CounterSample[]): number {
  let resolutionWh = COARSEST_WH;
  for (const { totalWh } of samples)
    while (resolutionWh > 1 && totalWh % resolutionWh !== 0) resolutionWh /= 10;
  return resolutionWh;
}
