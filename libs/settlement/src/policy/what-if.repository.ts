import { sql, type Queryable } from '#persistence';
import type { ReceivedOfStation } from '../allocation/allocation.repository.ts';

/** Money of a county that the bank booked in a range of days, both included, whether it was given out or not. */
export async function receivedBetween(
  database: Queryable,
  query: { countyCode: string; from: string; to: string },
): Promise<ReceivedOfStation[]> {
  return database.query<ReceivedOfStation>(sql`
    select m.id as "matchId", st.id as "stationId", st.code as "stationCode", s.month, s.component,
      m.amount_fen as "amountFen"
    from bank_line b
    join receipt_match m on m.bank_line_id = b.id
    join grid_statement s on s.id = m.statement_id
    join station st on st.id = s.station_id
    where b.county_code = ${query.countyCode} and b.booked_on between ${query.from}::date and ${query.to}::date
      and m.reverses_id is null
      and not exists (select 1 from receipt_match r where r.reverses_id = m.id)
    order by m.id`);
}
