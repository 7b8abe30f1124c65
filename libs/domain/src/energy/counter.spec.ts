import { describe, expect, it } from 'vitest';
import { dayStartMs } from '../time/shanghai.ts';
import {
  counterEnergy,
  type CounterEventKind,
  type CounterOptions,
  type CounterResult,
  type CounterSample,
  type EnergyStep,
} from './counter.ts';
import { dayEnergy, energyBetween } from './day-energy.ts';

const at = (time: string) => Date.parse(`${time}+08:00`);
/** Samples as times of Shanghai and Wh. */
const samplesOf = (points: readonly (readonly [string, number])[]): CounterSample[] =>
  points.map(([time, totalWh]) => ({ atMs: at(time), totalWh }));
const every5Minutes = (...totals: number[]): CounterSample[] =>
  totals.map((totalWh, index) => ({ atMs: at('2025-06-01T10:00:00') + index * 300_000, totalWh }));
const sumOf = (steps: readonly EnergyStep[]) => steps.reduce((sum, { energyWh }) => sum + energyWh, 0);
const between = (steps: readonly EnergyStep[], from: string, to: string) =>
  steps.reduce((sum, step) => sum + energyBetween(step, at(from), at(to)), 0);
const dayWh = (steps: readonly EnergyStep[], day: string) => dayEnergy(steps, dayStartMs(day)).energyWh;
const kinds = ({ events }: CounterResult) => events.map(({ kind }) => kind);
const countOf = (result: CounterResult, kind: CounterEventKind) =>
  kinds(result).filter((each) => each === kind).length;

describe('a counter that falls and comes back', () => {
  it('CNT-01: books nothing for the zeros of dusk and dawn, and flags both', () => {
    const result = counterEnergy(
      samplesOf([
        ['2025-07-01T18:00:00', 812_400],
        ['2025-07-01T19:00:00', 812_600],
        ['2025-07-01T20:05:00', 0],
        ['2025-07-02T05:40:00', 0],
        ['2025-07-02T05:50:00', 812_600],
        ['2025-07-02T07:00:00', 813_100],
      ]),
      { ratedPowerW: 600 },
    );
    expect(dayWh(result.steps, '2025-07-01')).toBe(200);
    expect(dayWh(result.steps, '2025-07-02')).toBe(500);
    expect(result.events.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ['zero_frame', at('2025-07-01T20:05:00')],
      ['zero_frame', at('2025-07-02T05:40:00')],
    ]);
    expect(result.proposals).toEqual([]);
  });

  it('CNT-02: counts a wobble of 0.1 kWh once and records no reset', () => {
    const result = counterEnergy(every5Minutes(215_600, 215_700, 215_600, 215_600, 215_800), {
      ratedPowerW: 5000,
    });
    expect(result.steps.map(({ energyWh }) => energyWh)).toEqual([100, 0, 0, 100]);
    expect(result.events).toMatchObject([{ kind: 'jitter', fromWh: 215_700, toWh: 215_600, decided: true }]);
  });

  it('CNT-17: passes over single and double zeros in the night of an hourly file', () => {
    const night = samplesOf([
      ['2018-07-27T01:00:00', 108_975_536],
      ['2018-07-27T02:00:00', 0],
      ['2018-07-27T03:00:00', 108_975_536],
      ['2018-07-27T07:00:00', 109_019_918],
    ]);
    const first = samplesOf([
      ['2018-07-19T01:00:00', 1_000_000],
      ['2018-07-19T02:00:00', 0],
      ['2018-07-19T03:00:00', 0],
      ['2018-07-19T04:00:00', 1_000_000],
    ]);
    const result = counterEnergy([...first, ...night], { ratedPowerW: 20_000_000 });
    expect(between(result.steps, '2018-07-27T01:00:00', '2018-07-27T07:00:00')).toBe(44_382);
    expect(sumOf(result.steps)).toBe(109_019_918 - 1_000_000);
    expect(kinds(result)).toEqual(['zero_frame', 'zero_frame', 'zero_frame']);
  });

  it('passes over a partial value after a restart, and over a part sum that grows while devices wake', () => {
    const restart = counterEnergy(every5Minutes(5_688_566, 5_213_928, 5_688_570), { ratedPowerW: 5000 });
    expect(sumOf(restart.steps)).toBe(4);
    expect(kinds(restart)).toEqual(['zero_frame']);
    const waking = counterEnergy(every5Minutes(500_000, 0, 120_000, 250_000, 380_000, 500_300), {
      ratedPowerW: 5000,
    });
    expect(sumOf(waking.steps)).toBe(300);
    expect(countOf(waking, 'reset')).toBe(0);
  });

  it('takes a reset back when the counter returns to where it was', () => {
    const result = counterEnergy(every5Minutes(500_000, 100, 200, 300, 500_400, 500_500), {
      ratedPowerW: 5000,
    });
    expect(sumOf(result.steps)).toBe(500);
    expect(kinds(result)).toEqual(['zero_frame']);
    expect(result.proposals).toEqual([]);
  });

  it('takes a rise back that was possible in a long gap and then fell back', () => {
    const result = counterEnergy(
      samplesOf([
        ['2025-07-01T18:00:00', 650_000],
        ['2025-07-01T20:00:00', 655_350],
        ['2025-07-01T20:05:00', 650_100],
        ['2025-07-01T20:10:00', 650_200],
      ]),
      { ratedPowerW: 5000 },
    );
    expect(sumOf(result.steps)).toBe(200);
    expect(kinds(result)).toEqual(['implausible_step']);
  });

  it.each([6_553_500, 65_535_000, 214_748_364_700, 4_294_967_295, 4_286_578_687])(
    'SPK-01, SPK-04, SPK-06: passes over the not-available value %i that returns',
    (marker) => {
      const result = counterEnergy(every5Minutes(812_400, 812_500, marker, marker, 812_600, 812_700), {
        ratedPowerW: 5000,
      });
      expect(sumOf(result.steps)).toBe(300);
      expect(result.events).toMatchObject([
        { kind: 'implausible_step', decided: true },
        { kind: 'implausible_step', decided: true },
      ]);
    },
  );

  it('leaves zeros at the end undecided without a proposal: the morning will tell', () => {
    const result = counterEnergy(every5Minutes(500_000, 500_100, 0, 0), { ratedPowerW: 5000 });
    expect(sumOf(result.steps)).toBe(100);
    expect(result.events.map(({ kind, decided }) => [kind, decided])).toEqual([
      ['zero_frame', false],
      ['zero_frame', false],
    ]);
    expect(result.proposals).toEqual([]);
  });
});

describe('a counter that restarts', () => {
  it('CNT-05: books what the counter shows after a restart, and goes on', () => {
    const result = counterEnergy(
      samplesOf([
        ['2025-07-28T07:00:00', 439_534],
        ['2025-07-28T08:00:00', 718],
        ['2025-07-28T09:00:00', 1718],
      ]),
      { ratedPowerW: 5000 },
    );
    expect(result.steps.map(({ energyWh }) => energyWh)).toEqual([718, 1000]);
    expect(result.events).toEqual([
      {
        kind: 'reset',
        atMs: at('2025-07-28T08:00:00'),
        fromWh: 439_534,
        toWh: 718,
        energyWh: 718,
        decided: true,
      },
    ]);
  });

  it('finds a restart whose first readings are zero', () => {
    const result = counterEnergy(every5Minutes(500_000, 0, 0, 0, 100, 300), { ratedPowerW: 5000 });
    expect(sumOf(result.steps)).toBe(300);
    expect(result.events).toMatchObject([{ kind: 'reset', decided: true, energyWh: 0 }]);
  });

  it('books no fall to a value that cannot have been made, and proposes what it could be', () => {
    const result = counterEnergy(every5Minutes(5_000_000, 4_700_000, 4_700_100, 4_700_200), {
      ratedPowerW: 5000,
    });
    expect(sumOf(result.steps)).toBe(200);
    expect(result.events).toMatchObject([{ kind: 'reset', decided: false, energyWh: 0 }]);
    expect(result.proposals).toMatchObject([
      { kind: 'reset', isWaiting: false, choices: [{ effectWh: 0 }, { effectWh: 4_700_000 }] },
    ]);
  });
});

describe('a register that wraps', () => {
  // CNT-06 counts pulses; here a count is a Wh.
  const chip: CounterOptions = { ratedPowerW: 5000, modulusWh: 2 ** 24, resolutionWh: 1 };

  it('CNT-06 a: takes the fall of a low 24-bit counter for a reset', () => {
    const result = counterEnergy(every5Minutes(2600, 2636, 0, 10), chip);
    expect(sumOf(result.steps)).toBe(46);
    expect(kinds(result)).toEqual(['reset']);
  });
  it('CNT-06 b: takes the fall from the top of the range for a wrap', () => {
    const result = counterEnergy(every5Minutes(16_777_200, 16_777_214, 5), chip);
    expect(sumOf(result.steps)).toBe(21);
    expect(result.events).toMatchObject([{ kind: 'wrap', energyWh: 7, decided: true }]);
  });
  it('takes no wrap whose step is more than rated power allows', () => {
    const result = counterEnergy(every5Minutes(16_000_000, 16_000_100, 5, 105), chip);
    expect(sumOf(result.steps)).toBe(205);
    expect(kinds(result)).toEqual(['reset']);
  });
  it('does not take an empty frame near the top for a wrap', () => {
    const result = counterEnergy(every5Minutes(16_777_100, 0, 16_777_200, 84), chip);
    expect(sumOf(result.steps)).toBe(200);
    expect(kinds(result)).toEqual(['zero_frame', 'wrap']);
  });
  it.each([
    ['16 bits at 0.1 kWh', 2 ** 16 * 100, 100],
    ['24 bits at 1 Wh', 2 ** 24, 1],
    ['32 bits at 1 Wh', 2 ** 32, 1],
    ['32 bits at 10 Wh', 2 ** 32 * 10, 10],
    ['six digits of kWh', 1_000_000_000, 100],
  ])('knows the usual range of %s', (_, modulusWh, resolutionWh) => {
    const result = counterEnergy(
      every5Minutes(modulusWh - 2 * resolutionWh, resolutionWh, 2 * resolutionWh),
      {
        ratedPowerW: 50_000,
        resolutionWh,
      },
    );
    expect(sumOf(result.steps)).toBe(4 * resolutionWh);
    expect(kinds(result)).toEqual(['wrap']);
  });
});

describe('a step above what rated power allows', () => {
  it('is not booked, is proposed, and the counter goes on after it', () => {
    const result = counterEnergy(every5Minutes(100_000, 100_200, 130_200, 130_400, 130_600), {
      ratedPowerW: 5000,
    });
    expect(sumOf(result.steps)).toBe(600);
    expect(result.events).toMatchObject([{ kind: 'implausible_step', decided: false, energyWh: 0 }]);
    expect(result.proposals).toMatchObject([
      {
        kind: 'implausible_step',
        fromWh: 100_200,
        toWh: 130_200,
        isWaiting: false,
        choices: [{ effectWh: 0 }, { effectWh: 30_000 }],
      },
    ]);
  });
  it('is not booked because time went by while the counter stayed high', () => {
    const hours = samplesOf([
      ['2025-06-01T10:00:00', 100_000],
      ['2025-06-01T11:00:00', 108_000],
      ['2025-06-01T12:00:00', 109_000],
      ['2025-06-01T13:00:00', 110_000],
    ]);
    const result = counterEnergy(hours, { ratedPowerW: 5000 });
    expect(sumOf(result.steps)).toBe(2000);
    expect(countOf(result, 'implausible_step')).toBe(1);
  });
  it('waits with the last reading of all', () => {
    const result = counterEnergy(every5Minutes(100_000, 100_200, 130_200), { ratedPowerW: 5000 });
    expect(sumOf(result.steps)).toBe(200);
    expect(result.proposals).toMatchObject([{ kind: 'implausible_step', isWaiting: true }]);
  });
  it('allows a register that is filled every quarter of an hour and asked every five minutes', () => {
    const result = counterEnergy(
      every5Minutes(100_000, 100_000, 100_000, 101_200, 101_200, 101_200, 102_400),
      {
        ratedPowerW: 5000,
      },
    );
    expect(sumOf(result.steps)).toBe(2400);
    expect(result.events).toEqual([]);
  });
});

describe('a change of scale', () => {
  it('does not count the jump of a register that goes from kWh to Wh, and counts on in the old scale', () => {
    const result = counterEnergy(
      every5Minutes(812_400, 812_500, 812_600_000, 812_700_000, 812_800_000, 812_900_000),
      { ratedPowerW: 5000 },
    );
    expect(sumOf(result.steps)).toBe(100 + 300);
    expect(result.events).toMatchObject([{ kind: 'scale_change', decided: true }]);
    expect(result.proposals[0]?.choices[0]).toEqual({
      fix: { kind: 'scale', fromMs: at('2025-06-01T10:10:00'), toMs: null, multiply: 1, divide: 1000 },
      effectWh: 100,
    });
  });
  it('counts the smaller of two possible scales and proposes the other', () => {
    const up = counterEnergy(every5Minutes(3_522_900, 3_523_000, 35_231_000, 35_232_000, 35_233_000), {
      ratedPowerW: 50_000,
    });
    expect(sumOf(up.steps)).toBe(100 + 200);
    expect(up.events).toMatchObject([{ kind: 'scale_change', decided: false }]);
    expect(up.proposals[0]?.choices.map(({ effectWh }) => effectWh)).toEqual([100, 9 * 200]);
    const down = counterEnergy(every5Minutes(35_229_000, 35_230_000, 3_523_100, 3_523_200, 3_523_300), {
      ratedPowerW: 50_000,
    });
    expect(sumOf(down.steps)).toBe(1000 + 200);
    expect(down.events).toMatchObject([{ kind: 'scale_change', decided: false }]);
    expect(down.proposals[0]?.choices.map(({ effectWh }) => effectWh)).toEqual([1000 + 9 * 200, 0]);
  });
  it('finds back when the next firmware undoes it', () => {
    const result = counterEnergy(
      every5Minutes(812_400, 812_500, 812_600_000, 812_700_000, 812_800, 812_900),
      { ratedPowerW: 5000 },
    );
    expect(sumOf(result.steps)).toBe(100 + 100 + 100 + 100);
    expect(kinds(result)).toEqual(['scale_change', 'scale_change']);
  });
});
