import { mayCatchUp, type CounterEvent, type CounterFix, type CounterSample } from '#domain';
import type { Span } from './device-readings.ts';

/** What is known of a counter by the readings of a window around a span. */
export interface StillQuestion {
  counter: { events: readonly CounterEvent[] };
  ratedPowerW: number;
  /** In order of time, with the nearest few on each side of the window. */
  samples: readonly CounterSample[];
  span: Span;
  window: Span;
  fixes: readonly CounterFix[];
}

/**
 * True where a counter stands still in the span, up to an edge of the readings at hand, and in a way that readings
 * beyond it decide: power says output, or the step at its end is more than what was seen explains. Every night is a
 * counter that stands still across the edge of a day, and must not answer true. Pure.
 */
export function standsStillAcross(question: StillQuestion): boolean {
  return isOpenAtBegin(question) || isOpenAtEnd(question);
}

function isOpenAtBegin(question: StillQuestion): boolean {
  const { counter, ratedPowerW, samples, span, window, fixes } = question;
  const [first] = samples;
  if (!first || first.atMs >= window.from.getTime()) return false;
  const end = samples.findIndex(({ totalWh }) => totalWh !== first.totalWh);
  const next = samples[end];
  if (!next)
    // The whole window: with some output it may be part of a longer spell, of which a reading beyond shows the end.
    return (
      isFrozen(counter, first) ||
      (hasOutput(samples) && samples.some(({ atMs }) => atMs >= span.to.getTime()))
    );
  if (next.atMs <= span.from.getTime()) return false;
  const last = samples[end - 1] ?? first;
  const isSigned = (fix: CounterFix) =>
    fix.kind === 'rebase' && fix.atMs > last.atMs && fix.atMs <= next.atMs;
  return (
    isFrozen(counter, first) || mayCatchUp(next.totalWh - last.totalWh, ratedPowerW) || fixes.some(isSigned)
  );
}

function isOpenAtEnd({ counter, samples, span, window }: StillQuestion): boolean {
  const last = samples.at(-1);
  // Without readings beyond the window there is nothing more to find.
  if (!last || last.atMs < window.to.getTime()) return false;
  const begin = samples[samples.findLastIndex(({ totalWh }) => totalWh !== last.totalWh) + 1];
  return begin !== undefined && begin.atMs < span.to.getTime() && isFrozen(counter, begin);
}

const isFrozen = ({ events }: StillQuestion['counter'], { atMs }: CounterSample) =>
  events.some((event) => event.kind === 'frozen' && event.atMs === atMs);

const hasOutput = (samples: readonly CounterSample[]) =>
  samples.some(({ activePowerW }) => (activePowerW ?? 0) > 0);
