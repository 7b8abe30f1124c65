import type { Logger } from '#platform';
import { postgresError, sql, type CopyOptions, type CopyValue, type Database } from '#persistence';
import { QUARTER_HOUR_MS } from '#domain';
import { dayIndexOf, dayOfIndex, startOfDayIndexMs, type StationPlant, type TruthModel } from '#simulation';

/** Days of station days and of quarter hours that a new installation gets: 13 months for a comparison with last year. */
const STATION_DAY_DAYS = 396;
const QUARTER_HOUR_DAYS = 30;
/** Days a transaction: a day is there as a whole or not at all. */
const DAYS_PER_COPY = 5;

export interface DayHistoryOptions {
  database: Database;
  truth: TruthModel;
  logger: Logger;
  /** Database id of a station; null where the database does not have it. */
  stationId: (code: string) => number | null;
  todayIndex: number;
  computedAt: Date;
}

/** Writes the days of `station_day` that have no row at all. Returns the rows written. */
export async function fillStationDays(options: DayHistoryOptions): Promise<number> {
  const { database, truth, todayIndex, computedAt } = options;
  const missing = await database.query<{ day: string }>(sql`
    select d::date as day
    from generate_series(${firstDay(todayIndex, STATION_DAY_DAYS)}::date, ${dayOfIndex(todayIndex - 1)}::date,
      interval '1 day') as d
    where not exists (select 1 from station_day s where s.day = d::date)
    order by d desc`);
  function* rowsOf(dayIndex: number): Generator<readonly CopyValue[]> {
    const day = dayOfIndex(dayIndex);
    for (const [station, id] of stationsOf(options, dayIndex)) {
      yield [id, day, truth.stationDayWh(station, dayIndex), 'simulated', 'measured', computedAt];
    }
  }
  return copyDays(options, missing, {
    table: 'station_day',
    columns: ['station_id', 'day', 'energy_wh', 'method', 'quality', 'computed_at'],
    rowsOf,
  });
}

/** Writes the days of `station_quarter_hour` that have no row at all; the night is measured zero. */
export async function fillQuarterHours(options: DayHistoryOptions): Promise<number> {
  const { database, truth, todayIndex } = options;
  const missing = await database.query<{ day: string }>(sql`
    select d::date as day
    from generate_series(${firstDay(todayIndex, QUARTER_HOUR_DAYS)}::date, ${dayOfIndex(todayIndex - 1)}::date,
      interval '1 day') as d
    where not exists (
      select 1 from station_quarter_hour q
      where q.starts_at >= d::timestamp at time zone 'Asia/Shanghai'
        and q.starts_at < (d + interval '1 day')::timestamp at time zone 'Asia/Shanghai')
    order by d desc`);
  function* rowsOf(dayIndex: number): Generator<readonly CopyValue[]> {
    const startMs = startOfDayIndexMs(dayIndex);
    const startsAt = Array.from({ length: 96 }, (_, quarter) =>
      new Date(startMs + quarter * QUARTER_HOUR_MS).toISOString(),
    );
    for (const [station, id] of stationsOf(options, dayIndex)) {
      const energiesWh = truth.stationQuarterHoursWh(station, dayIndex);
      for (const [quarter, at] of startsAt.entries()) {
        yield [id, at, energiesWh[quarter] ?? 0, 'simulated', 'measured'];
      }
    }
  }
  return copyDays(options, missing, {
    table: 'station_quarter_hour',
    columns: ['station_id', 'starts_at', 'energy_wh', 'method', 'quality'],
    rowsOf,
  });
}

async function copyDays(
  options: DayHistoryOptions,
  missing: readonly { day: string }[],
  copy: {
    table: string;
    columns: readonly string[];
    rowsOf: (dayIndex: number) => Iterable<readonly CopyValue[]>;
  },
): Promise<number> {
  const dayIndexes = missing.map(({ day }) => dayIndexOf(day));
  let written = 0;
  for (let from = 0; from < dayIndexes.length; from += DAYS_PER_COPY) {
    const part = dayIndexes.slice(from, from + DAYS_PER_COPY);
    const rows = {
      *[Symbol.iterator]() {
        for (const dayIndex of part) yield* copy.rowsOf(dayIndex);
      },
    };
    written += await copyRows(options.database, { table: copy.table, columns: copy.columns, rows });
  }
  if (written > 0) {
    options.logger.info({
      event: 'simulator.history_written',
      table: copy.table,
      days: dayIndexes.length,
      rows: written,
    });
  }
  return written;
}

/** The quick way first: only where the worker has begun one of the days since they were looked up, the careful way. */
async function copyRows(database: Database, copy: CopyOptions): Promise<number> {
  try {
    return await database.copyInto(copy);
  } catch (error) {
    if (postgresError(error)?.code !== UNIQUE_VIOLATION) throw error;
    return database.copyMissing(copy);
  }
}

const UNIQUE_VIOLATION = '23505';

function* stationsOf(options: DayHistoryOptions, dayIndex: number): Generator<[StationPlant, number]> {
  for (const station of options.truth.plant.stations) {
    const id = options.stationId(station.code);
    if (id !== null && station.commissionedIndex <= dayIndex) yield [station, id];
  }
}

/** The history does not reach behind the first day of the model. */
const firstDay = (todayIndex: number, days: number): string => dayOfIndex(Math.max(0, todayIndex - days));
