import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fenOfYuanText, haoOfYuanText, yuanText } from './typed.ts';

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

  it('is what was shown of any amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (fen) => {
        expect(fenOfYuanText(yuanText(String(fen)))).toBe(String(fen));
      }),
    );
  });
});

describe('a price as typed', () => {
  it('becomes hao, four places of a yuan', () => {
    expect(haoOfYuanText('0.332')).toBe(3320);
    expect(haoOfYuanText('1')).toBe(10_000);
    expect(haoOfYuanText('0.33201')).toBeUndefined();
    expect(haoOfYuanText('')).toBeNull();
  });
});
