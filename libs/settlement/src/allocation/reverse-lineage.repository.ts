import { sql, type Queryable } from '#persistence';

export interface StationOfLineage {
  id: number;
  code: string;
  name: string;
  countyCode: string;
}

export async function stationByCode(database: Queryable, code: string): Promise<StationOfLineage | null> {
  const [row] = await database.query<StationOfLineage>(sql`
    select s.id, s.code, s.name, t.county_code as "countyCode"
    from station s
    join township t on t.code = s.township_code
    where s.code = ${code}`);
  return row ?? null;
}

export interface ReadingOfLineage {
  device: string;
  measuredAt: Date;
  energyTotalWh: bigint | null;
  activePowerW: number | null;
}

/** A reading of a device; null where it never came or is kept no longer. */
export async function readingAt(
  database: Queryable,
  query: { stationId: number; device: string; at: Date },
): Promise<ReadingOfLineage | null> {
  const [row] = await database.query<ReadingOfLineage>(sql`
    select d.code as device, r.measured_at as "measuredAt", r.energy_total_wh as "energyTotalWh",
      r.active_power_w as "activePowerW"
    from device d
    join reading r on r.device_id = d.id
    where d.station_id = ${query.stationId}::int and d.code = ${query.device}
      and r.measured_at = ${query.at}::timestamptz`);
  return row ?? null;
}

export async function energyOfDay(
  database: Queryable,
  query: { stationId: number; day: string },
): Promise<{ energyWh: bigint; method: string; quality: string } | null> {
  const [row] = await database.query<{ energyWh: bigint; method: string; quality: string }>(sql`
    select d.energy_wh as "energyWh", d.method, d.quality
    from station_day d
    where d.station_id = ${query.stationId}::int and d.day = ${query.day}::date`);
  return row ?? null;
}

type OfMonth = { stationId: number; month: string };

interface PaperOfMonth {
  accountNo: string;
  component: string;
  version: number;
  energyWh: bigint | null;
  amountFen: bigint;
}

export async function papersOfMonth(
  database: Queryable,
  { stationId, month }: OfMonth,
): Promise<PaperOfMonth[]> {
  return database.query<PaperOfMonth>(sql`
    select s.account_no as "accountNo", s.component, s.version, s.energy_wh as "energyWh",
      s.amount_fen as "amountFen"
    from grid_statement_in_force s
    where s.station_id = ${stationId}::int and s.month = ${month}
    order by s.account_no, s.component`);
}

export interface GivenOfMonth {
  runId: number;
  state: 'proposed' | 'approved' | 'voided';
  component: string;
  villageCode: string;
  villageName: string;
  amountFen: bigint;
  isWeighed: boolean;
}

/** What runs gave, or would give, of a station-month. */
export async function givenOfMonth(
  database: Queryable,
  { stationId, month }: OfMonth,
): Promise<GivenOfMonth[]> {
  return database.query<GivenOfMonth>(sql`
    select l.run_id as "runId", r.state, l.component, l.village_code as "villageCode", v.name as "villageName",
      l.amount_fen as "amountFen", exists (
        select 1
        from allocation_span p
        where p.run_id = l.run_id and p.station_id = l.station_id and p.month = l.month and p.energy_wh is not null
      ) as "isWeighed"
    from allocation_line l
    join allocation_run r on r.id = l.run_id
    join village v on v.code = l.village_code
    where l.station_id = ${stationId}::int and l.month = ${month}
    order by l.run_id desc, l.component, l.village_code`);
}

export async function adjustmentsOfMonth(
  database: Queryable,
  { stationId, month }: OfMonth,
): Promise<{ id: number; state: string; cause: string; totalFen: bigint }[]> {
  return database.query(sql`
    select a.id, a.state, a.cause, a.total_fen as "totalFen"
    from adjustment a
    where a.station_id = ${stationId}::int and a.month = ${month}
    order by a.id desc`);
}
