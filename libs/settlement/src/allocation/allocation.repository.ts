import {
  fraction,
  type AllocationRun,
  type DatedShare,
  type ReceivedMoney,
  type VillageLineage,
} from '#domain';
import { sql, type Queryable } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

type RunState = 'proposed' | 'approved' | 'voided';

export interface StoredRun {
  id: number;
  countyCode: string;
  month: string;
  totalFen: bigint;
  runHash: string;
  state: RunState;
  documentNumber: string;
  isConfirmed: boolean;
  proposedById: string;
  proposedBy: string;
  proposedAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  ledgerSequence: bigint | null;
  voidedBy: string | null;
  voidedAt: Date | null;
  voidReason: string | null;
}

/** A village of a stored run, fen. */
interface StoredRunVillage {
  villageCode: string;
  villageName: string;
  amountFen: bigint;
  costFen: bigint;
  netFen: bigint;
  floorFen: bigint;
}

export interface ReceivedOfStation extends ReceivedMoney {
  stationId: number;
}

const RUN_COLUMNS = sql`
  r.id, r.county_code as "countyCode", r.month, r.total_fen as "totalFen", r.run_hash as "runHash", r.state,
  p.document_number as "documentNumber", p.is_confirmed as "isConfirmed", r.proposed_by_id as "proposedById",
  r.proposed_by as "proposedBy", r.proposed_at as "proposedAt", r.approved_by as "approvedBy",
  r.approved_at as "approvedAt", r.ledger_sequence as "ledgerSequence", r.voided_by as "voidedBy",
  r.voided_at as "voidedAt", r.void_reason as "voidReason"`;
const RUN_TABLES = sql`allocation_run r join settlement_policy p on p.id = r.policy_id`;

/** From here to the end of the transaction nobody else gives out money of the county. */
export async function lockAllocation(transaction: Queryable, countyCode: string): Promise<void> {
  await transaction.query(sql`
    select pg_advisory_xact_lock(hashtextextended(${`allocation:${countyCode}`}, 0))`);
}

/** Received money of a county that is in no run, or in voided ones only. */
export async function receivedMoney(database: Queryable, countyCode: string): Promise<ReceivedOfStation[]> {
  return database.query<ReceivedOfStation>(sql`
    select m.id as "matchId", st.id as "stationId", st.code as "stationCode", s.month, s.component,
      m.amount_fen as "amountFen"
    from receipt_match m
    join grid_statement s on s.id = m.statement_id
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where t.county_code = ${countyCode} and m.reverses_id is null
      and not exists (select 1 from receipt_match r where r.reverses_id = m.id)
      and not exists (select 1 from allocation_source a where a.match_id = m.id and not a.is_released)
    order by m.id`);
}

/** Revenue shares that hold on some day of a range, by station code. */
export async function sharesOfStations(
  database: Queryable,
  stationIds: readonly number[],
  range: { from: string; to: string },
): Promise<Map<number, DatedShare[]>> {
  const rows = await database.query<{
    stationId: number;
    villageCode: string;
    numerator: bigint;
    denominator: bigint;
    effectiveFrom: string;
    effectiveTo: string | null;
  }>(sql`
    select station_id as "stationId", village_code as "villageCode", numerator, denominator,
      effective_from as "effectiveFrom", effective_to as "effectiveTo"
    from revenue_share
    where station_id = any(${stationIds}::int[]) and effective_from < ${range.to}::date
      and (effective_to is null or effective_to > ${range.from}::date)
    order by station_id, village_code, effective_from`);
  const shares = new Map<number, DatedShare[]>();
  for (const { stationId, villageCode, numerator, denominator, effectiveFrom, effectiveTo } of rows) {
    const share = { villageCode, share: fraction(numerator, denominator), effectiveFrom, effectiveTo };
    shares.set(stationId, [...(shares.get(stationId) ?? []), share]);
  }
  return shares;
}

/**
 * Villages with their successors: those of `codes` and whatever their chains of mergers lead to, which may leave the
 * county; without codes every village. A nation's villages are too many to be read for each county.
 */
export async function villageLineages(
  database: Queryable,
  codes: readonly string[] | null = null,
): Promise<Map<string, VillageLineage>> {
  const rows = await database.query<VillageLineage>(
    codes === null
      ? sql`select code, successor_code as "successorCode", merged_on as "mergedOn" from village`
      : sql`
        with recursive chain as (
          select v.code, v.successor_code, v.merged_on
          from village v
          where v.code = any(${codes}::text[])
          union
          select v.code, v.successor_code, v.merged_on
          from chain c
          join village v on v.code = c.successor_code
        )
        select code, successor_code as "successorCode", merged_on as "mergedOn" from chain`,
  );
  return new Map(rows.map((row) => [row.code, row]));
}

export async function runByKey(database: Queryable, actionKey: string): Promise<StoredRun | null> {
  const [row] = await database.query<StoredRun>(sql`
    select ${RUN_COLUMNS} from ${RUN_TABLES} where r.action_key = ${actionKey}::uuid`);
  return row ?? null;
}

/** A run; locked to the end of the transaction where it is asked for. */
export async function runById(
  database: Queryable,
  id: number,
  options: { lock: boolean } = { lock: false },
): Promise<StoredRun | null> {
  if (options.lock)
    await database.query(sql`select r.id from allocation_run r where r.id = ${id}::int for update`);
  const [row] = await database.query<StoredRun>(sql`
    select ${RUN_COLUMNS} from ${RUN_TABLES} where r.id = ${id}::int`);
  return row ?? null;
}

/** The last approved run of a county before `beforeId`; null bounds nothing. */
export async function lastApproved(
  database: Queryable,
  query: { countyCode: string; beforeId: number | null },
): Promise<StoredRun | null> {
  const [row] = await database.query<StoredRun>(sql`
    select ${RUN_COLUMNS}
    from ${RUN_TABLES}
    where r.county_code = ${query.countyCode} and r.state = 'approved'
      and (${query.beforeId}::int is null or r.id < ${query.beforeId}::int)
    order by r.id desc
    limit 1`);
  return row ?? null;
}

/** A run in a list, with how much it covers. */
export interface ListedRun extends StoredRun {
  villages: number;
  stations: number;
  months: string[];
}

/** Runs of a county and state, null of all; the newest first. */
export async function listRuns(
  database: Queryable,
  query: { countyCode: string | null; state: RunState | null; limit: number; offset: number },
): Promise<ListedRun[]> {
  return database.query<ListedRun>(sql`
    select ${RUN_COLUMNS}, v.villages, l.stations, l.months
    from ${RUN_TABLES}
    cross join lateral (
      select count(*)::int as villages
      from allocation_village a
      where a.run_id = r.id
    ) v
    cross join lateral (
      select count(distinct s.station_id)::int as stations,
        coalesce(array_agg(distinct s.month order by s.month), '{}') as months
      from allocation_span s
      where s.run_id = r.id
    ) l
    where (${query.countyCode}::text is null or r.county_code = ${query.countyCode}::text)
      and (${query.state}::text is null or r.state = ${query.state}::text)
    order by r.id desc
    limit ${query.limit}::int
    offset ${query.offset}::int`);
}

/** How many runs of a county, null of all, are in each state. */
export async function countRuns(
  database: Queryable,
  countyCode: string | null,
): Promise<Record<RunState, number>> {
  const rows = await database.query<{ state: RunState; runs: number }>(sql`
    select r.state, count(*)::int as runs
    from allocation_run r
    where ${countyCode}::text is null or r.county_code = ${countyCode}::text
    group by r.state`);
  const of = (state: RunState) => rows.find((row) => row.state === state)?.runs ?? 0;
  return { proposed: of('proposed'), approved: of('approved'), voided: of('voided') };
}

export async function villagesOfRun(database: Queryable, runId: number): Promise<StoredRunVillage[]> {
  return database.query<StoredRunVillage>(sql`
    select a.village_code as "villageCode", v.name as "villageName", a.amount_fen as "amountFen",
      a.cost_fen as "costFen", a.net_fen as "netFen", a.floor_fen as "floorFen"
    from allocation_village a
    join village v on v.code = a.village_code
    where a.run_id = ${runId}::int
    order by a.village_code`);
}

/** What a run books: by station and village. */
export async function bookingLines(
  database: Queryable,
  runId: number,
): Promise<{ stationCode: string; villageCode: string; amountFen: bigint }[]> {
  return database.query(sql`
    select s.code as "stationCode", l.village_code as "villageCode", sum(l.amount_fen)::bigint as "amountFen"
    from allocation_line l
    join station s on s.id = l.station_id
    where l.run_id = ${runId}::int
    group by s.code, l.village_code
    order by s.code, l.village_code`);
}

interface NewRun {
  run: AllocationRun;
  stationIds: ReadonlyMap<string, number>;
  countyCode: string;
  month: string;
  policyId: number;
  runHash: string;
  actionKey: string;
  actor: SettlementActor;
  at: Date;
}

/** Writes a proposal with all its parts. @returns its id */
export async function insertRun(transaction: Queryable, entry: NewRun): Promise<number> {
  const { run } = entry;
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into allocation_run (county_code, month, policy_id, total_fen, run_hash, state, action_key, proposed_by_id,
      proposed_by, proposed_at)
    values (${entry.countyCode}, ${entry.month}, ${entry.policyId}::int, ${run.totalFen}::bigint, ${entry.runHash},
      'proposed', ${entry.actionKey}::uuid, ${entry.actor.accountId}, ${entry.actor.name},
      ${entry.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the run was not written');
  await insertSources(transaction, row.id, run);
  await insertLines(transaction, row.id, entry);
  await insertVillages(transaction, row.id, run);
  await transaction.query(sql`set constraints allocation_run_whole immediate`);
  return row.id;
}

async function insertSources(
  transaction: Queryable,
  runId: number,
  { sources }: AllocationRun,
): Promise<void> {
  await transaction.query(sql`
    insert into allocation_source (run_id, match_id, amount_fen)
    select ${runId}::int, s.match_id, s.amount_fen
    from unnest(${sources.map(({ matchId }) => String(matchId))}::bigint[],
      ${sources.map(({ amountFen }) => String(amountFen))}::bigint[]) as s (match_id, amount_fen)`);
}

async function insertLines(transaction: Queryable, runId: number, entry: NewRun): Promise<void> {
  const { run, stationIds } = entry;
  const idOf = (stationCode: string) => stationIds.get(stationCode) ?? null;
  const spans = run.spans.map((span) => ({
    stationId: idOf(span.stationCode),
    month: span.month,
    from: span.from,
    to: span.to,
    energyWh: span.energyWh === null ? null : String(span.energyWh),
  }));
  await transaction.query(sql`
    insert into allocation_span (run_id, station_id, month, from_day, to_day, energy_wh)
    select ${runId}::int, s."stationId", s.month, s."from", s."to", s."energyWh"
    from jsonb_to_recordset(${JSON.stringify(spans)}::jsonb)
      as s ("stationId" int, month text, "from" date, "to" date, "energyWh" bigint)`);
  const lines = run.lines.map((line) => ({
    stationId: idOf(line.stationCode),
    month: line.month,
    component: line.component,
    villageCode: line.villageCode,
    shareNumerator: String(line.share.numerator),
    shareDenominator: String(line.share.denominator),
    exactNumerator: String(line.exactFen.numerator),
    exactDenominator: String(line.exactFen.denominator),
    amountFen: String(line.amountFen),
    spareFen: String(line.spareFen),
    spareRank: line.spareRank,
  }));
  await transaction.query(sql`
    insert into allocation_line (run_id, station_id, month, component, village_code, share_numerator,
      share_denominator, exact_numerator, exact_denominator, amount_fen, spare_fen, spare_rank)
    select ${runId}::int, l."stationId", l.month, l.component, l."villageCode", l."shareNumerator",
      l."shareDenominator", l."exactNumerator", l."exactDenominator", l."amountFen", l."spareFen", l."spareRank"
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as l ("stationId" int, month text, component text,
      "villageCode" text, "shareNumerator" numeric, "shareDenominator" numeric, "exactNumerator" numeric,
      "exactDenominator" numeric, "amountFen" bigint, "spareFen" smallint, "spareRank" int)`);
}

async function insertVillages(
  transaction: Queryable,
  runId: number,
  { villages }: AllocationRun,
): Promise<void> {
  const rows = villages.map(({ villageCode, amountFen, deductions, floorFen }) => ({
    villageCode,
    amountFen: String(amountFen),
    costFen: String(amountFen - deductions.netFen),
    netFen: String(deductions.netFen),
    denominatorFen: String(deductions.denominatorFen),
    floorFen: String(floorFen),
  }));
  await transaction.query(sql`
    insert into allocation_village (run_id, village_code, amount_fen, cost_fen, net_fen, denominator_fen, floor_fen)
    select ${runId}::int, v."villageCode", v."amountFen", v."costFen", v."netFen", v."denominatorFen", v."floorFen"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v ("villageCode" text, "amountFen" bigint,
      "costFen" bigint, "netFen" bigint, "denominatorFen" bigint, "floorFen" bigint)`);
  const costs = villages.flatMap(({ villageCode, deductions }) =>
    deductions.lines.map((cost, index) => ({
      villageCode,
      position: index + 1,
      line: cost.line,
      dueFen: String(cost.dueFen),
      takenFen: String(cost.takenFen),
      isCapped: cost.isCapped,
      reducesDenominator: cost.reducesDenominator,
    })),
  );
  await transaction.query(sql`
    insert into allocation_cost (run_id, village_code, position, line, due_fen, taken_fen, is_capped,
      reduces_denominator)
    select ${runId}::int, c."villageCode", c."position", c.line, c."dueFen", c."takenFen", c."isCapped",
      c."reducesDenominator"
    from jsonb_to_recordset(${JSON.stringify(costs)}::jsonb) as c ("villageCode" text, "position" smallint, line text,
      "dueFen" bigint, "takenFen" bigint, "isCapped" boolean, "reducesDenominator" boolean)`);
}

export async function markApproved(
  transaction: Queryable,
  run: { id: number; runHash: string; ledgerSequence: bigint },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update allocation_run
    set state = 'approved', approved_by_id = ${by.actor.accountId}, approved_by = ${by.actor.name},
      approved_at = ${by.at}::timestamptz, approved_hash = ${run.runHash},
      ledger_sequence = ${run.ledgerSequence}::bigint
    where id = ${run.id}::int`);
}

/** Voids a run and lets its money go to another one. */
export async function markVoided(
  transaction: Queryable,
  run: { id: number; reason: string; ledgerSequence: bigint | null },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update allocation_run
    set state = 'voided', voided_by_id = ${by.actor.accountId}, voided_by = ${by.actor.name},
      voided_at = ${by.at}::timestamptz, void_reason = ${run.reason},
      void_sequence = ${run.ledgerSequence}::bigint
    where id = ${run.id}::int`);
  await transaction.query(sql`
    update allocation_source set is_released = true where run_id = ${run.id}::int`);
}
