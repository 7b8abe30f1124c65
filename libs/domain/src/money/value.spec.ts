import { describe, expect, it } from 'vitest';
import { divRoundHalfUp, energyValueFen } from './value.ts';

describe('value of energy', () => {
  it('is exact to the fen', () => {
    // domain.md section 6: 96,300 kWh at 0.332 and 0.518.
    expect(energyValueFen({ energyWh: 96_300_000n, priceHaoPerKwh: 3320n })).toBe(3_197_160n);
    expect(energyValueFen({ energyWh: 96_300_000n, priceHaoPerKwh: 5180n })).toBe(4_988_340n);
  });
  it('rounds halves away from zero, mirrored for negatives', () => {
    expect(divRoundHalfUp(5n, 10n)).toBe(1n);
    expect(divRoundHalfUp(-5n, 10n)).toBe(-1n);
    expect(divRoundHalfUp(4n, 10n)).toBe(0n);
    expect(() => divRoundHalfUp(1n, 0n)).toThrow(RangeError);
  });
});
