import { sql, type Queryable } from '#persistence';
import type {
  AgriProjectRecord,
  CatalogueProjectRecord,
  CountyRecord,
  DeviceRecord,
  GatewayRecord,
  GridAccountRecord,
  OpeningSettlementRecord,
  RevenueShareRecord,
  ShareRecord,
  StationRecord,
  TariffRecord,
  TownshipRecord,
  VillageRecord,
} from './snapshot.ts';

/*
 * Inserts of the registry's tables, many rows in one statement. A row whose key is taken is left as it stands, so
 * every insert may be repeated. Who must know beforehand whether a key is taken asks before.
 */

/** A row that belongs to a station, by the station's code. */
export type OfStation<T> = T & { stationCode: string };
/** An imported device may hang on no known gateway. */
export type InsertedDevice = Omit<DeviceRecord, 'gatewayCode'> & { gatewayCode: string | null };
/** Components are an open list (domain.md 2.1). */
export type InsertedTariff = Omit<TariffRecord, 'component'> & { component: string };
export type StationFactsRecord = Pick<
  StationRecord,
  | 'code'
  | 'name'
  | 'kind'
  | 'townshipCode'
  | 'longitude'
  | 'latitude'
  | 'capacityW'
  | 'ratedAcW'
  | 'tiltDeg'
  | 'azimuthDeg'
  | 'commissionedOn'
  | 'subsidyClass'
>;

/** One writer of the registry at a time, until the end of the transaction: checks and inserts then see one state. */
export async function lockRegistry(transaction: Queryable): Promise<void> {
  await transaction.query(sql`select pg_advisory_xact_lock(hashtext('registry.write'))`);
}

/** Counties and townships that are not there yet; also the ground that a registry import stands on. */
export async function writeAreas(
  queryable: Queryable,
  areas: { counties: readonly CountyRecord[]; townships: readonly TownshipRecord[] },
): Promise<void> {
  const { counties, townships } = areas;
  await queryable.query(sql`
    insert into county (code, name, seat_longitude, seat_latitude)
    select code, name, seat_longitude, seat_latitude
    from unnest(
      ${counties.map(({ code }) => code)}::text[],
      ${counties.map(({ name }) => name)}::text[],
      ${counties.map(({ seatLongitude }) => seatLongitude)}::float8[],
      ${counties.map(({ seatLatitude }) => seatLatitude)}::float8[]) as c (code, name, seat_longitude, seat_latitude)
    on conflict do nothing
  `);
  await queryable.query(sql`
    insert into township (code, county_code, name)
    select code, county_code, name
    from unnest(
      ${townships.map(({ code }) => code)}::text[],
      ${townships.map(({ countyCode }) => countyCode)}::text[],
      ${townships.map(({ name }) => name)}::text[]) as t (code, county_code, name)
    on conflict do nothing
  `);
}

export async function insertVillages(
  queryable: Queryable,
  villages: readonly VillageRecord[],
  simulated: boolean,
): Promise<void> {
  await queryable.query(sql`
    insert into village (code, township_code, name, households, posts, simulated)
    select code, township_code, name, households, posts, ${simulated}::boolean
    from unnest(
      ${villages.map(({ code }) => code)}::text[],
      ${villages.map(({ townshipCode }) => townshipCode)}::text[],
      ${villages.map(({ name }) => name)}::text[],
      ${villages.map(({ households }) => households)}::int[],
      ${villages.map(({ posts }) => posts)}::int[]) as v (code, township_code, name, households, posts)
    on conflict do nothing
  `);
}

/** Ids follow the order of the rows. */
export async function insertStations(
  queryable: Queryable,
  stations: readonly StationFactsRecord[],
  simulated: boolean,
): Promise<void> {
  await queryable.query(sql`
    insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    select code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, ${simulated}::boolean
    from unnest(
      ${stations.map(({ code }) => code)}::text[],
      ${stations.map(({ name }) => name)}::text[],
      ${stations.map(({ kind }) => kind)}::text[],
      ${stations.map(({ townshipCode }) => townshipCode)}::text[],
      ${stations.map(({ longitude }) => longitude)}::float8[],
      ${stations.map(({ latitude }) => latitude)}::float8[],
      ${stations.map(({ capacityW }) => capacityW)}::bigint[],
      ${stations.map(({ ratedAcW }) => ratedAcW)}::bigint[],
      ${stations.map(({ tiltDeg }) => tiltDeg)}::real[],
      ${stations.map(({ azimuthDeg }) => azimuthDeg)}::real[],
      ${stations.map(({ commissionedOn }) => commissionedOn)}::date[],
      ${stations.map(({ subsidyClass }) => subsidyClass)}::text[])
      with ordinality as s (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
        azimuth_deg, commissioned_on, subsidy_class, position)
    order by position
    on conflict do nothing
  `);
}

export async function insertGateways(
  queryable: Queryable,
  gateways: readonly OfStation<GatewayRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into gateway (station_id, code, serial)
    select s.id, g.code, g.serial
    from unnest(
      ${gateways.map(({ stationCode }) => stationCode)}::text[],
      ${gateways.map(({ code }) => code)}::text[],
      ${gateways.map(({ serial }) => serial)}::text[]) as g (station_code, code, serial)
    join station s on s.code = g.station_code
    on conflict do nothing
  `);
}

/** Their gateways must be there. */
export async function insertDevices(
  queryable: Queryable,
  devices: readonly OfStation<InsertedDevice>[],
): Promise<void> {
  await queryable.query(sql`
    insert into device (station_id, code, kind, serial, model, rated_power_w, string_count, gateway_code)
    select s.id, d.code, d.kind, d.serial, d.model, d.rated_power_w, d.string_count, d.gateway_code
    from unnest(
      ${devices.map(({ stationCode }) => stationCode)}::text[],
      ${devices.map(({ code }) => code)}::text[],
      ${devices.map(({ kind }) => kind)}::text[],
      ${devices.map(({ serial }) => serial)}::text[],
      ${devices.map(({ model }) => model)}::text[],
      ${devices.map(({ ratedPowerW }) => ratedPowerW)}::int[],
      ${devices.map(({ stringCount }) => stringCount)}::smallint[],
      ${devices.map(({ gatewayCode }) => gatewayCode)}::text[])
      with ordinality as d (station_code, code, kind, serial, model, rated_power_w, string_count, gateway_code, position)
    join station s on s.code = d.station_code
    order by d.position
    on conflict do nothing
  `);
}

/** Their meters must be there. */
export async function insertGridAccounts(
  queryable: Queryable,
  accounts: readonly OfStation<GridAccountRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into grid_account (account_no, station_id, meter_id, account_name)
    select a.account_no, s.id, d.id, a.account_name
    from unnest(
      ${accounts.map(({ accountNo }) => accountNo)}::text[],
      ${accounts.map(({ stationCode }) => stationCode)}::text[],
      ${accounts.map(({ meterCode }) => meterCode)}::text[],
      ${accounts.map(({ accountName }) => accountName)}::text[]) as a (account_no, station_code, meter_code, account_name)
    join station s on s.code = a.station_code
    left join device d on d.station_id = s.id and d.code = a.meter_code and d.kind = 'meter'
    on conflict do nothing
  `);
}

export async function insertCatalogueProjects(
  queryable: Queryable,
  projects: readonly OfStation<CatalogueProjectRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into catalogue_project (code, station_id, registered_w)
    select p.code, s.id, p.registered_w
    from unnest(
      ${projects.map(({ code }) => code)}::text[],
      ${projects.map(({ stationCode }) => stationCode)}::text[],
      ${projects.map(({ registeredW }) => registeredW)}::bigint[]) as p (code, station_code, registered_w)
    join station s on s.code = p.station_code
    on conflict do nothing
  `);
}

export async function insertAssetShares(
  queryable: Queryable,
  shares: readonly OfStation<ShareRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into asset_share (station_id, village_code, numerator, denominator, effective_from, effective_to)
    select s.id, a.village_code, a.numerator, a.denominator, a.effective_from, a.effective_to
    from unnest(
      ${shares.map(({ stationCode }) => stationCode)}::text[],
      ${shares.map(({ villageCode }) => villageCode)}::text[],
      ${shares.map(({ numerator }) => numerator)}::bigint[],
      ${shares.map(({ denominator }) => denominator)}::bigint[],
      ${shares.map(({ effectiveFrom }) => effectiveFrom)}::date[],
      ${shares.map(({ effectiveTo }) => effectiveTo)}::date[])
      as a (station_code, village_code, numerator, denominator, effective_from, effective_to)
    join station s on s.code = a.station_code
    on conflict do nothing
  `);
}

export async function insertRevenueShares(
  queryable: Queryable,
  shares: readonly OfStation<RevenueShareRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into revenue_share (station_id, village_code, numerator, denominator, basis, effective_from, effective_to)
    select s.id, r.village_code, r.numerator, r.denominator, r.basis, r.effective_from, r.effective_to
    from unnest(
      ${shares.map(({ stationCode }) => stationCode)}::text[],
      ${shares.map(({ villageCode }) => villageCode)}::text[],
      ${shares.map(({ numerator }) => numerator)}::bigint[],
      ${shares.map(({ denominator }) => denominator)}::bigint[],
      ${shares.map(({ basis }) => basis)}::text[],
      ${shares.map(({ effectiveFrom }) => effectiveFrom)}::date[],
      ${shares.map(({ effectiveTo }) => effectiveTo)}::date[])
      as r (station_code, village_code, numerator, denominator, basis, effective_from, effective_to)
    join station s on s.code = r.station_code
    on conflict do nothing
  `);
}

export async function insertTariffs(
  queryable: Queryable,
  tariffs: readonly OfStation<InsertedTariff>[],
): Promise<void> {
  await queryable.query(sql`
    insert into tariff (station_id, component, price_hao_per_kwh, effective_from, effective_to)
    select s.id, t.component, t.price_hao_per_kwh, t.effective_from, t.effective_to
    from unnest(
      ${tariffs.map(({ stationCode }) => stationCode)}::text[],
      ${tariffs.map(({ component }) => component)}::text[],
      ${tariffs.map(({ priceHaoPerKwh }) => priceHaoPerKwh)}::int[],
      ${tariffs.map(({ effectiveFrom }) => effectiveFrom)}::date[],
      ${tariffs.map(({ effectiveTo }) => effectiveTo)}::date[])
      as t (station_code, component, price_hao_per_kwh, effective_from, effective_to)
    join station s on s.code = t.station_code
    on conflict do nothing
  `);
}

export async function insertAgriProjects(
  queryable: Queryable,
  projects: readonly OfStation<AgriProjectRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into agri_project (station_id, name, crop, land_mu, started_on)
    select s.id, p.name, p.crop, p.land_mu, p.started_on
    from unnest(
      ${projects.map(({ stationCode }) => stationCode)}::text[],
      ${projects.map(({ name }) => name)}::text[],
      ${projects.map(({ crop }) => crop)}::text[],
      ${projects.map(({ landMu }) => landMu)}::numeric[],
      ${projects.map(({ startedOn }) => startedOn)}::date[]) as p (station_code, name, crop, land_mu, started_on)
    join station s on s.code = p.station_code
    on conflict do nothing
  `);
}

export async function insertOpeningSettlements(
  queryable: Queryable,
  openings: readonly OfStation<OpeningSettlementRecord>[],
): Promise<void> {
  await queryable.query(sql`
    insert into opening_settlement (station_id, settled_fen, as_of_day, definition)
    select s.id, o.settled_fen, o.as_of_day, o.definition
    from unnest(
      ${openings.map(({ stationCode }) => stationCode)}::text[],
      ${openings.map(({ settledFen }) => settledFen)}::bigint[],
      ${openings.map(({ asOfDay }) => asOfDay)}::date[],
      ${openings.map(({ definition }) => definition)}::text[]) as o (station_code, settled_fen, as_of_day, definition)
    join station s on s.code = o.station_code
    on conflict do nothing
  `);
}
