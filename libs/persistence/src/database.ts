import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { BadValueError } from './bad-value.ts';

export { sql, empty, join, raw, type Sql };

/** Anything that runs a statement: the pool or an open transaction. */
export interface Queryable {
  query<Row>(statement: Sql): Promise<Row[]>;
}

export type CopyValue = string | number | bigint | boolean | Date | null;

export interface CopyOptions {
  /** Trusted name of a table, never user input. */
  table: string;
  columns: readonly string[];
  rows: Iterable<readonly CopyValue[]>;
}

export interface ConnectOptions {
  url: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  poolMax?: number;
  /** Memory for one sort or materialised step; PostgreSQL's default of 4 MB makes large batches go through a file. */
  workMemMb?: number;
}

/** Connections of one program: ingest needs 2, the api a handful; PostgreSQL's default limit is 100 in all. */
const POOL_MAX = 6;
/** A connection that cannot be had within this time is an error, not a wait for ever. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Rows a text chunk of COPY: large enough to amortise the stream, small enough to stay flat in memory. */
const COPY_ROWS_PER_CHUNK = 2000;

const INT8 = 20;
const DATE = 1082;
const types = new pg.TypeOverrides();
// Money and energy are bigint; a float would round them. Days stay the strings that they are.
types.setTypeParser(INT8, (text) => BigInt(text));
types.setTypeParser(DATE, (text) => text);

/** A pool of connections; the only way to the database. */
export class Database implements Queryable {
  private constructor(private readonly pool: pg.Pool) {}

  static connect(options: ConnectOptions): Database {
    const pool = new pg.Pool({
      connectionString: options.url,
      application_name: options.applicationName,
      max: options.poolMax ?? POOL_MAX,
      ...(options.workMemMb === undefined ? {} : { options: `-c work_mem=${options.workMemMb}MB` }),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      types,
    });
    // An idle connection that the server closes must not end the program; the next query opens another.
    pool.on('error', () => undefined);
    return new Database(pool);
  }

  async query<Row>(statement: Sql): Promise<Row[]> {
    const result = await this.pool.query(statement.text, statement.values);
    return result.rows as Row[];
  }

  /**
   * Runs `work` in one transaction. With `rollback` everything is undone in the end: a preview is the real run,
   * taken back.
   */
  async transaction<T>(
    work: (transaction: Queryable) => Promise<T>,
    options: { rollback?: boolean } = {},
  ): Promise<T> {
    return this.withClient(async (client) => {
      await client.query('begin');
      try {
        const result = await work(queryableOf(client));
        await client.query(options.rollback ? 'rollback' : 'commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  /** COPY straight into a table. Fails as a whole on a duplicate key. Returns the rows written. */
  async copyInto(options: CopyOptions): Promise<number> {
    return this.withClient((client) => copyRows(client, options));
  }

  /** COPY into a staging table, then insert what is not there yet. Returns the rows inserted. */
  async copyMissing(options: CopyOptions): Promise<number> {
    return this.withClient(async (client) => {
      const columns = options.columns.join(', ');
      await client.query('begin');
      try {
        await client.query(
          `create temp table pv_staging on commit drop as select ${columns} from ${options.table} with no data`,
        );
        await copyRows(client, { ...options, table: 'pv_staging' });
        const result = await client.query(
          `insert into ${options.table} (${columns}) select ${columns} from pv_staging on conflict do nothing`,
        );
        await client.query('commit');
        return result.rowCount ?? 0;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // A server that goes away while the client is out of the pool raises an event nobody else listens to.
    const remember = (error: Error) => {
      broken = error;
    };
    client.on('error', remember);
    try {
      return await work(client);
    } finally {
      client.off('error', remember);
      client.release(broken);
    }
  }
}

function queryableOf(client: pg.PoolClient): Queryable {
  return {
    async query<Row>(statement: Sql): Promise<Row[]> {
      const result = await client.query(statement.text, statement.values);
      return result.rows as Row[];
    },
  };
}

async function copyRows(client: pg.PoolClient, options: CopyOptions): Promise<number> {
  const stream = client.query(copyFrom(`copy ${options.table} (${options.columns.join(', ')}) from stdin`));
  await pipeline(Readable.from(copyChunks(options.rows), { objectMode: true }), stream);
  return stream.rowCount ?? 0;
}

/** Between two chunks the program has its turn: rows that cost something to make must not deafen it to a signal. */
async function* copyChunks(rows: Iterable<readonly CopyValue[]>): AsyncGenerator<string> {
  let chunk: string[] = [];
  for (const row of rows) {
    chunk.push(row.map(copyText).join('\t'));
    if (chunk.length === COPY_ROWS_PER_CHUNK) {
      yield `${chunk.join('\n')}\n`;
      chunk = [];
      await nextTurn();
    }
  }
  if (chunk.length > 0) yield `${chunk.join('\n')}\n`;
}

const COPY_ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string')
    return value.replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character] ?? '');
  return String(value);
}

/** Code of a PostgreSQL error (`23505` and the like) and the constraint it names, or `null`. */
export function postgresError(error: unknown): { code: string; constraint: string | null } | null {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return null;
  return { code: error.code, constraint: error.constraint ?? null };
}

/** True where the same statement may succeed later: lost connections, restarts, deadlocks, serialization. */
export function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && /^(08|40|53|57P|55P03)/.test(code)) return true;
  if (typeof code === 'string' && /^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH)/.test(code)) return true;
  return error instanceof Error && /terminated|timeout exceeded|Connection ended/i.test(error.message);
}

/**
 * True where a value in the statement is what the database will not take (classes 22 and 23), as against a database
 * that is not ready for it: a missing partition, column or right is not the value's fault.
 */
export function isBadValue(error: unknown): boolean {
  if (error instanceof BadValueError) return true;
  const found = postgresError(error);
  if (!found) return false;
  if (found.code === CHECK_VIOLATION && found.constraint === null) return false;
  return /^2[23]/.test(found.code);
}

/** Also raised, without a constraint, where no partition takes a row. */
const CHECK_VIOLATION = '23514';
