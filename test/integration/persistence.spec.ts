import { describe, expect, it } from 'vitest';
import { migrate, postgresError, sql, timeSeriesEngine, TimeSeriesDays } from '#persistence';
import { createTestDatabase } from '#test-support';

const { database, url } = await createTestDatabase();

describe('database', () => {
  it('keeps whole numbers of 64 bits and days as they are', async () => {
    const [row] = await database.query(
      sql`select 9007199254740993::bigint as fen, date '2026-11-25' as day, null::int as unknown`,
    );
    expect(row).toEqual({ fen: 9007199254740993n, day: '2026-11-25', unknown: null });
  });

  it('undoes a preview', async () => {
    const seen = await database.transaction(
      async (transaction) => {
        await transaction.query(sql`insert into county values ('1', 'x', 0, 0)`);
        return transaction.query(sql`select code from county`);
      },
      { rollback: true },
    );
    expect(seen).toEqual([{ code: '1' }]);
    expect(await database.query(sql`select code from county`)).toEqual([]);
  });

  it('undoes all of a transaction that fails and names the constraint', async () => {
    const failure = await database
      .transaction(async (transaction) => {
        await transaction.query(sql`insert into county values ('1', 'x', 0, 0)`);
        await transaction.query(sql`insert into county values ('1', 'y', 0, 0)`);
      })
      .catch((error: unknown) => postgresError(error));
    expect(failure).toEqual({ code: '23505', constraint: 'county_pkey' });
    expect(await database.query(sql`select code from county`)).toEqual([]);
  });

  it('copies text that holds the marks of the copy format, and skips what is there', async () => {
    const columns = ['code', 'name', 'seat_longitude', 'seat_latitude'];
    const rows = [
      ['a', 'tab\tline\nback\\slash', 1.5, 2],
      ['b', '临县', 1, 2],
    ] as const;
    expect(await database.copyInto({ table: 'county', columns, rows })).toBe(2);
    expect(
      await database.copyMissing({ table: 'county', columns, rows: [...rows, ['c', '石楼', 0, 0]] }),
    ).toBe(1);
    expect(await database.query(sql`select name from county order by code`)).toEqual([
      { name: 'tab\tline\nback\\slash' },
      { name: '临县' },
      { name: '石楼' },
    ]);
  });
});

describe('migrations', () => {
  it('find nothing to do the second time, also from several programs at once', async () => {
    const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(runs.map(({ applied }) => applied)).toEqual([[], [], []]);
  });
});

describe('time series', () => {
  it('makes room for a Shanghai day before its first reading, also from two writers at once', async () => {
    const day = '2026-03-01';
    await Promise.all([
      new TimeSeriesDays(database).ensure([day]),
      new TimeSeriesDays(database).ensure([day]),
    ]);
    await database.query(sql`
      insert into reading (device_id, measured_at, received_at)
      values (1, '2026-02-28T16:00:00Z', now()), (1, '2026-03-01T15:59:59.999Z', now())`);
    expect(await timeSeriesEngine(database)).toBe('native');
    expect(await database.query(sql`select count(*)::int as n from reading_20260301`)).toEqual([{ n: 2 }]);
  });
});
