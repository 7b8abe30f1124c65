import { raw, sql, type Database, type Queryable } from './database.ts';
import { timeSeriesEngine, type TimeSeriesEngine, type TimeSeriesTable } from './time-series.ts';

/**
 * Compressing and dropping of old readings. Both are called by the worker and never by a policy of the engine, so that
 * both engines act alike (docs/adr/0011).
 */

/** Why an engine compresses nothing: native partitions cannot, TimescaleDB's Apache edition may not. */
export type NotCompressed = 'native' | 'licence';

export interface Compression {
  /** Chunks that were compressed, or compressed again after late rows. */
  compressed: number;
  /** Null where the engine compresses. */
  notCompressed: NotCompressed | null;
}

export interface Retention {
  /** Readings of earlier Shanghai days are gone; null where nothing was ever dropped. */
  droppedBefore: string | null;
  /** Partitions or chunks that went now. */
  dropped: number;
  /** The first day that could not be dropped: within reach of a station-day that waits, or never rolled up. */
  heldBack: { day: string; reason: 'dirty' | 'not_rolled_up' } | null;
}

export interface TimeSeriesSizes {
  engine: TimeSeriesEngine;
  /** Chunks, or partitions of a day. */
  parts: number;
  compressedParts: number;
  /** With indexes and what is out of line. */
  totalBytes: number;
  /** The compressed parts before and after; both 0 where there are none. */
  beforeBytes: number;
  afterBytes: number;
}

export interface KeepingRun {
  /** Shanghai day for which it ran last. */
  day: string;
  at: Date;
  outcome: unknown;
}

const KEEPING_LOCK = 7_260_469;
/** Dropping waits this long for a reader of an old day, and else tries again at its next turn. */
const LOCK_TIMEOUT = sql`set local lock_timeout = '10s'`;
/** Bits of `_timescaledb_functions.chunk_status`: 1 alone is a chunk that is wholly compressed; 4 is frozen. */
const STATUS_COMPRESSED = 1;
const STATUS_FROZEN = 4;

/** What happens to readings that are old. Days are Shanghai days, `YYYY-MM-DD`. */
export class TimeSeriesKeeping {
  constructor(
    private readonly database: Database,
    private readonly table: TimeSeriesTable = 'reading',
  ) {}

  /**
   * Compresses what lies wholly before a day; compressed chunks that took late rows are compressed again. Rows can be
   * written, corrected and refused as duplicates afterwards as before, only slower. The caller answers for the day:
   * one whose settlement is not closed should stay as it is.
   */
  async compressDaysBefore(day: string): Promise<Compression> {
    if ((await timeSeriesEngine(this.database)) === 'native')
      return { compressed: 0, notCompressed: 'native' };
    if (!(await mayCompress(this.database))) return { compressed: 0, notCompressed: 'licence' };
    await this.enableColumnstore();
    const chunks = await this.database.query<{ chunk: string }>(sql`
      select format('%I.%I', c.chunk_schema, c.chunk_name) as chunk
      from timescaledb_information.chunks c
      cross join lateral _timescaledb_functions.chunk_status(
        format('%I.%I', c.chunk_schema, c.chunk_name)::regclass) as s (status)
      where c.hypertable_name = ${this.table} and c.hypertable_schema = current_schema()
        and c.range_end <= ${day}::date::timestamp at time zone 'Asia/Shanghai'
        and s.status <> ${STATUS_COMPRESSED}::int and s.status & ${STATUS_FROZEN}::int = 0
      order by c.range_start`);
    // A statement each: a chunk that is done stays done, and is locked no longer than its own work takes.
    for (const { chunk } of chunks)
      await this.database.query(sql`call convert_to_columnstore(${chunk}::regclass)`);
    return { compressed: chunks.length, notCompressed: null };
  }

  /**
   * Drops the readings of the days before `day`, as far as none of them is needed any more. Everything derived (quarter
   * hours, days, counts) stays, and is from then on protected from being worked out again. Of the last day up to
   * sixteen hours may stay on TimescaleDB until the next call.
   */
  async dropDaysBefore(day: string): Promise<Retention> {
    const [idle] = await this.database.query<{ day: string | null }>(
      sql`select pv_first_day_not_rolled_up(${day}::date) as day`,
    );
    const notRolledUp = idle?.day ?? null;
    const limit = notRolledUp ?? day;
    // No mark may slip in between the look at the list and the note that closes the days.
    const { awaited, droppedBefore } = await this.database.transaction(async (transaction) => {
      await transaction.query(LOCK_TIMEOUT);
      await transaction.query(sql`lock table dirty_station_day in share mode`);
      return this.closeDays(transaction, limit);
    });
    const [gone] =
      droppedBefore === null
        ? []
        : await this.database.transaction(async (transaction) => {
            await transaction.query(LOCK_TIMEOUT);
            return transaction.query<{ parts: number }>(
              sql`select pv_drop_days_before(${this.table}, ${droppedBefore}::date) as parts`,
            );
          });
    const held = awaited ?? notRolledUp;
    return {
      droppedBefore,
      dropped: gone?.parts ?? 0,
      heldBack: held === null ? null : { day: held, reason: awaited === null ? 'not_rolled_up' : 'dirty' },
    };
  }

  async sizes(): Promise<TimeSeriesSizes> {
    const engine = await timeSeriesEngine(this.database);
    const plain = { engine, compressedParts: 0, beforeBytes: 0, afterBytes: 0 };
    if (engine === 'native') {
      const [row] = await this.database.query<{ parts: number; totalBytes: number }>(sql`
        select count(*)::int as parts, coalesce(sum(pg_total_relation_size(inhrelid)), 0)::float8 as "totalBytes"
        from pg_inherits
        where inhparent = ${this.table}::regclass`);
      return { ...plain, parts: row?.parts ?? 0, totalBytes: row?.totalBytes ?? 0 };
    }
    const [whole] = await this.database.query<{ parts: number; totalBytes: number }>(sql`
      select (select count(*)::int from show_chunks(${this.table}::regclass)) as parts,
        coalesce(hypertable_size(${this.table}::regclass), 0)::float8 as "totalBytes"`);
    const total = { ...plain, parts: whole?.parts ?? 0, totalBytes: whole?.totalBytes ?? 0 };
    if (!(await mayCompress(this.database))) return total;
    const [packed] = await this.database.query<
      Pick<TimeSeriesSizes, 'compressedParts' | 'beforeBytes' | 'afterBytes'>
    >(sql`
      select coalesce(number_compressed_chunks, 0)::int as "compressedParts",
        coalesce(before_compression_total_bytes, 0)::float8 as "beforeBytes",
        coalesce(after_compression_total_bytes, 0)::float8 as "afterBytes"
      from hypertable_columnstore_stats(${this.table}::regclass)`);
    return { ...total, ...packed };
  }

  /** The last run of {@link runOnceFor}; null before the first. */
  async lastRun(): Promise<KeepingRun | null> {
    const [row] = await this.database.query<KeepingRun>(sql`
      select ran_for_day as day, ran_at as at, outcome
      from time_series_keeping
      where table_name = ${this.table} and ran_for_day is not null`);
    return row ?? null;
  }

  /**
   * Does `work` once for a day, whoever calls it: one of several programs works, the others leave at once. Where it
   * fails, the day counts as not done. @returns what `work` returned, or null where there was nothing to do.
   */
  async runOnceFor<T>(day: string, options: { at: Date; work: () => Promise<T> }): Promise<T | null> {
    if (await this.hasRunFor(this.database, day)) return null;
    return this.database.transaction(async (transaction) => {
      // Held by a transaction that writes nothing meanwhile: it hinders nobody, and a lost connection lets go of it.
      const [lock] = await transaction.query<{ ours: boolean }>(
        sql`select pg_try_advisory_xact_lock(${KEEPING_LOCK}::bigint) as ours`,
      );
      if (!lock?.ours || (await this.hasRunFor(transaction, day))) return null;
      const outcome = await options.work();
      await transaction.query(sql`
        update time_series_keeping
        set ran_for_day = ${day}::date, ran_at = ${options.at}::timestamptz, outcome = ${JSON.stringify(outcome)}::jsonb
        where table_name = ${this.table}`);
      return outcome;
    });
  }

  private async hasRunFor(queryable: Queryable, day: string): Promise<boolean> {
    const [row] = await queryable.query<{ done: boolean }>(sql`
      select ran_for_day >= ${day}::date as done
      from time_series_keeping
      where table_name = ${this.table}`);
    return row?.done ?? false;
  }

  /** Notes up to where readings go, before they do; what is closed stays closed. */
  private async closeDays(
    transaction: Queryable,
    limit: string,
  ): Promise<{ awaited: string | null; droppedBefore: string | null }> {
    const [row] = await transaction.query<{ awaited: string | null; droppedBefore: string | null }>(sql`
      with a as (select pv_first_day_awaited(${limit}::date) as day)
      update time_series_keeping k
      set dropped_before = greatest(k.dropped_before, least(${limit}::date, a.day))
      from a
      where k.table_name = ${this.table}
      returning a.day as awaited, k.dropped_before as "droppedBefore"`);
    return row ?? { awaited: null, droppedBefore: null };
  }

  /**
   * Columns of one device side by side in the order of time. Without segments batches would be fuller (18 % smaller),
   * but looking up the last readings of 400 devices took 385 ms instead of 25 ms (docs/engines.md).
   */
  private async enableColumnstore(): Promise<void> {
    const known = await this.database.query(sql`
      select 1
      from timescaledb_information.hypertables
      where hypertable_name = ${this.table} and hypertable_schema = current_schema() and compression_enabled`);
    if (known.length > 0) return;
    await this.database.query(sql`
      alter table ${raw(this.table)} set (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id',
        timescaledb.orderby = 'measured_at')`);
  }
}

/** False on the Apache edition, which has hypertables and dropping of chunks, and no columnstore. */
async function mayCompress(database: Queryable): Promise<boolean> {
  const [row] = await database.query<{ licence: string | null }>(
    sql`select current_setting('timescaledb.license', true) as licence`,
  );
  return row?.licence === 'timescale';
}
