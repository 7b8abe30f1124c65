import { randomUUID } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { Database, raw, sql } from '#persistence';

export interface TestDatabase {
  database: Database;
  url: string;
}

/** A fresh, migrated database for this test file; closed and dropped after it. Call it at file or suite level. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const adminUrl = inject('postgresUrl');
  const admin = Database.connect({ url: adminUrl, applicationName: 'test-admin', poolMax: 1 });
  await admin.query(sql`create database ${raw(name)} template template_sunledger`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
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
