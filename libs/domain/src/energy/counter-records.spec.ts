import { describe, expect, it } from 'vitest';
import { dayStartMs } from '../time/shanghai.ts';
import { counterEnergy, type CounterFix, type CounterRecord, type CounterSample } from './counter.ts';
import { dayEnergy } from './day-energy.ts';

const at = (time: string) => Date.parse(`${time}+08:00`);
const samplesOf = (points: readonly (readonly [string, number])[]): CounterSample[] =>
  points.map(([time, totalWh]) => ({ atMs: at(time), totalWh }));
const every5Minutes = (...totals: number[]): CounterSample[] =>
  totals.map((totalWh, index) => ({ atMs: at('2025-06-01T10:00:00') + index * 300_000, totalWh }));
const energyOf = (
  samples: readonly CounterSample[],
  facts: { records?: CounterRecord[]; fixes?: CounterFix[] } = {},
  ratedPowerW = 5000,
) => {
  const result = counterEnergy(samples, { ratedPowerW, ...facts });
  return { ...result, sumWh: result.steps.reduce((sum, { energyWh }) => sum + energyWh, 0) };
};

describe('a meter that is exchanged', () => {
  const samples = samplesOf([
    ['2025-07-23T00:00:00', 18_400_000],
    ['2025-07-23T10:25:00', 18_423_600],
    ['2025-07-23T10:35:00', 0],
    ['2025-07-24T00:00:00', 35_200],
  ]);
  const exchange: CounterRecord = {
    kind: 'exchange',
    atMs: at('2025-07-23T10:30:00'),
    finalWh: 18_423_600,
    startWh: 0,
    newSerial: 'M-NEW',
  };

  it('CNT-16: books the old meter to its final and the new one from its start reading', () => {
    const result = energyOf(samples, { records: [exchange] });
    expect(dayEnergy(result.steps, dayStartMs('2025-07-23')).energyWh).toBe(58_800);
    expect(result.events).toEqual([
      {
        kind: 'exchange',
        atMs: exchange.atMs,
        fromWh: 18_423_600,
        toWh: 0,
        energyWh: 0,
        decided: true,
      },
    ]);
  });
  it('CNT-16 without its record: the new counter is taken for a reset', () => {
    expect(energyOf(samples).sumWh).toBe(58_800);
  });
  it('books signed readings exactly, also where the new meter does not start at zero', () => {
    const result = energyOf(
      samplesOf([
        ['2025-07-23T10:00:00', 18_423_000],
        ['2025-07-23T11:00:00', 7_001_000],
        ['2025-07-23T12:00:00', 7_002_000],
      ]),
      { records: [{ ...exchange, finalWh: 18_423_987, startWh: 7_000_400 }] },
    );
    expect(result.steps.map(({ energyWh }) => energyWh)).toEqual([987, 600, 1000]);
    expect(result.proposals).toEqual([]);
  });
  it('wants a look where the final reading is below the last sample or unknown, and books nothing for it', () => {
    for (const finalWh of [18_300_000, null]) {
      const result = energyOf(samples, { records: [{ ...exchange, finalWh }] });
      expect(result.sumWh).toBe(58_800);
      expect(result.events).toMatchObject([{ kind: 'exchange', decided: false }]);
    }
  });
  it('keeps a late reading of the old meter out of the new one', () => {
    const late = { atMs: at('2025-07-23T10:40:00'), totalWh: 18_423_600 };
    const more = samplesOf([
      ['2025-07-23T10:45:00', 100],
      ['2025-07-24T00:00:00', 35_200],
    ]);
    expect(energyOf([...samples.slice(0, 3), late, ...more], { records: [exchange] }).sumWh).toBe(58_800);
  });
  it('leaves alone what lies before the samples', () => {
    const old: CounterRecord = { ...exchange, atMs: at('2024-07-23T10:30:00'), finalWh: 5, startWh: 0 };
    const result = energyOf(samples.slice(0, 2), { records: [old] });
    expect(result.sumWh).toBe(23_600);
    expect(result.events).toEqual([]);
  });
  it('closes a stretch that no sample follows', () => {
    const result = energyOf(samples.slice(0, 2), { records: [{ ...exchange, finalWh: 18_424_000 }] });
    expect(result.sumWh).toBe(24_000);
  });
});

describe('a device that is moved', () => {
  const out: CounterRecord = { kind: 'move_out', atMs: at('2025-07-01T09:00:00') };
  const into: CounterRecord = { kind: 'move_in', atMs: at('2025-07-01T15:00:00') };
  const samples = samplesOf([
    ['2025-07-01T08:50:00', 4_099_900],
    ['2025-07-01T08:55:00', 4_100_000],
    ['2025-07-01T15:05:00', 8_200_000],
    ['2025-07-01T19:00:00', 8_260_000],
  ]);

  it('CNT-19: counts to the move at the old station and from the first reading at the new one', () => {
    const old = energyOf(samples, { records: [out] }, 50_000);
    expect(old.sumWh).toBe(100);
    expect(old.events).toMatchObject([{ kind: 'moved', decided: true }]);
    const fresh = energyOf(samples, { records: [into] }, 50_000);
    expect(fresh.steps).toEqual([
      { fromMs: at('2025-07-01T15:05:00'), toMs: at('2025-07-01T19:00:00'), energyWh: 60_000 },
    ]);
    expect(fresh.events).toMatchObject([{ kind: 'moved', energyWh: 0 }]);
  });
  it('CNT-19 with both records of one logger: the jump belongs to nobody', () => {
    expect(energyOf(samples, { records: [out, into] }, 50_000).sumWh).toBe(100 + 60_000);
  });
  it('CNT-19 without a record: the jump is not booked', () => {
    const result = energyOf(samples, {}, 50_000);
    expect(result.sumWh).toBe(100 + 60_000);
    expect(result.proposals).toMatchObject([{ kind: 'implausible_step', toWh: 8_200_000 }]);
  });
  it('knows from a move before the samples where the device is', () => {
    const later = samples.slice(2);
    expect(energyOf(later, { records: [out] }, 50_000).sumWh).toBe(0);
    expect(energyOf(later, { records: [out, into] }, 50_000)).toMatchObject({ sumWh: 60_000, events: [] });
    expect(energyOf(samples.slice(0, 2), { records: [into] }, 50_000).sumWh).toBe(0);
  });
  it('splits the energy exactly where the counter was read at the move', () => {
    const moves = (kind: 'move_out' | 'move_in'): CounterRecord[] => [
      { kind, atMs: at('2025-07-01T09:00:00'), readingWh: 1_000_300 },
    ];
    const whole = samplesOf([
      ['2025-07-01T08:00:00', 1_000_000],
      ['2025-07-01T10:00:00', 1_001_000],
    ]);
    expect(energyOf(whole, { records: moves('move_out') }).sumWh).toBe(300);
    expect(energyOf(whole, { records: moves('move_in') }).sumWh).toBe(700);
  });
});

describe('fixes that a person accepted', () => {
  const atOf = (index: number) => at('2025-06-01T10:00:00') + index * 300_000;

  it('takes ignored readings out', () => {
    const samples = every5Minutes(100_000, 100_100, 100_400, 100_450, 100_200, 100_300);
    const fixes: CounterFix[] = [{ kind: 'ignore', fromMs: atOf(2), toMs: atOf(3) }];
    expect(energyOf(samples, { fixes }).sumWh).toBe(300);
  });
  it('has the effect that every proposal names', () => {
    const stories = [
      every5Minutes(5_000_000, 4_700_000, 4_700_100, 4_700_200),
      every5Minutes(100_000, 100_200, 130_200, 130_400, 130_600),
      every5Minutes(812_400, 812_500, 812_600_000, 812_700_000, 812_800_000),
      every5Minutes(35_229_000, 35_230_000, 3_523_100, 3_523_200, 3_523_300),
      every5Minutes(3_522_900, 3_523_000, 35_231_000, 35_232_000, 35_233_000),
      every5Minutes(500_000, 500_100, 250),
    ];
    for (const story of stories) {
      const before = energyOf(story, {}, 50_000);
      const choices = before.proposals.flatMap((proposal) => proposal.choices);
      expect(choices).toHaveLength(2);
      for (const { fix, effectWh } of choices) {
        const isRawBelieved = fix.kind !== 'rebase' || story[2]?.totalWh !== 812_600_000;
        const after = energyOf(story, { fixes: [fix] }, 50_000);
        if (isRawBelieved) expect(after.sumWh - before.sumWh).toBe(effectWh);
      }
    }
  });
  it('books a reset and a base as the person said, and tells so', () => {
    const samples = every5Minutes(5_000_000, 4_700_000, 4_700_100);
    const reset = energyOf(samples, { fixes: [{ kind: 'reset', atMs: atOf(1) }] });
    expect(reset.sumWh).toBe(4_700_000 + 100);
    expect(reset.events).toMatchObject([{ kind: 'reset', decided: true, energyWh: 4_700_000 }]);
    const base = energyOf(samples, { fixes: [{ kind: 'rebase', atMs: atOf(1), energyWh: 250 }] });
    expect(base.sumWh).toBe(350);
    expect(base.proposals).toEqual([]);
  });
});
