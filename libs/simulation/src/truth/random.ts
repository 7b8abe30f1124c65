/**
 * Randomness without state: a number is a hash of a key and of what it is for, so every value can be had in any order
 * and at any start. Only integer arithmetic and plain products are used: the same bytes on every machine.
 */
const GOLDEN = 0x9e3779b1;
const TURNS_PER_UNIT = 4_294_967_296;

/** Key of a stream of randomness, from the seed and the names of what it is for. */
export function keyOf(seed: number, ...names: readonly string[]): number {
  let key = mix(seed | 0, 0x51_ed);
  for (const name of names) {
    for (let index = 0; index < name.length; index += 1) {
      key = Math.imul(key ^ name.charCodeAt(index), 0x01000193);
    }
    key = mix(key, name.length);
  }
  return key;
}

/** A 32-bit number, 0 to 2^32 - 1, from a key and two whole numbers. */
function mix(key: number, first: number, second = 0): number {
  let hash = key ^ Math.imul(first + 1, GOLDEN);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= Math.imul(second + 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A number in [0, 1). */
export function unit(key: number, first: number, second = 0): number {
  return mix(key, first, second) / TURNS_PER_UNIT;
}

/** A number with mean 0 and deviation 1, nearly normal and within 3.5 of 0: the sum of four even ones. */
export function bell(key: number, first: number): number {
  const sum = unit(key, first, 1) + unit(key, first, 2) + unit(key, first, 3) + unit(key, first, 4);
  return (sum - 2) * Math.sqrt(3);
}

/** A smooth curve through random values at whole numbers, in [-1, 1]. */
export function smoothNoise(key: number, position: number): number {
  const whole = Math.floor(position);
  const rest = position - whole;
  const from = unit(key, whole) * 2 - 1;
  const to = unit(key, whole + 1) * 2 - 1;
  return from + (to - from) * rest * rest * (3 - 2 * rest);
}
