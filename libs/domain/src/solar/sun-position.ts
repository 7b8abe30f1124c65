import { toDegrees, toRadians } from './angles.ts';

const J2000_MS = Date.UTC(2000, 0, 1, 12);
const DAY_MS = 86_400_000;
const HOURS_PER_TURN = 24;
/** Mean radius of the earth over the distance of the sun: the sun stands this much lower than from the centre. */
const PARALLAX_RAD = 4.26e-5;

/** A place on the earth and an instant in epoch ms. East and north are positive. */
export interface SunQuestion {
  instantMs: number;
  latitudeDeg: number;
  longitudeDeg: number;
}

/** Where the sun stands. Azimuth runs clockwise from north: 90 east, 180 south. */
export interface SunPosition {
  elevationDeg: number;
  azimuthDeg: number;
}

/** Declination and hour angle of the sun, radians; the hour angle lies in [-pi, pi) and is 0 at solar noon. */
export interface SunAngles {
  declinationRad: number;
  hourAngleRad: number;
}

/**
 * Declination and hour angle at an instant, by PSA+ (Blanco 2020), within 0.01 degrees from 2020 to 2050.
 * @param question longitude in degrees east, instant in epoch ms.
 */
export function sunAngles({ instantMs, longitudeDeg }: Omit<SunQuestion, 'latitudeDeg'>): SunAngles {
  const days = (instantMs - J2000_MS) / DAY_MS;
  const utcHour = (((instantMs % DAY_MS) + DAY_MS) % DAY_MS) / 3_600_000;
  const omega = 2.267127827 - 9.300339267e-4 * days;
  const meanLongitude = 4.895036035 + 0.01720279602 * days;
  const anomaly = 6.239468336 + 0.01720200135 * days;
  const longitude =
    meanLongitude +
    0.03338320972 * Math.sin(anomaly) +
    3.497596876e-4 * Math.sin(2 * anomaly) -
    1.544353226e-4 -
    8.689729e-6 * Math.sin(omega);
  const obliquity = 0.4090904909 - 6.213605e-9 * days + 4.418094944e-5 * Math.cos(omega);
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude));
  const declinationRad = Math.asin(Math.sin(obliquity) * Math.sin(longitude));
  const siderealHour = 6.697096103 + 0.06570984737 * days + utcHour;
  const hourAngle =
    siderealHour * ((2 * Math.PI) / HOURS_PER_TURN) + toRadians(longitudeDeg) - rightAscension;
  return { declinationRad, hourAngleRad: wrap(hourAngle) };
}

/**
 * Elevation and azimuth of the sun's centre, degrees, without refraction (which lifts the sun by half a degree at the
 * horizon and by less than 0.1 degrees above 10 degrees). Error below 0.1 degrees from 2020 to 2050.
 */
export function sunPosition(question: SunQuestion): SunPosition {
  const { declinationRad, hourAngleRad } = sunAngles(question);
  const latitudeRad = toRadians(question.latitudeDeg);
  const sinElevation =
    Math.cos(latitudeRad) * Math.cos(hourAngleRad) * Math.cos(declinationRad) +
    Math.sin(declinationRad) * Math.sin(latitudeRad);
  const elevationRad = Math.asin(Math.max(-1, Math.min(1, sinElevation)));
  const azimuthRad = Math.atan2(
    -Math.sin(hourAngleRad),
    Math.tan(declinationRad) * Math.cos(latitudeRad) - Math.sin(latitudeRad) * Math.cos(hourAngleRad),
  );
  return {
    elevationDeg: toDegrees(elevationRad - PARALLAX_RAD * Math.cos(elevationRad)),
    azimuthDeg: (toDegrees(azimuthRad) + 360) % 360,
  };
}

function wrap(angleRad: number): number {
  const turns = Math.floor((angleRad + Math.PI) / (2 * Math.PI));
  return angleRad - turns * 2 * Math.PI;
}
