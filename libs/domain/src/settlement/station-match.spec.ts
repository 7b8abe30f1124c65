import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monthRange } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';
import { MATCH_TOLERANCES } from './match.ts';
import { ageBucket, matchStationMonth, type AccountStatement } from './station-match.ts';

const range = monthRange('2025-06');
const daysOf = (totalWh: bigint) =>
  daysBetween(range.from, range.to).map((day) => ({ day, energyWh: totalWh / 30n, isSubstitute: false }));
const price = (component: string, priceHaoPerKwh: bigint, effectiveFrom = '2019-01-01') => ({
  component,
  priceHaoPerKwh,
  effectiveFrom,
  effectiveTo: null,
});
const line = (
  component: string,
  amountFen: bigint,
  receivedFen = 0n,
  energyWh: bigint | null = 32_100_000n,
) => ({
  component,
  energyWh,
  amountFen,
  receivedFen,
});
const account = (accountNo: string, lines: AccountStatement['lines']): AccountStatement => ({
  accountNo,
  totalFen: null,
  previousWh: null,
  presentWh: null,
  multiplier: null,
  lines,
});
const june = {
  month: '2025-06',
  days: daysOf(32_100_000n),
  prices: [price('base', 3320n), price('subsidy', 5180n)],
  accounts: [account('1', [line('base', 1_065_720n, 1_065_720n), line('subsidy', 1_662_780n)])],
  tolerances: MATCH_TOLERANCES,
  today: '2025-08-15',
  isSigned: () => false,
};

describe('telemetry, statement and bank of a month', () => {
  it('agree in the worked month of the domain: the base came, the subsidy is open and ages', () => {
    const { state, streams, findings, energy } = matchStationMonth(june);
    expect([state, findings, energy.state]).toEqual(['matched', [], 'complete']);
    expect(streams).toMatchObject([
      { component: 'base', expectedFen: 1_065_720n, openFen: 0n, ageDays: null, age: null },
      { component: 'subsidy', expectedFen: 1_662_780n, openFen: 1_662_780n, ageDays: 45, age: 'to_60' },
    ]);
  });

  it('says what is missing: no statement, no price, no telemetry', () => {
    expect(matchStationMonth({ ...june, accounts: [] }).state).toBe('missing');
    expect(matchStationMonth({ ...june, prices: [] })).toMatchObject({
      state: 'blocked',
      findings: [{ reason: 'match.tariff_missing' }],
    });
    expect(matchStationMonth({ ...june, days: [] })).toMatchObject({
      state: 'matched_with_warnings',
      energy: { state: 'blocked' },
      findings: [{ reason: 'match.telemetry_unknown' }],
    });
  });

  it('wants a signature for what is beyond the tolerance, for exactly these figures', () => {
    const days = daysOf(36_000_000n);
    expect(matchStationMonth({ ...june, days })).toMatchObject({
      state: 'needs_reason',
      findings: [{ reason: 'match.energy_alarm', isSigned: false }],
    });
    const isSigned = ({ expected }: { expected: bigint | null }) => expected === 36_000_000n;
    expect(matchStationMonth({ ...june, days, isSigned }).state).toBe('signed');
    expect(matchStationMonth({ ...june, days: daysOf(39_000_000n), isSigned }).state).toBe('needs_reason');
  });

  it('prices the subsidy by its own energy where hours over the life are capped', () => {
    const accounts = [account('1', [line('base', 1_065_720n), line('subsidy', 518_000n, 0n, 10_000_000n)])];
    expect(matchStationMonth({ ...june, accounts }).state).toBe('matched');
  });

  it('adds the accounts of a station, in every order', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 31_000n }), (keptKwh) => {
        const wh = keptKwh * 1000n;
        const restWh = 32_100_000n - wh;
        const part = (energyWh: bigint, amountFen: bigint) => [line('base', amountFen, 0n, energyWh)];
        const oneFen = (wh * 3320n) / 100_000n;
        const accounts = [account('1', part(wh, oneFen)), account('2', part(restWh, 1_065_720n - oneFen))];
        const prices = [price('base', 3320n)];
        const first = matchStationMonth({ ...june, prices, accounts });
        expect(first.streams).toMatchObject([{ statedFen: 1_065_720n, energyWh: 32_100_000n }]);
        expect(first.state).toBe('matched');
        expect(matchStationMonth({ ...june, prices, accounts: accounts.toReversed() })).toEqual(first);
      }),
    );
  });

  it('refuses an account twice', () => {
    const [each] = june.accounts;
    expect(() => matchStationMonth({ ...june, accounts: each ? [each, each] : [] })).toThrow('户号重复');
  });

  it('ages in steps', () => {
    expect([0, 30, 31, 60, 61, 90, 91, 365, 366].map(ageBucket)).toEqual([
      'to_30',
      'to_30',
      'to_60',
      'to_60',
      'to_90',
      'to_90',
      'to_365',
      'to_365',
      'over_365',
    ]);
  });
});
