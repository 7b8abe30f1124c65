import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { createTestDatabase } from '#test-support';
import { settledWorld } from './settled-world.ts';

/** Clicks of an impatient person, or a client that sends again and again. */
const TIMES = 50;

const { database } = await createTestDatabase();
const world = await settledWorld(database, { startAt: '2025-07-18T10:00:00+08:00', months: ['2025-07'] });
const { county, maker, checker, receipts, allocations, transfers, ledger } = world;
const baseFen = await world.tariffFen('base', '2025-06-01');
await world.importRows('june.csv', await world.statementRow('2025-06'));
const lineId = BigInt(await world.bankLine('B1', '2025-07-03', baseFen));

const together = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: TIMES }, work));
const entries = async () => {
  const [row] = await database.query<{ count: number }>(sql`select count(*)::int as count from ledger_entry`);
  return row?.count ?? 0;
};
/** How many entries a burst books. */
async function bookedBy(work: () => Promise<unknown>): Promise<number> {
  const before = await entries();
  await together(work);
  return (await entries()) - before;
}

describe('the same thing fifty times at once', () => {
  it('books a receipt once', async () => {
    const entry = { component: 'base', pinned: [] };
    const { matchHash } = await receipts.match(lineId, entry, maker);
    const confirmed = { ...entry, confirm: matchHash };
    expect(await bookedBy(() => receipts.match(lineId, confirmed, maker))).toBe(1);
    expect(await world.balanceFen(`agency:${county}`)).toBe(baseFen);
  });

  it('proposes a run once and books its approval once', async () => {
    const actionKey = randomUUID();
    const { runHash } = await allocations.propose({ county, actionKey }, maker);
    const proposal = { county, actionKey, confirm: runHash };
    const runs = await together(() => allocations.propose(proposal, maker));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    const id = runs[0]?.id ?? 0;
    expect(await bookedBy(() => allocations.approve(id, runHash, checker))).toBe(1);
  });

  it('prepares transfers once, and books their confirmation and a return once', async () => {
    const actionKey = randomUUID();
    const { batchHash } = await transfers.prepare({ county, actionKey }, maker);
    const proposal = { county, actionKey, confirm: batchHash };
    const batches = await together(() => transfers.prepare(proposal, maker));
    expect(new Set(batches.map(({ id }) => id)).size).toBe(1);
    const items = (batches[0]?.items ?? []).map(({ id }, index) => ({
      id: id ?? '',
      bankReference: `T${index}`,
    }));
    const request = { transferredOn: '2025-07-18', items };
    expect(await bookedBy(() => transfers.confirm(request, checker))).toBe(1);
    const failure = { reason: '账号有误', returnedOn: '2025-07-18' };
    expect(await bookedBy(() => transfers.fail(items[0]?.id ?? '', failure, checker))).toBe(1);
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('leaves a ledger that sums to zero', async () => {
    const sumFen = (await ledger.balances()).reduce((sum, { balanceFen }) => sum + balanceFen, 0n);
    expect(sumFen).toBe(0n);
  });
});
