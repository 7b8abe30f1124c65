import { randomUUID } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { Database, migrate, raw, sql } from '#persistence';

/** Who keeps the readings of a test: native partitions on the embedded PostgreSQL, or hypertables. */
export type TestEngine = 'embedded' | 'timescaledb';

export interface TestDatabaseOptions {
  /** `timescaledb` only where {@link testEngines} has it. */
  engine?: TestEngine;
  /** False for a database without a schema. */
  migrated?: boolean;
}

export interface TestDatabase {
  database: Database;
  url: string;
}

/** The engines of this run, the embedded one first. */
export function testEngines(): TestEngine[] {
  return inject('timescaleUrl') === null ? ['embedded'] : ['embedded', 'timescaledb'];
}

/** A fresh, migrated database for this test file; closed and dropped after it. Call it at file or suite level. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { engine = 'embedded', migrated = true } = options;
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const adminUrl = inject(engine === 'embedded' ? 'postgresUrl' : 'timescaleUrl');
  if (adminUrl === null) throw new Error(`there is no ${engine} in this run`);
  // A template with the extension cannot be copied while its background workers are in it.
  const canCopy = engine === 'embedded' && migrated;
  const template = canCopy ? 'template_sunledger' : 'template0';
  const admin = Database.connect({ url: adminUrl, applicationName: 'test-admin', poolMax: 1 });
  await admin.query(sql`create database ${raw(name)} template ${raw(template)}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  if (migrated && !canCopy) await migrate(url.href);
  const database = Database.connect({ url: url.href, applicationName: 'test' });
  afterAll(async () => {
    await database.close();
    await admin.query(sql`drop database ${raw(name)} with (force)`);
    await admin.close();
  });
  return { database, url: url.href };
}

/** Like {@link createTestDatabase} where the URL is not needed. */
export async function testDatabase(): Promise<Database> {
  return (await createTestDatabase()).database;
}
