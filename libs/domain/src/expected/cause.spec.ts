import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainDay, type CauseEvidence, type CauseKind } from './cause.ts';
import {
  ageingPerYear,
  breakdowns,
  clockLagMinutes,
  deviationSlope,
  flatTop,
  hourProfile,
} from './signatures.ts';

const well: CauseEvidence = {
  deviation: -0.01,
  bandLow: -0.08,
  isAlarm: false,
  skyIndex: 0.9,
  spread: 0.03,
  month: 6,
  badShare: 0,
  counterDifference: 0.01,
  gapShare: 0,
  gapCounterShare: null,
  zeroShare: 0,
  peersDownShare: 0,
  countyDownShare: 0,
  flatTop: null,
  limitW: null,
  gridLimited: false,
  feederFlatShare: null,
  lagMin: 0,
  inverters: [],
  strings: [],
  profile: null,
  slope: null,
  constantRatio: null,
  ageingPerYear: null,
};
const low = { deviation: -0.3, isAlarm: true };
const inverters = [
  { id: 'INV1', ratio: -6, powerShare: 0.25, isAlarm: true },
  { id: 'INV2', ratio: 0, powerShare: 0.75, isAlarm: false },
];
const level = { levelW: 40_000, slots: 9, excess: 0.4 };
const slope = { perDay: -0.003, days: 20, spanDays: 29, scatter: 0.02, leftShare: 1, stepShare: 1.5 };
const ratios = Array.from({ length: 24 }, () => 0.8);

const CASES: [CauseKind, string, Partial<CauseEvidence>][] = [
  ['none', 'an ordinary day', {}],
  ['weather', 'a dark day in the band', { skyIndex: 0.3 }],
  ['bad_data', 'frozen readings', { ...low, badShare: 0.4 }],
  ['bad_data', 'a counter that is not its power', { counterDifference: 0.3 }],
  ['communication', 'a gap over which the counter rose', { gapShare: 0.5, gapCounterShare: 0.97 }],
  ['outage', 'a gap over which it did not', { ...low, gapShare: 0.5, gapCounterShare: 0 }],
  ['outage', 'no power in the sun', { ...low, zeroShare: 0.9 }],
  ['snow', 'no power in winter, like the others', { ...low, zeroShare: 0.9, month: 1, peersDownShare: 0.8 }],
  ['regional', 'a whole county down', { ...low, countyDownShare: 0.6 }],
  ['clipping', 'a level at its own limit', { ...low, flatTop: level, limitW: 40_100 }],
  ['curtailment', 'a level that the feeder shares', { ...low, flatTop: level, feederFlatShare: 0.8 }],
  ['curtailment', 'a level by order of the grid', { flatTop: { ...level, slots: 4 }, gridLimited: true }],
  ['derating', 'a level of its own in the heat', { ...low, flatTop: level, temperatureC: 72 }],
  [
    'curtailment',
    'a level that the feeder shares on a hot day',
    { ...low, flatTop: level, temperatureC: 72, feederFlatShare: 0.8 },
  ],
  ['over_voltage', 'a saw-tooth under high voltage', { ...low, breakdowns: 4, voltageShare: 1.08 }],
  ['unclear', 'a saw-tooth of which the voltage is not known', { ...low, breakdowns: 4 }],
  ['registered_outage', 'what somebody has announced', { ...low, zeroShare: 1, isRegisteredOutage: true }],
  ['clock', 'energy in the band an hour late', { lagMin: 60 }],
  ['inverter', 'one dead inverter of four', { ...low, inverters }],
  [
    'inverter',
    'a few per cent of one inverter',
    { inverters: [{ id: 'INV1', ratio: -0.03, powerShare: 0.1, isAlarm: true }] },
  ],
  [
    'string',
    'an uneven inverter',
    { ...low, strings: [{ inverterId: 'INV1', dispersion: 0.3, weakestShare: 0, powerShare: 0.2 }] },
  ],
  ['wrong_capacity', 'far off since the first day', { constantRatio: -0.2 }],
  ['shading', 'a loss bound to hours', { ...low, profile: { ratios, contrast: 0.6 } }],
  ['soiling', 'a slow fall', { slope }],
  ['none', 'a slow fall that was washed off', { slope: { ...slope, leftShare: 0.1 } }],
  ['unclear', 'a sudden fall', { ...low, slope: { ...slope, stepShare: 0.5 } }],
  [
    'none',
    'a noon that stands still at all stations',
    { flatTop: { ...level, slots: 4 }, feederFlatShare: 1 },
  ],
  ['none', 'more than expected while an alarm is still open', { isAlarm: true, deviation: 0.04 }],
  ['ageing', 'a fall over years', { ...low, ageingPerYear: -0.03 }],
  ['unclear', 'a loss without a signature', low],
];

describe('the cause of a day', () => {
  it.each(CASES)('is %s for %s', (kind, _, evidence) => {
    expect(explainDay({ ...well, ...evidence }).kind).toBe(kind);
  });

  it('carries its numbers', () => {
    expect(explainDay({ ...well, ...low, inverters })).toMatchObject({
      kind: 'inverter',
      inverters: [{ id: 'INV1', ratio: -6 }],
    });
    expect(explainDay({ ...well, lagMin: -45 })).toEqual({ kind: 'clock', lagMin: -45 });
  });

  it('is never a slow fall where the slope drowns in its scatter', () => {
    expect(explainDay({ ...well, slope: { ...slope, scatter: 0.2 } }).kind).toBe('none');
  });
});

const bell = Array.from({ length: 96 }, (_, slot) =>
  Math.max(0, 1000 * Math.sin(((slot - 24) / 48) * Math.PI)),
);

describe('signatures', () => {
  it('tell how late a clock is, whatever the level', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 5 }),
        fc.double({ min: 0.1, max: 5, noNaN: true }),
        (slots, size) => {
          const powersW = bell.map((_, slot) => (bell[slot - slots] ?? 0) * size);
          expect(clockLagMinutes([{ powersW, expectedW: bell }])).toBe(slots * 15);
        },
      ),
    );
    expect(clockLagMinutes([{ powersW: bell.map(() => null), expectedW: bell }])).toBeNull();
  });

  it('see a level under which more was expected, and no level in a round noon', () => {
    const held = bell.map((powerW) => Math.min(600, powerW));
    const top = flatTop({ powersW: held, expectedW: bell });
    expect(top?.levelW).toBe(600);
    expect(top?.slots).toBeGreaterThan(20);
    expect(flatTop({ powersW: bell, expectedW: bell })).toBeNull();
  });

  it('see a loss that is bound to hours', () => {
    const sky = Array.from({ length: 24 }, () => ({ index: 0.9, spread: 0.02, peers: 6 }));
    const day = (factorOf: (hour: number) => number) => ({
      indices: Array.from({ length: 24 }, (_, hour) => (hour < 7 || hour > 16 ? null : 0.9 * factorOf(hour))),
      sky,
    });
    const days = (factorOf: (hour: number) => number) => Array.from({ length: 5 }, () => day(factorOf));
    expect(hourProfile(days(() => 0.7))?.contrast).toBeCloseTo(0, 9);
    expect(hourProfile(days((hour) => (hour > 13 ? 0.5 : 1)))?.contrast).toBeCloseTo(1, 9);
    expect(hourProfile(days(() => 1).slice(0, 2))).toBeNull();
  });

  it('measure a slow fall through single bad days', () => {
    const days = Array.from({ length: 30 }, (_, dayNumber) => ({
      dayNumber,
      deviation: dayNumber === 11 ? -0.6 : -0.002 * dayNumber,
      skyIndex: 0.8,
    }));
    expect(deviationSlope(days)?.perDay).toBeCloseTo(-0.002, 6);
    expect(deviationSlope(days.slice(0, 9))).toBeNull();
  });

  it('tell a slow fall from a step, and from one that was washed off', () => {
    const slopeOf = (deviationOf: (day: number) => number) =>
      deviationSlope(
        Array.from({ length: 30 }, (_, dayNumber) => ({
          dayNumber,
          deviation: deviationOf(dayNumber) + 0.01 * Math.sin(7 * dayNumber),
          skyIndex: 0.8,
        })),
      );
    const dust = slopeOf((day) => -0.004 * day);
    expect(dust?.leftShare).toBeCloseTo(1, 0);
    expect(dust?.stepShare).toBeGreaterThan(1);
    expect(slopeOf((day) => (day < 18 ? 0 : -0.3))?.stepShare).toBeLessThan(0.5);
    expect(slopeOf((day) => (day < 26 ? -0.004 * day : 0))?.leftShare).toBeLessThan(0.3);
  });

  it('measure ageing by days a year apart, with what the fleet ages', () => {
    const days = Array.from({ length: 800 }, (_, dayNumber) => ({
      dayNumber,
      ratio: -0.01 * (dayNumber / 365) + 0.05 * Math.cos((2 * Math.PI * dayNumber) / 365),
    }));
    expect(ageingPerYear(days)).toBeCloseTo(-0.017, 9);
    expect(ageingPerYear(days.slice(0, 400))).toBeNull();
  });
});

describe('breakdowns', () => {
  const expectedW = Array.from({ length: 96 }, (_, slot) => (slot >= 30 && slot < 70 ? 100 : 0));
  const dayWith = (low: readonly number[]) => ({
    expectedW,
    powersW: expectedW.map((powerW, slot) => (low.includes(slot) ? 0.1 * powerW : powerW)),
  });

  it('are counted where the power comes back within half an hour', () => {
    expect(breakdowns(dayWith([]))).toBe(0);
    expect(breakdowns(dayWith([40, 45, 46, 52]))).toBe(3);
  });

  it('are none where it stays away, or at the ends of the day', () => {
    expect(breakdowns(dayWith([40, 41, 42, 43]))).toBe(0);
    expect(breakdowns(dayWith([30, 31, 69]))).toBe(0);
  });
});
