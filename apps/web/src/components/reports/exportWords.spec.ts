import { describe, expect, it } from 'vitest';
import { EXPORT_KINDS } from '#contracts';
import { EXPORT_KIND_ORDER, quarterOf, quarterStart, sizeText } from './exportWords.ts';

describe('words of exports', () => {
  it('offer every kind once', () => {
    expect([...EXPORT_KIND_ORDER].sort()).toEqual([...EXPORT_KINDS].sort());
  });

  it('find the quarter of a month', () => {
    expect(['2025-01', '2025-03', '2025-04', '2025-12'].map(quarterStart)).toEqual([
      '2025-01',
      '2025-01',
      '2025-04',
      '2025-10',
    ]);
    expect(quarterOf('2025-10')).toEqual({ year: '2025', n: 4 });
  });

  it('say the size of a file', () => {
    expect([512, 1_048_575, 1_048_576].map(sizeText)).toEqual(['0.5 KB', '1024.0 KB', '1.0 MB']);
  });
});
