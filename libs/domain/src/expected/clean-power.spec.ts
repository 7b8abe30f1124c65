import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanPowers } from './clean-power.ts';

const clean = (powersW: (number | null)[], limitW: number | null = null) =>
  cleanPowers({ powersW, ratedPowerW: 1000, limitW });

describe('cleaning the powers of a day', () => {
  it('believes 9 % above the name plate and not twice it', () => {
    expect(clean([1089, 2000, 500]).powersW).toEqual([1089, null, 500]);
    expect(clean([1089, 2000, 500]).flags).toEqual(['ok', 'out_of_range', 'ok']);
  });

  it('takes the small draw of the night for no power, and a large one for an error', () => {
    expect(clean([-5, -500]).powersW).toEqual([0, null]);
  });

  it('flags a frozen value but neither zeros of the night nor a clipped noon', () => {
    expect(clean([300, 300, 300, 300, 310]).flags).toEqual(['stale', 'stale', 'stale', 'stale', 'ok']);
    expect(clean([0, 0, 0, 0]).flags).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(clean([999, 999, 999, 999], 1000).flags).toEqual(['clipped', 'clipped', 'clipped', 'clipped']);
    expect(clean([999, 999, 999, 999], 1000).powersW).toEqual([999, 999, 999, 999]);
  });

  it('flags a straight line as filled', () => {
    expect(clean([100, 150, 200, 250, 300, 330]).flags.filter((flag) => flag === 'filled')).toHaveLength(3);
    expect(clean([100, 150, 190, 250, 300, 330]).flags).not.toContain('filled');
  });

  it('flags a spike that no neighbour shows', () => {
    const powersW = [400, 410, 900, 420, 430];
    const flags = (neighboursPerW: number[]) =>
      cleanPowers({ powersW, ratedPowerW: 1000, limitW: null, neighboursPerW }).flags[2];
    expect(flags([0.4, 0.41, 0.4, 0.42, 0.43])).toBe('spike');
    expect(flags([0.4, 0.41, 0.9, 0.42, 0.43])).toBe('ok');
  });

  it('does not depend on the size', () => {
    const powers = fc.array(fc.option(fc.integer({ min: -100, max: 1500 }), { nil: null }), {
      maxLength: 96,
    });
    fc.assert(
      fc.property(powers, (powersW) => {
        const doubled = powersW.map((powerW) => (powerW === null ? null : powerW * 2));
        const large = cleanPowers({ powersW: doubled, ratedPowerW: 2000, limitW: null });
        expect(large.flags).toEqual(clean(powersW).flags);
      }),
    );
  });
});
