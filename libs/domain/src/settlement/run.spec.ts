import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fraction, fractionOfPercent } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { monthRange } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';
import type { DeductionRule } from './deductions.ts';
import { allocationPostings, receiptPostings, settlementPostings } from './postings.ts';
import { proposeRun, runDifference, runText, type ReceivedMoney } from './run.ts';

const range = monthRange('2025-06');
const share = (
  villageCode: string,
  ninths: bigint,
  effectiveFrom = '2019-01-01',
  effectiveTo: string | null = null,
) => ({
  villageCode,
  share: fraction(ninths, 9n),
  effectiveFrom,
  effectiveTo,
});
const village = (code: string, successorCode: string | null = null) => ({
  code,
  successorCode,
  mergedOn: successorCode === null ? null : '2021-01-01',
});
const lineages = (...villages: ReturnType<typeof village>[]) =>
  new Map(villages.map((each) => [each.code, each]));
const received = (
  matchId: bigint,
  amountFen: bigint,
  component = 'base',
  month = '2025-06',
): ReceivedMoney => ({
  matchId,
  stationCode: 'ST900',
  month,
  component,
  amountFen,
});
const rate = (line: 'operation' | 'reserve', percent: string, reducesDenominator = true): DeductionRule => ({
  line,
  kind: 'rate',
  rate: fractionOfPercent(percent),
  capFen: null,
  reducesDenominator,
});
const rent: DeductionRule = { line: 'rent', kind: 'fixed', amountFen: 60_000n, reducesDenominator: true };
const worked = {
  received: [received(1n, 3_197_160n)],
  rights: new Map([['ST900', { shares: [share('A', 4n), share('B', 3n), share('C', 2n)], days: [] }]]),
  villages: lineages(village('A'), village('B'), village('C')),
  costs: [rent, rate('operation', '2.9'), rate('reserve', '2')],
  minimum: fraction(4n, 5n),
  day: '2025-07-05',
};
const terms = { countyCode: '141124', month: '2025-07', policyId: 1 };

describe('a run', () => {
  it('comes out to the fen for the worked allocation of the domain', () => {
    const { villages, totalFen } = proposeRun(worked);
    expect(totalFen).toBe(3_197_160n);
    expect(villages.map(({ villageCode, amountFen }) => [villageCode, amountFen])).toEqual([
      ['A', 1_420_960n],
      ['B', 1_065_720n],
      ['C', 710_480n],
    ]);
    const [first] = villages;
    expect(first?.deductions.lines.map(({ takenFen }) => takenFen)).toEqual([60_000n, 41_208n, 28_419n]);
    expect([first?.deductions.netFen, first?.floorFen]).toEqual([1_291_333n, 1_033_067n]);
  });

  it('keeps the reserve in the denominator where the policy says so', () => {
    const costs = [rent, rate('operation', '2.9'), rate('reserve', '2', false)];
    const [first] = proposeRun({ ...worked, costs }).villages;
    expect([first?.deductions.denominatorFen, first?.floorFen]).toEqual([1_319_752n, 1_055_802n]);
  });

  it('splits by energy where shares change in the month, and refuses where a day is unknown', () => {
    const days = daysBetween(range.from, range.to).map((day) => ({
      day,
      energyWh: day < '2025-06-16' ? 1_000_000n : 2_000_000n,
    }));
    const shares = [
      { villageCode: 'A', share: fraction(7n, 10n), effectiveFrom: '2019-01-01', effectiveTo: '2025-06-16' },
      { villageCode: 'B', share: fraction(3n, 10n), effectiveFrom: '2019-01-01', effectiveTo: '2025-06-16' },
      { villageCode: 'A', share: fraction(1n, 2n), effectiveFrom: '2025-06-16', effectiveTo: null },
      { villageCode: 'B', share: fraction(1n, 2n), effectiveFrom: '2025-06-16', effectiveTo: null },
    ];
    const input = { ...worked, received: [received(1n, 118_470n)], costs: [] };
    const run = proposeRun({ ...input, rights: new Map([['ST900', { shares, days }]]) });
    expect(run.villages.map(({ amountFen }) => amountFen)).toEqual([67_133n, 51_337n]);
    expect(run.spans.map(({ from, energyWh }) => [from, energyWh])).toEqual([
      ['2025-06-01', 15_000_000n],
      ['2025-06-16', 30_000_000n],
    ]);
    expect(() =>
      proposeRun({ ...input, rights: new Map([['ST900', { shares, days: days.slice(1) }]]) }),
    ).toThrow(MoneyError);
  });

  it('pays the successor of a merged village, rounded once', () => {
    const run = proposeRun({
      ...worked,
      received: [received(1n, 100n)],
      villages: lineages(village('A'), village('B', 'A'), village('C')),
      costs: [],
    });
    expect(run.villages.map(({ villageCode, amountFen }) => [villageCode, amountFen])).toEqual([
      ['A', 78n],
      ['C', 22n],
    ]);
  });

  it('gives out received money only, each match once', () => {
    for (const bad of [[], [received(1n, 0n)], [received(1n, 5n), received(1n, 5n)]])
      expect(() => proposeRun({ ...worked, received: bad })).toThrow(MoneyError);
    expect(() => proposeRun({ ...worked, rights: new Map() })).toThrow(MoneyError);
  });

  it('sums to what was received in every way, whatever comes, and in every order', () => {
    const money = fc.record({
      amountFen: fc.bigInt({ min: 1n, max: 10n ** 9n }),
      component: fc.constantFrom('base', 'subsidy'),
      month: fc.constantFrom('2025-05', '2025-06'),
    });
    fc.assert(
      fc.property(fc.array(money, { minLength: 1, maxLength: 12 }), (moneys) => {
        const all = moneys.map((each, index) =>
          received(BigInt(index + 1), each.amountFen, each.component, each.month),
        );
        const run = proposeRun({ ...worked, received: all });
        const sum = (amounts: readonly { amountFen: bigint }[]) =>
          amounts.reduce((total, { amountFen }) => total + amountFen, 0n);
        expect([sum(run.sources), sum(run.lines), sum(run.villages)]).toEqual([
          run.totalFen,
          run.totalFen,
          run.totalFen,
        ]);
        for (const { amountFen, deductions, floorFen } of run.villages) {
          expect(deductions.netFen + sumTaken(deductions.lines)).toBe(amountFen);
          expect(floorFen <= deductions.denominatorFen).toBe(true);
        }
        const other = proposeRun({ ...worked, received: all.toReversed() });
        expect(runText(other, terms)).toBe(runText(run, terms));
        expect(sum(allocationPostings(run.lines))).toBe(0n);
      }),
    );
  });

  it('has another text for another amount, month, policy or county', () => {
    const text = runText(proposeRun(worked), terms);
    expect(runText(proposeRun({ ...worked, received: [received(1n, 3_197_161n)] }), terms)).not.toBe(text);
    for (const changed of [{ countyCode: '141125' }, { month: '2025-08' }, { policyId: 2 }])
      expect(runText(proposeRun(worked), { ...terms, ...changed })).not.toBe(text);
  });

  it('is compared with the one before, the largest change first', () => {
    const before = [
      { villageCode: 'A', amountFen: 10n },
      { villageCode: 'B', amountFen: 5n },
    ];
    const after = [
      { villageCode: 'A', amountFen: 11n },
      { villageCode: 'C', amountFen: 3n },
    ];
    expect(runDifference(before, after)).toEqual([
      { villageCode: 'B', beforeFen: 5n, afterFen: null, differenceFen: -5n },
      { villageCode: 'C', beforeFen: null, afterFen: 3n, differenceFen: 3n },
      { villageCode: 'A', beforeFen: 10n, afterFen: 11n, differenceFen: 1n },
    ]);
  });
});

const sumTaken = (lines: readonly { takenFen: bigint }[]) =>
  lines.reduce((sum, { takenFen }) => sum + takenFen, 0n);

describe('postings', () => {
  it('of every kind sum to zero and hold no zero', () => {
    const delta = fc.record({
      stationCode: fc.constantFrom('S1', 'S2'),
      component: fc.constantFrom('base', 'subsidy'),
      deltaFen: fc.bigInt({ min: -100n, max: 100n }),
    });
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 8 }), (deltas) => {
        for (const postings of [
          settlementPostings(deltas),
          receiptPostings({ countyCode: '141124', matched: deltas }),
        ]) {
          expect(postings.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(0n);
          expect(postings.every(({ amountFen }) => amountFen !== 0n)).toBe(true);
          expect(postings.length).not.toBe(1);
        }
      }),
    );
  });
});
