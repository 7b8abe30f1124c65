import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labelledSeries } from '../../../../test/data-quality/labelled.ts';
import { DAY_MS, dayOf, dayStartMs } from '../time/shanghai.ts';
import {
  findLevelShifts,
  judgePowerDay,
  reportIntervalMs,
  sunLight,
  timeShiftOf,
  type PowerPoint,
  type QualityFlag,
} from './index.ts';

const all = labelledSeries();

/** The whole series of a file, judged day by day without anything around it. */
function judged(code: string) {
  const series = all.find(({ definition }) => definition.code === code);
  if (!series) throw new Error(`no series ${code}`);
  const { unitW, place, ratedPowerW } = series.definition;
  const points = series.points.map(({ atMs, power }): PowerPoint => ({
    atMs,
    powerW: power === null ? null : Math.round(power * unitW),
  }));
  const intervalMs = reportIntervalMs(points) ?? 0;
  const days = [...Map.groupBy(points, ({ atMs }) => dayOf(atMs)).keys()].map((day) => {
    const fromMs = dayStartMs(day);
    const toMs = fromMs + DAY_MS;
    const near = points.filter(({ atMs }) => atMs >= fromMs - DAY_MS / 8 && atMs < toMs + DAY_MS / 8);
    return judgePowerDay(near, {
      ...sunLight({ day, ...place }),
      day,
      fromMs,
      toMs,
      ratedPowerW,
      intervalMs,
    });
  });
  const flags = days.flatMap((day) => day.flags);
  const shapes = days.map(({ shape }) => shape);
  const flagged = (kind: QualityFlag['kind']) =>
    points.filter(({ atMs }) =>
      flags.some((flag) => flag.kind === kind && atMs >= flag.fromMs && atMs <= flag.toMs),
    );
  return { points, flags, flagged, shapes };
}

/** Minutes of the file's own stamp: the site's clock is eight hours from UTC in `SITE` files. */
const utc = (atMs: number, siteHours: number) =>
  new Date(atMs + (8 - siteHours) * 3_600_000).toISOString().slice(0, 16);

describe('detectors on real series', () => {
  it('find all 245 frozen values and no other (POW-04)', () => {
    const { flagged, points } = judged('DQ01');
    const byDay = Map.groupBy(flagged('stale'), ({ atMs }) => dayOf(atMs));
    expect([...byDay].map(([day, values]) => [day, values.length])).toEqual([
      ['2011-01-03', 59],
      ['2011-01-04', 1],
      ['2011-01-06', 52],
      ['2011-01-07', 48],
      ['2011-01-14', 60],
      ['2011-01-15', 25],
    ]);
    expect(points).toHaveLength(3000);
    expect(flagged('stale').filter(({ powerW }) => powerW === 0)).toEqual([]);
  });

  it('find the 39 clipped values, one more beside them, and nothing frozen among them (POW-06)', () => {
    const { flagged } = judged('DQ03');
    expect(flagged('clipped')).toHaveLength(40);
    expect(flagged('stale')).toEqual([]);
  });

  it('find what limits find, and one of the two values that lie within them (SPK-10)', () => {
    const { flagged } = judged('DQ04');
    expect(flagged('outlier').map(({ atMs, powerW }) => [utc(atMs, 0), powerW])).toEqual([
      ['2017-04-11T14:45', 1_413_343],
      ['2017-04-12T12:30', -500_000],
      ['2017-04-13T19:15', -400_000],
      ['2017-04-14T14:30', 1_999_622],
      ['2017-04-14T15:45', 83_825],
    ]);
  });

  it('find the three values of -1 000 000 kW and no other (SPK-08)', () => {
    const { flagged, points } = judged('DQ15');
    const outliers = flagged('outlier');
    expect(outliers.map(({ atMs }) => utc(atMs, -8))).toEqual([
      '2016-04-05T13:30',
      '2016-07-19T12:55',
      '2016-08-17T13:10',
    ]);
    const rest = points.filter((point) => !outliers.includes(point)).map(({ powerW }) => powerW ?? 0);
    expect(Math.min(...rest)).toBe(0);
  });

  it('find no outlier in hours above the name plate (POW-01)', () => {
    const { flagged, points } = judged('DQ16');
    expect(points.filter(({ powerW }) => (powerW ?? 0) > 27_600)).toHaveLength(891);
    expect(Math.max(...points.map(({ powerW }) => powerW ?? 0))).toBe(30_064);
    expect(flagged('outlier')).toEqual([]);
    expect(flagged('stale')).toEqual([]);
  });

  it('find nothing wrong with what an inverter draws at night (POW-02)', () => {
    for (const code of ['DQ05', 'DQ06', 'DQ07']) {
      const { points, flags } = judged(code);
      expect(Math.min(...points.map(({ powerW }) => powerW ?? 0))).toBeLessThan(-4);
      expect(flags.filter(({ kind }) => kind !== 'gap')).toEqual([]);
    }
  });

  it('find the hour of summer time that a stamp of UTC-7 hides', () => {
    const { shapes } = judged('DQ12');
    const shiftOn = (day: string) => timeShiftOf(day, shapes);
    expect(Math.round((shiftOn('2011-11-03')?.offsetMs ?? 0) / 60_000)).toBe(45);
    expect(shiftOn('2011-11-10')).toBeNull();
    expect(shiftOn('2012-03-09')).toBeNull();
    expect(shiftOn('2012-03-28')?.fromMs).toBe(dayStartMs('2012-03-12'));
  });

  it('find the day on which daily sums fall to another level', () => {
    const path = join(import.meta.dirname, '../../../../test/fixtures/pv/pvanalytics/pvlib_data_shift.csv');
    const rowSchema = z.object({ timestamp: z.string(), value: z.string(), label: z.string() });
    const rows = z.array(rowSchema).parse(parse(readFileSync(path, 'utf8'), { columns: true }));
    const days = rows.map(({ timestamp, value }) => {
      const [month = '', day = '', year = ''] = timestamp.split('/');
      return {
        day: `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
        value: value === '' ? null : Number(value),
      };
    });
    const label = days[rows.findIndex((row) => row.label === '1')]?.day;
    expect(label).toBe('2015-10-28');
    expect(findLevelShifts(days).map(({ day }) => day)).toContain(label);
  });
});
