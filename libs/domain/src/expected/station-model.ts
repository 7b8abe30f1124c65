import { clearSkyPlaneIrradiance, specificPower, type PlaneOrientation } from '../solar/clear-sky.ts';
import { sunPosition, type SunPosition } from '../solar/sun-position.ts';
import { QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY, SHANGHAI_OFFSET_MS } from '../time/shanghai.ts';

/** Changes with every change of a formula or constant of this folder, so that stored numbers tell what made them. */
export const EXPECTED_MODEL_VERSION = 'clear-sky-1';

/** Mean air of the hills of western Shanxi by month, degrees Celsius, and how far the day swings about it (warmest at 15:00). */
const AIR_MONTH_C: readonly number[] = [-7, -3, 4, 12, 18, 22, 24, 22, 17, 10, 2, -5];
const AIR_SWING_C = 6;
/** Power that is left when a hill hides the sun: the diffuse light of a clear sky. */
const SHADED_SHARE = 0.25;
const AZIMUTH_BIN_DEG = 5;

/** Where a station stands and what is installed. */
export interface ExpectedPlace {
  latitudeDeg: number;
  longitudeDeg: number;
  /** Installed DC power, W. */
  capacityW: number;
}

/** What a station makes under a cloudless sky. Plain data, stored as JSON. */
export interface StationModel extends PlaneOrientation {
  version: string;
  /** Share of the formula's power that the station gives, losses and a wrong capacity included. */
  scale: number;
  /** Plateau at which the inverters hold the power, W; null where none was seen. */
  limitW: number | null;
  /** Hills and trees: elevation of the sun up to which it is hidden, by azimuth. */
  horizon: readonly { azimuthDeg: number; elevationDeg: number }[];
  /** Clear days that the fit rests on; 0 for start values. */
  fittedDays: number;
  /** Mean absolute error of the fit as a share of the power; null for start values. */
  errorShare: number | null;
}

/** Start values of a station without history: 33 degrees to the south and the median scale of the fleet. */
export function startModel(fleetScale: number | null): StationModel {
  return {
    version: EXPECTED_MODEL_VERSION,
    tiltDeg: 33,
    azimuthDeg: 180,
    scale: fleetScale ?? 0.85,
    limitW: null,
    horizon: [],
    fittedDays: 0,
    errorShare: null,
  };
}

/**
 * Power under a cloudless sky, W: `min(limit, scale x capacity x G x (1 - 0.004 x (28 G + air - 25)))`, G in kW/m2 in
 * the plane of the modules by Haurwitz, diffuse 15 %, albedo 0.2, isotropic; the air is the usual one of month and hour.
 * 0 at night. Pass the middle of an interval.
 */
export function clearSkyPowerW(model: StationModel, place: ExpectedPlace, atMs: number): number {
  return clearSkyPowerUnderW(model, place, modelSun(place, atMs));
}

/** The sun and the usual air at an instant. */
export interface ModelSun extends SunPosition {
  airC: number;
}

/** Where the sun stands over a place, and the usual air of the month and the hour in Shanghai. */
export function modelSun(place: ExpectedPlace, atMs: number): ModelSun {
  const local = new Date(atMs + SHANGHAI_OFFSET_MS);
  const swing = Math.cos(((local.getUTCHours() + local.getUTCMinutes() / 60 - 15) / 24) * 2 * Math.PI);
  const airC = (AIR_MONTH_C[local.getUTCMonth()] ?? 10) + AIR_SWING_C * swing;
  return { ...sunPosition({ instantMs: atMs, ...place }), airC };
}

/** The same where the sun's position is at hand. */
export function clearSkyPowerUnderW(model: StationModel, place: ExpectedPlace, sun: ModelSun): number {
  if (sun.elevationDeg <= 0) return 0;
  const perKw = specificPower(clearSkyPlaneIrradiance(sun, model), sun.airC);
  const shade = isHidden(model, sun) ? SHADED_SHARE : 1;
  const powerW = model.scale * place.capacityW * perKw * shade;
  return model.limitW === null ? powerW : Math.min(model.limitW, powerW);
}

/** True where the horizon of the model hides the sun. */
export function isHidden(model: Pick<StationModel, 'horizon'>, sun: SunPosition): boolean {
  const bin = azimuthBin(sun.azimuthDeg);
  return model.horizon.some(
    ({ azimuthDeg, elevationDeg }) => azimuthDeg === bin && sun.elevationDeg <= elevationDeg,
  );
}

/** Middle of the 5-degree bin of an azimuth. */
export const azimuthBin = (azimuthDeg: number): number =>
  Math.floor(azimuthDeg / AZIMUTH_BIN_DEG) * AZIMUTH_BIN_DEG + AZIMUTH_BIN_DEG / 2;

/** Clear-sky power and sun of the 96 quarter hours of a day, each at its middle. */
export interface ClearDay {
  clearW: Float64Array;
  /** True where the sun stands above 10 degrees and no hill hides it: the slots that tell something of the sky. */
  isJudged: boolean[];
}

/** Below this elevation the model is too rough to judge. */
export const JUDGED_ELEVATION_DEG = 10;

/** The 96 quarter hours of the Shanghai day that begins at `startMs`. */
export function clearDay(model: StationModel, place: ExpectedPlace, startMs: number): ClearDay {
  const clearW = new Float64Array(QUARTER_HOURS_PER_DAY);
  const isJudged = Array.from({ length: QUARTER_HOURS_PER_DAY }, () => false);
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const sun = modelSun(place, startMs + (slot + 0.5) * QUARTER_HOUR_MS);
    clearW[slot] = clearSkyPowerUnderW(model, place, sun);
    isJudged[slot] = sun.elevationDeg > JUDGED_ELEVATION_DEG && !isHidden(model, sun);
  }
  return { clearW, isJudged };
}
