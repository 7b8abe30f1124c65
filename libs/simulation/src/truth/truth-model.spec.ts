import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayStartMs, sunTimes } from '#domain';
import { smallFleet } from '../testing/small-fleet.ts';
import { dayIndexOf, dayOfIndex, EPOCH_MS, KNOT_MS, seasonOf } from './calendar.ts';
import { PLAIN_FAULT, type Fault } from './faults.ts';
import type { StationPlant } from './plant.ts';
import { MONTH_HOURS } from './sky.ts';
import { inverterPowerW, inverterTodayWh, sumOf, TruthModel } from './truth-model.ts';

const healthy = new TruthModel({ seed: 7, registry: smallFleet(40), faults: 'none' });
const anyDay = fc.integer({ min: dayIndexOf('2025-01-01'), max: dayIndexOf('2026-12-31') });
const fromMs = dayStartMs('2026-06-10') + 36e5 * 9.5;
const toMs = dayStartMs('2026-06-12') + 36e5 * 14;

function first(model: TruthModel): StationPlant {
  const [station] = model.plant.stations;
  if (station === undefined) throw new Error('the fleet is empty');
  return station;
}

function ill(...faults: Partial<Fault>[]): TruthModel {
  const list = faults.map((fault) => ({
    ...PLAIN_FAULT,
    kind: 'zero' as const,
    stationCode: 'S01',
    fromMs,
    toMs,
    ...fault,
  }));
  return new TruthModel({ seed: 7, registry: smallFleet(40), faults: list });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('the energy of the model', () => {
  it('adds up to the Wh from any instants to the day, and from days to the counter', () => {
    const model = ill({ kind: 'low', factor: 0.37 }, { kind: 'zero', deviceCode: 'INV02', factor: 0 });
    const station = first(model);
    const instants = fc.array(fc.double({ min: 0, max: 288, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.constantFrom('2026-06-09', '2026-06-10', '2026-06-11', '2026-06-12'),
        instants,
        (day, cuts) => {
          const dayIndex = dayIndexOf(day);
          const { inverters } = model.stationDay(station, dayIndex);
          const wholeDaysWh = model.inverterDaysWh(station, dayIndex);
          const knots = [0, ...cuts.sort((one, other) => one - other), 288];
          inverters.forEach((inverter, position) => {
            const parts = knots
              .slice(1)
              .map(
                (knot, index) =>
                  inverterTodayWh(inverter, knot) - inverterTodayWh(inverter, knots[index] ?? 0),
              );
            expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
            expect(sum(parts)).toBe(wholeDaysWh[position]);
          });
          const nextWh = sumOf(station, model.totalsAtStart(dayIndex + 1));
          expect(nextWh - sumOf(station, model.totalsAtStart(dayIndex))).toBe(sum(wholeDaysWh));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives the meter the same energy by quarter hours, by days and by its counter', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(39), (dayIndex, index) => {
        const station = healthy.plant.stations[index] ?? first(healthy);
        const counter = (day: number) =>
          healthy.meterTotalWh(station, sumOf(station, healthy.totalsAtStart(day)), 1);
        const quarters = healthy.stationQuarterHoursWh(station, dayIndex);
        expect(quarters).toHaveLength(96);
        expect(sum(quarters)).toBe(healthy.stationDayWh(station, dayIndex));
        expect(counter(dayIndex + 1) - counter(dayIndex)).toBe(healthy.stationDayWh(station, dayIndex));
        const lost = 1 - sum(quarters) / sum(healthy.inverterDaysWh(station, dayIndex));
        expect(lost).toBeGreaterThan(0.009);
        expect(lost).toBeLessThan(0.015);
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on the order in which it is asked', () => {
    const other = new TruthModel({ seed: 7, registry: smallFleet(40), faults: 'none' });
    const late = dayIndexOf('2026-11-20');
    expect(Array.from(other.totalsAtStart(late))).toEqual(Array.from(healthy.totalsAtStart(late)));
    for (const dayIndex of [late - 1, late - 40, late - 3, late + 2]) {
      expect(Array.from(other.totalsAtStart(dayIndex))).toEqual(Array.from(healthy.totalsAtStart(dayIndex)));
    }
  });

  it('differs by seed', () => {
    const other = new TruthModel({ seed: 8, registry: smallFleet(40), faults: 'none' });
    const dayIndex = dayIndexOf('2026-05-05');
    expect(other.inverterDaysWh(first(other), dayIndex)).not.toEqual(
      healthy.inverterDaysWh(first(healthy), dayIndex),
    );
  });

  it('is nothing while the sun is below the horizon, and never above the rated power', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(39), (dayIndex, index) => {
        const station = healthy.plant.stations[index] ?? first(healthy);
        const day = dayOfIndex(dayIndex);
        const { sunriseMs, sunsetMs } = sunTimes({
          day,
          latitudeDeg: station.latitudeDeg,
          longitudeDeg: station.longitudeDeg,
        });
        const { inverters } = healthy.stationDay(station, dayIndex);
        for (let knot = 0; knot < 288; knot += 1) {
          const atMs = dayStartMs(day) + knot * KNOT_MS;
          const powersW = inverters.map((inverter) => inverterPowerW(inverter, knot));
          if (atMs < sunriseMs - KNOT_MS || atMs > sunsetMs) expect(sum(powersW)).toBe(0);
          powersW.forEach((powerW, position) => {
            expect(powerW).toBeLessThanOrEqual((station.inverters[position]?.ratedPowerW ?? 0) * 1.1);
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the healthy fleet', () => {
  const hours = (from: string, to: string) => {
    const months = MONTH_HOURS.map(() => 0);
    for (let dayIndex = dayIndexOf(from); dayIndex < dayIndexOf(to); dayIndex += 1) {
      const { month } = seasonOf(dayIndex);
      for (const station of healthy.plant.stations)
        months[month] = (months[month] ?? 0) + healthy.healthyHours(station, dayIndex);
    }
    return months.map((total) => total / healthy.plant.stations.length);
  };

  it('has the monthly hours of the region within 5 %', () => {
    hours('2025-01-01', '2026-01-01').forEach((monthHours, month) => {
      expect(Math.abs(monthHours / (MONTH_HOURS[month] ?? 0) - 1)).toBeLessThan(0.05);
    });
  });

  it('makes about 1,230 hours a year', () => {
    const year2025 = sum(hours('2025-01-01', '2026-01-01'));
    expect(year2025).toBeGreaterThan(1195);
    expect(year2025).toBeLessThan(1265);
  });

  it('ages by 2.5 % in the first year and by 0.7 % of the new module in each later one', () => {
    const agedFrom = (commissionedOn: string) => {
      const [station] = smallFleet(1).stations;
      if (station === undefined) throw new Error('the fleet is empty');
      const registry = { ...smallFleet(1), stations: [{ ...station, commissionedOn }] };
      const model = new TruthModel({ seed: 7, registry, faults: 'none' });
      return model.healthyHours(first(model), dayIndexOf('2026-06-10'));
    };
    const newHours = agedFrom('2026-06-10');
    expect(agedFrom('2025-06-10') / newHours).toBeCloseTo(0.975, 3);
    expect(agedFrom('2024-06-10') / newHours).toBeCloseTo(0.968, 3);
    expect(agedFrom('2018-06-10') / newHours).toBeCloseTo(0.926, 3);
  });

  it('shares its weather within a county', () => {
    const day = dayIndexOf('2026-04-01');
    const series = (index: number) =>
      Array.from({ length: 90 }, (_, offset) => {
        const station = healthy.plant.stations[index] ?? first(healthy);
        return healthy.healthyHours(station, day + offset);
      });
    expect(correlation(series(0), series(2))).toBeGreaterThan(0.95);
    expect(correlation(series(0), series(1))).toBeLessThan(correlation(series(0), series(2)));
  });

  it('has not begun before it was commissioned', () => {
    const [station, ...rest] = smallFleet(2).stations;
    if (station === undefined) throw new Error('the fleet is empty');
    const young = { ...station, commissionedOn: '2026-03-01' };
    const model = new TruthModel({
      seed: 7,
      registry: { ...smallFleet(2), stations: [young, ...rest] },
      faults: 'none',
    });
    expect(model.stationDayWh(first(model), dayIndexOf('2026-02-28'))).toBe(0);
    expect(model.stationDayWh(first(model), dayIndexOf('2026-03-01'))).toBeGreaterThan(0);
    expect(sumOf(first(model), model.totalsAtStart(dayIndexOf('2026-03-01')))).toBe(0);
  });
});

describe('a fault', () => {
  const missingWh = (model: TruthModel, untilDay: string) => {
    const dayIndex = dayIndexOf(untilDay);
    return (
      sumOf(first(healthy), healthy.totalsAtStart(dayIndex)) -
      sumOf(first(model), model.totalsAtStart(dayIndex))
    );
  };

  it.each([
    ['zero', { kind: 'zero', factor: 0 }],
    ['outage', { kind: 'outage', factor: 0 }],
    ['low', { kind: 'low', factor: 0.55 }],
    ['one dead inverter', { kind: 'zero', factor: 0, deviceCode: 'INV02' }],
    ['one weak string', { kind: 'string_low', factor: 0.2, deviceCode: 'INV03' }],
  ] as const)('takes the energy that it states: %s', (_, fault) => {
    const model = ill(fault);
    const [stated] = model.faults.between(fromMs, toMs);
    if (stated === undefined) throw new Error('the fault is not in the book');
    const lostWh = model.lostWh(stated, EPOCH_MS + 36e5 * 24 * 3000);
    expect(lostWh).toBeGreaterThan(0);
    // The counters are rounded once an inverter and day, the statement once.
    expect(Math.abs(missingWh(model, '2026-06-14') - lostWh)).toBeLessThan(12);
    expect(missingWh(model, '2026-06-10')).toBe(0);
  });

  it('that never ends takes whatever would have been made', () => {
    const model = ill({ kind: 'zero', factor: 0, toMs: Infinity });
    expect(sum(model.inverterDaysWh(first(model), dayIndexOf('2026-12-01')))).toBe(0);
  });

  it.each(['offline', 'late_backlog', 'counter_reset', 'clock_skew', 'duplicate', 'garbage'] as const)(
    'of telling alone takes no energy: %s',
    (kind) => {
      const model = ill({ kind, deviceCode: 'INV01' });
      expect(missingWh(model, '2026-06-14')).toBe(0);
    },
  );
});

function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (values: readonly number[]) => sum(values) / values.length;
  const [oneMean, otherMean] = [mean(one), mean(other)];
  const spread = (values: readonly number[], at: number) => sum(values.map((value) => (value - at) ** 2));
  const common = sum(one.map((value, index) => (value - oneMean) * ((other[index] ?? 0) - otherMean)));
  return common / Math.sqrt(spread(one, oneMean) * spread(other, otherMean));
}
