import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { runFuzz, SLOW_LIMIT_MS } from './fuzz.ts';

/** Fixed, so that a failure comes again; `npm run fuzz` takes others, and a million payloads. */
const SEED = 11;
const COUNT = 20_000;
const HEAP_GROWTH_MAX_MB = 200;

/** Not every runner of the tests passes `--expose-gc` on. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this Node does not let garbage be collected on demand');
  return () => void collect();
}

describe('fuzz', () => {
  it('each of 20,000 hostile payloads has one outcome, and none throws, hangs or stays in memory', () => {
    const report = runFuzz({ seed: SEED, count: COUNT, collect: collector() });
    expect(report, `seed ${SEED}`).toMatchObject({ faults: 0, examples: [] });
    expect(Object.values(report.outcomes).reduce((sum, times) => sum + times, 0)).toBe(COUNT);
    expect(report.slowestMs).toBeLessThan(SLOW_LIMIT_MS);
    expect(report.heapGrowthMb).toBeLessThan(HEAP_GROWTH_MAX_MB);
    // A fuzz that only ever meets the first check of a decoder would find nothing behind it.
    expect(report.outcomes['reading'] ?? 0).toBeGreaterThan(COUNT / 20);
  });
});
