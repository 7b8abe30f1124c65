import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { dayOf } from '#domain';
import { isBadValue, type TimeSeriesDays } from '#persistence';
import type { Clock, Logger } from '#platform';
import { nothing } from './decode.ts';
import { DecoderSet, type SetDecoded } from './decoder-set.ts';
import type { DeviceClocks } from './device-clocks.ts';
import type { DeviceDirectory } from './device-directory.ts';
import { judge, type Judgement } from './judge.ts';
import { LagWindow } from './lag-window.ts';
import type { Sender } from './message-sequence.ts';
import type { ResendReply } from './reading.ts';
import type { EncodedReadings } from './incoming-readings.ts';
import type { ReadingBatch, ReadingRepository } from './reading.repository.ts';

/**
 * From bytes to rows.
 *
 *   message → waiting --flush (messages or age)--> decode → validate → prepared --> write → acknowledge
 *
 * Messages are acknowledged in the order in which they came. Values of one-value-a-topic loggers wait until the reading
 * that they are part of is written.
 *
 * One batch is being written and one is prepared meanwhile. What waits is bounded; above the bound the reader is held, so
 * that back-pressure reaches the broker. A failed write is tried again until it passes; only a value that the database will not hold goes into
 * quarantine, by itself, and leaves the others alone.
 */
export interface PipelineMessage {
  topic: string;
  payload: Buffer;
  retained: boolean;
  acknowledge: () => void;
}

export interface PipelineStats {
  messages: number;
  accepted: number;
  duplicate: number;
  conflicting: number;
  quarantined: number;
  /** Understood, and nothing to store in them. */
  ignored: number;
  retainedReadings: number;
  flushes: number;
  waiting: number;
  /** Null while writes go through. */
  failing: string | null;
  /** Real time from measurement to commit over the last flushes, ms. */
  lagP50Ms: number | null;
  lagP99Ms: number | null;
}

/** A backlog is written in pieces of about this many readings: the latest reading of each device is written once for each. */
const WRITE_READINGS = 25_000;
/** After so many messages the answers of the database have their turn, or it would wait for us. */
const MESSAGES_A_TURN = 20;
/** This many messages are not kept waiting for more. */
const FLUSH_MESSAGES = 1000;
/** The oldest message waits no longer than this. */
const FLUSH_AGE_MS = 100;
/** Above this many messages the reader is held. Large batches of small messages touch each row of a sender less often. */
export const WAITING_MESSAGES_MAX = 16_000;
/** … or these many bytes, about 4,000 messages of 14 readings: decoded they take many times that in memory. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5000;
/** What cannot be written in this time when the program stops is not acknowledged and comes again. */
const CLOSE_LIMIT_MS = 5000;
/** Readings that wait for further values are looked at this often. */
const ASSEMBLY_EVERY_MS = 100;

interface Waiting {
  message: PipelineMessage;
  receivedAtMs: number;
}

interface DecodedWaiting {
  waiting: Waiting;
  decoded: SetDecoded;
}

interface Prepared {
  /** Null where readings became complete by waiting, without a message. */
  waiting: Waiting | null;
  judgement: Judgement;
  resendReply: ResendReply | null;
}

/** What one write brings in. */
interface Portion {
  items: Prepared[];
  batch: ReadingBatch;
  /** Its readings in the database's form; null once they were sent: a second try makes them anew. */
  encoded: EncodedReadings | null;
}

export interface PipelineParts {
  repository: ReadingRepository;
  directory: DeviceDirectory;
  days: TimeSeriesDays;
  clock: Clock;
  logger: Logger;
  /** Profiles besides the native one; native alone where it is absent. */
  decoders?: DecoderSet;
  clocks?: DeviceClocks;
  /** Senders whose numbers have a hole since the last write, or may have. */
  onGaps?: (senders: readonly Sender[]) => void;
  onResendReply?: (reply: ResendReply) => void;
  /** Sparkplug nodes, `group/edge`, that should be asked for their births. */
  onRebirthNeeded?: (nodeIds: readonly string[]) => void;
}

export class IngestPipeline {
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  /** Why the last write did not go through; null while writes do. */
  private failing: string | null = null;
  private closing = false;
  /** After this real instant a closing pipeline leaves the rest to the broker. */
  private giveUpAtMs = Infinity;
  private generation = 0;
  private flushing: Promise<void> | undefined;
  /** The last write that was begun; it never fails. */
  private writing: Promise<void> = Promise.resolve();
  private writes = 0;
  private timer: NodeJS.Timeout | undefined;
  private release: (() => void) | undefined;
  private released: Promise<void> | undefined;
  private readonly lags = new LagWindow();
  private readonly decoders: DecoderSet;
  /** Written, but older messages or an open reading must be acknowledged first. */
  private unacknowledged: Waiting[] = [];
  private readonly counts = {
    messages: 0,
    accepted: 0,
    duplicate: 0,
    conflicting: 0,
    quarantined: 0,
    ignored: 0,
    retainedReadings: 0,
    flushes: 0,
  };

  constructor(private readonly parts: PipelineParts) {
    this.decoders = parts.decoders ?? new DecoderSet([], parts.directory);
  }

  /** When a message last came, on the clock; null before the first. */
  lastReceivedAtMs: number | null = null;

  /** Takes a message in. A promise means: hold the reader until it settles. */
  receive(message: PipelineMessage): Promise<void> | undefined {
    // Not acknowledged, so the broker keeps it for the next start.
    if (this.closing) return undefined;
    this.counts.messages += 1;
    const receivedAtMs = this.parts.clock.nowMs();
    this.lastReceivedAtMs = receivedAtMs;
    this.waiting.push({ message, receivedAtMs });
    if (this.waiting.length >= FLUSH_MESSAGES) this.startFlush();
    else this.timer ??= setTimeout(() => this.startFlush(), FLUSH_AGE_MS);
    this.waitingBytes += message.payload.length;
    if (this.waiting.length < WAITING_MESSAGES_MAX && this.waitingBytes < WAITING_BYTES_MAX) return undefined;
    this.released ??= new Promise((resolve) => (this.release = resolve));
    return this.released;
  }

  /** The connection is gone: what is not written yet will be delivered again. */
  discardWaiting(): void {
    this.waiting = [];
    this.waitingBytes = 0;
    this.unacknowledged = [];
    this.decoders.forgetOpen();
    this.generation += 1;
    this.letGo();
  }

  /** Takes nothing more in and writes what waits; the program stops. */
  async close(): Promise<void> {
    this.closing = true;
    this.giveUpAtMs = Date.now() + CLOSE_LIMIT_MS;
    const hasWork = () =>
      this.waiting.length > 0 ||
      this.flushing !== undefined ||
      this.writes > 0 ||
      this.decoders.oldestOpenAtMs() !== null;
    while (hasWork() && Date.now() < this.giveUpAtMs) {
      this.startFlush();
      await this.flushing;
      await this.writing;
    }
  }

  stats(): PipelineStats {
    return {
      ...this.counts,
      waiting: this.waiting.length,
      failing: this.failing,
      ...this.lags.percentiles(),
    };
  }

  private startFlush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const isOpen = this.decoders.oldestOpenAtMs() !== null;
    if (this.flushing || (this.waiting.length === 0 && !isOpen)) return;
    const batch = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    this.letGo();
    this.flushing = this.flush(batch).finally(() => {
      this.flushing = undefined;
      if (this.waiting.length > 0) this.startFlush();
      else if (this.decoders.oldestOpenAtMs() !== null && !this.closing)
        this.timer ??= setTimeout(() => this.startFlush(), ASSEMBLY_EVERY_MS);
    });
  }

  private letGo(): void {
    this.release?.();
    this.release = undefined;
    this.released = undefined;
  }

  /** Decodes, judges and encodes while the batch before is being written; resolves when that is done. */
  private async flush(batch: Waiting[]): Promise<void> {
    const generation = this.generation;
    const stillWanted = () => generation === this.generation;
    const { directory, clock } = this.parts;
    if (!(await this.insist(() => directory.reloadIfStale(false).then(() => true), stillWanted))) return;
    const nowMs = clock.nowMs();
    // Once, and before the first write: what is put together cannot be put together again.
    const decoded = await inTurns(
      batch,
      (waiting) => ({ waiting, decoded: this.decode(waiting) }),
      stillWanted,
    );
    if (!decoded) return;
    const prepared = await this.insist(() => this.prepare(decoded, stillWanted), stillWanted);
    if (!prepared) return;
    prepared.push(...this.complete(nowMs));
    // What is open now waits for later messages, and may be put together before this batch is written.
    const openAtMs = this.decoders.oldestOpenAtMs() ?? Infinity;
    const portions: Portion[] = [];
    for (const items of cut(prepared)) {
      const batchOfItems = batchOf(items);
      portions.push({ items, batch: batchOfItems, encoded: await this.encodeAhead(batchOfItems) });
    }
    const before = this.writing;
    this.writes += 1;
    this.writing = before
      .then(() => this.writeAll(portions, openAtMs, stillWanted))
      .finally(() => (this.writes -= 1));
    await before;
  }

  /** So that the database never waits for it; null where that fails, and the write says why. */
  private async encodeAhead(batch: ReadingBatch): Promise<EncodedReadings | null> {
    try {
      return await this.parts.repository.encode(batch.readings);
    } catch {
      return null;
    }
  }

  private async writeAll(portions: Portion[], openAtMs: number, stillWanted: () => boolean): Promise<void> {
    for (const portion of portions) {
      if (!(await this.insist(() => this.write(portion), stillWanted))) return;
      this.acknowledge(portion.items, openAtMs);
      this.lags.note(portion.batch.readings, this.parts.clock);
    }
    this.counts.flushes += 1;
  }

  private async prepare(
    batch: readonly DecodedWaiting[],
    stillWanted: () => boolean,
  ): Promise<Prepared[] | null> {
    const { directory, onRebirthNeeded } = this.parts;
    const isMissing = batch.some(
      ({ decoded: { readings, gatewayStatus: status } }) =>
        readings.some(({ stationCode, deviceCode }) => !directory.device(stationCode, deviceCode)) ||
        (status && directory.gatewayStationId(status.stationCode, status.deviceCode) === undefined),
    );
    await directory.reloadIfStale(isMissing);
    const rebirths = [...new Set(batch.flatMap(({ decoded }) => decoded.rebirthNeeded))];
    if (rebirths.length > 0) onRebirthNeeded?.(rebirths);
    const judgeOne = ({ waiting, decoded }: DecodedWaiting): Prepared => {
      const { topic, payload, retained } = waiting.message;
      const message = { topic, payload, retained, receivedAtMs: waiting.receivedAtMs };
      return { waiting, judgement: judge(message, decoded, directory), resendReply: decoded.resendReply };
    };
    return inTurns(batch, judgeOne, stillWanted);
  }

  /** Readings that became complete because their device fell silent. */
  private complete(nowMs: number): Prepared[] {
    const due = this.closing ? this.decoders.flush() : this.decoders.due(nowMs);
    if (due.readings.length === 0) return [];
    const payload = Buffer.from(JSON.stringify(due.readings));
    const message = {
      topic: 'put together from single values',
      payload,
      retained: false,
      receivedAtMs: nowMs,
    };
    return [{ waiting: null, judgement: judge(message, due, this.parts.directory), resendReply: null }];
  }

  private decode({ message, receivedAtMs }: Waiting): SetDecoded {
    const { topic, payload, retained } = message;
    try {
      const decoded = this.decoders.decode({ topic, payload, retained, receivedAtMs });
      this.counts.ignored += decoded.ignored;
      return decoded;
    } catch (error) {
      // Whatever a hostile payload may find in the decoder, it costs that payload alone.
      this.parts.logger.error({ err: error, topic }, 'ingest.decoder_failed');
      const rejections = [{ reason: 'other' as const, detail: 'the decoder failed' }];
      return { ...nothing(), rejections, rebirthNeeded: [], ignored: 0 };
    }
  }

  /** @param openAtMs when the oldest message came whose values were not yet part of a reading. */
  private acknowledge(part: readonly Prepared[], openAtMs: number): void {
    this.unacknowledged.push(...part.flatMap(({ waiting }) => waiting ?? []));
    const firstHeld = this.unacknowledged.findIndex(({ receivedAtMs }) => receivedAtMs >= openAtMs);
    const done = this.unacknowledged.splice(0, firstHeld < 0 ? this.unacknowledged.length : firstHeld);
    for (const { message } of done) message.acknowledge();
  }

  private async write(portion: Portion): Promise<true> {
    const { repository, days, clocks, onGaps, onResendReply } = this.parts;
    const { items, batch, encoded } = portion;
    const judgements = items.map(({ judgement }) => judgement);
    portion.encoded = null;
    try {
      await days.ensure(new Set(batch.readings.map(({ reading }) => dayOf(reading.measuredAtMs))));
      const { accepted, duplicate, conflicting, gaps } = await repository.write(batch, encoded);
      this.counts.accepted += accepted;
      this.counts.duplicate += duplicate;
      this.counts.conflicting += conflicting;
      this.counts.quarantined += batch.quarantined.length;
      this.counts.retainedReadings += judgements.reduce((sum, item) => sum + item.retainedReadings, 0);
      if (gaps.length > 0) onGaps?.(gaps);
    } catch (error) {
      // Only a value that the database will not hold is the message's fault; all else is ours and passes.
      if (!isBadValue(error)) throw error;
      await this.isolate(items, error);
      return true;
    }
    clocks?.note(judgements.flatMap(({ delays }) => delays));
    for (const { resendReply } of items) if (resendReply) onResendReply?.(resendReply);
    return true;
  }

  /** Something in these messages the database will not take: halve until it is alone, and keep it aside. */
  private async isolate(part: Prepared[], error: unknown): Promise<void> {
    const [first] = part;
    if (part.length > 1) {
      const middle = part.length >> 1;
      for (const items of [part.slice(0, middle), part.slice(middle)])
        await this.write({ items, batch: batchOf(items), encoded: null });
      return;
    }
    if (!first) return;
    const [origin] = first.judgement.readings.flatMap((item) => item.origin ?? []);
    const message = first.waiting?.message ?? {
      topic: origin?.topic ?? '',
      payload: origin?.payload ?? Buffer.alloc(0),
    };
    const receivedAtMs = first.waiting?.receivedAtMs ?? this.parts.clock.nowMs();
    const detail = error instanceof Error ? error.message.slice(0, 300) : 'refused by the database';
    this.parts.logger.error({ err: error, topic: message.topic }, 'ingest.message_refused');
    const kept = {
      reason: 'other' as const,
      detail,
      receivedAtMs,
      topic: message.topic,
      payload: message.payload,
      tally: [],
    };
    await this.parts.repository.write({ readings: [], gatewayChanges: [], quarantined: [kept] });
    this.counts.quarantined += 1;
  }

  /** Tries until it works; gives up with `null` only when the connection that asked for it is gone. */
  private async insist<T>(work: () => Promise<T>, wanted: () => boolean): Promise<T | null> {
    for (let attempt = 0; wanted() && Date.now() < this.giveUpAtMs; attempt += 1) {
      try {
        const result = await work();
        this.failing = null;
        return result;
      } catch (error) {
        this.failing = error instanceof Error ? error.message : String(error);
        const waitMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
        this.parts.logger.warn({ err: error, attempt, waitMs }, 'ingest.write_failed');
        await delay(waitMs);
      }
    }
    return null;
  }
}

/** Work on many messages that lets others have their turn; null once it is not wanted any more. */
async function inTurns<In, Out>(
  items: readonly In[],
  work: (item: In) => Out,
  wanted: () => boolean,
): Promise<Out[] | null> {
  const results: Out[] = [];
  for (const [index, item] of items.entries()) {
    if (index % MESSAGES_A_TURN === MESSAGES_A_TURN - 1) await nextTurn();
    if (!wanted()) return null;
    results.push(work(item));
  }
  return results;
}

function batchOf(items: readonly Prepared[]): ReadingBatch {
  const judgements = items.map(({ judgement }) => judgement);
  return {
    readings: judgements.flatMap(({ readings }) => readings),
    gatewayChanges: judgements.flatMap(({ gatewayChange }) => gatewayChange ?? []),
    quarantined: judgements.flatMap(({ quarantined }) => quarantined),
    numbers: judgements.flatMap(({ numbers }) => numbers),
  };
}

/** Cuts a batch into as few writes of about `WRITE_READINGS` rows as will do, all of nearly the same size. */
function* cut(prepared: readonly Prepared[]): Generator<Prepared[]> {
  const rowsOf = ({ judgement }: Prepared) => judgement.readings.length;
  const all = prepared.reduce((sum, item) => sum + rowsOf(item), 0);
  const rowsAWrite = all / Math.max(1, Math.ceil(all / WRITE_READINGS));
  let part: Prepared[] = [];
  let rows = 0;
  for (const item of prepared) {
    part.push(item);
    rows += rowsOf(item);
    if (rows < rowsAWrite || part.length === prepared.length) continue;
    yield part;
    part = [];
    rows = 0;
  }
  if (part.length > 0) yield part;
}
