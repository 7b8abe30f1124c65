// The database of a section: migrated, on the engine that was asked for, dropped afterwards.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { timed } from './figures.mjs';
import { loadLibraries } from './libraries.mjs';

const DEBIAN_HOME = '/usr/lib/postgresql';
/** What stays between two runs of a section. */
const KEPT_TABLES = [
  'county',
  'township',
  'village',
  'station',
  'gateway',
  'device',
  'installation',
  'schema_migration',
  'time_series_keeping',
  'vendor_profile',
];

/** The server: the one that was named, else an embedded one that is gone afterwards. */
export async function startServer(engine) {
  const { EmbeddedServer } = await loadLibraries();
  if (engine === 'timescale') {
    const url = process.env.PV_TEST_TIMESCALE_URL;
    if (!url) throw new Error('--engine timescale needs PV_TEST_TIMESCALE_URL');
    return { url, engine, stop: async () => undefined };
  }
  if (process.env.DATABASE_URL)
    return { url: process.env.DATABASE_URL, engine: 'DATABASE_URL', stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-database-'));
  const server = await EmbeddedServer.start({
    dataDir: join(folder, 'data'),
    // When a row was committed is asked afterwards (P3).
    settings: { track_commit_timestamp: 'on', max_wal_size: '8GB' },
  });
  return {
    url: server.url('postgres'),
    engine: 'embedded',
    pid: server.pid,
    async stop() {
      await server.stop();
      await rm(server.dataDir, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A fresh, migrated database of the server. */
export async function createDatabase(server) {
  const { Database, migrate, raw, sql } = await loadLibraries();
  const admin = Database.connect({ url: server.url, applicationName: 'bench-admin', poolMax: 1 });
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await admin.query(sql`create database ${raw(name)} template template0`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const database = Database.connect({ url: url.href, applicationName: 'bench', poolMax: 2 });
  return {
    database,
    url: url.href,
    /** Unknown of a server that was there before. */
    serverPid: server.pid,
    /** Room for the readings of a day, for those who do not make it themselves. */
    async ensureDay(day) {
      await database.query(sql`select pv_ensure_day('reading', ${day}::date)`);
    },
    /** Takes out everything but the registry and the ledger, which refuses it. */
    async reset() {
      const tables = await database.query(sql`
        select c.relname as name from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname <> all (${KEPT_TABLES}::text[]) and c.relname not like 'ledger%'`);
      await database.query(sql`truncate ${raw(tables.map((table) => table.name).join(', '))}`);
      await database.query(sql`checkpoint`);
    },
    async has({ deviceId, atMs }) {
      const found = await database.query(sql`
        select 1 as found from reading
        where device_id = ${deviceId}::int and measured_at = ${new Date(atMs)}::timestamptz`);
      return found.length > 0;
    },
    async count() {
      const [row] = await database.query(sql`select count(*)::float8 as n from reading`);
      return row.n;
    },
    async drop() {
      await database.close();
      await admin.query(sql`drop database ${raw(name)} with (force)`);
      await admin.close();
    },
  };
}

/** A program of PostgreSQL or mosquitto on this machine, or null. */
export function findProgram(name) {
  const versions = existsSync(DEBIAN_HOME) ? readdirSync(DEBIAN_HOME) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN_HOME, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Runs SQL through psql, which the limits are measured with. @returns what it took, as `timed` says. */
export async function psql(store, script) {
  const program = findProgram('psql');
  if (!program) throw new Error('psql is missing: apt-get install postgresql-client');
  return timed({ database: store.serverPid }, async () => {
    const child = spawn(program, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', store.url], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.end(script);
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`psql ended with ${status}`);
  });
}
