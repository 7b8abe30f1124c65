import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, DAY_MS, dayStartMs } from '../time/shanghai.ts';
import { counterSteps, type CounterSample } from './counter.ts';
import { dayEnergy, energyBetween } from './day-energy.ts';
import { powerIntegralSteps, stationDayEnergy } from './station-energy.ts';

const start = dayStartMs('2025-06-01');
const minutes = (count: number) => start + 600 * 60_000 + count * 60_000;
const series = (...totals: number[]): CounterSample[] =>
  totals.map((totalWh, index) => ({ atMs: minutes(index * 5), totalWh }));
const sum = (samples: readonly CounterSample[], ratedPowerW = 60_000) =>
  counterSteps(samples, { ratedPowerW }).reduce((total, { energyWh }) => total + energyWh, 0);

describe('steps of a lifetime counter', () => {
  it('counts a wobble of 0.1 kWh once', () => {
    expect(sum(series(215_600, 215_700, 215_600, 215_700, 215_800))).toBe(200);
  });
  it('drops zero frames and does not count the return as energy', () => {
    expect(sum(series(500_000, 0, 0, 500_400, 500_800))).toBe(800);
    expect(sum(series(0, 500_000, 500_400, 500_800))).toBe(800);
  });
  it('counts on from zero after a reset that is confirmed by what follows', () => {
    expect(sum(series(500_000, 501_000, 300, 700, 1100))).toBe(1000 + 300 + 400 + 400);
  });
  it('leaves a fall undecided while nothing confirms it', () => {
    expect(sum(series(500_000, 501_000, 300))).toBe(1000);
    expect(sum(series(500_000, 501_000, 300, 300, 300))).toBe(1000);
  });
  it('does not believe a step that the rated power does not allow, and goes on after it', () => {
    expect(sum(series(1000, 2000, 9_000_000, 9_001_000, 9_002_000))).toBe(1000 + 2000);
  });
  it('counts a new counter from its first zero', () => {
    expect(sum(series(0, 100, 300, 600))).toBe(600);
  });

  it('equals the difference of the ends for any counter that only rises', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 60 }), (rises) => {
        let totalWh = 1_000_000;
        const samples = rises.map((rise, index) => ({
          atMs: minutes(index * 5),
          totalWh: (totalWh += rise),
        }));
        const first = samples[0]?.totalWh ?? 0;
        expect(sum(samples)).toBe(totalWh - first);
      }),
    );
  });
  it('never makes more energy out of glitches than there is without them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean()), { minLength: 3, maxLength: 60 }),
        (rises) => {
          let totalWh = 1_000_000;
          const clean = rises.map(([rise], index) => ({
            atMs: minutes(index * 5),
            totalWh: (totalWh += rise),
          }));
          // Glitches stand alone: the ends and every second sample stay good.
          const dirty = clean.map((sample, index) =>
            rises[index]?.[1] && index % 2 === 1 && index < clean.length - 1
              ? { ...sample, totalWh: 0 }
              : sample,
          );
          expect(sum(dirty)).toBe(sum(clean));
        },
      ),
    );
  });
});

describe('energy of a day', () => {
  it('gives days and quarter hours that add up to the steps exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 40_000 })), {
          minLength: 1,
          maxLength: 400,
        }),
        (parts) => {
          let atMs = start + 1_000_000;
          const steps = parts.map(([lengthMin, energyWh]) => {
            const fromMs = atMs;
            atMs += lengthMin * 60_000;
            return { fromMs, toMs: atMs, energyWh };
          });
          const days = Array.from({ length: 10 }, (_, index) => dayEnergy(steps, start + index * DAY_MS));
          const whole = steps.reduce((total, { energyWh }) => total + energyWh, 0);
          expect(days.reduce((total, { energyWh }) => total + (energyWh ?? 0), 0)).toBe(whole);
          for (const day of days) {
            if (day.quarterHoursWh.includes(null)) continue;
            expect(day.quarterHoursWh.reduce((total: number, part) => total + (part ?? 0), 0)).toBe(
              day.energyWh,
            );
          }
        },
      ),
    );
  });

  it('shares out a step over midnight in Shanghai and says that the boundary is estimated', () => {
    const midnight = dayStartMs(addDays('2025-06-01', 1));
    const step = { fromMs: midnight - 2 * 3_600_000, toMs: midnight + 2 * 3_600_000, energyWh: 1001 };
    expect(dayEnergy([step], start)).toMatchObject({ energyWh: 500, quality: 'estimated' });
    expect(dayEnergy([step], midnight)).toMatchObject({ energyWh: 501, quality: 'estimated' });
  });

  it('knows nothing of a quarter hour inside a long gap, and that a still counter made zero', () => {
    const gap = { fromMs: minutes(0), toMs: minutes(120), energyWh: 5000 };
    expect(dayEnergy([gap], start)).toMatchObject({ energyWh: 5000, quality: 'measured' });
    expect(dayEnergy([gap], start).quarterHoursWh[42]).toBeNull();
    expect(dayEnergy([{ ...gap, energyWh: 0 }], start).quarterHoursWh[42]).toBe(0);
    expect(dayEnergy([], start)).toMatchObject({ energyWh: null, quality: 'none' });
  });

  it('splits one step without losing a watt-hour', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.array(fc.nat(1000), { maxLength: 20 }), (energyWh, cuts) => {
        const step = { fromMs: 0, toMs: 1000, energyWh };
        const edges = [0, ...cuts.toSorted((a, b) => a - b), 1000];
        const parts = edges.slice(1).map((edge, index) => energyBetween(step, edges[index] ?? 0, edge));
        expect(parts.reduce((total, part) => total + part, 0)).toBe(energyWh);
        expect(parts.every((part) => part >= 0)).toBe(true);
      }),
    );
  });
});

describe('energy of a station', () => {
  const day = (totals: number[]) =>
    dayEnergy(counterSteps(series(...totals), { ratedPowerW: 600_000 }), start);

  it('takes the meter before the inverters', () => {
    const result = stationDayEnergy({ meters: [day([0, 990, 1980])], inverters: [day([0, 1000, 2000])] });
    expect(result).toMatchObject({ energyWh: 1980, method: 'meter_counter', quality: 'measured' });
  });
  it('falls back to the sum of inverter deltas, incomplete where one is silent', () => {
    const silent = day([]);
    const result = stationDayEnergy({ meters: [silent], inverters: [day([5, 1005]), silent] });
    expect(result).toMatchObject({ energyWh: 1000, method: 'inverter_counter', quality: 'incomplete' });
    expect(stationDayEnergy({ meters: [silent], inverters: [silent] })).toBeNull();
  });
  it('takes the integral of power where no counter is known, and says that it is estimated', () => {
    const silent = day([]);
    const samples = Array.from({ length: 13 }, (_, index) => ({
      atMs: minutes(index * 5),
      activePowerW: 1200,
    }));
    const power = dayEnergy(powerIntegralSteps(samples, { ratedPowerW: 5000 }), start);
    const parts = { meters: [silent], inverters: [silent], powers: [power] };
    expect(stationDayEnergy(parts)).toMatchObject({
      energyWh: 1200,
      method: 'power_integral',
      quality: 'estimated',
    });
    expect(stationDayEnergy(parts)?.quarterHours[0]).toEqual({
      slot: 40,
      energyWh: 300,
      method: 'power_integral',
      quality: 'estimated',
    });
    const counted = stationDayEnergy({ ...parts, inverters: [day([0, 1000])] });
    expect(counted).toMatchObject({ energyWh: 1000, method: 'inverter_counter', quality: 'measured' });
  });
  it('fills the quarter hours that a counter does not know from power, and leaves the day to the counter', () => {
    const hour = [0, 15, 30, 45, 60].map((minute) => ({ atMs: minutes(minute), activePowerW: 2000 }));
    const power = dayEnergy(powerIntegralSteps(hour, { ratedPowerW: 5000 }), start);
    const gap = dayEnergy([{ fromMs: minutes(0), toMs: minutes(60), energyWh: 2100 }], start);
    const result = stationDayEnergy({ meters: [], inverters: [gap], powers: [power] });
    expect(result).toMatchObject({ energyWh: 2100, method: 'inverter_counter' });
    expect(result?.quarterHours.map(({ energyWh, method }) => [energyWh, method])).toEqual(
      Array.from({ length: 4 }, () => [500, 'power_integral']),
    );
  });
});
