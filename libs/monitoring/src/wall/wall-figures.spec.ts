import { describe, expect, it } from 'vitest';
import type { EnergyFigure, Fleet, WallPlace } from '#contracts';
import { dayStartMs, QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY } from '#domain';
import { expectedSoFar, losingAlarms, rankingOf, totalFigure, wallCurve } from './wall-figures.ts';

const DAY = '2026-11-25';
const slots: Fleet['curve']['slots'] = Array.from({ length: QUARTER_HOURS_PER_DAY }, (_, index) => ({
  startsAt: new Date(dayStartMs(DAY) + index * QUARTER_HOUR_MS).toISOString(),
  powerW: index === 41 ? null : 800,
  stationsCounted: 2,
}));
const curve = { day: DAY, slots, yesterday: [], expected: null };
const row = (slot: number, capacityW: number) => ({
  startsAt: new Date(dayStartMs(DAY) + slot * QUARTER_HOUR_MS),
  expectedPowerW: 900,
  lowPowerW: 810,
  highPowerW: 990,
  capacityW,
  stations: 2,
  computedAt: new Date('2026-11-25T02:00:00.000Z'),
});

describe('curve of the big screen', () => {
  it('has the quarter hours from 04:00 to 21:00', () => {
    const { slots: shown, expectedShare } = wallCurve(curve, [], 2000);
    expect(shown).toHaveLength(68);
    expect(shown[0]?.startsAt).toBe('2026-11-24T20:00:00.000Z');
    expect(expectedShare).toBe(0);
  });

  it('scales what is expected of most stations to all of them', () => {
    const shown = wallCurve(curve, [row(40, 1800)], 2000);
    expect(shown.slots[24]).toMatchObject({ expectedPowerW: 1000, lowPowerW: 900, highPowerW: 1100 });
    expect(shown.slots[25]?.expectedPowerW).toBeNull();
    expect(shown.expectedShare).toBe(0.9);
  });

  it('shows nothing where too little of the capacity is known', () => {
    const shown = wallCurve(curve, [row(40, 1500)], 2000);
    expect(shown.slots[24]?.expectedPowerW).toBeNull();
    expect(expectedSoFar(shown)).toBeNull();
  });

  it('compares only quarter hours in which both are known', () => {
    const shown = wallCurve(curve, [row(40, 2000), row(41, 2000)], 2000);
    expect(expectedSoFar(shown)).toEqual({ powerW: 900, ratio: 0.8889 });
  });
});

describe('ranking of the big screen', () => {
  const place = (code: string, fullLoadHours: number | null): WallPlace => ({
    code,
    name: code,
    stations: 1,
    reporting: 1,
    attention: 0,
    capacityW: 1000,
    powerW: 0,
    todayWh: null,
    fullLoadHours,
    lostFen: '0',
  });

  it('names the best and the worst, nobody twice and nobody without data', () => {
    const { total, best, worst } = rankingOf([
      place('a', 1),
      place('b', 3),
      place('c', null),
      place('d', 2),
      place('e', 0),
    ]);
    expect(total).toBe(4);
    expect(best.map(({ code }) => code)).toEqual(['b', 'd', 'a']);
    expect(worst.map(({ code }) => code)).toEqual(['e']);
  });
});

describe('figures of the big screen', () => {
  const today: EnergyFigure = {
    energyWh: 100,
    fullLoadHours: 0.1,
    stationsCounted: 1,
    stationsTotal: 2,
    oldestSampleAt: null,
    newestSampleAt: null,
    estimatedShare: 0.5,
  };
  const total = { countyCode: 'a', energyWh: 900, estimatedWh: 50, stations: 2, sinceDay: '2025-10-25' };

  it('adds today to all days before, of the county that is asked for', () => {
    const other = { ...total, countyCode: 'b', sinceDay: '2024-01-01' };
    expect(totalFigure([total, other], 'a', today, 1000)).toMatchObject({
      energyWh: 1000,
      fullLoadHours: 1,
      stationsCounted: 2,
      estimatedShare: 0.1,
      sinceDay: '2025-10-25',
    });
  });

  it('does not take a loss that nobody could judge for none', () => {
    const alarm = {
      id: '1',
      kind: 'offline',
      level: 'major',
      state: 'acknowledged',
      beganAt: new Date(0),
      stationCode: 'x',
      stationName: 'x',
      countyName: 'y',
      isLossWhole: false,
      lostWh: 0,
      lostFen: '0',
    };
    const losing = losingAlarms({
      ranAt: null,
      total: 1,
      unknown: 1,
      lostWh: 0,
      lostFen: '0',
      items: [alarm],
    });
    expect(losing.items).toMatchObject([{ lostFen: null, lostWh: null, isAcknowledged: true }]);
  });
});
