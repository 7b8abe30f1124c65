import { setTimeout as delay } from 'node:timers/promises';
import { Database, EmbeddedServer, raw, sql } from '#persistence';
import { RESTART_AFTER_MS, RestartRule } from './restart-rule.ts';
import { say } from './shutdown.ts';

const NAME = 'sunledger';

/**
 * The embedded database of the launcher, watched.
 *
 *   starting → running --ends by itself--> waiting → running on the same port …     stop() is final
 *
 * The programs connect anew; a database that keeps ending is given up.
 */
export class StandaloneDatabase {
  private starting: Promise<EmbeddedServer> | undefined;
  private readonly rule = new RestartRule();

  constructor(
    private readonly options: {
      dataDir: string;
      /** Aborts when everything is being stopped. */
      signal: AbortSignal;
      /** The database cannot be kept running. */
      onGivenUp: (message: string) => void;
    },
  ) {}

  /** @returns the URL of the database `sunledger`, which is made where it is absent; with the password. */
  async start(): Promise<string> {
    const { dataDir, signal } = this.options;
    this.starting = EmbeddedServer.start({
      dataDir,
      signal,
      onEnded: (reason) => void this.ended(reason),
    });
    const server = await this.starting;
    const admin = Database.connect({
      url: server.url('postgres'),
      applicationName: 'standalone',
      poolMax: 1,
    });
    try {
      const found = await admin.query(sql`select 1 from pg_database where datname = ${NAME}`);
      if (found.length === 0) await admin.query(sql`create database ${raw(NAME)}`);
    } finally {
      await admin.close();
    }
    say(`database in ${server.dataDir}`);
    return server.url(NAME);
  }

  /** Stops it, also in the middle of its start. */
  async stop(): Promise<void> {
    const server = await this.starting?.catch(() => undefined);
    await server?.stop();
  }

  /** Process id of the server, for tests that kill it. */
  async pid(): Promise<number | undefined> {
    return (await this.starting)?.pid;
  }

  private async ended(reason: string): Promise<void> {
    const { signal, onGivenUp } = this.options;
    const server = await this.starting;
    if (!server) return;
    let latest = reason;
    while (!signal.aborted) {
      if (!this.rule.mayRestart(Date.now())) {
        onGivenUp(`the database ends again and again: ${latest}`);
        return;
      }
      say('the database ended by itself; it is started again');
      await delay(RESTART_AFTER_MS);
      if (signal.aborted) return;
      try {
        await server.restart();
        return;
      } catch (error) {
        latest = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
