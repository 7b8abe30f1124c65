import type { Fleet, StationPower } from '#contracts';
import { describe, expect, it } from 'vitest';
import { median, rankDevices, type DeviceView } from './devices.ts';
import { areaBand, mergeLiveFleet, powerOfExpected, rankCounties, unknownLosses } from './fleet.ts';
import { fleet, live } from './fleetFixture.ts';
import { readListQuery, widened, writeListQuery } from './listQuery.ts';
import { energyRange, monthStart, withDaysToCome } from './periods.ts';
import { comparableSlots, fleetSlotMarks, gapRanges, stationSlotMarks } from './slots.ts';
import { stationSentence } from './stationSentence.ts';

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

describe('losses that nobody can estimate', () => {
  const item = (stationCode: string, lostTodayFen: string | null) => ({
    stationCode,
    stationName: stationCode,
    countyCode: '141124',
    countyName: '临县',
    state: 'offline' as const,
    since: null,
    powerW: null,
    peerRatio: null,
    lostTodayWh: lostTodayFen === null ? null : 1,
    lostTodayFen,
    expected: null,
  });

  it('are counted apart from a loss of zero', () => {
    const attention = [item('A', '500'), item('B', '0'), item('C', null)];
    expect(unknownLosses({ attention, attentionTotal: 3 })).toBe(1);
  });

  it('go on past the end of a list that was cut among them', () => {
    expect(unknownLosses({ attention: [item('A', null)], attentionTotal: 9 })).toBe(9);
    expect(unknownLosses({ attention: [item('A', '500')], attentionTotal: 9 })).toBe(0);
  });
});

describe('what an area should make', () => {
  const slot = (powerW: number | null, stationsCounted: number, startsAt = '2026-11-25T01:45:00.000Z') => ({
    startsAt,
    powerW,
    stationsCounted,
  });
  const expectedSlot = (stationsCounted: number) => ({
    startsAt: '2026-11-25T01:45:00.000Z',
    expectedPowerW: 90_000_000,
    lowPowerW: 80_000_000,
    highPowerW: 100_000_000,
    stationsCounted,
  });
  const withCurve = (slots: Fleet['curve']['slots'], stationsCounted: number) => ({
    ...fleet,
    curve: {
      ...fleet.curve,
      slots,
      expected: {
        slots: [expectedSlot(stationsCounted)],
        stationsCounted,
        stationsTotal: 468,
        capacityW: 197_000_000,
        computedAt: fleet.asOf,
      },
    },
  });

  it('is the sum of the bands of its stations', () => {
    expect(areaBand(withCurve([], 234))).toEqual([
      { startsAt: '2026-11-25T01:45:00.000Z', lowW: 80_000_000, highW: 100_000_000 },
    ]);
    expect(areaBand(fleet)).toEqual([]);
  });

  it('is compared a station with a station, in the newest quarter hour that both know', () => {
    const slots = [slot(46_500_000, 465), slot(null, 0, '2026-11-25T02:00:00.000Z')];
    expect(powerOfExpected(withCurve(slots, 465))).toBeCloseTo(46.5 / 90);
  });

  it('is not compared while too few stations are in either', () => {
    expect(powerOfExpected(withCurve([slot(45_000_000, 300)], 465))).toBeNull();
    expect(powerOfExpected(withCurve([slot(45_000_000, 465)], 424))).toBeNull();
    expect(powerOfExpected(fleet)).toBeNull();
  });
});

describe('quarter hours', () => {
  const slot = (startsAt: string, powerW: number | null, stationsCounted: number) => ({
    startsAt,
    powerW,
    stationsCounted,
  });
  const day = [
    slot('2026-11-24T22:00:00.000Z', null, 0),
    slot('2026-11-25T00:45:00.000Z', 9, 461),
    slot('2026-11-25T01:00:00.000Z', null, 0),
    slot('2026-11-25T01:15:00.000Z', 5, 300),
    slot('2026-11-25T01:30:00.000Z', 9, 455),
    slot('2026-11-25T01:45:00.000Z', 1, 100),
    slot('2026-11-25T02:00:00.000Z', null, 0),
  ];
  const marks = fleetSlotMarks({
    ...fleet,
    curve: { slots: day },
  });

  it('are night, gap, measured, partial, or still coming in', () => {
    expect(marks.map(({ kind }) => kind)).toEqual([
      'night',
      'measured',
      'none',
      'partial',
      'measured',
      'future',
      'future',
    ]);
  });

  it('join touching gaps of no and of few data, and never call night or future a gap', () => {
    expect(gapRanges(marks)).toEqual([
      [Date.parse('2026-11-25T01:00:00.000Z'), Date.parse('2026-11-25T01:30:00.000Z')],
    ]);
  });

  it('hatch a quarter hour of few stations once its readings should have come', () => {
    const later = fleetSlotMarks({
      ...fleet,
      asOf: '2026-11-25T02:10:00.000Z',
      curve: { slots: day },
    });
    expect(later.map(({ kind }) => kind).slice(-2)).toEqual(['partial', 'future']);
  });

  it('leave the line unknown where fewer than 95 % of the stations of the fullest slot are in', () => {
    expect(comparableSlots(day).map(({ powerW }) => powerW)).toEqual([null, 9, null, null, 9, null, null]);
  });

  it('keep the line of a day on which some stations were away all day', () => {
    const slots = [slot('2026-11-24T04:00:00.000Z', 5, 400), slot('2026-11-24T04:15:00.000Z', 7, 401)];
    expect(comparableSlots(slots)).toEqual(slots);
  });

  it('take the quality of a station from the server', () => {
    const power: StationPower = {
      stationCode: 'A',
      day: '2026-11-25',
      asOf: '2026-11-25T03:00:00.000Z',
      sunriseAt: fleet.sun.sunriseAt,
      sunsetAt: fleet.sun.sunsetAt,
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
      verdict: 'very_low',
      q: ' 大禹 ',
      sort: 'ratio',
      order: 'asc',
      page: '3',
    });
    expect(list).toMatchObject({
      county: '141124',
      state: 'low',
      verdict: 'very_low',
      q: '大禹',
      sort: 'ratio',
      order: 'asc',
      page: 3,
    });
    expect(readListQuery(writeListQuery(list))).toEqual(list);
  });

  it('widens a search to the whole city, without filters and from the first page', () => {
    const list = readListQuery({ county: '141126', state: 'low', q: '141124-001', sort: 'lost', page: '2' });
    expect(widened(list)).toEqual(readListQuery({ q: '141124-001', sort: 'lost' }));
  });

  it('has nothing to widen without words, or without a filter', () => {
    expect(widened(readListQuery({ county: '141126' }))).toBeNull();
    expect(widened(readListQuery({ q: '141124-001', page: '2' }))).toBeNull();
  });

  it('falls back on anything that it does not understand', () => {
    const list = readListQuery({ state: 'asleep', kind: 'x', sort: ['bad'], order: 'up', page: '-1' });
    expect(writeListQuery(list)).toEqual({});
    expect(list).toMatchObject({ sort: 'lost', order: 'desc', verdict: '' });
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
