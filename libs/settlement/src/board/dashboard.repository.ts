import { sql, type Queryable } from '#persistence';

/** Statements in force of a county, month and component, fen. */
export interface StatedMonth {
  countyCode: string;
  month: string;
  component: string;
  statedFen: bigint;
  receivedFen: bigint;
}

/** Money that came to rest on a day and has not gone on, fen. */
export interface RestingMoney {
  day: string;
  amountFen: bigint;
}

interface RankedVillage {
  villageCode: string;
  villageName: string;
  countyName: string;
  households: number;
  givenFen: bigint;
  transferredFen: bigint;
}

/** What was stated and what of it came. */
export async function statedMonths(database: Queryable, countyCode: string | null): Promise<StatedMonth[]> {
  return database.query<StatedMonth>(sql`
    with received as (
      select m.statement_id, sum(m.amount_fen) as amount_fen
      from receipt_match m
      group by m.statement_id
    )
    select t.county_code as "countyCode", s.month, s.component, sum(s.amount_fen)::bigint as "statedFen",
      sum(coalesce(r.amount_fen, 0))::bigint as "receivedFen"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    left join received r on r.statement_id = s.id
    where ${countyCode}::text is null or t.county_code = ${countyCode}::text
    group by t.county_code, s.month, s.component
    order by t.county_code, s.month, s.component`);
}

/** Received and in no approved run, by the day of the bank. */
export async function receivedResting(
  database: Queryable,
  countyCode: string | null,
): Promise<RestingMoney[]> {
  return database.query<RestingMoney>(sql`
    select b.booked_on as day, sum(m.amount_fen)::bigint as "amountFen"
    from receipt_match m
    join bank_line b on b.id = m.bank_line_id
    left join allocation_source a on a.match_id = m.id and not a.is_released
    left join allocation_run r on r.id = a.run_id and r.state = 'approved'
    where r.id is null and (${countyCode}::text is null or b.county_code = ${countyCode}::text)
    group by b.booked_on
    having sum(m.amount_fen) <> 0
    order by b.booked_on`);
}

/** Given out and not confirmed by the bank, by the day of the approval. */
export async function givenResting(database: Queryable, countyCode: string | null): Promise<RestingMoney[]> {
  return database.query<RestingMoney>(sql`
    select (m.approved_at at time zone 'Asia/Shanghai')::date as day, sum(m.amount_fen)::bigint as "amountFen"
    from village_money m
    where m.transfer_state is distinct from 'confirmed'
      and (${countyCode}::text is null or m.county_code = ${countyCode}::text)
    group by 1
    having sum(m.amount_fen) <> 0
    order by 1`);
}

/** Villages by what approved runs and adjustments gave them since a day, the largest first, ties by code. */
export async function rankedVillages(
  database: Queryable,
  query: { countyCode: string | null; sinceDay: string; limit: number },
): Promise<RankedVillage[]> {
  return database.query<RankedVillage>(sql`
    select v.code as "villageCode", v.name as "villageName", c.name as "countyName", v.households,
      sum(m.amount_fen)::bigint as "givenFen",
      coalesce(sum(m.amount_fen) filter (where m.transfer_state = 'confirmed'), 0)::bigint as "transferredFen"
    from village_money m
    join village v on v.code = m.village_code
    join township t on t.code = v.township_code
    join county c on c.code = t.county_code
    where (${query.countyCode}::text is null or m.county_code = ${query.countyCode}::text)
      and m.approved_at >= (${query.sinceDay}::date)::timestamp at time zone 'Asia/Shanghai'
    group by v.code, v.name, c.name, v.households
    order by sum(m.amount_fen) desc, v.code
    limit ${query.limit}::int`);
}
