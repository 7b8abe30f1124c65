import { DAY_MS, dayStartMs } from '../time/shanghai.ts';
import { toRadians } from './angles.ts';
import { sunAngles } from './sun-position.ts';

/** Elevation of the sun's centre at sunrise: 34' of refraction and 16' of the sun's radius. */
const HORIZON_DEG = -0.833;
const MS_PER_RADIAN = DAY_MS / (2 * Math.PI);
/** The equation of time and the declination move so slowly that the third step changes less than a second. */
const STEPS = 3;

/** Sunrise, solar noon and sunset of one day, epoch ms. */
export interface SunTimes {
  sunriseMs: number;
  noonMs: number;
  sunsetMs: number;
}

/**
 * Sunrise, solar noon and sunset of a Shanghai day `YYYY-MM-DD`, epoch ms, within a minute of the almanac (hills are
 * not considered).
 * @throws RangeError where the sun does not rise or does not set on that day; never in China.
 */
export function sunTimes(question: { day: string; latitudeDeg: number; longitudeDeg: number }): SunTimes {
  const { longitudeDeg } = question;
  const latitudeRad = toRadians(question.latitudeDeg);
  const noonMs = converge(dayStartMs(question.day) + DAY_MS / 2, (guessMs) => {
    return guessMs - sunAngles({ instantMs: guessMs, longitudeDeg }).hourAngleRad * MS_PER_RADIAN;
  });
  const crossing = (side: -1 | 1) =>
    converge(noonMs + (side * DAY_MS) / 4, (guessMs) => {
      const { declinationRad, hourAngleRad } = sunAngles({ instantMs: guessMs, longitudeDeg });
      return guessMs + (side * halfDayRad(latitudeRad, declinationRad) - hourAngleRad) * MS_PER_RADIAN;
    });
  return { sunriseMs: crossing(-1), noonMs, sunsetMs: crossing(1) };
}

function converge(startMs: number, better: (guessMs: number) => number): number {
  let guessMs = startMs;
  for (let step = 0; step < STEPS; step += 1) guessMs = better(guessMs);
  return Math.round(guessMs);
}

function halfDayRad(latitudeRad: number, declinationRad: number): number {
  const cosine =
    (Math.sin(toRadians(HORIZON_DEG)) - Math.sin(latitudeRad) * Math.sin(declinationRad)) /
    (Math.cos(latitudeRad) * Math.cos(declinationRad));
  if (cosine < -1 || cosine > 1) throw new RangeError('the sun does not cross the horizon on this day');
  return Math.acos(cosine);
}
