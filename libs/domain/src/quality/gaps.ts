import { GAP_INTERVALS } from './quality-limits.ts';
import type { PowerPoint, QualityFlag, QualityOptions } from './quality-types.ts';
import { medianOf } from './runs.ts';

/** Intervals at which devices report (domain.md 3.4 and the series at hand). */
const KNOWN_INTERVALS_MS = [1, 5, 10, 15, 30, 60].map((minutes) => minutes * 60_000);

/**
 * The interval at which a series comes: the known one that is nearest to the median distance of its points. Null of
 * fewer than three points.
 */
export function reportIntervalMs(points: readonly { atMs: number }[]): number | null {
  const distances = points.slice(1).map(({ atMs }, index) => atMs - (points[index]?.atMs ?? atMs));
  const medianMs = distances.length < 2 ? undefined : medianOf(distances);
  if (medianMs === undefined || medianMs <= 0) return null;
  const off = (knownMs: number) => Math.abs(Math.log(knownMs / medianMs));
  return KNOWN_INTERVALS_MS.reduce((best, knownMs) => (off(knownMs) < off(best) ? knownMs : best));
}

/**
 * Spells without a value that hold three missing values or more in daylight, cut to the span. Before the first and
 * after the last point the span's ends count. A value that was rejected did come, and so did a counter without power.
 */
export function findGaps(points: readonly PowerPoint[], options: QualityOptions): QualityFlag[] {
  const { intervalMs, fromMs, toMs, daylight } = options;
  const came = points.filter(
    ({ powerW, isRejected, hasCounter }) => powerW !== null || isRejected || hasCounter,
  );
  const edges = [
    // Beside the span the next value would have been due an interval away.
    fromMs - intervalMs,
    ...came.flatMap(({ atMs }) => (atMs >= fromMs && atMs < toMs ? [atMs] : [])),
    toMs,
  ];
  const flags: QualityFlag[] = [];
  for (const [index, endMs] of edges.entries()) {
    const beginMs = edges[index - 1];
    if (beginMs === undefined || endMs - beginMs <= GAP_INTERVALS * intervalMs) continue;
    const missing = missingInstants(beginMs, endMs, intervalMs).filter(daylight);
    const [firstMs] = missing;
    const lastMs = missing.at(-1);
    if (firstMs === undefined || lastMs === undefined || missing.length < GAP_INTERVALS) continue;
    flags.push({ kind: 'gap', fromMs: firstMs, toMs: lastMs, count: missing.length });
  }
  return flags;
}

function missingInstants(beginMs: number, endMs: number, intervalMs: number): number[] {
  const instants: number[] = [];
  // A value may be late by half an interval without one missing before it.
  for (let atMs = beginMs + intervalMs; atMs <= endMs - intervalMs / 2; atMs += intervalMs)
    instants.push(atMs);
  return instants;
}
