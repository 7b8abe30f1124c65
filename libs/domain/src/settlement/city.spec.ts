import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fraction } from '../allocation/fraction.ts';
import { monthRange } from '../allocation/shares.ts';
import { priceRange } from '../tariff/tariff.ts';
import { allocationPostings } from './postings.ts';
import { proposeRun, type AllocationRun, type StationRights } from './run.ts';

/** Villages of Lüliang. */
const VILLAGES = 1469;
const codes = Array.from({ length: VILLAGES }, (_, index) => `1411${String(index).padStart(8, '0')}`);
const villages = new Map(codes.map((code) => [code, { code, successorCode: null, mergedOn: null }]));
const rightsOf = (order: readonly string[], weights: readonly bigint[]): StationRights => {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  return {
    shares: order.map((villageCode) => ({
      villageCode,
      share: fraction(weights[codes.indexOf(villageCode)] ?? 0n, whole),
      effectiveFrom: '2019-01-01',
      effectiveTo: null,
    })),
    days: [],
  };
};
const evenly = codes.map(() => 1n);

function runOf(amountFen: bigint, rights: StationRights): AllocationRun {
  return proposeRun({
    received: [{ matchId: 1n, stationCode: 'ST1', month: '2025-06', component: 'base', amountFen }],
    rights: new Map([['ST1', rights]]),
    villages,
    costs: [
      { line: 'operation', kind: 'rate', rate: fraction(29n, 1000n), capFen: null, reducesDenominator: true },
    ],
    minimum: fraction(4n, 5n),
    day: '2025-07-05',
  });
}
const given = ({ villages: rows }: AllocationRun) =>
  rows
    .filter(({ amountFen }) => amountFen !== 0n)
    .map(({ villageCode, amountFen }) => [villageCode, amountFen]);
const sumFen = (rows: readonly { amountFen: bigint }[]) =>
  rows.reduce((sum, { amountFen }) => sum + amountFen, 0n);

describe('a run over all villages of the city', () => {
  it('gives one fen to one village, that of the lowest code where all are alike', () => {
    expect(given(runOf(1n, rightsOf(codes, evenly)))).toEqual([[codes[0], 1n]]);
    expect(given(runOf(-1n, rightsOf(codes, evenly)))).toEqual([[codes[0], -1n]]);
    expect(given(runOf(BigInt(VILLAGES) + 1n, rightsOf(codes, evenly)))[0]).toEqual([codes[0], 2n]);
  });

  it('is whole, the same in every order, mirrored by its reversal, and zero in the ledger', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 97n }), { minLength: VILLAGES, maxLength: VILLAGES });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 10n }),
        weights.filter((each) => each.some((weight) => weight > 0n)),
        (amountFen, each) => {
          const run = runOf(amountFen, rightsOf(codes, each));
          expect(sumFen(run.villages)).toBe(amountFen);
          const backwards = runOf(amountFen, rightsOf(codes.toReversed(), each));
          expect(given(backwards)).toEqual(given(run));
          const mirror = runOf(-amountFen, rightsOf(codes, each));
          expect(given(mirror)).toEqual(given(run).map(([code, fen]) => [code, -BigInt(fen ?? 0)]));
          expect(sumFen(allocationPostings(run.lines))).toBe(0n);
          for (const { villageCode, deductions } of mirror.villages)
            expect(deductions.netFen).toBe(
              -(run.villages.find((own) => own.villageCode === villageCode)?.deductions.netFen ?? 0n),
            );
        },
      ),
      { numRuns: 5 },
    );
  });
});

describe('the worked month and year of the domain (section 2.3)', () => {
  const prices = [
    { component: 'base', priceHaoPerKwh: 3320n, effectiveFrom: '2019-01-01', effectiveTo: null },
    { component: 'subsidy', priceHaoPerKwh: 5180n, effectiveFrom: '2019-01-01', effectiveTo: null },
  ];

  it('come out to the fen', () => {
    const june = priceRange({ energyWh: 32_100_000n, range: monthRange('2025-06'), prices, days: [] });
    expect(june.lines.map(({ amountFen }) => amountFen)).toEqual([1_065_720n, 1_662_780n]);
    expect(june.totalFen).toBe(2_728_500n);
    const range = { from: '2025-01-01', to: '2026-01-01' };
    const year = priceRange({ energyWh: 369_000_000n, range, prices, days: [] });
    expect(year.lines.map(({ amountFen }) => amountFen)).toEqual([12_250_800n, 19_114_200n]);
    expect(year.totalFen).toBe(31_365_000n);
  });
});
