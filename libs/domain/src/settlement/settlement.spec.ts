import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from '../allocation/allocate.ts';
import { fraction, fractionOfPercent } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { monthRange } from '../allocation/shares.ts';
import { priceRange } from '../tariff/tariff.ts';
import { daysBetween } from '../time/shanghai.ts';
import { chainGaps } from './chain.ts';
import { checkRatio, deduct, deductionLine, type DeductionRule } from './deductions.ts';
import { matchStatement, type StatementFacts } from './match.ts';
import { policyOn, RATIO_POLICIES } from './policy.ts';
import { matchLump } from './receivable.ts';
import { stationMonthState } from './station-month.ts';

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MoneyError ? error.code : String(error);
  }
}

const rules = (reserveReduces: boolean): DeductionRule[] => [
  { line: 'rent', kind: 'fixed', amountFen: 60_000n, reducesDenominator: true },
  {
    line: 'operation',
    kind: 'rate',
    rate: fractionOfPercent('2.9'),
    capFen: null,
    reducesDenominator: true,
  },
  {
    line: 'reserve',
    kind: 'rate',
    rate: fractionOfPercent('2'),
    capFen: null,
    reducesDenominator: reserveReduces,
  },
];

describe('the worked allocation of the domain', () => {
  const kilowatts = [
    ['A', 400n],
    ['B', 300n],
    ['C', 200n],
  ] as const;
  const received = allocate(
    3_197_160n,
    kilowatts.map(([villageCode, kw]) => ({ villageCode, share: fraction(kw) })),
  );

  it('splits what was received by kW', () => {
    expect(received.parts.map(({ amountFen }) => amountFen)).toEqual([1_420_960n, 1_065_720n, 710_480n]);
  });

  it('takes the costs of village A and leaves 12,913.33', () => {
    const { lines, netFen } = deduct(1_420_960n, rules(true));
    expect(lines.map(({ takenFen }) => takenFen)).toEqual([60_000n, 41_208n, 28_419n]);
    expect(netFen).toBe(1_291_333n);
  });

  it('meets 80 % where the reserve is a necessary cost, and misses it where it is not', () => {
    const pay = { wagesFen: 900_000n, labourFen: 140_000n, minimum: fraction(4n, 5n) };
    const first = deduct(1_420_960n, rules(true));
    const met = checkRatio({ ...pay, denominatorFen: first.denominatorFen });
    expect([met.floorFen, met.isMet]).toEqual([1_033_067n, true]);
    expect(first.netFen - met.paidFen).toBe(251_333n);
    const second = deduct(1_420_960n, rules(false));
    expect(second.denominatorFen).toBe(1_319_752n);
    const missed = checkRatio({ ...pay, denominatorFen: second.denominatorFen });
    expect([missed.floorFen, missed.isMet]).toEqual([1_055_802n, false]);
  });
});

describe('deductions', () => {
  it('are capped, and never take more than there is', () => {
    const capped: DeductionRule[] = [
      { line: 'operation', kind: 'rate', rate: fraction(1n, 2n), capFen: 300n, reducesDenominator: true },
      { line: 'insurance', kind: 'fixed', amountFen: 900n, reducesDenominator: true },
    ];
    const result = deduct(1_000n, capped);
    expect(result.lines.map(({ takenFen, isCapped }) => [takenFen, isCapped])).toEqual([
      [300n, true],
      [700n, false],
    ]);
    expect([result.netFen, result.shortFen]).toEqual([0n, 200n]);
  });

  it('refuse a loan, an unknown line, a line twice and an unknown amount', () => {
    expect(codeOf(() => deductionLine('loan_interest'))).toBe('deduction.loan_forbidden');
    expect(codeOf(() => deductionLine('偿还贷款'))).toBe('deduction.loan_forbidden');
    expect(codeOf(() => deductionLine('party'))).toBe('deduction.bad_rule');
    expect(deductionLine('rent')).toBe('rent');
    expect(codeOf(() => deduct(1n, [...rules(true), ...rules(true)]))).toBe('deduction.bad_rule');
    expect(codeOf(() => deduct(null, rules(true)))).toBe('money.unknown_value');
  });

  it('and what is left are the whole', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), (amountFen) => {
        const { lines, netFen, denominatorFen } = deduct(amountFen, rules(false));
        expect(lines.reduce((sum, { takenFen }) => sum + takenFen, netFen)).toBe(amountFen);
        expect(denominatorFen >= netFen).toBe(true);
      }),
    );
  });
});

describe('policies', () => {
  const at = (day: string) => ({ countyCode: '141124', day });
  it('are those of the smallest area on the day', () => {
    expect(policyOn(RATIO_POLICIES, at('2020-12-31')).value.minimum).toEqual(fraction(4n, 5n));
    expect(policyOn(RATIO_POLICIES, at('2021-01-01'))).toMatchObject({ isConfirmed: false });
    expect(codeOf(() => policyOn(RATIO_POLICIES, at('2019-06-01')))).toBe('policy.missing');
    const county = {
      value: { minimum: fraction(7n, 10n) },
      documentNumber: '临政办〔2022〕1号',
      areaCode: '141124',
      effectiveFrom: '2022-01-01',
      effectiveTo: null,
      isConfirmed: true,
    };
    const policies = [...RATIO_POLICIES, county];
    expect(policyOn(policies, at('2022-01-01')).documentNumber).toBe('临政办〔2022〕1号');
    expect(policyOn(policies, { countyCode: '141126', day: '2022-01-01' }).value.minimum).toEqual(
      fraction(3n, 5n),
    );
    expect(codeOf(() => policyOn([...policies, county], at('2022-01-01')))).toBe('policy.ambiguous');
  });
});

describe('a station-month', () => {
  const days = daysBetween('2025-06-01', '2025-07-01').map((day) => ({
    day,
    energyWh: 1000n as bigint | null,
    isSubstitute: false,
  }));
  const change = (index: number, changed: Partial<(typeof days)[number]>) =>
    days.map((each, at) => (at === index ? { ...each, ...changed } : each));

  it('is complete where every day is known, and a measured zero is known', () => {
    expect(stationMonthState('2025-06', change(3, { energyWh: 0n }))).toEqual({
      state: 'complete',
      energyWh: 29_000n,
    });
  });

  it('says how much of it is substituted', () => {
    expect(stationMonthState('2025-06', change(3, { isSubstitute: true }))).toEqual({
      state: 'complete_with_substitutes',
      energyWh: 30_000n,
      substituteWh: 1000n,
      substituteDays: ['2025-06-04'],
      substituteDaysBp: 333,
    });
  });

  it('is blocked, without an energy, by a day that is unknown, missing, negative or there twice', () => {
    const blocked = (changed: typeof days) => stationMonthState('2025-06', changed);
    expect(blocked(change(0, { energyWh: null }))).toEqual({
      state: 'blocked',
      missingDays: ['2025-06-01'],
      reasons: ['day_unknown'],
    });
    expect(blocked(days.slice(1))).toMatchObject({ reasons: ['day_missing'] });
    expect(blocked(change(0, { energyWh: -1n }))).toMatchObject({ reasons: ['day_negative'] });
    expect(blocked([...days, ...days.slice(0, 1)])).toMatchObject({ reasons: ['day_twice'] });
    expect(blocked([])).toMatchObject({ state: 'blocked' });
  });
});

describe('the match of a statement', () => {
  const priced = priceRange({
    energyWh: 96_300_000n,
    range: monthRange('2025-06'),
    prices: [
      { component: 'base', priceHaoPerKwh: 3320n, effectiveFrom: '2019-01-01', effectiveTo: null },
      { component: 'subsidy', priceHaoPerKwh: 5180n, effectiveFrom: '2019-01-01', effectiveTo: null },
    ],
    days: [],
  });
  const statement: StatementFacts = {
    energyWh: 96_300_000n,
    lines: [
      { component: 'base', amountFen: 3_197_160n },
      { component: 'subsidy', amountFen: 4_988_340n },
    ],
    totalFen: 8_185_500n,
    previousWh: 1_000_000n,
    presentWh: 2_605_000n,
    multiplier: 60n,
  };
  const reasons = (changed: Partial<StatementFacts>, meteredWh: bigint | null = 96_300_000n) => {
    const { state, findings } = matchStatement({
      statement: { ...statement, ...changed },
      meteredWh,
      priced,
    });
    return [state, ...findings.map(({ reason }) => reason)];
  };

  it('is silent inside the tolerances', () => {
    expect(reasons({})).toEqual(['matched']);
    // 3 % exactly is the normal side.
    expect(reasons({}, 99_189_000n)).toEqual(['matched']);
  });

  it('warns above 3 % and asks for a reason above 8 %, of either sign', () => {
    expect(reasons({}, 99_189_001n)).toEqual(['matched_with_warnings', 'match.energy_warn']);
    expect(reasons({}, 93_410_999n)).toEqual(['matched_with_warnings', 'match.energy_warn']);
    expect(reasons({}, 88_595_999n)).toEqual(['needs_reason', 'match.energy_alarm']);
    expect(reasons({}, null)).toEqual(['matched_with_warnings', 'match.telemetry_unknown']);
  });

  it('lets a fen pass and names two', () => {
    const base = (amountFen: bigint) => ({
      lines: [
        { component: 'base', amountFen },
        { component: 'subsidy', amountFen: 4_988_340n },
      ],
      totalFen: amountFen + 4_988_340n,
    });
    expect(reasons(base(3_197_161n))).toEqual(['matched']);
    expect(reasons(base(3_197_162n))).toEqual(['needs_reason', 'match.amount_differs']);
  });

  it('blocks what is unknown and sums that do not add up', () => {
    expect(reasons({ energyWh: null })).toEqual(['blocked', 'match.energy_missing']);
    expect(reasons({ totalFen: 8_185_501n })).toEqual(['blocked', 'match.total_differs']);
    expect(reasons({ presentWh: 2_605_001n })).toEqual(['needs_reason', 'match.reading_differs']);
    expect(matchStatement({ statement, meteredWh: 96_300_000n, priced: null }).state).toBe('blocked');
    const lines = [{ component: 'base', amountFen: 3_197_160n }];
    expect(reasons({ lines, totalFen: 3_197_160n })).toEqual(['needs_reason', 'match.component_missing']);
  });
});

describe('a lump subsidy', () => {
  const receivables = [
    { stationCode: 'ST002', month: '2024-01', openFen: 100n },
    { stationCode: 'ST001', month: '2024-02', openFen: 100n },
    { stationCode: 'ST001', month: '2024-01', openFen: 100n },
  ];
  it('goes to the oldest months first, then by station, and in part to the last', () => {
    const { matches, unmatchedFen } = matchLump({ amountFen: 250n, receivables });
    expect(
      matches.map(({ stationCode, month, amountFen, leftFen }) => [stationCode, month, amountFen, leftFen]),
    ).toEqual([
      ['ST001', '2024-01', 100n, 0n],
      ['ST002', '2024-01', 100n, 0n],
      ['ST001', '2024-02', 50n, 50n],
    ]);
    expect(unmatchedFen).toBe(0n);
  });

  it('follows a person first, never beyond what is open, and keeps the rest apart', () => {
    const pin = { stationCode: 'ST001', month: '2024-02', amountFen: 70n };
    const { matches } = matchLump({ amountFen: 100n, receivables, pinned: [pin] });
    expect(matches.map(({ amountFen, isPinned }) => [amountFen, isPinned])).toEqual([
      [30n, false],
      [70n, true],
    ]);
    expect(matchLump({ amountFen: 1000n, receivables }).unmatchedFen).toBe(700n);
    const tooMuch = { ...pin, amountFen: 101n };
    expect(codeOf(() => matchLump({ amountFen: 500n, receivables, pinned: [tooMuch] }))).toBe(
      'receivable.pin_not_possible',
    );
    expect(codeOf(() => matchLump({ amountFen: 0n, receivables }))).toBe('money.bad_range');
  });

  it('is neither made nor lost', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 1000n }),
        fc.array(fc.bigInt({ min: 0n, max: 200n }), { maxLength: 12 }),
        (amountFen, open) => {
          const { matches, unmatchedFen } = matchLump({
            amountFen,
            receivables: open.map((openFen, index) => ({
              stationCode: 'ST001',
              month: `2024-${String(index + 1).padStart(2, '0')}`,
              openFen,
            })),
          });
          const matchedFen = matches.reduce((sum, each) => sum + each.amountFen, 0n);
          expect(matchedFen + unmatchedFen).toBe(amountFen);
        },
      ),
    );
  });
});

describe('the four totals', () => {
  it('cover each other', () => {
    const totals = { settledFen: 100n, receivedFen: 80n, transferredFen: 70n, paidFen: 10n };
    expect(chainGaps(totals)).toEqual({ atGridFen: 20n, atAgencyFen: 10n, atVillageFen: 60n });
    expect(codeOf(() => chainGaps({ ...totals, paidFen: 71n }))).toBe('money.bad_range');
  });
});
