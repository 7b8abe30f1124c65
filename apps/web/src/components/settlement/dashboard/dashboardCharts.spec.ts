import { describe, expect, it } from 'vitest';
import { largestOf, moneyChart, widthOf } from './dashboardCharts.ts';

const colors = {
  font: 'x',
  text: '#000',
  secondary: '#111',
  line: '#222',
  surface: '#fff',
  accent: '#333',
  accentSoft: '#444',
  peer: '#555',
  night: '#666',
  hatch: '#777',
};

describe('charts of money', () => {
  it('leaves a gap where nothing was stated, and keeps every fen in table and file', () => {
    const chart = moneyChart(
      {
        head: '月',
        categories: ['2025-05', '2025-06'],
        lines: [{ name: '结算', color: '#333', values: [null, '900719925474099301'] }],
        unit: '万元',
      },
      colors,
    );
    expect(chart.option.series).toMatchObject([{ data: ['-', expect.closeTo(900_719_925_474.099, 2)] }]);
    expect(chart.rows).toEqual([
      ['2025-05', '—'],
      ['2025-06', '9,007,199,254,740,993.01'],
    ]);
    expect(chart.csv.rows).toEqual([
      ['2025-05', null],
      ['2025-06', '9007199254740993.01'],
    ]);
  });

  it('draws a total against the largest, and nothing for what is not known', () => {
    const funnel = [
      { step: 'settled' as const, amountFen: '4000', resting: [] },
      { step: 'paid' as const, amountFen: null, resting: [] },
    ];
    expect(largestOf(funnel)).toBe(4000n);
    expect(widthOf('1000', 4000n)).toBe(25);
    expect([widthOf(null, 4000n), widthOf('5', 0n)]).toEqual([0, 0]);
  });
});
