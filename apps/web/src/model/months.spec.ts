import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMonths, monthInAddress } from './months.ts';

describe('months', () => {
  it('goes over the turn of the year in both directions', () => {
    expect(addMonths('2026-12', 1)).toBe('2027-01');
    expect(addMonths('2026-01', -1)).toBe('2025-12');
    expect(addMonths('2026-06', -18)).toBe('2024-12');
  });

  it('comes back from any number of months', () => {
    const month = fc
      .tuple(fc.integer({ min: 2000, max: 2099 }), fc.integer({ min: 1, max: 12 }))
      .map(([year, number]) => `${year}-${String(number).padStart(2, '0')}`);
    fc.assert(
      fc.property(month, fc.integer({ min: -240, max: 240 }), (from, months) => {
        expect(addMonths(addMonths(from, months), -months)).toBe(from);
      }),
    );
  });

  it('takes no month of an address that is none', () => {
    expect(monthInAddress('2026-02')).toBe('2026-02');
    for (const text of ['', '2026-13', '2026-2', '2026-02-01', 'x']) expect(monthInAddress(text)).toBeNull();
  });
});
