import { describe, expect, it } from 'vitest';
import { fleet } from './fleetFixture.ts';
import { daylightOf, holdFleet, isStaleAt, type Samples } from './freshness.ts';
import { nightView } from './night.ts';

const MINUTE_MS = 60_000;
const samples: Samples = {
  newestSampleAt: '2026-11-25T02:00:00.000Z',
  sunriseAt: '2026-11-24T23:25:00.000Z',
  sunsetAt: '2026-11-25T09:19:00.000Z',
};
const at = (instant: string, speed = 1) => ({ nowMs: Date.parse(instant), speed });

describe('readings', () => {
  it('are stale by day once two reports are missing, whatever the stream says', () => {
    expect(isStaleAt(samples, at('2026-11-25T02:10:00.000Z'))).toBe(false);
    expect(isStaleAt(samples, at('2026-11-25T02:10:01.000Z'))).toBe(true);
  });

  it('are not stale at night, when nothing has to move', () => {
    expect(isStaleAt(samples, at('2026-11-25T09:19:00.000Z'))).toBe(false);
    expect(isStaleAt(samples, at('2026-11-24T23:24:00.000Z'))).toBe(false);
  });

  it('are not late before a device could wake with the sun', () => {
    const slept = { ...samples, newestSampleAt: '2026-11-24T09:00:00.000Z' };
    expect(isStaleAt(slept, at('2026-11-24T23:35:00.000Z'))).toBe(false);
    expect(isStaleAt(slept, at('2026-11-24T23:36:00.000Z'))).toBe(true);
  });

  it('are stale where no station reports at all', () => {
    expect(isStaleAt({ ...samples, newestSampleAt: null }, at('2026-11-25T02:00:00.000Z'))).toBe(true);
  });

  it('may be as old as a message takes on a fast demo clock', () => {
    expect(isStaleAt(samples, at('2026-11-25T02:20:00.000Z', 100))).toBe(false);
    expect(isStaleAt(samples, at('2026-11-25T02:26:00.000Z', 100))).toBe(true);
  });
});

describe('figures that stand still', () => {
  const now = { ...fleet, power: { ...fleet.power, powerW: null, newestSampleAt: null, stationsCounted: 0 } };
  const slot = (startsAt: string, powerW: number | null) => ({ startsAt, powerW, stationsCounted: 460 });

  it('stay as they were last fresh, with the time of their newest sample', () => {
    const lastFresh = { ...fleet, power: { ...fleet.power, newestSampleAt: '2026-11-25T02:00:00.000Z' } };
    expect(holdFleet(now, lastFresh)).toEqual({ fleet: lastFresh, heldAt: '2026-11-25T02:00:00.000Z' });
  });

  it('are never those of another area', () => {
    const lastFresh = { ...fleet, area: { level: 'county' as const, code: '141124', name: '临县' } };
    expect(holdFleet(now, lastFresh)).toEqual({ fleet: now, heldAt: null });
  });

  it('fall back on the newest quarter hour for a page that has seen none fresh', () => {
    const slots = [slot('2026-11-25T01:00:00.000Z', 7), slot('2026-11-25T01:15:00.000Z', null)];
    const held = holdFleet({ ...now, curve: { ...now.curve, slots } }, null);
    expect(held.fleet.power).toMatchObject({ powerW: 7, stationsCounted: 460 });
    expect(held.heldAt).toBe('2026-11-25T01:15:00.000Z');
  });
});

describe('night', () => {
  const nightAt = (asOf: string) => nightView({ asOf, sun: { ...samples, isDaylight: false } });

  it('is not said by day', () => {
    expect(nightAt('2026-11-25T02:00:00.000Z')).toBeNull();
  });

  it("has the day's result and tomorrow's sunrise after sunset", () => {
    const night = nightAt('2026-11-25T12:00:00.000Z');
    expect(night?.isDayOver).toBe(true);
    // A day of November is about a minute shorter at each end than the day before it.
    const lateMs = Date.parse(night?.sunriseAt ?? '') - Date.parse(samples.sunriseAt) - 1440 * MINUTE_MS;
    expect(Math.abs(lateMs)).toBeLessThan(3 * MINUTE_MS);
  });

  it('waits for the sunrise of the same day after midnight', () => {
    expect(nightAt('2026-11-24T20:00:00.000Z')).toEqual({ isDayOver: false, sunriseAt: samples.sunriseAt });
  });

  it('takes its daylight from the Shanghai day of the instant', () => {
    const { sunriseAt, sunsetAt } = daylightOf(Date.parse('2026-11-24T20:00:00.000Z'), {
      latitude: 37.5,
      longitude: 111.1,
    });
    expect(sunriseAt < sunsetAt).toBe(true);
    expect([sunriseAt, sunsetAt].map((instant) => instant.slice(0, 10))).toEqual([
      '2026-11-24',
      '2026-11-25',
    ]);
  });
});
