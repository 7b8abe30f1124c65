import type { Fleet } from '#contracts';
import { DAY_MS } from '#domain';
import { daylightOf } from './freshness.ts';

/** Middle of Lüliang; over the city the sun rises within three minutes of it. */
const CITY_PLACE = { latitude: 37.5, longitude: 111.1 };

/** What the overview says between sunset and sunrise. */
export interface NightView {
  /** After sunset the day has its result; after midnight the new day has none yet. */
  isDayOver: boolean;
  sunriseAt: string;
}

/** Null in daylight. */
export function nightView(fleet: Pick<Fleet, 'asOf' | 'sun'>): NightView | null {
  const asOfMs = Date.parse(fleet.asOf);
  if (asOfMs < Date.parse(fleet.sun.sunriseAt)) return { isDayOver: false, sunriseAt: fleet.sun.sunriseAt };
  if (asOfMs < Date.parse(fleet.sun.sunsetAt)) return null;
  return { isDayOver: true, sunriseAt: daylightOf(asOfMs + DAY_MS, CITY_PLACE).sunriseAt };
}
