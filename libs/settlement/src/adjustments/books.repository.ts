import { statementText, type StatedComponent } from '#domain';
import { sql, type Queryable } from '#persistence';

/** Which station-months are looked at: of a county from a month on, or one of a station. */
export interface BooksQuery {
  countyCode: string;
  fromMonth: string;
  /** Null: every station and month. */
  only: { stationId: number; month: string } | null;
}

const inQuery = ({ only, fromMonth }: BooksQuery, table: 'l' | 's' | 'a') => {
  const station = { l: sql`l.station_id`, s: sql`s.station_id`, a: sql`a.station_id` }[table];
  const month = { l: sql`l.month`, s: sql`s.month`, a: sql`a.month` }[table];
  return only === null
    ? sql`${month} >= ${fromMonth}`
    : sql`${station} = ${only.stationId}::int and ${month} = ${only.month}`;
};

export interface GivenLine {
  runId: number;
  stationId: number;
  stationCode: string;
  month: string;
  component: string;
  villageCode: string;
  amountFen: bigint;
  /** Shanghai day of the proposal. */
  day: string;
  /** Its period is closed, or its money is on the way: it can no longer be voided and made again. */
  isFixed: boolean;
}

/** What approved runs of a county gave out. */
export async function givenLines(database: Queryable, query: BooksQuery): Promise<GivenLine[]> {
  return database.query<GivenLine>(sql`
    select l.run_id as "runId", l.station_id as "stationId", s.code as "stationCode", l.month, l.component,
      l.village_code as "villageCode", l.amount_fen as "amountFen", r.day, r.is_fixed as "isFixed"
    from (
      select r.id, (r.proposed_at at time zone 'Asia/Shanghai')::date as day,
        exists (select 1 from ledger_period p where p.month = r.month and p.state = 'closed')
          or exists (select 1 from village_transfer_part p where p.run_id = r.id and not p.is_released) as is_fixed
      from allocation_run r
      where r.county_code = ${query.countyCode} and r.state = 'approved'
    ) r
    join allocation_line l on l.run_id = r.id
    join station s on s.id = l.station_id
    where ${inQuery(query, 'l')}
    order by l.station_id, l.month, l.component, l.run_id, l.village_code`);
}

export interface GivenSpan {
  runId: number;
  stationId: number;
  month: string;
  from: string;
  to: string;
  energyWh: bigint | null;
}

export async function givenSpans(database: Queryable, query: BooksQuery): Promise<GivenSpan[]> {
  return database.query<GivenSpan>(sql`
    select l.run_id as "runId", l.station_id as "stationId", l.month, l.from_day as "from", l.to_day as "to",
      l.energy_wh as "energyWh"
    from allocation_run r
    join allocation_span l on l.run_id = r.id
    where r.county_code = ${query.countyCode} and r.state = 'approved' and ${inQuery(query, 'l')}
    order by l.run_id, l.station_id, l.month, l.from_day`);
}

interface AdjustedLine {
  stationId: number;
  stationCode: string;
  month: string;
  component: string;
  villageCode: string;
  amountFen: bigint;
}

/** What approved adjustments gave or took, summed. */
export async function adjustedLines(database: Queryable, query: BooksQuery): Promise<AdjustedLine[]> {
  return database.query<AdjustedLine>(sql`
    select a.station_id as "stationId", s.code as "stationCode", a.month, l.component,
      l.village_code as "villageCode", sum(l.after_fen - l.before_fen)::bigint as "amountFen"
    from adjustment a
    join adjustment_line l on l.adjustment_id = a.id
    join station s on s.id = a.station_id
    where a.county_code = ${query.countyCode} and a.state = 'approved' and ${inQuery(query, 'a')}
    group by a.station_id, s.code, a.month, l.component, l.village_code
    having sum(l.after_fen - l.before_fen) <> 0`);
}

interface StatedSum {
  stationId: number;
  month: string;
  component: string;
  amountFen: bigint;
}

/** What is in force of the stations of a county, over their accounts. */
export async function statedSums(database: Queryable, query: BooksQuery): Promise<StatedSum[]> {
  return database.query<StatedSum>(sql`
    select s.station_id as "stationId", s.month, s.component, sum(s.amount_fen)::bigint as "amountFen"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where t.county_code = ${query.countyCode} and ${inQuery(query, 's')}
    group by s.station_id, s.month, s.component`);
}

export interface PendingCorrection {
  correctionId: bigint;
  stationId: number;
  stationCode: string;
  month: string;
  component: string;
  beforeFen: bigint;
  afterFen: bigint;
  enteredById: string;
  enteredBy: string;
}

/** The last paper of each statement for which money came, where it is neither in force nor rejected. */
export async function pendingCorrections(
  database: Queryable,
  query: BooksQuery,
): Promise<PendingCorrection[]> {
  return database.query<PendingCorrection>(sql`
    select c.id as "correctionId", s.station_id as "stationId", st.code as "stationCode", s.month, s.component,
      s.amount_fen as "beforeFen", c.amount_fen as "afterFen", c.entered_by_id as "enteredById",
      c.entered_by as "enteredBy"
    from (
      select distinct on (c.statement_id) c.id, c.statement_id, c.amount_fen, c.entered_by_id, c.entered_by
      from statement_correction c
      order by c.statement_id, c.id desc
    ) c
    join grid_statement_in_force s on s.id = c.statement_id
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where t.county_code = ${query.countyCode}
      and ${query.only === null ? sql`true` : inQuery(query, 's')}
      and not exists (select 1 from grid_statement g where g.correction_id = c.id)
      and not exists (
        select 1
        from adjustment_correction x
        join adjustment a on a.id = x.adjustment_id
        where x.correction_id = c.id and a.state = 'rejected'
      )
    order by s.station_id, s.month, s.component, c.id`);
}

/** What the last paper of each statement says, where nobody has decided on it: comparable with that of a new one. */
export async function pendingTexts(
  database: Queryable,
  statementIds: readonly bigint[],
): Promise<Map<bigint, string>> {
  // Whole numbers come as text from jsonb; a statement's text is of texts anyway.
  const rows = await database.query<{ statementId: bigint; stated: StatedComponent }>(sql`
    select c.statement_id as "statementId", c.stated
    from (
      select distinct on (c.statement_id) c.id, c.statement_id, c.stated
      from statement_correction c
      where c.statement_id = any(${statementIds.map(String)}::bigint[])
      order by c.statement_id, c.id desc
    ) c
    where not exists (select 1 from grid_statement g where g.correction_id = c.id)
      and not exists (
        select 1
        from adjustment_correction x
        join adjustment a on a.id = x.adjustment_id
        where x.correction_id = c.id and a.state = 'rejected'
      )`);
  return new Map(rows.map(({ statementId, stated }) => [statementId, statementText(stated)]));
}

/** Keeps what a later paper says of statements for which money came. */
export async function insertCorrections(
  transaction: Queryable,
  corrections: readonly { statementId: bigint; stated: StatedComponent; row: number }[],
  by: { importId: number; actor: { accountId: string; name: string }; at: Date },
): Promise<void> {
  const rows = corrections.map(({ statementId, stated, row }) => ({
    statementId: String(statementId),
    stated,
    amountFen: String(stated.amountFen),
    row,
  }));
  await transaction.query(sql`
    insert into statement_correction (statement_id, stated, amount_fen, import_id, row_number, entered_by_id, entered_by,
      entered_at)
    select c."statementId", c.stated, c."amountFen", ${by.importId}::int, c."row", ${by.actor.accountId},
      ${by.actor.name}, ${by.at}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows, bigintAsText)}::jsonb) as c ("statementId" bigint, stated jsonb,
      "amountFen" bigint, "row" int)
    order by c."row", c."statementId"`);
}

/** Puts corrections in force: the statement stays with its matches, its figures are those of the paper. */
export async function amendStatements(
  transaction: Queryable,
  correctionIds: readonly bigint[],
): Promise<void> {
  await transaction.query(sql`
    insert into grid_statement (account_no, station_id, month, component, version, kind, amends_id, correction_id,
      energy_wh, price_yuan_per_kwh, amount_fen, total_fen, account_name, read_from, read_to, previous_wh, present_wh,
      multiplier, tax_rate_bp, tax_fen, tax_code, invoice_no, pay_on, payee_name, payee_account, handled_by, import_id,
      row_number)
    select s.account_no, s.station_id, s.month, s.component,
      1 + (
        select max(v.version)
        from grid_statement v
        where v.account_no = s.account_no and v.month = s.month and v.component = s.component
      ),
      'amended', s.id, c.id, p."energyWh", p."priceYuanPerKwh", c.amount_fen, p."totalFen", p."accountName",
      p."readFrom", p."readTo", p."previousWh", p."presentWh", p.multiplier, p."taxRateBp", p."taxFen", p."taxCode",
      p."invoiceNo", p."payOn", p."payeeName", p."payeeAccount", p."handledBy", c.import_id, c.row_number
    from statement_correction c
    join grid_statement s on s.id = c.statement_id
    cross join lateral jsonb_to_record(c.stated) as p ("energyWh" bigint, "priceYuanPerKwh" numeric,
      "totalFen" bigint, "accountName" text, "readFrom" date, "readTo" date, "previousWh" bigint, "presentWh" bigint,
      multiplier int, "taxRateBp" int, "taxFen" bigint, "taxCode" text, "invoiceNo" text, "payOn" date,
      "payeeName" text, "payeeAccount" text, "handledBy" text)
    where c.id = any(${correctionIds.map(String)}::bigint[])
    order by c.id`);
}

/** JSON has no whole numbers of 64 bits; the database reads them from text. */
const bigintAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
