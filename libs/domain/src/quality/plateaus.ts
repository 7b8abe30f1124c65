import type { KnownPoint } from './outliers.ts';
import {
  COARSE_STEP,
  GAP_INTERVALS,
  LIMIT_SHARE,
  LINE_COUNT,
  LINE_TOLERANCE_W,
  PLATEAU_COUNT,
  PLATEAU_SPAN_MS,
  PLATEAU_SPREAD,
  STALE_COUNT,
  STALE_FLOOR,
  STALE_SPAN_COARSE_MS,
  STALE_SPAN_MS,
} from './quality-limits.ts';
import type { QualityFlag, QualityKind, QualityOptions } from './quality-types.ts';
import { runsOf, type Run } from './runs.ts';

/**
 * Series that stand still or run on a ruler. Believable points in order of time.
 *
 * Equal values are `stale`, at whatever hour: a frozen value goes on at night. At the limit of the inverter, or where
 * the device says that it is limited, they are `clipped`. Near zero they are nothing.
 */
export function findPlateaus(points: readonly KnownPoint[], scale: SeriesScale): QualityFlag[] {
  const stale = staleRuns(points, scale);
  const stalePoints = new Set(stale.flatMap(({ first, last }) => points.slice(first, last + 1)));
  const free = points.filter((point) => !stalePoints.has(point));
  return [
    ...stale.map((run) => flagOf('stale', points, run)),
    ...clippedRuns(free, scale).map((run) => flagOf('clipped', free, run)),
    ...lines(free, scale).map((run) => flagOf('interpolated', free, run)),
  ].sort((a, b) => a.fromMs - b.fromMs);
}

type SeriesScale = Pick<QualityOptions, 'ratedPowerW' | 'intervalMs'>;

/** Over a gap nothing goes on. */
const isNext = (point: KnownPoint, last: KnownPoint | undefined, intervalMs: number) =>
  last !== undefined && point.atMs - last.atMs <= GAP_INTERVALS * intervalMs;

function flagOf(kind: QualityKind, points: readonly KnownPoint[], { first, last }: Run): QualityFlag {
  return {
    kind,
    fromMs: points[first]?.atMs ?? 0,
    toMs: points[last]?.atMs ?? 0,
    count: last - first + 1,
  };
}

const spanMs = (points: readonly KnownPoint[], { first, last }: Run) =>
  (points[last]?.atMs ?? 0) - (points[first]?.atMs ?? 0);
const length = ({ first, last }: Run) => last - first + 1;
const isAtLimit = ({ powerW, isLimited }: KnownPoint, ratedPowerW: number) =>
  isLimited || powerW >= LIMIT_SHARE * ratedPowerW;

function staleRuns(points: readonly KnownPoint[], { ratedPowerW, intervalMs }: SeriesScale): Run[] {
  const isCoarse = resolutionW(points) > COARSE_STEP * ratedPowerW;
  const leastSpanMs = isCoarse ? STALE_SPAN_COARSE_MS : STALE_SPAN_MS;
  const runs = runsOf(
    points,
    (next, { last }) => next.powerW === points[last]?.powerW && isNext(next, points[last], intervalMs),
  );
  return runs.filter((run) => {
    const point = points[run.first];
    if (!point || point.powerW < STALE_FLOOR * ratedPowerW || isAtLimit(point, ratedPowerW)) return false;
    return length(run) >= STALE_COUNT && spanMs(points, run) >= leastSpanMs;
  });
}

/** The smallest change of the series: an upper bound of the step in which the device counts power. */
function resolutionW(points: readonly KnownPoint[]): number {
  let leastW = Infinity;
  let last: number | undefined;
  for (const { powerW } of points) {
    if (last !== undefined && powerW !== last) leastW = Math.min(leastW, Math.abs(powerW - last));
    last = powerW;
  }
  return Number.isFinite(leastW) ? leastW : 0;
}

function clippedRuns(points: readonly KnownPoint[], { ratedPowerW, intervalMs }: SeriesScale): Run[] {
  const spreadW = PLATEAU_SPREAD * ratedPowerW;
  let lowestW = 0;
  let highestW = 0;
  const runs = runsOf(points, (next, { first, last }) => {
    const before = points[last];
    if (!before || !isNext(next, before, intervalMs)) return false;
    if (!isAtLimit(next, ratedPowerW) || !isAtLimit(before, ratedPowerW)) return false;
    if (first === last) lowestW = highestW = before.powerW;
    const [low, high] = [Math.min(lowestW, next.powerW), Math.max(highestW, next.powerW)];
    if (high - low > spreadW) return false;
    lowestW = low;
    highestW = high;
    return true;
  });
  return runs.filter((run) => {
    const point = points[run.first];
    if (!point || !isAtLimit(point, ratedPowerW) || point.powerW < STALE_FLOOR * ratedPowerW) return false;
    return length(run) >= PLATEAU_COUNT && spanMs(points, run) >= PLATEAU_SPAN_MS;
  });
}

/** Values with one and the same step that is not zero, without the two between which the line was drawn. */
function lines(points: readonly KnownPoint[], { intervalMs }: SeriesScale): Run[] {
  const runs = runsOf(points, (next, { first, last }) => {
    const [start, end] = [points[first], points[last]];
    if (!start || !end || !isNext(next, end, intervalMs)) return false;
    if (first === last) return Math.abs(next.powerW - end.powerW) > LINE_TOLERANCE_W;
    const stepW = (end.powerW - start.powerW) / (last - first);
    const slopeWPerMs = (end.powerW - start.powerW) / (end.atMs - start.atMs);
    const dueW = end.powerW + slopeWPerMs * (next.atMs - end.atMs);
    return Math.abs(stepW) > LINE_TOLERANCE_W && Math.abs(next.powerW - dueW) <= LINE_TOLERANCE_W;
  });
  return runs
    .filter((run) => length(run) >= LINE_COUNT && spanMs(points, run) >= STALE_SPAN_MS)
    .map(({ first, last }) => ({ first: first + 1, last: last - 1 }));
}
