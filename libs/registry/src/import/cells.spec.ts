import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  choiceCell,
  dateCell,
  fractionCell,
  lowestTerms,
  numberCell,
  optionalCell,
  scaledCell,
  textCell,
} from './cells.ts';

const read = <T>(cell: z.ZodType<T, string>, text: string) => {
  const parsed = cell.safeParse(text);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return issue?.code === 'custom' ? issue.params?.['code'] : issue?.code;
};
const kw = scaledCell({ min: 1, max: 10_000, decimals: 3, unit: 'kW ' });
const count = numberCell({ min: 0, max: 20_000, decimals: 0, unit: '户' });

describe('numbers', () => {
  it.each([
    ['300', 300_000],
    ['３００', 300_000],
    [' 1,234.5 ', 1_234_500],
    ['１，２３４．５', 1_234_500],
    ['0001', 1000],
    ['10000', 10_000_000],
    ['100.000', 100_000],
    ['8.075', 8075],
  ])('reads %s kW as watts', (text, powerW) => expect(read(kw, text)).toBe(powerW));

  it.each(['100万', '300kW', '1.2e3', '1,23', '12,34,567', '0x10', '一百', '1 000', '--1'])(
    'refuses %s',
    (text) => expect(read(kw, text)).toBe('import.not_a_number'),
  );

  it.each(['1000000', '10000.001', '0.999', '0', '-300'])('refuses %s kW as out of range', (text) =>
    expect(read(kw, text)).toBe('import.out_of_range'),
  );

  it('refuses digits that would be rounded away, and parts of a household', () => {
    expect(read(kw, '300.0001')).toBe('import.too_precise');
    expect(read(count, '1.5')).toBe('import.not_whole');
    expect(read(count, '1.0')).toBe(1);
  });

  it('moves the digits of every power exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 10_000_000 }), (powerW) => {
        const text = `${Math.floor(powerW / 1000)}.${String(powerW % 1000).padStart(3, '0')}`;
        expect(read(kw, text)).toBe(powerW);
      }),
    );
  });
});

describe('dates', () => {
  it.each([
    '2019-06-30',
    '2019/6/30',
    '2019.6.30',
    '2019年6月30日',
    '20190630',
    '２０１９－０６－３０',
    '2019/6/30 0:00',
  ])('reads %s', (text) => expect(read(dateCell(), text)).toBe('2019-06-30'));

  it.each(['2019-06-31', '2019-02-29', '30/6/2019', '43646', '1919-06-30', '2019-06', '6月30日'])(
    'refuses %s',
    (text) => expect(read(dateCell(), text)).toBe('import.bad_date'),
  );
});

describe('shares', () => {
  it.each([
    ['400/900', 4n, 9n],
    ['33.5%', 67n, 200n],
    ['0.335', 67n, 200n],
    ['１００％', 1n, 1n],
    ['1', 1n, 1n],
  ])('reads %s as a fraction in lowest terms', (text, numerator, denominator) =>
    expect(read(fractionCell(), text)).toEqual({ numerator, denominator }),
  );

  it.each(['0', '0/9', '1/0', '10/9', '101%', '33.5'])('refuses %s as out of range', (text) =>
    expect(read(fractionCell(), text)).toBe('import.out_of_range'),
  );

  it.each(['-1/2', 'abc', '1/2/3', '1.5/3', '1234567890123/9'])('refuses %s', (text) =>
    expect(read(fractionCell(), text)).toBe('import.not_a_fraction'),
  );

  it('keeps the value when it divides out', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const { numerator, denominator } = lowestTerms(a, b);
        expect(numerator * b).toBe(denominator * a);
        expect(lowestTerms(numerator, denominator)).toEqual({ numerator, denominator });
      }),
    );
  });
});

describe('words', () => {
  it('lets several words mean one thing, and names them where none fits', () => {
    const kind = choiceCell({ 单村: 'single', single: 'single' });
    expect([read(kind, '单村'), read(kind, 'Single')]).toEqual(['single', 'single']);
    expect(kind.safeParse('三村').error?.issues[0]?.message).toBe('应为：单村、single');
  });

  it('tells an empty cell from a bad one', () => {
    const optional = optionalCell(dateCell(), null);
    expect(read(optional, '  ')).toBeNull();
    expect(read(optional, '2019-06-31')).toBe('import.bad_date');
    expect(read(dateCell(), '')).toBe('import.missing');
    expect(read(textCell(3), '四个字的')).toBe('import.too_long');
  });
});
