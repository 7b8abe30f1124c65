import { addDays, checkRepair, checkShares, checkStation, fraction, type DatedShare } from '#domain';
import { sql, type Queryable } from '#persistence';
import { villageLineages } from '../allocation/allocation.repository.ts';
import { grouped, row, seen, type SeenFinding } from './seen.ts';

/** Days in which more power than is registered is looked for. */
const PEAK_DAYS = 35;
/** Quarter hours in which it has to be reached: one alone may be a counter that caught up. */
const PEAK_QUARTERS_MIN = 2;
/** A verdict older than this says nothing of today. */
const VERDICT_DAYS_MAX = 3;
/** No clock runs: the order is not overdue. */
const NEVER_DUE = '9999-12-31';

interface StationRow {
  stationCode: string;
  countyCode: string;
  commissionedOn: string;
  capacityW: bigint;
  firstReadingDay: string | null;
}

/** A1 and A14: stations that never reported, capacities out of range, more power than is registered. */
export async function stationRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const stations = await database.query<StationRow>(sql`
    select s.code as "stationCode", t.county_code as "countyCode", s.commissioned_on as "commissionedOn",
      s.capacity_w as "capacityW", least(d.day, r.day) as "firstReadingDay"
    from station s
    join township t on t.code = s.township_code
    left join (
      select station_id, min(day) as day
      from station_day
      where quality <> 'none'
      group by station_id
    ) d on d.station_id = s.id
    left join (
      select v.station_id, min((l.measured_at at time zone 'Asia/Shanghai')::date) as day
      from latest_reading l
      join device v on v.id = l.device_id
      group by v.station_id
    ) r on r.station_id = s.id
    order by s.code`);
  const peaks = await peakDays(database, addDays(today, -PEAK_DAYS));
  return stations.flatMap((station) => {
    const days = peaks.get(station.stationCode) ?? [];
    const quarters = days.reduce((sum, each) => sum + each.quarters, 0);
    const peakPowerW = days.reduce<bigint | null>(
      (peak, each) => (peak === null || each.powerW > peak ? each.powerW : peak),
      null,
    );
    const { stationCode, countyCode } = station;
    const facts = {
      ...station,
      isCapacityConfirmed: false,
      peakPowerW: quarters >= PEAK_QUARTERS_MIN ? peakPowerW : null,
    };
    return checkStation(facts, today).flatMap((finding) =>
      seen([finding], {
        subjectKind: 'station',
        countyCode,
        rows:
          finding.reason === 'over_capacity'
            ? days.map(({ day, powerW }) => row({ stationCode, day, note: `${powerW} W` }))
            : [row({ stationCode, day: station.commissionedOn })],
      }),
    );
  });
}

interface PeakDay {
  stationCode: string;
  day: string;
  powerW: bigint;
  quarters: number;
}

/** Days with measured quarter hours above 1.1 of the registered capacity, by station. */
async function peakDays(database: Queryable, fromDay: string): Promise<Map<string, PeakDay[]>> {
  const rows = await database.query<PeakDay>(sql`
    select s.code as "stationCode", (q.starts_at at time zone 'Asia/Shanghai')::date as day,
      (max(q.energy_wh) * 4)::bigint as "powerW", count(*)::int as quarters
    from station_quarter_hour q
    join station s on s.id = q.station_id
    where q.starts_at >= ${fromDay}::timestamp at time zone 'Asia/Shanghai' and q.quality = 'measured'
      and q.energy_wh * 40 > s.capacity_w * 11
    group by s.code, day
    order by s.code, day`);
  return grouped(rows, ({ stationCode }) => stationCode);
}

interface OutputRow {
  stationCode: string;
  countyCode: string;
  lowDays: number | null;
  sinceDay: string | null;
  verdict: string | null;
  orderId: number | null;
  openedOn: string | null;
  dueOn: string | null;
}

/** A8: low or silent stations that nobody repairs, and orders that are overdue. */
export async function repairRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const rows = await database.query<OutputRow>(sql`
    select s.code as "stationCode", t.county_code as "countyCode", e.since_day as "sinceDay", e.verdict,
      case when e.verdict in ('low', 'very_low', 'zero') then e.day - coalesce(e.since_day, e.day) + 1 end as "lowDays",
      w.id as "orderId", (w.opened_at at time zone 'Asia/Shanghai')::date as "openedOn",
      (w.due_at at time zone 'Asia/Shanghai')::date as "dueOn"
    from station s
    join township t on t.code = s.township_code
    left join lateral (
      select d.day, d.since_day, d.verdict
      from station_expected_day d
      where d.station_id = s.id and d.day < ${today}::date
        and d.day >= ${addDays(today, -VERDICT_DAYS_MAX)}::date
      order by d.day desc
      limit 1
    ) e on true
    left join lateral (
      select o.id, o.opened_at, o.due_at
      from work_order o
      where o.station_id = s.id and o.kind = 'repair' and o.state not in ('closed', 'cancelled')
      order by o.due_at nulls last, o.id
      limit 1
    ) w on true
    where e.verdict in ('low', 'very_low', 'zero') or w.id is not null
    order by s.code`);
  return rows.flatMap(({ stationCode, countyCode, lowDays, sinceDay, orderId, openedOn, dueOn }) => {
    const openWorkOrder = openedOn === null ? null : { openedOn, dueOn: dueOn ?? NEVER_DUE };
    const reference = orderId === null ? null : `work_order:${orderId}`;
    return seen(checkRepair({ stationCode, lowDays, openWorkOrder }, today), {
      subjectKind: 'station',
      countyCode,
      rows: [row({ stationCode, day: sinceDay ?? dueOn, reference })],
    });
  });
}

interface ShareRow {
  stationCode: string;
  countyCode: string;
  commissionedOn: string;
  kind: 'asset' | 'revenue';
  villageCode: string;
  numerator: bigint;
  denominator: bigint;
  effectiveFrom: string;
  effectiveTo: string | null;
}

/** A16: asset and revenue shares that are not one on some day, and villages that are gone without a successor. */
export async function shareRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const villages = await villageLineages(database);
  const rows = await database.query<ShareRow>(sql`
    select s.code as "stationCode", t.county_code as "countyCode", s.commissioned_on as "commissionedOn", h.kind,
      h.village_code as "villageCode", h.numerator, h.denominator, h.effective_from as "effectiveFrom",
      h.effective_to as "effectiveTo"
    from station s
    join township t on t.code = s.township_code
    join (
      select 'asset' as kind, station_id, village_code, numerator, denominator, effective_from, effective_to
      from asset_share
      union all
      select 'revenue', station_id, village_code, numerator, denominator, effective_from, effective_to
      from revenue_share
    ) h on h.station_id = s.id
    where s.commissioned_on <= ${today}::date
    order by s.code, h.kind, h.village_code, h.effective_from`);
  const tomorrow = addDays(today, 1);
  const withShares = [...grouped(rows, ({ stationCode, kind }) => `${kind} ${stationCode}`).values()];
  const found = withShares.flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { stationCode, countyCode, commissionedOn, kind } = first;
    const shares: DatedShare[] = group.map(
      ({ villageCode, numerator, denominator, effectiveFrom, effectiveTo }) => ({
        villageCode,
        share: fraction(numerator, denominator),
        effectiveFrom,
        effectiveTo,
      }),
    );
    const range = { from: commissionedOn, to: tomorrow };
    return checkShares({ stationCode, shares, range, villages }).flatMap((finding) => {
      const { from = null, villageCode = null } = finding.evidence;
      return seen([finding], {
        subjectKind: 'station',
        countyCode,
        part: `${kind}:${String(from ?? villageCode ?? '')}`,
        rows: group.map((share) =>
          row({
            stationCode,
            villageCode: share.villageCode,
            day: share.effectiveFrom,
            note: `${share.numerator}/${share.denominator}`,
          }),
        ),
      });
    });
  });
  return [...found, ...(await withoutShares(database, today))];
}

/** Stations that are connected and belong to nobody. */
async function withoutShares(database: Queryable, today: string): Promise<SeenFinding[]> {
  const rows = await database.query<{ stationCode: string; countyCode: string; commissionedOn: string }>(sql`
    select s.code as "stationCode", t.county_code as "countyCode", s.commissioned_on as "commissionedOn"
    from station s
    join township t on t.code = s.township_code
    where s.commissioned_on <= ${today}::date
      and not exists (select 1 from revenue_share h where h.station_id = s.id)
    order by s.code`);
  return rows.flatMap(({ stationCode, countyCode, commissionedOn }) => {
    const range = { from: commissionedOn, to: addDays(today, 1) };
    const findings = checkShares({ stationCode, shares: [], range, villages: new Map() });
    return seen(findings, { subjectKind: 'station', countyCode, part: `revenue:${commissionedOn}` });
  });
}
