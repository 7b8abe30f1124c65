import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '#platform';

/**
 * A program of the project as a child.
 *
 *   stopped → running --exit--> waiting → running …       stop() is final
 *
 * A child that ends by itself is started again; one that keeps ending is given up, with the place of its log.
 */
export interface ChildOptions {
  name: 'api' | 'ingest' | 'worker' | 'simulator';
  environment: NodeJS.ProcessEnv;
  logDir: string;
  /** The child cannot be kept running. */
  onGivenUp: (message: string) => void;
}

const RESTART_AFTER_MS = 1000;
/** So many ends within the window are not bad luck any more. */
const ENDS_MAX = 5;
const ENDS_WINDOW_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export class Child {
  private process: ChildProcess | undefined;
  private stopping = false;
  private readonly endsMs: number[] = [];
  private readonly log: WriteStream;
  private readonly logFile: string;

  constructor(private readonly options: ChildOptions) {
    mkdirSync(options.logDir, { recursive: true });
    this.logFile = join(options.logDir, `${options.name}.log`);
    this.log = createWriteStream(this.logFile, { flags: 'w' });
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  start(): void {
    const child = fork(join(projectRoot(), 'dist/apps', this.options.name, 'main.js'), {
      env: { ...process.env, ...this.options.environment },
      execArgv: ['--enable-source-maps'],
      // A process group of its own: the order of stopping is ours, not the terminal's.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    this.process = child;
    child.once('exit', () => void this.ended());
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    this.log.end();
  }

  private async ended(): Promise<void> {
    if (this.stopping) return;
    const nowMs = Date.now();
    this.endsMs.push(nowMs);
    if (this.endsMs.filter((endMs) => nowMs - endMs < ENDS_WINDOW_MS).length >= ENDS_MAX) {
      this.options.onGivenUp(`${this.options.name} ends again and again; its log is ${this.logFile}`);
      return;
    }
    await delay(RESTART_AFTER_MS);
    if (!this.stopping) this.start();
  }
}
