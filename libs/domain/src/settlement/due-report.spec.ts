import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueReportState, monthLater, reportDueOn } from './due-report.ts';

describe('the report by the 10th', () => {
  it('is due in the month after, over the turn of a year too', () => {
    expect(['2025-06', '2025-12'].map(reportDueOn)).toEqual(['2025-07-10', '2026-01-10']);
  });

  it('is overdue from the 11th on, and was late for ever where it was', () => {
    const report = { dueOn: '2025-07-10', preparedOn: '2025-07-01', handedInOn: null };
    expect(dueReportState({ ...report, preparedOn: null }, '2025-07-10')).toBe('waiting');
    expect(dueReportState(report, '2025-07-10')).toBe('prepared');
    expect(dueReportState(report, '2025-07-11')).toBe('overdue');
    expect(dueReportState({ ...report, handedInOn: '2025-07-10' }, '2025-08-01')).toBe('handed_in');
    expect(dueReportState({ ...report, handedInOn: '2025-07-11' }, '2025-08-01')).toBe('handed_in_late');
  });
});

describe('months', () => {
  it('go there and back', () => {
    const months = fc.tuple(fc.integer({ min: 1000, max: 8000 }), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(months, fc.integer({ min: -600, max: 600 }), ([year, number], count) => {
        const month = `${year}-${String(number).padStart(2, '0')}`;
        expect(monthLater(monthLater(month, count), -count)).toBe(month);
      }),
    );
    expect(() => monthLater('2025-13', 1)).toThrow('bad month');
  });
});
