import type { WorkOrderPart, WorkOrderQuery } from '#contracts';
import {
  isEnded,
  type Escalation,
  type RepairSize,
  type ResponsibleSide,
  type WorkOrderCause,
  type WorkOrderClock,
  type WorkOrderKind,
  type WorkOrderLimits,
  type WorkOrderState,
} from '#domain';
import { empty, sql, type Queryable, type Sql } from '#persistence';
import { limitsOfRow, type LimitMinutes } from './work-order-limit.repository.ts';

/** An order as it stands, with its place and its alarm. */
export interface OrderRow {
  id: number;
  stationId: number;
  stationCode: string;
  stationName: string;
  countyCode: string;
  countyName: string;
  townshipCode: string;
  townshipName: string;
  longitude: number;
  latitude: number;
  capacityW: number;
  kind: WorkOrderKind;
  alarmId: number | null;
  alarmKind: string | null;
  lostEnergyWh: number | null;
  lostAmountFen: string | null;
  title: string;
  note: string;
  size: RepairSize;
  state: WorkOrderState;
  suspendedFrom: WorkOrderState | null;
  suspendedAt: Date | null;
  suspendedMs: number;
  assignee: string | null;
  openedAt: Date;
  roundStartedAt: Date;
  plannedDueAt: Date | null;
  acceptedAt: Date | null;
  arrivedAt: Date | null;
  repairedAt: Date | null;
  repairedBy: string | null;
  verifiedAt: Date | null;
  closedAt: Date | null;
  closedBy: string | null;
  closeReason: string | null;
  dueClock: WorkOrderClock | null;
  dueAt: Date | null;
  escalation: Escalation;
  cause: WorkOrderCause | null;
  side: ResponsibleSide | null;
  labourFen: bigint;
  lastEventAt: Date;
  /** Its clocks: what was in force in its county on the day it was opened. */
  limits: WorkOrderLimits;
}

export interface EventRow {
  action: string;
  fromState: WorkOrderState | null;
  toState: WorkOrderState;
  actorName: string;
  happenedAt: Date;
  recordedAt: Date;
  note: string;
  detail: unknown;
}

export interface PhotoRow {
  id: number;
  name: string;
  mediaType: string;
  bytes: number;
  positionKept: boolean;
  takenBy: string;
  recordedAt: Date;
}

export interface OrderCounts {
  open: number;
  overdue: number;
  unassigned: number;
  repaired: number;
  ended: number;
}

/** History shown of one order; one that has more has been sent to and fro for weeks. */
const EVENTS_MAX = 300;
const ASSIGNEES_MAX = 100;
const OPEN = sql`o.state not in ('closed', 'cancelled')`;

async function ordersWhere(queryable: Queryable, condition: Sql): Promise<OrderRow[]> {
  const rows = await queryable.query<Omit<OrderRow, 'limits'> & { limit: LimitMinutes | null }>(sql`
    select o.id, o.station_id as "stationId", s.code as "stationCode", s.name as "stationName",
      c.code as "countyCode", c.name as "countyName", t.code as "townshipCode", t.name as "townshipName",
      s.longitude, s.latitude, s.capacity_w::float8 as "capacityW", o.kind, o.alarm_id::float8 as "alarmId",
      a.kind as "alarmKind", a.lost_energy_wh::float8 as "lostEnergyWh", a.lost_amount_fen::text as "lostAmountFen",
      o.title, o.note, o.size, o.state, o.suspended_from as "suspendedFrom", o.suspended_at as "suspendedAt",
      o.suspended_ms::float8 as "suspendedMs", o.assignee, o.opened_at as "openedAt",
      o.round_started_at as "roundStartedAt", o.planned_due_at as "plannedDueAt", o.accepted_at as "acceptedAt",
      o.arrived_at as "arrivedAt", o.repaired_at as "repairedAt", o.repaired_by as "repairedBy",
      o.verified_at as "verifiedAt", o.closed_at as "closedAt", o.closed_by as "closedBy",
      o.close_reason as "closeReason", o.due_clock as "dueClock", o.due_at as "dueAt", o.escalation, o.cause, o.side,
      o.labour_fen as "labourFen", o.last_event_at as "lastEventAt", l.minutes as "limit"
    from work_order o
    join station s on s.id = o.station_id
    join township t on t.code = s.township_code
    join county c on c.code = t.county_code
    left join alarm a on a.id = o.alarm_id
    left join lateral (
      select jsonb_build_object('acceptMin', accept_min, 'arriveMin', arrive_min, 'repairMinorMin', repair_minor_min,
        'repairMajorMin', repair_major_min, 'closeMin', close_min, 'countyAfterMin', county_after_min) as minutes
      from work_order_limit
      where (county_code is null or county_code = c.code)
        and effective_from <= (o.opened_at at time zone 'Asia/Shanghai')::date
      order by county_code nulls last, effective_from desc, id desc
      limit 1
    ) l on true
    where ${condition}`);
  return rows.map(({ limit, ...row }) => ({ ...row, limits: limitsOfRow(limit) }));
}

function areaOf({ county, township, station }: WorkOrderQuery): Sql {
  return sql`true ${county === undefined ? empty : sql`and t.county_code = ${county}`}
    ${township === undefined ? empty : sql`and t.code = ${township}`}
    ${station === undefined ? empty : sql`and s.code = ${station}`}`;
}

function filterOf(query: WorkOrderQuery, now: Date): Sql {
  const { state, kind, overdue, assignee } = query;
  const stateFilter =
    state === 'open' ? OPEN : state === 'ended' ? sql`not (${OPEN})` : sql`o.state = ${state}`;
  return sql`${areaOf(query)} and ${stateFilter}
    ${kind === undefined ? empty : sql`and o.kind = ${kind}`}
    ${assignee === undefined ? empty : sql`and o.assignee = ${assignee}`}
    ${overdue === undefined ? empty : sql`and coalesce(o.due_at < ${now}::timestamptz, false) = ${overdue}::boolean`}`;
}

/** Reads of work orders. */
export class WorkOrderRepository {
  constructor(private readonly queryable: Queryable) {}

  /** A page: what is due first comes first; ended orders by their end, the newest first. */
  async page(query: WorkOrderQuery, paging: { now: Date; pageSize: number }): Promise<OrderRow[]> {
    const isEndedList = query.state === 'ended' || (query.state !== 'open' && isEnded(query.state));
    const order = isEndedList ? sql`o.last_event_at desc, o.id desc` : sql`o.due_at nulls last, o.id`;
    return ordersWhere(
      this.queryable,
      sql`${filterOf(query, paging.now)} order by ${order}
        limit ${paging.pageSize}::int offset ${(query.page - 1) * paging.pageSize}::int`,
    );
  }

  async total(query: WorkOrderQuery, now: Date): Promise<number> {
    const [row] = await this.queryable.query<{ total: number }>(sql`
      select count(*)::int as total
      from work_order o
      join station s on s.id = o.station_id
      join township t on t.code = s.township_code
      where ${filterOf(query, now)}`);
    return row?.total ?? 0;
  }

  async counts(query: WorkOrderQuery, now: Date): Promise<OrderCounts> {
    const [row] = await this.queryable.query<OrderCounts>(sql`
      select count(*) filter (where ${OPEN})::int as open,
        count(*) filter (where ${OPEN} and o.due_at < ${now}::timestamptz)::int as overdue,
        count(*) filter (where ${OPEN} and o.assignee is null)::int as unassigned,
        count(*) filter (where o.state = 'repaired')::int as repaired,
        count(*) filter (where not (${OPEN}))::int as ended
      from work_order o
      join station s on s.id = o.station_id
      join township t on t.code = s.township_code
      where ${areaOf(query)}`);
    return row ?? { open: 0, overdue: 0, unassigned: 0, repaired: 0, ended: 0 };
  }

  async assignees(query: WorkOrderQuery): Promise<string[]> {
    const rows = await this.queryable.query<{ assignee: string }>(sql`
      select distinct o.assignee
      from work_order o
      join station s on s.id = o.station_id
      join township t on t.code = s.township_code
      where ${areaOf(query)} and ${OPEN} and o.assignee is not null
      order by o.assignee
      limit ${ASSIGNEES_MAX}::int`);
    return rows.map(({ assignee }) => assignee);
  }

  async find(id: number): Promise<OrderRow | null> {
    const [row] = await ordersWhere(this.queryable, sql`o.id = ${id}::int`);
    return row ?? null;
  }

  /** The order, held until the transaction ends: of forms that are sent twice at once one goes first. */
  async lock(id: number): Promise<OrderRow | null> {
    const [row] = await ordersWhere(this.queryable, sql`o.id = ${id}::int for update of o`);
    return row ?? null;
  }

  /** Open orders whose limit is past. */
  async overdue(now: Date): Promise<{ id: number }[]> {
    return this.queryable.query<{ id: number }>(sql`
      select o.id from work_order o where ${OPEN} and o.due_at < ${now}::timestamptz order by o.id`);
  }

  /** In the order in which they were recorded. */
  async events(id: number): Promise<EventRow[]> {
    return this.queryable.query<EventRow>(sql`
      select action, from_state as "fromState", to_state as "toState", actor_name as "actorName",
        happened_at as "happenedAt", recorded_at as "recordedAt", note, detail
      from work_order_event
      where work_order_id = ${id}::int
      order by work_order_event.id
      limit ${EVENTS_MAX}::int`);
  }

  async parts(id: number): Promise<WorkOrderPart[]> {
    return this.queryable.query<WorkOrderPart>(sql`
      select name, quantity, amount_fen::text as "amountFen"
      from work_order_part where work_order_id = ${id}::int order by id`);
  }

  async photos(id: number): Promise<PhotoRow[]> {
    return this.queryable.query<PhotoRow>(sql`
      select id, name, media_type as "mediaType", octet_length(bytes) as bytes, position_kept as "positionKept",
        taken_by as "takenBy", recorded_at as "recordedAt"
      from work_order_photo where work_order_id = ${id}::int order by id`);
  }

  /** Newest power of the inverters together, W, and when the newest of them measured. */
  async power(stationId: number): Promise<{ powerW: number | null; measuredAt: Date | null }> {
    const [row] = await this.queryable.query<{ powerW: number | null; measuredAt: Date | null }>(sql`
      select sum(l.active_power_w)::float8 as "powerW", max(l.measured_at) as "measuredAt"
      from latest_reading l
      join device d on d.id = l.device_id
      where d.station_id = ${stationId}::int and d.kind = 'inverter'`);
    return row ?? { powerW: null, measuredAt: null };
  }

  async stationId(code: string): Promise<number | null> {
    const [row] = await this.queryable.query<{ id: number }>(
      sql`select id from station where code = ${code}`,
    );
    return row?.id ?? null;
  }

  async alarmStation(alarmId: number): Promise<{ stationId: number | null } | null> {
    const [row] = await this.queryable.query<{ stationId: number | null }>(sql`
      select station_id as "stationId" from alarm where id = ${alarmId}::bigint`);
    return row ?? null;
  }
}
