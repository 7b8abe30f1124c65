import type {
  AgriProjectRecord,
  CatalogueProjectRecord,
  RevenueShareRecord,
  ShareRecord,
  TariffRecord,
} from '../snapshot.ts';
import { apportionCount } from './apportion.ts';
import type { StationGroup } from './groups.ts';
import { randomFor } from './random.ts';

/** Coal benchmark of Shanxi, 0.332 yuan/kWh (domain.md 2.1). */
const BASE_HAO_PER_KWH = 3320;
/** 0.85 yuan/kWh in all for zone III. */
const SUBSIDY_HAO_PER_KWH = 5180;
/** 0.98 yuan/kWh in all for some of the older stations. */
const OLD_SUBSIDY_HAO_PER_KWH = 6480;
/** Stations connected before this day may have the older price. */
const OLD_PRICE_BEFORE = '2018-01-01';
const OLD_PRICE_PROBABILITY = 0.6;
const HOUSEHOLD_BASIS_PROBABILITY = 0.45;
/** Some stations went over from capacity to households on this day; the older share stays, with its end. */
const BASIS_CHANGED_ON = '2022-01-01';
const BASIS_CHANGE_PROBABILITY = 0.15;
/** Villages a catalogue project; a large joint station was registered in several parts. */
const VILLAGES_PER_CATALOGUE_PROJECT = 4;

/** A day of commissioning from 2017-06-30 to 2019-12-31: mostly December 2018 to the end of 2019. */
export function commissioningDay(seed: number, code: string): string {
  const random = randomFor(seed, 'commissioned', code);
  const early = random.next();
  const [from, to] =
    early < 0.06
      ? ['2017-06-30', '2017-12-31']
      : early < 0.14
        ? ['2018-01-15', '2018-11-30']
        : early < 0.6
          ? ['2018-12-10', '2019-01-31']
          : ['2019-02-01', '2019-12-31'];
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const days = Math.round((toMs - fromMs) / 86_400_000);
  return new Date(fromMs + random.integer(0, days) * 86_400_000).toISOString().slice(0, 10);
}

/** Price components from the day of commissioning on. */
export function stationTariffs(seed: number, code: string, commissionedOn: string): TariffRecord[] {
  const old =
    commissionedOn < OLD_PRICE_BEFORE && randomFor(seed, 'tariff', code).chance(OLD_PRICE_PROBABILITY);
  const from = { effectiveFrom: commissionedOn, effectiveTo: null };
  return [
    { component: 'base', priceHaoPerKwh: BASE_HAO_PER_KWH, ...from },
    { component: 'subsidy', priceHaoPerKwh: old ? OLD_SUBSIDY_HAO_PER_KWH : SUBSIDY_HAO_PER_KWH, ...from },
  ];
}

/** Asset shares by kW, and revenue shares by kW or by households (domain.md 1.7). Each sums to exactly one. */
export function stationShares(
  seed: number,
  group: StationGroup,
  commissionedOn: string,
): { assetShares: ShareRecord[]; revenueShares: RevenueShareRecord[] } {
  const random = randomFor(seed, 'shares', group.code);
  const kwByVillage = apportionCount(
    group.capacityKw,
    group.villages.map(({ households }) => households * random.between(0.8, 1.25)),
  );
  const households = group.villages.map((village) => village.households);
  const always = { effectiveFrom: commissionedOn, effectiveTo: null };
  const assetShares = fractions(group, kwByVillage).map((share) => ({ ...share, ...always }));
  const byCapacity = fractions(group, kwByVillage).map((share) => ({ ...share, basis: 'capacity' as const }));
  const byHouseholds = fractions(group, households).map((share) => ({
    ...share,
    basis: 'households' as const,
  }));
  if (group.kind === 'single' || !random.chance(HOUSEHOLD_BASIS_PROBABILITY)) {
    return { assetShares, revenueShares: byCapacity.map((share) => ({ ...share, ...always })) };
  }
  if (!random.chance(BASIS_CHANGE_PROBABILITY)) {
    return { assetShares, revenueShares: byHouseholds.map((share) => ({ ...share, ...always })) };
  }
  const before = { effectiveFrom: commissionedOn, effectiveTo: BASIS_CHANGED_ON };
  const after = { effectiveFrom: BASIS_CHANGED_ON, effectiveTo: null };
  return {
    assetShares,
    revenueShares: [
      ...byCapacity.map((share) => ({ ...share, ...before })),
      ...byHouseholds.map((share) => ({ ...share, ...after })),
    ],
  };
}

function fractions(group: StationGroup, parts: readonly number[]) {
  const denominator = BigInt(parts.reduce((sum, part) => sum + part, 0));
  return group.villages.map((village, index) => ({
    villageCode: village.code,
    numerator: BigInt(parts[index] ?? 0),
    denominator,
  }));
}

/** Entries of the subsidy catalogue; they sum to the capacity of the station. */
export function catalogueProjects(group: StationGroup): CatalogueProjectRecord[] {
  const parts = Math.ceil(group.villages.length / VILLAGES_PER_CATALOGUE_PROJECT);
  return apportionCount(
    group.capacityKw,
    Array.from({ length: parts }, () => 1),
  ).map((registeredKw, index) => ({
    code: `SIM-ML-${group.code.replace('-', '')}-${index + 1}`,
    registeredW: registeredKw * 1000,
  }));
}

const CROPS = [
  { crop: '中药材（黄芩）', title: '光伏+中药材基地' },
  { crop: '食用菌（香菇）', title: '光伏+食用菌大棚' },
  { crop: '散养羊', title: '光伏+散养羊牧场' },
  { crop: '大豆', title: '光伏+大豆种植' },
  { crop: '中药材（柴胡）', title: '光伏+中药材基地' },
  { crop: '食用菌（羊肚菌）', title: '光伏+食用菌大棚' },
  { crop: '散养鸡', title: '光伏+林下养鸡' },
  { crop: '谷子', title: '光伏+杂粮种植' },
  { crop: '油用牡丹', title: '光伏+油用牡丹园' },
  { crop: '黄花菜', title: '光伏+黄花菜种植' },
  { crop: '马铃薯', title: '光伏+马铃薯种植' },
  { crop: '中药材（蒲公英）', title: '光伏+中药材基地' },
] as const;
/** Ground a station needs, mu a MW: 石楼 27, 临县 40 (domain.md 2.4). */
const MU_PER_MW = { min: 27, max: 40 } as const;
/** Land under or beside the modules only pays from this size on. */
const AGRI_CAPACITY_MIN_KW = 500;

/** 光伏+ projects by station code: one each on a dozen of the larger stations. */
export function agriProjects(
  seed: number,
  groups: readonly StationGroup[],
): Map<string, AgriProjectRecord[]> {
  const chosen = groups
    .filter(({ capacityKw }) => capacityKw >= AGRI_CAPACITY_MIN_KW)
    .map((group) => ({ group, rank: randomFor(seed, 'agri', group.code).next() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, CROPS.length);
  return new Map(
    chosen.map(({ group }, index) => {
      const random = randomFor(seed, 'agri-project', group.code);
      const kind = CROPS[index % CROPS.length] ?? CROPS[0];
      const mu =
        (group.capacityKw / 1000) * random.between(MU_PER_MW.min, MU_PER_MW.max) * random.between(0.3, 0.7);
      const project = {
        name: `${group.villages[0]?.stem ?? ''}${kind.title}`,
        crop: kind.crop,
        landMu: Math.round(mu * 10) / 10,
        startedOn: `${random.integer(2020, 2024)}-${random.pick(['03-20', '04-10', '05-01'])}`,
      };
      return [group.code, [project]];
    }),
  );
}
