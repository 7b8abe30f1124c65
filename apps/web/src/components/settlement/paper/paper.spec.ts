import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnSumFen, fileOfRows, GRID_ROWS_MAX, pasted } from './gridRows.ts';
import { bookFenTyped, toBookFen, toDay } from './gridMoney.ts';
import {
  bpText,
  byTrouble,
  energyGapBp,
  kwhText,
  percentOfFraction,
  sumFen,
  totalsOf,
} from './paperWords.ts';

describe('figures of the paper', () => {
  it('keep every digit of an energy', () => {
    expect(kwhText('32100000')).toBe('32,100');
    expect(kwhText('12345600')).toBe('12,345.6');
    expect(kwhText('-1')).toBe('(0.001)');
    expect(kwhText('0')).toBe('0');
    expect(kwhText(null)).toBe('—');
  });

  it('measure a difference against the statement, half away from zero', () => {
    expect(bpText(energyGapBp('100000', '98750'))).toBe('+1.25 %');
    expect(bpText(energyGapBp('98750', '100000'))).toBe('−1.27 %');
    expect(bpText(energyGapBp('5', '5'))).toBe('0.00 %');
    expect(energyGapBp('0', '5')).toBeNull();
    expect(bpText(energyGapBp(null, '5'))).toBe('—');
  });

  it('have no sum where one part is unknown', () => {
    expect(sumFen(['1', '-3'])).toBe('-2');
    expect(sumFen(['1', null])).toBeNull();
    expect(totalsOf({ streams: [] }).statedFen).toBeNull();
  });

  it('show a share as per cent without rounding it up', () => {
    expect(percentOfFraction('4/5')).toBe('80 %');
    expect(percentOfFraction('29/1000')).toBe('2.9 %');
    expect(percentOfFraction('2/3')).toBe('66.6666 %');
    expect(percentOfFraction('1/0')).toBe('—');
  });
});

describe('station-months', () => {
  const item = (stationCode: string, state: 'matched' | 'blocked' | 'needs_reason', meteredWh: string) => ({
    stationCode,
    stationName: stationCode,
    state,
    energyState: 'complete' as const,
    meteredWh,
    substituteDays: [],
    missingDays: [],
    statedWh: '1000',
    streams: [],
    findings: [],
  });

  it('stand by trouble, and the larger difference first', () => {
    const items = [
      item('C', 'matched', '1000'),
      item('A', 'needs_reason', '900'),
      item('B', 'needs_reason', '1500'),
      item('D', 'blocked', '1000'),
    ];
    expect(byTrouble(items).map(({ stationCode }) => stationCode)).toEqual(['D', 'B', 'A', 'C']);
  });
});

describe('rows that are pasted', () => {
  const labels = ['户号', '结算年月', '上网电费'];

  it('go from the cell on, and make rows as they need them', () => {
    const rows = pasted({
      rows: [['1', '', '']],
      labels,
      at: { row: 0, column: 1 },
      text: '2025-06\t10\r\n2025-07\t"1,0"\tbeyond\r\n',
    });
    expect(rows).toEqual([
      ['1', '2025-06', '10'],
      ['', '2025-07', '1,0'],
    ]);
  });

  it('go by their headings where they bring them', () => {
    const text = '上网电费（元）\t备注\t户号\n5.00\tx\t0141124901001\n';
    expect(pasted({ rows: [], labels, at: { row: 0, column: 0 }, text })).toEqual([
      ['0141124901001', '', '5.00'],
    ]);
  });

  it('end at the limit of an entry', () => {
    const text = Array.from({ length: GRID_ROWS_MAX + 9 }, () => '1').join('\n');
    expect(pasted({ rows: [], labels, at: { row: 0, column: 0 }, text })).toHaveLength(GRID_ROWS_MAX);
  });

  it('become a file without blank rows, in which each line knows its row', () => {
    const { text, rowOfLine } = fileOfRows(labels, [
      ['', '', ''],
      ['0141124901001', '2025-06', '1,000.00'],
    ]);
    expect(text).toBe('户号,结算年月,上网电费\n0141124901001,2025-06,"1,000.00"');
    expect(rowOfLine).toEqual([1]);
  });
});

describe('amounts as people type them', () => {
  it('are read without a float, in every usual way of writing', () => {
    expect(['10,657.20', '¥5', '-3', '（3.00）', '１２.５', ''].map(toBookFen)).toEqual([
      1_065_720n,
      500n,
      -300n,
      -300n,
      1_250n,
      null,
    ]);
    expect(['三万', '1.234', '1e5', '1,00'].map(toBookFen)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }), (fen) => {
        expect(toBookFen(bookFenTyped(String(fen)))).toBe(fen);
      }),
    );
  });

  it('have no sum while one of them is no amount', () => {
    expect(columnSumFen([['1.10'], [''], ['2']], 0)).toBe('310');
    expect(columnSumFen([['1.10'], ['x']], 0)).toBeNull();
  });

  it('know the days that there are', () => {
    expect(['2025-6-3', '2025年6月3日', '20250603'].map(toDay)).toEqual([
      '2025-06-03',
      '2025-06-03',
      '2025-06-03',
    ]);
    expect(toDay('2025-06-31')).toBeNull();
  });
});
