import { setTimeout as delay } from 'node:timers/promises';
import { dayOf } from '#domain';
import { isBadValue, type TimeSeriesDays } from '#persistence';
import type { Clock, Logger } from '#platform';
import { decodeNative } from './decode.ts';
import type { DeviceDirectory } from './device-directory.ts';
import type { DecodedMessage, Rejection } from './reading.ts';
import type {
  GatewayChange,
  QuarantinedMessage,
  ReadingRepository,
  ReceivedReading,
} from './reading.repository.ts';
import { validateReading } from './validate.ts';

/**
 * From bytes to rows.
 *
 *   message → decode → waiting --flush (rows or age)--> validate → write → acknowledge
 *
 * One flush is in flight. What waits is bounded; above the bound the reader is held, so that back-pressure reaches
 * the broker. A failed write is tried again until it passes; only a value that the database will not hold goes into
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
  quarantined: number;
  retainedReadings: number;
  flushes: number;
  waiting: number;
  /** Null while writes go through. */
  failing: string | null;
  /** Real time from measurement to commit over the last flushes, ms. */
  lagP50Ms: number | null;
  lagP99Ms: number | null;
}

/** A write of this many readings goes at full speed (engines.md, write path). */
const WRITE_READINGS = 2000;
/** This many messages are not kept waiting for more. */
const FLUSH_MESSAGES = 1000;
/** The oldest message waits no longer than this. */
const FLUSH_AGE_MS = 100;
/** Above this many messages the reader is held: a minute of the whole fleet at 100 times real speed. */
export const WAITING_MESSAGES_MAX = 3000;
/** … or these many bytes: few large messages must not fill the memory either. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5000;
/** What cannot be written in this time when the program stops is not acknowledged and comes again. */
const CLOSE_LIMIT_MS = 5000;
const LAG_SAMPLES = 2000;

interface Waiting {
  message: PipelineMessage;
  receivedAtMs: number;
}

interface Prepared {
  waiting: Waiting;
  readings: ReceivedReading[];
  gatewayChange: GatewayChange | null;
  quarantined: QuarantinedMessage[];
}

export interface PipelineParts {
  repository: ReadingRepository;
  directory: DeviceDirectory;
  days: TimeSeriesDays;
  clock: Clock;
  logger: Logger;
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
  private timer: NodeJS.Timeout | undefined;
  private release: (() => void) | undefined;
  private released: Promise<void> | undefined;
  private readonly lagsMs: number[] = [];
  private readonly counts = {
    messages: 0,
    accepted: 0,
    duplicate: 0,
    quarantined: 0,
    retainedReadings: 0,
    flushes: 0,
  };

  constructor(private readonly parts: PipelineParts) {}

  /** Takes a message in. A promise means: hold the reader until it settles. */
  receive(message: PipelineMessage): Promise<void> | undefined {
    // Not acknowledged, so the broker keeps it for the next start.
    if (this.closing) return undefined;
    this.counts.messages += 1;
    this.waiting.push({ message, receivedAtMs: this.parts.clock.nowMs() });
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
    this.generation += 1;
    this.letGo();
  }

  /** Takes nothing more in and writes what waits; the program stops. */
  async close(): Promise<void> {
    this.closing = true;
    this.giveUpAtMs = Date.now() + CLOSE_LIMIT_MS;
    while ((this.waiting.length > 0 || this.flushing) && Date.now() < this.giveUpAtMs) {
      this.startFlush();
      await this.flushing;
    }
  }

  stats(): PipelineStats {
    const sorted = this.lagsMs.toSorted((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    return {
      ...this.counts,
      waiting: this.waiting.length,
      failing: this.failing,
      lagP50Ms: at(0.5),
      lagP99Ms: at(0.99),
    };
  }

  private startFlush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.flushing || this.waiting.length === 0) return;
    const batch = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    this.letGo();
    this.flushing = this.flush(batch).finally(() => {
      this.flushing = undefined;
      if (this.waiting.length > 0) this.startFlush();
    });
  }

  private letGo(): void {
    this.release?.();
    this.release = undefined;
    this.released = undefined;
  }

  private async flush(batch: Waiting[]): Promise<void> {
    const generation = this.generation;
    const stillWanted = () => generation === this.generation;
    const prepared = await this.insist(() => this.prepare(batch), stillWanted);
    if (!prepared) return;
    for (const part of portions(prepared)) {
      if (!(await this.insist(() => this.write(part), stillWanted))) return;
      for (const { waiting } of part) waiting.message.acknowledge();
      this.noteLags(part);
    }
    this.counts.flushes += 1;
  }

  private async prepare(batch: Waiting[]): Promise<Prepared[]> {
    const decoded = batch.map((waiting) => ({ waiting, decoded: this.decode(waiting.message) }));
    const { directory } = this.parts;
    const isMissing = decoded.some(
      ({ decoded: { readings, gatewayStatus: status } }) =>
        readings.some(({ stationCode, deviceCode }) => !directory.device(stationCode, deviceCode)) ||
        (status && directory.gatewayStationId(status.stationCode, status.deviceCode) === undefined),
    );
    await directory.reloadIfStale(isMissing);
    return decoded.map((item) => this.judge(item.waiting, item.decoded));
  }

  private decode({ topic, payload }: PipelineMessage): DecodedMessage {
    try {
      return decodeNative(topic, payload);
    } catch (error) {
      // Whatever a hostile payload may find in the decoder, it costs that payload alone.
      this.parts.logger.error({ err: error, topic }, 'ingest.decoder_failed');
      return {
        readings: [],
        gatewayStatus: null,
        rejections: [{ reason: 'other', detail: 'the decoder failed' }],
      };
    }
  }

  private judge(waiting: Waiting, decoded: DecodedMessage): Prepared {
    const { directory } = this.parts;
    const { message, receivedAtMs } = waiting;
    const prepared: Prepared = { waiting, readings: [], gatewayChange: null, quarantined: [] };
    const rejections: Rejection[] = [...decoded.rejections];
    if (message.retained && decoded.readings.length > 0) {
      // "Last known" from an unknown time ago: the live copy of it came by itself.
      this.counts.retainedReadings += decoded.readings.length;
      return prepared;
    }
    for (const reading of decoded.readings) {
      const device = directory.device(reading.stationCode, reading.deviceCode);
      const judged = validateReading(reading, device, receivedAtMs);
      if ('reason' in judged) rejections.push(judged);
      else prepared.readings.push({ ...judged, receivedAtMs });
    }
    if (decoded.gatewayStatus) {
      const { stationCode, deviceCode: gatewayCode, online } = decoded.gatewayStatus;
      const stationId = directory.gatewayStationId(stationCode, gatewayCode);
      const isContact = online && !message.retained;
      if (stationId !== undefined)
        prepared.gatewayChange = { stationId, gatewayCode, online, receivedAtMs, isContact };
      else rejections.push({ reason: 'unknown_device', detail: `no gateway ${stationCode}/${gatewayCode}` });
    }
    prepared.quarantined = byReason(rejections).map((rejection) => ({
      ...rejection,
      receivedAtMs,
      topic: message.topic,
      payload: message.payload,
    }));
    return prepared;
  }

  private async write(part: Prepared[]): Promise<true> {
    const { repository, days } = this.parts;
    const batch = {
      readings: part.flatMap((item) => item.readings),
      gatewayChanges: part.flatMap((item) => item.gatewayChange ?? []),
      quarantined: part.flatMap((item) => item.quarantined),
    };
    try {
      await days.ensure(new Set(batch.readings.map(({ reading }) => dayOf(reading.measuredAtMs))));
      const { accepted, duplicate } = await repository.write(batch);
      this.counts.accepted += accepted;
      this.counts.duplicate += duplicate;
      this.counts.quarantined += batch.quarantined.length;
    } catch (error) {
      // Only a value that the database will not hold is the message's fault; all else is ours and passes.
      if (!isBadValue(error)) throw error;
      await this.isolate(part, error);
    }
    return true;
  }

  /** Something in these messages the database will not take: halve until it is alone, and keep it aside. */
  private async isolate(part: Prepared[], error: unknown): Promise<void> {
    const [first] = part;
    if (part.length > 1) {
      const middle = part.length >> 1;
      await this.write(part.slice(0, middle));
      await this.write(part.slice(middle));
      return;
    }
    if (!first) return;
    const { message, receivedAtMs } = first.waiting;
    const detail = error instanceof Error ? error.message.slice(0, 300) : 'refused by the database';
    this.parts.logger.error({ err: error, topic: message.topic }, 'ingest.message_refused');
    const kept = {
      reason: 'other' as const,
      detail,
      receivedAtMs,
      topic: message.topic,
      payload: message.payload,
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

  private noteLags(part: Prepared[]): void {
    const { clock } = this.parts;
    const nowMs = clock.nowMs();
    for (const { readings } of part) {
      const measuredAtMs = readings[0]?.reading.measuredAtMs;
      if (measuredAtMs === undefined) continue;
      this.lagsMs.push(Math.round((nowMs - measuredAtMs) / clock.speed));
      if (this.lagsMs.length > LAG_SAMPLES) this.lagsMs.shift();
    }
  }
}

/** Cuts a batch so that one write holds about `WRITE_READINGS` rows. */
function* portions(prepared: readonly Prepared[]): Generator<Prepared[]> {
  let part: Prepared[] = [];
  let rows = 0;
  for (const item of prepared) {
    part.push(item);
    rows += item.readings.length;
    if (rows >= WRITE_READINGS) {
      yield part;
      part = [];
      rows = 0;
    }
  }
  if (part.length > 0) yield part;
}

/** One line of quarantine a message and reason, however many of its readings are affected. */
function byReason(rejections: readonly Rejection[]): Rejection[] {
  const kept = new Map<Rejection['reason'], string[]>();
  for (const { reason, detail } of rejections) kept.set(reason, [...(kept.get(reason) ?? []), detail]);
  return [...kept].map(([reason, details]) => ({
    reason,
    detail: details.length === 1 ? (details[0] ?? '') : `${details[0]} (and ${details.length - 1} more)`,
  }));
}
