import { Inject, Injectable } from '@nestjs/common';
import type { Areas, StationDetail } from '#contracts';
import { Database, empty, sql } from '#persistence';
import { CITY } from './seed/region.ts';

/** A device as every list of the api needs it. */
export interface DirectoryDevice {
  id: number;
  code: string;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
}

/** A station with what lists, search and figures need. */
export interface DirectoryStation {
  id: number;
  code: string;
  name: string;
  kind: 'single' | 'joint';
  countyCode: string;
  countyName: string;
  townshipCode: string;
  townshipName: string;
  /** Installed DC power. */
  capacityW: number;
  ratedAcW: number;
  latitude: number;
  longitude: number;
  commissionedOn: string;
  simulated: boolean;
  /** Villages with an asset share on the day. */
  villages: number;
  villageNames: string[];
  /** Sum of the price components in force on the day; null where none is. */
  priceHaoPerKwh: number | null;
  devices: DirectoryDevice[];
}

/** The parts of the station page that the registry knows, and its equipment by code. */
export interface StationFacts extends Pick<StationDetail, 'simulated' | 'place' | 'facts' | 'villages'> {
  stationId: number;
  equipment: {
    /** Null for a gateway, which has no readings of its own. */
    deviceId: number | null;
    code: string;
    kind: 'inverter' | 'meter' | 'gateway';
    serial: string;
    model: string | null;
    ratedPowerW: number | null;
  }[];
}

/** Headline figures of the city or a county. */
export interface RegistryTotals {
  stations: number;
  /** Villages with an asset share in a station, each counted once; merged ones are not counted. */
  villages: number;
  households: number;
  posts: number;
  capacityW: number;
  /** Any station of the area is invented. */
  simulated: boolean;
  /** Settled before this ledger began; null where no opening is recorded. */
  settled: { amountFen: bigint; asOfDay: string; definition: string } | null;
}

/** What ingest must know of a device. */
export interface DeviceDirectoryEntry {
  stationCode: string;
  deviceCode: string;
  deviceId: number;
  stationId: number;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
  commissionedOn: string;
}

/** Reads of the registry. Rights by date are those in force on a given Shanghai day. */
@Injectable()
export class RegistryRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Counties and townships by code, with their stations counted. */
  async listAreas(): Promise<Areas> {
    const rows = await this.database.query<{
      countyCode: string;
      countyName: string;
      code: string;
      name: string;
      stations: number;
    }>(sql`
      select c.code as "countyCode", c.name as "countyName", t.code, t.name, count(s.id)::int as stations
      from county c
      join township t on t.county_code = c.code
      left join station s on s.township_code = t.code
      group by c.code, t.code
      order by c.code, t.code
    `);
    const counties = new Map<string, Areas['counties'][number]>();
    for (const { countyCode, countyName, ...township } of rows) {
      const county = counties.get(countyCode) ?? {
        code: countyCode,
        name: countyName,
        stations: 0,
        townships: [],
      };
      county.stations += township.stations;
      county.townships.push(township);
      counties.set(countyCode, county);
    }
    return { city: { ...CITY }, counties: [...counties.values()] };
  }

  /** Every station by code, with shares and prices as of `day`. */
  async stationDirectory(day: string): Promise<DirectoryStation[]> {
    const rows = await this.database.query<
      Omit<DirectoryStation, 'capacityW' | 'ratedAcW' | 'villages'> & { capacityW: bigint; ratedAcW: bigint }
    >(sql`
      select s.id, s.code, s.name, s.kind,
        c.code as "countyCode", c.name as "countyName", t.code as "townshipCode", t.name as "townshipName",
        s.capacity_w as "capacityW", s.rated_ac_w as "ratedAcW", s.latitude, s.longitude,
        s.commissioned_on as "commissionedOn", s.simulated,
        coalesce(v.names, '{}') as "villageNames", p.price as "priceHaoPerKwh", coalesce(d.devices, '[]') as devices
      from station s
      join township t on t.code = s.township_code
      join county c on c.code = t.county_code
      left join (
        select a.station_id, array_agg(village.name order by village.code) as names
        from asset_share a
        join village on village.code = a.village_code
        where a.effective_from <= ${day}::date and (a.effective_to is null or a.effective_to > ${day}::date)
        group by a.station_id
      ) v on v.station_id = s.id
      left join (
        select station_id, sum(price_hao_per_kwh)::int as price
        from tariff
        where effective_from <= ${day}::date and (effective_to is null or effective_to > ${day}::date)
        group by station_id
      ) p on p.station_id = s.id
      left join (
        select station_id, jsonb_agg(
          jsonb_build_object('id', id, 'code', code, 'kind', kind, 'ratedPowerW', rated_power_w)
          order by id) as devices
        from device
        group by station_id
      ) d on d.station_id = s.id
      order by s.code
    `);
    return rows.map((row) => ({
      ...row,
      capacityW: Number(row.capacityW),
      ratedAcW: Number(row.ratedAcW),
      villages: row.villageNames.length,
    }));
  }

  /** What the registry knows of a station on `day`; null where the code is unknown. */
  async stationFacts(code: string, day: string): Promise<StationFacts | null> {
    const [station] = await this.database.query<StationRow>(sql`
      select id, simulated, longitude, latitude, coordinate_system as "coordinateSystem",
        commissioned_on as "commissionedOn", tilt_deg as "tiltDeg", azimuth_deg as "azimuthDeg",
        rated_ac_w as "ratedAcW", subsidy_class as "subsidyClass"
      from station
      where code = ${code}
    `);
    if (station === undefined) return null;
    const [accounts, projects, villages, equipment] = await Promise.all([
      this.accountsOf(station.id),
      this.projectsOf(station.id, day),
      this.villagesOf(station.id, day),
      this.equipmentOf(station.id),
    ]);
    const { longitude, latitude, coordinateSystem, commissionedOn, tiltDeg, azimuthDeg, subsidyClass } =
      station;
    return {
      stationId: station.id,
      simulated: station.simulated,
      place: { longitude, latitude, coordinateSystem },
      facts: {
        commissionedOn,
        tiltDeg,
        azimuthDeg,
        ratedAcW: Number(station.ratedAcW),
        subsidyClass,
        ...accounts,
        ...projects,
      },
      villages,
      equipment,
    };
  }

  /** Headline figures of the city, or of one county. Settled money follows the county of the station. */
  async totals(countyCode?: string): Promise<RegistryTotals> {
    const inCounty = countyCode === undefined ? empty : sql`where t.county_code = ${countyCode}`;
    const andInCounty = countyCode === undefined ? empty : sql`and t.county_code = ${countyCode}`;
    const [stations] = await this.database.query<StationTotalsRow>(sql`
      select count(*)::int as stations, coalesce(sum(s.capacity_w), 0)::bigint as "capacityW",
        coalesce(bool_or(s.simulated), false) as simulated,
        sum(o.settled_fen)::bigint as "settledFen", max(o.as_of_day) as "asOfDay", max(o.definition) as definition
      from station s
      join township t on t.code = s.township_code
      left join opening_settlement o on o.station_id = s.id
      ${inCounty}
    `);
    const [people] = await this.database.query<{ villages: number; households: number; posts: number }>(sql`
      select count(*)::int as villages, coalesce(sum(v.households), 0)::int as households,
        coalesce(sum(v.posts), 0)::int as posts
      from village v
      join township t on t.code = v.township_code
      where v.successor_code is null
        and exists (select 1 from asset_share a where a.village_code = v.code)
        ${andInCounty}
    `);
    const { settledFen, asOfDay, definition } = stations ?? {};
    const known = settledFen != null && asOfDay != null && definition != null;
    return {
      stations: stations?.stations ?? 0,
      villages: people?.villages ?? 0,
      households: people?.households ?? 0,
      posts: people?.posts ?? 0,
      capacityW: Number(stations?.capacityW ?? 0n),
      simulated: stations?.simulated ?? false,
      settled: known ? { amountFen: settledFen, asOfDay, definition } : null,
    };
  }

  /** Every gateway, for ingest. */
  async gatewayDirectory(): Promise<{ stationCode: string; gatewayCode: string; stationId: number }[]> {
    return this.database.query<{ stationCode: string; gatewayCode: string; stationId: number }>(sql`
      select s.code as "stationCode", g.code as "gatewayCode", s.id as "stationId"
      from gateway g
      join station s on s.id = g.station_id`);
  }

  /** Every inverter and meter with the limits that ingest judges its readings by. */
  async deviceDirectory(): Promise<DeviceDirectoryEntry[]> {
    return this.database.query<DeviceDirectoryEntry>(sql`
      select s.code as "stationCode", d.code as "deviceCode", d.id as "deviceId", s.id as "stationId", d.kind,
        d.rated_power_w as "ratedPowerW", s.commissioned_on as "commissionedOn"
      from device d
      join station s on s.id = d.station_id
      order by d.id
    `);
  }

  private async accountsOf(
    stationId: number,
  ): Promise<Pick<StationDetail['facts'], 'gridAccounts' | 'catalogueProjects'>> {
    const gridAccounts = await this.database.query<{ accountNo: string; meterCode: string | null }>(sql`
      select a.account_no as "accountNo", d.code as "meterCode"
      from grid_account a
      left join device d on d.id = a.meter_id
      where a.station_id = ${stationId}
      order by a.account_no
    `);
    const projects = await this.database.query<{ code: string; registeredW: bigint }>(sql`
      select code, registered_w as "registeredW"
      from catalogue_project
      where station_id = ${stationId}
      order by code
    `);
    const catalogueProjects = projects.map((row) => ({
      code: row.code,
      registeredW: Number(row.registeredW),
    }));
    return { gridAccounts, catalogueProjects };
  }

  private async projectsOf(
    stationId: number,
    day: string,
  ): Promise<Pick<StationDetail['facts'], 'agriProjects' | 'tariff'>> {
    const agriProjects = await this.database.query<StationDetail['facts']['agriProjects'][number]>(sql`
      select name, crop, land_mu::float8 as "landMu", started_on as "startedOn"
      from agri_project
      where station_id = ${stationId} and (ended_on is null or ended_on > ${day}::date)
      order by started_on, name
    `);
    const tariff = await this.database.query<StationDetail['facts']['tariff'][number]>(sql`
      select component, price_hao_per_kwh as "priceHaoPerKwh", effective_from as "effectiveFrom",
        effective_to as "effectiveTo"
      from tariff
      where station_id = ${stationId}
      order by effective_from, component
    `);
    return { agriProjects, tariff };
  }

  private async villagesOf(stationId: number, day: string): Promise<StationDetail['villages']> {
    return this.database.query<StationDetail['villages'][number]>(sql`
      select v.code, v.name, t.name as "townshipName", v.households, v.posts,
        case when a.village_code is not null then jsonb_build_object(
          'numerator', a.numerator::text, 'denominator', a.denominator::text) end as "assetShare",
        case when r.village_code is not null then jsonb_build_object(
          'numerator', r.numerator::text, 'denominator', r.denominator::text) end as "revenueShare",
        r.basis as "revenueBasis"
      from village v
      join township t on t.code = v.township_code
      left join asset_share a on a.village_code = v.code and a.station_id = ${stationId}
        and a.effective_from <= ${day}::date and (a.effective_to is null or a.effective_to > ${day}::date)
      left join revenue_share r on r.village_code = v.code and r.station_id = ${stationId}
        and r.effective_from <= ${day}::date and (r.effective_to is null or r.effective_to > ${day}::date)
      where a.village_code is not null or r.village_code is not null
      order by v.code
    `);
  }

  private async equipmentOf(stationId: number): Promise<StationFacts['equipment']> {
    return this.database.query<StationFacts['equipment'][number]>(sql`
      select "deviceId", code, kind, serial, model, "ratedPowerW"
      from (
        select null::int as "deviceId", code, 'gateway' as kind, serial, null as model, null::int as "ratedPowerW"
        from gateway
        where station_id = ${stationId}
        union all
        select id, code, kind, serial, model, rated_power_w
        from device
        where station_id = ${stationId}
      ) e
      order by "deviceId" nulls first, code
    `);
  }
}

interface StationRow {
  id: number;
  simulated: boolean;
  longitude: number;
  latitude: number;
  coordinateSystem: string;
  commissionedOn: string;
  tiltDeg: number;
  azimuthDeg: number;
  ratedAcW: bigint;
  subsidyClass: 'national' | 'local' | 'none';
}

interface StationTotalsRow {
  stations: number;
  capacityW: bigint;
  simulated: boolean;
  settledFen: bigint | null;
  asOfDay: string | null;
  definition: string | null;
}
