import type { ReviewItem } from '#contracts';
import { describe, expect, it } from 'vitest';
import type { ChartColors } from '../../charts/theme.ts';
import { counterChartOption } from './counterChart.ts';
import {
  choiceWords,
  exactKwh,
  readReviewAddress,
  signedEnergy,
  whOfKwhText,
  writeReviewAddress,
} from './reviewWords.ts';

const AT = '2025-06-03T04:05:00.000Z';
const itemWith = (kind: ReviewItem['kind'], choice: ReviewItem['choices'][number]): ReviewItem => ({
  id: 1,
  stationCode: 'ST001',
  stationName: '试验',
  deviceCode: 'M01',
  deviceKind: 'meter',
  kind,
  at: AT,
  day: '2025-06-03',
  fromWh: 1_000_000,
  toWh: 300,
  isWaiting: false,
  state: 'open',
  firstSeenAt: AT,
  choices: [choice],
  decision: null,
});

describe('a choice in words', () => {
  it('tells a step that is booked from one that is not', () => {
    const step = (energyWh: number) =>
      choiceWords(
        itemWith('implausible_step', { fix: { kind: 'rebase', at: AT, energyWh }, effectWh: energyWh }),
        0,
      );
    expect(step(0)).toMatchObject({ key: 'rebaseNothing' });
    expect(step(42_500)).toMatchObject({ key: 'rebase', energyWh: 42_500 });
  });
  it('names the same fix by what it means for the anomaly', () => {
    const rebase = { fix: { kind: 'rebase' as const, at: AT, energyWh: 6200 }, effectWh: 6000 };
    expect(choiceWords(itemWith('frozen', rebase), 0)?.key).toBe('frozen');
    expect(choiceWords(itemWith('frozen', { ...rebase, effectWh: 0 }), 0)?.key).toBe('frozenNothing');
    expect(choiceWords(itemWith('scale_change', rebase), 0)?.key).toBe('scaleRaw');
  });
  it('says whether a scale became larger or smaller', () => {
    const scale = (multiply: number, divide: number) =>
      itemWith('scale_change', {
        fix: { kind: 'scale', fromAt: AT, toAt: null, multiply, divide },
        effectWh: 0,
      });
    expect(choiceWords(scale(10, 1), 0)).toMatchObject({ key: 'multiply', factor: 10 });
    expect(choiceWords(scale(1, 1000), 0)).toMatchObject({ key: 'divide', factor: 1000 });
  });
  it('has nothing to say of a choice that is not there', () => {
    expect(choiceWords(itemWith('reset', { fix: { kind: 'reset', at: AT }, effectWh: 0 }), 3)).toBeNull();
  });
});

describe('energy that somebody signs for', () => {
  it('is written with every digit and its sign', () => {
    expect(signedEnergy(42_500)).toBe('+42.500 kWh');
    expect(signedEnergy(-1)).toBe('−0.001 kWh');
    expect(exactKwh(18_423_600)).toBe('18,423.600 kWh');
    expect(exactKwh(null)).toBe('—');
  });
  it('is read without rounding', () => {
    expect(whOfKwhText('18423.6')).toBe(18_423_600);
    expect(whOfKwhText(' 18,423.601 ')).toBe(18_423_601);
    expect(whOfKwhText('0.1')).toBe(100);
    expect(whOfKwhText('')).toBeNull();
    for (const bad of ['1.2345', '-1', 'abc', '1e3', '.5']) expect(whOfKwhText(bad)).toBeUndefined();
  });
});

describe('the address of the review', () => {
  it('reads what it writes, and takes nonsense for nothing', () => {
    const address = { tab: 'settled' as const, station: 'ST001', page: 3, item: 12 };
    expect(readReviewAddress(writeReviewAddress(address))).toEqual(address);
    expect(readReviewAddress({ tab: 'x', page: '-1', item: 'abc' })).toEqual({
      tab: 'open',
      station: '',
      page: 1,
      item: null,
    });
  });
});

describe('the chart of a counter', () => {
  const colors: ChartColors = {
    font: 'sans-serif',
    text: '#000',
    secondary: '#111',
    line: '#222',
    surface: '#fff',
    accent: '#0aa',
    accentSoft: '#0ff',
    peer: '#888',
    night: 'night',
    hatch: 'hatch',
  };
  it('draws every reading in Shanghai time, marks the anomaly, and keeps a gap a gap', () => {
    const option: unknown = JSON.parse(
      JSON.stringify(
        counterChartOption(
          {
            readings: [
              { measuredAt: '2025-06-03T04:00:00.000Z', totalWh: 5_000_000 },
              { measuredAt: AT, totalWh: 5_042_500 },
              { measuredAt: '2025-06-03T04:10:00.000Z', totalWh: null },
            ],
            at: AT,
            labels: { counter: 'counter', event: 'anomaly' },
          },
          colors,
        ),
      ),
    );
    const shown = (instant: string) => Date.parse(instant) + 8 * 3_600_000;
    expect(option).toMatchObject({
      series: [
        {
          connectNulls: false,
          data: [
            { value: [shown('2025-06-03T04:00:00Z'), 5000], symbol: 'circle' },
            { value: [shown(AT), 5042.5], symbol: 'diamond' },
            { value: [shown('2025-06-03T04:10:00Z'), null], symbol: 'circle' },
          ],
          markLine: { data: [{ xAxis: shown(AT) }] },
        },
      ],
    });
  });
});
