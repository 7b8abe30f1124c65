import { TextDecoder } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import {
  SHOWN_BYTES_MAX,
  type QuarantineList,
  type QuarantineMessageView,
  type QuarantineQuery,
  type ReplayPortion,
  type ReplayPortionRequest,
  type ReplayResult,
} from '#contracts';
import { Database } from '#persistence';
import { Clock, LOGGER, ProblemError, type Logger } from '#platform';
import type { KeptMessage, ReplayOutcome } from '../message-replayer.ts';
import { MESSAGE_REPLAY, outcomeOf, type MessageReplay } from './message-replay.ts';
import { QuarantineRepository } from './quarantine.repository.ts';

/** What is kept aside: find it, look at it, and send it through the pipeline again. */
@Injectable()
export class QuarantineService {
  private readonly repository: QuarantineRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(MESSAGE_REPLAY) private readonly replayer: MessageReplay,
  ) {
    this.repository = new QuarantineRepository(database);
  }

  async list(query: QuarantineQuery): Promise<QuarantineList> {
    const { page, pageSize, ...filter } = query;
    const [found, byReason] = await Promise.all([
      this.repository.page(query),
      this.repository.countByReason(filter),
    ]);
    return { asOf: this.clock.now().toISOString(), ...found, page, pageSize, byReason };
  }

  /** @throws ProblemError `quarantine.not_found` */
  async message(id: bigint): Promise<QuarantineMessageView> {
    const { item, payload } = await this.found(id);
    const shown = payload.subarray(0, SHOWN_BYTES_MAX);
    return { ...item, text: textOf(payload), hex: shown.toString('hex'), shownBytes: shown.length };
  }

  /** @throws ProblemError `quarantine.not_found` */
  async payload(id: bigint): Promise<Buffer> {
    return (await this.found(id)).payload;
  }

  /**
   * Sends one message through the pipeline again, whatever became of it before.
   * @throws ProblemError `quarantine.not_found`
   */
  async replay(id: bigint): Promise<ReplayResult> {
    const { item, payload } = await this.found(id);
    const { topic, retained } = item;
    const message = { id, topic, retained, payload, receivedAtMs: Date.parse(item.receivedAt) };
    const [result] = await this.run([message]);
    if (!result) throw new Error('the replayer answered nothing for a message');
    return {
      id: item.id,
      outcome: outcomeOf(result),
      accepted: result.accepted,
      duplicate: result.duplicate,
      rejections: result.rejections.map(({ reason, detail }) => ({ reason, detail })),
    };
  }

  /**
   * One portion of a job over a filter. What is settled already is left alone; what is refused again is passed by, so
   * that the job ends. The caller asks again with `nextAfter` and `upTo` until `nextAfter` is null.
   */
  async replayPortion(request: ReplayPortionRequest): Promise<ReplayPortion> {
    const { limit, after: afterText, upTo: upToText, ...filter } = request;
    const after = BigInt(afterText ?? 0);
    const upTo = upToText === undefined ? await this.repository.lastOpenId(filter) : BigInt(upToText);
    if (upTo === null) return { ...NOTHING_DONE, upTo: '0' };
    const messages = await this.repository.openMessages(filter, { after, upTo, limit });
    const results = await this.run(messages);
    const outcomes = results.map((result) => outcomeOf(result));
    const lastId = messages.at(-1)?.id ?? upTo;
    const left = await this.repository.countOpen(filter, { after: lastId, upTo });
    const counted = (name: string) => outcomes.filter((outcome) => outcome === name).length;
    const portion = {
      done: messages.length,
      left,
      stored: counted('stored'),
      duplicate: counted('duplicate'),
      empty: counted('empty') + counted('last_known'),
      refused: outcomes.filter((outcome) => outcome.startsWith('refused')).length,
      nextAfter: left > 0 ? String(lastId) : null,
      upTo: String(upTo),
    };
    this.logger.info({ ...portion }, 'quarantine.replayed');
    return portion;
  }

  private async run(messages: KeptMessage[]): Promise<ReplayOutcome[]> {
    if (messages.length === 0) return [];
    const results = await this.replayer.replay(messages);
    await this.repository.noteOutcomes(
      results.map((result) => ({ id: result.id, outcome: outcomeOf(result) })),
      this.clock.nowMs(),
    );
    return results;
  }

  private async found(id: bigint) {
    const found = await this.repository.one(id);
    if (!found) throw new ProblemError(404, 'quarantine.not_found', `no quarantined message ${id}`);
    return found;
  }
}

const NOTHING_DONE = { done: 0, left: 0, stored: 0, duplicate: 0, empty: 0, refused: 0, nextAfter: null };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The shown part as text, where the whole payload is UTF-8; a character cut by the limit is left out. */
function textOf(payload: Buffer): string | null {
  try {
    const whole = utf8.decode(payload);
    if (payload.length <= SHOWN_BYTES_MAX) return whole;
    return payload
      .subarray(0, SHOWN_BYTES_MAX)
      .toString('utf8')
      .replace(/\uFFFD$/, '');
  } catch {
    // Not UTF-8: then the digits say what it is.
    return null;
  }
}
