import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '#platform';
import { RESTART_AFTER_MS, RestartRule } from './restart-rule.ts';
import { say } from './shutdown.ts';

/**
 * A program of the project as a child.
 *
 *   stopped → running --exit--> waiting → running …       stop() is final
 *
 * A child that ends by itself is started again; one that keeps ending is given up, with the place of its log.
 */
export type ProgramName = 'api' | 'ingest' | 'worker' | 'simulator';

export interface ChildOptions {
  name: ProgramName;
  environment: NodeJS.ProcessEnv;
  logDir: string;
  /** The child cannot be kept running. */
  onGivenUp: (message: string) => void;
}

const STOP_TIMEOUT_MS = 10_000;

interface Running {
  process: ChildProcess;
  /** Resolves once the process is gone; also where it could not be started at all. */
  ended: Promise<void>;
  isEnded: boolean;
}

export class Child {
  private running: Running | undefined;
  private isStopping = false;
  private readonly rule = new RestartRule();
  private readonly log: WriteStream;
  private readonly logFile: string;

  constructor(private readonly options: ChildOptions) {
    mkdirSync(options.logDir, { recursive: true });
    this.logFile = join(options.logDir, `${options.name}.log`);
    this.log = createWriteStream(this.logFile, { flags: 'w' });
    // A log that cannot be written (disk full) is no reason to stop measuring.
    this.log.on('error', (error) => {
      say(`the log ${this.logFile} cannot be written: ${error.message}`);
      this.running?.process.stdout?.resume();
      this.running?.process.stderr?.resume();
    });
  }

  start(): void {
    const child = fork(join(projectRoot(), 'dist/apps', this.options.name, 'main.js'), {
      env: { ...process.env, ...this.options.environment },
      execArgv: ['--enable-source-maps'],
      // A process group of its own: the order of stopping is ours, not the terminal's.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const output of [child.stdout, child.stderr])
      if (this.log.destroyed) output?.resume();
      else output?.pipe(this.log, { end: false });
    const ended = new Promise<void>((resolve) => {
      const end = () => {
        running.isEnded = true;
        resolve();
      };
      child.once('exit', end);
      // Also said of a message or signal that could not be sent; then the process goes on.
      child.on('error', () => {
        if (child.pid === undefined) end();
      });
    });
    const running: Running = { process: child, ended, isEnded: false };
    this.running = running;
    void ended.then(() => this.afterEnd());
  }

  /** Stops it for good, the hard way after {@link STOP_TIMEOUT_MS}. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const running = this.running;
    if (running && !running.isEnded) {
      running.process.kill('SIGTERM');
      const timer = setTimeout(() => running.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await running.ended;
      clearTimeout(timer);
    }
    this.log.end();
  }

  private async afterEnd(): Promise<void> {
    if (this.isStopping) return;
    if (!this.rule.mayRestart(Date.now())) {
      this.options.onGivenUp(`${this.options.name} ends again and again; its log is ${this.logFile}`);
      return;
    }
    await delay(RESTART_AFTER_MS);
    if (!this.isStopping) this.start();
  }
}
