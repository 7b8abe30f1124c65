import type { ClockView, Fleet } from '#contracts';
import { QUARTER_HOUR_MS, dayOf, sunTimes } from '#domain';

/**
 * Devices report every five minutes. One report may be missed on a mobile link; two in a row from all that is shown
 * mean that the data stand still, however alive the stream is that brings them.
 */
const STALE_AFTER_MS = 600_000;
/** On a fast demo clock minutes pass while a message is under way; that long in real time is no staleness. */
const TRANSPORT_MS = 15_000;

/** The newest sample of what is on the screen, and the daylight of its place. Null: nothing reports. */
export interface Samples {
  newestSampleAt: string | null;
  sunriseAt: string;
  sunsetAt: string;
}

/**
 * True in daylight where the newest sample is older than two reporting intervals by the server's clock. The time
 * counts from sunrise at the earliest: a device that slept is not late before it could have woken.
 */
export function isStaleAt(samples: Samples, clock: { nowMs: number } & Pick<ClockView, 'speed'>): boolean {
  const sunriseMs = Date.parse(samples.sunriseAt);
  const { nowMs } = clock;
  if (nowMs < sunriseMs || nowMs >= Date.parse(samples.sunsetAt)) return false;
  const sampleMs = samples.newestSampleAt === null ? sunriseMs : Date.parse(samples.newestSampleAt);
  return nowMs - Math.max(sampleMs, sunriseMs) > Math.max(STALE_AFTER_MS, TRANSPORT_MS * clock.speed);
}

/** Sunrise and sunset of the Shanghai day that holds an instant, at a place in degrees. */
export function daylightOf(
  instantMs: number,
  place: { latitude: number; longitude: number },
): Pick<Samples, 'sunriseAt' | 'sunsetAt'> {
  const { sunriseMs, sunsetMs } = sunTimes({
    day: dayOf(instantMs),
    latitudeDeg: place.latitude,
    longitudeDeg: place.longitude,
  });
  return { sunriseAt: new Date(sunriseMs).toISOString(), sunsetAt: new Date(sunsetMs).toISOString() };
}

/** The figures to show while the data stand still, and the instant that they are of; null where none is known. */
export interface HeldFleet {
  fleet: Fleet;
  heldAt: string | null;
}

/**
 * The last figures that were fresh. A page that was opened too late to see any keeps what the server still says, with
 * the power of the newest quarter hour that is known in place of none.
 */
export function holdFleet(fleet: Fleet, lastFresh: Fleet | null): HeldFleet {
  if (lastFresh?.area.code === fleet.area.code)
    return { fleet: lastFresh, heldAt: lastFresh.power.newestSampleAt };
  const slot = fleet.curve.slots.findLast(({ powerW }) => powerW !== null);
  if (fleet.power.powerW !== null || !slot) return { fleet, heldAt: fleet.power.newestSampleAt };
  const { powerW, stationsCounted } = slot;
  return {
    fleet: { ...fleet, power: { ...fleet.power, powerW, stationsCounted } },
    heldAt: new Date(Date.parse(slot.startsAt) + QUARTER_HOUR_MS).toISOString(),
  };
}
