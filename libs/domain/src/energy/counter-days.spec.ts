import { describe, expect, it } from 'vitest';
import { DAY_MS, dayStartMs } from '../time/shanghai.ts';
import { counterEnergy, dailyCounterSteps, type CounterSample, type EnergyStep } from './counter.ts';
import { dayEnergy } from './day-energy.ts';
import { stationDayEnergy } from './station-energy.ts';

const at = (time: string) => Date.parse(`${time}+08:00`);
/** Samples as times of Shanghai and Wh. */
const samplesOf = (points: readonly (readonly [string, number])[]): CounterSample[] =>
  points.map(([time, totalWh]) => ({ atMs: at(time), totalWh }));
const every5Minutes = (...totals: number[]): CounterSample[] =>
  totals.map((totalWh, index) => ({ atMs: at('2025-06-01T10:00:00') + index * 300_000, totalWh }));
const sumOf = (steps: readonly EnergyStep[]) => steps.reduce((sum, { energyWh }) => sum + energyWh, 0);
const dayWh = (steps: readonly EnergyStep[], day: string) => dayEnergy(steps, dayStartMs(day)).energyWh;

describe('days from a counter', () => {
  it('CNT-09: keeps what a sleeping inverter has made in the total of the station', () => {
    const start = dayStartMs('2025-03-01');
    const day = (points: readonly (readonly [string, number])[]) =>
      dayEnergy(dailyCounterSteps(samplesOf(points), { ratedPowerW: 5000, startMs: start }), start);
    const inverters = [
      day([['2025-03-01T16:40:00', 12_000]]),
      day([
        ['2025-03-01T16:40:00', 10_000],
        ['2025-03-01T17:30:00', 10_400],
      ]),
    ];
    expect(stationDayEnergy({ meters: [], inverters })?.energyWh).toBe(22_400);
  });

  it('CNT-11: cuts at midnight in Shanghai, whatever the hour at which the daily counter is cleared', () => {
    const lifetime = counterEnergy(
      samplesOf([
        ['2025-05-19T00:00:00', 1_500_000],
        ['2025-05-19T23:55:00', 1_508_000],
        ['2025-05-20T00:05:00', 1_508_020],
        ['2025-05-20T05:20:00', 1_508_900],
        ['2025-05-20T05:35:00', 1_508_910],
        ['2025-05-20T18:00:00', 1_517_900],
        ['2025-05-21T00:00:00', 1_517_900],
      ]),
      { ratedPowerW: 5000 },
    );
    expect([dayWh(lifetime.steps, '2025-05-19'), dayWh(lifetime.steps, '2025-05-20')]).toEqual([8010, 9890]);
    const daily = dailyCounterSteps(
      samplesOf([
        ['2025-05-19T00:00:00', 0],
        ['2025-05-19T23:55:00', 8000],
        ['2025-05-20T00:05:00', 8020],
        ['2025-05-20T05:20:00', 8900],
        ['2025-05-20T05:35:00', 10],
        ['2025-05-20T18:00:00', 9000],
      ]),
      { ratedPowerW: 5000, startMs: dayStartMs('2025-05-19') },
    );
    expect([dayWh(daily, '2025-05-19'), dayWh(daily, '2025-05-20')]).toEqual([8010, 9890]);
  });

  it('CNT-12: shows the day of a daily counter that is cleared in the evening', () => {
    const steps = dailyCounterSteps(
      samplesOf([
        ['2025-05-02T12:00:00', 18_000],
        ['2025-05-02T20:40:00', 31_400],
        ['2025-05-02T20:52:00', 0],
        ['2025-05-02T23:59:00', 0],
      ]),
      { ratedPowerW: 6000, startMs: dayStartMs('2025-05-02') },
    );
    expect(dayWh(steps, '2025-05-02')).toBe(31_400);
  });

  it('CNT-14: keeps both parts of a day whose daily counter is cleared in the afternoon', () => {
    const lifetime = samplesOf([
      ['2025-04-19T00:00:00', 5_000_000],
      ['2025-04-19T15:10:00', 5_014_200],
      ['2025-04-19T15:15:00', 5_014_200],
      ['2025-04-19T18:00:00', 5_017_300],
    ]);
    expect(dayWh(counterEnergy(lifetime, { ratedPowerW: 5000 }).steps, '2025-04-19')).toBe(17_300);
    const daily = samplesOf([
      ['2025-04-19T00:00:00', 0],
      ['2025-04-19T15:10:00', 14_200],
      ['2025-04-19T15:15:00', 0],
      ['2025-04-19T18:00:00', 3100],
    ]);
    const startMs = dayStartMs('2025-04-19');
    expect(dayEnergy(dailyCounterSteps(daily, { ratedPowerW: 5000, startMs }), startMs).energyWh).toBe(
      17_300,
    );
  });

  it('TIM-09: gives the morning sun to the day of Shanghai', () => {
    const { steps } = counterEnergy(
      [
        { atMs: Date.parse('2025-05-31T22:00:00Z'), totalWh: 1_000_000 },
        { atMs: Date.parse('2025-06-01T00:00:00Z'), totalWh: 1_010_000 },
        { atMs: Date.parse('2025-06-01T10:00:00Z'), totalWh: 1_300_000 },
        { atMs: Date.parse('2025-06-01T22:00:00Z'), totalWh: 1_300_000 },
      ],
      { ratedPowerW: 50_000 },
    );
    expect(dayWh(steps, '2025-06-01')).toBe(300_000);
    expect(dayWh(steps, '2025-05-31')).toBeNull();
  });

  it('AGG-01: the counter decides over a silent gap', () => {
    const { steps } = counterEnergy(
      samplesOf([
        ['2025-01-03T12:09:00', 1700],
        ['2025-01-03T12:26:00', 1702],
        ['2025-01-03T12:27:00', 1723],
      ]),
      { ratedPowerW: 5000 },
    );
    expect(steps.map(({ energyWh }) => energyWh)).toEqual([2, 21]);
  });

  it('POW-02: a counter that stands still at night made nothing, and that is known', () => {
    const night = Array.from({ length: 145 }, (_, index) => ({
      atMs: at('2025-11-05T18:00:00') + index * 300_000,
      totalWh: 900_000,
      activePowerW: -11,
    }));
    const result = counterEnergy(night, { ratedPowerW: 6000, daylight: () => false });
    expect(dayWh(result.steps, '2025-11-05')).toBe(0);
    expect(dayWh(result.steps, '2025-11-06')).toBe(0);
    expect(result.events).toEqual([]);
  });
});

describe('what is looked at beside the steps', () => {
  const noon = at('2025-06-01T11:00:00');
  const standing = (count: number, powerW: number) =>
    Array.from({ length: count }, (_, index) => ({
      atMs: noon + index * 300_000,
      totalWh: 700_000,
      activePowerW: powerW,
    }));

  it('tells a counter that stands still while power says output, and proposes the integral', () => {
    const samples = [
      ...standing(25, 3000),
      { atMs: noon + 25 * 300_000, totalWh: 700_200, activePowerW: 3000 },
    ];
    const result = counterEnergy(samples, { ratedPowerW: 5000 });
    expect(result.events).toEqual([
      { kind: 'frozen', atMs: noon, fromWh: 700_000, toWh: 700_000, energyWh: 0, decided: false },
    ]);
    const choice = result.proposals[0]?.choices[0];
    expect(choice).toMatchObject({ effectWh: 6000, fix: { kind: 'rebase', energyWh: 6200 } });
    const mended = counterEnergy(samples, { ratedPowerW: 5000, fixes: choice ? [choice.fix] : [] });
    expect(sumOf(mended.steps)).toBe(sumOf(result.steps) + 6000);
  });
  it('says nothing of a counter that stands still in the dark or without output', () => {
    expect(counterEnergy(standing(25, 3000), { ratedPowerW: 5000, daylight: () => false }).events).toEqual(
      [],
    );
    expect(counterEnergy(standing(25, 0), { ratedPowerW: 5000 }).events).toEqual([]);
    expect(counterEnergy(standing(25, 50_000), { ratedPowerW: 5000 }).events).toEqual([]);
  });

  it('TIM-08: tells energy that was made in the dark, once a spell, and leaves it booked', () => {
    const daylight = (atMs: number) => {
      const hour = ((atMs + 8 * 3_600_000) % DAY_MS) / 3_600_000;
      return hour >= 5 && hour < 20;
    };
    const samples = samplesOf([
      ['2025-06-01T02:00:00', 100_000],
      ['2025-06-01T02:30:00', 109_000],
      ['2025-06-01T03:00:00', 120_000],
      ['2025-06-01T09:30:00', 240_000],
      ['2025-06-01T10:00:00', 250_000],
    ]);
    const result = counterEnergy(samples, { ratedPowerW: 50_000, daylight });
    expect(sumOf(result.steps)).toBe(150_000);
    expect(result.events).toEqual([
      {
        kind: 'night_output',
        atMs: at('2025-06-01T02:00:00'),
        fromWh: null,
        toWh: null,
        energyWh: 20_000,
        decided: false,
      },
    ]);
  });

  it('keeps the first of two values for an instant and tells of the other', () => {
    const [first, second, third] = every5Minutes(100_000, 100_200, 100_400);
    if (!first || !second || !third) throw new Error('three samples');
    const result = counterEnergy([third, second, first, { ...second, totalWh: 100_300 }, second], {
      ratedPowerW: 5000,
    });
    expect(result.steps.map(({ energyWh }) => energyWh)).toEqual([200, 200]);
    expect(result.events).toMatchObject([
      { kind: 'implausible_step', atMs: second.atMs, fromWh: 100_200, toWh: 100_300, decided: false },
    ]);
  });

  it('passes over what is no reading', () => {
    const result = counterEnergy(every5Minutes(100_000, Number.NaN, -1_000_000, 100_400), {
      ratedPowerW: 5000,
    });
    expect(sumOf(result.steps)).toBe(400);
  });
});
