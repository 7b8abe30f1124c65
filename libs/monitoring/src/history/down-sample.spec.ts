import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downSample, type SeriesPoint } from './down-sample.ts';

const series = (values: readonly (number | null)[]): SeriesPoint[] =>
  values.map((value, index) => ({ atMs: index * 300_000, value }));
const known = (points: readonly SeriesPoint[]) => points.flatMap(({ value }) => value ?? []);
/** How many separate gaps a series has. */
const gapsOf = (points: readonly SeriesPoint[]) =>
  points.filter(({ value }, index) => value === null && points[index - 1]?.value !== null).length;

const value = fc.option(fc.integer({ min: -1000, max: 60_000 }), { nil: null, freq: 40 });
const values = fc.array(value, { maxLength: 3000, size: 'max' });

describe('thinning out a series', () => {
  it('leaves a series that fits as it is, but for what repeats a gap', () => {
    const points = series([1, null, null, 3]);
    expect(downSample(points, 8)).toEqual([points[0], points[1], points[3]]);
  });

  it('keeps a peak of one sample among thousands', () => {
    const points = series(Array.from({ length: 9000 }, (_, index) => (index === 4321 ? 99_999 : index % 7)));
    const thinned = downSample(points, 1500);
    expect(thinned.length).toBeLessThanOrEqual(1500);
    expect(thinned).toContainEqual({ atMs: 4321 * 300_000, value: 99_999 });
  });

  it('keeps highest and lowest, invents nothing, keeps the order and never gives more than asked for', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 8, max: 1500 }), (input, max) => {
        const points = series(input);
        const thinned = downSample(points, max);
        expect(thinned.length).toBeLessThanOrEqual(max);
        const given = new Set(points);
        expect(thinned.every((point) => given.has(point))).toBe(true);
        expect(
          thinned.every(({ atMs }, index) => index === 0 || atMs > (thinned[index - 1]?.atMs ?? 0)),
        ).toBe(true);
        const [before, after] = [known(points), known(thinned)];
        expect(Math.max(...after)).toBe(Math.max(...before));
        expect(Math.min(...after)).toBe(Math.min(...before));
      }),
    );
  });

  it('keeps every gap while there are fewer of them than points', () => {
    fc.assert(
      fc.property(values, (input) => {
        const points = series(input);
        fc.pre(gapsOf(points) * 5 < 1000);
        expect(gapsOf(downSample(points, 1000))).toBe(gapsOf(points));
      }),
    );
  });

  it('keeps the highest of every stretch of the day, not only of the whole', () => {
    const points = series(Array.from({ length: 8928 }, (_, index) => Math.abs(Math.sin(index)) * 1000));
    const thinned = downSample(points, 1500);
    for (let from = 0; from + 72 <= points.length; from += 72) {
      const to = points[from + 71]?.atMs ?? 0;
      const highest = Math.max(...known(points.slice(from, from + 72)));
      const kept = known(thinned.filter(({ atMs }) => atMs >= from * 300_000 && atMs <= to));
      expect(Math.max(...kept)).toBeGreaterThan(highest * 0.98);
    }
  });
});
