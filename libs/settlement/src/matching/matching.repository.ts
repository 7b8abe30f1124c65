import type { AccountStatement, DatedPrice, MonthDay } from '#domain';
import { sql, type Queryable } from '#persistence';

export interface CountyStation {
  id: number;
  code: string;
  name: string;
  countyCode: string;
}

/** Stations of a county, of all (null), or the one station, by code. */
export async function stationsOf(
  database: Queryable,
  place: { countyCode: string | null } | { stationCode: string },
): Promise<CountyStation[]> {
  const where =
    'stationCode' in place
      ? sql`s.code = ${place.stationCode}`
      : sql`(${place.countyCode}::text is null or t.county_code = ${place.countyCode}::text)`;
  return database.query<CountyStation>(sql`
    select s.id, s.code, s.name, t.county_code as "countyCode"
    from station s
    join township t on t.code = s.township_code
    where ${where}
    order by s.code`);
}

const byStation = <Row extends { stationId: number }, T>(
  rows: readonly Row[],
  read: (row: Row) => T,
): Map<number, T[]> => {
  const found = new Map<number, T[]>();
  for (const row of rows) found.set(row.stationId, [...(found.get(row.stationId) ?? []), read(row)]);
  return found;
};

/**
 * Days of a month by station. What is estimated is a substitute; of an incomplete day the energy is unknown for money,
 * for it is only what was seen (design.md section 8, 2).
 */
export async function daysOfStations(
  database: Queryable,
  stationIds: readonly number[],
  range: { from: string; to: string },
): Promise<Map<number, MonthDay[]>> {
  const rows = await database.query<{
    stationId: number;
    day: string;
    energyWh: bigint;
    quality: string;
  }>(sql`
    select station_id as "stationId", day, energy_wh as "energyWh", quality
    from station_day
    where station_id = any(${stationIds}::int[]) and day >= ${range.from}::date and day < ${range.to}::date
    order by station_id, day`);
  return byStation(rows, ({ day, energyWh, quality }) => ({
    day,
    energyWh: quality === 'measured' || quality === 'estimated' ? energyWh : null,
    isSubstitute: quality === 'estimated',
  }));
}

/** Prices that hold on some day of a range, by station. */
export async function pricesOfStations(
  database: Queryable,
  stationIds: readonly number[],
  range: { from: string; to: string },
): Promise<Map<number, DatedPrice[]>> {
  const rows = await database.query<{
    stationId: number;
    component: string;
    priceHaoPerKwh: number;
    effectiveFrom: string;
    effectiveTo: string | null;
  }>(sql`
    select station_id as "stationId", component, price_hao_per_kwh as "priceHaoPerKwh",
      effective_from as "effectiveFrom", effective_to as "effectiveTo"
    from tariff
    where station_id = any(${stationIds}::int[]) and effective_from < ${range.to}::date
      and (effective_to is null or effective_to > ${range.from}::date)
    order by station_id, component, effective_from`);
  return byStation(rows, ({ component, priceHaoPerKwh, effectiveFrom, effectiveTo }) => ({
    component,
    priceHaoPerKwh: BigInt(priceHaoPerKwh),
    effectiveFrom,
    effectiveTo,
  }));
}

interface LineRow {
  stationId: number;
  accountNo: string;
  component: string;
  energyWh: bigint | null;
  amountFen: bigint;
  receivedFen: bigint;
  totalFen: bigint | null;
  previousWh: bigint | null;
  presentWh: bigint | null;
  multiplier: number | null;
}

/** Statements in force of a month by station, one an account. */
export async function statementsOfStations(
  database: Queryable,
  stationIds: readonly number[],
  month: string,
): Promise<Map<number, AccountStatement[]>> {
  const rows = await database.query<LineRow>(sql`
    select s.station_id as "stationId", s.account_no as "accountNo", s.component, s.energy_wh as "energyWh",
      s.amount_fen as "amountFen", s.total_fen as "totalFen", s.previous_wh as "previousWh",
      s.present_wh as "presentWh", s.multiplier, coalesce(m.received_fen, 0)::bigint as "receivedFen"
    from grid_statement_in_force s
    left join lateral (
      select sum(m.amount_fen) as received_fen
      from receipt_match m
      where m.statement_id = s.id
    ) m on true
    where s.station_id = any(${stationIds}::int[]) and s.month = ${month}
    order by s.station_id, s.account_no, s.component`);
  const stations = new Map<number, AccountStatement[]>();
  for (const row of rows) {
    const accounts = stations.get(row.stationId) ?? [];
    stations.set(row.stationId, accounts);
    const { component, energyWh, amountFen, receivedFen } = row;
    const known = accounts.find(({ accountNo }) => accountNo === row.accountNo);
    const account = known ?? accountOf(row);
    if (!known) accounts.push(account);
    account.lines.push({ component, energyWh, amountFen, receivedFen });
  }
  return stations;
}

function accountOf(row: LineRow): AccountStatement {
  return {
    accountNo: row.accountNo,
    totalFen: row.totalFen,
    previousWh: row.previousWh,
    presentWh: row.presentWh,
    multiplier: row.multiplier === null ? null : BigInt(row.multiplier),
    lines: [],
  };
}

/** Signatures of a month, as `station id, finding, hash of its figures`. */
export async function signaturesOf(
  database: Queryable,
  stationIds: readonly number[],
  month: string,
): Promise<Set<string>> {
  const rows = await database.query<{ stationId: number; finding: string; findingHash: string }>(sql`
    select station_id as "stationId", finding, finding_hash as "findingHash"
    from statement_reason
    where station_id = any(${stationIds}::int[]) and month = ${month}`);
  return new Set(
    rows.map(({ stationId, finding, findingHash }) => signatureKey(stationId, finding, findingHash)),
  );
}

export const signatureKey = (stationId: number, finding: string, hash: string) =>
  `${stationId}/${finding}/${hash}`;

export interface Signature {
  stationId: number;
  month: string;
  finding: string;
  findingHash: string;
  reasonCode: string;
  note: string;
  actor: { accountId: string; name: string };
  at: Date;
}

/** Signs for findings; who signed first stays. */
export async function insertSignatures(
  transaction: Queryable,
  signatures: readonly Signature[],
): Promise<void> {
  for (const each of signatures)
    await transaction.query(sql`
      insert into statement_reason (station_id, month, finding, finding_hash, reason_code, note, signed_by_id, signed_by,
        signed_at)
      values (${each.stationId}::int, ${each.month}, ${each.finding}, ${each.findingHash}, ${each.reasonCode},
        ${each.note}, ${each.actor.accountId}, ${each.actor.name}, ${each.at}::timestamptz)
      on conflict on constraint statement_reason_unique do nothing`);
}
