import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayStartMs } from '../time/shanghai.ts';
import { sunTimes } from '../solar/sun-times.ts';
import { alignModel, fitStationModel, type FitDay } from './fit-model.ts';
import { clearDay, clearSkyPowerW, startModel, type StationModel } from './station-model.ts';

const place = { latitudeDeg: 37.5, longitudeDeg: 111.1, capacityW: 300_000 };
const truth: StationModel = { ...startModel(0.8), tiltDeg: 28, azimuthDeg: 196 };

/** Clear days of a station, every third one under broken cloud. */
function history(model: StationModel, at = place, days = 60): FitDay[] {
  return Array.from({ length: days }, (_, index) => {
    const day = addDays('2026-03-01', index);
    const { clearW } = clearDay(model, at, dayStartMs(day));
    const cloud = (slot: number): number => (index % 3 === 0 ? 0.5 + 0.45 * Math.sin(slot * 2.1 + index) : 1);
    return { day, powersW: Array.from(clearW, (powerW, slot) => powerW * cloud(slot)) };
  });
}

describe('the model of a station', () => {
  it('is silent at night and never above its plateau', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 365 * 96 }), (slot) => {
        const atMs = Date.UTC(2026, 0, 1) + slot * 900_000;
        const powerW = clearSkyPowerW({ ...truth, limitW: 150_000 }, place, atMs);
        const day = new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 10);
        const { sunriseMs, sunsetMs } = sunTimes({ day, ...place });
        if (atMs < sunriseMs || atMs > sunsetMs) expect(powerW).toBe(0);
        expect(powerW).toBeLessThanOrEqual(150_000);
      }),
    );
  });

  it('finds tilt, azimuth and scale again, through cloud on every third day', () => {
    const model = fitStationModel(history(truth), place);
    expect(Math.abs(model.tiltDeg - 28)).toBeLessThan(1.5);
    expect(Math.abs(model.azimuthDeg - 196)).toBeLessThan(2);
    expect(model.scale).toBeCloseTo(0.8, 1);
    expect(model.limitW).toBeNull();
    expect(model.horizon).toEqual([]);
    expect(model.fittedDays).toBe(25);
  });

  it('finds a plateau, and does not take it for another orientation', () => {
    const model = fitStationModel(history({ ...truth, limitW: 160_000 }), place);
    expect(model.limitW).toBeCloseTo(160_000, -2);
    expect(Math.abs(model.azimuthDeg - 196)).toBeLessThan(4);
  });

  it('finds the hill that hides the morning', () => {
    const hill = [
      { azimuthDeg: 97.5, elevationDeg: 18 },
      { azimuthDeg: 102.5, elevationDeg: 20 },
    ];
    const model = fitStationModel(history({ ...truth, horizon: hill }), place);
    expect(model.horizon.map(({ azimuthDeg }) => azimuthDeg)).toEqual([97.5, 102.5]);
  });

  it('does not depend on the size of the station', () => {
    const small = fitStationModel(history(truth), place);
    const big = { ...place, capacityW: place.capacityW * 7 };
    const large = fitStationModel(history(truth, big), big);
    expect(large.tiltDeg).toBeCloseTo(small.tiltDeg, 6);
    expect(large.azimuthDeg).toBeCloseTo(small.azimuthDeg, 6);
    expect(large.scale).toBeCloseTo(small.scale, 6);
  });

  it('stays at its start values without clear days', () => {
    const start = startModel(0.77);
    expect(fitStationModel(history(truth, place, 4), place, start)).toBe(start);
    expect(fitStationModel([], place)).toEqual(startModel(null));
  });

  it('keeps its level when a newer fit takes over', () => {
    const days = ['2026-06-01', '2026-06-02'];
    const newer = alignModel(truth, { ...truth, tiltDeg: 40, scale: 1.3 }, place, days);
    const sumOf = (model: StationModel) =>
      days.reduce(
        (sum, day) =>
          sum + clearDay(model, place, dayStartMs(day)).clearW.reduce((one, other) => one + other, 0),
        0,
      );
    expect(sumOf(newer) / sumOf(truth)).toBeCloseTo(1, 9);
  });
});
