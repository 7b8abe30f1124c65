import type { AlarmPolicyView } from '#contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf, faultOf, limitsOf, shownLimit, storedLimit } from './limitWords.ts';

const policy: AlarmPolicyView = {
  kind: 'low',
  countyCode: null,
  effectiveFrom: null,
  reason: null,
  setBy: null,
  setAt: null,
  side: 'below',
  unit: 'share',
  isOn: true,
  delayS: 172_800,
  clearAfterS: 3600,
  rejoinS: 7200,
  escalateAfterS: null,
  openLimit: 0.8,
  closeLimit: 0.9,
  majorLimit: 0.5,
};

describe('the form of a policy', () => {
  it('holds per cent and minutes, and gives back what was stored', () => {
    const draft = draftOf(policy, '2026-11-25');
    expect(draft).toMatchObject({ open: 80, close: 90, major: 50, delayMin: 2880, escalateMin: '' });
    expect(limitsOf(draft, 'share')).toEqual({
      isOn: true,
      delayS: 172_800,
      clearAfterS: 3600,
      rejoinS: 7200,
      escalateAfterS: null,
      openLimit: 0.8,
      closeLimit: 0.9,
      majorLimit: 0.5,
    });
  });

  it('shows silence in minutes', () => {
    expect(shownLimit(1800, 's')).toBe(30);
    expect(storedLimit(30, 's')).toBe(1800);
  });

  it('does not change a limit by showing it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.constantFrom('share', 'celsius', 'count', 'range', 'yes'),
        (thousandths, unit) => {
          const value = thousandths / 1000;
          expect(storedLimit(shownLimit(value, unit), unit)).toBe(value);
        },
      ),
    );
  });

  it('wants the limits on their own sides', () => {
    const draft = draftOf(policy, '2026-11-25');
    expect(faultOf(draft, policy)).toBeNull();
    expect(faultOf({ ...draft, close: 70 }, policy)).toBe('sides');
    expect(faultOf({ ...draft, open: 30, close: 15 }, { side: 'above', unit: 's' })).toBeNull();
    expect(faultOf({ ...draft, delayMin: -1 }, policy)).toBe('numbers');
    expect(faultOf({ ...draft, open: Number.NaN }, policy)).toBe('numbers');
  });
});
