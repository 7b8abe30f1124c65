/** Wakes those who wait for a condition whenever something may have changed. */
export class ChangeSignal {
  private readonly waiting = new Set<() => void>();

  notify(): void {
    for (const wake of this.waiting) wake();
  }

  /** Resolves at the next change, or when the time is over. */
  async next(timeoutMs: number): Promise<void> {
    let isFirst = true;
    await this.until(() => {
      const isChange = !isFirst;
      isFirst = false;
      return isChange;
    }, timeoutMs);
  }

  /** @returns true once the condition holds, false where it did not within the time. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = () => {
      if (condition()) resolve(true);
    };
    const timer = setTimeout(() => resolve(condition()), timeoutMs);
    this.waiting.add(look);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(look);
    }
  }
}
