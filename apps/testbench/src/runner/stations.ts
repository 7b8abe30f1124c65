import { BUILTIN_PROFILES, profileSchema, type Profile } from '#ingestion';
import { sql, type Database } from '#persistence';
import {
  CITY,
  readAreas,
  writeSnapshot,
  type RegistrySnapshot,
  type StationRecord,
  type TownshipRecord,
  type VillageRecord,
} from '#registry';
import {
  parseScenario,
  type FileFault,
  type Scenario,
  type ScenarioDevice,
  type ScenarioStation,
} from './scenario-file.ts';

/** What the registry takes for a station; a scenario may be smaller. */
const CAPACITY_MIN_W = 1000;
const CAPACITY_MAX_W = 10_000_000;
const PLACE = { longitude: 111.13, latitude: 37.52 };

/** A device as it stands in the registry: also where it is moved to later. */
interface Placed {
  stationCode: string;
  device: ScenarioDevice;
}

/** Writes the stations of a scenario into the registry of an empty database, and maps the names of vendors. */
export async function writeStations(database: Database, scenario: Scenario, profiles: readonly Profile[]) {
  const places = placesOf(scenario);
  await writeSnapshot(database, snapshotOf(scenario, places), { simulated: true, seed: 1 });
  for (const { stationCode, device } of places)
    if (device.counter?.modulusWh !== undefined)
      await database.query(sql`
        update device d set counter_modulus_wh = ${device.counter.modulusWh}::bigint
        from station s
        where s.id = d.station_id and s.code = ${stationCode} and d.code = ${device.code}`);
  await enableProfiles(database, scenario, profiles);
  await mapSources(database, places);
}

/** A scenario that can be run with its profiles, or everything that is wrong with the file. */
export function readScenario(
  text: string,
): { scenario: Scenario; profiles: Profile[] } | { faults: FileFault[] } {
  const parsed = parseScenario(text);
  if ('faults' in parsed) return parsed;
  const found = profilesOf(parsed.scenario);
  return 'faults' in found ? found : { scenario: parsed.scenario, profiles: found.profiles };
}

/** Profiles that the scenario uses besides the native one, or what is wrong with them. */
function profilesOf(scenario: Scenario): { profiles: Profile[] } | { faults: FileFault[] } {
  const faults: FileFault[] = [];
  const own = new Map<string, Profile>();
  for (const [index, content] of scenario.profiles.entries()) {
    const parsed = profileSchema.safeParse(content);
    if (parsed.success) own.set(parsed.data.id, parsed.data);
    else
      for (const { path, message } of parsed.error.issues)
        faults.push({ place: [`profiles[${index}]`, ...path].join('.'), fault: message });
  }
  const wanted = new Set<string>();
  for (const [index, { devices }] of scenario.stations.entries())
    for (const [place, device] of devices.entries()) {
      const ids = own.has(device.profile) ? [device.profile] : builtinIds(device.profile);
      const [id] = ids;
      if (id !== undefined && ids.length === 1) {
        device.profile = id;
        wanted.add(id);
      } else
        faults.push({
          place: `stations[${index}].devices[${place}].profile`,
          fault:
            ids.length > 1
              ? `${device.profile} may be ${ids.join(', ')}`
              : `there is no profile ${device.profile}`,
        });
    }
  wanted.delete('native');
  if (faults.length > 0) return { faults };
  const profiles = [...wanted]
    .sort()
    .flatMap((id) => own.get(id) ?? BUILTIN_PROFILES.find((profile) => profile.id === id) ?? []);
  return { profiles };
}

/** The built-in profile of this id, or those of whose ids it is a part: `grott` will do for `growatt-grott`. */
function builtinIds(name: string): string[] {
  const ids = BUILTIN_PROFILES.map(({ id }) => id);
  return ids.includes(name) ? [name] : ids.filter((id) => id.includes(name.toLowerCase()));
}

function placesOf({ stations, steps }: Scenario): Placed[] {
  const places = stations.flatMap(({ code: stationCode, devices }) =>
    devices.map((device) => ({ stationCode, device })),
  );
  for (const { deviceMoved: move } of steps) {
    if (!move) continue;
    const isThere = places.some(
      ({ stationCode, device }) => stationCode === move.to && device.code === move.device,
    );
    const from = places.find(
      ({ stationCode, device }) => stationCode === move.from && device.code === move.device,
    );
    // What the vendor calls it goes with it only once it is there, and a source id means one device.
    if (!isThere && from) places.push({ stationCode: move.to, device: from.device });
  }
  return places;
}

function snapshotOf({ stations }: Scenario, places: readonly Placed[]): RegistrySnapshot {
  const areas = readAreas();
  const counties = [...areas.counties];
  const townships = [...areas.townships];
  for (const { countyCode } of stations) {
    if (counties.some(({ code }) => code === countyCode)) continue;
    counties.push({
      code: countyCode,
      name: `${CITY.name} ${countyCode}`,
      seatLongitude: PLACE.longitude,
      seatLatitude: PLACE.latitude,
    });
    townships.push({ code: `${countyCode}000`, countyCode, name: countyCode });
  }
  return {
    counties,
    townships,
    villages: villagesOf(stations, townships),
    stations: stations.map((station) => {
      const county = counties.find(({ code }) => code === station.countyCode);
      const township = townships.find(({ countyCode }) => countyCode === station.countyCode);
      return recordOf(station, places, {
        townshipCode: township?.code ?? '',
        longitude: county?.seatLongitude ?? PLACE.longitude,
        latitude: county?.seatLatitude ?? PLACE.latitude,
      });
    }),
  };
}

function recordOf(
  station: ScenarioStation,
  places: readonly Placed[],
  place: Pick<StationRecord, 'townshipCode' | 'longitude' | 'latitude'>,
): StationRecord {
  const own = places.filter(({ stationCode }) => stationCode === station.code).map(({ device }) => device);
  const inverters = own.filter(({ kind }) => kind === 'inverter');
  const sumKw = (inverters.length > 0 ? inverters : own).reduce((sum, { ratedKw }) => sum + ratedKw, 0);
  const ratedW = Math.round((station.ratedKw ?? sumKw) * 1000);
  const capacityW = Math.min(CAPACITY_MAX_W, Math.max(CAPACITY_MIN_W, ratedW));
  const [gatewayCode = ''] = station.gateways;
  return {
    code: station.code,
    name: station.code,
    kind: 'single',
    ...place,
    capacityW,
    ratedAcW: capacityW,
    tiltDeg: 30,
    azimuthDeg: 180,
    commissionedOn: station.commissionedOn,
    subsidyClass: 'none',
    gateways: station.gateways.map((code) => ({ code, serial: `${station.code}-${code}` })),
    devices: own.map(({ code, kind, serial, ratedKw }) => ({
      code,
      kind,
      serial: serial ?? `${station.code}-${code}`,
      model: null,
      ratedPowerW: Math.max(1, Math.round(ratedKw * 1000)),
      stringCount: null,
      gatewayCode,
    })),
    catalogueProjects: [],
    assetShares: [],
    ...settlementOf(station),
    agriProjects: [],
    openingSettlement: null,
  };
}

/** Every village that a share names, once. */
function villagesOf(
  stations: readonly ScenarioStation[],
  townships: readonly TownshipRecord[],
): VillageRecord[] {
  const villages = new Map<string, VillageRecord>();
  for (const { countyCode, settlement } of stations)
    for (const { village: code } of settlement?.shares ?? [])
      if (!villages.has(code)) {
        const township = townships.find((each) => each.countyCode === countyCode);
        villages.set(code, { code, townshipCode: township?.code ?? '', name: code, households: 0, posts: 0 });
      }
  return [...villages.values()];
}

/** Account, prices and shares of a station that is settled. */
function settlementOf({
  code,
  commissionedOn,
  devices,
  settlement,
}: ScenarioStation): Pick<StationRecord, 'gridAccounts' | 'revenueShares' | 'tariffs'> {
  if (!settlement) return { gridAccounts: [], revenueShares: [], tariffs: [] };
  const tariffs = (['base', 'subsidy'] as const).flatMap((component) => {
    const price = settlement.tariff[component];
    return price === undefined
      ? []
      : [
          {
            component,
            priceHaoPerKwh: Number(price.replace('.', '')),
            effectiveFrom: commissionedOn,
            effectiveTo: null,
          },
        ];
  });
  const meterCode = devices.find(({ kind }) => kind === 'meter')?.code ?? '';
  return {
    gridAccounts: [{ accountNo: settlement.account, meterCode, accountName: code }],
    revenueShares: settlement.shares.map(({ village, share, from, to }) => {
      const [numerator = '0', denominator = '1'] = share.split('/');
      return {
        villageCode: village,
        numerator: BigInt(numerator),
        denominator: BigInt(denominator),
        effectiveFrom: from ?? commissionedOn,
        effectiveTo: to ?? null,
        basis: 'fixed' as const,
      };
    }),
    tariffs,
  };
}

async function enableProfiles(database: Database, scenario: Scenario, profiles: readonly Profile[]) {
  for (const { id } of profiles) {
    const own = scenario.profiles.find((content) => content['id'] === id);
    await database.query(sql`
      insert into vendor_profile (id, content, enabled, changed_at, changed_by)
      values (${id}, ${own ? JSON.stringify(own) : null}::jsonb, true, now(), 'scenario')`);
  }
}

/** Serial, code and `station/code` name a device to its vendor, unless two devices of a profile would share the name. */
async function mapSources(database: Database, places: readonly Placed[]) {
  const claims = new Map<string, { profile: string; source: string; place: Placed }[]>();
  for (const place of places) {
    const { stationCode, device } = place;
    const { profile, source, serial, code } = device;
    const names = source === undefined ? [serial, code, `${stationCode}/${code}`] : [source];
    for (const name of new Set(names))
      if (name !== undefined && profile !== 'native') {
        const key = `${profile} ${name}`;
        claims.set(key, [...(claims.get(key) ?? []), { profile, source: name, place }]);
      }
  }
  for (const [claim, second] of claims.values())
    if (claim && !second)
      await database.query(sql`
        insert into device_source (profile_id, source_id, device_id)
        select ${claim.profile}, ${claim.source}, d.id
        from device d
        join station s on s.id = d.station_id
        where s.code = ${claim.place.stationCode} and d.code = ${claim.place.device.code}`);
}
