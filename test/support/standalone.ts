import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fleetSchema, type Fleet } from '#contracts';
import { Database, freePort } from '#persistence';
import { projectRoot } from '#platform';

/** A first start writes a year of history; on a busy machine that takes its time. */
export const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 40_000;
const POLL_MS = 50;

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
  async start(settings: Record<string, string> = {}): Promise<number> {
    const startedAtMs = Date.now();
    this.launch({ settings });
    await this.line(`ready ${this.url}`);
    return Date.now() - startedAtMs;
  }

  /** Starts it, by the given command where there is one, and does not wait. */
  launch(options: { settings?: Record<string, string>; command?: readonly string[] } = {}): ChildProcess {
    const { settings = {}, command } = options;
    const [file = '', ...args] = command ?? [
      process.execPath,
      join(projectRoot(), 'dist/apps/standalone/main.js'),
    ];
    const child = spawn(file, args, {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(this.port),
        MQTT_PORT: String(this.mqttPort),
        PV_DATA_DIR: this.folder,
        // The past of the money has tests of its own and would work beside what is looked at here.
        PV_SETTLED_MONTHS: '0',
        ...this.settings,
        ...settings,
      },
      // The channel ends it when the tests are killed; a command in between has a channel of its own.
      stdio: ['pipe', 'pipe', 'pipe', ...(command ? [] : (['ipc'] as const))],
      // A process group of its own, which a test can signal as a terminal does.
      detached: true,
    });
    this.output = '';
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    return child;
  }

  /** Resolves once its output holds the text; rejects where it ends before that. */
  async line(text: string): Promise<void> {
    const child = this.child;
    const untilMs = Date.now() + START_TIMEOUT_MS;
    while (!this.output.includes(text)) {
      if (!child || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`ended with ${child?.exitCode} before "${text}":\n${this.output}`);
      if (Date.now() > untilMs) throw new Error(`not there: "${text}":\n${this.output}`);
      await delay(POLL_MS);
    }
  }

  /** Everything it has written since it was started. */
  get written(): string {
    return this.output;
  }

  /** Ends it as Ctrl-C does; resolves to the exit status. */
  async interrupt(): Promise<number | null> {
    this.child?.kill('SIGINT');
    return this.exit();
  }

  /** Resolves to the exit status once it is gone; null where a signal ended it. */
  async exit(): Promise<number | null> {
    const child = this.child;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    return child.exitCode;
  }

  async remove(): Promise<void> {
    await this.interrupt();
    // What a test left by killing the launcher.
    for (const pid of await this.processes()) process.kill(pid, 'SIGKILL');
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
    const folder = await this.databaseFolder();
    const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    const password = await readFile(join(folder, 'sunledger.password'), 'utf8');
    return Database.connect({
      url: `postgresql://sunledger:${password}@127.0.0.1:${lines[3]}/sunledger`,
      applicationName: 'test',
      poolMax: 2,
    });
  }

  /** Process id of the database server. */
  async databasePid(): Promise<number> {
    const [pid] = (await readFile(join(await this.databaseFolder(), 'postmaster.pid'), 'utf8')).split('\n');
    return Number(pid);
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
