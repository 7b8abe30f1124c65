import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { createTestDatabase } from '#test-support';
import { settledWorld } from './settled-world.ts';

const { database } = await createTestDatabase();
const world = await settledWorld(database, {
  startAt: '2025-07-18T10:00:00+08:00',
  months: ['2025-07'],
});
const { county, maker, checker, transfers, reconciliation, ledger } = world;
const baseFen = await world.tariffFen('base', '2025-06-01');
await world.importRows('june.csv', await world.statementRow('2025-06'));
await world.match(await world.bankLine('B1', '2025-07-03', baseFen + 5n), 'base');
const run = await world.approvedRun();

async function prepare(actionKey = randomUUID()) {
  const preview = await transfers.prepare({ county, actionKey }, maker);
  return transfers.prepare({ county, actionKey, confirm: preview.batchHash }, maker);
}

const batch = await prepare();
const ids = batch.items.map(({ id }) => id ?? '');
const references = ids.map((id, index) => ({ id, bankReference: `T${index}` }));
const day = '2025-07-18';

describe('a batch of transfers', () => {
  it('has one item a village with what the run gave it, and a clock of ten working days from the receipt', async () => {
    expect(new Map(batch.items.map(({ villageCode, amountFen }) => [villageCode, amountFen]))).toEqual(
      new Map(run.villages.map(({ villageCode, amountFen }) => [villageCode, amountFen])),
    );
    expect(batch.totalFen).toBe(String(baseFen));
    // 3 July 2025 is a Thursday: ten working days later it is Thursday the 17th.
    expect(batch.items[0]).toMatchObject({
      receivedOn: '2025-07-03',
      dueOn: '2025-07-17',
      workingDaysLeft: -1,
      isOverdue: true,
      state: 'prepared',
      parts: [{ runId: run.id }],
    });
    await expect(transfers.prepare({ county, actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'transfer.nothing_given_out',
    });
  });

  it('keeps its run from being voided', async () => {
    await expect(world.allocations.void(run.id, '试', checker)).rejects.toMatchObject({
      code: 'allocation.transferred',
    });
  });

  it('is confirmed by another person only, in the database too', async () => {
    const request = { transferredOn: day, items: references };
    await expect(transfers.confirm(request, maker)).rejects.toMatchObject({
      code: 'transfer.maker_is_checker',
    });
    await expect(
      transfers.confirm({ ...request, transferredOn: '2025-07-19' }, checker),
    ).rejects.toMatchObject({ code: 'transfer.bad_day' });
    await expect(
      transfers.confirm({ ...request, transferredOn: '2025-07-02' }, checker),
    ).rejects.toMatchObject({ code: 'transfer.bad_day' });
    await expect(
      database.query(sql`
        update village_transfer
        set state = 'confirmed', bank_reference = 'X', transferred_on = ${day}::date, ledger_sequence = 1,
          confirmed_by_id = prepared_by_id, confirmed_by = '甲', confirmed_at = now()`),
    ).rejects.toMatchObject({ constraint: 'village_transfer_maker_is_not_checker' });
  });

  it('books once, however often and however much at once it is confirmed', async () => {
    const request = { transferredOn: day, items: references };
    const answers = await Promise.all(Array.from({ length: 20 }, () => transfers.confirm(request, checker)));
    expect(new Set(answers.map(({ ledgerSequence }) => ledgerSequence)).size).toBe(1);
    expect(answers[0]?.items.every(({ state }) => state === 'confirmed')).toBe(true);
    expect(await world.balanceFen(`agency:${county}`)).toBe(0n);
    const owedFen = (await ledger.balances())
      .filter(({ kind }) => kind === 'village')
      .map(({ balanceFen }) => balanceFen);
    expect(new Set(owedFen)).toEqual(new Set([0n]));
    const { counties } = await reconciliation.totals(county);
    expect(counties).toMatchObject([
      { receivedFen: String(baseFen), givenOutFen: String(baseFen), transferredFen: String(baseFen) },
    ]);
    const other = references.map(({ id }) => ({ id, bankReference: 'other' }));
    await expect(transfers.confirm({ transferredOn: day, items: other }, checker)).rejects.toMatchObject({
      code: 'transfer.state',
    });
  });
});

describe('the account of the agency beside the bank', () => {
  it('names the open line and the transfers that the bank does not show yet', async () => {
    const before = await reconciliation.reconcile({ county });
    expect(before).toMatchObject({ ledgerFen: '0', unexplainedFen: '0', isReconciled: true });
    expect(before.explained.filter(({ kind }) => kind === 'transfer_not_in_bank')).toHaveLength(ids.length);
    expect(before.explained).toContainEqual({ kind: 'unmatched_line', reference: 'B1', amountFen: '5' });
    for (const [index, item] of batch.items.entries())
      await world.bankLine(`T${index}`, day, -BigInt(item.amountFen));
    const { items: lines } = await world.receipts.list({ county, state: 'all', page: 1, pageSize: 50 });
    const out = lines.find(({ bankReference }) => bankReference === 'T0');
    await expect(world.match(out?.id ?? '', 'base')).rejects.toMatchObject({ code: 'receipt.is_transfer' });
    const after = await reconciliation.reconcile({ county });
    expect(after).toMatchObject({ bankFen: '5', differenceFen: '5', unexplainedFen: '0' });
    expect(after.explained).toEqual([{ kind: 'unmatched_line', reference: 'B1', amountFen: '5' }]);
  });

  it('answers for a day in the past as it was then', async () => {
    const then = await reconciliation.reconcile({ county, day: '2025-07-17' });
    expect(then).toMatchObject({
      bankFen: String(baseFen + 5n),
      ledgerFen: String(baseFen),
      unexplainedFen: '0',
    });
  });
});

describe('a transfer that did not arrive', () => {
  const [first] = batch.items;
  const id = first?.id ?? '';

  it('comes back with an entry of its own day, and is owed to the village again', async () => {
    await expect(transfers.fail(id, { reason: '账号有误', returnedOn: null }, checker)).rejects.toMatchObject(
      {
        code: 'transfer.bad_day',
      },
    );
    const failure = { reason: '账号有误', returnedOn: day };
    expect(await transfers.fail(id, failure, checker)).toMatchObject({ state: 'failed', returnedOn: day });
    expect(await transfers.fail(id, failure, checker)).toMatchObject({ state: 'failed' });
    expect(await world.balanceFen(`village:${first?.villageCode}`)).toBe(-BigInt(first?.amountFen ?? 0));
    expect(await world.balanceFen(`agency:${county}`)).toBe(BigInt(first?.amountFen ?? 0));
  });

  it('gets another attempt that names it, and only one', async () => {
    const actionKey = randomUUID();
    const again = await transfers.retry({ ids: [id], actionKey }, maker);
    expect(again.items).toMatchObject([{ attempt: 2, retryOfId: id, receivedOn: '2025-07-03' }]);
    expect((await transfers.retry({ ids: [id], actionKey }, maker)).id).toBe(again.id);
    await expect(transfers.retry({ ids: [id], actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'transfer.state',
    });
    const items = again.items.map((item) => ({ id: item.id ?? '', bankReference: 'T-again' }));
    await transfers.confirm({ transferredOn: day, items }, checker);
    expect(await world.balanceFen(`agency:${county}`)).toBe(0n);
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('is found by state, with sums', async () => {
    const list = await transfers.list({ county, state: 'failed', page: 1, pageSize: 10 });
    expect(list.items.map((item) => item.id)).toEqual([id]);
    expect(list.counts.find(({ state }) => state === 'confirmed')?.amountFen).toBe(String(baseFen));
    expect(list).toMatchObject({ waitingCount: 0, waitingFen: '0' });
  });
});
