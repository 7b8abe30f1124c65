import { sql, type Queryable } from '#persistence';

/** Months of a report, first and last one included, `YYYY-MM`. */
export interface MonthSpan {
  first: string;
  last: string;
}

/** What a report says of a county. Energy in Wh, money in fen; null is unknown. */
export interface CountyFigures {
  countyCode: string;
  countyName: string;
  stations: number;
  /** Null where not one day of the county is known. */
  meteredWh: bigint | null;
  /** Station-days that are missing or not whole. */
  unknownDays: number;
  statedStations: number;
  /** Energy of the base stream; null where no statement tells it. */
  statedWh: bigint | null;
  baseFen: bigint;
  subsidyFen: bigint;
  otherFen: bigint;
  /** By the day on which the bank booked it. */
  receivedFen: bigint;
  /** By the period that the run was booked in. */
  allocatedFen: bigint;
  /** By the day on which the bank sent it to villages, less what came back in these months. */
  transferredFen: bigint;
}

/**
 * Figures of every county, or of the one. Statements and energy are those of the months; receipts are those booked by the
 * bank in the months; what was given out is that of runs booked in their periods.
 */
export async function countyFigures(
  database: Queryable,
  query: { countyCode: string | null; span: MonthSpan; from: string; to: string },
): Promise<CountyFigures[]> {
  const { countyCode, span, from, to } = query;
  return database.query<CountyFigures>(sql`
    with place as (
      select s.id, t.county_code, greatest(s.commissioned_on, ${from}::date) as from_day
      from station s
      join township t on t.code = s.township_code
      where ${countyCode}::text is null or t.county_code = ${countyCode}::text
    ),
    energy as (
      select p.county_code, count(distinct p.id)::int as stations,
        sum(d.energy_wh) filter (where d.quality in ('measured', 'estimated'))::bigint as metered_wh,
        count(d.day) filter (where d.quality in ('measured', 'estimated'))::int as known_days
      from place p
      left join station_day d on d.station_id = p.id and d.day >= ${from}::date and d.day < ${to}::date
      group by p.county_code
    ),
    due as (
      select p.county_code, sum(greatest(${to}::date - p.from_day, 0))::int as due_days
      from place p
      group by p.county_code
    ),
    stated as (
      select p.county_code, count(distinct s.station_id)::int as stations,
        sum(s.energy_wh) filter (where s.component = 'base')::bigint as stated_wh,
        coalesce(sum(s.amount_fen) filter (where s.component = 'base'), 0)::bigint as base_fen,
        coalesce(sum(s.amount_fen) filter (where s.component = 'subsidy'), 0)::bigint as subsidy_fen,
        coalesce(sum(s.amount_fen) filter (where s.component not in ('base', 'subsidy')), 0)::bigint as other_fen
      from place p
      join grid_statement_in_force s on s.station_id = p.id
      where s.month between ${span.first} and ${span.last}
      group by p.county_code
    ),
    received as (
      select b.county_code, sum(m.amount_fen)::bigint as amount_fen
      from receipt_match m
      join bank_line b on b.id = m.bank_line_id
      where b.booked_on >= ${from}::date and b.booked_on < ${to}::date
      group by b.county_code
    ),
    allocated as (
      select r.county_code, sum(r.total_fen)::bigint as amount_fen
      from allocation_run r
      where r.state = 'approved' and r.month between ${span.first} and ${span.last}
      group by r.county_code
    ),
    transferred as (
      select b.county_code,
        (coalesce(sum(v.amount_fen) filter (where v.transferred_on >= ${from}::date and v.transferred_on < ${to}::date), 0)
          - coalesce(sum(v.amount_fen) filter (where v.returned_on >= ${from}::date and v.returned_on < ${to}::date), 0)
        )::bigint as amount_fen
      from village_transfer v
      join village_transfer_batch b on b.id = v.batch_id
      group by b.county_code
    )
    select c.code as "countyCode", c.name as "countyName", e.stations, e.metered_wh as "meteredWh",
      greatest(u.due_days - e.known_days, 0) as "unknownDays", coalesce(s.stations, 0) as "statedStations",
      s.stated_wh as "statedWh", coalesce(s.base_fen, 0)::bigint as "baseFen",
      coalesce(s.subsidy_fen, 0)::bigint as "subsidyFen", coalesce(s.other_fen, 0)::bigint as "otherFen",
      coalesce(r.amount_fen, 0)::bigint as "receivedFen", coalesce(a.amount_fen, 0)::bigint as "allocatedFen",
      coalesce(v.amount_fen, 0)::bigint as "transferredFen"
    from county c
    join energy e on e.county_code = c.code
    join due u on u.county_code = c.code
    left join stated s on s.county_code = c.code
    left join received r on r.county_code = c.code
    left join allocated a on a.county_code = c.code
    left join transferred v on v.county_code = c.code
    order by c.code`);
}
