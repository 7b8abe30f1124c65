import { describe, expect, it } from 'vitest';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock } from '#platform';
import { StatementService, type StatementFileInput } from '#settlement';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

const { database } = await createTestDatabase();
const { neighbours } = await writeSmallFleet(database);
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const actor = { accountId: 'A1', name: '结算员甲' };
const ledger = new LedgerService(database, clock);
await ledger.openPeriod('2025-07', actor);
const service = new StatementService(database, clock, ledger);
const accountNo = neighbours[0].gridAccounts[0]?.accountNo ?? '';
const otherNo = neighbours[1].gridAccounts[0]?.accountNo ?? '';

const HEADING = '户号,结算年月,上网电量(kWh),上网电费(元),补贴电量,补贴金额';
const fileOf = (...rows: string[]): StatementFileInput => ({
  fileName: '2025-06.csv',
  source: null,
  bytes: Buffer.from([HEADING, ...rows].join('\n')),
});
const june = fileOf(`${accountNo},2025-06,32100,10657.20,32100,16627.80`);

async function stored(): Promise<unknown[]> {
  return database.query(sql`
    select component, version, kind, amount_fen as "amountFen" from grid_statement order by id`);
}

async function confirmed(file: StatementFileInput, skipRefused = false) {
  const { previewHash } = await service.preview(file, actor);
  return service.import({ ...file, confirm: previewHash, skipRefused }, actor);
}

describe('an import of statements', () => {
  it('stores nothing before it is confirmed, and then exactly what was shown', async () => {
    const preview = await service.preview(june, actor);
    expect(preview).toMatchObject({ statedCount: 2, refusedRowCount: 0, applied: false });
    expect(preview.sums.map(({ amountFen }) => amountFen)).toEqual(['1065720', '1662780']);
    expect(await stored()).toEqual([]);
    await expect(
      service.import({ ...june, confirm: '0'.repeat(64), skipRefused: false }, actor),
    ).rejects.toMatchObject({ code: 'statement.preview_outdated' });
    expect(await stored()).toEqual([]);
    const report = await service.import({ ...june, confirm: preview.previewHash, skipRefused: false }, actor);
    expect(report).toMatchObject({ applied: true, isReplay: false });
    expect(await stored()).toHaveLength(2);
  });

  it('is one import however often it is sent, in sequence and in parallel', async () => {
    const again = await Promise.all([confirmed(june), confirmed(june), confirmed(june)]);
    expect(again.map(({ isReplay }) => isReplay)).toEqual([true, true, true]);
    expect(new Set(again.map(({ importId }) => importId)).size).toBe(1);
    expect(await stored()).toHaveLength(2);
    expect((await service.imports({ page: 1, pageSize: 10 })).total).toBe(1);
  });

  it('corrects by a reversal and a new version, and the sum is what is in force', async () => {
    const file = fileOf(`${accountNo},2025-06,32000,10624.00,32100,16627.80`);
    expect(await confirmed(file)).toMatchObject({ correctedCount: 1, unchangedCount: 1, applied: true });
    expect(await stored()).toEqual([
      { component: 'base', version: 1, kind: 'stated', amountFen: 1_065_720n },
      { component: 'subsidy', version: 1, kind: 'stated', amountFen: 1_662_780n },
      { component: 'base', version: 1, kind: 'reversal', amountFen: -1_065_720n },
      { component: 'base', version: 2, kind: 'stated', amountFen: 1_062_400n },
    ]);
    const code = neighbours[0].code;
    const balances = await ledger.balances({ codes: [`receivable:${code}:base`, `station:${code}`] });
    expect(balances.map(({ balanceFen }) => balanceFen)).toEqual([1_062_400n, -(1_062_400n + 1_662_780n)]);
  });

  it('names unknown accounts and future months, and keeps what it left out', async () => {
    const file = fileOf(
      '0999999999999,2025-06,1,0.33,,',
      `${otherNo},2025-08,1,0.33,,`,
      `${otherNo},2025-06,1000,332.00,1000,518.00`,
    );
    const whole = await confirmed(file);
    expect(whole).toMatchObject({ applied: false, refusedRowCount: 2 });
    expect(whole.problems.map(({ row, code }) => [row, code])).toEqual([
      [2, 'statement.unknown_account'],
      [3, 'statement.future_month'],
    ]);
    const part = await confirmed(file, true);
    expect(part).toMatchObject({ applied: true, statedCount: 2 });
    expect((await service.refusals(part.importId ?? 0)).problems).toEqual(whole.problems);
  });

  it('reads the headings of a source, by their version', async () => {
    const own = { accountNo: ['客户'], 'base.amountFen': ['钱'] };
    expect(await service.keepMapping('石楼供电', own, actor)).toMatchObject({ version: 1 });
    expect(await service.keepMapping('石楼供电', own, actor)).toMatchObject({ version: 1 });
    const bytes = Buffer.from(`客户,年月,钱\n${otherNo},2025-05,12.34\n`);
    const report = await confirmed({ fileName: '石楼.csv', source: '石楼供电', bytes });
    expect(report).toMatchObject({ applied: true, mappingVersion: 1, statedCount: 1 });
    await expect(service.preview({ ...june, source: '无' }, actor)).rejects.toMatchObject({
      code: 'statement.unknown_source',
    });
  });

  it('cannot be changed by anybody', async () => {
    await expect(database.query(sql`update grid_statement set amount_fen = 1`)).rejects.toThrow('only grows');
    await expect(database.query(sql`delete from grid_statement`)).rejects.toThrow('only grows');
    await expect(database.query(sql`truncate grid_statement cascade`)).rejects.toThrow('only grows');
  });
});
