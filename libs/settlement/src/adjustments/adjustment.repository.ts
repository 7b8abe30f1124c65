import type { AdjustmentCause, AdjustmentPlan } from '#domain';
import { join, sql, type Queryable, type Sql } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

export type AdjustmentState = 'proposed' | 'approved' | 'rejected' | 'withdrawn';

export interface StoredAdjustment {
  id: number;
  countyCode: string;
  stationId: number;
  stationCode: string;
  stationName: string;
  month: string;
  cause: AdjustmentCause;
  state: AdjustmentState;
  settledFen: bigint;
  totalFen: bigint;
  adjustmentHash: string;
  proposedById: string;
  proposedBy: string;
  proposedAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  decidedReason: string | null;
  periodMonth: string | null;
  ledgerSequence: bigint | null;
  lines: {
    component: string;
    villageCode: string;
    villageName: string;
    beforeFen: string;
    afterFen: string;
    differenceFen: string;
  }[];
  corrections: {
    accountNo: string;
    component: string;
    beforeFen: string;
    afterFen: string;
    fileName: string;
    rowNumber: number;
    enteredBy: string;
  }[];
}

const ADJUSTMENT_COLUMNS = sql`
  a.id, a.county_code as "countyCode", a.station_id as "stationId", s.code as "stationCode", s.name as "stationName",
  a.month, a.cause, a.state, a.settled_fen as "settledFen", a.total_fen as "totalFen",
  a.adjustment_hash as "adjustmentHash", a.proposed_by_id as "proposedById", a.proposed_by as "proposedBy",
  a.proposed_at as "proposedAt", a.decided_by as "decidedBy", a.decided_at as "decidedAt",
  a.decided_reason as "decidedReason", a.period_month as "periodMonth", a.ledger_sequence as "ledgerSequence",
  coalesce((
    select jsonb_agg(jsonb_build_object('component', l.component, 'villageCode', l.village_code, 'villageName', v.name,
      'beforeFen', l.before_fen::text, 'afterFen', l.after_fen::text,
      'differenceFen', (l.after_fen - l.before_fen)::text) order by l.component, l.village_code)
    from adjustment_line l
    join village v on v.code = l.village_code
    where l.adjustment_id = a.id
  ), '[]'::jsonb) as lines,
  coalesce(a.detail -> 'corrections', '[]'::jsonb) as corrections`;
const ADJUSTMENT_TABLES = sql`adjustment a join station s on s.id = a.station_id`;

/** An adjustment; locked to the end of the transaction where it is asked for. */
export async function adjustmentById(
  database: Queryable,
  id: number,
  options: { lock: boolean } = { lock: false },
): Promise<StoredAdjustment | null> {
  if (options.lock)
    await database.query(sql`select a.id from adjustment a where a.id = ${id}::int for update`);
  const [row] = await database.query<StoredAdjustment>(sql`
    select ${ADJUSTMENT_COLUMNS} from ${ADJUSTMENT_TABLES} where a.id = ${id}::int`);
  return row ?? null;
}

/** Adjustments of a county that are proposed. */
export async function proposedAdjustments(
  database: Queryable,
  countyCode: string,
): Promise<StoredAdjustment[]> {
  return database.query<StoredAdjustment>(sql`
    select ${ADJUSTMENT_COLUMNS}
    from ${ADJUSTMENT_TABLES}
    where a.county_code = ${countyCode} and a.state = 'proposed'
    order by a.id`);
}

/** Hashes that a person rejected: the same figures are not proposed again. */
export async function rejectedHashes(database: Queryable, countyCode: string): Promise<Set<string>> {
  const rows = await database.query<{ hash: string }>(sql`
    select a.adjustment_hash as hash
    from adjustment a
    where a.county_code = ${countyCode} and a.state = 'rejected'`);
  return new Set(rows.map(({ hash }) => hash));
}

export interface AdjustmentFilter {
  countyCode?: string | undefined;
  state?: AdjustmentState | undefined;
  stationCode?: string | undefined;
  month?: string | undefined;
}

function conditionsOf(filter: AdjustmentFilter): Sql {
  const conditions = [sql`true`];
  if (filter.countyCode !== undefined) conditions.push(sql`a.county_code = ${filter.countyCode}`);
  if (filter.state !== undefined) conditions.push(sql`a.state = ${filter.state}`);
  if (filter.stationCode !== undefined) conditions.push(sql`s.code = ${filter.stationCode}`);
  if (filter.month !== undefined) conditions.push(sql`a.month = ${filter.month}`);
  return join(conditions, ' and ');
}

/** Proposed first, then the newest. */
export async function listAdjustments(
  database: Queryable,
  filter: AdjustmentFilter,
  page: { limit: number; offset: number },
): Promise<StoredAdjustment[]> {
  return database.query<StoredAdjustment>(sql`
    select ${ADJUSTMENT_COLUMNS}
    from ${ADJUSTMENT_TABLES}
    where ${conditionsOf(filter)}
    order by a.state <> 'proposed', a.id desc
    limit ${page.limit}::int
    offset ${page.offset}::int`);
}

export async function countAdjustments(
  database: Queryable,
  filter: AdjustmentFilter,
): Promise<{ state: AdjustmentState; count: number }[]> {
  return database.query(sql`
    select a.state, count(*)::int as count
    from ${ADJUSTMENT_TABLES}
    where ${conditionsOf(filter)}
    group by a.state`);
}

export interface NewAdjustment {
  countyCode: string;
  stationId: number;
  month: string;
  plan: AdjustmentPlan;
  adjustmentHash: string;
  correctionIds: readonly bigint[];
  proposer: SettlementActor;
  at: Date;
}

/** Writes a proposal with its lines. @returns its id */
export async function insertAdjustment(transaction: Queryable, entry: NewAdjustment): Promise<number> {
  const { plan } = entry;
  const ids = entry.correctionIds.map(String);
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into adjustment (county_code, station_id, month, cause, settled_fen, total_fen, detail, adjustment_hash, state,
      proposed_by_id, proposed_by, proposed_at)
    values (${entry.countyCode}, ${entry.stationId}::int, ${entry.month}, ${plan.cause}, ${plan.settledFen}::bigint,
      ${plan.totalFen}::bigint,
      jsonb_build_object('corrections', coalesce((
        select jsonb_agg(jsonb_build_object('accountNo', s.account_no, 'component', s.component,
          'beforeFen', s.amount_fen::text, 'afterFen', c.amount_fen::text, 'fileName', i.file_name,
          'rowNumber', c.row_number, 'enteredBy', c.entered_by) order by s.account_no, s.component)
        from statement_correction c
        join grid_statement_in_force s on s.id = c.statement_id
        join statement_import i on i.id = c.import_id
        where c.id = any(${ids}::bigint[])
      ), '[]'::jsonb)),
      ${entry.adjustmentHash}, 'proposed', ${entry.proposer.accountId}, ${entry.proposer.name},
      ${entry.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the adjustment was not written');
  const lines = plan.lines.map((line) => ({
    component: line.component,
    villageCode: line.villageCode,
    beforeFen: String(line.beforeFen),
    afterFen: String(line.afterFen),
  }));
  await transaction.query(sql`
    insert into adjustment_line (adjustment_id, component, village_code, before_fen, after_fen)
    select ${row.id}::int, l.component, l."villageCode", l."beforeFen", l."afterFen"
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as l (component text, "villageCode" text,
      "beforeFen" bigint, "afterFen" bigint)`);
  await transaction.query(sql`
    insert into adjustment_correction (adjustment_id, correction_id)
    select ${row.id}::int, c.id from unnest(${ids}::bigint[]) as c (id)`);
  await transaction.query(sql`set constraints adjustment_whole immediate`);
  return row.id;
}

/** Ends a proposal without an entry. */
export async function markDecided(
  transaction: Queryable,
  decision: { id: number; state: 'rejected' | 'withdrawn'; reason: string },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update adjustment
    set state = ${decision.state}, decided_by_id = ${by.actor.accountId}, decided_by = ${by.actor.name},
      decided_at = ${by.at}::timestamptz, decided_reason = ${decision.reason}
    where id = ${decision.id}::int`);
}

export async function markAdjusted(
  transaction: Queryable,
  approval: { id: number; adjustmentHash: string; periodMonth: string; ledgerSequence: bigint },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update adjustment
    set state = 'approved', decided_by_id = ${by.actor.accountId}, decided_by = ${by.actor.name},
      decided_at = ${by.at}::timestamptz, decided_reason = '', approved_hash = ${approval.adjustmentHash},
      period_month = ${approval.periodMonth}, ledger_sequence = ${approval.ledgerSequence}::bigint
    where id = ${approval.id}::int`);
}

export interface BlockedMonth {
  stationCode: string;
  month: string;
  code: string;
  reason: string;
}

/** Notes a look over all counties. @returns false where the daily one of the day was noted before */
export async function insertScan(
  transaction: Queryable,
  scan: {
    day: string;
    isDaily: boolean;
    lookedAtCount: number;
    proposedCount: number;
    withdrawnCount: number;
    blocked: readonly BlockedMonth[];
  },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    insert into adjustment_scan (day, is_daily, looked_at_count, proposed_count, withdrawn_count, blocked, scanned_by_id,
      scanned_by, scanned_at)
    values (${scan.day}::date, ${scan.isDaily}, ${scan.lookedAtCount}::int, ${scan.proposedCount}::int,
      ${scan.withdrawnCount}::int, ${JSON.stringify(scan.blocked)}::jsonb, ${by.actor.accountId}, ${by.actor.name},
      ${by.at}::timestamptz)`);
}

/** True where the daily look of the day was made. */
export async function isScanned(database: Queryable, day: string): Promise<boolean> {
  const rows = await database.query<{ id: number }>(sql`
    select s.id from adjustment_scan s where s.day = ${day}::date and s.is_daily`);
  return rows.length > 0;
}

export async function lastScanAt(database: Queryable): Promise<Date | null> {
  const [row] = await database.query<{ at: Date | null }>(sql`
    select max(s.scanned_at) as at from adjustment_scan s where s.is_daily`);
  return row?.at ?? null;
}

export async function countyCodes(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ code: string }>(sql`select c.code from county c order by c.code`);
  return rows.map(({ code }) => code);
}

export async function countiesOfStations(
  database: Queryable,
  stationCodes: readonly string[],
): Promise<string[]> {
  const rows = await database.query<{ code: string }>(sql`
    select distinct t.county_code as code
    from station s
    join township t on t.code = s.township_code
    where s.code = any(${stationCodes}::text[])
    order by t.county_code`);
  return rows.map(({ code }) => code);
}

/** What approved adjustments took from the villages of a station, month and component, fen above zero. */
export async function takenByAdjustment(
  database: Queryable,
  countyCode: string,
): Promise<{ stationId: number; month: string; component: string; takenFen: bigint }[]> {
  return database.query(sql`
    select a.station_id as "stationId", a.month, l.component, -sum(l.after_fen - l.before_fen)::bigint as "takenFen"
    from adjustment a
    join adjustment_line l on l.adjustment_id = a.id
    where a.county_code = ${countyCode} and a.state = 'approved'
    group by a.station_id, a.month, l.component
    having sum(l.after_fen - l.before_fen) < 0`);
}
