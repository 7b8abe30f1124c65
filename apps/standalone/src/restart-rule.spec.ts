import { describe, expect, it } from 'vitest';
import { RestartRule } from './restart-rule.ts';

describe('restart rule', () => {
  it('gives up on the fifth end within a minute', () => {
    const rule = new RestartRule();
    expect([0, 1000, 2000, 3000, 4000].map((nowMs) => rule.mayRestart(nowMs))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
  it('goes on for ever where the ends are far apart', () => {
    const rule = new RestartRule();
    for (let minutes = 0; minutes < 100; minutes += 1) expect(rule.mayRestart(minutes * 60_000)).toBe(true);
  });
});
