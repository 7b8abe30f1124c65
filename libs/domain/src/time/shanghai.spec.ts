import { describe, expect, it } from 'vitest';
import {
  addDays,
  dayOf,
  dayOfYear,
  daysBetween,
  dayStartMs,
  monthOf,
  quarterHourStartMs,
} from './shanghai.ts';

describe('Shanghai days', () => {
  it('puts the hours before 08:00 into the Shanghai day, not the UTC day', () => {
    expect(dayOf(Date.parse('2025-05-31T16:00:00Z'))).toBe('2025-06-01');
    expect(dayOf(Date.parse('2025-05-31T15:59:59.999Z'))).toBe('2025-05-31');
    expect(monthOf(Date.parse('2025-05-31T16:00:00Z'))).toBe('2025-06');
  });

  it('begins a day at midnight in Shanghai', () => {
    expect(new Date(dayStartMs('2025-06-01')).toISOString()).toBe('2025-05-31T16:00:00.000Z');
  });

  it('walks over month ends and leap days', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2025-01-01', -1)).toBe('2024-12-31');
    expect(daysBetween('2025-02-27', '2025-03-02')).toEqual(['2025-02-27', '2025-02-28', '2025-03-01']);
    expect(dayOfYear('2024-12-31')).toBe(366);
  });

  it('finds the quarter hour', () => {
    expect(new Date(quarterHourStartMs(Date.parse('2025-06-01T10:14:59+08:00'))).toISOString()).toBe(
      '2025-06-01T02:00:00.000Z',
    );
  });
});
