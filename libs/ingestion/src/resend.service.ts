import { resendTopic, type NativeResend } from '#contracts';
import type { Database } from '#persistence';
import type { Clock, Logger } from '#platform';
import type { Sender } from './message-sequence.ts';
import type { ResendReply } from './reading.ts';
import { ResendRepository, type ResendOrder } from './resend.repository.ts';

/** More ranges than the protocol allows go into the next attempt. */
const RANGES_MAX = 50;

export interface ResendParts {
  database: Database;
  clock: Clock;
  logger: Logger;
  /** A hole is left alone for so long: most are only out of order. */
  patienceMs: number;
  publish: (topic: string, payload: string) => Promise<void>;
}

/** Finds holes in the numbers of the senders and asks for what is missing, with patience and limits. */
export class ResendService {
  private readonly repository: ResendRepository;
  private suspects = new Map<string, Sender>();
  private knowsAll = false;
  private asked = 0;

  constructor(private readonly parts: ResendParts) {
    this.repository = new ResendRepository(parts.database);
  }

  /** Numbers asked for since the start. */
  get askedNumbers(): number {
    return this.asked;
  }

  suspect(senders: readonly Sender[]): void {
    for (const sender of senders) this.suspects.set(`${sender.stationId}/${sender.senderCode}`, sender);
  }

  async noteReply(reply: ResendReply): Promise<void> {
    await this.repository.noteGone(reply);
  }

  /** Looks once. What cannot be published now is asked for again at the next attempt. */
  async turn(): Promise<void> {
    const { clock, logger, patienceMs } = this.parts;
    const now = clock.now();
    if (!this.knowsAll) this.suspect(await this.repository.recentSenders(now));
    this.knowsAll = true;
    const suspects = this.suspects;
    this.suspects = new Map();
    try {
      // Where another ingest is at it, ours are known to the database too; they are shown to it next time.
      const orders = await this.repository.turn([...suspects.values()], { now, patienceMs });
      if (orders === null) this.suspect([...suspects.values()]);
      for (const order of orders ?? []) await this.ask(order);
    } catch (error) {
      this.suspect([...suspects.values()]);
      logger.warn({ err: error }, 'ingest.resend_failed');
    }
  }

  private async ask({ id, stationCode, senderCode, ranges }: ResendOrder): Promise<void> {
    const request: NativeResend = { id, ranges: ranges.slice(0, RANGES_MAX) };
    await this.parts.publish(resendTopic(stationCode, senderCode), JSON.stringify(request));
    this.asked += request.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    this.parts.logger.info({ stationCode, senderCode, ranges: request.ranges }, 'ingest.asked_again');
  }
}
