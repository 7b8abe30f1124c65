import {
  clearSkyHorizontalIrradiance,
  clearSkyPlaneIrradiance,
  dayStartMs,
  DAY_MS,
  specificPower,
  sunPosition,
  type SunPosition,
} from '#domain';
import { KNOT_MS, KNOTS_PER_DAY, KNOTS_PER_HOUR, seasonOf, startOfDayIndexMs } from './calendar.ts';
import type { Plant, StationPlant } from './plant.ts';
import { SkyField } from './sky-field.ts';
import { airTemperatureC, type SkyState } from './sky.ts';

/** An inverter does not start below this irradiance on the ground, kW/m2. */
const START_IRRADIANCE = 0.008;
/** The sun of this year stands for every year: the difference is less than a quarter of a degree. */
const SUN_YEAR_START_MS = dayStartMs('2025-01-01');

/** How far cloud moves the power within a day, as a deviation. */
const CLOUD_SWING: Record<SkyState, number> = { clear: 0.02, mixed: 0.24, overcast: 0.21 };
/** Between clouds the sun is never much brighter than the day, and under the thickest some light is left. */
const CLOUD_RANGE = { brightest: -1.6, darkest: 2.4 };

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

/** Makes day curves under clouds that near stations share; remembers the path of the sun by county and day of the year. */
export class DayCurves {
  private readonly suns = new Map<number, SunDay>();
  private readonly field: SkyField;

  constructor(private readonly plant: Plant) {
    this.field = new SkyField(plant.seed);
  }

  curve(station: StationPlant, dayIndex: number, state: SkyState): DayCurve {
    const { month, dayOfYear } = seasonOf(dayIndex);
    const { firstKnot, positions } = this.sunDay(station.countyIndex, dayOfYear);
    const swing = CLOUD_SWING[state];
    const shares = new Float64Array(KNOTS_PER_DAY + 1);
    let sum = 0;
    positions.forEach((sun, offset) => {
      const knot = firstKnot + offset;
      const atMs = startOfDayIndexMs(dayIndex) + (knot + 0.5) * KNOT_MS;
      const darkness = this.field.localDarkness(station, atMs);
      const cloud = 1 - swing * Math.max(CLOUD_RANGE.brightest, Math.min(CLOUD_RANGE.darkest, darkness));
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
