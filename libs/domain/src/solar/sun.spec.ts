import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf } from '../time/shanghai.ts';
import { clearSkyHorizontalIrradiance, clearSkySpecificPower } from './clear-sky.ts';
import { sunPosition } from './sun-position.ts';
import { sunTimes } from './sun-times.ts';

const place = { latitudeDeg: 37.5, longitudeDeg: 111.1 };

// Computed with astronomy-engine 2.1.19 for 37.5 N, 111.1 E, without refraction.
const POSITIONS: [string, number, number][] = [
  ['2025-03-20T04:35:00Z', 52.379, 176.701],
  ['2025-06-21T01:00:00Z', 41.795, 90.772],
  ['2025-06-21T04:37:00Z', 75.938, 179.632],
  ['2026-12-21T06:00:00Z', 25.758, 202.041],
  ['2026-11-05T00:30:00Z', 14.413, 123.205],
  ['2024-02-29T09:00:00Z', 15.971, 246.686],
  ['2030-09-01T15:00:00Z', -39.221, 328.835],
];

const TIMES: [string, string, string, string][] = [
  ['2025-03-20', '2025-03-19T22:39:27Z', '2025-03-20T04:43:03Z', '2025-03-20T10:47:15Z'],
  ['2025-06-21', '2025-06-20T21:14:46Z', '2025-06-21T04:37:23Z', '2025-06-21T12:00:01Z'],
  ['2026-12-21', '2026-12-20T23:46:16Z', '2026-12-21T04:33:31Z', '2026-12-21T09:20:45Z'],
  ['2026-11-05', '2026-11-04T23:04:12Z', '2026-11-05T04:19:11Z', '2026-11-05T09:33:42Z'],
];

const anyInstantMs = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2049, 0, 1) });

describe('the sun', () => {
  it.each(POSITIONS)('stands where the almanac says at %s', (instant, elevationDeg, azimuthDeg) => {
    const sun = sunPosition({ instantMs: Date.parse(instant), ...place });
    expect(Math.abs(sun.elevationDeg - elevationDeg)).toBeLessThan(0.02);
    expect(Math.abs(sun.azimuthDeg - azimuthDeg)).toBeLessThan(0.05);
  });

  it.each(TIMES)('rises, culminates and sets as the almanac says on %s', (day, sunrise, noon, sunset) => {
    const times = sunTimes({ day, ...place });
    expect(Math.abs(times.sunriseMs - Date.parse(sunrise))).toBeLessThan(60_000);
    expect(Math.abs(times.noonMs - Date.parse(noon))).toBeLessThan(30_000);
    expect(Math.abs(times.sunsetMs - Date.parse(sunset))).toBeLessThan(60_000);
  });

  it('stands at the horizon at sunrise and at sunset, and highest at noon', () => {
    fc.assert(
      fc.property(anyInstantMs, fc.double({ min: 34, max: 41, noNaN: true }), (instantMs, latitudeDeg) => {
        const at = { latitudeDeg, longitudeDeg: place.longitudeDeg };
        const times = sunTimes({ day: dayOf(instantMs), ...at });
        const elevation = (ms: number) => sunPosition({ instantMs: ms, ...at }).elevationDeg;
        expect(elevation(times.sunriseMs)).toBeCloseTo(-0.833, 1);
        expect(elevation(times.sunsetMs)).toBeCloseTo(-0.833, 1);
        expect(elevation(times.noonMs)).toBeGreaterThan(elevation(times.noonMs - 600_000));
        expect(elevation(times.noonMs)).toBeGreaterThan(elevation(times.noonMs + 600_000));
        expect(dayOf(times.sunriseMs)).toBe(dayOf(times.sunsetMs));
      }),
      { numRuns: 200 },
    );
  });

  it('is refused where it does not set', () => {
    expect(() => sunTimes({ day: '2025-06-21', latitudeDeg: 80, longitudeDeg: 20 })).toThrow(RangeError);
  });
});

describe('the clear sky', () => {
  const plane = { tiltDeg: 33, azimuthDeg: 180 };

  it('follows Haurwitz', () => {
    expect(clearSkyHorizontalIrradiance(90)).toBeCloseTo(1.098 * Math.exp(-0.057), 9);
    expect(clearSkyHorizontalIrradiance(30)).toBeCloseTo(1.098 * 0.5 * Math.exp(-0.114), 9);
    expect(clearSkyHorizontalIrradiance(-0.1)).toBe(0);
  });

  it('gives nothing at night and never more than the irradiance a plane can get', () => {
    fc.assert(
      fc.property(anyInstantMs, (instantMs) => {
        const power = clearSkySpecificPower({ instantMs, ...place, ...plane });
        const { elevationDeg } = sunPosition({ instantMs, ...place });
        if (elevationDeg <= 0) expect(power).toBe(0);
        else expect(power).toBeGreaterThan(0);
        expect(power).toBeLessThan(1.1);
      }),
    );
  });

  it('loses 0.4 % a degree of air temperature', () => {
    const noon = { instantMs: sunTimes({ day: '2025-03-20', ...place }).noonMs, ...place, ...plane };
    const cold = clearSkySpecificPower({ ...noon, airTemperatureC: 0 });
    const mild = clearSkySpecificPower({ ...noon, airTemperatureC: 10 });
    expect(cold - mild).toBeCloseTo(0.04 * 1.03, 2);
    expect(clearSkySpecificPower(noon)).toBe(clearSkySpecificPower({ ...noon, airTemperatureC: 15 }));
  });

  it('favours the side that the modules look at', () => {
    const morning = { instantMs: Date.parse('2025-06-21T09:00:00+08:00'), ...place, tiltDeg: 33 };
    expect(clearSkySpecificPower({ ...morning, azimuthDeg: 120 })).toBeGreaterThan(
      clearSkySpecificPower({ ...morning, azimuthDeg: 240 }),
    );
  });
});
