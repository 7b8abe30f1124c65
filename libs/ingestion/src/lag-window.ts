import type { Clock } from '#platform';
import type { ReceivedReading } from './reading-fate.ts';

/** So many of the last messages tell how far behind we are. */
const LAG_SAMPLES = 2000;

/** Real time from measurement to commit, of the last readings. */
export class LagWindow {
  private readonly lagsMs: number[] = [];

  /** Notes one lag for each device of each message; `readings` are in order of receipt. */
  note(readings: readonly ReceivedReading[], clock: Clock): void {
    const nowMs = clock.nowMs();
    let last: Buffer | undefined;
    for (const { reading, origin } of readings) {
      if (origin !== undefined && origin.payload === last) continue;
      last = origin?.payload;
      this.lagsMs.push(Math.round((nowMs - reading.measuredAtMs) / clock.speed));
      if (this.lagsMs.length > LAG_SAMPLES) this.lagsMs.shift();
    }
  }

  percentiles(): { lagP50Ms: number | null; lagP99Ms: number | null } {
    const sorted = this.lagsMs.toSorted((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    return { lagP50Ms: at(0.5), lagP99Ms: at(0.99) };
  }
}
