import { rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { Database, raw, sql } from '#persistence';
import { DatabaseVictim } from './database-victim.ts';

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

/** Where a run has its databases. */
export interface ScenarioServer {
  name: string;
  /** True where its process may be killed. */
  isOwn: boolean;
  /** @throws EngineMissing where there is no such server. */
  start(folder: string): Promise<Storage>;
}

/** The server of the run cannot be had, and one line says why. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

/** PostgreSQL of npm in the run's own folder. */
export const EMBEDDED_SERVER: ScenarioServer = {
  name: 'the embedded server',
  isOwn: true,
  start: embeddedStorage,
};

/** One database that somebody else has made, migrated and will drop: of one story. */
export function givenStorage(url: string): Storage {
  const cannot = () => Promise.reject(new Error('this server is not the runner’s own'));
  return {
    isOwn: false,
    place: new URL(url).host,
    createDatabase: () => Promise.resolve(url),
    dropDatabase: () => Promise.resolve(),
    kill: cannot,
    restart: cannot,
    stop: () => Promise.resolve(),
  };
}

export const newScenarioName = () => `scenario_${randomUUID().replaceAll('-', '')}`;

export function databaseAt(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

export async function asScenarioAdmin(
  url: string,
  work: (admin: Database) => Promise<unknown>,
): Promise<void> {
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
  const adminUrl = databaseAt(url, 'postgres');
  return {
    isOwn: true,
    place: server.dataDir,
    async createDatabase() {
      const name = newScenarioName();
      await asScenarioAdmin(adminUrl, (admin) =>
        admin.query(sql`create database ${raw(name)} template ${raw(template)}`),
      );
      return databaseAt(url, name);
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
