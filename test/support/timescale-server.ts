import { execFile } from 'node:child_process';
import { access, appendFile, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Database, freePort, sql } from '#persistence';

/** A server with TimescaleDB that the tests may make databases on, and how to leave it. */
export interface TimescaleServer {
  url: string;
  stop(): Promise<void>;
}

const TIMESCALE_URL_VARIABLE = 'PV_TEST_TIMESCALE_URL';
export const TIMESCALE_MISSING = `
  !! TimescaleDB suite did NOT run: this machine has no PostgreSQL with the TimescaleDB extension.
  !! Hypertables are unproven by this run. To prove them, install TimescaleDB beside PostgreSQL
  !! (https://docs.timescale.com/self-hosted/latest/install/), or set ${TIMESCALE_URL_VARIABLE} to a server that has
  !! it in shared_preload_libraries, such as: docker run -d -p 5433:5432 -e POSTGRES_PASSWORD=test
  !! timescale/timescaledb:2.28.3-pg17 and ${TIMESCALE_URL_VARIABLE}=postgresql://postgres:test@127.0.0.1:5433/postgres
`;

const DEBIAN_HOME = '/usr/lib/postgresql';
const EXTENSION_FILES = ['timescaledb.so', 'timescaledb.dylib'];
/** PostgreSQL refuses to run as root; `nobody` exists on every Unix. */
const NOBODY = 65_534;
const SUPERUSER = 'sunledger';

const execFileAsync = promisify(execFile);
const isRoot = () => process.getuid?.() === 0;

/**
 * The server that `PV_TEST_TIMESCALE_URL` names, else a throw-away cluster of the machine's own PostgreSQL where that
 * has the extension. Null where there is neither.
 * @throws Error where the named server cannot be used, or the machine's own does not start.
 */
export async function startTimescale(): Promise<TimescaleServer | null> {
  const url = process.env[TIMESCALE_URL_VARIABLE];
  if (url) {
    await checkServer(url);
    return { url, stop: async () => undefined };
  }
  const binaries = await findInstallation();
  return binaries === null ? null : startCluster(binaries);
}

/**
 * A throw-away cluster with the Apache edition of TimescaleDB, which compresses nothing. Null where the machine's own
 * PostgreSQL does not have the extension: the edition of a server that is only named cannot be changed by a test.
 * @throws Error where it does not start.
 */
export async function startApacheTimescale(): Promise<TimescaleServer | null> {
  const binaries = await findInstallation();
  return binaries === null ? null : startCluster(binaries, ["timescaledb.license = 'apache'"]);
}

/** A server that was named on purpose and cannot be used fails the run: otherwise nothing would be proven, in silence. */
async function checkServer(url: string): Promise<void> {
  const server = Database.connect({ url, applicationName: 'test-setup', poolMax: 1 });
  try {
    const [row] = await server.query<{ usable: boolean }>(sql`
      select exists (select 1 from pg_available_extensions where name = 'timescaledb')
        and current_setting('shared_preload_libraries') like '%timescaledb%' as usable`);
    if (!row?.usable) throw new Error('it does not have TimescaleDB in shared_preload_libraries');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new Error(`the server of ${TIMESCALE_URL_VARIABLE} cannot be used: ${reason}`, { cause });
  } finally {
    await server.close();
  }
}

/** Folder of the programs of the newest PostgreSQL of this machine that has the extension. */
async function findInstallation(): Promise<string | null> {
  const versions = (await readdir(DEBIAN_HOME).catch((): string[] => [])).sort(
    (a, b) => Number(b) - Number(a),
  );
  const places = versions.map((version) => ({
    bin: join(DEBIAN_HOME, version, 'bin'),
    lib: join(DEBIAN_HOME, version, 'lib'),
  }));
  const configured = await askPgConfig();
  if (configured) places.push(configured);
  for (const { bin, lib } of places) {
    const files = await readdir(lib).catch((): string[] => []);
    const isWhole = await access(join(bin, 'initdb')).then(
      () => true,
      () => false,
    );
    if (isWhole && EXTENSION_FILES.some((file) => files.includes(file))) return bin;
  }
  return null;
}

async function askPgConfig(): Promise<{ bin: string; lib: string } | null> {
  try {
    const { stdout } = await execFileAsync('pg_config', ['--bindir', '--pkglibdir']);
    const [bin, lib] = stdout.trim().split('\n');
    return bin && lib ? { bin, lib } : null;
  } catch {
    // No pg_config: no PostgreSQL for developers on this machine.
    return null;
  }
}

async function startCluster(binaries: string, own: readonly string[] = []): Promise<TimescaleServer> {
  // The folder of temporary files may be root's own; `nobody` must be able to enter it.
  const folder = await mkdtemp(join(isRoot() ? '/var/tmp' : tmpdir(), 'sunledger-timescale-'));
  const dataDir = join(folder, 'data');
  const as = isRoot() ? { uid: NOBODY, gid: NOBODY, cwd: '/' } : { cwd: '/' };
  const port = await freePort();
  const control = (...options: string[]) =>
    execFileAsync(join(binaries, 'pg_ctl'), ['-D', dataDir, '-w', ...options], as);
  try {
    if (isRoot()) await chown(folder, NOBODY, NOBODY);
    await execFileAsync(
      join(binaries, 'initdb'),
      ['-D', dataDir, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      as,
    );
    await appendFile(join(dataDir, 'postgresql.conf'), settings(port, own));
    await control('-l', join(folder, 'log'), 'start');
  } catch (cause) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await rm(folder, { recursive: true, force: true });
    throw new Error(`TimescaleDB of ${binaries} did not start\n${log}`, { cause });
  }
  return {
    url: `postgresql://${SUPERUSER}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await control('-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const settings = (port: number, own: readonly string[]) =>
  [
    '',
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    'fsync = off',
    "timezone = 'UTC'",
    // A scheduler of the extension for each database of the tests.
    'max_worker_processes = 24',
    "shared_preload_libraries = 'timescaledb'",
    "timescaledb.telemetry_level = 'off'",
    ...own,
    '',
  ].join('\n');
