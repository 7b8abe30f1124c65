import { deliveryOf, findFault, isContradicted, silenceOf } from '../telemetry/delivery.ts';
import { contradictionOf, encodeBatch, encodeGarbage } from '../telemetry/message.ts';
import type { ReadingModel } from '../telemetry/readings.ts';
import { readingInstantMs, seqAfter, type GatewaySchedule } from '../telemetry/schedule.ts';
import type { FaultBook } from '../truth/fault-book.ts';
import type { FaultKind } from '../truth/faults.ts';
import { ResendDesk, type NumberFate } from './resend-desk.ts';
import { gatewayTopics, type GatewayTopics } from './topics.ts';

/**
 * One gateway: what it owes and what is on the way.
 *
 *   connected    sends what it owes, in order: live readings, then a backlog, then what it is asked for again
 *   unconnected  owes more and more, up to seven days
 *   silent       a fault keeps it off the air: readings are forgotten (`offline`) or kept (`late_backlog`)
 *
 * A gateway keeps numbers, not messages: a reading is a pure function of its number, so a week of backlog of the whole
 * fleet costs no memory and nothing is lost by waiting.
 */

/** Messages on the way without acknowledgement; at ten messages a second and 100 ms of round trip one is enough. */
export const IN_FLIGHT_MAX = 10;
/** Of these, messages that are sent again: there is always room for a live one. */
export const AGAIN_IN_FLIGHT_MAX = 5;
/** A gateway keeps readings this long (domain.md 3.4: collectors keep a week). */
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
  /** Messages that the modem dropped without a word. */
  dropped: number;
  /** Messages that were sent again because they were asked for. */
  resent: number;
  /** Numbers that were asked for and are not there. */
  gone: number;
  /** Requests that nobody can read, that ask for more than allowed, or for which there is no room. */
  refusedRequests: number;
}

export const noCounts = (): GatewayCounts => ({
  sent: 0,
  acknowledged: 0,
  readings: 0,
  forgotten: 0,
  dropped: 0,
  resent: 0,
  gone: 0,
  refusedRequests: 0,
});

/** Where a gateway begins. */
export interface GatewayStart {
  /** Readings up to this instant, epoch ms, are known already. */
  afterMs: number;
  /** Readings of this time, epoch ms, half-open, were never taken: the program was off, and the days have only their sums. */
  notTaken: { fromMs: number; toMs: number } | null;
}

/** A message on the way, by the number of its reading. */
interface Underway {
  seq: number;
  /** Sent again because it was asked for. */
  again: boolean;
}

/** What a gateway needs of its connection. */
export interface OutgoingLink {
  isConnected(): boolean;
  publish(topic: string, payload: string, settled: (error?: Error) => void): void;
}

export class Gateway {
  private nextSeq: number;
  private readonly backlog: number[] = [];
  /** What is on the way, by a running number of the message. */
  private readonly inFlight = new Map<number, Underway>();
  private readonly desk = new ResendDesk();
  private messages = 0;
  readonly topics: GatewayTopics;

  constructor(
    readonly schedule: GatewaySchedule,
    private readonly parts: { readings: ReadingModel; faults: FaultBook; counts: GatewayCounts },
    private readonly start: GatewayStart,
  ) {
    const { afterMs } = start;
    this.topics = gatewayTopics(schedule.station.code, schedule.code);
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
    const nothingWaits = this.inFlight.size === 0 && this.backlog.length === 0 && this.desk.isEmpty;
    return nothingWaits && this.nextInstantMs() > nowMs;
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
    if (kept !== undefined) {
      this.send(link, kept);
      return true;
    }
    return this.answer(link);
  }

  /** Takes a request to send messages again, as it came from the broker. */
  takeRequest(payload: Uint8Array, nowMs: number): void {
    this.settle(nowMs);
    const owed = new Set(this.backlog);
    for (const { seq } of this.inFlight.values()) owed.add(seq);
    const oldestSeq = seqAfter(this.schedule, nowMs - KEPT_MS);
    const { counts } = this.parts;
    const gone = this.desk.take(payload, (seq) => {
      if (seq >= this.nextSeq || owed.has(seq)) return 'owed';
      return seq < oldestSeq ? 'gone' : this.fateOf(seq);
    });
    if (gone === null) counts.refusedRequests += 1;
    else counts.gone += gone;
  }

  /** The connection is gone for good: what was on the way without acknowledgement is owed again. */
  takeBack(): void {
    const underway = [...this.inFlight.values()];
    this.inFlight.clear();
    this.desk.putBack(underway.filter(({ again }) => again).map(({ seq }) => seq));
    const seqs = new Set(underway.filter(({ again }) => !again).map(({ seq }) => seq));
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
      if (delivery.kind === 'dropped') this.parts.counts.dropped += 1;
    }
  }

  /** What is there of a reading within the time that is kept. */
  private fateOf(seq: number): NumberFate {
    const { notTaken } = this.start;
    const atMs = readingInstantMs(this.schedule, seq);
    if (notTaken !== null && notTaken.fromMs <= atMs && atMs < notTaken.toMs) return 'gone';
    return deliveryOf(this.parts.faults, this.schedule, seq).kind === 'lost' ? 'gone' : 'kept';
  }

  /** Sends one answer or one message that was asked for. */
  private answer(link: OutgoingLink): boolean {
    const reply = this.desk.nextReply();
    if (reply !== undefined) {
      // Where it is lost with the connection, the question comes again.
      link.publish(this.topics.resendReply, reply, () => undefined);
      return true;
    }
    let underway = 0;
    for (const { again } of this.inFlight.values()) if (again) underway += 1;
    const seq = underway < AGAIN_IN_FLIGHT_MAX ? this.desk.nextNumber() : undefined;
    if (seq === undefined) return false;
    this.parts.counts.resent += 1;
    this.publish(link, encodeBatch(this.parts.readings.reading(this.schedule, seq)), { seq, again: true });
    return true;
  }

  private nextInstantMs(): number {
    return readingInstantMs(this.schedule, this.nextSeq);
  }

  private send(link: OutgoingLink, seq: number): void {
    const reading = this.parts.readings.reading(this.schedule, seq);
    const payload = encodeBatch(reading);
    const message = { seq, again: false };
    this.parts.counts.readings += reading.devices.length;
    this.publish(link, payload, message);
    const { faults } = this.parts;
    if (findFault(faults, this.schedule, reading.takenAtMs, DUPLICATE_KINDS))
      this.publish(link, payload, message);
    if (isContradicted(faults, this.schedule, seq)) {
      this.publish(link, encodeBatch(contradictionOf(reading)), message);
    }
    const firstOfHour = reading.takenAtMs % HOUR_MS < this.schedule.intervalMs;
    if (firstOfHour && findFault(faults, this.schedule, reading.takenAtMs, GARBAGE_KINDS)) {
      this.publish(link, encodeGarbage(reading), message);
    }
  }

  private publish(link: OutgoingLink, payload: string, underway: Underway): void {
    const message = this.messages;
    this.messages += 1;
    this.inFlight.set(message, underway);
    this.parts.counts.sent += 1;
    link.publish(this.topics.telemetry, payload, (error) => {
      // After `takeBack` the message is no longer ours; its reading is owed again.
      if (!this.inFlight.delete(message)) return;
      if (error) this.giveBack(underway);
      else this.parts.counts.acknowledged += 1;
    });
  }

  private giveBack({ seq, again }: Underway): void {
    if (again) this.desk.putBack([seq]);
    else this.backlog.unshift(seq);
  }
}
