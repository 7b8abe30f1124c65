import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import type { Victim } from '../../apps/testbench/src/runner/victim.ts';

/** As a service manager does with a program that ends by itself, for instance since its database was away. */
const RESTART_AFTER_MS = 500;
const STOP_TIMEOUT_MS = 15_000;

export interface IngestOptions {
  folder: string;
  databaseUrl: string;
  brokerUrl: string;
  /** How long ingest waits for a missing number before it asks, seconds. */
  resendAfterS: number;
}

/** The built ingest program. */
export class IngestVictim implements Victim {
  readonly name = 'ingest';
  /** How often it ended without being told to. */
  ownEnds = 0;
  private child: ChildProcess | undefined;
  private again: NodeJS.Timeout | undefined;
  /** True between `restart` and `kill` or `stop`: a process that is not there then is started again. */
  private isWanted = false;

  private constructor(
    private readonly options: IngestOptions,
    private readonly program: string,
    private readonly log: FileHandle,
  ) {}

  /** @throws Error where the programs are not built. */
  static async start(options: IngestOptions): Promise<IngestVictim> {
    const program = join(projectRoot(), 'dist/apps/ingest/main.js');
    if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
    const log = await open(join(options.folder, 'ingest.log'), 'a');
    const victim = new IngestVictim(options, program, log);
    await victim.restart();
    return victim;
  }

  restart(): Promise<void> {
    this.isWanted = true;
    this.launch();
    return Promise.resolve();
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await this.log.close();
  }

  private launch(): void {
    const { databaseUrl, brokerUrl, resendAfterS } = this.options;
    const child = spawn(process.execPath, ['--enable-source-maps', this.program], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        DATABASE_URL: databaseUrl,
        MQTT_URL: brokerUrl,
        PV_LOG_LEVEL: 'warn',
        PV_RESEND_AFTER_S: String(resendAfterS),
      },
      // The channel ends it when this process is killed.
      stdio: ['ignore', this.log.fd, this.log.fd, 'ipc'],
    });
    this.child = child;
    child.once('exit', () => {
      if (!this.isWanted || this.child !== child) return;
      this.ownEnds += 1;
      this.again = setTimeout(() => this.launch(), RESTART_AFTER_MS);
    });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    this.isWanted = false;
    clearTimeout(this.again);
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }
}
