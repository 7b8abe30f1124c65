import { describe, expect, it, vi } from 'vitest';
import { holdIngestId } from '#ingestion';
import { ProgramLock, sql } from '#persistence';
import { createTestDatabase } from '#test-support';

const { database, url } = await createTestDatabase();
const other = await createTestDatabase();
const eventually = (condition: () => unknown) => vi.waitFor(condition, { timeout: 15_000, interval: 50 });
const ignore = () => undefined;

/** The server ends the connection that holds a name, as when it starts again. */
const cutOff = (name: string) =>
  database.query(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = ${`lock ${name}`} and datname = current_database()`);
const holders = async (name: string) =>
  (
    await database.query<{ pid: number }>(sql`
      select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and a.application_name = ${`lock ${name}`}`)
  ).map(({ pid }) => pid);

describe('a second ingest of one id (MQT-04)', () => {
  it('does not start on the same database, and says which setting is to be changed', async () => {
    const first = await holdIngestId({ url, ingestId: 'a', onLost: ignore });
    await expect(holdIngestId({ url, ingestId: 'a', onLost: ignore, waitMs: 0 })).rejects.toThrow(
      /PV_INGEST_ID=a .*an id of its own/,
    );
    await first.release();
  });

  it('starts with another id, on another database, or once the first has left', async () => {
    const locks = [
      await holdIngestId({ url, ingestId: 'b', onLost: ignore, waitMs: 0 }),
      await holdIngestId({ url, ingestId: 'c', onLost: ignore, waitMs: 0 }),
      await holdIngestId({ url: other.url, ingestId: 'b', onLost: ignore, waitMs: 0 }),
    ];
    const waiting = holdIngestId({ url, ingestId: 'b', onLost: ignore });
    await locks[0]?.release();
    locks.push(await waiting);
    await Promise.all(locks.map((lock) => lock.release()));
    expect(await holders('ingest/b')).toEqual([]);
  });
});

describe('a name in the database', () => {
  it('is taken again where the connection is lost', async () => {
    const onLost = vi.fn();
    const lock = await ProgramLock.take({ url, name: 'x', waitMs: 0, onLost });
    const [before] = await holders('x');
    await cutOff('x');
    await eventually(async () => {
      const now = await holders('x');
      expect(now).toHaveLength(1);
      expect(now).not.toContain(before);
    });
    await lock?.release();
    await eventually(async () => expect(await holders('x')).toEqual([]));
    expect(onLost).not.toHaveBeenCalled();
  });

  it('that another program took meanwhile is lost, and the program hears of it once', async () => {
    const onLost = vi.fn();
    const lock = await ProgramLock.take({ url, name: 'y', waitMs: 0, onLost });
    // The lock itself goes, and the connection after it: between the two somebody else was faster.
    const waiting = ProgramLock.take({ url, name: 'y', waitMs: 15_000, onLost: ignore });
    await eventually(async () =>
      expect(
        await database.query(sql`
          select 1 from pg_stat_activity where application_name = 'lock y' and state is not null`),
      ).toHaveLength(2),
    );
    await eventually(async () => {
      const [pid] = await holders('y');
      if (pid !== undefined && onLost.mock.calls.length === 0)
        await database.query(sql`select pg_terminate_backend(${pid}::int)`);
      expect(onLost).toHaveBeenCalledTimes(1);
    });
    await lock?.release();
    await (await waiting)?.release();
  });
});
