import { judgeRepair, QUARTER_HOUR_MS, DAY_MS, dayOf, type RepairVerdict } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { OrderRow } from './work-order.repository.ts';

/** Days of readings that are looked at, back from now: a repair is closed in two, or there is something wrong. */
const DAYS_LOOKED_AT = 5;
/** Fewer neighbours than this have no median to speak of. */
const NEIGHBOURS_MIN = 3;

/**
 * What the readings say of a repair. What the station should have made is the expected output where it is known, else
 * the median of the stations of its county by installed power.
 * @returns null where there is no repair to judge
 */
export async function repairVerdict(
  queryable: Queryable,
  order: Pick<OrderRow, 'stationId' | 'capacityW' | 'repairedAt' | 'kind'>,
  nowMs: number,
): Promise<RepairVerdict | null> {
  if (order.repairedAt === null || order.kind !== 'repair') return null;
  const repairedAtMs = order.repairedAt.getTime();
  const fromMs = Math.max(
    Math.ceil(repairedAtMs / QUARTER_HOUR_MS) * QUARTER_HOUR_MS,
    nowMs - DAYS_LOOKED_AT * DAY_MS,
  );
  const rows = await quartersSince(queryable, { stationId: order.stationId, fromMs, toMs: nowMs });
  const quarters = rows.map(({ startsAt, ownWh, referenceWh }) => ({
    startsAtMs: startsAt.getTime(),
    ownWh,
    referenceWh,
  }));
  return judgeRepair({ quarters, capacityW: order.capacityW, repairedAtMs, nowMs });
}

async function quartersSince(
  queryable: Queryable,
  { stationId, fromMs, toMs }: { stationId: number; fromMs: number; toMs: number },
) {
  const from = new Date(fromMs);
  const to = new Date(toMs);
  return queryable.query<{ startsAt: Date; ownWh: number | null; referenceWh: number | null }>(sql`
    with place as (
      select s.id, s.capacity_w, t.county_code
      from station s
      join township t on t.code = s.township_code
      where s.id = ${stationId}::int
    ), neighbours as (
      select q.starts_at,
        percentile_cont(0.5) within group (order by q.energy_wh::float8 / s.capacity_w) as wh_per_w
      from station_quarter_hour q
      join station s on s.id = q.station_id
      join township t on t.code = s.township_code
      join place p on p.county_code = t.county_code and p.id <> s.id
      where q.starts_at >= ${from}::timestamptz and q.starts_at < ${to}::timestamptz
        and q.quality in ('measured', 'estimated')
      group by q.starts_at
      having count(*) >= ${NEIGHBOURS_MIN}::int
    ), expected as (
      select c.first_slot_at + (e.slot - 1) * interval '15 minutes' as starts_at,
        coalesce(e.expected_w, e.neighbours_w) as power_w
      from station_expected_curve c
      cross join unnest(c.expected_power_w, c.neighbours_power_w)
        with ordinality as e (expected_w, neighbours_w, slot)
      where c.station_id = ${stationId}::int
        and c.day between ${dayOf(fromMs)}::date and ${dayOf(toMs)}::date
    )
    select coalesce(n.starts_at, e.starts_at) as "startsAt", q.energy_wh::float8 as "ownWh",
      coalesce(e.power_w / 4.0, n.wh_per_w * p.capacity_w)::float8 as "referenceWh"
    from neighbours n
    full join expected e on e.starts_at = n.starts_at
    cross join place p
    left join station_quarter_hour q on q.station_id = p.id and q.starts_at = coalesce(n.starts_at, e.starts_at)
      and q.quality in ('measured', 'estimated')
    where coalesce(n.starts_at, e.starts_at) >= ${from}::timestamptz
      and coalesce(n.starts_at, e.starts_at) < ${to}::timestamptz
    order by 1`);
}
