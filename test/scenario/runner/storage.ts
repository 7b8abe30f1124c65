import { rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { Database, migrate, raw, sql } from '#persistence';
import { DatabaseVictim } from '../../chaos/database-victim.ts';
import { startTimescale } from '../../support/timescale-server.ts';

/** A server of databases, one for each scenario. */
export interface Storage {
  /** Whose process the runner may kill. */
  readonly isOwn: boolean;
  createDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** @param keep leaves the files where they are. */
  stop(keep: boolean): Promise<void>;
  readonly place: string;
}

export type Engine = 'embedded' | 'timescale';

/** The server of the run cannot be had, and one line says why. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

/** @throws EngineMissing where there is no such server. */
export async function startStorage(engine: Engine, folder: string): Promise<Storage> {
  return engine === 'embedded' ? embeddedStorage(folder) : timescaleStorage();
}

const newName = () => `scenario_${randomUUID().replaceAll('-', '')}`;

function at(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

async function asAdmin(url: string, work: (admin: Database) => Promise<unknown>): Promise<void> {
  const admin = Database.connect({ url, applicationName: 'scenario-admin', poolMax: 1 });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

async function embeddedStorage(folder: string): Promise<Storage> {
  const server = await DatabaseVictim.start(folder);
  const { url } = server;
  const template = new URL(url).pathname.slice(1);
  const adminUrl = at(url, 'postgres');
  return {
    isOwn: true,
    place: server.dataDir,
    async createDatabase() {
      const name = newName();
      await asAdmin(adminUrl, (admin) =>
        admin.query(sql`create database ${raw(name)} template ${raw(template)}`),
      );
      return at(url, name);
    },
    // They go with the server's folder; dropping one costs a checkpoint.
    dropDatabase: () => Promise.resolve(),
    kill: () => server.kill(),
    restart: () => server.restart(),
    async stop(keep) {
      await server.stop();
      if (!keep) await rm(server.dataDir, { recursive: true, force: true });
    },
  };
}

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
      const name = newName();
      await asAdmin(server.url, (admin) => admin.query(sql`create database ${raw(name)} template template0`));
      await migrate(at(server.url, name));
      return at(server.url, name);
    },
    dropDatabase: (database) => drop(server.url, database),
    kill: cannot,
    restart: cannot,
    stop: () => server.stop(),
  };
}

async function drop(adminUrl: string, database: string): Promise<void> {
  const name = new URL(database).pathname.slice(1);
  await asAdmin(adminUrl, (admin) => admin.query(sql`drop database if exists ${raw(name)} with (force)`));
}
