import { sql, type Database } from '#persistence';

const known = new WeakMap<Database, Promise<number>>();

/**
 * How many days around a station-day may hold readings that its energy is worked out from. `pv_reach_days()` of the
 * database says it: readings are dropped by the same number (docs/adr/0011).
 */
export function reachDays(database: Database): Promise<number> {
  let days = known.get(database);
  if (!days) {
    days = ask(database);
    known.set(database, days);
    // A failure is the caller's to see, and not to be kept.
    days.catch(() => known.delete(database));
  }
  return days;
}

async function ask(database: Database): Promise<number> {
  const [row] = await database.query<{ days: number }>(sql`select pv_reach_days() as days`);
  if (!row) throw new Error('the database does not say how far a day reaches');
  return row.days;
}
