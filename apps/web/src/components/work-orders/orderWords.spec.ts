import { describe, expect, it } from 'vitest';
import { fenOfYuanText } from './orderWords.ts';

describe('yuan as typed', () => {
  it('becomes fen without a float', () => {
    expect(fenOfYuanText('120.5')).toBe('12050');
    expect(fenOfYuanText(' 0.07 ')).toBe('7');
    expect(fenOfYuanText('1')).toBe('100');
    expect(fenOfYuanText('')).toBeNull();
  });

  it('is no amount where it is not written as one', () => {
    for (const text of ['1.005', '-3', '1e3', '1,000', '12345678', '.5'])
      expect(fenOfYuanText(text)).toBeUndefined();
  });
});
