import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SettlementPolicyEntry } from '#contracts';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock } from '#platform';
import {
  AllocationService,
  LineageService,
  MatchingService,
  ReceiptService,
  SettlementPolicyService,
  StatementService,
  type StatementFileInput,
} from '#settlement';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

const { database } = await createTestDatabase();
const { neighbours } = await writeSmallFleet(database);
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const maker = { accountId: 'A1', name: '结算员甲' };
const checker = { accountId: 'A2', name: '复核员乙' };
const ledger = new LedgerService(database, clock);
await ledger.openPeriod('2025-07', maker);
const statements = new StatementService(database, clock, ledger);
const matching = new MatchingService(database, clock);
const receipts = new ReceiptService(database, clock, ledger);
const allocations = new AllocationService(database, clock, ledger, matching);
const lineage = new LineageService(database);
const policies = new SettlementPolicyService(database, clock);

const [station] = neighbours;
const county = station.code.slice(0, 6);
const accountNo = station.gridAccounts[0]?.accountNo ?? '';
const ENERGY_KWH = 32_100n;

/** Base and subsidy of the energy at the station's own tariff, fen. */
async function statedFen(component: string): Promise<bigint> {
  const [row] = await database.query<{ price: number }>(sql`
    select t.price_hao_per_kwh as price
    from tariff t
    join station s on s.id = t.station_id
    where s.code = ${station.code} and t.component = ${component} and t.effective_from <= '2025-06-01'::date
      and (t.effective_to is null or t.effective_to > '2025-06-30'::date)`);
  return (ENERGY_KWH * BigInt(row?.price ?? 0)) / 100n;
}
const yuan = (fen: bigint) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;
const baseFen = await statedFen('base');
const subsidyFen = await statedFen('subsidy');

async function importFile(...rows: string[]) {
  const heading = '户号,结算年月,上网电量,上网电费,补贴电量,补贴金额';
  const file: StatementFileInput = {
    fileName: 'june.csv',
    source: null,
    bytes: Buffer.from([heading, ...rows].join('\n')),
  };
  const { previewHash } = await statements.preview(file, maker);
  return statements.import({ ...file, confirm: previewHash, skipRefused: false }, maker);
}

const countyPolicy: SettlementPolicyEntry = {
  areaCode: county,
  documentNumber: '县光伏办〔2025〕1号',
  minimumPercent: '80',
  allowedUses: ['posts', 'public_works'],
  costs: [
    { kind: 'fixed', line: 'rent', amountFen: '1000', reducesDenominator: true },
    { kind: 'rate', line: 'operation', percent: '2.9', capFen: null, reducesDenominator: true },
  ],
  amountToleranceFen: '1',
  energyWarnPercent: '3',
  energyAlarmPercent: '8',
  noticeDays: 7,
  lookBackMonths: 12,
  transferWorkingDays: 10,
  isConfirmed: true,
  effectiveFrom: '2025-06-01',
};

const line = (bankReference: string, amountFen: bigint) => ({
  county,
  bankAccount: '0512-1',
  bankReference,
  bookedOn: '2025-07-03',
  amountFen: String(amountFen),
  payer: '国网供电公司',
  purpose: null,
});

async function receive(id: string, component: string) {
  const entry = { component, pinned: [] };
  const { matchHash } = await receipts.match(BigInt(id), entry, maker);
  return receipts.match(BigInt(id), { ...entry, confirm: matchHash }, maker);
}

async function balanceFen(code: string) {
  return (await ledger.balances({ codes: [code] }))[0]?.balanceFen ?? 0n;
}

describe('from a statement to the villages', () => {
  it('shows what is open once the statement came', async () => {
    expect(
      await importFile(`${accountNo},2025-06,32100,${yuan(baseFen)},32100,${yuan(subsidyFen)}`),
    ).toMatchObject({
      applied: true,
      statedCount: 2,
    });
    const { items } = await matching.list({ county, month: '2025-06' });
    const own = items.find(({ stationCode }) => stationCode === station.code);
    expect(own).toMatchObject({ state: 'matched_with_warnings', energyState: 'blocked' });
    expect(own?.streams.map(({ openFen }) => openFen)).toEqual([String(baseFen), String(subsidyFen)]);
  });

  it('receives only what is matched, once, and gives nothing out before it', async () => {
    await expect(allocations.propose({ county, actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'allocation.nothing_received',
    });
    const lines = [line('B1', baseFen + 5n)];
    const [entered] = await receipts.enter(lines, maker);
    expect(await receipts.enter(lines, maker)).toEqual([entered]);
    await expect(receipts.enter([line('B1', 1n)], maker)).rejects.toMatchObject({
      code: 'receipt.reference_reused',
    });
    const report = await receive(entered?.id ?? '', 'base');
    expect(report).toMatchObject({ applied: true, unmatchedFen: '5' });
    const entry = { component: 'base', pinned: [], confirm: report.matchHash };
    expect(await receipts.match(BigInt(entered?.id ?? ''), entry, maker)).toMatchObject({
      ledgerSequence: report.ledgerSequence,
    });
    expect(await balanceFen(`agency:${county}`)).toBe(baseFen);
    expect(await balanceFen(`receivable:${station.code}:base`)).toBe(0n);
  });

  it('takes matches back and makes them again', async () => {
    const { items } = await receipts.list({ county, state: 'all', page: 1, pageSize: 10 });
    const id = items[0]?.id ?? '';
    await receipts.unmatch(BigInt(id), '核销有误', maker);
    expect(await balanceFen(`agency:${county}`)).toBe(0n);
    expect(await receive(id, 'base')).toMatchObject({ applied: true });
    expect(await balanceFen(`agency:${county}`)).toBe(baseFen);
  });

  it('proposes, is approved by another person for its hash, and books once', async () => {
    const seeded = await allocations.propose({ county, actionKey: randomUUID() }, maker);
    expect(seeded.policy.isConfirmed).toBe(false);
    await policies.enter(countyPolicy, checker);
    await expect(policies.enter(countyPolicy, checker)).rejects.toMatchObject({ code: 'policy.overlap' });
    const actionKey = randomUUID();
    const preview = await allocations.propose({ county, actionKey }, maker);
    expect(preview).toMatchObject({ id: null, isWhole: true, totalFen: String(baseFen), held: [] });
    const proposal = { county, actionKey, confirm: preview.runHash };
    const [run, same] = await Promise.all([
      allocations.propose(proposal, maker),
      allocations.propose(proposal, maker),
    ]);
    expect(same.id).toBe(run.id);
    const id = run.id ?? 0;
    await expect(allocations.approve(id, run.runHash, maker)).rejects.toMatchObject({
      code: 'allocation.maker_is_checker',
    });
    await expect(allocations.approve(id, '0'.repeat(64), checker)).rejects.toMatchObject({
      code: 'allocation.hash_differs',
    });
    const approved = await allocations.approve(id, run.runHash, checker);
    expect(approved).toMatchObject({ state: 'approved', approvedBy: '复核员乙' });
    expect((await allocations.approve(id, run.runHash, checker)).ledgerSequence).toBe(
      approved.ledgerSequence,
    );
    const owedFen = (await ledger.balances())
      .filter(({ kind }) => kind === 'village')
      .reduce((sum, { balanceFen: fen }) => sum + fen, 0n);
    expect(owedFen).toBe(-baseFen);
    await expect(
      receipts.unmatch(
        BigInt((await receipts.list({ county, state: 'all', page: 1, pageSize: 1 })).items[0]?.id ?? ''),
        '试',
        maker,
      ),
    ).rejects.toMatchObject({ code: 'receipt.given_out' });
  });

  it('opens every village down to the row of the file, and makes it again to the fen', async () => {
    const { items } = await allocations.list({ county, page: 1, pageSize: 1 });
    const run = await allocations.run(items[0]?.id ?? 0);
    for (const { villageCode, amountFen } of run.villages) {
      const opened = await lineage.village(run.id ?? 0, villageCode);
      expect(opened).toMatchObject({ isReproduced: true, amountFen });
      expect(opened.pools[0]?.sources).toMatchObject([
        { accountNo, bankReference: 'B1', rowNumber: 2, fileName: 'june.csv' },
      ]);
    }
  });

  it('is voided with its entry, and its money is free again', async () => {
    const { items } = await allocations.list({ county, page: 1, pageSize: 1 });
    expect(await allocations.void(items[0]?.id ?? 0, '份额有误', checker)).toMatchObject({ state: 'voided' });
    const preview = await allocations.propose({ county, actionKey: randomUUID() }, maker);
    expect(preview.totalFen).toBe(String(baseFen));
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('keeps a correction of what was received for an adjustment, and refuses parts that do not sum', async () => {
    const corrected = await importFile(
      `${accountNo},2025-06,32000,${yuan(baseFen - 100n)},32100,${yuan(subsidyFen)}`,
    );
    expect(corrected).toMatchObject({ applied: true, lateCount: 1, correctedCount: 0, problems: [] });
    await expect(
      database.query(sql`
        insert into allocation_run (county_code, month, policy_id, total_fen, run_hash, state, action_key,
          proposed_by_id, proposed_by, proposed_at)
        select ${county}, '2025-07', min(p.id), 1, repeat('0', 64), 'proposed', gen_random_uuid(), 'A1', '甲', now()
        from settlement_policy p`),
    ).rejects.toMatchObject({ constraint: 'allocation_run_whole' });
  });
});
