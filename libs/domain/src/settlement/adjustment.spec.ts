import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from '../allocation/allocate.ts';
import { fraction } from '../allocation/fraction.ts';
import type { DatedShare } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';
import { adjustmentPostings, adjustmentText, planAdjustment, type StationMonthBooks } from './adjustment.ts';

const open = { effectiveFrom: '2019-01-01', effectiveTo: null };
const shares = (
  parts: Record<string, bigint>,
  dates: Pick<DatedShare, 'effectiveFrom' | 'effectiveTo'> = open,
) => {
  const whole = Object.values(parts).reduce((sum, part) => sum + part, 0n);
  return Object.entries(parts).map(([villageCode, part]) => ({
    villageCode,
    share: fraction(part, whole),
    ...dates,
  }));
};
const villages = new Map(
  ['A', 'B', 'C'].map((code) => [code, { code, successorCode: null, mergedOn: null }]),
);
const partsOf = (totalFen: bigint, of: readonly DatedShare[]) => allocate(totalFen, of).parts;

/** MON-17: June at 12,345.6 kWh and 0.3949 yuan, 60 : 40. */
const settledFen = 487_528n;
const ownShares = shares({ A: 60n, B: 40n });
const june: StationMonthBooks = {
  stationCode: 'ST1',
  month: '2025-06',
  pools: [
    {
      runId: 1,
      component: 'base',
      poolFen: settledFen,
      day: '2025-07-05',
      parts: partsOf(settledFen, ownShares),
      spans: [{ from: '2025-06-01', to: '2025-07-01', energyWh: null }],
    },
  ],
  adjusted: [],
  statedFen: new Map([['base', settledFen]]),
  corrections: [],
  rights: { shares: ownShares, days: [] },
  villages,
};
const correction = { correctionId: 7n, component: 'base', beforeFen: settledFen, afterFen: 485_727n };

describe('an adjustment', () => {
  it('is nothing where nothing is different', () => {
    expect(planAdjustment(june)).toBeNull();
    expect(june.pools[0]?.parts.map(({ amountFen }) => amountFen)).toEqual([292_517n, 195_011n]);
  });

  it('of a corrected statement is split as the mirror, to the fen (MON-17)', () => {
    const plan = planAdjustment({ ...june, corrections: [correction] });
    expect(plan).toMatchObject({ cause: 'statement', settledFen: -1801n, totalFen: -1801n });
    expect(plan?.lines.map(({ beforeFen, afterFen }) => [afterFen - beforeFen, afterFen])).toEqual([
      [-1081n, 291_436n],
      [-720n, 194_291n],
    ]);
    const postings = plan ? adjustmentPostings(plan, 'ST1') : [];
    expect(postings.map(({ account, amountFen }) => [account.kind, account.ownerCode, amountFen])).toEqual([
      ['receivable', 'ST1', -1801n],
      ['village', 'A', 1081n],
      ['village', 'B', 720n],
    ]);
  });

  it('is made once: what was adjusted is not adjusted again', () => {
    const plan = planAdjustment({ ...june, corrections: [correction] });
    const adjusted = (plan?.lines ?? []).map(({ component, villageCode, beforeFen, afterFen }) => {
      return { component, villageCode, amountFen: afterFen - beforeFen };
    });
    const after = { ...june, adjusted, statedFen: new Map([['base', 485_727n]]) };
    expect(planAdjustment(after)).toBeNull();
    // And taken back wholly where the first paper was right after all.
    const back = { ...correction, correctionId: 8n, beforeFen: 485_727n, afterFen: settledFen };
    expect(planAdjustment({ ...after, corrections: [back] })).toMatchObject({
      settledFen: 1801n,
      totalFen: 1801n,
    });
  });

  it('gives villages nothing of what is stated more: it is given out when it is received', () => {
    const more = { ...correction, afterFen: settledFen + 500n };
    expect(planAdjustment({ ...june, corrections: [more] })).toMatchObject({ settledFen: 500n, lines: [] });
  });

  it('takes nothing from villages for what was never given to them', () => {
    const partly = { ...june.pools[0], runId: 1, component: 'base', day: '2025-07-05', spans: [] };
    const given = { ...partly, poolFen: 100n, parts: partsOf(100n, ownShares) };
    expect(planAdjustment({ ...june, pools: [given], corrections: [correction] })).toMatchObject({
      settledFen: -1801n,
      lines: [],
    });
  });

  it('of other shares moves money between villages and sums to zero', () => {
    const other = shares({ A: 50n, B: 50n });
    const plan = planAdjustment({ ...june, rights: { shares: other, days: [] } });
    expect(plan).toMatchObject({ cause: 'shares', settledFen: 0n, totalFen: 0n });
    expect(plan?.lines.map(({ afterFen }) => afterFen)).toEqual([243_764n, 243_764n]);
  });

  it('of a late reading is of energy where shares change in the month', () => {
    const dated = [
      ...shares({ A: 1n }, { effectiveFrom: '2019-01-01', effectiveTo: '2025-06-16' }),
      ...shares({ B: 1n }, { effectiveFrom: '2025-06-16', effectiveTo: null }),
    ];
    const days = daysBetween('2025-06-01', '2025-07-01').map((day) => ({ day, energyWh: 1000n }));
    const spans = [
      { from: '2025-06-01', to: '2025-06-16', energyWh: 15_000n },
      { from: '2025-06-16', to: '2025-07-01', energyWh: 15_000n },
    ];
    const parts = partsOf(settledFen, shares({ A: 1n, B: 1n }));
    const pools = june.pools.map((pool) => ({ ...pool, spans, parts }));
    const books = { ...june, pools, rights: { shares: dated, days } };
    expect(planAdjustment(books)).toBeNull();
    const late = days.map((each, index) => (index === 0 ? { ...each, energyWh: 16_000n } : each));
    expect(planAdjustment({ ...books, rights: { shares: dated, days: late } })).toMatchObject({
      cause: 'energy',
      totalFen: 0n,
      lines: [{ villageCode: 'A' }, { villageCode: 'B' }],
    });
  });

  it('is taken back with the run that it adjusted', () => {
    const adjusted = [{ component: 'base', villageCode: 'A', amountFen: -1081n }];
    expect(planAdjustment({ ...june, pools: [], adjusted })).toMatchObject({
      totalFen: 1081n,
      lines: [{ villageCode: 'A', beforeFen: -1081n, afterFen: 0n }],
    });
  });

  it('is bound to every figure of it', () => {
    const of = { stationCode: 'ST1', month: '2025-06', correctionIds: [7n] };
    const plan = planAdjustment({ ...june, corrections: [correction] });
    const other = planAdjustment({ ...june, corrections: [{ ...correction, afterFen: 485_728n }] });
    expect(plan && other && adjustmentText(plan, of) === adjustmentText(other, of)).toBe(false);
  });

  it('whatever comes, sums to zero in the ledger and leaves every village with what is right now', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 9n }),
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.tuple(
          fc.bigInt({ min: 1n, max: 97n }),
          fc.bigInt({ min: 1n, max: 97n }),
          fc.bigInt({ min: 0n, max: 97n }),
        ),
        (poolFen, afterFen, [a, b, c]) => {
          const pools = june.pools.map((pool) => ({ ...pool, poolFen, parts: partsOf(poolFen, ownShares) }));
          const now = shares({ A: a, B: b, C: c });
          const plan = planAdjustment({
            ...june,
            pools,
            statedFen: new Map([['base', poolFen]]),
            corrections: [{ ...correction, beforeFen: poolFen, afterFen }],
            rights: { shares: now, days: [] },
          });
          if (plan === null) return;
          const postings = adjustmentPostings(plan, 'ST1');
          expect(postings.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(0n);
          expect(plan.totalFen).toBe(afterFen < poolFen ? afterFen - poolFen : 0n);
        },
      ),
    );
  });
});
