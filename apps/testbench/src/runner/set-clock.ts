import { Clock } from '#platform';

/** A jump of a whole night between two steps is no silence of the broker: nothing is too long for this clock. */
const BEYOND_ANY_SPEED = 1_000_000_000;

/** Shows what it is told, and stands still until it is told again. */
export class SetClock extends Clock {
  constructor(private atMs: number) {
    super({ speed: BEYOND_ANY_SPEED });
  }

  set(atMs: number): void {
    this.atMs = atMs;
  }

  override nowMs(): number {
    return this.atMs;
  }
}
