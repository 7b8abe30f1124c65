import type { TransferablePart, TransferPlan } from '#domain';
import { empty, join, sql, type Queryable, type Sql } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

export type TransferState = 'prepared' | 'confirmed' | 'failed';

export interface StoredTransfer {
  id: bigint;
  batchId: number;
  countyCode: string;
  villageCode: string;
  villageName: string;
  amountFen: bigint;
  attempt: number;
  retryOfId: bigint | null;
  state: TransferState;
  receivedOn: string;
  bankReference: string | null;
  transferredOn: string | null;
  ledgerSequence: bigint | null;
  preparedById: string;
  preparedBy: string;
  preparedAt: Date;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  failedReason: string | null;
  failedBy: string | null;
  failedAt: Date | null;
  returnedOn: string | null;
  parts: { runId: number | null; adjustmentId: number | null; amountFen: string }[];
}

export interface StoredBatch {
  id: number;
  countyCode: string;
  totalFen: bigint;
  batchHash: string;
}

const TRANSFER_COLUMNS = sql`
  t.id, t.batch_id as "batchId", b.county_code as "countyCode", t.village_code as "villageCode",
  v.name as "villageName", t.amount_fen as "amountFen", t.attempt, t.retry_of_id as "retryOfId", t.state,
  t.received_on as "receivedOn", t.bank_reference as "bankReference", t.transferred_on as "transferredOn",
  t.ledger_sequence as "ledgerSequence", t.prepared_by_id as "preparedById", b.prepared_by as "preparedBy",
  b.prepared_at as "preparedAt", t.confirmed_by as "confirmedBy", t.confirmed_at as "confirmedAt",
  t.failed_reason as "failedReason", t.failed_by as "failedBy", t.failed_at as "failedAt",
  t.returned_on as "returnedOn",
  (
    select jsonb_agg(jsonb_build_object('runId', p.run_id, 'adjustmentId', p.adjustment_id,
      'amountFen', p.amount_fen::text) order by p.id)
    from village_transfer_part p
    where p.transfer_id = t.id
  ) as parts`;
const TRANSFER_TABLES = sql`
  village_transfer t
  join village_transfer_batch b on b.id = t.batch_id
  join village v on v.code = t.village_code`;

/** From here to the end of the transaction nobody else prepares transfers of the county. */
export async function lockTransfers(transaction: Queryable, countyCode: string): Promise<void> {
  await transaction.query(sql`
    select pg_advisory_xact_lock(hashtextextended(${`transfer:${countyCode}`}, 0))`);
}

/**
 * What approved runs and adjustments gave the villages of a county and no transfer holds. The clock of a run's village
 * begins with the oldest receipt in its pools; that of an adjustment with its approval.
 */
export async function transferableParts(
  database: Queryable,
  countyCode: string,
): Promise<TransferablePart[]> {
  return database.query<TransferablePart>(sql`
    with open as (
      select m.run_id, m.adjustment_id, m.village_code, m.amount_fen, m.approved_at
      from village_money m
      where m.county_code = ${countyCode} and m.transfer_id is null
    ), received as (
      select a.run_id, s.station_id, s.month, s.component, min(b.booked_on) as booked_on
      from allocation_source a
      join receipt_match m on m.id = a.match_id
      join bank_line b on b.id = m.bank_line_id
      join grid_statement s on s.id = m.statement_id
      where a.run_id in (select o.run_id from open o)
      group by a.run_id, s.station_id, s.month, s.component
    ), oldest as (
      select l.run_id, l.village_code, min(r.booked_on) as booked_on
      from allocation_line l
      join received r using (run_id, station_id, month, component)
      where l.amount_fen <> 0
      group by l.run_id, l.village_code
    )
    select o.run_id as "runId", o.adjustment_id as "adjustmentId", o.village_code as "villageCode",
      o.amount_fen as "amountFen",
      coalesce(d.booked_on, (o.approved_at at time zone 'Asia/Shanghai')::date) as "receivedOn"
    from open o
    left join oldest d on d.run_id = o.run_id and d.village_code = o.village_code
    order by o.village_code, o.run_id, o.adjustment_id`);
}

export async function batchByKey(database: Queryable, actionKey: string): Promise<StoredBatch | null> {
  const [row] = await database.query<StoredBatch>(sql`
    select b.id, b.county_code as "countyCode", b.total_fen as "totalFen", b.batch_hash as "batchHash"
    from village_transfer_batch b
    where b.action_key = ${actionKey}::uuid`);
  return row ?? null;
}

export interface NewBatch {
  plan: TransferPlan;
  countyCode: string;
  batchHash: string;
  actionKey: string;
  actor: SettlementActor;
  at: Date;
  /** The attempt that failed before, by village; empty for first attempts. */
  retries: ReadonlyMap<string, { id: bigint; attempt: number }>;
}

/** Writes a batch with its items and their parts. @returns its id */
export async function insertBatch(transaction: Queryable, batch: NewBatch): Promise<number> {
  const { plan, actor } = batch;
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into village_transfer_batch (county_code, item_count, total_fen, batch_hash, action_key, prepared_by_id,
      prepared_by, prepared_at)
    values (${batch.countyCode}, ${plan.items.length}::int, ${plan.totalFen}::bigint, ${batch.batchHash},
      ${batch.actionKey}::uuid, ${actor.accountId}, ${actor.name}, ${batch.at}::timestamptz)
    returning id`);
  if (!row) throw new Error('the batch was not written');
  const items = plan.items.map(({ villageCode, amountFen, receivedOn }) => {
    const before = batch.retries.get(villageCode);
    return {
      villageCode,
      amountFen: String(amountFen),
      receivedOn,
      attempt: (before?.attempt ?? 0) + 1,
      retryOfId: before === undefined ? null : String(before.id),
    };
  });
  const parts = plan.items.flatMap(({ villageCode, parts: own }) =>
    own.map(({ runId, adjustmentId, amountFen }) => ({
      villageCode,
      runId,
      adjustmentId,
      amountFen: String(amountFen),
    })),
  );
  await transaction.query(sql`
    insert into village_transfer (batch_id, village_code, amount_fen, attempt, retry_of_id, received_on, prepared_by_id)
    select ${row.id}::int, i."villageCode", i."amountFen", i.attempt, i."retryOfId", i."receivedOn", ${actor.accountId}
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as i ("villageCode" text, "amountFen" bigint,
      attempt smallint, "retryOfId" bigint, "receivedOn" date)
    order by i."villageCode"`);
  await transaction.query(sql`
    insert into village_transfer_part (transfer_id, run_id, adjustment_id, village_code, amount_fen)
    select t.id, p."runId", p."adjustmentId", p."villageCode", p."amountFen"
    from jsonb_to_recordset(${JSON.stringify(parts)}::jsonb) as p ("villageCode" text, "runId" int,
      "adjustmentId" int, "amountFen" bigint)
    join village_transfer t on t.batch_id = ${row.id}::int and t.village_code = p."villageCode"
    order by p."runId", p."villageCode"`);
  await transaction.query(sql`set constraints village_transfer_batch_whole immediate`);
  return row.id;
}

export async function transfersOfBatch(database: Queryable, batchId: number): Promise<StoredTransfer[]> {
  return database.query<StoredTransfer>(sql`
    select ${TRANSFER_COLUMNS}
    from ${TRANSFER_TABLES}
    where t.batch_id = ${batchId}::int
    order by t.village_code`);
}

/** Transfers by id; locked in the order of their ids where it is asked for. */
export async function transfersById(
  database: Queryable,
  ids: readonly string[],
  options: { lock: boolean } = { lock: false },
): Promise<StoredTransfer[]> {
  if (options.lock)
    await database.query(sql`
      select t.id from village_transfer t where t.id = any(${ids}::bigint[]) order by t.id for update`);
  return database.query<StoredTransfer>(sql`
    select ${TRANSFER_COLUMNS}
    from ${TRANSFER_TABLES}
    where t.id = any(${ids}::bigint[])
    order by t.id`);
}

/** The last transfer of each village that failed and was not tried again. */
export async function failedOfVillages(
  database: Queryable,
  codes: readonly string[],
): Promise<Map<string, { id: bigint; attempt: number }>> {
  const rows = await database.query<{ villageCode: string; id: bigint; attempt: number }>(sql`
    select distinct on (t.village_code) t.village_code as "villageCode", t.id, t.attempt
    from village_transfer t
    where t.village_code = any(${codes}::text[]) and t.state = 'failed'
      and not exists (select 1 from village_transfer r where r.retry_of_id = t.id)
    order by t.village_code, t.id desc`);
  return new Map(rows.map(({ villageCode, id, attempt }) => [villageCode, { id, attempt }]));
}

export interface TransferFilter {
  countyCode?: string | undefined;
  state?: TransferState | undefined;
  villageCode?: string | undefined;
  batchId?: number | undefined;
  runId?: number | undefined;
}

function conditionsOf(filter: TransferFilter): Sql {
  const conditions = [sql`true`];
  if (filter.countyCode !== undefined) conditions.push(sql`b.county_code = ${filter.countyCode}`);
  if (filter.state !== undefined) conditions.push(sql`t.state = ${filter.state}`);
  if (filter.villageCode !== undefined) conditions.push(sql`t.village_code = ${filter.villageCode}`);
  if (filter.batchId !== undefined) conditions.push(sql`t.batch_id = ${filter.batchId}::int`);
  if (filter.runId !== undefined)
    conditions.push(sql`exists (
      select 1 from village_transfer_part p where p.transfer_id = t.id and p.run_id = ${filter.runId}::int)`);
  return join(conditions, ' and ');
}

/** What waits for the bank first, the oldest receipt first; then the newest. */
export async function listTransfers(
  database: Queryable,
  filter: TransferFilter,
  page: { limit: number; offset: number },
): Promise<StoredTransfer[]> {
  return database.query<StoredTransfer>(sql`
    select ${TRANSFER_COLUMNS}
    from ${TRANSFER_TABLES}
    where ${conditionsOf(filter)}
    order by case when t.state = 'prepared' then t.received_on end, t.id desc
    limit ${page.limit}::int
    offset ${page.offset}::int`);
}

export async function countTransfers(
  database: Queryable,
  filter: TransferFilter,
): Promise<{ state: TransferState; count: number; amountFen: bigint }[]> {
  return database.query(sql`
    select t.state, count(*)::int as count, sum(t.amount_fen)::bigint as "amountFen"
    from ${TRANSFER_TABLES}
    where ${conditionsOf(filter)}
    group by t.state
    order by t.state`);
}

/** Amounts of villages that no transfer holds; of every county where none is named. */
export async function waitingMoney(
  database: Queryable,
  countyCode: string | undefined,
): Promise<{ count: number; amountFen: bigint }> {
  const [row] = await database.query<{ count: number; amountFen: bigint }>(sql`
    select count(*)::int as count, coalesce(sum(m.amount_fen), 0)::bigint as "amountFen"
    from village_money m
    where m.transfer_id is null ${countyCode === undefined ? empty : sql`and m.county_code = ${countyCode}`}`);
  return row ?? { count: 0, amountFen: 0n };
}

/** Names of villages by code. */
export async function villageNames(
  database: Queryable,
  codes: readonly string[],
): Promise<Map<string, string>> {
  const rows = await database.query<{ code: string; name: string }>(sql`
    select v.code, v.name from village v where v.code = any(${codes}::text[])`);
  return new Map(rows.map(({ code, name }) => [code, name]));
}

export async function markConfirmed(
  transaction: Queryable,
  items: readonly { id: string; bankReference: string }[],
  by: { transferredOn: string; ledgerSequence: bigint; actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update village_transfer t
    set state = 'confirmed', bank_reference = i.bank_reference, transferred_on = ${by.transferredOn}::date,
      ledger_sequence = ${by.ledgerSequence}::bigint, confirmed_by_id = ${by.actor.accountId},
      confirmed_by = ${by.actor.name}, confirmed_at = ${by.at}::timestamptz
    from unnest(${items.map(({ id }) => id)}::bigint[], ${items.map(({ bankReference }) => bankReference)}::text[])
      as i (id, bank_reference)
    where t.id = i.id`);
}

/** Marks a transfer as failed and frees its money for another attempt. */
export async function markFailed(
  transaction: Queryable,
  failure: { id: bigint; reason: string; returnedOn: string | null; returnSequence: bigint | null },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update village_transfer
    set state = 'failed', failed_reason = ${failure.reason}, returned_on = ${failure.returnedOn}::date,
      return_sequence = ${failure.returnSequence}::bigint, failed_by_id = ${by.actor.accountId},
      failed_by = ${by.actor.name}, failed_at = ${by.at}::timestamptz
    where id = ${failure.id}::bigint`);
  await transaction.query(sql`
    update village_transfer_part set is_released = true where transfer_id = ${failure.id}::bigint`);
}
