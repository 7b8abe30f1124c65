import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { excelRow, harmless, machineRow, printable } from './csv.ts';
import { fileName } from './file-name.ts';
import { kwhText, priceText, printedKwh, printedYuan, yuanText } from './figures.ts';
import { sheetName } from './workbook.ts';

const anyText = () => fc.string({ unit: 'binary', maxLength: 40 });

describe('text for a spreadsheet', () => {
  it.each([
    ["=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"],
    ['+1+1', "'+1+1"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['＝1+1', "'＝1+1"],
    ['-12.30', '-12.30'],
    ['大禹联村电站', '大禹联村电站'],
    ['a\u0000b\u202Ec', 'abc'],
  ])('%j becomes %j', (text, expected) => {
    expect(harmless(text)).toBe(expected);
  });

  it('never begins with what is run, whatever it is', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const safe = harmless(text);
        expect(/^\s*[=+@]/.test(safe)).toBe(false);
        expect(/^\s*-/.test(safe) && !/^-?\d+(\.\d+)?$/.test(safe)).toBe(false);
        expect(printable(text).isWellFormed()).toBe(true);
      }),
    );
  });

  it('is read back cell for cell', () => {
    fc.assert(
      fc.property(fc.array(anyText(), { minLength: 2, maxLength: 5 }), (cells) => {
        const kept = cells.map((cell) => cell.replaceAll('\u0000', ''));
        fc.pre(!kept.some((cell) => cell.startsWith('\uFEFF')));
        expect(parse(machineRow(kept), { relax_column_count: true })).toEqual([kept]);
        expect(parse(excelRow(kept))).toEqual([kept.map(harmless)]);
      }),
    );
  });
});

describe('figures as text', () => {
  it('keep every fen, watt-hour and hao', () => {
    expect([0n, 5n, -5n, 123_456n, -123_456n].map(yuanText)).toEqual([
      '0.00',
      '0.05',
      '-0.05',
      '1234.56',
      '-1234.56',
    ]);
    expect([0n, -123_456_789n, null].map(printedYuan)).toEqual(['0.00', '(1,234,567.89)', '—']);
    expect([32_100_000n, 500n, 1n, -1500n].map(kwhText)).toEqual(['32100', '0.5', '0.001', '-1.5']);
    expect([32_100_499n, 32_100_500n, null].map(printedKwh)).toEqual(['32,100', '32,101', '—']);
    expect([3320n, -5n].map(priceText)).toEqual(['0.3320', '-0.0005']);
  });

  it('come back from yuan to the same fen', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (fen) => {
        expect(BigInt(yuanText(fen).replace('.', ''))).toBe(fen);
      }),
    );
  });
});

describe('names', () => {
  it('of files have no path and no signs that a system refuses', () => {
    expect(fileName(['../../etc/passwd', 'a:b', '..x'], 'pdf')).toBe('etc passwd_a b_x.pdf');
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(fileName([text, 'x'], 'csv')).not.toMatch(/[\\/:*?"<>|\n]|^\./);
      }),
    );
  });

  it('of sheets are short and take no sign of a reference', () => {
    expect(sheetName("a/b[c]:d'*?")).toBe('a b c  d');
    expect(sheetName('\u0000')).toBe('数据');
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(sheetName(text).length).toBeLessThanOrEqual(31);
      }),
    );
  });
});
