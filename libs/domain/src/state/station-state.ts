/** What a station is doing, in the words an operator uses. */
export type StationStateName =
  'generating' | 'limited' | 'low' | 'zero' | 'fault' | 'offline' | 'night' | 'unknown';

export interface StationObservation {
  nowMs: number;
  sunElevationDeg: number;
  /** When its gateway or any device was last heard; null is never. */
  lastContactMs: number | null;
  reportingIntervalMs: number;
  powerW: number | null;
  capacityW: number;
  /** Median kW per kW of the reporting stations of the county, now. */
  peerPowerPerW: number | null;
  /** Full-load hours today, and the median of the county. */
  hours: number | null;
  peerHours: number | null;
  invertersInFault: number;
  invertersLimited: number;
  /** What it was judged to be last; null for the first time. */
  lastState: StationStateName | null;
}

/** Thresholds of domain.md 3.2; defaults until a county sets its own. */
export const STATE_THRESHOLDS = {
  daylightElevationDeg: 10,
  silentIntervals: 2,
  silentMinMs: 30 * 60_000,
  zeroShare: 0.01,
  zeroPeerPowerPerW: 0.2,
  lowRatio: 0.8,
  lowPeerHours: 0.5,
} as const;

/** A station reports while it was heard within two reporting intervals, half an hour at least. */
export function isReporting(observation: {
  nowMs: number;
  lastContactMs: number | null;
  reportingIntervalMs: number;
}): boolean {
  const { silentIntervals, silentMinMs } = STATE_THRESHOLDS;
  if (observation.lastContactMs === null) return false;
  const silentMs = observation.nowMs - observation.lastContactMs;
  return silentMs <= Math.max(silentMinMs, silentIntervals * observation.reportingIntervalMs);
}

/** Judges one station at one instant; the order is the order of what to do first. */
export function judgeStation(observation: StationObservation): StationStateName {
  const t = STATE_THRESHOLDS;
  if (observation.lastContactMs === null) return 'unknown';
  if (!isReporting(observation)) return 'offline';
  const { powerW, capacityW, peerPowerPerW, peerHours, hours } = observation;
  if (observation.sunElevationDeg <= t.daylightElevationDeg) {
    // Nothing can be judged in low sun, and what was wrong by day is not mended by dusk.
    const { lastState } = observation;
    if (lastState === 'zero' || lastState === 'fault' || lastState === 'low') return lastState;
    return powerW !== null && powerW > capacityW * t.zeroShare ? 'generating' : 'night';
  }
  if (observation.invertersInFault > 0) return 'fault';
  if (powerW === null) return 'unknown';
  if (peerPowerPerW !== null && peerPowerPerW >= t.zeroPeerPowerPerW && powerW < capacityW * t.zeroShare)
    return 'zero';
  if (hours !== null && peerHours !== null && peerHours >= t.lowPeerHours && hours < peerHours * t.lowRatio)
    return 'low';
  return observation.invertersLimited > 0 ? 'limited' : 'generating';
}

/** States that an operator has to look at. */
export const ATTENTION_STATES: readonly StationStateName[] = ['offline', 'zero', 'fault', 'low'];

/** Median of the numbers, or null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
