import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookedYuan, exactYuan, formatFen, formatFraction, formatHaoPrice } from './money.ts';
import {
  formatChange,
  formatDeviation,
  formatEnergy,
  formatHours,
  formatPower,
  formatRatio,
  joined,
  significant,
  UNKNOWN,
} from './quantity.ts';
import { dateTime, formatAge, formatDuration, hourMinute, sinceText } from './time.ts';

describe('power and energy', () => {
  it('steps from kW to MW and keeps the exact value', () => {
    expect(joined(formatPower(41_234))).toBe('41.23 kW');
    expect(joined(formatPower(196_412_345))).toBe('196.4 MW');
    expect(formatPower(196_412_345).exact).toBe('196,412.345 kW');
  });

  it('steps energy by the language', () => {
    expect(joined(formatEnergy(9_876_000, 'zh-CN'))).toBe('9,876 kWh');
    expect(joined(formatEnergy(1_234_567_000, 'zh-CN'))).toBe('123.5 万千瓦时');
    expect(joined(formatEnergy(123_456_700_000, 'zh-CN'))).toBe('1.23 亿千瓦时');
    expect(joined(formatEnergy(1_234_567_000, 'en'))).toBe('1.23 GWh');
    expect(joined(formatEnergy(9_876_000, 'en'))).toBe('9.88 MWh');
  });

  it('tells a measured zero from an unknown', () => {
    expect(formatPower(0).value).toBe('0');
    expect(formatPower(null).value).toBe(UNKNOWN);
    expect(formatEnergy(null, 'en').value).toBe(UNKNOWN);
    expect(formatHours(0, 'en').value).toBe('0.00');
  });

  it('never shows NaN', () => {
    for (const value of [Number.NaN, Infinity, -Infinity])
      expect([formatPower(value).value, formatRatio(value), formatHours(value, 'en').value]).toEqual([
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
      ]);
  });

  it('keeps four significant digits over a rounding edge', () => {
    expect(significant(99.996)).toBe('100.0');
    expect(significant(999.96)).toBe('1,000');
    expect(significant(-0.001)).toBe('0.00');
  });

  it('shows at most four digits below ten thousand', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9_999, noNaN: true }), (value) => {
        expect(significant(value).replace(/\D/g, '').length).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe('ratios', () => {
  it('does not round a small share to nothing', () => {
    expect(formatRatio(0)).toBe('0 %');
    expect(formatRatio(0.0004)).toBe('<0.1 %');
    expect(formatRatio(0.004)).toBe('0.4 %');
    expect(formatRatio(0.921)).toBe('92 %');
  });

  it('compares only what can be compared', () => {
    expect(formatChange(104.2, 100)).toBe('+4.2 %');
    expect(formatChange(95, 100)).toBe('−5.0 %');
    expect(formatChange(95, 0)).toBe(UNKNOWN);
    expect(formatChange(95, null)).toBe(UNKNOWN);
    expect(formatDeviation(-0.00001)).toBe('0.0 %');
  });
});

describe('money', () => {
  it('steps 元, 万元, 亿元 and keeps every fen on the side', () => {
    expect(formatFen('41235', 'zh-CN')).toEqual({ value: '412.4', unit: '元', exact: '412.35 元' });
    expect(joined(formatFen('1234567', 'zh-CN'))).toBe('1.23 万元');
    expect(joined(formatFen('78600000000', 'zh-CN'))).toBe('7.86 亿元');
    expect(joined(formatFen('78600000000', 'en'))).toBe('786.0 M yuan');
    expect(joined(formatFen('85', 'zh-CN'))).toBe('0.85 元');
  });

  it('shows the settled sum to the fen', () => {
    expect(exactYuan('78600000000', 'zh-CN')).toBe('786,000,000.00 元');
    expect(exactYuan('-105', 'en')).toBe('−1.05 yuan');
  });

  it('loses no fen of a sum that a double cannot hold', () => {
    expect(exactYuan('900719925474099301', 'zh-CN')).toBe('9,007,199,254,740,993.01 元');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (fen) => {
        const digits = exactYuan(fen.toString(), 'zh-CN').replace(/[^\d]/g, '');
        expect(BigInt(digits)).toBe(fen);
      }),
    );
  });

  it('shows a dash for an unknown amount', () => {
    expect(formatFen(null, 'zh-CN').value).toBe(UNKNOWN);
    expect(exactYuan('12.5', 'zh-CN')).toBe(UNKNOWN);
  });

  it('writes an amount of a book with both decimals, below zero in brackets', () => {
    expect(bookedYuan('123450')).toBe('1,234.50');
    expect(bookedYuan('-123450')).toBe('(1,234.50)');
    expect(bookedYuan('-1')).toBe('(0.01)');
    expect(bookedYuan('0')).toBe('0.00');
    expect(bookedYuan(null)).toBe(UNKNOWN);
  });

  it('shows prices in hao and shares as fractions', () => {
    expect(formatHaoPrice(3320)).toBe('0.3320');
    expect(formatFraction({ numerator: '1', denominator: '3' })).toEqual({
      fraction: '1/3',
      percent: '33.33 %',
    });
    expect(formatFraction({ numerator: '1', denominator: '0' })).toBeNull();
    expect(formatFraction(null)).toBeNull();
  });
});

describe('times', () => {
  const nowMs = Date.parse('2026-11-25T02:00:00.000Z');

  it('reads in Shanghai', () => {
    expect(hourMinute('2026-11-24T22:58:00.000Z')).toBe('06:58');
    expect(dateTime('2026-11-24T16:00:00.000Z')).toBe('2026-11-25 00:00:00');
    expect(hourMinute(null)).toBe(UNKNOWN);
    expect(hourMinute('soon')).toBe(UNKNOWN);
  });

  it('names the day of a since that is not today', () => {
    expect(sinceText('2026-11-24T22:58:00.000Z', nowMs)).toBe('06:58');
    expect(sinceText('2026-11-24T09:20:00.000Z', nowMs)).toBe('11-24 17:20');
    expect(sinceText('2025-11-24T09:20:00.000Z', nowMs)).toBe('2025-11-24 17:20');
  });

  it('counts an age by the clock it is given', () => {
    expect(formatAge('2026-11-25T01:57:00.000Z', nowMs, 'zh-CN')).toBe('3 分钟前');
    expect(formatAge('2026-11-25T01:57:00.000Z', nowMs, 'en')).toBe('3 min ago');
    expect(formatAge('2026-11-25T01:59:59.000Z', nowMs, 'zh-CN')).toBe('刚刚');
    expect(formatAge('2026-11-25T02:05:00.000Z', nowMs, 'zh-CN')).toBe('刚刚');
    expect(formatAge(null, nowMs, 'zh-CN')).toBe(UNKNOWN);
  });

  it('gives a length of time in two units', () => {
    expect(formatDuration(12_000_000, 'zh-CN')).toBe('3 小时 20 分');
    expect(formatDuration(12_000_000, 'en')).toBe('3 h 20 min');
    expect(formatDuration(90_000_000, 'zh-CN')).toBe('1 天 1 小时');
    expect(formatDuration(-5, 'en')).toBe('0 s');
  });
});
