/** Random numbers that depend on nothing but a seed and a name. Never used for money. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** Roughly normal around 0, within -1 and 1: mean of three uniforms, since `Math.log` may differ by engine. */
  bell(): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One element. @throws RangeError where the list is empty. */
  pick<T>(list: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(list: readonly T[]): T[];
}

/**
 * A stream of its own for every name, so that one thing more, or one number more drawn for it, moves nothing else.
 * The hash is FNV-1a with a final mix, the generator is sfc32; both are exact in 32-bit arithmetic on every machine.
 */
export function randomFor(seed: number, ...names: (string | number)[]): Random {
  return randomOf(sfc32(hash32(`${seed}/${names.join('/')}`)));
}

function randomOf(next: () => number): Random {
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    integer,
    bell: () => ((next() + next() + next()) * 2) / 3 - 1,
    chance: (probability) => next() < probability,
    pick(list) {
      const picked = list[integer(0, list.length - 1)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    shuffle: (list) =>
      list
        .map((item) => ({ item, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ item }) => item),
  };
}

function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Rounds after which sfc32 has forgotten how it was seeded. */
const WARM_UP_ROUNDS = 12;

function sfc32(seed: number): () => number {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) next();
  return next;
}
