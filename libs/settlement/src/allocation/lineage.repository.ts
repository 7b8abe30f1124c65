import { sql, type Queryable } from '#persistence';

/** A line of a pool: every village's part of the money of a station, month and component. */
export interface PoolLine {
  stationId: number;
  stationCode: string;
  stationName: string;
  month: string;
  component: string;
  villageCode: string;
  /** Text, because a share weighed by energy has more digits than 64 bits. */
  shareNumerator: string;
  shareDenominator: string;
  exactNumerator: string;
  exactDenominator: string;
  amountFen: bigint;
  spareFen: number;
  spareRank: number | null;
}

export interface PoolSpan {
  stationId: number;
  month: string;
  fromDay: string;
  toDay: string;
  energyWh: bigint | null;
}

export interface PoolSource {
  stationId: number;
  month: string;
  component: string;
  amountFen: bigint;
  bankReference: string;
  bookedOn: string;
  receiptSequence: bigint;
  accountNo: string;
  version: number;
  energyWh: bigint | null;
  priceYuanPerKwh: string | null;
  statedFen: bigint;
  fileName: string;
  contentHash: string;
  rowNumber: number;
}

export interface PoolDay {
  stationId: number;
  day: string;
  energyWh: bigint;
  method: string;
  quality: string;
}

interface VillageCost {
  line: string;
  dueFen: bigint;
  takenFen: bigint;
  isCapped: boolean;
  reducesDenominator: boolean;
}

/** Lines of every pool of a run in which the village has a part. */
export async function poolLines(
  database: Queryable,
  query: { runId: number; villageCode: string },
): Promise<PoolLine[]> {
  return database.query<PoolLine>(sql`
    select s.id as "stationId", s.code as "stationCode", s.name as "stationName", l.month, l.component,
      l.village_code as "villageCode", l.share_numerator::text as "shareNumerator",
      l.share_denominator::text as "shareDenominator", l.exact_numerator::text as "exactNumerator",
      l.exact_denominator::text as "exactDenominator", l.amount_fen as "amountFen", l.spare_fen as "spareFen",
      l.spare_rank as "spareRank"
    from allocation_line o
    join allocation_line l
      on l.run_id = o.run_id and l.station_id = o.station_id and l.month = o.month and l.component = o.component
    join station s on s.id = l.station_id
    where o.run_id = ${query.runId}::int and o.village_code = ${query.villageCode}
    order by s.code, l.month, l.component, l.village_code`);
}

export async function poolSpans(
  database: Queryable,
  query: { runId: number; stationIds: readonly number[] },
): Promise<PoolSpan[]> {
  return database.query<PoolSpan>(sql`
    select station_id as "stationId", month, from_day as "fromDay", to_day as "toDay", energy_wh as "energyWh"
    from allocation_span
    where run_id = ${query.runId}::int and station_id = any(${query.stationIds}::int[])
    order by station_id, month, from_day`);
}

/** Receipts and the statements that they pay, with the row of the file that stated them. */
export async function poolSources(
  database: Queryable,
  query: { runId: number; stationIds: readonly number[] },
): Promise<PoolSource[]> {
  return database.query<PoolSource>(sql`
    select s.station_id as "stationId", s.month, s.component, a.amount_fen as "amountFen",
      b.bank_reference as "bankReference", b.booked_on as "bookedOn", m.ledger_sequence as "receiptSequence",
      s.account_no as "accountNo", s.version, s.energy_wh as "energyWh",
      s.price_yuan_per_kwh::text as "priceYuanPerKwh", s.amount_fen as "statedFen", i.file_name as "fileName",
      i.content_hash as "contentHash", s.row_number as "rowNumber"
    from allocation_source a
    join receipt_match m on m.id = a.match_id
    join bank_line b on b.id = m.bank_line_id
    join grid_statement s on s.id = m.statement_id
    join statement_import i on i.id = s.import_id
    where a.run_id = ${query.runId}::int and s.station_id = any(${query.stationIds}::int[])
    order by s.station_id, s.month, s.component, m.id`);
}

/** Station-days of the months, as telemetry knows them now. */
export async function poolDays(
  database: Queryable,
  query: { stationIds: readonly number[]; from: string; to: string },
): Promise<PoolDay[]> {
  return database.query<PoolDay>(sql`
    select station_id as "stationId", day, energy_wh as "energyWh", method, quality
    from station_day
    where station_id = any(${query.stationIds}::int[]) and day >= ${query.from}::date and day < ${query.to}::date
    order by station_id, day`);
}

export async function costsOfVillage(
  database: Queryable,
  query: { runId: number; villageCode: string },
): Promise<VillageCost[]> {
  return database.query<VillageCost>(sql`
    select line, due_fen as "dueFen", taken_fen as "takenFen", is_capped as "isCapped",
      reduces_denominator as "reducesDenominator"
    from allocation_cost
    where run_id = ${query.runId}::int and village_code = ${query.villageCode}
    order by position`);
}
