import { sql, type Queryable } from '#persistence';

interface ShareOfVersion {
  villageCode: string;
  villageName: string;
  numerator: string;
  denominator: string;
  successorCode: string | null;
  mergedOn: string | null;
}

interface ShareVersion {
  effectiveFrom: string;
  effectiveTo: string | null;
  /** Null of asset shares. */
  basis: string | null;
  shares: ShareOfVersion[];
}

interface TariffVersion {
  component: string;
  priceHaoPerKwh: number;
  effectiveFrom: string;
  effectiveTo: string | null;
}

/** Dated rights of a station with all their versions, the newest first. */
export interface StoredRights {
  stationCode: string;
  stationName: string;
  countyCode: string;
  asset: ShareVersion[];
  revenue: ShareVersion[];
  tariffs: TariffVersion[];
}

/** Asset and revenue shares and prices of a station as exact fractions by date; null where there is no such station. */
export async function stationRights(database: Queryable, code: string): Promise<StoredRights | null> {
  const [station] = await database.query<{ id: number; name: string; countyCode: string }>(sql`
    select s.id, s.name, t.county_code as "countyCode"
    from station s
    join township t on t.code = s.township_code
    where s.code = ${code}`);
  if (!station) return null;
  const { id, name, countyCode } = station;
  const tariffs = await database.query<TariffVersion>(sql`
    select t.component, t.price_hao_per_kwh as "priceHaoPerKwh", t.effective_from as "effectiveFrom",
      t.effective_to as "effectiveTo"
    from tariff t
    where t.station_id = ${id}::int
    order by t.component, t.effective_from desc`);
  return {
    stationCode: code,
    stationName: name,
    countyCode,
    asset: await assetVersions(database, id),
    revenue: await revenueVersions(database, id),
    tariffs,
  };
}

async function assetVersions(database: Queryable, stationId: number): Promise<ShareVersion[]> {
  return database.query<ShareVersion>(sql`
    select a.effective_from as "effectiveFrom", a.effective_to as "effectiveTo", null as basis,
      jsonb_agg(jsonb_build_object('villageCode', v.code, 'villageName', v.name, 'numerator', a.numerator::text,
        'denominator', a.denominator::text, 'successorCode', v.successor_code, 'mergedOn', v.merged_on)
        order by v.code) as shares
    from asset_share a
    join village v on v.code = a.village_code
    where a.station_id = ${stationId}::int
    group by a.effective_from, a.effective_to
    order by a.effective_from desc`);
}

async function revenueVersions(database: Queryable, stationId: number): Promise<ShareVersion[]> {
  return database.query<ShareVersion>(sql`
    select r.effective_from as "effectiveFrom", r.effective_to as "effectiveTo", min(r.basis) as basis,
      jsonb_agg(jsonb_build_object('villageCode', v.code, 'villageName', v.name, 'numerator', r.numerator::text,
        'denominator', r.denominator::text, 'successorCode', v.successor_code, 'mergedOn', v.merged_on)
        order by v.code) as shares
    from revenue_share r
    join village v on v.code = r.village_code
    where r.station_id = ${stationId}::int
    group by r.effective_from, r.effective_to
    order by r.effective_from desc`);
}
