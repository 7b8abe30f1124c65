import type { OpeningSettlementRecord, RegistrySnapshot, StationRecord } from '../snapshot.ts';
import { apportion } from './apportion.ts';
import { equipStation } from './equipment.ts';
import { groupStations, type StationGroup } from './groups.ts';
import { stationPlace, townshipCentres, walkTownships } from './places.ts';
import type { Point } from './polygon.ts';
import { randomFor } from './random.ts';
import { readRegion, type CountyPlan } from './region.ts';
import {
  agriProjects,
  catalogueProjects,
  commissioningDay,
  stationShares,
  stationTariffs,
} from './rights.ts';
import { seedVillages, type SeedVillage } from './villages.ts';

/** Cumulative settled amount of the published source: 786,000,000.00 yuan, in fen (domain.md 0). */
export const OPENING_SETTLED_FEN = 78_600_000_000n;
/** The figures of the source most likely describe the end of 2020 (domain.md 0). */
export const OPENING_AS_OF_DAY = '2020-12-31';
export const OPENING_DEFINITION = '累计结算（含已结未付的补贴），口径待运营方确认';

/** Stations built by localities in the way of central policy are paid later (domain.md 1.3). */
const LOCAL_SUBSIDY_PROBABILITY = 0.08;

interface SeedCounty {
  plan: CountyPlan;
  centres: Map<string, Point>;
  villages: SeedVillage[];
  groups: StationGroup[];
}

/**
 * The invented registry of Lüliang: real counties and townships, invented villages and stations (模拟数据). Sums are
 * those of the published source, by county as `data/region/counties.csv` has them: 468 stations, 1,469 villages,
 * 218,000 households, 394,000 kW, 82,000 posts, 786,000,000.00 yuan settled. The same seed gives the same registry.
 */
export function generateRegistry(seed: number): RegistrySnapshot {
  const counties = readRegion().map((plan) => seedCounty(seed, plan));
  const groups = counties.flatMap((county) => county.groups);
  const openings = openingSettlements(groups);
  const projects = agriProjects(seed, groups);
  return {
    counties: counties.map(({ plan }) => plan.county),
    townships: counties.flatMap(({ plan }) => plan.townships),
    villages: counties.flatMap(({ villages }) =>
      villages.map(({ code, townshipCode, name, households, posts }) => ({
        code,
        townshipCode,
        name,
        households,
        posts,
      })),
    ),
    stations: counties.flatMap((county) =>
      county.groups.map((group) => ({
        ...buildStation(seed, county, group),
        agriProjects: projects.get(group.code) ?? [],
        openingSettlement: openings.get(group.code) ?? null,
      })),
    ),
  };
}

function seedCounty(seed: number, plan: CountyPlan): SeedCounty {
  const centres = townshipCentres(seed, plan);
  const villages = seedVillages(seed, plan, walkTownships(plan.townships, centres));
  return { plan, centres, villages, groups: groupStations(seed, plan, villages) };
}

function buildStation(
  seed: number,
  county: SeedCounty,
  group: StationGroup,
): Omit<StationRecord, 'agriProjects' | 'openingSettlement'> {
  const lead = group.villages[0];
  const centre = county.centres.get(lead?.townshipCode ?? '');
  if (lead === undefined || centre === undefined) throw new Error(`station ${group.code} has no village`);
  const random = randomFor(seed, 'station', group.code);
  const [longitude, latitude] = stationPlace({ seed, code: group.code, centre, plan: county.plan });
  const name = `${lead.stem}${group.kind === 'single' ? '村级电站' : '联村电站'}`;
  const commissionedOn = commissioningDay(seed, group.code);
  const equipment = equipStation(seed, group.code, group.capacityKw);
  return {
    code: group.code,
    name,
    kind: group.kind,
    townshipCode: lead.townshipCode,
    longitude,
    latitude,
    capacityW: group.capacityKw * 1000,
    ratedAcW: equipment.ratedAcW,
    tiltDeg: random.integer(30, 36),
    azimuthDeg: Math.round(180 + random.bell() * 15),
    commissionedOn,
    subsidyClass: random.chance(LOCAL_SUBSIDY_PROBABILITY) ? 'local' : 'national',
    gateways: equipment.gateways,
    devices: equipment.devices,
    gridAccounts: [
      { accountNo: gridAccountNo(group.code), meterCode: 'M01', accountName: `${lead.name}股份经济合作社` },
    ],
    catalogueProjects: catalogueProjects(group),
    ...stationShares(seed, group, commissionedOn),
    tariffs: stationTariffs(seed, group.code, commissionedOn),
  };
}

/** 13 digits; no real account of the grid company begins with 0. */
const gridAccountNo = (stationCode: string) => `0${stationCode.replace('-', '')}001`;

/** The settled total over the stations by capacity, to the fen. */
function openingSettlements(groups: readonly StationGroup[]): Map<string, OpeningSettlementRecord> {
  const parts = apportion(
    OPENING_SETTLED_FEN,
    groups.map(({ capacityKw }) => BigInt(capacityKw)),
  );
  return new Map(
    groups.map(({ code }, index) => [
      code,
      { settledFen: parts[index] ?? 0n, asOfDay: OPENING_AS_OF_DAY, definition: OPENING_DEFINITION },
    ]),
  );
}
