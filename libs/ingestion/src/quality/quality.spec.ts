import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayStartMs, QUARTER_HOUR_MS } from '#domain';
import { isClockWrong, judgeStationDay } from './judge-station-day.ts';
import { levelShiftsOf } from './level-shifts.ts';
import type { PowerSpell, QualityDevice, StationDayFacts } from './quality-facts.ts';
import { gapEnergyWh, touchedEnergyWh, type TouchedSpan } from './touched-energy.ts';

const DAY = '2026-06-15';
const START_MS = dayStartMs(DAY);
const at = (hour: number) => START_MS + hour * 3_600_000;

const meter: QualityDevice = { deviceId: 1, stationId: 1, code: 'M01', kind: 'meter', ratedPowerW: 100_000 };
const small: QualityDevice = {
  deviceId: 2,
  stationId: 1,
  code: 'INV01',
  kind: 'inverter',
  ratedPowerW: 25_000,
};
const large: QualityDevice = { ...small, deviceId: 3, code: 'INV02', ratedPowerW: 75_000 };
const devices = [small, large, meter];
/** 1 kWh in each quarter hour from 06:00 to 18:00. */
const quarterHours = Array.from({ length: 48 }, (_, index) => ({
  startMs: at(6) + index * QUARTER_HOUR_MS,
  energyWh: 1000,
  quality: 'measured',
}));

const nothing: StationDayFacts = {
  stationId: 1,
  day: DAY,
  isPast: true,
  devices,
  spells: [],
  readingFaults: [],
  delays: [],
  counters: [],
  refused: [],
  quarterHours,
  expectedWh: new Map(),
  energy: { energyWh: 48_000, quality: 'measured' },
};
const spell = (part: Partial<PowerSpell>): PowerSpell => ({
  deviceId: small.deviceId,
  kind: 'stale',
  fromMs: at(10),
  toMs: at(11) - 1,
  count: 12,
  offsetS: null,
  ...part,
});

describe('the energy that rests on doubtful values', () => {
  const sources = { devices, quarterHours, gapWh: new Map<number, number>() };
  const span = (deviceId: number, fromMs: number, toMs: number, isGap = false): TouchedSpan => ({
    deviceId,
    fromMs,
    toMs,
    isGap,
  });

  it('is that of the quarter hours, by the share of the device in the rated power of its kind', () => {
    expect(touchedEnergyWh([span(2, at(10), at(11) - 1)], sources)).toBe(1000);
    expect(touchedEnergyWh([span(3, at(10), at(11) - 1)], sources)).toBe(3000);
    expect(touchedEnergyWh([span(1, at(10), at(11) - 1)], sources)).toBe(4000);
  });

  it('counts a quarter hour once, however many spans reach into it', () => {
    const spans = [span(1, at(10), at(10.2)), span(1, at(10.1), at(10.24)), span(3, at(10), at(10.1))];
    expect(touchedEnergyWh(spans, sources)).toBe(1000);
  });

  it('is unknown where nothing is booked, and what a gap is worth where nothing came', () => {
    expect(touchedEnergyWh([span(1, at(20), at(21))], sources)).toBeNull();
    const dark = { ...sources, quarterHours: [], gapWh: new Map([[at(12), 700]]) };
    expect(touchedEnergyWh([span(1, at(12), at(12) + 1, true)], dark)).toBe(700);
    expect(touchedEnergyWh([span(1, at(12), at(12) + 1)], dark)).toBeNull();
  });

  it('of a gap is what the counter made in it, else what was to be expected', () => {
    const holed = quarterHours.filter(({ startMs }) => startMs < at(10) || startMs >= at(11));
    const gaps = [{ fromMs: at(10.1), toMs: at(10.9) }];
    const question = { gaps, quarterHours: holed, expectedWh: new Map([[at(10), 800]]) };
    const spread = gapEnergyWh({ ...question, dayWh: 48_000 });
    expect([...spread.values()]).toEqual([1000, 1000, 1000, 1000]);
    const expected = gapEnergyWh({ ...question, dayWh: 44_000 });
    expect([...expected]).toEqual([[at(10), 800]]);
    expect(gapEnergyWh({ ...question, gaps: [], dayWh: 48_000 }).size).toBe(0);
  });

  it('never exceeds the energy of the day, and grows with each span', () => {
    const spans = fc.array(
      fc.record({
        deviceId: fc.constantFrom(1, 2, 3),
        fromMs: fc.integer({ min: START_MS, max: START_MS + 86_000_000 }),
        lengthMs: fc.integer({ min: 0, max: 40_000_000 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(spans, (drawn) => {
        const all = drawn.map(({ deviceId, fromMs, lengthMs }) => span(deviceId, fromMs, fromMs + lengthMs));
        const fewer = touchedEnergyWh(all.slice(1), sources) ?? 0;
        const touched = touchedEnergyWh(all, sources) ?? 0;
        expect(touched).toBeGreaterThanOrEqual(fewer);
        expect(touched).toBeLessThanOrEqual(48_000);
      }),
    );
  });
});

describe('the judgement of a station-day', () => {
  it('says nothing of a day that has nothing doubtful', () => {
    expect(judgeStationDay(nothing)).toEqual({ flags: [], touchedWh: null });
  });

  it('sums spells of one kind up: values, devices, first and last instant, energy', () => {
    const { flags, touchedWh } = judgeStationDay({
      ...nothing,
      spells: [
        spell({}),
        spell({ deviceId: large.deviceId, fromMs: at(12), toMs: at(13) - 1, count: 9 }),
        spell({ kind: 'shift', fromMs: at(6), toMs: at(18), count: 5, offsetS: -3600 }),
      ],
    });
    expect(flags).toEqual([
      {
        flag: 'stale',
        count: 21,
        deviceCodes: ['INV01', 'INV02'],
        firstMs: at(10),
        lastMs: at(13) - 1,
        touchedWh: 1000 + 3000,
        detail: { spells: 2 },
      },
      {
        flag: 'shift',
        count: 5,
        deviceCodes: ['INV01'],
        firstMs: at(6),
        lastMs: at(18),
        // A quarter of the station for all of the day.
        touchedWh: 12_000,
        detail: { spells: 1, offsetS: -3600 },
      },
    ]);
    // The hour of the small inverter is within its shift and counts once.
    expect(touchedWh).toBe(12_000 + 3000);
  });

  it('names refusals by reason, and a second value apart from them, without making up an instant', () => {
    const { flags, touchedWh } = judgeStationDay({
      ...nothing,
      refused: [
        { reason: 'conflict', times: 2 },
        { reason: 'future', times: 7 },
        { reason: 'schema', times: 1 },
      ],
    });
    expect(flags).toMatchObject([
      { flag: 'second_value', count: 2, firstMs: null, lastMs: null, touchedWh: null },
      { flag: 'refused', count: 8, detail: { future: 7, schema: 1 } },
    ]);
    expect(touchedWh).toBeNull();
  });

  it('counts what the boldest choice about a counter would change, as far as the device could have made it', () => {
    const { flags, touchedWh } = judgeStationDay({
      ...nothing,
      counters: [
        { deviceId: 1, kind: 'implausible_step', atMs: at(10), touchedWh: 90_000 },
        { deviceId: 1, kind: 'jitter', atMs: at(11), touchedWh: 0 },
      ],
    });
    expect(flags).toMatchObject([
      {
        flag: 'counter',
        count: 2,
        touchedWh: 90_000,
        detail: { implausible_step: 1, jitter: 1 },
        deviceCodes: ['M01'],
      },
    ]);
    expect(touchedWh).toBe(90_000);
    const jump = { deviceId: 1, kind: 'implausible_step', atMs: at(10), touchedWh: 1_000_000_000 };
    expect(judgeStationDay({ ...nothing, counters: [jump] }).touchedWh).toBe(24 * 100_000);
  });

  it('says of energy what was not measured, and calls a day incomplete only when it is over', () => {
    const part = {
      ...nothing,
      quarterHours: quarterHours.map((row, index) => (index < 4 ? { ...row, quality: 'estimated' } : row)),
      energy: { energyWh: 48_000, quality: 'incomplete' },
    };
    expect(judgeStationDay(part).flags).toMatchObject([
      { flag: 'estimated', count: 4, touchedWh: 4000 },
      { flag: 'incomplete', count: 1, touchedWh: 48_000 },
    ]);
    expect(judgeStationDay({ ...part, isPast: false }).flags).toMatchObject([{ flag: 'estimated' }]);
  });

  it('takes a clock for wrong by several readings that are ahead, or by all that are behind', () => {
    const delay = { deviceId: 2, readings: 50, aheadReadings: 0, firstMs: at(6), lastMs: at(18) };
    expect(isClockWrong({ ...delay, leastDelayMs: 900 })).toBe(false);
    expect(isClockWrong({ ...delay, leastDelayMs: -70_000, aheadReadings: 1 })).toBe(false);
    expect(isClockWrong({ ...delay, leastDelayMs: -70_000, aheadReadings: 3 })).toBe(true);
    expect(isClockWrong({ ...delay, leastDelayMs: 180_000 })).toBe(true);
    // A day that came in one go says nothing of the clock.
    expect(isClockWrong({ ...delay, leastDelayMs: 8 * 3_600_000 })).toBe(false);
    expect(isClockWrong({ ...delay, readings: 2, leastDelayMs: 180_000 })).toBe(false);
    const { flags } = judgeStationDay({ ...nothing, delays: [{ ...delay, leastDelayMs: 180_000 }] });
    expect(flags).toMatchObject([{ flag: 'clock', count: 1, detail: { leastDelayMs: 180_000 } }]);
  });
});

describe('level shifts', () => {
  const days = (values: readonly (number | null)[], first = '2026-01-01') =>
    values.map((value, index) => ({ day: addDays(first, index), value }));
  const level = (count: number, wh: number) => Array.from({ length: count }, (_, index) => wh + (index % 5));

  it('are found on the day itself, once there are more than thirty known days from it on', () => {
    const shiftDay = addDays('2026-01-01', 80);
    for (let after = 0; after <= 30; after += 1)
      expect(levelShiftsOf(days([...level(80, 1000), ...level(after, 400)])).shifts).toEqual([]);
    const long = levelShiftsOf(days([...level(80, 1000), ...level(31, 400)]));
    expect(long.shifts).toMatchObject([{ day: shiftDay }]);
    expect(long.judged?.from).toBe(addDays('2026-01-01', 60));
  });

  it('are not found again on a later day while the window moves past them', () => {
    const series = days([...level(80, 1000), ...level(200, 400)]);
    const found = new Set<string>();
    for (let start = 0; start + 180 <= series.length; start += 1)
      for (const { day } of levelShiftsOf(series.slice(start, start + 180)).shifts) found.add(day);
    expect([...found]).toEqual([addDays('2026-01-01', 80)]);
  });

  it('say nothing of a series that is too short', () => {
    expect(levelShiftsOf(days(level(70, 1000)))).toEqual({ judged: null, shifts: [] });
    expect(levelShiftsOf([])).toEqual({ judged: null, shifts: [] });
  });
});
