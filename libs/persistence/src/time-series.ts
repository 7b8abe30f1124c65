import { type Database, type Queryable, sql } from './database.ts';

/** Which engine keeps the readings. */
export type TimeSeriesEngine = 'timescaledb' | 'native';

/** The engine of a migrated database: how its readings are kept, whatever the server could do as well. */
export async function timeSeriesEngine(database: Queryable): Promise<TimeSeriesEngine> {
  const [row] = await database.query<{ native: boolean }>(sql`select pv_is_partitioned('reading') as native`);
  return row?.native ? 'native' : 'timescaledb';
}

/** Tables that are kept by time. */
export type TimeSeriesTable = 'reading';

/**
 * Makes room for days before rows are written. On native partitions each Shanghai day has its own; a day that was
 * made once is remembered, so the call costs nothing on the hot path.
 */
export class TimeSeriesDays {
  private readonly known = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly table: TimeSeriesTable = 'reading',
  ) {}

  /** @param days Shanghai days, `YYYY-MM-DD`. */
  async ensure(days: Iterable<string>): Promise<void> {
    for (const day of days) {
      if (this.known.has(day)) continue;
      await this.database.query(sql`select pv_ensure_day(${this.table}, ${day}::date)`);
      this.known.add(day);
    }
  }
}
