import { beforeEach, describe, expect, it } from 'vitest';
import { MoneyError, type EntryDraft, type Posting } from '#domain';
import { LedgerError, LedgerService, type LedgerErrorCode } from '#ledger';
import { postgresError, raw, sql } from '#persistence';
import { Clock } from '#platform';
import { createTestDatabase } from '#test-support';

const { database } = await createTestDatabase();
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const ledger = new LedgerService(database, clock);
const actor = { accountId: 'A1', name: '会计甲' };

const cash = { kind: 'agency', ownerCode: '141124' } as const;
const station = { kind: 'station', ownerCode: 'ST001' } as const;
const due = { kind: 'receivable', ownerCode: 'ST001', part: 'subsidy' } as const;
const villageA = { kind: 'village', ownerCode: '141124100201' } as const;
const villageB = { kind: 'village', ownerCode: '141124100202' } as const;

let keys = 0;
let month = '2025-06';
beforeEach(() => {
  keys += 1;
});

/** An entry of its own key in the period of the test. */
function draft(postings: Posting[], change: Partial<EntryDraft> = {}): EntryDraft {
  keys += 1;
  return {
    idempotencyKey: `test:${keys}`,
    kind: 'settlement',
    effectiveDay: `${month}-15`,
    periodMonth: month,
    description: '六月结算',
    documentRef: '结算单-202506',
    postings,
    ...change,
  };
}

const settled = (amountFen: bigint): Posting[] => [
  { account: due, amountFen },
  { account: station, amountFen: -amountFen },
];

async function balance(code: string, bounds: { effectiveDay?: string; bookedAt?: Date } = {}) {
  const [row] = await ledger.balances({ codes: [code], ...bounds });
  return row?.balanceFen ?? null;
}

async function refusal(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof LedgerError || error instanceof MoneyError) return error.code;
      return postgresError(error)?.constraint ?? String(error);
    },
  );
}

describe('a ledger that is open', () => {
  it('refuses entries before the period is opened, and opens a period once', async () => {
    expect(await refusal(ledger.book(draft(settled(100n)), actor))).toBe('ledger.period_missing');
    await ledger.openPeriod(month, actor);
    expect(await refusal(ledger.openPeriod(month, actor))).toBe('ledger.period_state');
  });

  it('books an entry and keeps who, when and what for', async () => {
    const { entry, isReplay } = await ledger.book(draft(settled(25_000n)), actor);
    expect(isReplay).toBe(false);
    expect(entry).toMatchObject({ sequence: 1n, bookedBy: '会计甲', documentRef: '结算单-202506' });
    expect(await ledger.entry(1n)).toEqual(entry);
    expect(await balance('station:ST001')).toBe(-25_000n);
    expect(await balance('receivable:ST001:subsidy')).toBe(25_000n);
  });

  it('answers a repeated key with the first entry, and refuses the key for another content', async () => {
    const once = draft(settled(10_000n));
    const first = await ledger.book(once, actor);
    const second = await ledger.book(once, { accountId: 'A2', name: '会计乙' });
    expect(second).toEqual({ entry: first.entry, isReplay: true });
    expect(await balance('station:ST001')).toBe(-35_000n);
    const other = { ...once, postings: settled(12_000n) };
    expect(await refusal(ledger.book(other, actor))).toBe('ledger.key_reused');
  });

  it('books once where 50 send the same key at the same time', async () => {
    const before = await balance('station:ST001');
    const once = draft(settled(777n));
    const bookings = await Promise.all(Array.from({ length: 50 }, () => ledger.book(once, actor)));
    expect(bookings.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(new Set(bookings.map(({ entry }) => entry.sequence)).size).toBe(1);
    expect(await balance('station:ST001')).toBe((before ?? 0n) - 777n);
  });

  it('keeps a chain without a hole where many book at the same time over the same accounts in any order', async () => {
    const drafts = Array.from({ length: 30 }, (_, index) =>
      draft(index % 2 === 0 ? settled(BigInt(index + 1)) : settled(BigInt(index + 1)).toReversed()),
    );
    await Promise.all(drafts.map((each) => ledger.book(each, actor)));
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
    const [count] = await database.query<{ n: bigint; top: bigint }>(sql`
      select count(*) as n, max(sequence) as top from ledger_entry`);
    expect(count?.n).toBe(count?.top);
  });

  it('takes a dry run back, with the answer of the real one', async () => {
    const preview = draft(settled(4_000n));
    const before = await balance('station:ST001');
    const dry = await ledger.book(preview, actor, { dryRun: true });
    expect(await balance('station:ST001')).toBe(before);
    const real = await ledger.book(preview, actor);
    expect(real.isReplay).toBe(false);
    expect(real.entry.sequence).toBe(dry.entry.sequence);
    expect(real.entry.postings).toEqual(dry.entry.postings);
  });

  it('pays nobody what was not received', async () => {
    await ledger.book(
      draft(
        [
          { account: cash, amountFen: 1_000n },
          { account: due, amountFen: -1_000n },
        ],
        { kind: 'receipt' },
      ),
      actor,
    );
    await ledger.book(
      draft(
        [
          { account: station, amountFen: 1_000n },
          { account: villageA, amountFen: -600n },
          { account: villageB, amountFen: -400n },
        ],
        { kind: 'allocation' },
      ),
      actor,
    );
    const transfer = (amountFen: bigint) =>
      draft(
        [
          { account: villageA, amountFen },
          { account: cash, amountFen: -amountFen },
        ],
        { kind: 'transfer' },
      );
    expect(await refusal(ledger.book(transfer(601n), actor))).toBe('ledger.balance_too_low');
    const results = await Promise.all([
      refusal(ledger.book(transfer(400n), actor)),
      refusal(ledger.book(transfer(400n), actor)),
    ]);
    expect(new Set(results)).toEqual(new Set([null, 'ledger.balance_too_low']));
    expect(await balance('village:141124100201')).toBe(-200n);
  });

  it('sums to zero always', async () => {
    const all = await ledger.balances();
    expect(all.reduce((sum, { balanceFen }) => sum + balanceFen, 0n)).toBe(0n);
    expect(await refusal(ledger.book(draft([...settled(5n), { account: cash, amountFen: 1n }]), actor))).toBe(
      'ledger.not_zero',
    );
  });
});

describe('reversal', () => {
  it('brings the balance back once; the second is refused, and a reversal is not reversed', async () => {
    const before = await balance('station:ST001');
    const { entry } = await ledger.book(draft(settled(25_000n)), actor);
    const reversal = {
      idempotencyKey: 'reverse:1',
      sequence: entry.sequence,
      effectiveDay: '2025-06-20',
      periodMonth: '2025-06',
      reason: '电量更正',
      documentRef: null,
    };
    const first = await ledger.reverse(reversal, actor);
    expect(await balance('station:ST001')).toBe(before);
    expect(await ledger.reverse(reversal, actor)).toEqual({ entry: first.entry, isReplay: true });
    expect(await refusal(ledger.reverse({ ...reversal, idempotencyKey: 'reverse:2' }, actor))).toBe(
      'ledger.already_reversed',
    );
    expect(
      await refusal(
        ledger.reverse({ ...reversal, idempotencyKey: 'reverse:3', sequence: first.entry.sequence }, actor),
      ),
    ).toBe('ledger.reversal_not_reversible');
    expect(await balance('station:ST001')).toBe(before);
    const unknown = { ...reversal, idempotencyKey: 'reverse:4', sequence: 999_999n };
    expect(await refusal(ledger.reverse(unknown, actor))).toBe('ledger.entry_unknown');
  });

  it('happens once where ten persons reverse the same entry at the same time', async () => {
    const before = await balance('station:ST001');
    const { entry } = await ledger.book(draft(settled(300n)), actor);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        refusal(
          ledger.reverse(
            {
              idempotencyKey: `reverse:parallel:${index}`,
              sequence: entry.sequence,
              effectiveDay: '2025-06-20',
              periodMonth: '2025-06',
              reason: '重复',
              documentRef: null,
            },
            actor,
          ),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set([null, 'ledger.already_reversed' satisfies LedgerErrorCode]));
    expect(await balance('station:ST001')).toBe(before);
  });
});

describe('balances on both times', () => {
  it('tell what had happened by a day, and what was known of it at an instant', async () => {
    await ledger.openPeriod('2025-07', actor);
    const knownBefore = clock.now();
    const code = 'village:141124100209';
    const account = { kind: 'village', ownerCode: '141124100209' } as const;
    await ledger.book(
      draft(
        [
          { account: station, amountFen: 900n },
          { account, amountFen: -900n },
        ],
        { kind: 'allocation', effectiveDay: '2025-07-01', periodMonth: '2025-07' },
      ),
      actor,
    );
    const later = new LedgerService(
      database,
      new Clock({ startAt: new Date('2025-08-20T09:00:00+08:00'), speed: 1 }),
    );
    await later.book(
      draft(
        [
          { account: station, amountFen: 50n },
          { account, amountFen: -50n },
        ],
        { kind: 'adjustment', effectiveDay: '2025-06-10', periodMonth: '2025-07' },
      ),
      actor,
    );
    expect(await balance(code)).toBe(-950n);
    expect(await balance(code, { effectiveDay: '2025-06-30' })).toBe(-50n);
    expect(await balance(code, { effectiveDay: '2025-06-09' })).toBe(0n);
    expect(await balance(code, { bookedAt: new Date('2025-08-01T00:00:00+08:00') })).toBe(-900n);
    expect(
      await balance(code, { effectiveDay: '2025-06-30', bookedAt: new Date('2025-08-01T00:00:00+08:00') }),
    ).toBe(0n);
    expect(await balance(code, { bookedAt: knownBefore })).toBe(0n);
  });
});

describe('periods', () => {
  it('on hold take reversals and adjustments only, and go back to open', async () => {
    month = '2025-07';
    await ledger.setPeriodState({ month, to: 'on_hold', reason: '核对' }, actor);
    expect(await refusal(ledger.book(draft(settled(10n)), actor))).toBe('ledger.period_on_hold');
    const { isReplay } = await ledger.book(draft(settled(-1n), { kind: 'adjustment' }), actor);
    expect(isReplay).toBe(false);
    await ledger.setPeriodState({ month, to: 'open', reason: '核对完毕' }, actor);
    expect(await refusal(ledger.book(draft(settled(10n)), actor))).toBeNull();
  });

  it('close in order and for ever; a correction goes to the open period', async () => {
    expect(
      await refusal(ledger.setPeriodState({ month: '2025-07', to: 'closed', reason: '结账' }, actor)),
    ).toBe('ledger.period_in_order');
    month = '2025-06';
    const { entry } = await ledger.book(draft(settled(6_000n)), actor);
    const again = draft(settled(70n));
    await ledger.book(again, actor);
    await ledger.setPeriodState({ month, to: 'closed', reason: '结账' }, actor);
    expect(await refusal(ledger.book(draft(settled(10n)), actor))).toBe('ledger.period_closed');
    // A repetition of what was booked before is still answered.
    expect((await ledger.book(again, actor)).isReplay).toBe(true);
    expect(await refusal(ledger.setPeriodState({ month, to: 'open', reason: '反结账' }, actor))).toBe(
      'ledger.period_closed',
    );
    expect(await refusal(ledger.openPeriod('2025-05', actor))).toBe('ledger.period_in_order');
    const reversal = {
      idempotencyKey: 'reverse:closed',
      sequence: entry.sequence,
      effectiveDay: '2025-06-30',
      reason: '更正六月电量',
      documentRef: null,
    };
    expect(await refusal(ledger.reverse({ ...reversal, periodMonth: '2025-06' }, actor))).toBe(
      'ledger.period_closed',
    );
    const { entry: taken } = await ledger.reverse({ ...reversal, periodMonth: '2025-07' }, actor);
    expect(taken).toMatchObject({ periodMonth: '2025-07', effectiveDay: '2025-06-30' });
  });
});

describe('the database itself', () => {
  const insertEntry = (change: { sequence?: string; period?: string; count?: number } = {}) => sql`
    insert into ledger_entry (sequence, idempotency_key, request_hash, kind, effective_day, period_month, booked_at,
      description, booked_by_id, booked_by, posting_count, previous_hash, entry_hash)
    select ${raw(change.sequence ?? 'h.sequence + 1')}, 'raw', repeat('a', 64), 'adjustment', date '2025-06-15',
      ${change.period ?? '2025-07'}, now(), 'x', 'x', 'x', ${change.count ?? 2}::int, h.entry_hash, repeat('b', 64)
    from ledger_head h`;
  const insertPosting = (line: number, amountFen: bigint) => sql`
    insert into ledger_posting (sequence, line, account_id, amount_fen)
    select h.sequence, ${line}::int, a.id, ${amountFen}::bigint
    from ledger_head h, ledger_account a
    where a.code = 'station:ST001'`;

  it('refuses an entry that does not sum to zero, when the transaction ends', async () => {
    const work = database.transaction(async (transaction) => {
      await transaction.query(insertEntry());
      await transaction.query(insertPosting(1, 100n));
      await transaction.query(insertPosting(2, -99n));
    });
    expect(await refusal(work)).toBe('ledger_entry_sums_to_zero');
  });

  it('refuses an entry with a posting too few, or one too many later', async () => {
    const few = database.transaction(async (transaction) => {
      await transaction.query(insertEntry({ count: 3 }));
      await transaction.query(insertPosting(1, 100n));
      await transaction.query(insertPosting(2, -100n));
    });
    expect(await refusal(few)).toBe('ledger_entry_whole');
    expect(await refusal(database.query(insertPosting(3, 1n)))).toBe('ledger_append_only');
  });

  it('refuses an entry that does not follow the last one, and a head that is moved by hand', async () => {
    expect(await refusal(database.query(insertEntry({ sequence: 'h.sequence + 2' })))).toBe(
      'ledger_chain_linked',
    );
    expect(await refusal(database.query(sql`update ledger_head set sequence = sequence + 1`))).toBe(
      'ledger_append_only',
    );
  });

  it('refuses insert, update, delete and truncate in a closed period', async () => {
    expect(await refusal(database.query(insertEntry({ period: '2025-06' })))).toBe('ledger_period_closed');
    const closed = sql`sequence = 1`;
    const statements = [
      [sql`insert into ledger_posting values (1, 3, 1, 5)`, 'ledger_period_closed'],
      [sql`update ledger_posting set amount_fen = 1 where ${closed}`, 'ledger_append_only'],
      [sql`delete from ledger_posting where ${closed}`, 'ledger_append_only'],
      [sql`update ledger_entry set description = 'y' where ${closed}`, 'ledger_append_only'],
      [sql`delete from ledger_entry where ${closed}`, 'ledger_append_only'],
      [sql`truncate ledger_posting`, 'ledger_append_only'],
      [sql`truncate ledger_entry cascade`, 'ledger_append_only'],
      [sql`truncate ledger_period cascade`, 'ledger_append_only'],
      [sql`truncate ledger_head`, 'ledger_append_only'],
      [sql`update ledger_period set state = 'open' where month = '2025-06'`, 'ledger_period_closed'],
      [sql`delete from ledger_period where month = '2025-06'`, 'ledger_append_only'],
      [sql`update ledger_account set is_guarded = false`, 'ledger_append_only'],
      [sql`update ledger_period_change set reason = 'y'`, 'ledger_append_only'],
    ] as const;
    for (const [statement, constraint] of statements)
      expect([statement.text, await refusal(database.query(statement))]).toEqual([
        statement.text,
        constraint,
      ]);
  });
});

describe('the hash chain', () => {
  /** Does what only somebody with the right over the table can do: switches the guards off. */
  async function behindItsBack(table: string, statement: ReturnType<typeof sql>): Promise<void> {
    await database.query(sql`alter table ${raw(table)} disable trigger user`);
    await database.query(statement);
    await database.query(sql`alter table ${raw(table)} enable trigger user`);
  }

  it('is whole after all of this', async () => {
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('is found broken where an amount was changed behind its back, at that entry', async () => {
    await behindItsBack(
      'ledger_posting',
      sql`update ledger_posting set amount_fen = amount_fen * 2 where sequence = 2`,
    );
    expect(await ledger.verifyChain()).toEqual({ state: 'broken', sequence: 2n, fault: 'content_changed' });
    await behindItsBack(
      'ledger_posting',
      sql`update ledger_posting set amount_fen = amount_fen / 2 where sequence = 2`,
    );
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('is found broken where a name was changed, or the last entry was taken out', async () => {
    await behindItsBack('ledger_entry', sql`update ledger_entry set booked_by = '他人' where sequence = 3`);
    expect(await ledger.verifyChain()).toEqual({ state: 'broken', sequence: 3n, fault: 'content_changed' });
    await behindItsBack('ledger_entry', sql`update ledger_entry set booked_by = '会计甲' where sequence = 3`);
    const [last] = await database.query<{ sequence: bigint }>(sql`select sequence from ledger_head`);
    await behindItsBack(
      'ledger_posting',
      sql`delete from ledger_posting where sequence = ${last?.sequence ?? 0n}::bigint`,
    );
    await behindItsBack(
      'ledger_entry',
      sql`delete from ledger_entry where sequence = ${last?.sequence ?? 0n}::bigint`,
    );
    expect(await ledger.verifyChain()).toEqual({
      state: 'broken',
      sequence: last?.sequence,
      fault: 'missing',
    });
  });
});
