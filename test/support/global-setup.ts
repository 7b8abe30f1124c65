import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Database, EmbeddedServer, migrate, sql } from '#persistence';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

/** One throw-away PostgreSQL a run; every test file gets databases of its own, copied from a migrated template. */
export default async function setup(project: TestProject) {
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
