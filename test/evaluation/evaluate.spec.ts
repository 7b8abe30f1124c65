import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate, TUNING_SEEDS } from './evaluate.ts';
import type { Figure } from './report.ts';

describe('the expected output over a small simulated fleet', () => {
  let figures: Figure[] = [];
  beforeAll(() => {
    figures = evaluate({ seed: TUNING_SEEDS[1] ?? 2, stations: 50, days: 200 });
  });
  const valueOf = (name: string): number => {
    const found = figures.find((figure) => figure.name === name);
    if (found === undefined) throw new Error(`no figure ${name}`);
    return found.value;
  };

  it('is nearer than the county median', () => {
    expect(valueOf('sigma of a day, %')).toBeLessThan(0.75 * valueOf('sigma of a day, county median, %'));
    expect(valueOf('sigma of a bright day (K > 0.7), %')).toBeLessThan(8);
  });

  it('holds most healthy days in its band and raises few false alarms', () => {
    expect(valueOf('days in the 95 % band, %')).toBeGreaterThan(88);
    expect(valueOf('false alarms a station-year')).toBeLessThan(2);
    expect(valueOf('specificity (healthy days without alarm), %')).toBeGreaterThan(88);
  });

  it('finds most of the energy that is lost', () => {
    expect(valueOf('lost energy found, %')).toBeGreaterThan(60);
  });

  it('finds how the modules stand', () => {
    expect(valueOf('azimuth, median error, degrees')).toBeLessThan(4);
    expect(valueOf('tilt, median error, degrees')).toBeLessThan(8);
  });
});
