/** A sample of a series; null is a gap. */
export interface SeriesPoint {
  atMs: number;
  value: number | null;
}

/** The smallest stretch that is worth thinning out: its ends and extremes are four points. */
const SMALLEST_STRETCH = 5;
const GROWTH = 1.25;
/** Lowest, highest and a gap: what a stretch keeps that may reach over gaps. */
const POINTS_OF_COARSE_STRETCH = 3;

/**
 * Thins a series in order of time out to at most `max` points. Of each stretch it keeps the first, the lowest, the
 * highest and the last sample, so no peak is lost and no value is made up. A stretch never reaches over a gap, and of
 * each gap one null is kept, so a gap stays one; only where there are more gaps than points, gaps beside each other
 * become one. Pure.
 * @throws RangeError where `max` is below 8
 */
export function downSample(points: readonly SeriesPoint[], max: number): SeriesPoint[] {
  if (max < 8) throw new RangeError(`a series needs at least 8 points, not ${max}`);
  const runs = runsOf(points);
  const whole = runs.flat();
  if (whole.length <= max) return whole;
  for (let size = SMALLEST_STRETCH; size <= 2 * whole.length; size = Math.ceil(size * GROWTH)) {
    const thinned = runs.flatMap((run) => stretches(run, size).flatMap((stretch) => ends(stretch)));
    if (thinned.length <= max) return thinned;
  }
  const size = Math.ceil(whole.length / Math.floor(max / POINTS_OF_COARSE_STRETCH));
  return stretches(whole, size).flatMap((stretch) => coarse(stretch));
}

/** Known samples that follow each other, with the null that ends them; of nulls in a row only the first is left. */
function runsOf(points: readonly SeriesPoint[]): SeriesPoint[][] {
  const runs: SeriesPoint[][] = [];
  let run: SeriesPoint[] = [];
  let isInGap = false;
  for (const point of points) {
    if (point.value === null && isInGap) continue;
    run.push(point);
    isInGap = point.value === null;
    if (!isInGap) continue;
    runs.push(run);
    run = [];
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function stretches(points: readonly SeriesPoint[], size: number): SeriesPoint[][] {
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size),
  );
}

const valueOf = ({ value }: SeriesPoint) => value ?? 0;

function lowAndHigh(known: readonly SeriesPoint[]): (SeriesPoint | undefined)[] {
  const [first] = known;
  if (first === undefined) return [];
  return [
    known.reduce((best, point) => (valueOf(point) < valueOf(best) ? point : best), first),
    known.reduce((best, point) => (valueOf(point) > valueOf(best) ? point : best), first),
  ];
}

const isKnown = ({ value }: SeriesPoint) => value !== null;

/** Ends and extremes of the known samples, and the gap that ends the stretch, in order of time. */
function ends(stretch: readonly SeriesPoint[]): SeriesPoint[] {
  const known = stretch.filter(isKnown);
  const keep = new Set([known[0], known.at(-1), ...lowAndHigh(known)]);
  return stretch.filter((point) => point.value === null || keep.has(point));
}

/** Extremes and the first gap of a stretch that may reach over gaps. */
function coarse(stretch: readonly SeriesPoint[]): SeriesPoint[] {
  const keep = new Set([...lowAndHigh(stretch.filter(isKnown)), stretch.find(({ value }) => value === null)]);
  return stretch.filter((point) => keep.has(point));
}
