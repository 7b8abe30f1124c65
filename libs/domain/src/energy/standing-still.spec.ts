import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, dayStartMs } from '../time/shanghai.ts';
import { counterEnergy } from './counter.ts';
import type { CounterSample } from './counter-types.ts';
import { dayEnergy } from './day-energy.ts';

const START_MS = dayStartMs('2025-06-01');
const STEP_MS = 300_000;
const STEPS_A_DAY = DAY_MS / STEP_MS;
const RATED_W = 50_000;
const START_WH = 5_000_000;

/** Power of a day: sun from 06:00 to 18:00, as strong as the day is bright. */
function powerAt(step: number, brightness: readonly number[]): number {
  const ofDay = step % STEPS_A_DAY;
  const height = Math.sin((Math.PI * (ofDay - 72)) / 144);
  return ofDay < 72 || ofDay > 216
    ? 0
    : Math.round(RATED_W * height * (brightness[Math.floor(step / STEPS_A_DAY)] ?? 0));
}

/** A counter that is right but for `still`, over which it shows what it showed at its begin. */
function series(brightness: readonly number[], still: { from: number; to: number }): CounterSample[] {
  let totalWh = START_WH;
  let shownWh = START_WH;
  return Array.from({ length: brightness.length * STEPS_A_DAY + 1 }, (_, step) => {
    if (step > 0) totalWh += Math.round((powerAt(step - 1, brightness) + powerAt(step, brightness)) / 24);
    if (step <= still.from || step >= still.to) shownWh = totalWh;
    return { atMs: START_MS + step * STEP_MS, totalWh: shownWh, activePowerW: powerAt(step, brightness) };
  });
}

const daysOf = (samples: readonly CounterSample[], days: number) => {
  const { steps } = counterEnergy(samples, { ratedPowerW: RATED_W });
  return Array.from({ length: days }, (_, day) => dayEnergy(steps, START_MS + day * DAY_MS));
};

describe('a counter that stands still and then catches up', () => {
  it('gives every day its part by power, as an estimate, and no quarter hour', () => {
    const brightness = [0.8, 0.4, 0.8, 0];
    const still = { from: 144, to: 2 * STEPS_A_DAY + 144 };
    const days = daysOf(series(brightness, still), 4);
    const truth = daysOf(series(brightness, { from: 0, to: 0 }), 4);
    expect(days.map(({ quality }) => quality)).toEqual(['estimated', 'estimated', 'estimated', 'measured']);
    for (const [index, { energyWh }] of days.entries())
      expect(Math.abs((energyWh ?? 0) - (truth[index]?.energyWh ?? 0))).toBeLessThan(2000);
    expect(days[1]?.quarterHoursWh[48]).toBeNull();
    expect(days[1]?.quarterHoursWh[4]).toBe(0);
  });

  it('adds up to the counter, whatever the weather and however long', () => {
    const weather = fc.array(fc.constantFrom(0, 0.05, 0.3, 0.9), { minLength: 3, maxLength: 8 });
    const place = fc.tuple(fc.nat(2300), fc.nat(2300));
    fc.assert(
      fc.property(weather, place, (brightness, [a, b]) => {
        const steps = brightness.length * STEPS_A_DAY;
        const still = { from: Math.min(a, b) % steps, to: Math.min(Math.max(a, b), steps - 1) };
        const samples = series(brightness, still);
        const { steps: booked, events } = counterEnergy(samples, { ratedPowerW: RATED_W });
        const sumWh = booked.reduce((sum, { energyWh }) => sum + energyWh, 0);
        const isDecided = events.every(({ decided }) => decided);
        const madeWh = (samples.at(-1)?.totalWh ?? 0) - START_WH;
        if (isDecided) expect(sumWh).toBe(madeWh);
        else expect(sumWh).toBeLessThanOrEqual(madeWh);
      }),
    );
  });

  it('believes no step that is more than power explains', () => {
    const samples = series([0.8, 0.8], { from: 100, to: 200 }).map((sample, step) =>
      step >= 200 ? { ...sample, totalWh: sample.totalWh + 900_000 } : sample,
    );
    const { events, proposals } = counterEnergy(samples, { ratedPowerW: RATED_W });
    expect(events).toMatchObject([{ kind: 'implausible_step', decided: false }]);
    expect(proposals).toHaveLength(1);
  });
});
