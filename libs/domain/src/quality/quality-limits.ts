/**
 * Limits of the detectors. Shares are of rated power. Each has the rule or the series it comes from; what they find
 * and miss on real series is in docs/DATA-QUALITY.md.
 */

/** Above this a power is not to be believed; hours at 1.09 are normal (domain.md 3.2, case POW-01). */
export const OUTLIER_CAP = 1.2;
/** Own consumption stays above this (cases POW-02, SPK-10). */
export const OUTLIER_FLOOR = -0.05;

/** A value alone is an outlier only so far from both neighbours: what clouds do in one interval stays below. */
export const LONE_STEP = 0.5;
/** … and only where every other value near it lies so close to the middle of its neighbours: no clouds about. */
export const LONE_CALM = 0.03;
/** … and not in series closer than this: at five minutes a single small cloud looks the same (case POW-01). */
export const LONE_INTERVAL_MS = 10 * 60_000;
/** Values on each side that tell how calm the series is. */
export const LONE_NEIGHBOURS = 4;

/** "Unchanged for more than 4 values" (case POW-04) … */
export const STALE_COUNT = 5;
/** … and for so long: at one-minute values a real power may stand still for five of them. */
export const STALE_SPAN_MS = 60 * 60_000;
/** Where the device counts power in steps coarser than `COARSE_STEP`, noon alone looks still for longer. */
export const STALE_SPAN_COARSE_MS = 3 * 60 * 60_000;
export const COARSE_STEP = 0.005;
/** Below this an inverter is asleep or waking: equal values mean nothing. */
export const STALE_FLOOR = 0.01;

/** A straight line of so many values, to a watt a value, is drawn and not measured. */
export const LINE_COUNT = 12;
export const LINE_TOLERANCE_W = 1;

/** At and above this share equal values are the limit of the inverter, not a frozen sensor (case POW-06). */
export const LIMIT_SHARE = 0.99;
/** Values at the limit differ by no more than this (case POW-06: 0.99918 to 0.99987). */
export const PLATEAU_SPREAD = 0.001;
/** A plateau lasts so many values and so long; a maximum of a clear day passes. */
export const PLATEAU_COUNT = 4;
export const PLATEAU_SPAN_MS = 45 * 60_000;

/** A distance of more intervals than this is a gap, as for the integral of power (case AGG-01). */
export const GAP_INTERVALS = 3;

/** Power from which on there is light; own consumption and noise stay below. */
export const LIGHT_SHARE = 0.02;
/** A day whose power does not reach this share says nothing of the sun. */
export const CLEAR_PEAK = 0.3;
/** Ups and downs of a clear day over those of a smooth hump. */
export const CLEAR_ROUGHNESS = 1.25;
/**
 * The middle of the light of a clear day strays by less than this from solar noon, or from what it was for this device:
 * at Golden the mountains in the west take 20 minutes off the evening.
 */
export const SHIFT_TOLERANCE_MS = 40 * 60_000;
/** What a device may have made of its place, at most, before it counts as displaced. */
export const SHIFT_USUAL_MAX_MS = 30 * 60_000;
/** Clear days that tell what is usual for a device: at least, and at most. */
export const SHIFT_USUAL_DAYS = { least: 5, most: 10 };
/** Clear days one after the other, all displaced to the same side. */
export const SHIFT_CLEAR_DAYS = 5;
/** Shapes of so many days are looked at. */
export const SHIFT_WINDOW_DAYS = 90;
/** Power at night above this share is a wrong zone, at once (case TIM-08) … */
export const NIGHT_SHARE = 0.05;
/** … if it is seen so often in one night. */
export const NIGHT_COUNT = 2;

/** Days on each side whose medians are compared. */
export const LEVEL_DAYS = 30;
/** A level is another one if it doubles or halves: seasons and weather do less from one month to the next. */
export const LEVEL_FACTOR = 2;
