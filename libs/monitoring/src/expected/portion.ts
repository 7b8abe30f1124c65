import { setImmediate } from 'node:timers/promises';

/**
 * A portion of long work: what is not done when its time is up is left for the next turn, so that no lock, memory or core
 * is held for a minute. Real time, not the clock of the facts.
 */
export class Portion {
  private readonly endMs: number;

  constructor(forMs: number) {
    this.endMs = performance.now() + forMs;
  }

  /** Lets the other tasks of the program have their turn. @returns true where the portion is used up. */
  async isUsedUp(): Promise<boolean> {
    await setImmediate();
    return performance.now() >= this.endMs;
  }
}
