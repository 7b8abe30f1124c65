import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from './message-replay.ts';
import { rangesOf } from './receipt.repository.ts';
import { renumbered, verdictOf } from './receipt.service.ts';

describe('ranges of numbers', () => {
  it('are read as PostgreSQL writes them, both ends inclusive', () => {
    expect(rangesOf('{}')).toEqual([]);
    expect(rangesOf('{[1,5),[7,8)}')).toEqual([
      [1, 4],
      [7, 7],
    ]);
  });

  it('keep every number', () => {
    const range = fc.tuple(fc.nat(1e12), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const text = `{${ranges.map(([from, length]) => `[${from},${from + length})`).join(',')}}`;
        expect(rangesOf(text)).toEqual(ranges.map(([from, length]) => [from, from + length - 1]));
      }),
    );
  });
});

describe('the clock of a device', () => {
  it('is right from a minute ahead to two minutes of delay', () => {
    expect([-60_001, -60_000, 0, 120_000, 120_001].map(verdictOf)).toEqual([
      'ahead',
      'right',
      'right',
      'right',
      'behind',
    ]);
  });
});

describe('a sender that numbers anew again and again', () => {
  const epochs = (code: string, times: number, received = 3) =>
    Array.from({ length: times }, () => ({ code, received }));

  it('is doubted from the fifth time on, each sender by itself', () => {
    expect(renumbered([...epochs('GW01', 5), ...epochs('GW02', 5)])).toEqual([]);
    expect(renumbered([...epochs('GW01', 6), ...epochs('GW02', 1)])).toEqual([
      { kind: 'renumbered', sender: 'GW01', times: 5 },
    ]);
  });

  it('is not doubted for requests of which nothing came on that day', () => {
    expect(renumbered(epochs('GW01', 9, 0))).toEqual([]);
  });
});

describe('the outcome of a replay', () => {
  const nothing = { accepted: 0, duplicate: 0, isLastKnown: false, rejections: [] };

  it('is stored where anything is new, a duplicate where all was there, empty where nothing is in it', () => {
    expect(outcomeOf({ ...nothing, accepted: 1, duplicate: 9 })).toBe('stored');
    expect(outcomeOf({ ...nothing, duplicate: 9 })).toBe('duplicate');
    expect(outcomeOf(nothing)).toBe('empty');
    expect(outcomeOf({ ...nothing, isLastKnown: true })).toBe('last_known');
  });

  it('is refused while anything in it cannot be used, each reason once', () => {
    const rejections = (['schema', 'future', 'schema'] as const).map((reason) => ({ reason, detail: '' }));
    expect(outcomeOf({ ...nothing, accepted: 5, rejections })).toBe('refused: schema, future');
  });
});
