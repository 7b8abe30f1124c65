import { Clock } from '#platform';

/** A clock that the test moves. Its speed only says how long a step may be before it counts as a pause of the programs. */
export class MovedClock extends Clock {
  constructor(
    public atMs: number,
    speed = 1,
  ) {
    super({ startAt: new Date(atMs), speed });
  }
  override nowMs(): number {
    return this.atMs;
  }
  override now(): Date {
    return new Date(this.atMs);
  }
}
