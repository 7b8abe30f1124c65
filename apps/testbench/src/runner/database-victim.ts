import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, EmbeddedServer, migrate, sql } from '#persistence';
import type { Victim } from './victim.ts';

/** The project's own PostgreSQL, with its default settings: what it has committed survives a kill. */
export class DatabaseVictim implements Victim {
  readonly name = 'database';
  private ended: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(private readonly server: EmbeddedServer) {}

  /** A server with an empty database of the current schema. */
  static async start(folder: string): Promise<DatabaseVictim> {
    let victim: DatabaseVictim | undefined;
    const server = await EmbeddedServer.start({
      dataDir: join(folder, 'postgres'),
      onEnded: () => victim?.ended.resolve(),
    });
    victim = new DatabaseVictim(server);
    const admin = Database.connect({
      url: server.url('postgres'),
      applicationName: 'chaos-setup',
      poolMax: 1,
    });
    await admin.query(sql`create database sunledger`);
    await admin.close();
    await migrate(victim.url);
    return victim;
  }

  get url(): string {
    return this.server.url('sunledger');
  }

  /** Where the data are; not always inside the folder that was asked for, see `EmbeddedServer`. */
  get dataDir(): string {
    return this.server.dataDir;
  }

  async kill(): Promise<void> {
    const { pid } = this.server;
    if (pid === undefined) return;
    const workers = await childrenOf(pid);
    for (const each of [pid, ...workers]) killIfThere(each);
    await this.ended.promise;
  }

  async restart(): Promise<void> {
    this.ended = Promise.withResolvers();
    await this.server.restart();
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // A worker that ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Each worker leads a process group of its own, so a signal to the server's group would not reach them. */
async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir('/proc').catch((): string[] => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The name in brackets may hold blanks; after it come the state and the parent.
    const [, parentText] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parentText) === parent) children.push(Number(name));
  }
  return children;
}
