import { describe, expect, it } from 'vitest';
import { projectClock } from './clock.ts';

const clock = {
  now: '2026-11-25T02:00:00.000Z',
  realNow: '2026-11-25T13:00:00.000Z',
  speed: 60,
  isReal: false,
  nightDemo: true,
};

describe('server clock', () => {
  it('runs on at the speed of the demo while real time runs at its own', () => {
    const { nowMs, realNowMs } = projectClock({ clock, observedMs: 500 }, 2_500);
    expect(new Date(nowMs).toISOString()).toBe('2026-11-25T02:02:00.000Z');
    expect(new Date(realNowMs).toISOString()).toBe('2026-11-25T13:00:02.000Z');
  });

  it('never runs back', () => {
    expect(projectClock({ clock, observedMs: 500 }, 100).nowMs).toBe(Date.parse(clock.now));
  });
});
