import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearSkySpecificPower } from '../solar/clear-sky.ts';
import { addDays, DAY_MS, dayOf, dayStartMs } from '../time/shanghai.ts';
import {
  findLevelShifts,
  judgePowerDay,
  reportIntervalMs,
  sunLight,
  timeShiftOf,
  type DayShape,
  type PowerPoint,
  type QualityFlag,
} from './index.ts';

const MINUTE_MS = 60_000;
const PLACE = { latitudeDeg: 37.5, longitudeDeg: 111.1 };
const DAY = '2025-06-01';
const RATED_W = 100_000;
const at = (time: string, day = DAY) => Date.parse(`${day}T${time}+08:00`);

/** A clear day at five minutes, to the watt. */
function clearDay(day = DAY, intervalMs = 5 * MINUTE_MS): PowerPoint[] {
  const startMs = dayStartMs(day);
  return Array.from({ length: DAY_MS / intervalMs }, (_, index) => {
    const instantMs = startMs + index * intervalMs;
    const share = clearSkySpecificPower({ instantMs, ...PLACE, tiltDeg: 33, azimuthDeg: 180 });
    return { atMs: instantMs, powerW: Math.round(0.8 * share * RATED_W) };
  });
}

function judge(points: readonly PowerPoint[], { ratedPowerW = RATED_W, day = DAY } = {}) {
  return judgePowerDay(points, {
    ...sunLight({ day, ...PLACE }),
    day,
    fromMs: dayStartMs(day),
    toMs: dayStartMs(day) + DAY_MS,
    ratedPowerW,
    intervalMs: reportIntervalMs(points) ?? 15 * MINUTE_MS,
  });
}

const kinds = (flags: readonly QualityFlag[]) => flags.map(({ kind }) => kind);
const seriesOf = (points: readonly (readonly [string, number | null])[]): PowerPoint[] =>
  points.map(([time, powerW]) => ({ atMs: at(time), powerW }));
const withoutGaps = (flags: readonly QualityFlag[]) => flags.filter(({ kind }) => kind !== 'gap');

describe('a day of power', () => {
  it('that is clear has no flag, at one minute as at fifteen, and its middle is noon', () => {
    for (const minutes of [1, 5, 15]) {
      const { flags, shape } = judge(clearDay(DAY, minutes * MINUTE_MS));
      expect(flags).toEqual([]);
      expect(shape.nightCount).toBe(0);
      expect(Math.abs(shape.middleOffMs ?? Infinity)).toBeLessThan(8 * MINUTE_MS);
    }
  });

  it('has its impossible values flagged, and those that were taken out on receipt (SPK-01, SPK-06)', () => {
    const points = seriesOf([
      ['10:00:00', 548],
      ['10:05:00', 35_913_728],
      ['10:10:00', 551],
    ]);
    const rejected = points.map((point, index) =>
      index === 1 ? { ...point, powerW: null, isRejected: true } : point,
    );
    for (const series of [points, rejected])
      expect(withoutGaps(judge(series).flags)).toEqual([
        { kind: 'outlier', fromMs: at('10:05:00'), toMs: at('10:05:00'), count: 1 },
      ]);
  });

  it('may be above rated for hours (POW-01), and draw a little at night (POW-02)', () => {
    const above = clearDay().map(({ atMs, powerW }) => ({ atMs, powerW: Math.round((powerW ?? 0) * 1.4) }));
    expect(Math.max(...above.map(({ powerW }) => powerW))).toBeGreaterThan(RATED_W);
    expect(judge(above).flags).toEqual([]);
    const night = clearDay().map(({ atMs, powerW }) => ({ atMs, powerW: powerW === 0 ? -11 : powerW }));
    expect(judge(night, { ratedPowerW: RATED_W }).flags).toEqual([]);
    expect(
      judge(seriesOf([['23:00:00', -11]]), { ratedPowerW: 6000 }).flags.every(({ kind }) => kind === 'gap'),
    ).toBe(true);
  });

  it('has a frozen value flagged into the night, and night zeros never (POW-04)', () => {
    const frozen = clearDay().map((point) =>
      point.atMs >= at('09:15:00') ? { ...point, powerW: 5451 } : point,
    );
    expect(judge(frozen).flags).toEqual([
      { kind: 'stale', fromMs: at('09:15:00'), toMs: at('23:55:00'), count: 177 },
    ]);
    expect(judge(clearDay().map(({ atMs }) => ({ atMs, powerW: 0 }))).flags).toEqual([]);
  });

  it('is clipped at the limit, and not frozen (POW-06); so it is where the device says that it is limited', () => {
    const clipped = clearDay().map(({ atMs, powerW }) => ({
      atMs,
      powerW: Math.min(Math.round((powerW ?? 0) * 1.4), 99_980),
    }));
    expect(kinds(judge(clipped).flags)).toEqual(['clipped']);
    const limited = clearDay().map(({ atMs, powerW }) => {
      const isLimited = (powerW ?? 0) > 40_000;
      return { atMs, powerW: isLimited ? 40_000 : powerW, isLimited };
    });
    expect(kinds(judge(limited).flags)).toEqual(['clipped']);
    expect(kinds(judge(limited.map((point) => ({ ...point, isLimited: false }))).flags)).toEqual(['stale']);
  });

  it('that is counted in coarse steps is not frozen at noon', () => {
    const coarse = clearDay().map(({ atMs, powerW }) => ({
      atMs,
      powerW: Math.round((powerW ?? 0) / 2000) * 2000,
    }));
    expect(judge(coarse).flags).toEqual([]);
  });

  it('has its gaps in daylight flagged and none at night (AGG-01)', () => {
    const inverter = clearDay().filter(({ powerW }) => (powerW ?? 0) > 0);
    expect(judge(inverter).flags).toEqual([]);
    const gap = inverter.filter(({ atMs }) => atMs <= at('12:09:00') || atMs >= at('12:26:00'));
    expect(judge(gap).flags).toEqual([
      { kind: 'gap', fromMs: at('12:10:00'), toMs: at('12:25:00'), count: 4 },
    ]);
    const hollow = inverter.map((point) =>
      point.atMs >= at('12:10:00') && point.atMs <= at('12:25:00') ? { ...point, powerW: null } : point,
    );
    expect(judge(hollow).flags).toEqual(judge(gap).flags);
    expect(kinds(judge([]).flags)).toEqual(['gap']);
    // A meter that sends its counter alone has come.
    const counter = inverter.map(({ atMs }) => ({ atMs, powerW: null, hasCounter: true }));
    expect(judge(counter).flags).toEqual([]);
  });

  it('has a straight line flagged that was drawn over a gap, without its two ends', () => {
    const [from, to] = [at('15:00:00'), at('21:00:00')];
    const drawn = clearDay().map((point) =>
      point.atMs > from && point.atMs < to
        ? { ...point, powerW: Math.round(60_000 * (1 - (point.atMs - from) / (to - from))) }
        : point.atMs === from
          ? { ...point, powerW: 60_000 }
          : point,
    );
    expect(judge(drawn).flags).toEqual([
      { kind: 'interpolated', fromMs: at('15:05:00'), toMs: at('20:55:00'), count: 71 },
    ]);
    // Power at night is no wrong clock where it was drawn.
    expect(judge(drawn).shape.nightCount).toBe(0);
  });

  it('has a single value flagged that stands out of a calm quarter-hour series, and none at five minutes', () => {
    const spoil = (points: PowerPoint[]) =>
      points.map((point) => (point.atMs === at('14:00:00') ? { ...point, powerW: 3000 } : point));
    expect(judge(spoil(clearDay(DAY, 15 * MINUTE_MS))).flags).toEqual([
      { kind: 'outlier', fromMs: at('14:00:00'), toMs: at('14:00:00'), count: 1 },
    ]);
    expect(judge(spoil(clearDay())).flags).toEqual([]);
  });
});

describe('flags of a day', () => {
  const anyPower = fc.oneof(
    fc.constant(null),
    fc.integer({ min: -200_000, max: 300_000 }),
    fc.constant(5000),
  );
  const anySeries = fc
    .array(anyPower, { minLength: 0, maxLength: 96 })
    .map((powers) =>
      powers.map((powerW, index): PowerPoint => ({ atMs: dayStartMs(DAY) + index * 15 * MINUTE_MS, powerW })),
    );

  it('lie in the day, hold as many values as they say, and call every impossible power an outlier', () => {
    fc.assert(
      fc.property(anySeries, (points) => {
        const { flags } = judge(points);
        for (const { kind, fromMs, toMs, count } of flags) {
          expect(fromMs).toBeGreaterThanOrEqual(dayStartMs(DAY));
          expect(toMs).toBeLessThan(dayStartMs(DAY) + DAY_MS);
          expect(fromMs).toBeLessThanOrEqual(toMs);
          expect(count).toBeGreaterThan(0);
          if (kind === 'stale')
            expect(
              points.filter(({ atMs, powerW }) => atMs >= fromMs && atMs <= toMs && powerW === 5000).length,
            ).toBe(count);
        }
        const outliers = new Set(flags.filter(({ kind }) => kind === 'outlier').map(({ fromMs }) => fromMs));
        for (const { atMs, powerW } of points)
          if (powerW !== null && (powerW > 1.2 * RATED_W || powerW < -0.05 * RATED_W))
            expect(outliers).toContain(atMs);
      }),
    );
  });

  it('do not depend on the size of the station', () => {
    fc.assert(
      fc.property(anySeries, fc.integer({ min: 2, max: 50 }), (points, factor) => {
        const larger = points.map(({ atMs, powerW }) => ({
          atMs,
          powerW: powerW === null ? null : powerW * factor,
        }));
        const drawn = ({ kind }: QualityFlag) => kind !== 'interpolated';
        expect(judge(larger, { ratedPowerW: RATED_W * factor }).flags.filter(drawn)).toEqual(
          judge(points).flags.filter(drawn),
        );
      }),
    );
  });
});

describe('a wrong clock', () => {
  const days = (count: number) => Array.from({ length: count }, (_, index) => addDays(DAY, index));
  const shapes = (offMinutes: readonly (number | null)[]): DayShape[] =>
    offMinutes.map((minutes, index) => ({
      day: addDays(DAY, index),
      middleOffMs: minutes === null ? null : minutes * MINUTE_MS,
      weightOffMs: null,
      nightCount: 0,
    }));
  const shiftOn = (index: number, offMinutes: readonly (number | null)[]) =>
    timeShiftOf(addDays(DAY, index), shapes(offMinutes));

  it('shows after five clear days, from the first of them on, and no sooner', () => {
    const series = [0, 5, -5, 60, null, 62, 58, 61, 60, 0];
    expect([3, 4, 5, 6, 7].map((index) => shiftOn(index, series))).toEqual([null, null, null, null, null]);
    expect(shiftOn(8, series)).toEqual({
      kind: 'shift',
      fromMs: at('00:00:00', addDays(DAY, 3)),
      toMs: at('24:00:00', addDays(DAY, 8)) - 1,
      count: 5,
      offsetMs: 60 * MINUTE_MS,
    });
    expect(shiftOn(9, series)).toBeNull();
  });

  it('is measured against what hills make usual for the device', () => {
    const usual = [-20, -20, -20, -20, -20, 37, 37, 37, 37, 37];
    expect(shiftOn(9, usual)).toMatchObject({ count: 5, offsetMs: 37 * MINUTE_MS });
    expect(shiftOn(4, [37, 37, 37, 37, 37])).toBeNull();
    expect(shiftOn(9, [90, 90, 90, 90, 90, 90, 90, 90, 90, 90])).toMatchObject({ count: 10 });
  });

  it('shows at once where there is power at night, with the hours it is off (TIM-08)', () => {
    const day = '2025-06-01';
    const place = { latitudeDeg: 38, longitudeDeg: 114 };
    const points = seriesOf([
      ['02:30:00', 18_000],
      ['04:30:00', 42_000],
      ['09:30:00', 6000],
    ]);
    const { shape } = judgePowerDay(points, {
      ...sunLight({ day, ...place }),
      day,
      fromMs: dayStartMs(day),
      toMs: dayStartMs(day) + DAY_MS,
      ratedPowerW: 50_000,
      intervalMs: 2 * 3_600_000,
    });
    const shift = timeShiftOf(day, [shape]);
    expect(Math.round((shift?.offsetMs ?? 0) / 3_600_000)).toBe(-8);
  });

  it('is found for any whole hours on clear days, with its sign', () => {
    fc.assert(
      fc.property(fc.constantFrom(-12, -8, -3, -2, -1, 1, 2, 3, 8), (hours) => {
        const moved = days(8)
          .flatMap((day) => clearDay(day, 15 * MINUTE_MS))
          .map((point) => ({ ...point, atMs: point.atMs + hours * 3_600_000 }));
        const own = days(8).map(
          (day) =>
            judge(
              moved.filter(({ atMs }) => dayOf(atMs) === day),
              { day },
            ).shape,
        );
        const shift = timeShiftOf(addDays(DAY, 6), own);
        expect(Math.abs((shift?.offsetMs ?? 0) / 3_600_000)).toBeCloseTo(Math.abs(hours), 0);
        if (hours !== -12) expect(Math.sign(shift?.offsetMs ?? 0)).toBe(Math.sign(hours));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a level of daily sums', () => {
  const series = (values: readonly number[]) =>
    values.map((value, index) => ({ day: addDays('2025-01-01', index), value }));

  it('that falls to a third is found on its day, and a year of seasons is not', () => {
    const seasons = Array.from({ length: 365 }, (_, day) => 1000 - 250 * Math.cos((day / 365) * 2 * Math.PI));
    expect(findLevelShifts(series(seasons))).toEqual([]);
    const fallen = seasons.map((value, index) => (index < 200 ? value : value / 3));
    const [shift, ...more] = findLevelShifts(series(fallen));
    expect(more).toEqual([]);
    expect(shift?.day).toBe(addDays('2025-01-01', 200));
    expect(shift?.factor).toBeCloseTo(1 / 3, 1);
  });
});
