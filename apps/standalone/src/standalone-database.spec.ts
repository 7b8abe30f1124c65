import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database, sql } from '#persistence';
import { StandaloneDatabase } from './standalone-database.ts';

let folder: string;
let watched: StandaloneDatabase | undefined;
const stop = new AbortController();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sunledger-standalone-'));
  // For root the server runs as another user, who has to get through.
  await chmod(folder, 0o711);
});
afterAll(async () => {
  stop.abort();
  await watched?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('database of the launcher', () => {
  it('comes back under the same address when it ends by itself, until that happens too often', async () => {
    const onGivenUp = vi.fn<(message: string) => void>();
    const server = new StandaloneDatabase({
      dataDir: join(folder, 'postgres'),
      signal: stop.signal,
      onGivenUp,
    });
    watched = server;
    const url = await server.start();
    const database = Database.connect({ url, applicationName: 'test', poolMax: 1 });
    for (let ends = 1; ends < 5; ends += 1) {
      const before = await server.pid();
      process.kill(Number(before), 'SIGQUIT');
      await vi.waitFor(
        async () => {
          expect(await server.pid()).not.toBe(before);
          expect(await database.query(sql`select ${ends}::int as ends`)).toEqual([{ ends }]);
        },
        { timeout: 20_000, interval: 250 },
      );
    }
    expect(onGivenUp).not.toHaveBeenCalled();
    process.kill(Number(await server.pid()), 'SIGQUIT');
    await vi.waitFor(() => expect(onGivenUp).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    expect(onGivenUp.mock.calls[0]?.[0]).toContain('the database ends again and again');
    await database.close();
  }, 120_000);
});
