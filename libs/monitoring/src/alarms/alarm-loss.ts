import { addDays, dayOf, dayStartMs } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { ValuationOf } from './alarm-valuation.repository.ts';

/** Kinds of a station that cost energy by the quarter hour, and those that are judged by the day. */
const BY_QUARTER = [
  'offline',
  'zero',
  'inverter_zero',
  'fault',
  'string_low',
  'insulation',
  'over_temperature',
  'grid',
] as const;
const BY_DAY = ['low', 'soiling'] as const;
/** Quarter hours this close to what was to be expected are noise, not loss. */
const NOISE_SHARE = 0.05;
/** The roll-up is behind the readings; younger quarter hours are not looked at. */
const ROLL_UP_LAG_MS = 15 * 60_000;

/**
 * Works out the losses of open alarms, yesterday and today: what was to be expected of the station (its own curve, else
 * the median of the county) less what it made, from the first sign to the end. Of a silent quarter hour all of it is
 * counted until readings come; then the day is lost again by what they say. Value: the price of the station on the
 * day, or the valuation in force.
 */
export async function renewLosses(
  transaction: Queryable,
  now: Date,
  valuationOf: ValuationOf,
): Promise<void> {
  const today = dayOf(now.getTime());
  const counties = await transaction.query<{ code: string }>(sql`
    select distinct county_code as code from alarm where state <> 'closed' and station_id is not null`);
  const prices = counties.map(({ code }) => ({ code, hao: valuationOf(code).priceHaoPerKwh }));
  for (const day of [addDays(today, -1), today]) await renewDay(transaction, { day, now, prices });
  await transaction.query(sql`
    update alarm a set lost_energy_wh = l.wh, lost_amount_fen = l.fen, is_loss_whole = l.whole
    from (
      select alarm_id, sum(lost_energy_wh)::bigint as wh, sum(lost_amount_fen)::bigint as fen,
        bool_and(basis <> 'none') as whole
      from alarm_loss_day
      group by alarm_id
    ) l
    where l.alarm_id = a.id and a.state <> 'closed'
      and (a.lost_energy_wh, a.lost_amount_fen, a.is_loss_whole) is distinct from (l.wh, l.fen, l.whole)`);
}

async function renewDay(
  transaction: Queryable,
  { day, now, prices }: { day: string; now: Date; prices: readonly { code: string; hao: number }[] },
): Promise<void> {
  const from = new Date(dayStartMs(day));
  const to = new Date(Math.min(dayStartMs(addDays(day, 1)), now.getTime() - ROLL_UP_LAG_MS));
  await transaction.query(sql`
    with open_alarm as (
      select a.id, a.kind, a.station_id, t.county_code, s.capacity_w, greatest(a.began_at, ${from}::timestamptz) as from_at,
        least(coalesce(a.recovered_at, ${now}::timestamptz), ${to}::timestamptz) as to_at,
        a.began_at, coalesce(p.price, v.hao) as price
      from alarm a
      join station s on s.id = a.station_id
      join township t on t.code = s.township_code
      join unnest(${prices.map(({ code }) => code)}::text[], ${prices.map(({ hao }) => hao)}::int[]) as v (code, hao)
        on v.code = a.county_code
      left join (
        select station_id, sum(price_hao_per_kwh)::int as price
        from tariff
        where effective_from <= ${day}::date and (effective_to is null or effective_to > ${day}::date)
        group by station_id
      ) p on p.station_id = s.id
      where a.state <> 'closed'
    ), peers as (
      select t.county_code, q.starts_at,
        percentile_cont(0.5) within group (order by q.energy_wh::float8 / s.capacity_w) as wh_per_w
      from station_quarter_hour q
      join station s on s.id = q.station_id
      join township t on t.code = s.township_code
      where q.starts_at >= ${from}::timestamptz and q.starts_at < ${to}::timestamptz
        and t.county_code in (select county_code from open_alarm)
      group by t.county_code, q.starts_at
    ), slots as (
      select o.id, o.price, c.expected_power_w[1 + (extract(epoch from g.at - c.first_slot_at) / 900)::int] / 4.0 as own_expected,
        p.wh_per_w * o.capacity_w as peer_expected, coalesce(q.energy_wh, 0) as made
      from open_alarm o
      cross join lateral generate_series(
        date_bin('15 minutes', o.from_at, timestamptz '2000-01-01 00:00+00'), o.to_at - interval '15 minutes',
        interval '15 minutes') as g (at)
      left join station_expected_curve c on c.station_id = o.station_id and c.day = ${day}::date
      left join peers p on p.county_code = o.county_code and p.starts_at = g.at
      left join station_quarter_hour q on q.station_id = o.station_id and q.starts_at = g.at
      where o.kind = any (${BY_QUARTER}::text[])
    ), quarter_loss as (
      select id, price,
        sum(case when expected - made > ${NOISE_SHARE}::float8 * expected then expected - made else 0 end)::bigint as lost,
        case when bool_or(own_expected is not null) then 'expected'
          when bool_or(peer_expected is not null) then 'peers' else 'none' end as basis
      from (select *, coalesce(own_expected, peer_expected, 0)::float8 as expected from slots) known
      group by id, price
    ), day_loss as (
      select o.id, o.price, coalesce(e.lost_energy_wh, 0) as lost,
        case when e.expected_energy_wh is null then 'none' else 'expected' end as basis
      from open_alarm o
      join station_expected_day e on e.station_id = o.station_id and e.day = ${day}::date
      where o.kind = any (${BY_DAY}::text[]) and o.began_at <= ${new Date(dayStartMs(addDays(day, 1)))}::timestamptz
    )
    insert into alarm_loss_day as l (alarm_id, day, lost_energy_wh, price_hao_per_kwh, lost_amount_fen, basis, computed_at)
    select id, ${day}::date, lost, price, round(lost::numeric * price / 100000)::bigint, basis, ${now}::timestamptz
    from (select * from quarter_loss union all select * from day_loss) every_loss
    on conflict (alarm_id, day) do update set lost_energy_wh = excluded.lost_energy_wh,
      price_hao_per_kwh = excluded.price_hao_per_kwh, lost_amount_fen = excluded.lost_amount_fen,
      basis = excluded.basis, computed_at = excluded.computed_at
    where (l.lost_energy_wh, l.price_hao_per_kwh, l.basis) is distinct from
      (excluded.lost_energy_wh, excluded.price_hao_per_kwh, excluded.basis)`);
}
