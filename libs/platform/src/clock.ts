/** Where and how fast a clock runs. `speed` 1 and no start is real time. */
export interface ClockSettings {
  /** Instant that the clock shows when it starts. */
  startAt?: Date | undefined;
  /** Clock seconds a real second. */
  speed: number;
  /** Real instant, epoch ms, at which the clock shows `startAt`; lets several programs share one clock. */
  anchorMs?: number | undefined;
  /** The clock was moved into daylight because it is night in Lüliang. */
  nightDemo?: boolean | undefined;
}

/** Fastest clock: a day in a minute and a half. */
export const CLOCK_SPEED_MAX = 1000;

/**
 * The one clock. Every program takes the time from here and nowhere else, so that a demo or a test can start at a
 * given instant and run faster. In production it is real time.
 */
export class Clock {
  readonly speed: number;
  readonly isReal: boolean;
  readonly nightDemo: boolean;
  private readonly anchorMs: number;
  private readonly startMs: number;

  constructor(settings: ClockSettings = { speed: 1 }) {
    this.speed = settings.speed;
    this.anchorMs = settings.anchorMs ?? Date.now();
    this.startMs = settings.startAt?.getTime() ?? this.anchorMs;
    this.isReal = settings.startAt === undefined && settings.speed === 1;
    this.nightDemo = settings.nightDemo ?? false;
  }

  nowMs(): number {
    const realMs = Date.now();
    return this.isReal ? realMs : Math.round(this.startMs + (realMs - this.anchorMs) * this.speed);
  }

  now(): Date {
    return new Date(this.nowMs());
  }

  realNow(): Date {
    return new Date();
  }

  /** Real milliseconds until the clock shows `instantMs`; 0 where it already has. */
  realDelayMs(instantMs: number): number {
    return Math.max(0, (instantMs - this.nowMs()) / this.speed);
  }
}
