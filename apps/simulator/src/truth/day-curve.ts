import {
  clearSkyHorizontalIrradiance,
  clearSkyPlaneIrradiance,
  dayStartMs,
  DAY_MS,
  specificPower,
  sunPosition,
  type SunPosition,
} from '#domain';
import { KNOT_MS, KNOTS_PER_DAY, KNOTS_PER_HOUR, seasonOf } from './calendar.ts';
import type { Plant, StationPlant } from './plant.ts';
import { keyOf, smoothNoise } from './random.ts';
import { airTemperatureC, type SkyState } from './sky.ts';

/** An inverter does not start below this irradiance on the ground, kW/m2. */
const START_IRRADIANCE = 0.008;
/** The sun of this year stands for every year: the difference is less than a quarter of a degree. */
const SUN_YEAR_START_MS = dayStartMs('2025-01-01');

/** How far cloud moves the power within a day: shared by the county, and of the station alone (20 % of the noise). */
const CLOUD_SWING: Record<SkyState, { county: number; station: number }> = {
  clear: { county: 0.03, station: 0.008 },
  mixed: { county: 0.36, station: 0.09 },
  overcast: { county: 0.32, station: 0.08 },
};

/** How the energy of one day of one station grows. */
export interface DayCurve {
  /** Share of the day's energy made before each of the 289 knots; from 0 to exactly 1. */
  shares: Float64Array;
  /** The first knot from which energy flows, and the knot at which it stops. */
  dawnKnot: number;
  duskKnot: number;
}

interface SunDay {
  firstKnot: number;
  positions: readonly SunPosition[];
}

/** Makes day curves; remembers the path of the sun by county and day of the year. */
export class DayCurves {
  private readonly suns = new Map<number, SunDay>();
  private readonly countyKeys: readonly number[];

  constructor(private readonly plant: Plant) {
    this.countyKeys = plant.countyCodes.map((code) => keyOf(plant.seed, 'cloud', code));
  }

  curve(station: StationPlant, dayIndex: number, state: SkyState): DayCurve {
    const { month, dayOfYear } = seasonOf(dayIndex);
    const { firstKnot, positions } = this.sunDay(station.countyIndex, dayOfYear);
    const countyKey = this.countyKeys[station.countyIndex] ?? 0;
    const swing = CLOUD_SWING[state];
    const shares = new Float64Array(KNOTS_PER_DAY + 1);
    let sum = 0;
    positions.forEach((sun, offset) => {
      const knot = firstKnot + offset;
      const quarter = (dayIndex * KNOTS_PER_DAY + knot) / 3;
      const cloud =
        1 + swing.county * roughness(countyKey, quarter) + swing.station * smoothNoise(station.key, quarter);
      const air = airTemperatureC(month, knot / KNOTS_PER_HOUR);
      sum += Math.max(0, specificPower(clearSkyPlaneIrradiance(sun, station), air) * cloud);
      shares[knot + 1] = sum;
    });
    const duskKnot = firstKnot + positions.length;
    for (let knot = firstKnot + 1; knot < duskKnot; knot += 1) shares[knot] = (shares[knot] ?? 0) / sum;
    shares.fill(1, duskKnot);
    return { shares, dawnKnot: firstKnot, duskKnot };
  }

  private sunDay(countyIndex: number, dayOfYear: number): SunDay {
    const key = countyIndex * 400 + dayOfYear;
    const known = this.suns.get(key);
    if (known) return known;
    const seat = this.plant.countySeats[countyIndex];
    if (seat === undefined) throw new RangeError(`no county ${countyIndex}`);
    const startMs = SUN_YEAR_START_MS + (dayOfYear - 1) * DAY_MS;
    const positions: SunPosition[] = [];
    let firstKnot = -1;
    for (let knot = 0; knot < KNOTS_PER_DAY; knot += 1) {
      const sun = sunPosition({ instantMs: startMs + (knot + 0.5) * KNOT_MS, ...seat });
      if (clearSkyHorizontalIrradiance(sun.elevationDeg) < START_IRRADIANCE) continue;
      if (firstKnot < 0) firstKnot = knot;
      positions.push(sun);
    }
    const day = { firstKnot, positions };
    this.suns.set(key, day);
    return day;
  }
}

/** Cloud that changes by the hour and, less, by the quarter hour; in [-1, 1]. */
function roughness(key: number, quarter: number): number {
  return 0.6 * smoothNoise(key, quarter / 4) + 0.4 * smoothNoise(key + 1, quarter);
}
