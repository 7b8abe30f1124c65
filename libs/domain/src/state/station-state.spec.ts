import { describe, expect, it } from 'vitest';
import { isReporting, judgeStation, median, type StationObservation } from './station-state.ts';

const nowMs = Date.parse('2025-06-01T10:00:00+08:00');
const healthy: StationObservation = {
  nowMs,
  sunElevationDeg: 50,
  lastContactMs: nowMs - 60_000,
  reportingIntervalMs: 300_000,
  powerW: 200_000,
  capacityW: 500_000,
  peerPowerPerW: 0.42,
  hours: 2,
  peerHours: 2.1,
  invertersInFault: 0,
  invertersLimited: 0,
  lastState: 'generating',
};
const judge = (change: Partial<StationObservation>) => judgeStation({ ...healthy, ...change });

describe('state of a station', () => {
  it('is generating while it does as its neighbours do', () => {
    expect(judge({})).toBe('generating');
    expect(judge({ invertersLimited: 1 })).toBe('limited');
  });
  it('is offline after half an hour of silence, also at night, and unknown when never heard', () => {
    expect(judge({ lastContactMs: nowMs - 29 * 60_000 })).toBe('generating');
    expect(judge({ lastContactMs: nowMs - 31 * 60_000 })).toBe('offline');
    expect(judge({ lastContactMs: nowMs - 31 * 60_000, sunElevationDeg: -20 })).toBe('offline');
    expect(judge({ lastContactMs: null })).toBe('unknown');
  });
  it('is zero only while the neighbours prove that there is sun', () => {
    expect(judge({ powerW: 0 })).toBe('zero');
    expect(judge({ powerW: 0, peerPowerPerW: 0.1 })).toBe('generating');
    expect(judge({ powerW: null })).toBe('unknown');
  });
  it('is low below 80 % of its neighbours, once they have enough hours to compare', () => {
    expect(judge({ hours: 1.6, peerHours: 2.1 })).toBe('low');
    expect(judge({ hours: 0.1, peerHours: 0.4 })).toBe('generating');
    expect(judge({ hours: null })).toBe('generating');
  });
  it('is night without sun, and a fault is seen before low', () => {
    expect(judge({ powerW: 0, sunElevationDeg: 3 })).toBe('night');
    expect(judge({ invertersInFault: 1, hours: 1 })).toBe('fault');
  });
  it('keeps what was wrong by day through the night, and lets the morning judge again', () => {
    const dusk = { sunElevationDeg: 9, powerW: 0 };
    expect(judge({ ...dusk, lastState: 'zero' })).toBe('zero');
    expect(judge({ ...dusk, lastState: 'low' })).toBe('low');
    expect(judge({ ...dusk, lastState: 'offline' })).toBe('night');
    expect(judge({ lastState: 'zero' })).toBe('generating');
  });
  it('waits two intervals where they are longer than half an hour', () => {
    expect(isReporting({ nowMs, lastContactMs: nowMs - 45 * 60_000, reportingIntervalMs: 1_800_000 })).toBe(
      true,
    );
  });
});

it('takes the median', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
