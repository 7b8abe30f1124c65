/** In daylight the fleet sends every few minutes; three rounds of five minutes without a message are no pause. */
const SILENT_AFTER_MS = 15 * 60_000;
/** A clock that runs fast must not make a pause of a real second a silence. */
const SILENT_AFTER_REAL_MS = 60_000;

export interface SilenceOptions {
  startedAtMs: number;
  /** Clock seconds a real second. */
  speed: number;
  isDaylight: (atMs: number) => boolean;
}

/** Notices a connection that is up and brings nothing while the sun shines. */
export class SilenceWatch {
  private actedAtMs: number;
  isSilent = false;

  constructor(private readonly options: SilenceOptions) {
    this.actedAtMs = options.startedAtMs;
  }

  /** Answers whether something must be done now: at the begin of a silence, and again each time it lasted as long. */
  look(seen: { nowMs: number; lastReceivedAtMs: number | null; isConnected: boolean }): boolean {
    const { nowMs, isConnected } = seen;
    const since = Math.max(seen.lastReceivedAtMs ?? 0, this.options.startedAtMs);
    const from = nowMs - Math.max(SILENT_AFTER_MS, SILENT_AFTER_REAL_MS * this.options.speed);
    // Dark at the begin of the silence: the fleet may just be waking up.
    this.isSilent =
      isConnected && since <= from && this.options.isDaylight(from) && this.options.isDaylight(nowMs);
    if (!this.isSilent || this.actedAtMs > from) return false;
    this.actedAtMs = nowMs;
    return true;
  }
}
