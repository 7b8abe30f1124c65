/**
 * Keeps the last answer of an expensive question for a while; whoever asks meanwhile shares it, and only one asks at
 * a time. A failure is not kept.
 */
export class Cached<T> {
  private value: Promise<T> | undefined;
  private madeAtMs = 0;

  constructor(
    private readonly maxAgeMs: number,
    private readonly make: () => Promise<T>,
  ) {}

  get(): Promise<T> {
    const nowMs = performance.now();
    if (this.value && nowMs - this.madeAtMs < this.maxAgeMs) return this.value;
    this.madeAtMs = nowMs;
    const value = this.make();
    this.value = value;
    value.catch(() => {
      if (this.value === value) this.value = undefined;
    });
    return value;
  }
}
