import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { EmbeddedBroker } from '#mqtt';
import { freePort } from '#persistence';
import { BrokerVictim } from './broker-victim.ts';

/** Word on the command line that makes the runner's bundle a broker. */
export const HOST_BROKER = 'host-broker';

export interface ScenarioBroker {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The embedded broker in this process, unless the scenario kills it. Then it is mosquitto with the settings of the
 * deployment; where that is not installed, the embedded broker in a process of its own, which forgets its sessions.
 */
export async function startBroker(options: {
  isKilled: boolean;
  program: string;
  folder: string;
  remark: (line: string) => void;
}): Promise<ScenarioBroker> {
  const { isKilled, program, folder, remark } = options;
  if (!isKilled) return inProcess(await EmbeddedBroker.start({ port: 0 }));
  try {
    return await BrokerVictim.start(folder);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('missing'))) throw error;
    remark('mosquitto is not installed: the embedded broker is killed, and it forgets its sessions');
    return BrokerProcess.start(program);
  }
}

function inProcess(broker: EmbeddedBroker): ScenarioBroker {
  const cannot = () => Promise.reject(new Error('a broker inside the runner cannot be killed'));
  return { url: broker.url, kill: cannot, restart: cannot, stop: () => broker.stop() };
}

class BrokerProcess implements ScenarioBroker {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly port: number,
  ) {}

  static async start(program: string): Promise<BrokerProcess> {
    const broker = new BrokerProcess(program, await freePort());
    await broker.restart();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const child = spawn(process.execPath, [this.program, HOST_BROKER, String(this.port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    await once(child, 'message');
  }

  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
  }
}

/** The embedded broker as a process: says once that it listens, and ends with the runner. */
export async function hostBroker(port: number): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  await EmbeddedBroker.start({ port });
  process.send?.('listening');
}
