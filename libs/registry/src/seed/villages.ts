import type { TownshipRecord, VillageRecord } from '../snapshot.ts';
import { apportionAtLeast, apportionCount } from './apportion.ts';
import { villageStem } from './names.ts';
import { randomFor } from './random.ts';
import type { CountyPlan } from './region.ts';

/** A village with the words of its name before 村, from which its station takes its own name. */
export interface SeedVillage extends VillageRecord {
  stem: string;
}

/** Villages with a share gather in some townships: about this many in each. */
const VILLAGES_PER_TOWNSHIP = 6;
/** Running numbers of invented villages are 901 to 999; real villages are numbered from 001 and from 200. */
const INVENTED_NUMBER_BASE = 900;
const HOUSEHOLDS_MIN = 20;
/** Parks and zones have no villages; streets come last. */
const NO_VILLAGES = /(园区|开发区)$/;
const STREET = /街道$/;

/**
 * Invented villages of a county in the order of a walk over its townships. Households and posts sum to the plan.
 * @param walk townships of the county, neighbours beside each other.
 */
export function seedVillages(seed: number, plan: CountyPlan, walk: readonly TownshipRecord[]): SeedVillage[] {
  const taken = new Set<string>();
  const counts = villagesByTownship(seed, plan);
  const villages = walk.flatMap((township) =>
    Array.from({ length: counts.get(township.code) ?? 0 }, (_, index) => {
      const code = `${township.code}${INVENTED_NUMBER_BASE + index + 1}`;
      return { code, townshipCode: township.code, stem: villageStem(seed, code, taken) };
    }),
  );
  const sizes = villages.map(({ code }) => {
    const random = randomFor(seed, 'village-size', code);
    return { households: 1 + 0.75 * random.bell(), postsPerHousehold: 1 + 0.15 * random.bell() };
  });
  const households = apportionAtLeast(
    plan.households,
    sizes.map((size) => size.households),
    HOUSEHOLDS_MIN,
  );
  const posts = apportionCount(
    plan.posts,
    sizes.map((size, index) => (households[index] ?? 0) * size.postsPerHousehold),
  );
  return villages.map((village, index) => ({
    ...village,
    name: `${village.stem}村`,
    households: households[index] ?? 0,
    posts: posts[index] ?? 0,
  }));
}

function villagesByTownship(seed: number, plan: CountyPlan): Map<string, number> {
  const random = randomFor(seed, 'county-townships', plan.county.code);
  const shuffled = random.shuffle(plan.townships.filter(({ name }) => !NO_VILLAGES.test(name)));
  const streetsLast = [
    ...shuffled.filter(({ name }) => !STREET.test(name)),
    ...shuffled.filter(({ name }) => STREET.test(name)),
  ];
  const chosen = streetsLast.slice(0, Math.max(2, Math.ceil(plan.villages / VILLAGES_PER_TOWNSHIP)));
  const weights = chosen.map(({ name }) => (STREET.test(name) ? 0.4 : random.between(0.6, 1.6)));
  const counts = apportionAtLeast(plan.villages, weights, 1);
  return new Map(chosen.map(({ code }, index) => [code, counts[index] ?? 0]));
}
