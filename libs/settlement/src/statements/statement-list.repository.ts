import type { StatementQuery } from '#contracts';
import { sql, type Queryable } from '#persistence';

/** A version of a paper, or its reversal, as it is stored. */
export interface ListedStatement {
  id: bigint;
  kind: 'stated' | 'reversal' | 'amended';
  isInForce: boolean;
  version: number;
  stationCode: string;
  stationName: string;
  countyCode: string;
  accountNo: string;
  month: string;
  component: string;
  energyWh: bigint | null;
  priceYuanPerKwh: string | null;
  amountFen: bigint;
  totalFen: bigint | null;
  receivedFen: bigint;
  readFrom: string | null;
  readTo: string | null;
  previousWh: bigint | null;
  presentWh: bigint | null;
  multiplier: number | null;
  taxRateBp: number | null;
  taxFen: bigint | null;
  taxCode: string | null;
  invoiceNo: string | null;
  payOn: string | null;
  payeeName: string | null;
  importId: number;
  fileName: string;
  row: number;
  importedBy: string;
  importedAt: Date;
}

type Asked = Pick<StatementQuery, 'county' | 'station' | 'account' | 'month' | 'component' | 'show'>;

const FROM = sql`
  from grid_statement s
  join station st on st.id = s.station_id
  join township t on t.code = st.township_code
  left join grid_statement r on r.reverses_id = coalesce(s.amends_id, s.id)
  left join grid_statement o on o.id = s.amends_id
  left join grid_statement n
    on n.amends_id = coalesce(s.amends_id, s.id)
    and not exists (select 1 from grid_statement b where b.amends_id = n.amends_id and b.version > n.version)`;

/** Stated, and neither taken back nor amended; or the last amendment of such a one. */
const IS_IN_FORCE = sql`(s.kind <> 'reversal' and r.id is null and coalesce(n.id, s.id) = s.id)`;

/** Null leaves a filter out, so that one text serves every query. */
const where = (asked: Asked) => sql`
  where (${asked.county ?? null}::text is null or t.county_code = ${asked.county ?? null}::text)
    and (${asked.station ?? null}::text is null or st.code = ${asked.station ?? null}::text)
    and (${asked.account ?? null}::text is null or s.account_no = ${asked.account ?? null}::text)
    and (${asked.month ?? null}::text is null or s.month = ${asked.month ?? null}::text)
    and (${asked.component ?? null}::text is null or s.component = ${asked.component ?? null}::text)
    and case ${asked.show}::text
      when 'in_force' then ${IS_IN_FORCE}
      when 'open' then ${IS_IN_FORCE} and s.amount_fen <> coalesce((
        select sum(m.amount_fen) from receipt_match m where m.statement_id = coalesce(s.amends_id, s.id)
      ), 0)
      when 'corrected' then exists (
        select 1
        from grid_statement v
        where v.account_no = s.account_no and v.month = s.month and v.component = s.component
          and v.kind <> 'stated'
      )
      else true
    end`;

/** Statements of a query, the latest month first; the versions of one paper in their order. */
export async function listStatements(
  database: Queryable,
  asked: Asked,
  page: { limit: number; offset: number },
): Promise<ListedStatement[]> {
  return database.query<ListedStatement>(sql`
    select s.id, s.kind, ${IS_IN_FORCE} as "isInForce", s.version, st.code as "stationCode",
      st.name as "stationName", t.county_code as "countyCode", s.account_no as "accountNo", s.month, s.component,
      s.energy_wh as "energyWh", trim_scale(s.price_yuan_per_kwh)::text as "priceYuanPerKwh",
      s.amount_fen as "amountFen", s.total_fen as "totalFen", coalesce((
        select sum(m.amount_fen) from receipt_match m where m.statement_id = coalesce(s.amends_id, s.id)
      ), 0)::bigint as "receivedFen", s.read_from as "readFrom", s.read_to as "readTo", s.previous_wh as "previousWh",
      s.present_wh as "presentWh", s.multiplier, s.tax_rate_bp as "taxRateBp", s.tax_fen as "taxFen",
      s.tax_code as "taxCode", s.invoice_no as "invoiceNo", s.pay_on as "payOn", s.payee_name as "payeeName",
      s.import_id as "importId", i.file_name as "fileName", s.row_number as "row", i.imported_by as "importedBy",
      i.imported_at as "importedAt"
    ${FROM}
    join statement_import i on i.id = s.import_id
    ${where(asked)}
    order by s.month desc, st.code, s.account_no, s.component, s.version, s.kind desc, s.id
    limit ${page.limit}::int
    offset ${page.offset}::int`);
}

export interface StatementSum {
  component: string;
  count: number;
  /** Null where a row has none. */
  energyWh: bigint | null;
  amountFen: bigint;
  receivedFen: bigint;
}

/** What a query finds in sum, by component. */
export async function sumStatements(database: Queryable, asked: Asked): Promise<StatementSum[]> {
  // Where all versions are shown, an amendment counts for what it changes; its money came for the first version.
  const hasAllVersions = asked.show === 'all' || asked.show === 'corrected';
  const change = sql`case when n.id = s.id then 1 else 0 end`;
  const energyWh = hasAllVersions
    ? sql`case when s.kind = 'amended' then ${change} * (s.energy_wh - o.energy_wh) else s.energy_wh end`
    : sql`s.energy_wh`;
  const amountFen = hasAllVersions
    ? sql`case when s.kind = 'amended' then ${change} * (s.amount_fen - o.amount_fen) else s.amount_fen end`
    : sql`s.amount_fen`;
  const paid = hasAllVersions ? sql`s.id` : sql`coalesce(s.amends_id, s.id)`;
  return database.query<StatementSum>(sql`
    select s.component, count(*)::int as count,
      (case when count(*) = count(s.energy_wh) then sum(${energyWh}) end)::bigint as "energyWh",
      sum(${amountFen})::bigint as "amountFen", coalesce(sum(m.received_fen), 0)::bigint as "receivedFen"
    ${FROM}
    left join (
      select m.statement_id, sum(m.amount_fen) as received_fen
      from receipt_match m
      group by m.statement_id
    ) m on m.statement_id = ${paid}
    ${where(asked)}
    group by s.component
    order by s.component`);
}

/** Components that were ever stated. There are a handful; the list of all papers is too long to be asked for them. */
export async function statedComponents(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ component: string }>(sql`
    with recursive known as (
      (select s.component from grid_statement s order by s.component limit 1)
      union all
      select (
        select s.component from grid_statement s where s.component > k.component order by s.component limit 1
      )
      from known k
      where k.component is not null
    )
    select component from known where component is not null`);
  return rows.map(({ component }) => component);
}
