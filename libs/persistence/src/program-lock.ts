import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/**
 * A name in the database that one program has for as long as it lives.
 *
 *   taking --free--> held --connection lost--> taking --free--> held …      released is final
 *      |                                         |
 *      +--held by another for `waitMs`--> null   +--held by another for `waitMs`--> `onLost`, final
 *
 * It is an advisory lock of a connection of its own: however the program ends, the server lets go of it. A server that
 * is away is waited for; nobody else can get the name there meanwhile either.
 */
export interface ProgramLockOptions {
  url: string;
  /** The same for all that exclude each other, on one database. */
  name: string;
  /** A program that is just ending has so long to let go. */
  waitMs: number;
  /** Called once where the connection was lost and another program has the name since. */
  onLost: () => void;
}

const RETRY_MS = 500;
/** A machine that vanished is noticed by the server within a minute, or its name would be taken for two hours. */
const KEEP_ALIVE =
  '-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c idle_session_timeout=0';

export class ProgramLock {
  private isReleased = false;
  private client: pg.Client | undefined;

  private constructor(private readonly options: ProgramLockOptions) {}

  /**
   * @returns null where another program has the name for longer than `waitMs`.
   * @throws Error where the server does not answer.
   */
  static async take(options: ProgramLockOptions): Promise<ProgramLock | null> {
    const lock = new ProgramLock(options);
    return (await lock.acquire()) ? lock : null;
  }

  async release(): Promise<void> {
    this.isReleased = true;
    await this.client?.end();
  }

  private async acquire(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: `lock ${this.options.name}`,
      keepAlive: true,
      options: KEEP_ALIVE,
    });
    // What is lost is seen by `end`, which always comes after it.
    client.on('error', () => undefined);
    await client.connect();
    if (!(await this.lockWithin(client))) {
      await client.end();
      return false;
    }
    this.client = client;
    client.once('end', () => {
      if (!this.isReleased) void this.takeAgain();
    });
    return true;
  }

  private async lockWithin(client: pg.Client): Promise<boolean> {
    for (const limitMs = Date.now() + this.options.waitMs; ; await delay(RETRY_MS)) {
      const { rows } = await client.query<{ ours: boolean }>(
        `select pg_try_advisory_lock(hashtext('sunledger.program'), hashtext($1)) as ours`,
        [this.options.name],
      );
      if (rows[0]?.ours) return true;
      if (Date.now() >= limitMs || this.isReleased) return false;
    }
  }

  private async takeAgain(): Promise<void> {
    while (!this.isReleased) {
      try {
        if (!(await this.acquire()) && !this.isReleased) this.options.onLost();
        return;
      } catch {
        // The server is still away.
        await delay(RETRY_MS);
      }
    }
  }
}
