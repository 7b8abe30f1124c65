import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { projectRoot } from '#platform';

/** One number for every program that migrates, so that replicas wait for each other. */
const MIGRATION_LOCK = 7_260_468;

/** A service waits so long for a server that starts, or starts again after a crash; then somebody should look. */
export const STARTING_LIMIT_MS = 60_000;
const RETRY_MS = 500;
/** The server is there and not ready yet, or there is none yet at that address. */
const NOT_READY: ReadonlySet<unknown> = new Set(['57P03', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT']);

/**
 * Brings the schema up to date. Several programs may call it at once: one works, the others wait and find nothing
 * to do. A server that is not ready is waited for up to `waitMs`. Where the server offers TimescaleDB, and has it preloaded, the extension is switched on first.
 */
export async function migrate(url: string, { waitMs = 0 } = {}): Promise<{ applied: string[] }> {
  const client = await connectWhenReady(url, waitMs);
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await enableTimescale(client);
    const applied = await runner({
      dbClient: client,
      dir: join(projectRoot(), 'libs/persistence/migrations'),
      migrationsTable: 'schema_migration',
      direction: 'up',
      noLock: true,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    return { applied: applied.map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

async function connectWhenReady(url: string, waitMs: number): Promise<pg.Client> {
  const limitMs = Date.now() + waitMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url, application_name: 'sunledger-migrate' });
    try {
      await client.connect();
      return client;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (!NOT_READY.has(code) || Date.now() > limitMs) throw error;
      await delay(RETRY_MS);
    }
  }
}

async function enableTimescale(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ usable: boolean }>(`
    select exists (select 1 from pg_available_extensions where name = 'timescaledb')
      and current_setting('shared_preload_libraries') like '%timescaledb%' as usable`);
  if (rows[0]?.usable) await client.query('create extension if not exists timescaledb');
}

function ignore(): void {
  // node-pg-migrate prints every statement; what was applied is returned instead.
}
