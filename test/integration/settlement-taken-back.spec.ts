import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BankImportService } from '#settlement';
import { createTestDatabase } from '#test-support';
import { settledWorld } from './settled-world.ts';

const { database } = await createTestDatabase();
const world = await settledWorld(database, { startAt: '2025-07-18T10:00:00+08:00', months: ['2025-07'] });
const { county, maker, checker, station, receipts, allocations, transfers, ledger } = world;
const imports = new BankImportService(database, world.clock);
const baseFen = await world.tariffFen('base', '2025-06-01');
await world.importRows('june.csv', await world.statementRow('2025-06'));

const owed = async () =>
  new Map(
    (await ledger.balances())
      .filter(({ kind }) => kind === 'village')
      .map(({ code, balanceFen }) => [code, balanceFen]),
  );

describe('a file of the bank', () => {
  const text = [
    '交易日期,流水号,收入,支出,对方户名',
    `2025-07-03,B1,${(baseFen / 100n).toString()}.${String(baseFen % 100n).padStart(2, '0')},,国网供电公司`,
    '2025-07-32,B9,1.00,,',
  ].join('\n');
  const file = { county, bankAccount: '0512-1', fileName: 'july.csv', bytes: Buffer.from(text) };

  it('is shown, and stored once for the hash of what was shown, without its bad rows if a person says so', async () => {
    const preview = await imports.preview(file);
    expect(preview).toMatchObject({
      enteredCount: 1,
      refusedRowCount: 1,
      inFen: String(baseFen),
      applied: false,
    });
    expect(preview.problems).toMatchObject([{ row: 3, code: 'import.bad_date' }]);
    const confirmed = { ...file, confirm: preview.previewHash };
    expect(await imports.import({ ...confirmed, skipRefused: false }, maker)).toMatchObject({
      applied: false,
    });
    await expect(
      imports.import({ ...file, confirm: '0'.repeat(64), skipRefused: true }, maker),
    ).rejects.toMatchObject({ code: 'receipt.preview_outdated' });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => imports.import({ ...confirmed, skipRefused: true }, maker)),
    );
    expect(new Set(answers.map(({ importId }) => importId)).size).toBe(1);
    expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    const { items } = await receipts.list({ county, state: 'all', page: 1, pageSize: 10 });
    expect(items.map(({ bankReference, amountFen }) => [bankReference, amountFen])).toEqual([
      ['B1', String(baseFen)],
    ]);
    const listed = await imports.list({ county, page: 1, pageSize: 10 });
    expect(listed.items).toMatchObject([{ enteredCount: 1, refusedCount: 1, refusals: [{ row: 3 }] }]);
  });

  it('refuses a known reference with another content', async () => {
    const other = { ...file, bytes: Buffer.from('交易日期,流水号,收入\n2025-07-03,B1,1.00') };
    expect((await imports.preview(other)).problems).toMatchObject([
      { row: 2, code: 'receipt.reference_reused' },
    ]);
  });
});

describe('money that the grid takes back', () => {
  it('before anybody was given it leaves nothing to give out', async () => {
    const { items } = await receipts.list({ county, state: 'all', page: 1, pageSize: 10 });
    await world.match(items[0]?.id ?? '', 'base');
    const back = await world.bankLine('R0', '2025-07-04', -baseFen);
    expect(await world.match(back, 'base')).toMatchObject({ unmatchedFen: '0' });
    await expect(allocations.propose({ county, actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'allocation.nothing_received',
    });
    expect(await world.balanceFen(`receivable:${station.code}:base`)).toBe(baseFen);
    await receipts.unmatch(BigInt(back), '认错', maker);
    expect(await world.balanceFen(`receivable:${station.code}:base`)).toBe(0n);
  });

  it('after it was given out and transferred is the mirror: each village is given less than nothing', async () => {
    const given = await world.approvedRun();
    const before = await owed();
    const { batchHash } = await transfers.prepare({ county, actionKey: randomUUID() }, maker);
    const batch = await transfers.prepare({ county, actionKey: randomUUID(), confirm: batchHash }, maker);
    const items = batch.items.map(({ id }, index) => ({ id: id ?? '', bankReference: `T${index}` }));
    await transfers.confirm({ transferredOn: '2025-07-18', items }, checker);
    // The line of the first attempt was taken back by hand; the bank takes the money once more and wholly.
    const again = await world.bankLine('R1', '2025-07-18', -baseFen);
    const report = await world.match(again, 'base');
    expect(report.matches).toMatchObject([
      { stationCode: station.code, month: '2025-06', amountFen: String(-baseFen), leftFen: '0' },
    ]);
    const taken = await world.approvedRun();
    expect(taken.totalFen).toBe(String(-baseFen));
    const amounts = (run: typeof given) =>
      new Map(run.villages.map(({ villageCode, amountFen, netFen }) => [villageCode, [amountFen, netFen]]));
    const negated = new Map(
      [...amounts(given)].map(([code, fen]) => [code, fen.map((each) => String(-BigInt(each)))]),
    );
    expect(amounts(taken)).toEqual(negated);
    expect(await owed()).toEqual(new Map([...before].map(([code, fen]) => [code, -fen])));
    await expect(transfers.prepare({ county, actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'transfer.nothing_given_out',
    });
    for (const { villageCode } of taken.villages)
      expect(await world.lineage.village(taken.id, villageCode)).toMatchObject({ isReproduced: true });
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('is taken off what the villages get next', async () => {
    await world.match(await world.bankLine('B2', '2025-07-18', baseFen), 'base');
    const subsidyFen = await world.tariffFen('subsidy', '2025-06-01');
    await world.match(await world.bankLine('B3', '2025-07-18', subsidyFen), 'subsidy');
    await world.approvedRun();
    const preview = await transfers.prepare({ county, actionKey: randomUUID() }, maker);
    // Base was given, taken and given again; only the subsidy is new.
    expect(preview.totalFen).toBe(String(subsidyFen));
    expect(preview.items.every(({ parts }) => parts.length === 2)).toBe(true);
  });
});
