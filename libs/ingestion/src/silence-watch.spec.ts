import { describe, expect, it } from 'vitest';
import { SilenceWatch } from './silence-watch.ts';

const hours = (hour: number) => hour * 3_600_000;
const isDaylight = (atMs: number) => atMs > hours(6) && atMs < hours(18);

describe('the watch over silence', () => {
  it('acts once a silence in daylight, and again when it goes on', () => {
    const watch = new SilenceWatch({ startedAtMs: hours(8), speed: 1, isDaylight });
    const look = (hour: number, lastHour: number, isConnected = true) =>
      watch.look({ nowMs: hours(hour), lastReceivedAtMs: hours(lastHour), isConnected });
    expect(look(9, 8.99)).toBe(false);
    expect(look(9.5, 9)).toBe(true);
    expect(watch.isSilent).toBe(true);
    expect(look(9.51, 9)).toBe(false);
    expect(watch.isSilent).toBe(true);
    expect(look(9.8, 9)).toBe(true);
    expect(look(9.9, 9.89)).toBe(false);
    expect(watch.isSilent).toBe(false);
  });

  it('takes a pause of a fast clock for longer than it looks', () => {
    const watch = new SilenceWatch({ startedAtMs: hours(8), speed: 100, isDaylight });
    const look = (hour: number) =>
      watch.look({ nowMs: hours(hour), lastReceivedAtMs: hours(9), isConnected: true });
    expect(look(10)).toBe(false);
    expect(look(11)).toBe(true);
  });

  it('says nothing at night, while unconnected, or right after the start', () => {
    const seen = (hour: number, lastHour: number | null, isConnected: boolean) => {
      const watch = new SilenceWatch({ startedAtMs: hours(hour === 12 ? 11.9 : 1), speed: 1, isDaylight });
      const lastReceivedAtMs = lastHour === null ? null : hours(lastHour);
      return watch.look({ nowMs: hours(hour), lastReceivedAtMs, isConnected });
    };
    expect(seen(23, 17, true)).toBe(false);
    expect(seen(6.1, 5, true)).toBe(false);
    expect(seen(10, 8, false)).toBe(false);
    expect(seen(12, null, true)).toBe(false);
  });
});
