/**
 * A broker keeps one connection a client id: whoever comes with the id of another throws it out. Two programs with one
 * id do so to each other without end, and each of them looks well in between.
 *
 * MQTT 5 says it (DISCONNECT with reason 142); of MQTT 3.1.1 only connections are seen that end right after they began.
 */

/** Reason code of MQTT 5: session taken over (MQTT 5.0, 3.14.2.1). */
export const SESSION_TAKEN_OVER = 142;
/** A connection that was accepted and ended within this time was hardly lost on its way. */
const SHORT_MS = 5000;
/** One or two may be a broker that starts again. */
const SHORT_TIMES = 3;
/** Without another take-over for so long the other one is gone. */
const CONTENDED_MS = 60_000;

export interface TakeOvers {
  /** Since the start of the program. */
  times: number;
  /** True where the last one is no longer ago than a minute. */
  isContended: boolean;
}

/** Times are of one steady clock, in ms, whatever its zero is. */
export class TakeOverWatch {
  private times = 0;
  private lastAtMs = -Infinity;
  private connectedAtMs: number | null = null;
  private shortInARow = 0;
  private wasTold = false;

  noteConnected(nowMs: number): void {
    this.connectedAtMs = nowMs;
    this.wasTold = false;
  }

  /** The broker says why it ends the connection. @returns true where that begins a contention. */
  noteDisconnect(reasonCode: number | undefined, nowMs: number): boolean {
    if (reasonCode !== SESSION_TAKEN_OVER) return false;
    this.wasTold = true;
    return this.count(nowMs);
  }

  /** The connection is gone. @returns true where that begins a contention: nobody told of it, and it looks like one. */
  noteClosed(nowMs: number): boolean {
    const livedMs = this.connectedAtMs === null ? null : nowMs - this.connectedAtMs;
    this.connectedAtMs = null;
    // An attempt that was never accepted says nothing.
    if (livedMs === null || this.wasTold) return false;
    this.shortInARow = livedMs < SHORT_MS ? this.shortInARow + 1 : 0;
    return this.shortInARow >= SHORT_TIMES && this.count(nowMs);
  }

  seen(nowMs: number): TakeOvers {
    return { times: this.times, isContended: nowMs - this.lastAtMs <= CONTENDED_MS };
  }

  private count(nowMs: number): boolean {
    const wasContended = this.seen(nowMs).isContended;
    this.times += 1;
    this.lastAtMs = nowMs;
    return !wasContended;
  }
}
