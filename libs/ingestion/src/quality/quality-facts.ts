import type { StationFlag } from '#contracts';

/**
 * What is known of a station-day when it is judged, and what the judgement is. Everything here is plain data: SQL fills
 * the facts (`quality-facts.repository.ts`), `judge-station-day.ts` turns them into flags without any I/O.
 */

/** The rules as they are now. Another number has every day of the last 60 judged again. */
export const QUALITY_VERSION = 1;

export interface QualityDevice {
  deviceId: number;
  stationId: number;
  code: string;
  kind: string;
  ratedPowerW: number;
}

/** A spell that the power series of a device was flagged for. Both ends are included. */
export interface PowerSpell {
  deviceId: number;
  kind: 'gap' | 'stale' | 'interpolated' | 'outlier' | 'clipped' | 'shift';
  fromMs: number;
  toMs: number;
  count: number;
  /** Of a shift: seconds by which the stamps are ahead of the sun. */
  offsetS: number | null;
}

/** Readings of a device on the day that lack something; of each kind how many, and the quarter hours they lie in. */
export interface ReadingFault {
  deviceId: number;
  flag: Extract<StationFlag, 'field_rejected' | 'null_field' | 'no_time'>;
  count: number;
  firstMs: number;
  lastMs: number;
  slotsMs: readonly number[];
}

/** How far the clock of a device is from ours, by the delays of the readings of the day that came live. */
export interface DeviceDelay {
  deviceId: number;
  readings: number;
  /** The smallest delay from measurement to receipt; below zero the device is ahead. */
  leastDelayMs: number;
  /** Readings that came before they were measured, by more than a clock may be off. */
  aheadReadings: number;
  firstMs: number;
  lastMs: number;
}

export interface CounterFact {
  deviceId: number;
  kind: string;
  atMs: number;
  /** The larger of what was booked because of it and what the boldest choice would change. */
  touchedWh: number;
}

export interface QuarterHour {
  startMs: number;
  energyWh: number;
  quality: string;
}

export interface StationDayFacts {
  stationId: number;
  day: string;
  /** The day is over. */
  isPast: boolean;
  devices: readonly QualityDevice[];
  spells: readonly PowerSpell[];
  readingFaults: readonly ReadingFault[];
  delays: readonly DeviceDelay[];
  counters: readonly CounterFact[];
  /** What was refused, by reason. */
  refused: readonly { reason: string; times: number }[];
  quarterHours: readonly QuarterHour[];
  /** Energy that the neighbours' sky would have given, by quarter hour; for gaps of which nothing is booked. */
  expectedWh: ReadonlyMap<number, number>;
  /** Stored energy of the day; null where nothing is known. */
  energy: { energyWh: number; quality: string } | null;
}

export interface QualityFlagRow {
  flag: StationFlag;
  count: number;
  deviceCodes: string[];
  firstMs: number | null;
  lastMs: number | null;
  touchedWh: number | null;
  detail: Record<string, number>;
}

export interface JudgedStationDay {
  flags: QualityFlagRow[];
  /** Energy that rests on at least one flag. */
  touchedWh: number | null;
}
