import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attainment,
  attainmentRate,
  availability,
  dispersionGrade,
  fullLoadHours,
  lossOf,
  meterDifference,
  onlineRate,
  performanceRatio,
  stringDispersion,
} from './indicators.ts';

describe('indicators', () => {
  it('follow their definitions', () => {
    expect(fullLoadHours(32_100_000, 300_000)).toBe(107);
    expect(attainment(80, 100)).toBe(0.8);
    expect(attainmentRate([0.8, 0.79, 1.1, null])).toEqual({ count: 2, of: 3, share: 2 / 3 });
    expect(onlineRate({ received: 130, due: 120 })).toEqual({ count: 120, of: 120, share: 1 });
    expect(
      availability([
        { capacityW: 300, faultMs: 0, daylightMs: 100 },
        { capacityW: 100, faultMs: 50, daylightMs: 100 },
      ]),
    ).toBe(0.875);
    expect(meterDifference(1015, 1000)).toEqual({ share: 0.015, isNormal: true });
    expect(meterDifference(990, 1000)?.isNormal).toBe(false);
    expect(performanceRatio(4_000, 1_000, 5_000)).toBe(0.8);
    expect([0.05, 0.07, 0.2, 0.21].map(dispersionGrade)).toEqual(['good', 'fair', 'poor', 'bad']);
  });

  it('are unknown where a part is unknown, never zero', () => {
    expect(fullLoadHours(null, 300)).toBeNull();
    expect(attainment(null, 100)).toBeNull();
    expect(attainment(5, 0)).toBeNull();
    expect(attainmentRate([null]).share).toBeNull();
    expect(onlineRate({ received: 0, due: 0 }).share).toBeNull();
    expect(availability([])).toBeNull();
    expect(performanceRatio(4_000, 1_000, null)).toBeNull();
    expect(meterDifference(1, null)).toBeNull();
    expect(stringDispersion([{ currentA: 8, modules: 22 }])).toBeNull();
  });

  it('compare strings by module and leave out inputs that are not used', () => {
    const even = [
      { currentA: 8, modules: 20 },
      { currentA: 8.8, modules: 22 },
      { currentA: 0, modules: 0 },
      { currentA: null, modules: 20 },
    ];
    expect(stringDispersion(even)?.dispersion).toBeCloseTo(0, 9);
    const dead = stringDispersion([...even, { currentA: 0, modules: 20 }]);
    expect(dead?.dispersion).toBeCloseTo(Math.sqrt(0.5), 9);
    expect(dead?.weakestShare).toBe(0);
  });

  it('value a loss with one rounding, days above the expected apart', () => {
    const days = [
      { expectedWh: 1_000, energyWh: 400, priceHaoPerKwh: 8_500n },
      { expectedWh: 1_000, energyWh: 1_400, priceHaoPerKwh: 8_500n },
      { expectedWh: null, energyWh: 3, priceHaoPerKwh: 8_500n },
      { expectedWh: 7, energyWh: 0, priceHaoPerKwh: 3_320n },
    ];
    expect(lossOf(days)).toEqual({ lossWh: 607n, lossFen: 51n });
  });

  it('never lose money by cutting a span: the parts differ from the whole by the roundings alone', () => {
    const day = fc.record({
      expectedWh: fc.integer({ min: 0, max: 5_000_000 }),
      energyWh: fc.integer({ min: 0, max: 5_000_000 }),
      priceHaoPerKwh: fc.bigInt({ min: 0n, max: 10_000n }),
    });
    fc.assert(
      fc.property(fc.array(day, { maxLength: 40 }), fc.nat(40), (days, cut) => {
        const whole = lossOf(days);
        const [head, tail] = [lossOf(days.slice(0, cut)), lossOf(days.slice(cut))];
        expect(head.lossWh + tail.lossWh).toBe(whole.lossWh);
        const off = head.lossFen + tail.lossFen - whole.lossFen;
        expect(off >= -1n && off <= 1n).toBe(true);
      }),
    );
  });
});
