import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BinaryRows,
  isBadValue,
  migrate,
  postgresError,
  sql,
  timeSeriesEngine,
  TimeSeriesDays,
} from '#persistence';
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

describe('rows in binary', () => {
  const int2 = fc.option(fc.integer({ min: -32_768, max: 32_767 }));
  const int4 = fc.option(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }));
  const rowArbitrary = fc.record({
    n: int4,
    small: int2,
    // A whole number of PostgreSQL's is a bigint here.
    big: fc.option(fc.maxSafeInteger()),
    name: fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
    day: fc.date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
    at: fc.option(fc.date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })),
    smalls: fc.option(fc.array(int2, { maxLength: 30 })),
    ns: fc.option(fc.array(int4, { maxLength: 30 })),
  });

  it('are the values that were put in, whatever they are and however many', async () => {
    await database.query(sql`
      create type sample_row as (n int, small smallint, big bigint, name text, day date, at timestamptz,
        smalls smallint[], ns int[])`);
    const [type] = await database.query<{ oid: number }>(sql`select 'sample_row'::regtype::oid as oid`);
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { maxLength: 200 }), async (rows) => {
        const binary = new BinaryRows(type?.oid ?? 0, 8);
        for (const { n, small, big, name, day, at, smalls, ns } of rows)
          binary.row((row) => {
            row.int4(n);
            row.int2(small);
            row.int8(big);
            row.text(name);
            row.day(day.toISOString().slice(0, 10));
            row.instant(at?.getTime() ?? null);
            row.int2List(smalls);
            row.int4List(ns);
          });
        const stored = await database.query(sql`select * from unnest(${binary.toBuffer()}::sample_row[])`);
        expect(stored).toEqual(
          rows.map((row) => ({
            ...row,
            big: row.big === null ? null : BigInt(row.big),
            day: row.day.toISOString().slice(0, 10),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('refuse what no column holds as the fault of that value', () => {
    const write = (fill: (row: BinaryRows) => void) => () => new BinaryRows(1, 1).row(fill);
    for (const fill of [
      (row: BinaryRows) => row.int2(32_768),
      (row: BinaryRows) => row.int4(2_147_483_648),
      (row: BinaryRows) => row.int4(0.5),
      (row: BinaryRows) => row.int8(Number.NaN),
      (row: BinaryRows) => row.int8(2 ** 53),
      (row: BinaryRows) => row.int2List([1, -40_000]),
    ])
      expect(write(fill)).toThrow(expect.toSatisfy(isBadValue));
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
