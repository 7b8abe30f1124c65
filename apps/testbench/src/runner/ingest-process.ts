import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { reportSchema, type IngestCommand, type IngestReport } from './ingest-protocol.ts';

/** Word on the command line that makes the runner's bundle the ingest process. */
export const HOST_INGEST = 'host-ingest';

export interface IngestListener {
  received(key: string): void;
  acknowledged(key: string): void;
  marker(text: string, topic: string): void;
}

type Awaited = { type: IngestReport['type']; resolve: () => void; reject: (error: Error) => void };

/**
 * A process that runs ingest for one scenario after the other.
 *
 *   idle --start--> running --stop--> idle        kill ends the process; the next start makes another
 */
export class IngestProcess {
  listener: IngestListener | undefined;
  private child: ChildProcess | undefined;
  private awaited: Awaited[] = [];

  /**
   * @param program the runner's own bundle
   * @param log where ingest's log goes
   */
  constructor(
    private readonly program: string,
    private readonly log: FileHandle,
  ) {}

  /** Makes the process, so that it is up by the time it is needed. */
  prepare(): void {
    if (this.child) return;
    const child = spawn(process.execPath, ['--enable-source-maps', this.program, HOST_INGEST], {
      stdio: ['ignore', this.log.fd, this.log.fd, 'ipc'],
    });
    this.child = child;
    child.on('message', (message) => this.hear(reportSchema.parse(message)));
    child.once('exit', (code, signal) => {
      if (this.child === child) this.child = undefined;
      this.failAll(new Error(`the ingest process ended with ${signal ?? `code ${code}`}`));
    });
  }

  /** @throws Error where it cannot start, for instance since the database is away. */
  async start(options: Omit<Extract<IngestCommand, { type: 'start' }>, 'type'>): Promise<void> {
    this.prepare();
    await this.ask({ type: 'start', ...options }, 'started');
  }

  /** Resolves when ingest's clock shows the instant. */
  async setClock(atMs: number): Promise<void> {
    if (this.child) await this.ask({ type: 'clock', atMs }, 'clock');
  }

  /** Stops ingest as its program is stopped; the process stays for the next scenario. */
  async stop(): Promise<void> {
    if (this.child) await this.ask({ type: 'stop' }, 'stopped');
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  private ask(command: IngestCommand, answer: IngestReport['type']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.awaited.push({ type: answer, resolve, reject });
      this.child?.send(command, (error) => {
        if (error) this.failAll(error);
      });
    });
  }

  private hear(report: IngestReport): void {
    switch (report.type) {
      case 'received':
        if (!report.retained) this.listener?.received(report.key);
        return;
      case 'acknowledged':
        if (!report.retained) this.listener?.acknowledged(report.key);
        return;
      case 'marker':
        this.listener?.marker(report.text, report.topic);
        return;
      case 'failed':
        this.failAll(new Error(`ingest: ${report.message}`));
        return;
      case 'started':
      case 'stopped':
      case 'clock': {
        const index = this.awaited.findIndex(({ type }) => type === report.type);
        for (const { resolve } of this.awaited.splice(index, index < 0 ? 0 : 1)) resolve();
      }
    }
  }

  private failAll(error: Error): void {
    const waiting = this.awaited;
    this.awaited = [];
    for (const { reject } of waiting) reject(error);
  }
}
