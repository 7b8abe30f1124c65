import { describe, expect, it } from 'vitest';
import { curvePoints, dayCurveOption, nightRanges, type DayCurveInput, type DayLine } from './dayCurve.ts';
import { energyBarsOption } from './energyBars.ts';
import type { ChartColors } from './theme.ts';

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
const HOUR_MS = 3_600_000;
const shown = (instant: string) => Date.parse(instant) + 8 * HOUR_MS;
const slot = (instant: string, powerW: number | null) => ({ startsAt: instant, powerW });
const line = (slots: DayLine['slots']): DayLine => ({
  id: 'own',
  name: 'own',
  emphasis: 'main',
  offsetMs: 0,
  slots,
});
const input = (part: Partial<DayCurveInput>): DayCurveInput => ({
  day: '2026-11-25',
  sunriseAt: '2026-11-24T23:07:00.000Z',
  sunsetAt: '2026-11-25T09:06:00.000Z',
  gaps: [],
  nowMs: null,
  lines: [line([slot('2026-11-25T02:00:00.000Z', 41_200)])],
  labels: { night: 'night', gap: 'gap', now: 'now' },
  ...part,
});
/** Plain data of an option, as the chart gets it; functions fall away. */
const plain = (option: unknown): unknown => JSON.parse(JSON.stringify(option));

describe('day curve', () => {
  it('keeps an unknown slot a gap and a measured zero a zero', () => {
    const points = curvePoints(
      line([
        slot('2026-11-25T02:00:00.000Z', 5_000),
        slot('2026-11-25T02:15:00.000Z', null),
        slot('2026-11-25T02:30:00.000Z', 0),
      ]),
      1000,
    );
    expect(points.map((point) => point.value[1])).toEqual([5, null, 0]);
    expect(plain(dayCurveOption(input({}), colors))).toMatchObject({ series: [{ connectNulls: false }] });
  });

  it('draws a value that stands alone between gaps as a dot', () => {
    const points = curvePoints(
      line([
        slot('2026-11-25T02:00:00.000Z', null),
        slot('2026-11-25T02:15:00.000Z', 1_000),
        slot('2026-11-25T02:30:00.000Z', null),
        slot('2026-11-25T02:45:00.000Z', 1_000),
        slot('2026-11-25T03:00:00.000Z', 1_000),
      ]),
      1000,
    );
    expect(points.map((point) => point.symbol)).toEqual(['none', 'circle', 'none', 'none', 'none']);
  });

  it('shades the night up to sunrise and from sunset, in Shanghai time', () => {
    expect(nightRanges(input({}))).toEqual([
      [Date.parse('2026-11-25T00:00:00.000Z'), Date.parse('2026-11-25T07:07:00.000Z')],
      [Date.parse('2026-11-25T17:06:00.000Z'), Date.parse('2026-11-26T00:00:00.000Z')],
    ]);
  });

  it('hatches gaps and shades nights with marks of their own', () => {
    const gap = [Date.parse('2026-11-25T02:00:00.000Z'), Date.parse('2026-11-25T02:45:00.000Z')] as const;
    const option = plain(dayCurveOption(input({ gaps: [gap] }), colors));
    expect(option).toMatchObject({
      series: [
        {
          markArea: {
            data: [
              [{ name: 'night' }, {}],
              [{ name: 'night' }, {}],
              [
                { name: 'gap', xAxis: shown('2026-11-25T02:00:00.000Z'), itemStyle: { color: 'hatch' } },
                { xAxis: shown('2026-11-25T02:45:00.000Z') },
              ],
            ],
          },
        },
      ],
    });
  });

  it('spans the whole Shanghai day whatever the zone of the browser', () => {
    expect(plain(dayCurveOption(input({}), colors))).toMatchObject({
      useUTC: true,
      xAxis: {
        type: 'time',
        min: Date.parse('2026-11-25T00:00:00.000Z'),
        max: Date.parse('2026-11-26T00:00:00.000Z'),
      },
    });
  });

  it('draws yesterday over today and steps to MW by size', () => {
    const yesterday: DayLine = {
      ...line([slot('2026-11-24T02:00:00.000Z', 3_000_000)]),
      id: 'yesterday',
      offsetMs: 24 * HOUR_MS,
    };
    expect(curvePoints(yesterday, 1e6)[0]?.value).toEqual([shown('2026-11-25T02:00:00.000Z') + 450_000, 3]);
    expect(plain(dayCurveOption(input({ lines: [yesterday] }), colors))).toMatchObject({
      yAxis: { name: 'MW' },
    });
  });

  it('gives the same option for the same input', () => {
    expect(plain(dayCurveOption(input({}), colors))).toEqual(plain(dayCurveOption(input({}), colors)));
  });
});

describe('energy bars', () => {
  const item = (period: string, energyWh: number | null, days = 1) => ({
    period,
    energyWh,
    fullLoadHours: null,
    quality: energyWh === null ? ('none' as const) : ('measured' as const),
    methods: [],
    daysCounted: energyWh === null ? 0 : 1,
    days,
  });
  const qualities = { measured: 'm', estimated: 'e', incomplete: 'i', none: 'n' };
  const option = plain(
    energyBarsOption(
      {
        items: [
          item('2026-11-01', 5_000),
          item('2026-11-02', null),
          item('2026-11-03', 0),
          item('2026-11-04', null, 0),
        ],
        by: 'day',
        locale: 'en',
        labels: { energy: 'Energy', qualities },
      },
      colors,
    ),
  );

  it("uses the server's days as categories", () => {
    expect(option).toMatchObject({
      xAxis: { type: 'category', data: ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] },
    });
  });

  it('has no bar for an unknown day, a bar of zero for a zero, and hatches only days that are over', () => {
    expect(option).toMatchObject({
      series: [
        {
          data: [{ value: 5 }, { value: '-' }, { value: 0 }, { value: '-' }],
          markArea: { data: [[{ xAxis: '2026-11-02' }, { xAxis: '2026-11-02' }]] },
        },
      ],
    });
  });
});
