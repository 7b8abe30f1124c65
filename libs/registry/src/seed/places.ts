import type { TownshipRecord } from '../snapshot.ts';
import { contains, containsWithMargin, distanceSquared, pointsInside, type Point } from './polygon.ts';
import { randomFor } from './random.ts';
import type { CountyPlan } from './region.ts';

/** The map's borders are some hundred metres off, so nothing is placed nearer to them than about 1 km. */
const BORDER_MARGIN_DEG = 0.01;
/** Candidates for the middle of a township; the one furthest from the others wins. */
const CENTRE_CANDIDATES = 8;
/** Stations lie within about 5 km of the middle of their township. */
const TOWNSHIP_REACH_DEG = 0.05;
const PLACE_TRIES = 60;
/** Five decimals are about a metre. */
const COORDINATE_SCALE = 100_000;

/**
 * Invented middles of the townships, spread evenly over the county: where the seats really lie is not in the data.
 * The first township by code is the county town and lies at the county seat.
 */
export function townshipCentres(seed: number, plan: CountyPlan): Map<string, Point> {
  const centres = new Map<string, Point>();
  for (const township of plan.townships) {
    const random = randomFor(seed, 'township', township.code);
    const seat: Point = [plan.county.seatLongitude, plan.county.seatLatitude];
    if (centres.size === 0 && contains(plan.border, seat)) {
      centres.set(township.code, seat);
      continue;
    }
    const taken = [...centres.values()];
    const candidates = pointsInside({
      border: plan.border,
      random,
      marginDeg: BORDER_MARGIN_DEG,
      count: CENTRE_CANDIDATES,
    });
    centres.set(township.code, furthest(candidates, taken));
  }
  return centres;
}

function furthest(candidates: readonly Point[], taken: readonly Point[]): Point {
  const ranked = candidates
    .map((point) => ({
      point,
      gap: Math.min(Infinity, ...taken.map((other) => distanceSquared(point, other))),
    }))
    .sort((a, b) => b.gap - a.gap);
  const best = ranked[0];
  if (best === undefined) throw new RangeError('no candidates');
  return best.point;
}

/** Townships as a walk from neighbour to neighbour, so that villages next to each other in the list are near. */
export function walkTownships(
  townships: readonly TownshipRecord[],
  centres: ReadonlyMap<string, Point>,
): TownshipRecord[] {
  const rest = [...townships];
  const walk = rest.splice(0, 1);
  while (rest.length > 0) {
    const here = centres.get(walk[walk.length - 1]?.code ?? '');
    const gapOf = (township: TownshipRecord) => {
      const there = centres.get(township.code);
      return here === undefined || there === undefined ? Infinity : distanceSquared(here, there);
    };
    rest.sort((a, b) => gapOf(a) - gapOf(b));
    walk.push(...rest.splice(0, 1));
  }
  return walk;
}

/** A place near the middle of a township and inside the county, WGS-84, five decimals. */
export function stationPlace(options: {
  seed: number;
  code: string;
  centre: Point;
  plan: CountyPlan;
}): Point {
  const random = randomFor(options.seed, 'place', options.code);
  for (let attempt = 0; attempt < PLACE_TRIES; attempt++) {
    const point = rounded([
      options.centre[0] + random.bell() * TOWNSHIP_REACH_DEG,
      options.centre[1] + random.bell() * TOWNSHIP_REACH_DEG,
    ]);
    if (containsWithMargin(options.plan.border, point, BORDER_MARGIN_DEG / 2)) return point;
  }
  return rounded(options.centre);
}

const rounded = ([longitude, latitude]: Point): Point => [
  Math.round(longitude * COORDINATE_SCALE) / COORDINATE_SCALE,
  Math.round(latitude * COORDINATE_SCALE) / COORDINATE_SCALE,
];
