import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePeers, hourIndices, pairSigma, peerSky, peerSkyDay, type Peer } from './peer-sky.ts';

const peerOf = (id: string, distanceKm: number, group: string | null = null): Peer => ({
  id,
  distanceKm,
  altitudeDifferenceM: null,
  sigma: null,
  group,
});
const anyPeers = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^S\d{1,3}$/),
    distanceKm: fc.double({ min: 0.1, max: 70, noNaN: true }),
    altitudeDifferenceM: fc.option(fc.integer({ min: -500, max: 500 }), { nil: null }),
    sigma: fc.option(fc.double({ min: 0.001, max: 0.2, noNaN: true }), { nil: null }),
    group: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null }),
  }),
  { selector: ({ id }) => id, maxLength: 30 },
);

describe('the peers of a station', () => {
  it('weigh 1 together, none above 35 %, eight at most, three of a group', () => {
    fc.assert(
      fc.property(anyPeers, (peers) => {
        const chosen = choosePeers(peers);
        if (chosen.length === 0) return;
        expect(chosen.length).toBeGreaterThanOrEqual(3);
        expect(chosen.length).toBeLessThanOrEqual(8);
        expect(chosen.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
        expect(Math.max(...chosen.map(({ weight }) => weight))).toBeLessThanOrEqual(0.35 + 1e-9);
        for (const group of ['a', 'b', 'c'])
          expect(
            chosen.filter(({ id }) => peers.some((peer) => peer.id === id && peer.group === group)).length,
          ).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('are the same in whatever order they come', () => {
    fc.assert(
      fc.property(anyPeers, (peers) => {
        expect(choosePeers(peers.toReversed())).toEqual(choosePeers(peers));
      }),
    );
  });

  it('are none where two stand near, and are looked for up to 60 km before that', () => {
    expect(choosePeers([peerOf('a', 1), peerOf('b', 2)])).toEqual([]);
    expect(choosePeers([peerOf('a', 1), peerOf('b', 2), peerOf('c', 50)])).toHaveLength(3);
    expect(choosePeers([peerOf('a', 1), peerOf('b', 2), peerOf('c', 70)])).toEqual([]);
  });

  it('count more when they are near, level and steady', () => {
    const far = [peerOf('x', 12), peerOf('y', 13), peerOf('z', 14)];
    const weightOf = (peer: Peer) => choosePeers([...far, peer]).find(({ id }) => id === 'a')?.weight ?? 0;
    expect(weightOf(peerOf('a', 9))).toBeGreaterThan(weightOf(peerOf('a', 11)));
    expect(weightOf(peerOf('a', 9))).toBeGreaterThan(
      weightOf({ ...peerOf('a', 9), altitudeDifferenceM: 400 }),
    );
    expect(weightOf({ ...peerOf('a', 9), sigma: 0.04 })).toBeGreaterThan(
      weightOf({ ...peerOf('a', 9), sigma: 0.09 }),
    );
  });

  it('have no known deviation before 30 days', () => {
    expect(pairSigma(Array.from({ length: 29 }, () => 0))).toBeNull();
    expect(pairSigma(Array.from({ length: 30 }, (_, day) => (day % 2 ? 0.1 : -0.1)))).toBeCloseTo(0.14826, 4);
  });
});

describe('the sky that peers tell', () => {
  const values = fc.array(
    fc.record({
      value: fc.double({ min: 0, max: 1.3, noNaN: true }),
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
    { minLength: 3, maxLength: 8 },
  );

  it('does not depend on their order and lies among them', () => {
    fc.assert(
      fc.property(values, (indices) => {
        const sky = peerSky(indices);
        expect(peerSky(indices.toReversed())).toEqual(sky);
        const all = indices.map(({ value }) => value);
        expect(sky?.index).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
        expect(sky?.index).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
      }),
    );
  });

  it('grows with all of them by the same factor', () => {
    fc.assert(
      fc.property(values, (indices) => {
        const bright = indices.map(({ value, weight }) => ({ value: value + 0.2, weight }));
        const doubled = bright.map(({ value, weight }) => ({ value: value * 2, weight }));
        const ratio = (peerSky(doubled)?.index ?? 0) / (peerSky(bright)?.index ?? 1);
        // The floor of the deviation, 0.001, does not grow along.
        expect(Math.abs(ratio - 2)).toBeLessThan(0.02);
      }),
    );
  });

  it('is hardly moved by one dead peer', () => {
    const alive = [0.78, 0.8, 0.81, 0.79].map((value) => ({ value, weight: 0.2 }));
    expect(peerSky([...alive, { value: 0, weight: 0.2 }])?.index).toBeCloseTo(0.787, 2);
  });

  it('is not known from two', () => {
    expect(
      peerSky([
        { value: 1, weight: 0.5 },
        { value: 1, weight: 0.5 },
      ]),
    ).toBeNull();
    const peers = ['a', 'b', 'c'].map((id) => ({ id, weight: 1 / 3 }));
    const day = peerSkyDay(peers, (id) => (id === 'c' ? null : Array.from({ length: 24 }, () => 0.9)));
    expect(day.every((hour) => hour === null)).toBe(true);
  });

  it('is told by hours in which the sun, the power and the limit allow it', () => {
    const clear = {
      clearW: new Float64Array(96).fill(1000),
      isJudged: Array.from({ length: 96 }, (_, slot) => slot >= 40 && slot < 60),
    };
    const powersW = Array.from({ length: 96 }, (_, slot) => (slot >= 44 && slot < 48 ? null : 500));
    const isUsable = Array.from({ length: 96 }, (_, slot) => slot < 56);
    const indices = hourIndices({ powersW, isUsable, clear, capacityW: 1200 });
    expect(indices.map((index) => index !== null).lastIndexOf(true)).toBe(13);
    expect(indices.slice(9, 15)).toEqual([null, 0.5, null, 0.5, 0.5, null]);
  });
});
