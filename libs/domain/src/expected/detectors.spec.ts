import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LARGE_RULE,
  quietString,
  quietSum,
  quietZero,
  SMALL_RULE,
  stepFreeze,
  stepString,
  stepSum,
  stepZero,
  type SumMemory,
  type SumObservation,
  type ZeroMemory,
} from './detectors.ts';
import { stepSibling, siblingRatios, type SiblingMemory } from './signatures.ts';

const dayOf = (deviation: number, more: Partial<SumObservation> = {}): SumObservation => ({
  day: '2026-06-01',
  deviation,
  sigma: 0.04,
  skyIndex: 0.9,
  expectedHours: 4,
  ...more,
});
const QUARTER_MS = 900_000;

describe('a sum of losses', () => {
  it('follows S = max(0, S + loss/sigma^2 (-deviation - loss/2))', () => {
    const one = stepSum(quietSum(), SMALL_RULE, dayOf(-0.08));
    expect(one.sum).toBeCloseTo((0.08 / 0.0016) * (0.08 - 0.04), 9);
    expect(one.sinceDay).toBe('2026-06-01');
    expect(stepSum(one, SMALL_RULE, dayOf(0.1)).sum).toBe(0);
  });

  it('never leaves its bounds and never opens on gains', () => {
    const days = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(days, fc.constantFrom(SMALL_RULE, LARGE_RULE), (deviations, rule) => {
        let memory: SumMemory = quietSum();
        for (const deviation of deviations) {
          const next = stepSum(memory, rule, dayOf(deviation));
          expect(next.sum).toBeGreaterThanOrEqual(0);
          expect(next.sum).toBeLessThanOrEqual(rule.sumMax);
          if (deviation >= 0) expect(next.isOpen && !memory.isOpen).toBe(false);
          memory = next;
        }
      }),
    );
  });

  it('needs two bad days for a large loss, one for the loss of half on a bright day', () => {
    const once = stepSum(quietSum(), LARGE_RULE, dayOf(-0.4));
    expect(once.isOpen).toBe(false);
    expect(stepSum(once, LARGE_RULE, dayOf(-0.4)).isOpen).toBe(true);
    expect(stepSum(quietSum(), LARGE_RULE, dayOf(-0.7)).isOpen).toBe(true);
    expect(stepSum(quietSum(), LARGE_RULE, dayOf(-0.7, { skyIndex: 0.3 })).isOpen).toBe(false);
  });

  it('passes over dark days for small losses', () => {
    const memory = quietSum();
    expect(stepSum(memory, SMALL_RULE, dayOf(-0.5, { skyIndex: 0.3 }))).toBe(memory);
  });

  it('closes after three bright days near zero', () => {
    let memory: SumMemory = { ...quietSum(), sum: 12, isOpen: true, openedDay: '2026-05-30' };
    for (let day = 0; day < 2; day += 1) memory = stepSum(memory, SMALL_RULE, dayOf(-0.01, { sigma: 0.2 }));
    expect(memory.isOpen).toBe(true);
    expect(stepSum(memory, SMALL_RULE, dayOf(-0.01, { sigma: 0.2 }))).toMatchObject({
      isOpen: false,
      sum: 0,
    });
  });

  it('keeps the baseline from learning for 30 days, and as long as an alarm is open', () => {
    const suspicious = [{ memory: { ...quietSum(), sum: 5 }, rule: SMALL_RULE }];
    expect(stepFreeze({ days: 29 }, suspicious).isFrozen).toBe(true);
    expect(stepFreeze({ days: 30 }, suspicious).isFrozen).toBe(false);
    expect(stepFreeze({ days: 9 }, [{ memory: quietSum(), rule: SMALL_RULE }])).toEqual({
      memory: { days: 0 },
      isFrozen: false,
    });
    expect(
      stepFreeze({ days: 80 }, [{ memory: { ...quietSum(), isOpen: true }, rule: SMALL_RULE }]).isFrozen,
    ).toBe(true);
  });
});

describe('zero output', () => {
  const seen = (powerW: number | null, expectedW: number | null) => ({
    atMs: 0,
    intervalMs: QUARTER_MS,
    powerW,
    expectedW,
    capacityW: 1000,
  });

  it('opens after 30 minutes without power in the sun and closes after 30 with half of it', () => {
    let memory = stepZero(quietZero(), seen(0, 400));
    expect(memory.isOpen).toBe(false);
    memory = stepZero(memory, seen(5, 400));
    expect(memory).toEqual({ isOpen: true, heldMs: 0, openedMs: QUARTER_MS });
    memory = stepZero(stepZero(memory, seen(250, 400)), seen(null, 400));
    expect(memory.isOpen).toBe(true);
    expect(stepZero(memory, seen(250, 400))).toEqual(quietZero());
  });

  it('is silent at night, and an open one stays open through it', () => {
    let quiet = quietZero();
    let open: ZeroMemory = { ...quietZero(), isOpen: true, openedMs: 0 };
    for (let slot = 0; slot < 40; slot += 1) {
      quiet = stepZero(quiet, seen(0, 0));
      open = stepZero(open, seen(0, 0));
    }
    expect(quiet.isOpen).toBe(false);
    expect(open.isOpen).toBe(true);
  });
});

describe('strings', () => {
  const seen = (dispersion: number | null, weakestShare = 0.9, powerPerW = 0.6) => ({
    intervalMs: QUARTER_MS,
    powerPerW,
    dispersion,
    weakestShare,
  });
  const hold = (count: number, step: ReturnType<typeof seen>, from = quietString()) =>
    Array.from({ length: count }).reduce<ReturnType<typeof quietString>>(
      (memory) => stepString(memory, step),
      from,
    );

  it('open after two hours above 10 %, major above 20 %, after one hour with a dead string', () => {
    expect(hold(7, seen(0.12)).state).toBe('quiet');
    expect(hold(8, seen(0.12)).state).toBe('open');
    expect(hold(8, seen(0.25)).state).toBe('major');
    expect(hold(4, seen(0.09, 0.4)).state).toBe('open');
    expect(hold(50, seen(0.5, 0.1, 0.2)).state).toBe('quiet');
  });

  it('close after a bright day below 8 %', () => {
    const open = hold(8, seen(0.12));
    expect(hold(19, seen(0.05), open).state).toBe('open');
    expect(hold(20, seen(0.05), open).state).toBe('quiet');
  });
});

describe('siblings', () => {
  it('are compared by energy over rated power', () => {
    const ratios = siblingRatios([
      { energyWh: 400, ratedPowerW: 100 },
      { energyWh: 800, ratedPowerW: 200 },
      { energyWh: 200, ratedPowerW: 100 },
      { energyWh: null, ratedPowerW: 100 },
    ]);
    expect(ratios).toEqual([Math.log(4 / 3), Math.log(4 / 3), Math.log(0.5), null]);
    expect(siblingRatios([{ energyWh: 400, ratedPowerW: 100 }])).toEqual([null]);
  });

  it('tell 3 % of one inverter within two weeks, and not its usual difference', () => {
    let memory: SiblingMemory = { ratios: [], sum: quietSum() };
    const step = (ratio: number, index: number): void => {
      const noise = 0.004 * Math.sin(index * 1.7);
      memory = stepSibling(memory, {
        day: '2026-06-01',
        ratio: ratio + noise,
        skyIndex: 0.9,
        expectedHours: 4,
      });
    };
    for (let index = 0; index < 40; index += 1) step(-0.05, index);
    expect(memory.sum.isOpen).toBe(false);
    for (let index = 40; index < 54; index += 1) step(-0.08, index);
    expect(memory.sum.isOpen).toBe(true);
  });
});
