import { describe, expect, it } from 'vitest';
import type { CounterEvent } from '#domain';
import { standsStillAcross, type StillQuestion } from './still-across.ts';

const HOUR_MS = 3_600_000;
const span = { from: new Date(0), to: new Date(24 * HOUR_MS) };

/** A counter by the hour of the day, from `-1` on; power is 1 kW where `output` says. */
function question(
  totals: readonly number[],
  given: Partial<StillQuestion> = {},
  output = false,
): StillQuestion {
  return {
    counter: { events: [] },
    ratedPowerW: 50_000,
    samples: totals.map((totalWh, index) => ({
      atMs: (index - 1) * HOUR_MS,
      totalWh,
      activePowerW: output ? 1000 : 0,
    })),
    span,
    window: span,
    fixes: [],
    ...given,
  };
}
const frozen = (hour: number): CounterEvent => ({
  kind: 'frozen',
  atMs: hour * HOUR_MS,
  fromWh: 7,
  toWh: 7,
  energyWh: 0,
  decided: false,
});
const still = Array.from({ length: 27 }, () => 7);
const night = (riseWh: number) => [...still.slice(0, 7), ...Array.from({ length: 20 }, () => 7 + riseWh)];

describe('a counter that stands still across the edge of a day', () => {
  it('is no doubt at night, nor where nothing was made all day', () => {
    expect(standsStillAcross(question(night(100)))).toBe(false);
    expect(standsStillAcross(question(still))).toBe(false);
  });

  it('is one where it stands still all day with output, unless nothing has come after it', () => {
    expect(standsStillAcross(question(still, {}, true))).toBe(true);
    expect(standsStillAcross(question(still.slice(0, 25), {}, true))).toBe(false);
  });

  it('is one where it ends in a step that may be of an earlier day, or in one that a person signed', () => {
    expect(standsStillAcross(question(night(1250)))).toBe(true);
    expect(standsStillAcross(question(night(1249)))).toBe(false);
    const fixes = [{ kind: 'rebase' as const, atMs: 6 * HOUR_MS, energyWh: 1 }];
    expect(standsStillAcross(question(night(100), { fixes }))).toBe(true);
  });

  it('is one where the counter is known to be frozen up to an edge, and readings lie beyond it', () => {
    const evening = [
      ...Array.from({ length: 10 }, (_, hour) => hour),
      ...Array.from({ length: 17 }, () => 50),
    ];
    const counter = { events: [frozen(9)] };
    expect(standsStillAcross(question(evening, { counter }))).toBe(true);
    expect(standsStillAcross(question(evening.slice(0, 24), { counter }))).toBe(false);
    expect(standsStillAcross(question(evening))).toBe(false);
  });
});
