import { describe, expect, it } from 'vitest';
import { demoClockStartMs } from './demo-clock.ts';

const at = (instant: string) => Date.parse(instant);
const start = (realNow: string, newest: string | null = null) => {
  const startMs = demoClockStartMs({
    realNowMs: at(realNow),
    newestReadingMs: newest === null ? null : at(newest),
  });
  return startMs === null ? null : new Date(startMs + 8 * 3_600_000).toISOString().slice(0, 16);
};

describe('clock of the demo', () => {
  it('is real time by day', () => {
    expect(start('2026-11-25T12:00:00+08:00')).toBeNull();
    expect(start('2026-06-25T19:00:00+08:00')).toBeNull();
  });
  it('starts at 10:00 of the day gone by when it is night', () => {
    expect(start('2026-11-25T19:00:00+08:00')).toBe('2026-11-25T10:00');
    expect(start('2026-11-26T05:00:00+08:00')).toBe('2026-11-25T10:00');
  });
  it('never lies in the future', () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const realNowMs = at('2026-11-25T00:00:00+08:00') + hour * 3_600_000;
      expect(demoClockStartMs({ realNowMs, newestReadingMs: null }) ?? realNowMs).toBeLessThanOrEqual(
        realNowMs,
      );
    }
  });
  it('goes on where it was, unless little is left of that day', () => {
    expect(start('2026-11-25T20:00:00+08:00', '2026-11-25T11:30:00+08:00')).toBe('2026-11-25T11:30');
    expect(start('2026-11-25T20:00:00+08:00', '2026-11-25T17:30:00+08:00')).toBe('2026-11-25T10:00');
    expect(start('2026-11-25T20:00:00+08:00', '2026-11-24T11:30:00+08:00')).toBe('2026-11-25T10:00');
  });
});
