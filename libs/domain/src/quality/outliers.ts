import {
  LONE_CALM,
  LONE_INTERVAL_MS,
  LONE_NEIGHBOURS,
  LONE_STEP,
  OUTLIER_CAP,
  OUTLIER_FLOOR,
} from './quality-limits.ts';
import type { PowerPoint, QualityFlag, QualityOptions } from './quality-types.ts';

export interface KnownPoint {
  atMs: number;
  powerW: number;
  isLimited: boolean;
}

/** A power that no inverter of this size has: above 1.2 of rated or below -5 % of it (domain.md 3.2). */
export function isImpossiblePower(powerW: number, ratedPowerW: number): boolean {
  return powerW > ratedPowerW * OUTLIER_CAP || powerW < ratedPowerW * OUTLIER_FLOOR;
}

/**
 * Values that cannot be, those that were taken out on receipt as such, and single values that stand out where the
 * series is calm. Points in order of time.
 */
export function findOutliers(
  points: readonly PowerPoint[],
  options: Pick<QualityOptions, 'ratedPowerW' | 'intervalMs'>,
): QualityFlag[] {
  const { ratedPowerW } = options;
  const impossible = points.filter(
    ({ powerW, isRejected }) => isRejected || (powerW !== null && isImpossiblePower(powerW, ratedPowerW)),
  );
  const flags = impossible.map(({ atMs }) => flagAt(atMs));
  if (options.intervalMs < LONE_INTERVAL_MS) return flags;
  const known = believable(points, ratedPowerW);
  for (const [index, { atMs }] of known.entries())
    if (standsAlone(known, index, options)) flags.push(flagAt(atMs));
  return flags.sort((a, b) => a.fromMs - b.fromMs);
}

/** Points with a power that can be. */
export function believable(points: readonly PowerPoint[], ratedPowerW: number): KnownPoint[] {
  return points.flatMap(({ atMs, powerW, isLimited = false }) =>
    powerW === null || isImpossiblePower(powerW, ratedPowerW) ? [] : [{ atMs, powerW, isLimited }],
  );
}

const flagAt = (atMs: number): QualityFlag => ({ kind: 'outlier', fromMs: atMs, toMs: atMs, count: 1 });

/**
 * Hampel's idea on second differences: far from the middle of its neighbours, where all values around it are close to
 * theirs. A median, as Hampel has it, calls every passing cloud an outlier. Only with both neighbours near: what
 * happened in a gap is not known.
 */
function standsAlone(
  known: readonly KnownPoint[],
  index: number,
  { ratedPowerW, intervalMs }: Pick<QualityOptions, 'ratedPowerW' | 'intervalMs'>,
): boolean {
  const deviationW = bend(known, index, intervalMs);
  if (deviationW === null || Math.abs(deviationW) < LONE_STEP * ratedPowerW) return false;
  const around: number[] = [];
  for (let other = index - LONE_NEIGHBOURS; other <= index + LONE_NEIGHBOURS; other += 1) {
    // The values beside it are bent by it.
    if (Math.abs(other - index) <= 1) continue;
    const bendW = bend(known, other, intervalMs);
    if (bendW !== null) around.push(Math.abs(bendW));
  }
  return around.length >= LONE_NEIGHBOURS && Math.max(...around) <= LONE_CALM * ratedPowerW;
}

/** Distance of a value from the middle of its neighbours; null where those are not one interval away. */
function bend(known: readonly KnownPoint[], index: number, intervalMs: number): number | null {
  const before = known[index - 1];
  const point = known[index];
  const after = known[index + 1];
  if (!before || !point || !after) return null;
  if (after.atMs - before.atMs > 3 * intervalMs) return null;
  return point.powerW - (before.powerW + after.powerW) / 2;
}
