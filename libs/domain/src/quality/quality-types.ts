/** One value of the power series of a device, as it is stored. */
export interface PowerPoint {
  atMs: number;
  /** Null is unknown. Negative is drawn from the grid. */
  powerW: number | null;
  /** The power that came was taken out when it was received, as impossible. */
  isRejected?: boolean;
  /** The reading holds a counter: it came, with or without a power. */
  hasCounter?: boolean;
  /** The device itself says that its output is limited. */
  isLimited?: boolean;
}

/**
 * - `outlier`: cannot be, or stands alone against its neighbours
 * - `stale`: the same value again and again
 * - `interpolated`: somebody drew a straight line over what was missing
 * - `clipped`: the inverter is at its limit; true, and less than the sun would give
 * - `gap`: nothing came in daylight
 * - `shift`: the clock or zone of the series is wrong
 */
export const QUALITY_KINDS = ['outlier', 'stale', 'interpolated', 'clipped', 'gap', 'shift'] as const;
export type QualityKind = (typeof QUALITY_KINDS)[number];

/** A spell of one kind. `fromMs` and `toMs` are the first and last instant of it, both included. */
export interface QualityFlag {
  kind: QualityKind;
  fromMs: number;
  toMs: number;
  /** Values in the spell; of a gap those that are missing in daylight; of a shift the days it was seen on. */
  count: number;
}

export interface QualityOptions {
  ratedPowerW: number;
  /** The distance at which the device reports. */
  intervalMs: number;
  /** The span that is judged, half-open; points beside it only help. */
  fromMs: number;
  toMs: number;
  /** Whether the sun is so high that an inverter must deliver and report. */
  daylight: (atMs: number) => boolean;
}
