import { toRadians } from './angles.ts';
import { sunPosition, type SunPosition, type SunQuestion } from './sun-position.ts';

const DIFFUSE_SHARE = 0.15;
const ALBEDO = 0.2;
/** Power falls by 0.4 % for each degree that the cell is above 25 degrees Celsius. */
const TEMPERATURE_COEFFICIENT = 0.004;
const CELL_REFERENCE_C = 25;
/** The cell is this much warmer than the air at 1 kW/m2. */
const CELL_RISE_C = 28;
/** The yearly mean of daylight air that the formula of the expected output assumes. */
const AIR_DEFAULT_C = 15;

/** How the modules stand. Azimuth 180 is south. */
export interface PlaneOrientation {
  tiltDeg: number;
  azimuthDeg: number;
}

/** Global horizontal irradiance under a cloudless sky, kW/m2, by Haurwitz (1945); 0 at night. */
export function clearSkyHorizontalIrradiance(elevationDeg: number): number {
  const cosZenith = Math.sin(toRadians(elevationDeg));
  return cosZenith <= 0 ? 0 : 1.098 * cosZenith * Math.exp(-0.057 / cosZenith);
}

/** What of the sun does not depend on the plane: worked out once where many planes are tried. */
export interface PreparedSun {
  horizontal: number;
  sinElevation: number;
  cosElevation: number;
  azimuthDeg: number;
}

export function prepareSun({ elevationDeg, azimuthDeg }: SunPosition): PreparedSun {
  const elevationRad = toRadians(elevationDeg);
  return {
    horizontal: clearSkyHorizontalIrradiance(elevationDeg),
    sinElevation: Math.sin(elevationRad),
    cosElevation: Math.cos(elevationRad),
    azimuthDeg,
  };
}

/** Irradiance in the plane of the modules under a cloudless sky, kW/m2: isotropic, diffuse 15 %, albedo 0.2. */
export function clearSkyPlaneIrradiance(sun: SunPosition, plane: PlaneOrientation): number {
  return planeIrradiances(plane)(prepareSun(sun));
}

/** The same for many suns and one plane. */
export function planeIrradiances(plane: PlaneOrientation): (sun: PreparedSun) => number {
  const tiltRad = toRadians(plane.tiltDeg);
  const cosTilt = Math.cos(tiltRad);
  const sinTilt = Math.sin(tiltRad);
  const sky = (DIFFUSE_SHARE * (1 + cosTilt)) / 2;
  const ground = (ALBEDO * (1 - cosTilt)) / 2;
  return ({ horizontal, sinElevation, cosElevation, azimuthDeg }) => {
    if (horizontal === 0) return 0;
    const cosIncidence =
      sinElevation * cosTilt + cosElevation * sinTilt * Math.cos(toRadians(azimuthDeg - plane.azimuthDeg));
    const beam = ((1 - DIFFUSE_SHARE) * Math.max(0, cosIncidence)) / sinElevation;
    return horizontal * (beam + sky + ground);
  };
}

/**
 * Share of the installed power that a plane irradiance gives, kW per kW: the irradiance in kW/m2 times a temperature
 * factor. Losses of cables, dust and ageing are not in it.
 */
export function specificPower(planeIrradiance: number, airTemperatureC: number): number {
  const cellC = airTemperatureC + CELL_RISE_C * planeIrradiance;
  return planeIrradiance * Math.max(0, 1 - TEMPERATURE_COEFFICIENT * (cellC - CELL_REFERENCE_C));
}

/**
 * What a station would give under a cloudless sky, kW per installed kW; 0 at night. Without an air temperature the
 * yearly mean of 15 degrees Celsius is taken.
 */
export function clearSkySpecificPower(
  question: SunQuestion & PlaneOrientation & { airTemperatureC?: number | undefined },
): number {
  const irradiance = clearSkyPlaneIrradiance(sunPosition(question), question);
  return specificPower(irradiance, question.airTemperatureC ?? AIR_DEFAULT_C);
}
