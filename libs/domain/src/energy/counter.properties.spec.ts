import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, dayStartMs } from '../time/shanghai.ts';
import { counterEnergy, type CounterOptions, type CounterSample } from './counter.ts';
import { dayEnergy } from './day-energy.ts';

const start = dayStartMs('2025-06-01') + 36_000_000;
const INTERVAL_MS = 300_000;
/** 6 kWh in five minutes. */
const options: CounterOptions = { ratedPowerW: 60_000, resolutionWh: 1 };
const sumOf = (samples: readonly CounterSample[], more: Partial<CounterOptions> = {}) =>
  counterEnergy(samples, { ...options, ...more }).steps.reduce((sum, { energyWh }) => sum + energyWh, 0);
const counting = (rises: readonly number[], fromWh = 10_000_000): CounterSample[] => {
  let totalWh = fromWh;
  return rises.map((rise, index) => ({ atMs: start + index * INTERVAL_MS, totalWh: (totalWh += rise) }));
};
const rises = (minLength = 2, min = 0) =>
  fc.array(fc.integer({ min, max: 6000 }), { minLength, maxLength: 80 });
const differenceOfEnds = (samples: readonly CounterSample[]) =>
  (samples.at(-1)?.totalWh ?? 0) - (samples[0]?.totalWh ?? 0);

describe('energy of any counter', () => {
  it('is the difference of the ends where the counter only rises', () => {
    fc.assert(
      fc.property(rises(), (each) => {
        const samples = counting(each);
        expect(sumOf(samples)).toBe(differenceOfEnds(samples));
      }),
    );
  });

  it('does not depend on the order or the repetition of samples', () => {
    const anything = fc.array(fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.nat(2 ** 32)), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(anything, fc.infiniteStream(fc.nat()), (totals, random) => {
        const samples = totals.map((totalWh, index) => ({ atMs: start + index * INTERVAL_MS, totalWh }));
        const mixed = [...samples, ...samples.filter((_, index) => index % 3 === 0)]
          .map((sample) => ({ sample, key: random.next().value }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ sample }) => sample);
        expect(counterEnergy(mixed, options)).toEqual(counterEnergy(samples, options));
      }),
    );
  });

  it('never adds energy for glitches that return', () => {
    const marker = fc.constantFrom(0, 1, 500, 65_535_000, 6_553_500_000, 2 ** 32 - 1);
    fc.assert(
      fc.property(
        rises(6),
        fc.array(fc.tuple(fc.nat(78), fc.integer({ min: 1, max: 4 }), marker), { maxLength: 5 }),
        (each, spells) => {
          const clean = counting(each);
          const dirty = clean.map((sample, index) => {
            const isEdge = index === 0 || index === clean.length - 1;
            const spell = spells.find(([from, length]) => index > from && index <= from + length);
            return spell && !isEdge ? { ...sample, totalWh: spell[2] } : sample;
          });
          expect(sumOf(dirty)).toBe(sumOf(clean));
        },
      ),
    );
  });

  it('books no more than was made, however many readings are wrong', () => {
    const wrong = fc.option(
      fc.oneof(fc.integer({ min: 0, max: 9_000_000 }), fc.integer({ min: 12_000_000 })),
      {
        freq: 2,
      },
    );
    fc.assert(
      fc.property(rises(6), fc.array(wrong, { minLength: 80, maxLength: 80 }), (each, wrongs) => {
        const clean = counting(each);
        const dirty = clean.map((sample, index) => ({
          ...sample,
          totalWh: (index === 0 ? null : wrongs[index]) ?? sample.totalWh,
        }));
        expect(sumOf(dirty)).toBeLessThanOrEqual(differenceOfEnds(clean));
      }),
    );
  });

  it('books for a restart at any point no more than the new counter shows', () => {
    fc.assert(
      fc.property(rises(), rises(3, 1), (before, after) => {
        const old = counting(before);
        const fresh = counting(after, 0).map(({ atMs, totalWh }) => ({
          atMs: atMs + old.length * INTERVAL_MS,
          totalWh,
        }));
        const result = counterEnergy([...old, ...fresh], options);
        const energyWh = result.steps.reduce((sum, step) => sum + step.energyWh, 0);
        expect(energyWh).toBe(differenceOfEnds(old) + (fresh.at(-1)?.totalWh ?? 0));
        expect(result.events).toMatchObject([{ kind: 'reset', decided: true }]);
      }),
    );
  });

  it('goes through a wrap of any range as if there were none', () => {
    const range = fc.oneof(
      fc.constantFrom(2 ** 16 * 100, 2 ** 24, 2 ** 32),
      fc.integer({ min: 2_000_000, max: 1e12 }),
    );
    fc.assert(
      fc.property(range, rises(3, 1), fc.nat(5999), (modulusWh, each, below) => {
        const straight = counting([0, ...each], modulusWh - 1 - below);
        const wrapped = straight.map((sample) => ({ ...sample, totalWh: sample.totalWh % modulusWh }));
        expect(sumOf(wrapped, { modulusWh })).toBe(differenceOfEnds(straight));
      }),
    );
  });

  it('never overlaps, never is negative and never exceeds rated power, whatever comes', () => {
    const total = fc.oneof(fc.nat(2 ** 32), fc.nat(20_000), fc.constantFrom(0, 500_000, 500_100, 500_200));
    const part = fc.tuple(fc.integer({ min: 1, max: 200 }), total);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        let atMs = start;
        const samples = parts.map(([minutes, totalWh]) => ({ atMs: (atMs += minutes * 60_000), totalWh }));
        let lastMs = 0;
        for (const { fromMs, toMs, energyWh } of counterEnergy(samples, options).steps) {
          expect(fromMs).toBeGreaterThanOrEqual(lastMs);
          expect(toMs).toBeGreaterThan(fromMs);
          expect(energyWh).toBeGreaterThanOrEqual(0);
          // A quarter of an hour more, for registers that are filled slowly.
          expect(energyWh).toBeLessThanOrEqual(72 * ((toMs - fromMs) / 3_600 + 250) + 1);
          lastMs = toMs;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives days and quarter hours that add up to its steps, glitches and all', () => {
    const part = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat(900), fc.boolean());
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 150 }), (parts) => {
        let atMs = start;
        let totalWh = 1_000_000;
        const samples = parts.map(([minutes, rise, isZero]) => {
          totalWh += rise;
          return { atMs: (atMs += minutes * 60_000), totalWh: isZero ? 0 : totalWh };
        });
        const { steps } = counterEnergy(samples, options);
        const days = Array.from({ length: 96 }, (_, index) =>
          dayEnergy(steps, dayStartMs('2025-06-01') + index * DAY_MS),
        );
        const whole = steps.reduce((sum, { energyWh }) => sum + energyWh, 0);
        expect(days.reduce((sum, { energyWh }) => sum + (energyWh ?? 0), 0)).toBe(whole);
        for (const { energyWh, quarterHoursWh } of days)
          if (!quarterHoursWh.includes(null))
            expect(quarterHoursWh.reduce((sum: number, each) => sum + (each ?? 0), 0)).toBe(energyWh);
      }),
    );
  });

  it('keeps to one of two sources that alternate, over 100,000 samples', { timeout: 5000 }, () => {
    const samples = Array.from({ length: 100_000 }, (_, index) => ({
      atMs: start + index * INTERVAL_MS,
      totalWh: 1_000_000 + index * 100 + (index % 4 < 2 ? 0 : 9_000_000_000_000),
    }));
    expect(sumOf(samples)).toBeLessThanOrEqual(99_999 * 100);
    expect(sumOf(samples)).toBeGreaterThanOrEqual(99_995 * 100);
  });
});
