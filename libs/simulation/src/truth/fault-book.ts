import { dayIndexAt, startOfDayIndexMs } from './calendar.ts';
import { faultsByRate } from './fault-rates.ts';
import { isOfCounter, type Fault } from './faults.ts';
import type { Plant } from './plant.ts';

/** Where the faults come from: none, drawn by rate, or a script. */
export type FaultSource = 'none' | 'rates' | readonly Fault[];

/** Days that are drawn at a time in rate mode. */
const HORIZON_STEP_DAYS = 64;
const NO_FAULTS: readonly Fault[] = [];

/** The injected faults by station and day; grows as the model looks further ahead. */
export class FaultBook {
  private readonly all: Fault[] = [];
  private readonly byStationDay = new Map<number, Fault[]>();
  private readonly countersOfStation = new Map<number, Fault[]>();
  private readonly stationIndexes: ReadonlyMap<string, number>;
  private horizonDay = 0;
  private drawnUntilMs = startOfDayIndexMs(0);

  constructor(
    private readonly plant: Plant,
    private readonly source: FaultSource,
  ) {
    this.stationIndexes = new Map(plant.stations.map(({ code, index }) => [code, index]));
    if (typeof source !== 'string') for (const fault of source) this.enter(fault);
  }

  /** Faults of a station that last for any part of a day; those of counters only on their own day. */
  ofDay(stationIndex: number, dayIndex: number): readonly Fault[] {
    this.lookAhead(dayIndex);
    return this.byStationDay.get(keyOfDay(stationIndex, dayIndex)) ?? NO_FAULTS;
  }

  /** The last reset of a device's counter at or before an instant, epoch ms, or null. */
  lastResetMs(stationIndex: number, deviceCode: string, instantMs: number): number | null {
    this.lookAhead(dayIndexAt(instantMs));
    let lastMs: number | null = null;
    for (const { kind, deviceCode: struck, fromMs } of this.countersOfStation.get(stationIndex) ??
      NO_FAULTS) {
      if (kind !== 'counter_reset' || struck !== deviceCode || fromMs > instantMs) continue;
      lastMs = Math.max(lastMs ?? fromMs, fromMs);
    }
    return lastMs;
  }

  /** How often a device's counter jumped since its last reset, at or before an instant, epoch ms. */
  jumps(stationIndex: number, deviceCode: string, instantMs: number): number {
    const sinceMs = this.lastResetMs(stationIndex, deviceCode, instantMs) ?? -Infinity;
    return (this.countersOfStation.get(stationIndex) ?? NO_FAULTS).filter(
      ({ kind, deviceCode: struck, fromMs }) =>
        kind === 'counter_jump' && struck === deviceCode && fromMs > sinceMs && fromMs <= instantMs,
    ).length;
  }

  /** Faults that last for any part of [fromMs, toMs), in the order of their beginning. */
  between(fromMs: number, toMs: number): Fault[] {
    this.lookAhead(dayIndexAt(toMs));
    return this.all
      .filter((fault) => fault.fromMs < toMs && fromMs < endMs(fault))
      .sort((one, other) => one.fromMs - other.fromMs);
  }

  private lookAhead(dayIndex: number): void {
    while (this.horizonDay <= dayIndex) {
      const fromDay = this.horizonDay;
      this.horizonDay += HORIZON_STEP_DAYS;
      for (const fault of this.all) this.spread(fault, fromDay);
      if (this.source !== 'rates') continue;
      const untilMs = startOfDayIndexMs(this.horizonDay);
      const drawn = faultsByRate(this.plant, { fromMs: this.drawnUntilMs, toMs: untilMs });
      for (const fault of drawn) this.enter(fault);
      this.drawnUntilMs = untilMs;
    }
  }

  private enter(fault: Fault): void {
    const stationIndex = this.stationIndexes.get(fault.stationCode);
    if (stationIndex === undefined) return;
    this.all.push(fault);
    if (isOfCounter(fault)) {
      const own = this.countersOfStation.get(stationIndex) ?? [];
      own.push(fault);
      this.countersOfStation.set(stationIndex, own);
    }
    this.spread(fault, 0);
  }

  /** Enters a fault into its days from `fromDay` up to the horizon. */
  private spread(fault: Fault, fromDay: number): void {
    const stationIndex = this.stationIndexes.get(fault.stationCode);
    if (stationIndex === undefined) return;
    const first = Math.max(fromDay, dayIndexAt(fault.fromMs), 0);
    const end = Math.min(this.horizonDay, dayIndexAt(endMs(fault) - 1) + 1);
    for (let dayIndex = first; dayIndex < end; dayIndex += 1) {
      const key = keyOfDay(stationIndex, dayIndex);
      const faults = this.byStationDay.get(key);
      if (faults) faults.push(fault);
      else this.byStationDay.set(key, [fault]);
    }
  }
}

const endMs = (fault: Fault): number => (isOfCounter(fault) ? fault.fromMs + 1 : fault.toMs);

const DAYS_MAX = 65_536;
const keyOfDay = (stationIndex: number, dayIndex: number): number => stationIndex * DAYS_MAX + dayIndex;
