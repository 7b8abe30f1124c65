import { apportionCount } from './apportion.ts';
import { randomFor, type Random } from './random.ts';
import type { CountyPlan } from './region.ts';
import type { SeedVillage } from './villages.ts';

/** A station to be: the villages that it serves and its size. */
export interface StationGroup {
  code: string;
  kind: 'single' | 'joint';
  villages: SeedVillage[];
  capacityKw: number;
}

/** Every county's total is a multiple of this, and so is every station. */
const CAPACITY_STEP_KW = 10;
/** Single-village stations, domain.md 5.3. */
const SINGLE_KW = { min: 60, max: 500 } as const;
/** A rich county does not give its single stations more than this on average. */
const SINGLE_KW_TYPICAL_MAX = 400;
/** Share of single stations where a county has enough villages; the mean of 842 kW says that most are joint. */
const SINGLE_SHARE = 0.35;
/** Room above the fewest villages that joint stations need. */
const SINGLE_SLACK_SHARE = 0.1;
/** Counties with so few stations for so many villages have joint ones only, as 岚县 really has. */
const VILLAGES_PER_STATION_ALL_JOINT = 7;
/** A joint station serves at most this many villages, or twice the mean where that is more. */
const JOINT_VILLAGES_MAX = 6;
/** Some villages have a share in a second station beside their own. */
const SECOND_STATION_PROBABILITY = 0.1;

/**
 * Cuts the villages of a county, neighbours beside each other, into the groups that share a station, and sizes the
 * stations so that they sum to the county's kW. Every village is in at least one group.
 */
export function groupStations(
  seed: number,
  plan: CountyPlan,
  villages: readonly SeedVillage[],
): StationGroup[] {
  const random = randomFor(seed, 'county-groups', plan.county.code);
  const sizes = random.shuffle(groupSizes(plan, random));
  const groups: StationGroup[] = [];
  let first = 0;
  for (const [index, size] of sizes.entries()) {
    const code = `${plan.county.code}-${String(index + 1).padStart(3, '0')}`;
    const own = villages.slice(first, first + size);
    first += size;
    const neighbour = villages[first];
    const shared =
      size > 1 &&
      neighbour !== undefined &&
      randomFor(seed, 'second', code).chance(SECOND_STATION_PROBABILITY);
    groups.push({
      code,
      kind: size === 1 ? 'single' : 'joint',
      villages: shared ? [...own, neighbour] : own,
      capacityKw: 0,
    });
  }
  return withCapacity(seed, plan, groups);
}

function groupSizes(plan: CountyPlan, random: Random): number[] {
  const mean = plan.villages / plan.stations;
  const fewestSingles = 2 * plan.stations - plan.villages + Math.round(SINGLE_SLACK_SHARE * plan.stations);
  const singles =
    mean > VILLAGES_PER_STATION_ALL_JOINT
      ? 0
      : Math.max(fewestSingles, Math.round(SINGLE_SHARE * plan.stations));
  const joints = Array.from({ length: plan.stations - singles }, () => 2);
  const most = Math.max(JOINT_VILLAGES_MAX, Math.ceil((2 * (plan.villages - singles)) / joints.length));
  for (let rest = plan.villages - singles - 2 * joints.length; rest > 0;) {
    const index = random.integer(0, joints.length - 1);
    const size = joints[index] ?? most;
    if (size >= most) continue;
    joints[index] = size + 1;
    rest--;
  }
  return [...Array.from({ length: singles }, () => 1), ...joints];
}

function withCapacity(seed: number, plan: CountyPlan, groups: readonly StationGroup[]): StationGroup[] {
  const kwPerVillage = plan.capacityKw / plan.villages;
  const sized = groups.map((group) => {
    const random = randomFor(seed, 'capacity', group.code);
    if (group.kind === 'single') {
      const typicalKw = Math.min(kwPerVillage, SINGLE_KW_TYPICAL_MAX) * random.between(0.6, 1.25);
      const steps = Math.round(typicalKw / CAPACITY_STEP_KW);
      return { ...group, capacityKw: clamp(steps * CAPACITY_STEP_KW, SINGLE_KW.min, SINGLE_KW.max) };
    }
    return { ...group, weight: group.villages.length * random.between(0.85, 1.15) };
  });
  const joints = sized.filter((group) => 'weight' in group);
  const singlesKw = sized.reduce((sum, group) => sum + group.capacityKw, 0);
  const jointSteps = apportionCount(
    (plan.capacityKw - singlesKw) / CAPACITY_STEP_KW,
    joints.map(({ weight }) => weight),
  );
  const kwByCode = new Map(
    joints.map(({ code }, index) => [code, (jointSteps[index] ?? 0) * CAPACITY_STEP_KW]),
  );
  return sized.map(({ code, kind, villages, capacityKw }) => ({
    code,
    kind,
    villages,
    capacityKw: kwByCode.get(code) ?? capacityKw,
  }));
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
