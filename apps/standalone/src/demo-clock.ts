import { addDays, dayOf, dayStartMs, sunTimes } from '#domain';

/** Middle of Lüliang (domain.md 5.4). */
const CITY_PLACE = { latitudeDeg: 37.5, longitudeDeg: 111.1 };
const HOUR_MS = 3_600_000;
const SHOW_FROM_HOUR = 10;
/** A demo that is started again goes on where it was, while there is enough of the day left to look at. */
const RESUME_UNTIL_HOUR = 16;

/**
 * Where the clock of a demo starts. By day it is real time. By night there is nothing to see, so it starts at 10:00 of
 * the day that has just gone by, or goes on from the newest reading where the demo was there before.
 * @returns null for real time.
 */
export function demoClockStartMs(question: {
  realNowMs: number;
  newestReadingMs: number | null;
}): number | null {
  const { realNowMs, newestReadingMs } = question;
  const today = dayOf(realNowMs);
  const sun = sunTimes({ day: today, ...CITY_PLACE });
  if (realNowMs >= sun.sunriseMs && realNowMs < sun.sunsetMs) return null;
  const day = realNowMs < sun.sunriseMs ? addDays(today, -1) : today;
  const fromMs = dayStartMs(day) + SHOW_FROM_HOUR * HOUR_MS;
  const resumeUntilMs = dayStartMs(day) + RESUME_UNTIL_HOUR * HOUR_MS;
  const canResume = newestReadingMs !== null && newestReadingMs >= fromMs && newestReadingMs < resumeUntilMs;
  return canResume ? newestReadingMs : fromMs;
}
