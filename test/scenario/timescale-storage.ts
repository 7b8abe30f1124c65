import { migrate, raw, sql } from '#persistence';
import {
  asScenarioAdmin,
  databaseAt,
  EngineMissing,
  newScenarioName,
  type ScenarioServer,
  type Storage,
} from '../../apps/testbench/src/runner/storage.ts';
import { startTimescale } from '../support/timescale-server.ts';

/** A server with TimescaleDB, which may be somebody else's: databases are dropped one by one. */
export const TIMESCALE_SERVER: ScenarioServer = {
  name: 'the TimescaleDB server',
  isOwn: false,
  start: timescaleStorage,
};

async function timescaleStorage(): Promise<Storage> {
  const server = await startTimescale().catch((error: unknown) => {
    throw new EngineMissing(error instanceof Error ? error.message : String(error));
  });
  if (!server)
    throw new EngineMissing(
      'TimescaleDB is missing: set PV_TEST_TIMESCALE_URL to a server that has it, or install it beside PostgreSQL',
    );
  const cannot = () => Promise.reject(new Error('this server is not the runner’s own'));
  return {
    isOwn: false,
    place: new URL(server.url).host,
    async createDatabase() {
      const name = newScenarioName();
      await asScenarioAdmin(server.url, (admin) =>
        admin.query(sql`create database ${raw(name)} template template0`),
      );
      await migrate(databaseAt(server.url, name));
      return databaseAt(server.url, name);
    },
    dropDatabase: (database) => drop(server.url, database),
    kill: cannot,
    restart: cannot,
    stop: () => server.stop(),
  };
}

async function drop(adminUrl: string, database: string): Promise<void> {
  const name = new URL(database).pathname.slice(1);
  await asScenarioAdmin(adminUrl, (admin) =>
    admin.query(sql`drop database if exists ${raw(name)} with (force)`),
  );
}
