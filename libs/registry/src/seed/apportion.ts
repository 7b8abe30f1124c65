/** Weights are made whole by this factor: finer than any difference that matters to an invented fleet. */
const WEIGHT_SCALE = 1_000_000;

/**
 * Splits a whole total by whole weights with the largest remainder; ties go to the earlier part. The parts always
 * sum to the total. Exact at any size.
 * @throws RangeError where the weights are not positive in sum, or one is negative.
 */
export function apportion(total: bigint, weights: readonly bigint[]): bigint[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weightSum <= 0n || weights.some((weight) => weight < 0n))
    throw new RangeError('weights must be positive');
  const parts = weights.map((weight) => (total * weight) / weightSum);
  const missing = Number(total - parts.reduce((sum, part) => sum + part, 0n));
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (total * weight) % weightSum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
    .slice(0, missing);
  const favoured = new Set(byRemainder.map(({ index }) => index));
  return parts.map((part, index) => (favoured.has(index) ? part + 1n : part));
}

/** The same for counts that fit a number, by weights of any size. */
export function apportionCount(total: number, weights: readonly number[]): number[] {
  const whole = weights.map((weight) => BigInt(Math.round(weight * WEIGHT_SCALE)));
  return apportion(BigInt(total), whole).map(Number);
}

/** The same where every part gets at least `least`. */
export function apportionAtLeast(total: number, weights: readonly number[], least: number): number[] {
  return apportionCount(total - least * weights.length, weights).map((count) => count + least);
}
