import type { Fleet, LiveFleet, StationPower } from '#contracts';
import { describe, expect, it } from 'vitest';
import { median, rankDevices, type DeviceView } from './devices.ts';
import { mergeLiveFleet, rankCounties } from './fleet.ts';
import { readListQuery, writeListQuery } from './listQuery.ts';
import { energyRange, monthStart, withDaysToCome } from './periods.ts';
import { projectRegion, scaleBounds, stepOf } from './region.ts';
import { comparableSlots, fleetSlotMarks, gapRanges, stationSlotMarks } from './slots.ts';
import { stationSentence } from './stationSentence.ts';

const coverage = {
  stationsCounted: 461,
  stationsTotal: 468,
  oldestSampleAt: null,
  newestSampleAt: null,
  estimatedShare: 0,
};
const clock = {
  now: '2026-11-25T02:00:00.000Z',
  realNow: '2026-11-25T02:00:00.000Z',
  speed: 1,
  isReal: true,
  nightDemo: false,
};
const sun = {
  isDaylight: true,
  sunriseAt: '2026-11-24T23:07:00.000Z',
  sunsetAt: '2026-11-25T09:06:00.000Z',
};
const byState = {
  generating: 461,
  limited: 0,
  low: 0,
  zero: 0,
  fault: 0,
  offline: 7,
  night: 0,
  unknown: 0,
};
const live: LiveFleet = {
  asOf: '2026-11-25T02:00:05.000Z',
  clock,
  area: { level: 'city', code: '141100', name: '吕梁市' },
  sun,
  stations: { total: 468, reporting: 461, byState },
  power: { ...coverage, powerW: 200_000_000 },
  today: { ...coverage, energyWh: 1, fullLoadHours: 0 },
  lostToday: { energyWh: 0, amountFen: '0' },
  counties: [],
};
const fleet: Fleet = {
  ...live,
  asOf: '2026-11-25T02:00:00.000Z',
  simulated: true,
  power: { ...coverage, powerW: 100_000_000 },
  capacityW: 394_000_000,
  villages: 1469,
  households: 218_000,
  posts: 82_000,
  settled: { amountFen: '78600000000', asOfDay: '2025-08-31', definition: 'x' },
  month: { ...coverage, energyWh: 1, fullLoadHours: 0, completeDaysWh: null, sameDaysLastYearWh: null },
  year: { ...coverage, energyWh: 1, fullLoadHours: 0 },
  curve: { day: '2026-11-25', slots: [], yesterday: [] },
  attention: [],
  attentionTotal: 0,
};

describe('live pieces of the overview', () => {
  it('move the figures and leave the rest', () => {
    const merged = mergeLiveFleet(fleet, live);
    expect(merged.power.powerW).toBe(200_000_000);
    expect(merged.curve).toBe(fleet.curve);
  });

  it('are dropped when older or for another area', () => {
    expect(mergeLiveFleet(fleet, { ...live, asOf: '2026-11-25T01:59:00.000Z' })).toBe(fleet);
    expect(mergeLiveFleet(fleet, { ...live, area: { level: 'county', code: '141124', name: '临县' } })).toBe(
      fleet,
    );
  });

  it('ranks counties by full-load hours, those without data last', () => {
    const county = (code: string, fullLoadHours: number | null) => ({
      code,
      name: code,
      stations: 1,
      reporting: 1,
      attention: 0,
      capacityW: 1,
      powerW: null,
      todayWh: null,
      fullLoadHours,
    });
    const ranked = rankCounties([county('3', null), county('1', 1), county('2', 2)]);
    expect(ranked.map(({ code }) => code)).toEqual(['2', '1', '3']);
  });
});

describe('quarter hours', () => {
  const slot = (startsAt: string, powerW: number | null, stationsCounted: number) => ({
    startsAt,
    powerW,
    stationsCounted,
  });
  const marks = fleetSlotMarks({
    ...fleet,
    curve: {
      day: '2026-11-25',
      yesterday: [],
      slots: [
        slot('2026-11-24T22:00:00.000Z', null, 0),
        slot('2026-11-25T01:00:00.000Z', null, 0),
        slot('2026-11-25T01:15:00.000Z', null, 0),
        slot('2026-11-25T01:30:00.000Z', 1, 461),
        slot('2026-11-25T01:45:00.000Z', 0, 300),
        slot('2026-11-25T02:00:00.000Z', null, 0),
      ],
    },
  });

  it('are night, gap, measured, partial or still to come', () => {
    expect(marks.map(({ kind }) => kind)).toEqual(['night', 'none', 'none', 'measured', 'partial', 'future']);
  });

  it('join touching gaps and never call night or future a gap', () => {
    expect(gapRanges(marks)).toEqual([
      [Date.parse('2026-11-25T01:00:00.000Z'), Date.parse('2026-11-25T01:30:00.000Z')],
    ]);
  });

  it('leaves yesterday unknown where few stations were heard', () => {
    const yesterday = [slot('2026-11-24T04:00:00.000Z', 5, 6), slot('2026-11-24T04:15:00.000Z', 7, 460)];
    const shown = comparableSlots({ ...fleet, curve: { ...fleet.curve, yesterday } });
    expect(shown.map(({ powerW }) => powerW)).toEqual([null, 7]);
  });

  it('take the quality of a station from the server', () => {
    const power: StationPower = {
      stationCode: 'A',
      day: '2026-11-25',
      asOf: '2026-11-25T03:00:00.000Z',
      sunriseAt: sun.sunriseAt,
      sunsetAt: sun.sunsetAt,
      slots: (['estimated', 'incomplete'] as const).map((quality, index) => ({
        startsAt: `2026-11-25T01:${index === 0 ? '00' : '15'}:00.000Z`,
        powerW: 1,
        energyWh: 1,
        quality,
        peerPowerW: null,
      })),
    };
    expect(stationSlotMarks(power).map(({ kind }) => kind)).toEqual(['estimated', 'incomplete']);
  });
});

describe('devices', () => {
  const device = (code: string, powerW: number | null, part: Partial<DeviceView> = {}): DeviceView => ({
    code,
    kind: 'inverter',
    serial: code,
    model: null,
    ratedPowerW: 50_000,
    state: 'generating',
    measuredAt: null,
    receivedAt: null,
    powerW,
    energyTotalWh: null,
    todayWh: null,
    temperatureC: null,
    deviceStatus: null,
    faultCode: null,
    ...part,
  });

  it('puts the silent and the lowest inverter first, the meter last', () => {
    const ranked = rankDevices([
      device('M', 90_000, { kind: 'meter', ratedPowerW: null }),
      device('A', 30_000),
      device('B', 20_000),
      device('C', 31_000),
      device('D', null),
    ]);
    expect(ranked.map(({ device: { code } }) => code)).toEqual(['D', 'B', 'A', 'C', 'M']);
    expect(ranked.find((row) => row.device.code === 'B')?.deviation).toBeCloseTo(-1 / 3);
  });

  it('compares inverters of different size by their rated power', () => {
    const ranked = rankDevices([device('A', 10_000), device('B', 20_000, { ratedPowerW: 100_000 })]);
    expect(ranked.map(({ deviation }) => deviation)).toEqual([0, 0]);
  });

  it('says no deviation at night', () => {
    expect(rankDevices([device('A', 0), device('B', 0)]).map(({ deviation }) => deviation)).toEqual([
      null,
      null,
    ]);
    expect(median([])).toBeNull();
    expect(median([3, 1, 2, 4])).toBe(2.5);
  });
});

describe('address of the list', () => {
  it('reads back what it wrote', () => {
    const list = readListQuery({
      county: '141124',
      state: 'low',
      q: ' 大禹 ',
      sort: 'lost',
      order: 'desc',
      page: '3',
    });
    expect(list).toMatchObject({
      county: '141124',
      state: 'low',
      q: '大禹',
      sort: 'lost',
      order: 'desc',
      page: 3,
    });
    expect(readListQuery(writeListQuery(list))).toEqual(list);
  });

  it('falls back on anything that it does not understand', () => {
    const list = readListQuery({ state: 'asleep', kind: 'x', sort: ['bad'], order: 'up', page: '-1' });
    expect(writeListQuery(list)).toEqual({});
  });
});

describe('periods', () => {
  it('asks for the month by day and for thirteen months, the end exclusive', () => {
    expect(energyRange('2026-11-25', 'day')).toEqual({ from: '2026-11-01', to: '2026-11-26' });
    expect(energyRange('2026-11-25', 'month')).toEqual({ from: '2025-11-01', to: '2026-11-26' });
    expect(monthStart('2026-01-31', -1)).toBe('2025-12-01');
  });

  it('fills the month with days that expect no data', () => {
    const filled = withDaysToCome([], '2026-11-28');
    expect(filled.map(({ period, energyWh, days }) => [period, energyWh, days])).toEqual([
      ['2026-11-29', null, 0],
      ['2026-11-30', null, 0],
    ]);
  });
});

describe('map', () => {
  it('puts north up and the label into the shape', () => {
    const shapes = projectRegion(
      {
        features: [
          {
            properties: { adcode: '1', name: 'a' },
            geometry: {
              type: 'Polygon',
              coordinates: [
                [
                  [111, 37],
                  [112, 37],
                  [112, 38],
                  [111, 38],
                  [111, 37],
                ],
              ],
            },
          },
        ],
      },
      100,
    );
    expect(shapes.counties[0]?.labelX).toBeCloseTo(50);
    expect(shapes.counties[0]?.labelY).toBeCloseTo(shapes.height / 2);
    expect(shapes.counties[0]?.path.startsWith(`M0.0 ${shapes.height.toFixed(1)}`)).toBe(true);
    expect(shapes.height).toBeGreaterThan(100);
  });

  it('gives every value a step of the scale', () => {
    const bounds = scaleBounds([1, 2, 6], 5);
    expect([1, 2, 6].map((value) => stepOf(value, bounds))).toEqual([0, 1, 4]);
    expect(stepOf(3, scaleBounds([3, 3], 5))).toBe(2);
    expect(scaleBounds([], 5)).toEqual([]);
  });
});

describe('state in words', () => {
  const texts: Record<string, string> = {
    'sentence.generating': '发电中 {power}',
    'sentence.night': '夜间，不发电',
    'sentence.peer': '为邻站 {ratio}',
    'sentence.since': '自 {time} 起',
    'sentence.join': '，',
  };
  const t = (key: string, values: Record<string, string> = {}) =>
    (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const nowMs = Date.parse('2026-11-25T02:00:00.000Z');

  it('says what it does, how that compares, since when', () => {
    const station = {
      state: 'generating' as const,
      powerW: 41_200,
      peerRatio: 0.92,
      stateSince: '2026-11-24T22:58:00.000Z',
    };
    expect(stationSentence(station, nowMs, t)).toBe('发电中 41.20 kW，为邻站 92 %，自 06:58 起');
  });

  it('claims nothing that is not known', () => {
    const station = { state: 'night' as const, powerW: 0, peerRatio: 1, stateSince: null };
    expect(stationSentence(station, nowMs, t)).toBe('夜间，不发电');
  });
});
