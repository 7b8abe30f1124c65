import { describe, expect, it } from 'vitest';
import { stringsByDeviation, type StringRow } from './strings.ts';

const row = (deviceCode: string, no: number, currentCa: number | null): StringRow => ({
  deviceCode,
  no,
  currentCa,
  voltageDv: currentCa === null ? null : 6200,
  samples: 10,
  newestAt: new Date('2026-06-15T04:00:00Z'),
});

describe('strings by deviation', () => {
  it('puts the inverter with the worst string first and says how far below its siblings that is', () => {
    const found = stringsByDeviation([
      row('INV01', 1, 800),
      row('INV01', 2, 800),
      row('INV01', 3, 780),
      row('INV02', 1, 800),
      row('INV02', 2, 400),
      row('INV02', 3, 800),
    ]);
    expect(found.map(({ deviceCode }) => deviceCode)).toEqual(['INV02', 'INV01']);
    expect(found[0]?.strings[1]).toEqual({ no: 2, currentA: 4, voltageV: 620, deviation: -0.5 });
    expect(found[0]?.dispersion).toBeCloseTo(0.283, 3);
  });

  it('says nothing where nothing is known, and nothing deviates without current', () => {
    const [silent] = stringsByDeviation([row('INV01', 1, null), row('INV01', 2, null)]);
    expect(silent).toMatchObject({ dispersion: null });
    expect(silent?.strings.map(({ deviation }) => deviation)).toEqual([null, null]);
    const [dark] = stringsByDeviation([row('INV01', 1, 0), row('INV01', 2, 0)]);
    expect(dark?.strings.map(({ deviation }) => deviation)).toEqual([null, null]);
  });
});
