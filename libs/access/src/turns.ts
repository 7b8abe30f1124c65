/** Lets a few pieces of work run at once and some wait; more than those are turned away. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: { atOnce: number; waitingMax: number }) {}

  /** @returns the work's own promise; null where too many wait already. */
  take<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.running >= this.limits.atOnce && this.waiting.length >= this.limits.waitingMax) return null;
    return this.run(work);
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limits.atOnce)
      // Whoever ends hands over its place, so that nobody slips in between.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
