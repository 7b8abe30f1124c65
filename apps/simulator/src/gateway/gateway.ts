import { deviceTopics } from './topics.ts';
import { deliveryOf, findFault, silenceOf } from '../telemetry/delivery.ts';
import { encodeBatch, encodeGarbage } from '../telemetry/message.ts';
import type { ReadingModel } from '../telemetry/readings.ts';
import { readingInstantMs, seqAfter, type GatewaySchedule } from '../telemetry/schedule.ts';
import type { FaultBook } from '../truth/fault-book.ts';
import type { FaultKind } from '../truth/faults.ts';

/**
 * One gateway: what it owes and what is on the way.
 *
 *   connected    sends what it owes, in order; live readings before a backlog
 *   unconnected  owes more and more, up to seven days
 *   silent       a fault keeps it off the air: readings are forgotten (`offline`) or kept (`late_backlog`)
 *
 * A gateway keeps numbers, not messages: a reading is a pure function of its number, so a week of backlog of the whole
 * fleet costs no memory and nothing is lost by waiting.
 */

/** Messages on the way without acknowledgement; at ten messages a second and 100 ms of round trip one is enough. */
export const IN_FLIGHT_MAX = 10;
/** A gateway keeps readings this long (domain.md 3.4: late data up to 30 days; collectors keep a week). */
const KEPT_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;
const DUPLICATE_KINDS: ReadonlySet<FaultKind> = new Set(['duplicate']);
const GARBAGE_KINDS: ReadonlySet<FaultKind> = new Set(['garbage']);

/** What the gateways have done so far. */
export interface GatewayCounts {
  sent: number;
  acknowledged: number;
  readings: number;
  forgotten: number;
}

/** What a gateway needs of its connection. */
export interface OutgoingLink {
  isConnected(): boolean;
  publish(topic: string, payload: string, settled: (error?: Error) => void): void;
}

export class Gateway {
  private nextSeq: number;
  private readonly backlog: number[] = [];
  /** Numbers of the readings on the way, by a running number of the message. */
  private readonly inFlight = new Map<number, number>();
  private messages = 0;
  readonly topics: { telemetry: string; status: string };

  constructor(
    readonly schedule: GatewaySchedule,
    private readonly parts: { readings: ReadingModel; faults: FaultBook; counts: GatewayCounts },
    afterMs: number,
  ) {
    this.topics = deviceTopics(schedule.station.code, schedule.code);
    // What was kept before this program began is owed as well: the silence began earlier and is not over.
    const silence = silenceOf(parts.faults, schedule, afterMs);
    const owedFromMs = silence?.kind === 'late_backlog' ? silence.fromMs - 1 : afterMs;
    this.nextSeq = seqAfter(schedule, owedFromMs);
  }

  isSilent(nowMs: number): boolean {
    return silenceOf(this.parts.faults, this.schedule, nowMs) !== null;
  }

  /** Nothing is owed and nothing is on the way. */
  isIdle(nowMs: number): boolean {
    return this.inFlight.size === 0 && this.backlog.length === 0 && this.nextInstantMs() > nowMs;
  }

  /**
   * Sends one message of what is owed at `nowMs`, if the link takes it.
   * @returns false where there is nothing to send or no room.
   */
  sendNext(link: OutgoingLink, nowMs: number): boolean {
    this.settle(nowMs);
    if (!link.isConnected() || this.inFlight.size >= IN_FLIGHT_MAX) return false;
    if (this.nextInstantMs() <= nowMs) {
      this.send(link, this.nextSeq);
      this.nextSeq += 1;
      return true;
    }
    const kept = this.backlog.shift();
    if (kept === undefined) return false;
    this.send(link, kept);
    return true;
  }

  /** The connection is gone for good: what was on the way without acknowledgement is owed again. */
  takeBack(): void {
    const seqs = new Set(this.inFlight.values());
    this.inFlight.clear();
    this.backlog.unshift(...[...seqs].sort((one, other) => one - other));
  }

  /** Moves past readings that are not to be sent now, and bounds what is kept. */
  settle(nowMs: number): void {
    const oldestSeq = seqAfter(this.schedule, nowMs - KEPT_MS);
    if (this.nextSeq < oldestSeq) {
      this.parts.counts.forgotten += oldestSeq - this.nextSeq;
      this.nextSeq = oldestSeq;
    }
    for (; this.nextInstantMs() <= nowMs; this.nextSeq += 1) {
      const delivery = deliveryOf(this.parts.faults, this.schedule, this.nextSeq);
      if (delivery.kind === 'live') return;
      if (delivery.kind === 'late') this.backlog.push(this.nextSeq);
    }
  }

  private nextInstantMs(): number {
    return readingInstantMs(this.schedule, this.nextSeq);
  }

  private send(link: OutgoingLink, seq: number): void {
    const reading = this.parts.readings.reading(this.schedule, seq);
    const payload = encodeBatch(reading);
    this.parts.counts.readings += reading.devices.length;
    this.publish(link, payload, seq);
    const { faults } = this.parts;
    if (findFault(faults, this.schedule, reading.takenAtMs, DUPLICATE_KINDS))
      this.publish(link, payload, seq);
    const firstOfHour = reading.takenAtMs % HOUR_MS < this.schedule.intervalMs;
    if (firstOfHour && findFault(faults, this.schedule, reading.takenAtMs, GARBAGE_KINDS)) {
      this.publish(link, encodeGarbage(reading), seq);
    }
  }

  private publish(link: OutgoingLink, payload: string, seq: number): void {
    const message = this.messages;
    this.messages += 1;
    this.inFlight.set(message, seq);
    this.parts.counts.sent += 1;
    link.publish(this.topics.telemetry, payload, (error) => {
      // After `takeBack` the message is no longer ours; its reading is owed again.
      if (!this.inFlight.delete(message)) return;
      if (error) this.backlog.unshift(seq);
      else this.parts.counts.acknowledged += 1;
    });
  }
}
