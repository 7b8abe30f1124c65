import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion, apportionAtLeast } from './apportion.ts';

describe('apportion', () => {
  it('sums to the total and keeps every part within one of its exact share', () => {
    const weights = fc
      .array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 40 })
      .filter((list) => list.some((weight) => weight > 0n));
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), weights, (total, list) => {
        const parts = apportion(total, list);
        const weightSum = list.reduce((sum, weight) => sum + weight, 0n);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(total);
        parts.forEach((part, index) => {
          const floor = (total * (list[index] ?? 0n)) / weightSum;
          expect(part === floor || part === floor + 1n).toBe(true);
        });
      }),
    );
  });

  it('gives the odd unit to the largest remainder, and to the earlier part in a tie', () => {
    expect(apportion(10n, [1n, 2n, 4n])).toEqual([1n, 3n, 6n]);
    expect(apportion(1n, [1n, 1n])).toEqual([1n, 0n]);
  });

  it('refuses weights that are nothing in sum or negative', () => {
    expect(() => apportion(1n, [0n, 0n])).toThrow(RangeError);
    expect(() => apportion(1n, [2n, -1n])).toThrow(RangeError);
  });

  it('keeps the least of every part', () => {
    expect(apportionAtLeast(10, [1000, 1, 1], 2)).toEqual([6, 2, 2]);
  });
});
