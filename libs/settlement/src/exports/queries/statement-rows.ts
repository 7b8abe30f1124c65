import { sql, type Queryable } from '#persistence';

/** A statement in force as a row of a sheet; energy in Wh, money in fen, null is not on the paper. */
export interface StatementRow {
  countyCode: string;
  countyName: string;
  stationCode: string;
  stationName: string;
  accountNo: string;
  component: string;
  version: number;
  energyWh: bigint | null;
  priceYuanPerKwh: string | null;
  amountFen: bigint;
  receivedFen: bigint;
  invoiceNo: string | null;
  payOn: string | null;
}

/** Every statement in force of a month by county, station, account and component. */
export async function statementRows(
  database: Queryable,
  query: { countyCode: string | null; month: string },
): Promise<StatementRow[]> {
  return database.query<StatementRow>(sql`
    select c.code as "countyCode", c.name as "countyName", st.code as "stationCode", st.name as "stationName",
      s.account_no as "accountNo", s.component, s.version, s.energy_wh as "energyWh",
      s.price_yuan_per_kwh::text as "priceYuanPerKwh", s.amount_fen as "amountFen",
      coalesce(m.received_fen, 0)::bigint as "receivedFen", s.invoice_no as "invoiceNo", s.pay_on as "payOn"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    join county c on c.code = t.county_code
    left join (
      select m.statement_id, sum(m.amount_fen) as received_fen
      from receipt_match m
      group by m.statement_id
    ) m on m.statement_id = s.id
    where s.month = ${query.month} and (${query.countyCode}::text is null or c.code = ${query.countyCode}::text)
    order by c.code, st.code, s.account_no, s.component`);
}

/** The sum of a county and month, found by another way than by the rows: the last word on each account and component. */
export async function statedTotals(
  database: Queryable,
  query: { countyCode: string | null; month: string },
): Promise<Map<string, bigint>> {
  const rows = await database.query<{ countyCode: string; amountFen: bigint }>(sql`
    select t.county_code as "countyCode", sum(s.amount_fen)::bigint as "amountFen"
    from (
      select distinct on (g.account_no, g.component) g.station_id, g.amount_fen
      from grid_statement g
      where g.month = ${query.month} and g.kind <> 'reversal'
        and not exists (select 1 from grid_statement r where r.reverses_id = g.id)
      order by g.account_no, g.component, g.version desc
    ) s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where ${query.countyCode}::text is null or t.county_code = ${query.countyCode}::text
    group by t.county_code`);
  return new Map(rows.map(({ countyCode, amountFen }) => [countyCode, amountFen]));
}
