import { sql, type Queryable } from '#persistence';

export interface CountyName {
  code: string;
  name: string;
}

/** Money of a station's statements of a month that is in one run, or in none. */
export interface MoneyOfMonth {
  stationId: number;
  runId: number | null;
  runState: 'proposed' | 'approved' | null;
  amountFen: bigint;
}

/** Counties by code. */
export async function countyNames(database: Queryable): Promise<CountyName[]> {
  return database.query<CountyName>(sql`select code, name from county order by code`);
}

/** Stations that ran in some day before `before`. */
export async function stationsRunning(database: Queryable, before: string): Promise<Set<number>> {
  const rows = await database.query<{ id: number }>(sql`
    select id from station where commissioned_on < ${before}::date`);
  return new Set(rows.map(({ id }) => id));
}

/** What was received for statements of a month, by station and the run that gives it out. */
export async function moneyOfMonth(
  database: Queryable,
  query: { month: string; countyCode: string | null },
): Promise<MoneyOfMonth[]> {
  return database.query<MoneyOfMonth>(sql`
    select s.station_id as "stationId", r.id as "runId", r.state as "runState", sum(m.amount_fen)::bigint as "amountFen"
    from grid_statement s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    join receipt_match m on m.statement_id = s.id
    left join allocation_source a on a.match_id = m.id and not a.is_released
    left join allocation_run r on r.id = a.run_id
    where s.month = ${query.month} and s.kind = 'stated'
      and (${query.countyCode}::text is null or t.county_code = ${query.countyCode}::text)
    group by s.station_id, r.id, r.state
    having sum(m.amount_fen) <> 0
    order by s.station_id, r.id`);
}
