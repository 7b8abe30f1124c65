import { keyOf, unit } from './random.ts';

const KM_PER_DEGREE = 111.2;
const HOUR_MS = 3_600_000;
/** The lattices must not run along the meridian through the fleet, where stations would share their nodes. */
const TURN = { cos: Math.cos(0.6), sin: Math.sin(0.6) };

/** One size of cloud: how far and how long it is alike, and its part of the variance. */
interface Layer {
  km: number;
  hours: number;
  share: number;
}

/**
 * Weather systems, cloud fields and single clouds. Fitted so that the irradiance of two places differs as measured:
 * hourly by 10, 19 and 24 %, daily by 5, 12 and 15 % at 2, 12 and 25 km (Zelenka 1999, Perez 2002).
 */
const LAYERS: readonly Layer[] = [
  { km: 900, hours: 24, share: 0.78 },
  { km: 30, hours: 12, share: 0.075 },
  { km: 30, hours: 3, share: 0.07 },
  { km: 3, hours: 12, share: 0.015 },
  { km: 3, hours: 0.5, share: 0.06 },
];

const DAY_HOURS: readonly number[] = [9, 11, 13, 15, 17];
/** Deviation of the mean of these hours, where each has 1 (measured over 2,000 days). */
const DAY_MEAN_DEVIATION = 0.72;

export interface FieldPlace {
  latitudeDeg: number;
  longitudeDeg: number;
}

/**
 * Cloud over a region as a field in space and time: near places share their sky, and less so the shorter the time. A
 * pure function of seed, place and instant.
 */
export class SkyField {
  private readonly keys: readonly number[];

  constructor(seed: number) {
    this.keys = LAYERS.map((_, index) => keyOf(seed, 'field', String(index)));
  }

  /** Darkness of the sky, mean 0 and deviation 1, all layers together. */
  darkness(place: FieldPlace, atMs: number): number {
    return LAYERS.reduce(
      (sum, layer, index) => sum + Math.sqrt(layer.share) * this.layer(index, place, atMs),
      0,
    );
  }

  /** Cloud of local size alone, mean 0 and deviation 1: what differs between neighbours. */
  localDarkness(place: FieldPlace, atMs: number): number {
    const local = LAYERS.slice(1);
    const total = local.reduce((sum, { share }) => sum + share, 0);
    return local.reduce(
      (sum, layer, index) => sum + Math.sqrt(layer.share / total) * this.layer(index + 1, place, atMs),
      0,
    );
  }

  /**
   * How much brighter than its county a place is over a day, mean 0 and deviation near 1: the mean of the local cloud
   * from 9:00 to 17:00.
   */
  localBrightness(place: FieldPlace, dayStart: number): number {
    let sum = 0;
    for (const hour of DAY_HOURS) sum -= this.localDarkness(place, dayStart + hour * HOUR_MS);
    return sum / DAY_HOURS.length / DAY_MEAN_DEVIATION;
  }

  /**
   * Clear-sky index of the horizontal irradiance: by the rank of the darkness the brightest 40 % are clear, then it falls
   * to 0.6 at 70 % and to 0.15 at the darkest.
   */
  index(place: FieldPlace, atMs: number): number {
    return indexOfRank(rankOf(this.darkness(place, atMs)));
  }

  private layer(index: number, place: FieldPlace, atMs: number): number {
    const { km, hours } = LAYERS[index] ?? { km: 1, hours: 1 };
    const east = place.longitudeDeg * KM_PER_DEGREE * Math.cos(0.655);
    const north = place.latitudeDeg * KM_PER_DEGREE;
    return latticeNoise(
      this.keys[index] ?? 0,
      (east * TURN.cos - north * TURN.sin) / km,
      (east * TURN.sin + north * TURN.cos) / km,
      atMs / (hours * HOUR_MS),
    );
  }
}

/** Clear-sky index by the rank of a darkness, 0 the brightest. */
export function indexOfRank(rank: number): number {
  if (rank <= 0.4) return 1;
  if (rank <= 0.7) return 1 - (0.4 * (rank - 0.4)) / 0.3;
  return 0.6 - (0.45 * (rank - 0.7)) / 0.3;
}

/** Share of a normal distribution below a value, within 0.01. */
const rankOf = (value: number): number => 1 / (1 + Math.exp(-1.702 * value));

/** Smooth noise on a lattice of three dimensions, mean 0 and deviation 1 everywhere. */
function latticeNoise(key: number, x: number, y: number, time: number): number {
  const [column, east] = split(x);
  const [row, north] = split(y);
  const [step, later] = split(time);
  let sum = 0;
  let squares = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const [dx, dy, dt] = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const weight = (dx ? east : 1 - east) * (dy ? north : 1 - north) * (dt ? later : 1 - later);
    if (weight === 0) continue;
    sum += weight * (unit(key, (column + dx) * 8192 + row + dy, step + dt) - 0.5);
    squares += weight * weight;
  }
  // An even number between -0.5 and 0.5 has the deviation sqrt(1/12).
  return (sum * Math.sqrt(12)) / Math.sqrt(squares);
}

function split(position: number): [whole: number, smoothed: number] {
  const whole = Math.floor(position);
  const rest = position - whole;
  return [whole, rest * rest * (3 - 2 * rest)];
}
