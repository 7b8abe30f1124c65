import { sql, type Queryable } from '#persistence';

/** A station in the report of energy, price and subsidy (发改价格规〔2017〕2196号 art. 4); null is unknown. */
export interface GenerationRow {
  countyCode: string;
  countyName: string;
  stationCode: string;
  stationName: string;
  accountNos: string;
  subsidyClass: 'national' | 'local' | 'none';
  capacityW: bigint;
  /** Null where a day of the month is not known. */
  meteredWh: bigint | null;
  statedWh: bigint | null;
  /** Of the tariff on the last day of the month. */
  basePriceHao: bigint | null;
  baseFen: bigint | null;
  subsidyWh: bigint | null;
  subsidyPriceHao: bigint | null;
  subsidyFen: bigint | null;
  otherFen: bigint | null;
}

/** Every station that was connected before the end of a month, by county and code. */
export async function generationRows(
  database: Queryable,
  query: { countyCode: string | null; month: string; from: string; to: string },
): Promise<GenerationRow[]> {
  const { countyCode, month, from, to } = query;
  return database.query<GenerationRow>(sql`
    with energy as (
      select d.station_id, sum(d.energy_wh)::bigint as energy_wh, count(*)::int as days
      from station_day d
      where d.day >= ${from}::date and d.day < ${to}::date and d.quality in ('measured', 'estimated')
      group by d.station_id
    ),
    stated as (
      select s.station_id,
        sum(s.energy_wh) filter (where s.component = 'base')::bigint as base_wh,
        sum(s.amount_fen) filter (where s.component = 'base')::bigint as base_fen,
        sum(s.energy_wh) filter (where s.component = 'subsidy')::bigint as subsidy_wh,
        sum(s.amount_fen) filter (where s.component = 'subsidy')::bigint as subsidy_fen,
        sum(s.amount_fen) filter (where s.component not in ('base', 'subsidy'))::bigint as other_fen
      from grid_statement_in_force s
      where s.month = ${month}
      group by s.station_id
    ),
    price as (
      select t.station_id,
        max(t.price_hao_per_kwh) filter (where t.component = 'base')::bigint as base_hao,
        max(t.price_hao_per_kwh) filter (where t.component = 'subsidy')::bigint as subsidy_hao
      from tariff t
      where t.effective_from < ${to}::date and (t.effective_to is null or t.effective_to >= ${to}::date)
      group by t.station_id
    ),
    account as (
      select a.station_id, string_agg(a.account_no, ' ' order by a.account_no) as numbers
      from grid_account a
      group by a.station_id
    )
    select c.code as "countyCode", c.name as "countyName", s.code as "stationCode", s.name as "stationName",
      coalesce(a.numbers, '') as "accountNos", s.subsidy_class as "subsidyClass", s.capacity_w as "capacityW",
      case when e.days = ${to}::date - greatest(s.commissioned_on, ${from}::date) then e.energy_wh end as "meteredWh",
      i.base_wh as "statedWh", p.base_hao as "basePriceHao", i.base_fen as "baseFen", i.subsidy_wh as "subsidyWh",
      p.subsidy_hao as "subsidyPriceHao", i.subsidy_fen as "subsidyFen", i.other_fen as "otherFen"
    from station s
    join township t on t.code = s.township_code
    join county c on c.code = t.county_code
    left join energy e on e.station_id = s.id
    left join stated i on i.station_id = s.id
    left join price p on p.station_id = s.id
    left join account a on a.station_id = s.id
    where s.commissioned_on < ${to}::date and (${countyCode}::text is null or c.code = ${countyCode}::text)
    order by c.code, s.code`);
}
