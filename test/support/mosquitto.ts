import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '#persistence';

const PLACES = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];
const START_TIMEOUT_MS = 10_000;

/** A mosquitto of the machine, on a free port, with a folder of its own that outlives a kill. */
export class Mosquitto {
  private child: ChildProcess | undefined;
  private constructor(
    private readonly binary: string,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Mosquitto> {
    const binary = PLACES.find((place) => existsSync(place));
    if (!binary) throw new Error('mosquitto is missing: apt-get install mosquitto');
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-mosquitto-'));
    const broker = new Mosquitto(binary, folder, await freePort());
    await writeFile(
      join(folder, 'mosquitto.conf'),
      [
        `listener ${broker.port} 127.0.0.1`,
        'allow_anonymous true',
        'max_inflight_messages 4000',
        'max_queued_messages 1000000',
        'persistence true',
        `persistence_location ${folder}/`,
        'autosave_interval 1',
        ...(process.getuid?.() === 0 ? ['user root'] : []),
        '',
      ].join('\n'),
    );
    await broker.launch();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    this.child = spawn(this.binary, ['-c', join(this.folder, 'mosquitto.conf')], { stdio: 'ignore' });
    const until = Date.now() + START_TIMEOUT_MS;
    while (!(await listens(this.port))) {
      if (Date.now() > until) throw new Error('mosquitto did not start');
      await delay(20);
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.child || this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
