import type { AgencyFacts } from '#domain';
import { empty, sql, type Queryable } from '#persistence';

/** Lines of the bank of a county up to a day, with what of each the ledger holds on that day. */
export async function linesUpTo(
  database: Queryable,
  at: { countyCode: string; day: string },
): Promise<AgencyFacts['lines']> {
  return database.query(sql`
    select b.id as "bankLineId", b.bank_reference as "bankReference", b.amount_fen as "amountFen",
      coalesce(m.matched_fen, 0)::bigint as "matchedFen"
    from bank_line b
    left join (
      select m.bank_line_id, sum(m.amount_fen) as matched_fen
      from receipt_match m
      join ledger_entry e on e.sequence = m.ledger_sequence
      where e.effective_day <= ${at.day}::date
      group by m.bank_line_id
    ) m on m.bank_line_id = b.id
    where b.county_code = ${at.countyCode} and b.booked_on <= ${at.day}::date
    order by b.booked_on, b.id`);
}

/** Transfers that left the agency up to a day (below zero), and those of them that came back. */
export async function sentUpTo(
  database: Queryable,
  at: { countyCode: string; day: string },
): Promise<AgencyFacts['transfers']> {
  return database.query(sql`
    select t.id as "transferId", t.village_code as "villageCode", t.bank_reference as "bankReference",
      d.amount_fen as "amountFen"
    from village_transfer t
    join village_transfer_batch b on b.id = t.batch_id
    cross join lateral (
      values (t.transferred_on, -t.amount_fen), (t.returned_on, t.amount_fen)
    ) as d (day, amount_fen)
    where b.county_code = ${at.countyCode} and t.bank_reference is not null and d.day <= ${at.day}::date
    order by t.id, d.day`);
}

/** Postings of the agency's account up to a day by entries that are neither receipt nor transfer. */
export async function otherEntriesUpTo(
  database: Queryable,
  at: { countyCode: string; day: string },
): Promise<AgencyFacts['others']> {
  return database.query(sql`
    select e.sequence as "ledgerSequence", sum(p.amount_fen)::bigint as "amountFen"
    from ledger_account a
    join ledger_posting p on p.account_id = a.id
    join ledger_entry e on e.sequence = p.sequence
    where a.code = ${`agency:${at.countyCode}`} and e.effective_day <= ${at.day}::date
      and not exists (select 1 from receipt_match m where m.ledger_sequence = e.sequence)
      and not exists (
        select 1
        from village_transfer t
        where t.ledger_sequence = e.sequence or t.return_sequence = e.sequence
      )
    group by e.sequence
    order by e.sequence`);
}

interface CountyTotals {
  county: string;
  openingFen: bigint;
  settledFen: bigint;
  receivedFen: bigint;
  givenOutFen: bigint;
  transferredFen: bigint;
}

/** The totals of the way of one yuan by county, cumulative; of one county where it is named. */
export async function totalsOfCounties(
  database: Queryable,
  countyCode: string | undefined,
): Promise<CountyTotals[]> {
  return database.query<CountyTotals>(sql`
    with stations as (
      select s.id, t.county_code
      from station s
      join township t on t.code = s.township_code
    ), settled as (
      select st.county_code, sum(s.amount_fen) as fen
      from grid_statement_in_force s
      join stations st on st.id = s.station_id
      group by st.county_code
    ), received as (
      select b.county_code, sum(m.amount_fen) as fen
      from receipt_match m
      join bank_line b on b.id = m.bank_line_id
      group by b.county_code
    ), given as (
      select m.county_code, sum(m.amount_fen) as fen
      from village_money m
      group by m.county_code
    ), transferred as (
      select b.county_code, sum(t.amount_fen) as fen
      from village_transfer t
      join village_transfer_batch b on b.id = t.batch_id
      where t.state = 'confirmed'
      group by b.county_code
    ), opening as (
      select st.county_code, sum(o.settled_fen) as fen
      from opening_settlement o
      join stations st on st.id = o.station_id
      group by st.county_code
    )
    select c.code as county, coalesce(o.fen, 0)::bigint as "openingFen", coalesce(s.fen, 0)::bigint as "settledFen",
      coalesce(r.fen, 0)::bigint as "receivedFen", coalesce(g.fen, 0)::bigint as "givenOutFen",
      coalesce(t.fen, 0)::bigint as "transferredFen"
    from county c
    left join opening o on o.county_code = c.code
    left join settled s on s.county_code = c.code
    left join received r on r.county_code = c.code
    left join given g on g.county_code = c.code
    left join transferred t on t.county_code = c.code
    ${countyCode === undefined ? empty : sql`where c.code = ${countyCode}`}
    order by c.code`);
}
