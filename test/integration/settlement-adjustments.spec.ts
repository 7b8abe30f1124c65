import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { AdjustmentService } from '#settlement';
import { createTestDatabase } from '#test-support';
import { settledWorld } from './settled-world.ts';

const { database } = await createTestDatabase();
const world = await settledWorld(database, { startAt: '2025-07-18T10:00:00+08:00', months: ['2025-07'] });
const { county, maker, checker, station, ledger, allocations, receipts } = world;
const adjustments = new AdjustmentService(database, world.clock, ledger);
const baseFen = await world.tariffFen('base', '2025-06-01');
await world.importRows('june.csv', await world.statementRow('2025-06'));
await world.match(await world.bankLine('B1', '2025-07-03', baseFen), 'base');
const run = await world.approvedRun();

/** All that was booked up to now; nothing of it may change. */
async function books() {
  return database.query<{ text: string }>(sql`
    select jsonb_build_array(e.sequence, e.entry_hash, p.line, p.amount_fen)::text as text
    from ledger_entry e
    join ledger_posting p on p.sequence = e.sequence
    order by e.sequence, p.line`);
}
const villagesFen = async () =>
  new Map(
    (await ledger.balances())
      .filter(({ kind }) => kind === 'village')
      .map(({ ownerCode, balanceFen }) => [ownerCode, -balanceFen]),
  );
const given = await villagesFen();

describe('a change that comes after the close', () => {
  it('is none while nothing is different', async () => {
    await ledger.setPeriodState({ month: '2025-07', to: 'closed', reason: '结账' }, checker);
    await ledger.openPeriod('2025-08', maker);
    world.clock.set('2025-08-04T10:00:00+08:00');
    expect(await adjustments.scan(county, maker)).toMatchObject({
      lookedAtCount: 1,
      proposed: [],
      withdrawnCount: 0,
      blocked: [],
    });
  });

  it('of a paper after the money is kept and proposed, and changes nothing by itself', async () => {
    const before = await books();
    const report = await world.importRows('late.csv', await world.statementRow('2025-06', baseFen - 1801n));
    expect(report).toMatchObject({ applied: true, lateCount: 1, unchangedCount: 1 });
    const again = await world.importRows('late.csv', await world.statementRow('2025-06', baseFen - 1801n));
    expect(again).toMatchObject({ applied: true, isReplay: true, lateCount: 0 });
    const { proposed } = await adjustments.scan(county, maker);
    expect(proposed).toMatchObject([
      {
        cause: 'statement',
        month: '2025-06',
        state: 'proposed',
        settledFen: '-1801',
        totalFen: '-1801',
        proposedBy: maker.name,
        corrections: [{ component: 'base', beforeFen: String(baseFen), fileName: 'late.csv', rowNumber: 2 }],
      },
    ]);
    expect(await books()).toEqual(before);
    expect(await adjustments.scan(county, checker)).toMatchObject({ proposed: [], unchangedCount: 1 });
  });

  it('is approved by another person for its hash, and booked once in the open period', async () => {
    const before = await books();
    const { items } = await adjustments.list({ county, page: 1, pageSize: 10 });
    const [first] = items;
    const { id, adjustmentHash } = { id: first?.id ?? 0, adjustmentHash: first?.adjustmentHash ?? '' };
    await expect(adjustments.approve(id, adjustmentHash, maker)).rejects.toMatchObject({
      code: 'adjustment.maker_is_checker',
    });
    await expect(adjustments.approve(id, '0'.repeat(64), checker)).rejects.toMatchObject({
      code: 'adjustment.hash_differs',
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => adjustments.approve(id, adjustmentHash, checker)),
    );
    expect(new Set(answers.map(({ ledgerSequence }) => ledgerSequence)).size).toBe(1);
    expect(answers[0]).toMatchObject({ state: 'approved', periodMonth: '2025-08' });
    const after = await books();
    expect(after.slice(0, before.length)).toEqual(before);
    const changes = new Map(answers[0]?.lines.map((line) => [line.villageCode, BigInt(line.differenceFen)]));
    expect(await villagesFen()).toEqual(
      new Map([...given].map(([code, fen]) => [code, fen + (changes.get(code) ?? 0n)])),
    );
    expect([...changes.values()].reduce((sum, fen) => sum + fen, 0n)).toBe(-1801n);
    expect(await world.balanceFen(`receivable:${station.code}:base`)).toBe(-1801n);
    expect(await adjustments.scan(county, maker)).toMatchObject({ proposed: [], unchangedCount: 0 });
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('leaves the statement with its matches and the figures of the paper', async () => {
    const rows = await database.query<{ version: number; amountFen: bigint }>(sql`
      select s.version, s.amount_fen as "amountFen"
      from grid_statement_in_force s
      where s.account_no = ${world.accountNo} and s.month = '2025-06' and s.component = 'base'`);
    expect(rows).toEqual([{ version: 2, amountFen: baseFen - 1801n }]);
    const { matches } = await receipts.line(1n);
    expect(matches).toHaveLength(1);
  });

  it('is not taken from the villages twice when the bank takes the money back', async () => {
    const owed = await villagesFen();
    const back = await world.match(await world.bankLine('R1', '2025-08-04', -1801n), 'base');
    expect(back.matches).toMatchObject([{ month: '2025-06', amountFen: '-1801' }]);
    await expect(allocations.propose({ county, actionKey: randomUUID() }, maker)).rejects.toMatchObject({
      code: 'allocation.nothing_received',
    });
    expect(await world.balanceFen(`receivable:${station.code}:base`)).toBe(0n);
    expect(await adjustments.scan(county, maker)).toMatchObject({ proposed: [] });
    expect(await villagesFen()).toEqual(owed);
  });
});

describe('shares that come late', () => {
  it('move money between villages, and are withdrawn where they are right again', async () => {
    const shares = await database.query<{ villageCode: string; numerator: bigint; denominator: bigint }>(sql`
      select r.village_code as "villageCode", r.numerator, r.denominator
      from revenue_share r
      join station s on s.id = r.station_id
      where s.code = ${station.code}
      order by r.village_code`);
    const other = shares.length === 1 ? await anotherVillage() : null;
    await database.transaction(async (transaction) => {
      await transaction.query(sql`
        update revenue_share r
        set effective_to = '2025-06-11'::date
        from station s
        where s.id = r.station_id and s.code = ${station.code}`);
      const codes = other === null ? shares.map(({ villageCode }) => villageCode) : [other];
      await transaction.query(sql`
        insert into revenue_share (station_id, village_code, numerator, denominator, basis, effective_from)
        select s.id, v.code, 1, ${codes.length}::bigint, 'fixed', '2025-06-11'::date
        from station s
        cross join unnest(${codes}::text[]) as v (code)
        where s.code = ${station.code}`);
    });
    // The shares change inside June, so they are weighed by days that are not known: that is said and not guessed.
    const unknown = await adjustments.scan(county, maker);
    expect(unknown.proposed).toEqual([]);
    expect(unknown.blocked).toMatchObject([{ stationCode: station.code, code: 'money.unknown_value' }]);
    await database.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select s.id, d.day::date, 1070000, 'meter_counter', 'measured', now()
      from station s
      cross join generate_series('2025-06-01'::date, '2025-06-30'::date, interval '1 day') as d (day)
      where s.code = ${station.code}
      on conflict (station_id, day) do update set energy_wh = excluded.energy_wh, quality = excluded.quality`);
    const { proposed } = await adjustments.scan(county, maker);
    expect(proposed).toMatchObject([{ cause: 'shares', settledFen: '0', totalFen: '0' }]);
    const [first] = proposed;
    const { id, adjustmentHash } = { id: first?.id ?? 0, adjustmentHash: first?.adjustmentHash ?? '' };
    await database.query(sql`
      update station_day d
      set energy_wh = 2140000
      from station s
      where s.id = d.station_id and s.code = ${station.code} and d.day < '2025-06-11'::date`);
    await expect(adjustments.approve(id, adjustmentHash, checker)).rejects.toMatchObject({
      code: 'adjustment.outdated',
    });
    const second = await adjustments.scan(county, maker);
    expect(second).toMatchObject({ withdrawnCount: 1, proposed: [{ cause: 'shares' }] });
    const [next] = second.proposed;
    await adjustments.approve(next?.id ?? 0, next?.adjustmentHash ?? '', checker);
    expect(await adjustments.scan(county, maker)).toMatchObject({ proposed: [], unchangedCount: 0 });
  });

  async function anotherVillage(): Promise<string> {
    const [row] = await database.query<{ code: string }>(sql`
      select v.code from village v where v.code <> ${run.villages[0]?.villageCode ?? ''} order by v.code limit 1`);
    return row?.code ?? '';
  }
});

describe('the look of the day', () => {
  it('is made once a day by one program, and not beyond the look-back of the policy', async () => {
    const looks = await Promise.all(Array.from({ length: 3 }, () => adjustments.scanDaily()));
    expect(looks.filter((look) => look !== null)).toHaveLength(1);
    expect(await adjustments.scanDaily()).toBeNull();
    await database.query(sql`
      update station_day set energy_wh = energy_wh * 3 where day < '2025-06-11'::date`);
    world.clock.set('2026-07-05T10:00:00+08:00');
    expect(await adjustments.scan(county, maker)).toMatchObject({ lookedAtCount: 0, proposed: [] });
    expect(await adjustments.scanDaily()).toMatchObject({ proposedCount: 0 });
  });

  it('does not propose again what a person rejected', async () => {
    world.clock.set('2025-08-05T10:00:00+08:00');
    const { proposed } = await adjustments.scan(county, maker);
    expect(proposed).toMatchObject([{ totalFen: '0', settledFen: '0' }]);
    await adjustments.reject(proposed[0]?.id ?? 0, '读数有误', checker);
    expect(await adjustments.scan(county, maker)).toMatchObject({ proposed: [], unchangedCount: 0 });
  });
});
