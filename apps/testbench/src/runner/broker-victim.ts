import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '#persistence';
import { projectRoot } from '#platform';
import type { Victim } from './victim.ts';

const PLACES = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];
const START_TIMEOUT_MS = 10_000;

/** A mosquitto with the settings of the deployment; only port, folder and user differ. */
export class BrokerVictim implements Victim {
  readonly name = 'broker';
  private child: ChildProcess | undefined;

  private constructor(
    private readonly binary: string,
    private readonly configuration: string,
    private readonly port: number,
  ) {}

  /** @throws Error where the machine has no mosquitto. */
  static async start(folder: string): Promise<BrokerVictim> {
    const binary = PLACES.find((place) => existsSync(place));
    if (!binary) throw new Error('mosquitto is missing: apt-get install mosquitto');
    const port = await freePort();
    const data = join(folder, 'mosquitto');
    await mkdir(data, { recursive: true });
    const deployed = await readFile(join(projectRoot(), 'deploy/mosquitto/mosquitto.conf'), 'utf8');
    const settings = deployed
      .replace(/^listener .*$/m, `listener ${port} 127.0.0.1`)
      .replace(/^persistence_location .*$/m, `persistence_location ${data}/`);
    const configuration = join(folder, 'mosquitto.conf');
    await writeFile(configuration, process.getuid?.() === 0 ? `${settings}\nuser root\n` : settings);
    const broker = new BrokerVictim(binary, configuration, port);
    await broker.restart();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const child = spawn(this.binary, ['-c', this.configuration], { stdio: 'ignore' });
    this.child = child;
    const untilMs = Date.now() + START_TIMEOUT_MS;
    while (!(await listens(this.port))) {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      if (Date.now() > untilMs) throw new Error('mosquitto did not start');
      await delay(20);
    }
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
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
