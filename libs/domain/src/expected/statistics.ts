/** A value and how much it counts; weights are positive and need not add up to 1. */
export interface Weighted {
  value: number;
  weight: number;
}

/** Factor that makes the median absolute deviation of a normal distribution its standard deviation. */
export const MAD_TO_SIGMA = 1.4826;

/** Quantile `share` (0 to 1) by linear interpolation between order statistics; null of no values. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const position = Math.max(0, Math.min(1, share)) * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = sorted[below] ?? 0;
  const upper = sorted[below + 1] ?? lower;
  return lower + (upper - lower) * (position - below);
}

/**
 * Weighted median: half of the weight lies on each side. Where the half falls exactly between two values it is their
 * mean, so that it does not depend on the order of the values. Null of no weight.
 */
export function weightedMedian(items: readonly Weighted[]): number | null {
  const sorted = items.filter(({ weight }) => weight > 0).sort((one, other) => one.value - other.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  // Sums of the same weights in another order differ in the last bits.
  const tolerance = half * 1e-9;
  let sum = 0;
  for (const [index, { value, weight }] of sorted.entries()) {
    sum += weight;
    if (Math.abs(sum - half) <= tolerance) return (value + (sorted[index + 1]?.value ?? value)) / 2;
    if (sum > half) return value;
  }
  return null;
}

/** Robust standard deviation about `centre`: 1.4826 times the weighted median of the distances. Null of no weight. */
export function robustSigma(items: readonly Weighted[], centre: number): number | null {
  const distance = weightedMedian(
    items.map(({ value, weight }) => ({ value: Math.abs(value - centre), weight })),
  );
  return distance === null ? null : distance * MAD_TO_SIGMA;
}

/** Slope by Theil and Sen: the median of the slopes of all pairs, per unit of x. Null of fewer than two different x. */
export function theilSenSlope(points: readonly { x: number; y: number }[]): number | null {
  const slopes: number[] = [];
  points.forEach((one, index) => {
    for (let next = index + 1; next < points.length; next += 1) {
      const other = points[next];
      if (other && other.x !== one.x) slopes.push((other.y - one.y) / (other.x - one.x));
    }
  });
  return quantile(slopes, 0.5);
}

/** A number between two limits. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));
