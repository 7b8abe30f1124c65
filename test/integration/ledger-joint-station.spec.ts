import { describe, expect, it } from 'vitest';
import {
  allocateByShares,
  allocateRange,
  deduct,
  fraction,
  fractionOfPercent,
  matchLump,
  monthRange,
  priceRange,
  type EntryDraft,
  type Posting,
} from '#domain';
import { LedgerService } from '#ledger';
import { Clock } from '#platform';
import { createTestDatabase } from '#test-support';

const { database } = await createTestDatabase();
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const ledger = new LedgerService(database, clock);
const actor = { accountId: 'A1', name: '会计甲' };
await ledger.openPeriod('2025-06', actor);

const agency = { kind: 'agency', ownerCode: '141124' } as const;
const station = { kind: 'station', ownerCode: 'ST900' } as const;
const due = (part: string) => ({ kind: 'receivable', ownerCode: 'ST900', part }) as const;
const village = (ownerCode: string) => ({ kind: 'village', ownerCode }) as const;

async function book(idempotencyKey: string, kind: EntryDraft['kind'], postings: Posting[]): Promise<void> {
  await ledger.book(
    {
      idempotencyKey,
      kind,
      effectiveDay: '2025-06-30',
      periodMonth: '2025-06',
      description: idempotencyKey,
      documentRef: null,
      postings,
    },
    actor,
  );
}

async function balanceFen(code: string): Promise<bigint | undefined> {
  const [row] = await ledger.balances({ codes: [code] });
  return row?.balanceFen;
}

describe('the way of one yuan through the ledger (domain.md section 6)', () => {
  const range = monthRange('2025-06');
  const priced = priceRange({
    energyWh: 96_300_000n,
    range,
    prices: [
      { component: 'base', priceHaoPerKwh: 3320n, effectiveFrom: '2019-01-01', effectiveTo: null },
      { component: 'subsidy', priceHaoPerKwh: 5180n, effectiveFrom: '2019-01-01', effectiveTo: null },
    ],
    days: [],
  });
  const shares = [
    ['A', 4n],
    ['B', 3n],
    ['C', 2n],
  ] as const;
  const dated = shares.map(([villageCode, ninths]) => ({
    villageCode,
    share: fraction(ninths, 9n),
    effectiveFrom: '2019-01-01',
    effectiveTo: null,
  }));

  it('settles, receives the base, allocates it and takes the costs of village A, to the fen', async () => {
    await book('settle', 'settlement', [
      ...priced.lines.map(({ component, amountFen }) => ({ account: due(component), amountFen })),
      { account: station, amountFen: -priced.totalFen },
    ]);
    await book('receive', 'receipt', [
      { account: agency, amountFen: 3_197_160n },
      { account: due('base'), amountFen: -3_197_160n },
    ]);
    const { parts } = allocateRange({ totalFen: 3_197_160n, range, shares: dated, days: [] });
    await book('allocate', 'allocation', [
      { account: station, amountFen: 3_197_160n },
      ...parts.map(({ villageCode, amountFen }) => ({
        account: village(villageCode),
        amountFen: -amountFen,
      })),
    ]);
    expect(await balanceFen('village:A')).toBe(-1_420_960n);
    const { lines, netFen } = deduct(1_420_960n, [
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
        reducesDenominator: true,
      },
    ]);
    for (const { line, takenFen } of lines)
      await book(`cost:${line}`, 'cost', [
        { account: village('A'), amountFen: takenFen },
        { account: agency, amountFen: -takenFen },
      ]);
    expect(await balanceFen('village:A')).toBe(-netFen);
    expect(netFen).toBe(1_291_333n);
    // What the agency holds is what it owes to the villages.
    const owedFen = (await ledger.balances())
      .filter(({ kind }) => kind === 'village')
      .reduce((sum, { balanceFen: fen }) => sum + fen, 0n);
    expect(await balanceFen('agency:141124')).toBe(-owedFen);
    expect(await balanceFen('receivable:ST900:subsidy')).toBe(4_988_340n);
  });

  it('matches a lump subsidy with the month and empties the receivable', async () => {
    const { matches, unmatchedFen } = matchLump({
      amountFen: 4_988_340n,
      receivables: [{ stationCode: 'ST900', month: '2025-06', openFen: 4_988_340n }],
    });
    expect(unmatchedFen).toBe(0n);
    await book('receive:subsidy', 'receipt', [
      { account: agency, amountFen: 4_988_340n },
      ...matches.map(({ amountFen }) => ({ account: due('subsidy'), amountFen: -amountFen })),
    ]);
    expect(await balanceFen('receivable:ST900:subsidy')).toBe(0n);
  });
});

describe('an allocation over all 1,469 villages', () => {
  it('is one entry that sums to zero', async () => {
    const weights = Array.from({ length: 1469 }, (_, index) => ({
      villageCode: `V${String(index).padStart(4, '0')}`,
      share: fraction(1n, 1469n),
    }));
    const { parts } = allocateByShares(2_000_003n, weights);
    await book('allocate:all', 'allocation', [
      { account: station, amountFen: 2_000_003n },
      ...parts.map(({ villageCode, amountFen }) => ({
        account: village(villageCode),
        amountFen: -amountFen,
      })),
    ]);
    const balances = await ledger.balances();
    expect(balances.filter(({ code }) => code.startsWith('village:V'))).toHaveLength(1469);
    expect(balances.reduce((sum, { balanceFen: fen }) => sum + fen, 0n)).toBe(0n);
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });
});
