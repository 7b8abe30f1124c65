import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainPeriods, type Period } from './periods.ts';

const open = (from: string): Period => ({ from, to: null });

describe('chainPeriods', () => {
  it('closes the open version that a later one follows', () => {
    const chained = chainPeriods([open('2019-01-01')], [open('2022-01-01')]);
    expect(chained.closed).toEqual([{ from: '2019-01-01', to: '2022-01-01' }]);
    expect(chained.ends).toEqual(new Map([['2022-01-01', null]]));
    expect(chained.problems).toEqual([]);
  });

  it('ends a version of the past where the stored one begins', () => {
    const chained = chainPeriods([open('2022-01-01')], [open('2019-01-01')]);
    expect(chained.ends.get('2019-01-01')).toBe('2022-01-01');
    expect(chained.closed).toEqual([]);
  });

  it.each([
    ['an overlap', { from: '2019-01-01', to: '2022-06-01' }, open('2022-01-01'), 'import.period_overlap'],
    ['a gap', { from: '2019-01-01', to: '2021-06-01' }, open('2022-01-01'), 'import.period_gap'],
  ])('finds %s', (_name, stored, incoming, code) => {
    expect(chainPeriods([stored], [incoming]).problems).toEqual([{ from: '2022-01-01', code }]);
  });

  it('refuses an end that is not after the beginning', () => {
    const { problems } = chainPeriods([], [{ from: '2022-01-01', to: '2022-01-01' }]);
    expect(problems).toEqual([{ from: '2022-01-01', code: 'import.bad_period' }]);
  });

  it('lets exactly one version hold on every date from the first on', () => {
    const years = fc.uniqueArray(fc.integer({ min: 2000, max: 2060 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(years, fc.integer({ min: 0, max: 8 }), (list, cut) => {
        const sorted = [...list].sort((a, b) => a - b).map((year) => `${year}-01-01`);
        const stored = sorted
          .slice(0, cut)
          .map((from, index, all): Period => ({ from, to: all[index + 1] ?? null }));
        const { ends, closed, problems } = chainPeriods(stored, sorted.slice(cut).map(open));
        expect(problems).toEqual([]);
        const held = [
          ...stored.map(({ from, to }) => ({
            from,
            to: to ?? closed.find((end) => end.from === from)?.to ?? null,
          })),
          ...[...ends].map(([from, to]) => ({ from, to })),
        ];
        expect(held.map(({ to }) => to)).toEqual([...sorted.slice(1), null]);
      }),
    );
  });
});
