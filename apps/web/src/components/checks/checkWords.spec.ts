import { describe, expect, it } from 'vitest';
import { figureKind, firstFigures, linkOf } from './checkWords.ts';

const NOWHERE = { stationCode: null, day: null, reference: null, month: null };

describe('words of checks', () => {
  it('put money before days, and days before the rest', () => {
    expect(firstFigures({ sinceDay: '2025-01-01', restDays: '40', amountFen: '5' })).toEqual([
      ['amountFen', '5'],
      ['restDays', '40'],
    ]);
  });

  it('know what a figure is by its unit', () => {
    expect(['openFen', 'settledWh', 'capacityW', 'restDays'].map(figureKind)).toEqual([
      'fen',
      'energy',
      'power',
      'text',
    ]);
  });

  it('lead to where more is seen', () => {
    expect(linkOf({ ...NOWHERE, reference: 'work_order:7' }, null)).toEqual({ path: '/work-orders/7' });
    expect(linkOf({ ...NOWHERE, reference: 'run:3' }, '141124')).toEqual({ path: '/settlement/runs/3' });
    expect(linkOf({ ...NOWHERE, stationCode: 'S1', month: '2025-06' }, '141124')).toEqual({
      path: '/settlement/matches',
      query: { county: '141124', month: '2025-06' },
    });
    expect(linkOf({ ...NOWHERE, stationCode: 'S1', day: '2025-06-01' }, null)).toEqual({
      path: '/stations/S1',
      query: { day: '2025-06-01' },
    });
    expect(linkOf({ ...NOWHERE, reference: 'B1' }, '141124')).toBeNull();
  });
});
