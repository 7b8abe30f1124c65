import {
  alarmEventSchema,
  alarmKindSchema,
  alarmLevelSchema,
  type Alarm,
  type AlarmDetail,
  type AlarmList,
  type AlarmQuery,
  type AlarmState,
} from '#contracts';
import { empty, join, sql, type Database, type Queryable, type Sql } from '#persistence';

export interface AlarmRow {
  id: number;
  kind: string;
  level: string;
  state: 'open' | 'acknowledged' | 'closed';
  countyCode: string | null;
  countyName: string | null;
  stationCode: string | null;
  stationName: string | null;
  deviceCodes: string[];
  beganAt: Date;
  openedAt: Date;
  lastSeenAt: Date;
  recoveredAt: Date | null;
  closedAt: Date | null;
  closedBy: string | null;
  closedReason: string | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  assignedTo: string | null;
  snoozedUntil: Date | null;
  escalatedAt: Date | null;
  lostEnergyWh: bigint;
  lostAmountFen: bigint;
  isLossWhole: boolean;
  seen: number | null;
  limit: number | null;
  fenPerPostMonth: bigint;
  incidents: number;
  isSameLoss: boolean;
  version: number;
}

const SAMPLES_MAX = 600;
const HISTORY_MAX = 200;

const columns = sql`
  a.id::float8, a.kind, a.level, a.state, a.county_code as "countyCode", c.name as "countyName",
  s.code as "stationCode", s.name as "stationName", a.device_codes as "deviceCodes", a.began_at as "beganAt",
  a.opened_at as "openedAt", a.last_seen_at as "lastSeenAt", a.recovered_at as "recoveredAt",
  a.closed_at as "closedAt", a.closed_by as "closedBy", a.closed_reason as "closedReason",
  a.acknowledged_at as "acknowledgedAt", a.acknowledged_by as "acknowledgedBy", a.assigned_to as "assignedTo",
  a.snoozed_until as "snoozedUntil", a.escalated_at as "escalatedAt", a.lost_energy_wh as "lostEnergyWh",
  a.lost_amount_fen as "lostAmountFen", a.is_loss_whole as "isLossWhole", a.seen, a.limit_value as "limit",
  a.fen_per_post_month as "fenPerPostMonth", a.version,
  (select count(*)::int from alarm_incident i where i.alarm_id = a.id) as incidents,
  -- What two open alarms of a station lost is the same energy: it counts in the one with more, of equal ones in the first.
  a.state <> 'closed' and a.station_id is not null and exists (
    select 1 from alarm o
    where o.station_id = a.station_id and o.state <> 'closed' and o.id <> a.id
      and (o.lost_amount_fen, -o.id) > (a.lost_amount_fen, -a.id)) as "isSameLoss"`;
const tables = sql`
  alarm a
  left join station s on s.id = a.station_id
  left join county c on c.code = a.county_code`;

export class AlarmQueueRepository {
  constructor(private readonly database: Database) {}

  async list(query: AlarmQuery, now: Date): Promise<AlarmRow[]> {
    const order =
      query.state === 'closed' ? sql`a.closed_at desc, a.id desc` : sql`a.lost_amount_fen desc, a.id`;
    return this.database.query<AlarmRow>(sql`
      select ${columns} from ${tables}
      where ${matches(query, now)}
      order by ${order}
      limit ${query.pageSize}::int offset ${(query.page - 1) * query.pageSize}::int`);
  }

  /** Each open alarm shows the whole loss of its station: of those of one station the largest counts. */
  async totals(query: AlarmQuery, now: Date): Promise<{ total: number; lostFen: bigint }> {
    const [row] = await this.database.query<{ total: number; lostFen: bigint }>(sql`
      select coalesce(sum(alarms), 0)::int as total, coalesce(sum(most_fen), 0)::bigint as "lostFen"
      from (
        select count(*) as alarms, max(a.lost_amount_fen) as most_fen
        from ${tables}
        where ${matches(query, now)}
        group by case when a.state = 'closed' or a.station_id is null then -a.id else a.station_id end
      ) by_station`);
    return row ?? { total: 0, lostFen: 0n };
  }

  async counts(county: string | undefined, now: Date): Promise<AlarmList['counts']> {
    const isRest = sql`a.snoozed_until > ${now}::timestamptz`;
    const [row] = await this.database.query<AlarmList['counts']>(sql`
      select count(*) filter (where a.state = 'open' and ${isRest} is not true)::int as open,
        count(*) filter (where a.state = 'acknowledged' and ${isRest} is not true)::int as acknowledged,
        count(*) filter (where ${isRest})::int as snoozed
      from alarm a
      where a.state <> 'closed' ${county === undefined ? empty : sql`and a.county_code = ${county}`}`);
    return row ?? { open: 0, acknowledged: 0, snoozed: 0 };
  }

  async evaluation(): Promise<{ ranAt: Date | null; graceUntil: Date | null }> {
    const [row] = await this.database.query<{ ranAt: Date; graceUntil: Date | null }>(
      sql`select ran_at as "ranAt", grace_until as "graceUntil" from alarm_evaluation`,
    );
    return row ?? { ranAt: null, graceUntil: null };
  }

  async find(id: number): Promise<AlarmRow | null> {
    const [row] = await this.database.query<AlarmRow>(
      sql`select ${columns} from ${tables} where a.id = ${id}::bigint`,
    );
    return row ?? null;
  }

  /** The newest, in order of time. */
  async samples(id: number): Promise<AlarmDetail['samples']> {
    const rows = await this.database.query<{ at: Date; seen: number | null; limit: number | null }>(sql`
      select at, seen, limit_value as "limit" from alarm_sample
      where alarm_id = ${id}::bigint order by at desc limit ${SAMPLES_MAX}::int`);
    return rows.toReversed().map(({ at, seen, limit }) => ({ at: at.toISOString(), seen, limit }));
  }

  async incidents(id: number): Promise<AlarmDetail['incidents']> {
    const rows = await this.database.query<{ beganAt: Date; lastSeenAt: Date; endedAt: Date | null }>(sql`
      select began_at as "beganAt", last_seen_at as "lastSeenAt", ended_at as "endedAt"
      from alarm_incident where alarm_id = ${id}::bigint order by began_at desc limit ${HISTORY_MAX}::int`);
    return rows.map((row) => ({
      beganAt: row.beganAt.toISOString(),
      lastSeenAt: row.lastSeenAt.toISOString(),
      endedAt: row.endedAt?.toISOString() ?? null,
    }));
  }

  async lossDays(id: number): Promise<AlarmDetail['lossDays']> {
    const rows = await this.database.query<{
      day: string;
      lostEnergyWh: bigint;
      lostAmountFen: bigint;
      priceHaoPerKwh: number;
      basis: 'expected' | 'peers' | 'none';
    }>(sql`
      select day, lost_energy_wh as "lostEnergyWh", lost_amount_fen as "lostAmountFen",
        price_hao_per_kwh as "priceHaoPerKwh", basis
      from alarm_loss_day where alarm_id = ${id}::bigint order by day desc limit ${HISTORY_MAX}::int`);
    return rows.map((row) => ({
      ...row,
      lostEnergyWh: Number(row.lostEnergyWh),
      lostAmountFen: String(row.lostAmountFen),
    }));
  }

  async history(id: number): Promise<AlarmDetail['history']> {
    const rows = await this.database.query<{ at: Date; kind: string; by: string | null; note: string }>(sql`
      select at, kind, by_name as "by", note from alarm_event
      where alarm_id = ${id}::bigint order by id desc limit ${HISTORY_MAX}::int`);
    return rows.map((row) => alarmEventSchema.parse({ ...row, at: row.at.toISOString() }));
  }
}

function matches(query: AlarmQuery, now: Date): Sql {
  const conditions = [stateIs(query.state, now)];
  if (query.county !== undefined) conditions.push(sql`a.county_code = ${query.county}`);
  if (query.station !== undefined) conditions.push(sql`s.code = ${query.station}`);
  if (query.kind !== undefined) conditions.push(sql`a.kind = ${query.kind}`);
  if (query.assignee !== undefined) conditions.push(sql`a.assigned_to = ${query.assignee}`);
  return join(conditions, ' and ');
}

function stateIs(state: AlarmQuery['state'], now: Date): Sql {
  const isRest = sql`coalesce(a.snoozed_until > ${now}::timestamptz, false)`;
  if (state === 'closed') return sql`a.state = 'closed'`;
  if (state === 'snoozed') return sql`a.state <> 'closed' and ${isRest}`;
  if (state === 'active') return sql`a.state <> 'closed' and not ${isRest}`;
  return sql`a.state = ${state} and not ${isRest}`;
}

export interface LockedAlarm {
  state: string;
  version: number;
}

export async function lockAlarm(transaction: Queryable, id: number): Promise<LockedAlarm | null> {
  const [row] = await transaction.query<LockedAlarm>(
    sql`select state, version from alarm where id = ${id}::bigint for update`,
  );
  return row ?? null;
}

export async function noteEvent(
  transaction: Queryable,
  event: { id: number; at: Date; kind: string; by: string; note: string },
): Promise<void> {
  await transaction.query(sql`
    insert into alarm_event (alarm_id, at, kind, by_name, note)
    values (${event.id}::bigint, ${event.at}::timestamptz, ${event.kind}, ${event.by}, ${event.note})`);
}

const text = (instant: Date | null) => instant?.toISOString() ?? null;

export function viewOf(row: AlarmRow, now: Date): Alarm {
  const isRest = row.state !== 'closed' && row.snoozedUntil !== null && row.snoozedUntil > now;
  const state: AlarmState = isRest ? 'snoozed' : row.state;
  return {
    id: row.id,
    kind: alarmKindSchema.parse(row.kind),
    level: alarmLevelSchema.parse(row.level),
    state,
    countyCode: row.countyCode,
    countyName: row.countyName,
    stationCode: row.stationCode,
    stationName: row.stationName,
    deviceCodes: row.deviceCodes,
    beganAt: row.beganAt.toISOString(),
    openedAt: row.openedAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    recoveredAt: text(row.recoveredAt),
    closedAt: text(row.closedAt),
    closedBy: row.closedBy,
    closedReason: row.closedReason,
    acknowledgedAt: text(row.acknowledgedAt),
    acknowledgedBy: row.acknowledgedBy,
    assignedTo: row.assignedTo,
    snoozedUntil: text(row.snoozedUntil),
    escalatedAt: text(row.escalatedAt),
    lostEnergyWh: Number(row.lostEnergyWh),
    lostAmountFen: String(row.lostAmountFen),
    // Tenths of a month, cut: a post is not paid before it is whole.
    lostPostMonths: Number((row.lostAmountFen * 10n) / row.fenPerPostMonth) / 10,
    isLossWhole: row.isLossWhole,
    seen: row.seen,
    limit: row.limit,
    incidents: row.incidents,
    isSameLoss: row.isSameLoss,
    version: row.version,
  };
}
