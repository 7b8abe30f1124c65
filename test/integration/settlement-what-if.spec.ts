import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { WhatIfService } from '#settlement';
import { createTestDatabase } from '#test-support';
import { settledWorld } from './settled-world.ts';

const { database } = await createTestDatabase();
const world = await settledWorld(database, { startAt: '2025-07-18T10:00:00+08:00', months: ['2025-07'] });
const { county } = world;
const whatIf = new WhatIfService(database, world.clock);
const baseFen = await world.tariffFen('base', '2025-06-01');
await world.importRows('june.csv', await world.statementRow('2025-06'));
await world.match(await world.bankLine('B1', '2025-07-03', baseFen), 'base');
const { items } = await world.policies.list();
const own = items.find(({ areaCode }) => areaCode === county)?.id ?? 0;
const range = { county, from: '2025-07-01', to: '2025-07-31' };
const draft = {
  kind: 'draft' as const,
  documentNumber: '征求意见稿',
  minimumPercent: '60',
  costs: [
    {
      kind: 'rate' as const,
      line: 'operation' as const,
      percent: '2.9',
      capFen: null,
      reducesDenominator: true,
    },
    {
      kind: 'rate' as const,
      line: 'reserve' as const,
      percent: '2',
      capFen: null,
      reducesDenominator: false,
    },
  ],
};

const counts = () =>
  database.query<{ runs: number; policies: number; entries: number }>(sql`
    select (select count(*)::int from allocation_run) as runs,
      (select count(*)::int from settlement_policy) as policies,
      (select count(*)::int from ledger_entry) as entries`);

describe('two sets of rules over the same money', () => {
  it('are put side by side by village, and store nothing', async () => {
    const before = await counts();
    const report = await whatIf.compare({ ...range, a: { kind: 'policy', id: own }, b: draft });
    expect(report).toMatchObject({
      receivedFen: String(baseFen),
      a: { isDraft: false, isConfirmed: true, minimum: '4/5' },
      b: { isDraft: true, documentNumber: '征求意见稿', minimum: '3/5' },
      leftOut: [],
    });
    const sum = (read: (village: (typeof report.villages)[number]) => string) =>
      report.villages.reduce((total, village) => total + BigInt(read(village)), 0n);
    expect(sum(({ amountFen }) => amountFen)).toBe(baseFen);
    expect(String(sum(({ b }) => b.netFen))).toBe(report.b.netFen);
    // The reserve is kept back in the draft alone, and nobody needs it for the floor.
    expect(sum(({ netDifferenceFen }) => netDifferenceFen)).toBe(-BigInt(report.b.costs[1]?.takenFen ?? 0));
    expect(sum(({ floorDifferenceFen }) => floorDifferenceFen) < 0n).toBe(true);
    expect(await counts()).toEqual(before);
  });

  it('says the same as the run that is then made by one of them', async () => {
    const report = await whatIf.compare({ ...range, a: { kind: 'policy', id: own }, b: draft });
    const run = await world.approvedRun();
    expect(new Map(report.villages.map(({ villageCode, a }) => [villageCode, a.netFen]))).toEqual(
      new Map(run.villages.map(({ villageCode, netFen }) => [villageCode, netFen])),
    );
  });

  it('are refused where nothing came, or a rule is unknown', async () => {
    const rules = { a: { kind: 'policy' as const, id: own }, b: draft };
    await expect(
      whatIf.compare({ ...range, ...rules, from: '2025-01-01', to: '2025-01-31' }),
    ).rejects.toMatchObject({ code: 'what_if.nothing_received' });
    await expect(
      whatIf.compare({ ...range, ...rules, a: { kind: 'policy', id: 999_999 } }),
    ).rejects.toMatchObject({ code: 'policy.unknown' });
    await expect(whatIf.compare({ ...range, ...rules, to: '2025-06-30' })).rejects.toMatchObject({
      code: 'what_if.bad_range',
    });
  });
});
