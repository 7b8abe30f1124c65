import { sql, type Queryable } from '#persistence';

export interface RunHead {
  id: number;
  countyCode: string;
  countyName: string;
  month: string;
  state: 'proposed' | 'approved' | 'voided';
  totalFen: bigint;
  runHash: string;
  documentNumber: string;
  proposedBy: string;
  approvedBy: string | null;
  approvedAt: Date | null;
}

export interface RunVillageRow {
  villageCode: string;
  villageName: string;
  townshipName: string;
  amountFen: bigint;
  costFen: bigint;
  netFen: bigint;
  floorFen: bigint;
}

export interface RunLineRow {
  stationCode: string;
  stationName: string;
  month: string;
  component: string;
  villageCode: string;
  villageName: string;
  share: string;
  amountFen: bigint;
  spareFen: number;
}

/** A run by its number; null where there is none. */
export async function runHead(database: Queryable, runId: number): Promise<RunHead | null> {
  const [row] = await database.query<RunHead>(sql`
    select r.id, r.county_code as "countyCode", c.name as "countyName", r.month, r.state, r.total_fen as "totalFen",
      r.run_hash as "runHash", p.document_number as "documentNumber", r.proposed_by as "proposedBy",
      r.approved_by as "approvedBy", r.approved_at as "approvedAt"
    from allocation_run r
    join county c on c.code = r.county_code
    join settlement_policy p on p.id = r.policy_id
    where r.id = ${runId}::int`);
  return row ?? null;
}

/** Villages of a run by code. */
export async function runVillageRows(database: Queryable, runId: number): Promise<RunVillageRow[]> {
  return database.query<RunVillageRow>(sql`
    select a.village_code as "villageCode", v.name as "villageName", t.name as "townshipName",
      a.amount_fen as "amountFen", a.cost_fen as "costFen", a.net_fen as "netFen", a.floor_fen as "floorFen"
    from allocation_village a
    join village v on v.code = a.village_code
    join township t on t.code = v.township_code
    where a.run_id = ${runId}::int
    order by a.village_code`);
}

/** Lines of a run: what a village gets of one station, month and component. */
export async function runLineRows(database: Queryable, runId: number): Promise<RunLineRow[]> {
  return database.query<RunLineRow>(sql`
    select s.code as "stationCode", s.name as "stationName", l.month, l.component, l.village_code as "villageCode",
      v.name as "villageName", l.share_numerator::text || '/' || l.share_denominator::text as share,
      l.amount_fen as "amountFen", l.spare_fen::int as "spareFen"
    from allocation_line l
    join station s on s.id = l.station_id
    join village v on v.code = l.village_code
    where l.run_id = ${runId}::int
    order by s.code, l.month, l.component, l.village_code`);
}
