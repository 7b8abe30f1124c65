/**
 * Keeps the last answer of an expensive question; whoever asks meanwhile shares it, and only one asks at a time.
 *
 *   empty --ask--> fresh --maxAgeMs--> stale --staleMs--> too old
 *
 * A stale answer is given at once while the next one is worked out; it carries its own instant, so nobody takes it
 * for newer than it is. For one that is too old, or missing, the caller waits. A failure is not kept.
 */
export class Cached<T> {
  private value: { answer: T; madeAtMs: number } | undefined;
  private making: Promise<T> | undefined;

  constructor(
    private readonly options: { maxAgeMs: number; staleMs: number },
    private readonly make: () => Promise<T>,
  ) {}

  async get(): Promise<T> {
    const { maxAgeMs, staleMs } = this.options;
    const ageMs = this.value ? performance.now() - this.value.madeAtMs : Infinity;
    if (this.value && ageMs < maxAgeMs) return this.value.answer;
    const next = this.refresh();
    if (!this.value || ageMs >= maxAgeMs + staleMs) return next;
    // Whoever is given the stale answer has nothing to do with how the next one goes; the next asker has.
    next.catch(() => undefined);
    return this.value.answer;
  }

  private refresh(): Promise<T> {
    this.making ??= this.make()
      .then((answer) => {
        this.value = { answer, madeAtMs: performance.now() };
        return answer;
      })
      .finally(() => {
        this.making = undefined;
      });
    return this.making;
  }
}

/** The cache of a key, made where there is none. */
export function cachedBy<T>(
  caches: Map<string, Cached<T>>,
  key: string,
  age: { maxAgeMs: number; staleMs: number },
  make: () => Promise<T>,
): Cached<T> {
  const found = caches.get(key) ?? new Cached(age, make);
  caches.set(key, found);
  return found;
}
