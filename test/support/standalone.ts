import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetSchema, type Fleet } from '#contracts';
import { Database, freePort } from '#persistence';
import { projectRoot } from '#platform';

/** A first start writes a year of history; on a busy machine that takes its time. */
export const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 40_000;

/** The built standalone program, as `npm start` runs it, on free ports and a folder of its own. */
export class Standalone {
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly mqttPort: number,
    private readonly settings: Record<string, string>,
  ) {}

  static async create(settings: Record<string, string>): Promise<Standalone> {
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-e2e-'));
    return new Standalone(folder, await freePort(), await freePort(), settings);
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Resolves on the line `ready http://…`. Returns how long that took. */
  async start(): Promise<number> {
    const startedAtMs = Date.now();
    this.output = '';
    const child = spawn(process.execPath, [join(projectRoot(), 'dist/apps/standalone/main.js')], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(this.port),
        MQTT_PORT: String(this.mqttPort),
        PV_DATA_DIR: this.folder,
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready:\n${this.output}`)), START_TIMEOUT_MS);
      const read = (text: string) => {
        this.output += text;
        if (this.output.includes(`ready ${this.url}`)) {
          clearTimeout(timer);
          resolve();
        }
      };
      child.stdout?.setEncoding('utf8').on('data', read);
      child.stderr?.setEncoding('utf8').on('data', read);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`ended with ${code}:\n${this.output}`));
      });
    });
    return Date.now() - startedAtMs;
  }

  /** Ends it as Ctrl-C does; resolves to the exit status. */
  async interrupt(): Promise<number | null> {
    const child = this.child;
    if (!child) return null;
    if (child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    return child.exitCode;
  }

  async remove(): Promise<void> {
    await this.interrupt();
    const place = await this.databaseFolder();
    await rm(place, { recursive: true, force: true });
    await rm(this.folder, { recursive: true, force: true });
  }

  async fleet(): Promise<Fleet> {
    const response = await fetch(`${this.url}/api/v1/fleet`);
    return fleetSchema.parse(await response.json());
  }

  /** The database of the running program. */
  async database(): Promise<Database> {
    const lines = (await readFile(join(await this.databaseFolder(), 'postmaster.pid'), 'utf8')).split('\n');
    return Database.connect({
      url: `postgresql://sunledger@127.0.0.1:${lines[3]}/sunledger`,
      applicationName: 'test',
      poolMax: 2,
    });
  }

  /** Processes that belong to this instance, found by the folder or the port in their environment. */
  async processes(program?: string): Promise<number[]> {
    const found: number[] = [];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const [environment, command] = await Promise.all([
        readFile(`/proc/${name}/environ`, 'utf8').catch(() => ''),
        readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
      ]);
      const isOurs = environment.includes(`PV_DATA_DIR=${this.folder}\0`);
      if (isOurs && (program === undefined || command.includes(`apps/${program}/main.js`)))
        found.push(Number(name));
    }
    return found;
  }

  private async databaseFolder(): Promise<string> {
    const own = join(this.folder, 'postgres');
    const note = await readFile(join(own, 'README.txt'), 'utf8').catch(() => null);
    return note?.trim().split('\n').at(-1) ?? own;
  }
}
