import { sql, type Queryable } from '#persistence';
import type { TestbenchWorld } from './protocol.ts';

type Station = TestbenchWorld['stations'][number];

/** Stations of the registry with what a run needs of them, by code, and the areas that they lie in. */
export async function worldOf(database: Queryable, codes: readonly string[]): Promise<TestbenchWorld> {
  const stations = await database.query<Station>(sql`
    select s.code, s.name, s.kind, s.township_code as "townshipCode", s.longitude, s.latitude,
      s.capacity_w::float8 as "capacityW", s.rated_ac_w::float8 as "ratedAcW", s.tilt_deg as "tiltDeg",
      s.azimuth_deg as "azimuthDeg", s.commissioned_on as "commissionedOn", s.subsidy_class as "subsidyClass",
      coalesce(g.gateways, '[]') as gateways, coalesce(d.devices, '[]') as devices, coalesce(p.prices, '[]') as prices
    from station s
    left join lateral (
      select jsonb_agg(jsonb_build_object('code', g.code, 'serial', g.serial) order by g.code) as gateways
      from gateway g
      where g.station_id = s.id
    ) as g on true
    left join lateral (
      select jsonb_agg(
        jsonb_build_object('code', d.code, 'kind', d.kind, 'serial', d.serial, 'model', d.model,
          'ratedPowerW', d.rated_power_w, 'stringCount', d.string_count,
          -- A device that no gateway is known of is read by the first.
          'gatewayCode', coalesce(d.gateway_code,
            (select min(f.code) from gateway f where f.station_id = s.id), ''))
        order by d.id) as devices
      from device d
      where d.station_id = s.id
    ) as d on true
    left join lateral (
      select jsonb_agg(
        jsonb_build_object('component', t.component, 'priceHaoPerKwh', t.price_hao_per_kwh,
          'effectiveFrom', t.effective_from, 'effectiveTo', t.effective_to)
        order by t.component, t.effective_from) as prices
      from tariff t
      where t.station_id = s.id
    ) as p on true
    where s.code = any (${[...codes]}::text[])
    order by s.code`);
  const townships = await database.query<TestbenchWorld['townships'][number]>(sql`
    select t.code, t.county_code as "countyCode", t.name
    from township t
    where t.code = any (${stations.map(({ townshipCode }) => townshipCode)}::text[])
    order by t.code`);
  const counties = await database.query<TestbenchWorld['counties'][number]>(sql`
    select c.code, c.name, c.seat_longitude as "seatLongitude", c.seat_latitude as "seatLatitude"
    from county c
    where c.code = any (${townships.map(({ countyCode }) => countyCode)}::text[])
    order by c.code`);
  return { counties, townships, stations };
}
