import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../time/shanghai.ts';
import { bandFor, fitBands, startBands, stationFactor } from './band.ts';
import { baseline, dayRatio, needsAudit, seasonTerm, type DayRatio } from './day-ratio.ts';
import {
  judgeDay,
  newEpoch,
  newStation,
  skyClassOf,
  type DayVerdict,
  type StationMemory,
} from './judge-day.ts';
import { judgeFleetDay, type StationInput } from './judge-fleet.ts';
import { hourIndices, type Peer, type SkyHour } from './peer-sky.ts';

const clear = {
  clearW: Float64Array.from({ length: 96 }, (_, slot) =>
    Math.max(0, 100_000 * Math.sin(((slot - 24) / 48) * Math.PI)),
  ),
  isJudged: Array.from({ length: 96 }, (_, slot) => slot >= 30 && slot < 66),
};
const capacityW = 120_000;
const skyOf = (index: number): SkyHour[] =>
  Array.from({ length: 24 }, () => ({ index, spread: 0.03, peers: 6 }));
const powersOf = (factor: number): number[] => Array.from(clear.clearW, (powerW) => powerW * factor);

function ratioOf(factor: number, index = 0.8): DayRatio {
  const found = dayRatio({ powersW: powersOf(factor), clear, sky: skyOf(index), capacityW });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('the ratio of a day', () => {
  it('is the measured energy over that under the sky of the peers', () => {
    const day = ratioOf(0.4);
    expect(day.ratio).toBeCloseTo(Math.log(0.5), 9);
    expect(day.skyIndex).toBeCloseTo(0.8, 9);
    expect(day.modelWh).toBeCloseTo(0.8 * clear.clearW.reduce((sum, powerW) => sum + powerW / 4, 0), 3);
  });

  it('does not depend on the size of the station', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), (size) => {
        const scaled = { ...clear, clearW: clear.clearW.map((powerW) => powerW * size) };
        const powersW = powersOf(0.7).map((powerW) => powerW * size);
        const day = dayRatio({ powersW, clear: scaled, sky: skyOf(0.8), capacityW: capacityW * size });
        if (typeof day === 'string') throw new Error(day);
        expect(day.ratio).toBeCloseTo(ratioOf(0.7).ratio, 9);
        expect(day.modelHours).toBeCloseTo(ratioOf(0.7).modelHours, 9);
      }),
    );
  });

  it('is not judged without peers, without light or with a fifth missing', () => {
    const powersW = powersOf(0.7);
    expect(dayRatio({ powersW, clear, sky: skyOf(0.8).map(() => null), capacityW })).toBe('no_peers');
    expect(dayRatio({ powersW, clear, sky: skyOf(0.01), capacityW })).toBe('no_sun');
    const holed = powersW.map((powerW, slot) => (slot < 45 ? null : powerW));
    expect(dayRatio({ powersW: holed, clear, sky: skyOf(0.8), capacityW })).toBe('missing_data');
    const slightly = powersW.map((powerW, slot) => (slot < 34 ? null : powerW));
    expect(dayRatio({ powersW: slightly, clear, sky: skyOf(0.8), capacityW })).not.toBeTypeOf('string');
  });

  it('is finite for a station that gave nothing', () => {
    expect(ratioOf(0).ratio).toBeCloseTo(Math.log(0.001), 9);
  });
});

describe('the baseline', () => {
  const days = (count: number, ratio: number) =>
    Array.from({ length: count }, (_, index) => ({ day: addDays('2026-01-01', index), ratio, sigma: 0.03 }));

  it('leans on the fleet while a station is young', () => {
    expect(baseline({ accepted: [], fleetRatio: 0.04 })).toBe(0.04);
    expect(baseline({ accepted: days(10, 0.1), fleetRatio: 0 })).toBeCloseTo(0.05, 9);
    expect(baseline({ accepted: days(45, 0.1), fleetRatio: 0 })).toBe(0.1);
  });

  it('is moved little by a few sick days', () => {
    expect(baseline({ accepted: [...days(40, 0.1), ...days(5, -0.5)], fleetRatio: 0 })).toBe(0.1);
  });

  it('takes off what last year says of the season', () => {
    const lastYear = Array.from({ length: 360 }, (_, index) => ({
      dayOfYear: index + 1,
      ratio: 0.05 * Math.cos((2 * Math.PI * index) / 365),
    }));
    expect(seasonTerm(lastYear, 1)).toBeCloseTo(0.05, 2);
    expect(seasonTerm(lastYear, 182)).toBeCloseTo(-0.05, 2);
    expect(seasonTerm(lastYear.slice(0, 150), 1)).toBe(0);
  });

  it('is audited when it has been far off for sixty days on one side', () => {
    expect(needsAudit(Array.from({ length: 60 }, () => -0.2))).toBe(true);
    expect(needsAudit(Array.from({ length: 59 }, () => -0.2))).toBe(false);
    expect(needsAudit(Array.from({ length: 60 }, (_, day) => (day % 2 ? 0.2 : -0.2)))).toBe(false);
  });
});

describe('the band', () => {
  it('holds 95 of 100 healthy days of the class and is wider with few peers', () => {
    const samples = Array.from({ length: 1001 }, (_, index) => ({
      skyIndex: 0.9,
      spread: 0.01,
      deviation: (index - 500) / 5000,
      stationFactor: 1,
    }));
    const table = fitBands(samples);
    const band = bandFor(table, { skyIndex: 0.9, spread: 0.01, peers: 8 }, 1);
    expect(band.low).toBeCloseTo(-0.095, 3);
    expect(band.high).toBeCloseTo(0.095, 3);
    expect(band.sigma).toBeCloseTo(0.18 / 3.29, 3);
    expect(bandFor(table, { skyIndex: 0.9, spread: 0.01, peers: 4 }, 1).low).toBeCloseTo(-0.1235, 3);
    // A class that nobody has seen keeps its start value.
    expect(bandFor(table, { skyIndex: 0.1, spread: 0.5, peers: 8 }, 1)).toEqual(
      bandFor(startBands(), { skyIndex: 0.1, spread: 0.5, peers: 8 }, 1),
    );
  });

  it('widens for a noisy station, within limits', () => {
    expect(stationFactor([1, -1])).toBe(1);
    expect(stationFactor(Array.from({ length: 60 }, (_, day) => (day % 2 ? 8 : -8)))).toBe(2);
    expect(stationFactor(Array.from({ length: 60 }, () => 0))).toBe(0.7);
  });
});

/** Folds a station whose output is `factorOf(day)` of the model under an even sky. */
function fold(
  factorOf: (day: number) => number,
  dayCount: number,
): { memory: StationMemory; verdicts: DayVerdict[] } {
  let memory = newStation();
  const verdicts: DayVerdict[] = [];
  for (let index = 0; index < dayCount; index += 1) {
    const wobble = 1 + 0.015 * Math.sin(index * 2.4);
    const result = judgeDay(memory, {
      day: addDays('2026-01-01', index),
      ratio: ratioOf(0.8 * wobble * factorOf(index)),
      bands: startBands(),
      fleetRatio: 0,
      isExcluded: false,
    });
    memory = result.memory;
    verdicts.push(result.verdict);
  }
  return { memory, verdicts };
}

const alarmOf = (verdict: DayVerdict | undefined): string =>
  verdict?.isJudged ? verdict.alarm : 'not judged';

describe('a station day by day', () => {
  it('stays quiet while it is healthy, and its memory stays small', () => {
    const { memory, verdicts } = fold(() => 1, 200);
    expect(verdicts.every((verdict) => alarmOf(verdict) === 'none')).toBe(true);
    expect(JSON.stringify(memory).length).toBeLessThan(12_000);
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
  });

  it.each([
    [0.5, 'large', 3],
    [0.7, 'large', 3],
    [0.9, 'small', 10],
  ])(
    'finds what leaves %d of the power as %s within %d days, and closes it when it is mended',
    (left, name, days) => {
      const { verdicts } = fold((day) => (day >= 60 && day < 85 ? left : 1), 100);
      expect(verdicts.slice(0, 60).every((verdict) => alarmOf(verdict) === 'none')).toBe(true);
      expect(alarmOf(verdicts[60 + days - 1])).toBe(name);
      expect(alarmOf(verdicts[84])).toBe(name);
      expect(alarmOf(verdicts[95])).toBe('none');
      const open = verdicts[84];
      if (!open?.isJudged) throw new Error('the day is not judged');
      // The alarm keeps the baseline of before the loss.
      expect(open.baselineRatio).toBeCloseTo(0, 1);
      expect(open.expected.missingWh / open.expected.expectedWh).toBeCloseTo(1 - left, 0.9);
      expect(open.sinceDay).not.toBeNull();
    },
  );

  it('raises no alarm for snow that slides later than at its peers, and one for the same loss in summer', () => {
    const alarmIn = (month: string): string => {
      let memory = fold(() => 1, 40).memory;
      let alarm = '';
      for (const [index, found] of [
        { ...ratioOf(0.8), spread: 0.5 },
        ratioOf(0.05),
        ratioOf(0.05),
      ].entries()) {
        const day = `2027-${month}-0${index + 1}`;
        const result = judgeDay(memory, {
          day,
          ratio: found,
          bands: startBands(),
          fleetRatio: 0,
          isExcluded: false,
        });
        memory = result.memory;
        alarm = alarmOf(result.verdict);
      }
      return alarm;
    };
    expect(alarmIn('01')).toBe('none');
    expect(alarmIn('06')).toBe('large');
  });

  it('gives no ratio alarm in its first 14 days', () => {
    expect(
      fold((day) => (day > 5 ? 0.4 : 1), 12).verdicts.every((verdict) => alarmOf(verdict) === 'none'),
    ).toBe(true);
  });

  it('does not change on a day that is not judged', () => {
    const { memory } = fold(() => 1, 30);
    const result = judgeDay(memory, {
      day: '2026-03-01',
      ratio: 'missing_data',
      bands: startBands(),
      fleetRatio: 0,
      isExcluded: false,
    });
    expect(result.memory).toBe(memory);
    expect(result.verdict).toEqual({ day: '2026-03-01', isJudged: false, reason: 'missing_data' });
  });
});

describe('a fleet on one day', () => {
  const peers: Peer[] = ['b', 'c', 'd', 'e', 'f'].map((id, index) => ({
    id,
    distanceKm: 3 + index,
    altitudeDifferenceM: null,
    sigma: null,
    group: null,
  }));
  const stationOf = (id: string, factor: number, candidates: Peer[]): StationInput => ({
    id,
    capacityW,
    memory: fold(() => 1, 40).memory,
    candidates,
    powersW: powersOf(factor),
    clear,
    indices: hourIndices({
      powersW: powersOf(factor),
      isUsable: clear.clearW.length ? Array.from({ length: 96 }, () => true) : [],
      clear,
      capacityW,
    }),
    isExcluded: false,
  });
  const fleet = (sick: number): StationInput[] =>
    ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
      stationOf(
        id,
        id === 'b' ? sick : 0.8,
        [...peers, { id: 'a', distanceKm: 4, altitudeDifferenceM: null, sigma: null, group: null }].filter(
          (peer) => peer.id !== id,
        ),
      ),
    );
  const judge = (stations: StationInput[]) =>
    judgeFleetDay({ day: '2026-03-01', stations, bands: startBands(), fleetRatio: 0 });

  it('does not let a dead peer darken the sky of the others', () => {
    const [well] = judge(fleet(0.8));
    const [beside] = judge(fleet(0));
    if (!well?.verdict.isJudged || !beside?.verdict.isJudged) throw new Error('the day is not judged');
    expect(beside.verdict.skyIndex).toBeCloseTo(well.verdict.skyIndex, 6);
    expect(beside.verdict.peers).toBe(4);
  });

  it('gives the same in whatever order the stations come', () => {
    const byId = (stations: StationInput[]) =>
      new Map(judge(stations).map(({ id, verdict }) => [id, verdict] as const));
    expect(byId(fleet(0.3).toReversed())).toEqual(new Map([...byId(fleet(0.3))].toReversed()));
  });

  it('does not judge a station without peers', () => {
    const [lonely] = judge([stationOf('a', 0.8, [])]);
    expect(lonely?.verdict).toEqual({ day: '2026-03-01', isJudged: false, reason: 'no_peers' });
  });
});

describe('a new epoch', () => {
  const old: StationMemory = {
    ...newStation(),
    accepted: [{ day: '2026-05-01', ratio: -0.4, sigma: 0.03 }],
    standardised: [1, -1],
    large: { sum: 20, isOpen: true, sinceDay: '2026-05-02', openedDay: '2026-05-03', goodDays: 0 },
    frozenRatio: 0.1,
  };

  it('ends the alarm and learns the level anew', () => {
    expect(newEpoch(old, 'repaired')).toEqual(newStation());
  });

  it('keeps how noisy a plant is whose loss is accepted', () => {
    expect(newEpoch(old, 'accepted')).toEqual({ ...newStation(), standardised: [1, -1] });
  });
});

describe('the class of the sky', () => {
  it('goes by the cuts of the bands', () => {
    expect([0.1, 0.3, 0.6, 0.8, 0.9].map(skyClassOf)).toEqual([
      'overcast',
      'cloudy',
      'broken',
      'mostly_clear',
      'clear',
    ]);
  });
});
