import { describe, expect, it } from 'vitest';
import type { StationCompare, StationEvent } from '#contracts';
import { calendarStep, calendarYear } from '../model/calendar.ts';
import { placeEvents } from '../model/events.ts';
import { evidenceText } from '../model/expected.ts';
import { comparePowerExport } from './historyExports.ts';
import { dayCurveOption } from './dayCurve.ts';
import { sheetCells, sheetName } from './files.ts';
import type { ChartColors } from './theme.ts';

const colors: ChartColors = {
  font: 'sans-serif',
  text: '#111',
  secondary: '#222',
  line: '#333',
  surface: '#fff',
  accent: '#0a0',
  accentSoft: '#afa',
  peer: '#888',
  night: '#eee',
  hatch: '#ccc',
};

const item = (period: string, fullLoadHours: number) => ({
  period,
  energyWh: fullLoadHours * 1000,
  fullLoadHours,
  quality: 'measured' as const,
  methods: [],
  daysCounted: 1,
  days: 1,
});

describe('the calendar of full-load hours', () => {
  it('has every day of a leap year once, unknown days as unknown and a sum of what is known', () => {
    const months = calendarYear([item('2024-02-29', 4.5), item('2024-02-28', 0)], {
      year: 2024,
      today: '2024-03-01',
    });
    expect(months.flatMap(({ days }) => days)).toHaveLength(366);
    expect(months[1]?.days).toHaveLength(29);
    expect(months[1]?.hours).toBe(4.5);
    expect(months[1]?.days[27]?.item?.fullLoadHours).toBe(0);
    expect(months[0]?.days[0]).toMatchObject({ item: null, isComing: false });
    expect(months[0]?.hours).toBeNull();
    expect(months[2]?.days[1]?.isComing).toBe(true);
  });

  it('keeps zero apart from the first step', () => {
    expect([0, 0.99, 1, 4.2, 9].map(calendarStep)).toEqual([0, 0, 1, 4, 5]);
  });
});

describe('events on the axis of a day', () => {
  const event = (fromAt: string, toAt: string | null, isOpen = false): StationEvent => ({
    kind: 'alarm',
    code: 'station_stopped',
    fromAt,
    toAt,
    isOpen,
    deviceCode: null,
    text: null,
    energyWh: null,
    link: null,
  });

  it('places them by Shanghai time, cuts them at the ends of the day and keeps overlapping ones apart', () => {
    const placed = placeEvents(
      [
        event('2026-06-14T00:00:00+08:00', '2026-06-15T06:00:00+08:00'),
        event('2026-06-15T03:00:00+08:00', null, true),
        event('2026-06-15T12:00:00+08:00', '2026-06-16T12:00:00+08:00'),
      ],
      '2026-06-15',
      Date.parse('2026-06-15T09:00:00+08:00'),
    );
    expect(placed.map(({ left, width }) => [left, left + width])).toEqual([
      [0, 0.25],
      [0.125, 0.375],
      [0.5, 1],
    ]);
    expect(placed.map(({ row }) => row)).toEqual([0, 1, 0]);
  });
});

describe('the band of the expected power', () => {
  it('ends where it is not known and never hides what is higher than the lines', () => {
    const option = dayCurveOption(
      {
        day: '2026-06-15',
        sunriseAt: '2026-06-15T05:00:00+08:00',
        sunsetAt: '2026-06-15T20:00:00+08:00',
        gaps: [],
        nowMs: null,
        lines: [{ id: 'own', name: 'own', emphasis: 'main', offsetMs: 0, slots: [] }],
        band: {
          name: 'expected',
          slots: [
            { startsAt: '2026-06-15T12:00:00+08:00', lowW: 1000, highW: 3000 },
            { startsAt: '2026-06-15T12:15:00+08:00', lowW: null, highW: 3000 },
          ],
        },
        labels: { night: '', gap: '', now: '' },
      },
      colors,
    );
    const series = Array.isArray(option.series) ? option.series : [];
    expect(series.map(({ id }) => id)).toEqual(['own', 'expected-low', 'expected-room']);
    expect(series[1]?.data).toMatchObject([
      [expect.any(Number), 1],
      [expect.any(Number), null],
    ]);
    expect(series[2]?.data).toMatchObject([
      [expect.any(Number), 2],
      [expect.any(Number), null],
    ]);
  });
});

describe('files', () => {
  it('writes numbers as numbers, leaves unknown ones empty and runs nothing as a formula', () => {
    const { data } = sheetCells({ columns: ['a', 'b', 'c'], rows: [['=1+1', 2.5, null]] });
    expect(data[1]).toEqual([{ value: '=1+1', type: String }, { value: 2.5, type: Number }, null]);
  });

  it('gives a sheet a name that a spreadsheet takes', () => {
    expect(sheetName('a/b:c[d]')).toBe('a b c d');
    expect(sheetName('')).toBe('data');
    expect(sheetName('x'.repeat(40))).toHaveLength(31);
  });

  it('exports a comparison with a row a quarter hour', () => {
    const compare: StationCompare = {
      day: '2026-06-15',
      asOf: '2026-06-15T12:00:00+08:00',
      sunriseAt: '2026-06-15T05:00:00+08:00',
      sunsetAt: '2026-06-15T20:00:00+08:00',
      firstSlotAt: '2026-06-15T00:00:00+08:00',
      days: ['2026-06-15'],
      unknown: [],
      stations: [
        {
          code: 'A',
          name: 'one',
          countyName: '',
          capacityW: 1000,
          powerShare: [0, null],
          dayHours: null,
          monthHours: null,
          daysCounted: 0,
          hours: [null],
        },
      ],
    };
    const { rows } = comparePowerExport(compare, 'time');
    expect(rows).toHaveLength(96);
    expect(rows[0]).toEqual(['2026-06-15T00:00:00+08:00', 0]);
    expect(rows[1]?.[1]).toBeNull();
  });
});

describe('evidence in words', () => {
  it('says shares in per cent, power in kW and counts as they are', () => {
    expect(evidenceText('zeroShare', 0.25)).toBe('25 %');
    expect(evidenceText('limitW', 30_000)).toBe('30.00 kW');
    expect(evidenceText('slots', 8)).toBe('8');
    expect(evidenceText('perDay', -0.004)).toBe('−0.4 %');
    expect(evidenceText('deviation', Number.NaN)).toBe('—');
  });
});
