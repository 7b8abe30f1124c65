import { describe, expect, it } from 'vitest';
import { pastedReferences, sumFen, withPasted } from './transferWords.ts';

describe('references of the bank', () => {
  it('are spread over the rows from where a column is pasted, and no row is invented', () => {
    expect(pastedReferences('A1\r\nA2\tmore\nA3\n\n')).toEqual(['A1', 'A2', 'A3']);
    expect(withPasted(['', '', ''], 1, 'B1\nB2\nB3')).toEqual(['', 'B1', 'B2']);
    expect(withPasted(['old', ''], 1, 'C1')).toEqual(['old', 'C1']);
  });

  it('sums fen without a float', () => {
    expect(sumFen([{ amountFen: '9007199254740993' }, { amountFen: '1' }])).toBe('9007199254740994');
  });
});
