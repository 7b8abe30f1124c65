import { createHash } from 'node:crypto';
import { Database, postgresError, raw, sql } from '#persistence';

/** PostgreSQL's code for a right that is missing. */
const NO_RIGHT = '42501';

/** The server's user may not make databases; the message says which right is missing and who can give it. */
export class NoDatabaseRight extends Error {
  override readonly name = 'NoDatabaseRight';
}

/** Databases of runs beside the product's own, on the same server; their names say whose they are. */
export class ThrowAwayDatabases {
  private readonly prefix: string;

  constructor(private readonly url: string) {
    const name = new URL(url).pathname.slice(1);
    // Several installations may share a server, and each drops its own alone.
    this.prefix = `testbench_${createHash('sha256').update(name).digest('hex').slice(0, 8)}_`;
  }

  /** An empty database for a run. @throws NoDatabaseRight */
  async create(runId: string): Promise<string> {
    const name = this.nameOf(runId);
    await this.asAdmin(async (admin) => {
      await admin.query(sql`drop database if exists ${raw(name)} with (force)`);
      try {
        await admin.query(sql`create database ${raw(name)} template template0`);
      } catch (error) {
        if (postgresError(error)?.code !== NO_RIGHT) throw error;
        const { username } = new URL(this.url);
        throw new NoDatabaseRight(
          `数据库用户 ${username} 没有建库权限；请管理员执行：alter role "${username}" createdb ` +
            `(the user of DATABASE_URL may not create databases; a run needs one of its own)`,
        );
      }
    });
    const other = new URL(this.url);
    other.pathname = `/${name}`;
    return other.href;
  }

  async drop(runId: string): Promise<void> {
    const name = this.nameOf(runId);
    await this.asAdmin((admin) => admin.query(sql`drop database if exists ${raw(name)} with (force)`));
  }

  /** Drops what runs of a worker that is gone have left. */
  async dropAll(): Promise<void> {
    await this.asAdmin(async (admin) => {
      const left = await admin.query<{ name: string }>(sql`
        select datname as name from pg_database where starts_with(datname, ${this.prefix}) order by 1`);
      for (const { name } of left) await admin.query(sql`drop database if exists ${raw(name)} with (force)`);
    });
  }

  private nameOf(runId: string): string {
    return `${this.prefix}${runId.replaceAll('-', '')}`;
  }

  private async asAdmin(work: (admin: Database) => Promise<unknown>): Promise<void> {
    const admin = Database.connect({ url: this.url, applicationName: 'testbench', poolMax: 1 });
    try {
      await work(admin);
    } finally {
      await admin.close();
    }
  }
}
