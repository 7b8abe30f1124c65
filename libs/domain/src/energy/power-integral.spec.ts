import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { powerIntegralSteps, suspectedScale, type PowerOptions } from './power-integral.ts';

const at = (time: string) => Date.parse(`${time}+08:00`);
const every5Minutes = (...powersW: (number | null)[]) =>
  powersW.map((activePowerW, index) => ({
    atMs: at('2025-06-01T10:00:00') + index * 300_000,
    activePowerW,
  }));
const sumOf = (samples: Parameters<typeof powerIntegralSteps>[0], options: PowerOptions) =>
  powerIntegralSteps(samples, options).reduce((sum, { energyWh }) => sum + energyWh, 0);

describe('energy by the integral of power', () => {
  it('AGG-01: knows nothing of a silent gap', () => {
    const samples = [
      { atMs: at('2025-01-03T12:09:00'), activePowerW: 0 },
      { atMs: at('2025-01-03T12:26:00'), activePowerW: 1274 },
      { atMs: at('2025-01-03T12:27:00'), activePowerW: 1274 },
    ];
    expect(powerIntegralSteps(samples, { ratedPowerW: 5000, reportIntervalMs: 60_000 })).toEqual([
      { fromMs: at('2025-01-03T12:26:00'), toMs: at('2025-01-03T12:27:00'), energyWh: 21 },
    ]);
  });

  it('POW-02: night draw is no generation, and is not lost either', () => {
    const night = Array.from({ length: 145 }, (_, index) => ({
      atMs: at('2025-11-05T18:00:00') + index * 300_000,
      activePowerW: -11,
    }));
    expect(sumOf(night, { ratedPowerW: 6000 })).toBe(0);
    expect(sumOf(night, { ratedPowerW: 6000, direction: 'draw' })).toBe(132);
  });

  it('SPK-01, SPK-02, SPK-06, SPK-08: does not use values that no device of this size has', () => {
    for (const [ratedPowerW, wrongW] of [
      [5000, 214_748_364.7],
      [12_000, 65_534],
      [100_000, 35_913_728],
      [7000, -1_000_000],
    ] as const)
      expect(sumOf(every5Minutes(600, wrongW, 600), { ratedPowerW })).toBe(100);
  });

  it('SPK-10, POW-01: uses power above the name plate up to a fifth, and own consumption', () => {
    const hourWh = (powerW: number) =>
      sumOf(every5Minutes(...Array.from({ length: 13 }, () => powerW)), { ratedPowerW: 27_600 });
    expect(hourWh(30_060)).toBe(30_060);
    expect(hourWh(27_600 * 1.159112)).toBe(31_991);
    expect(hourWh(27_600 * 1.413343)).toBe(0);
    expect(powerIntegralSteps(every5Minutes(-0.4 * 27_600, 0), { ratedPowerW: 27_600 })).toEqual([]);
  });

  it('bridges an unknown value within three intervals and takes samples in any order', () => {
    const samples = every5Minutes(1200, null, 1200, 1200);
    expect(sumOf(samples, { ratedPowerW: 5000 })).toBe(300);
    expect(powerIntegralSteps([...samples, ...samples].toReversed(), { ratedPowerW: 5000 })).toEqual(
      powerIntegralSteps(samples, { ratedPowerW: 5000 }),
    );
  });

  it('loses less than one Wh to rounding over any number of steps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 2, maxLength: 200 }),
        (powersW) => {
          const exactWh = powersW
            .slice(1)
            .reduce((sum, powerW, index) => sum + (powerW + (powersW[index] ?? 0)) / 24, 0);
          const lostWh = exactWh - sumOf(every5Minutes(...powersW), { ratedPowerW: 5000 });
          expect(lostWh).toBeGreaterThan(-1e-6);
          expect(lostWh).toBeLessThan(1 + 1e-6);
        },
      ),
    );
  });
});

describe('the scale of a counter against power', () => {
  it('UNI-01: suspects a factor of 1/1000', () => {
    expect(suspectedScale({ counterWh: 4.9, powerWh: 4800 })).toBe(0.001);
    expect(suspectedScale({ counterWh: 48_000, powerWh: 4800 })).toBe(10);
  });
  it('suspects nothing of a usual difference, nor where nothing is known', () => {
    expect(suspectedScale({ counterWh: 4700, powerWh: 4800 })).toBeNull();
    expect(suspectedScale({ counterWh: 2000, powerWh: 4800 })).toBeNull();
    expect(suspectedScale({ counterWh: 0, powerWh: 4800 })).toBeNull();
  });
});
