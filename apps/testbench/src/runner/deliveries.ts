import { ChangeSignal } from './change-signal.ts';

interface Counts {
  published: number;
  received: number;
  acknowledged: number;
}

/** Which messages ingest was to get, which it has, and which of those are written. */
export class Deliveries {
  readonly changed = new ChangeSignal();
  private readonly counts = new Map<string, Counts>();

  /** A copy of a message that ingest subscribes to was published. */
  expect(key: string): void {
    this.of(key).published += 1;
  }

  received(key: string): void {
    this.of(key).received += 1;
    this.changed.notify();
  }

  acknowledged(key: string): void {
    this.of(key).acknowledged += 1;
    this.changed.notify();
  }

  /** Ingest is gone: what it had not written will be delivered again. */
  receiverGone(): void {
    for (const counts of this.counts.values()) counts.received = counts.acknowledged;
  }

  /** What is not with ingest now is not waited for any more; it may still come. */
  letDrift(): void {
    for (const counts of this.counts.values()) counts.received = Math.max(counts.received, counts.published);
  }

  /** Messages that are not with ingest yet. */
  get underway(): number {
    return this.missing(({ published, received }) => published - received);
  }

  /** Messages that are not written yet. */
  get unwritten(): number {
    return this.missing(({ published, acknowledged }) => published - acknowledged);
  }

  /** Gives up what did not come. @returns keys of the messages that were lost. */
  giveUp(): string[] {
    const lost = [...this.counts].filter(([, { published, acknowledged }]) => acknowledged < published);
    for (const [, counts] of lost) counts.published = counts.acknowledged;
    return lost.map(([key]) => key);
  }

  private missing(of: (counts: Counts) => number): number {
    let sum = 0;
    for (const counts of this.counts.values()) sum += Math.max(0, of(counts));
    return sum;
  }

  private of(key: string): Counts {
    let counts = this.counts.get(key);
    if (!counts) {
      counts = { published: 0, received: 0, acknowledged: 0 };
      this.counts.set(key, counts);
    }
    return counts;
  }
}
