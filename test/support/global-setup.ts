import { writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Database, EmbeddedServer, migrate, sql } from '#persistence';
import { startTimescale, TIMESCALE_MISSING } from './timescale-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** Null where no TimescaleDB is to be had. */
    timescaleUrl: string | null;
  }
}

type Stop = () => Promise<void>;

/**
 * One throw-away PostgreSQL a run, and one with TimescaleDB where there is one; every test file gets databases of its
 * own.
 */
export default async function setup(project: TestProject): Promise<Stop> {
  const servers = await Promise.allSettled([provideEmbedded(project), provideTimescale(project)]);
  const stops = servers.flatMap((server) => (server.status === 'fulfilled' ? [server.value] : []));
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
  };
  const failure = servers.find((server) => server.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return stop;
}

async function provideEmbedded(project: TestProject): Promise<Stop> {
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-test-'));
  const server = await EmbeddedServer.start({
    dataDir: join(folder, 'postgres'),
    settings: { fsync: 'off', max_connections: '200' },
  });
  const admin = Database.connect({ url: server.url('postgres'), applicationName: 'test-setup' });
  await admin.query(sql`create database template_sunledger`);
  await admin.close();
  await migrate(server.url('template_sunledger'));
  project.provide('postgresUrl', server.url('postgres'));
  return async () => {
    await server.stop();
    await rm(server.dataDir, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
}

async function provideTimescale(project: TestProject): Promise<Stop> {
  const server = await startTimescale();
  project.provide('timescaleUrl', server?.url ?? null);
  // On the way out, where it cannot be overlooked; the closing line still comes after it.
  if (!server) process.once('exit', () => writeSync(1, TIMESCALE_MISSING));
  return async () => server?.stop();
}
