import { sql, type Queryable } from '#persistence';
import type { VillageStanding } from './standing.ts';

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

/**
 * What approved runs gave villages of the energy of a month, by county. A transfer holds a village's whole amount of a run,
 * so its state is that of each part; one that failed has let it go.
 */
export async function villagesOfMonth(
  database: Queryable,
  query: { month: string; countyCode: string | null },
): Promise<(VillageStanding & { countyCode: string })[]> {
  return database.query<VillageStanding & { countyCode: string }>(sql`
    with run as (
      select distinct r.id, r.county_code
      from grid_statement s
      join receipt_match m on m.statement_id = s.id
      join allocation_source a on a.match_id = m.id and not a.is_released
      join allocation_run r on r.id = a.run_id and r.state = 'approved'
      where s.month = ${query.month} and s.kind = 'stated'
        and (${query.countyCode}::text is null or r.county_code = ${query.countyCode}::text)
    ), given as (
      select l.run_id, r.county_code, l.village_code, sum(l.amount_fen) as amount_fen
      from run r
      join allocation_line l on l.run_id = r.id and l.month = ${query.month}
      group by l.run_id, r.county_code, l.village_code
    )
    select g.county_code as "countyCode", g.village_code as "villageCode", v.name as "villageName",
      sum(g.amount_fen)::bigint as "givenFen",
      coalesce(sum(g.amount_fen) filter (where t.state = 'confirmed'), 0)::bigint as "sentFen",
      coalesce(sum(g.amount_fen) filter (where t.state = 'prepared'), 0)::bigint as "preparedFen",
      coalesce(sum(g.amount_fen) filter (where t.id is null and exists (
        select 1
        from village_transfer_part f
        where f.run_id = g.run_id and f.village_code = g.village_code and f.is_released
      )), 0)::bigint as "failedFen"
    from given g
    join village v on v.code = g.village_code
    left join village_transfer_part p
      on p.run_id = g.run_id and p.village_code = g.village_code and not p.is_released
    left join village_transfer t on t.id = p.transfer_id
    group by g.county_code, g.village_code, v.name
    having sum(g.amount_fen) <> 0
    order by g.county_code, g.village_code`);
}
