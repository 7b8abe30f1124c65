import { Inject, Injectable } from '@nestjs/common';
import type { NoticeMessage, NoticeRule, NoticeRuleEntry, NoticeRuleList } from '#contracts';
import { Database } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { NoticeRepository, type RuleRow } from './notice.repository.ts';
import type { NoticeSender } from './notice-sender.ts';
import { isQuietAt, writeNotice } from './notice-text.ts';

export const NOTICE_SENDER = Symbol('NoticeSender');

/** Attempts of a message, and the first wait between two; it doubles. */
const ATTEMPTS_MAX = 6;
const RETRY_MS = 30_000;
const BATCH = 20;

/** Who is told of alarms: rules, and one message a group, sent once each and tried again where it was not taken. */
@Injectable()
export class NoticeService {
  private readonly repository: NoticeRepository;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(NOTICE_SENDER) private readonly sender: NoticeSender,
  ) {
    this.repository = new NoticeRepository(database);
  }

  async rules(): Promise<NoticeRuleList> {
    const rows = await this.repository.rules();
    return { items: rows.map(ruleView), canSendMail: this.sender.canSendMail };
  }

  /** @throws ProblemError 404 `registry.unknown_place` */
  async addRule(entry: NoticeRuleEntry, who: { name: string }): Promise<NoticeRule> {
    const id = await this.repository.insertRule(entry, { by: who.name, at: this.clock.now() });
    if (id === null) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county');
    return ruleView(await this.rule(id));
  }

  /** It sends nothing more; what it sent stays in the log. @throws ProblemError 404 `notice.unknown_rule` */
  async retireRule(id: number, who: { name: string }): Promise<NoticeRule> {
    const row = await this.rule(id);
    await this.repository.retireRule(id, { by: who.name, at: this.clock.now() });
    return ruleView(row);
  }

  async log(): Promise<NoticeMessage[]> {
    return this.repository.log();
  }

  /** Sends a test at once, by the way of every other message. @throws ProblemError 404 `notice.unknown_rule` */
  async sendTest(ruleId: number): Promise<NoticeMessage> {
    await this.rule(ruleId);
    const now = this.clock.now();
    const id = await this.repository.insertMessage(this.database, {
      ruleId,
      isTest: true,
      subject: '【阳光账本】测试通知',
      body: '这是一条测试通知，收到即表示设置正确。',
      at: now,
    });
    await this.deliver(id);
    const message = (await this.repository.log()).find((one) => one.id === id);
    if (!message) throw new Error('a message that was just sent is not in the log');
    return message;
  }

  /** Collects what is to be said, makes messages of what is due, and sends them. Returns the messages sent. */
  async run(): Promise<number> {
    await this.repository.collect(this.clock.now());
    for (const rule of await this.repository.rules()) await this.group(rule);
    let sent = 0;
    for (const id of await this.repository.dueMessages(this.clock.now(), BATCH))
      if (await this.deliver(id)) sent += 1;
    return sent;
  }

  private async group(rule: RuleRow): Promise<void> {
    const now = this.clock.now();
    await this.database.transaction(async (transaction) => {
      const waiting = await this.repository.waitingLines(transaction, rule.id);
      const isQuiet = isQuietAt(now, rule.quietFromMin, rule.quietToMin);
      const lines = isQuiet ? waiting.filter(({ level }) => level === 'critical') : waiting;
      const [oldest] = lines;
      if (!oldest) return;
      const isDue = now.getTime() - oldest.at.getTime() >= rule.groupS * 1000;
      if (!isDue && !lines.some(({ level }) => level === 'critical')) return;
      const { subject, body } = writeNotice(lines);
      const id = await this.repository.insertMessage(transaction, {
        ruleId: rule.id,
        isTest: false,
        subject,
        body,
        at: now,
      });
      await this.repository.linkLines(transaction, rule.id, lines, id);
    });
  }

  /**
   * The attempt is counted before it is made: a program that dies in between does not send for ever.
   * @returns true where it was taken.
   */
  private async deliver(id: number): Promise<boolean> {
    const now = this.clock.now();
    const claimed = await this.repository.claim(id, now, (attempts) => waitMs(attempts));
    if (!claimed) return false;
    try {
      await this.sender.send(claimed);
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown';
      await this.repository.failed(id, detail.slice(0, 400), claimed.attempts >= ATTEMPTS_MAX);
      return false;
    }
    await this.repository.sent(id, this.clock.now());
    return true;
  }

  private async rule(id: number): Promise<RuleRow> {
    const row = (await this.repository.rules()).find((one) => one.id === id);
    if (!row) throw new ProblemError(404, 'notice.unknown_rule', `there is no rule ${id}`);
    return row;
  }
}

const waitMs = (attempts: number) => RETRY_MS * 2 ** attempts;

const ruleView = ({ createdAt, secret, ...row }: RuleRow): NoticeRule => ({
  ...row,
  hasSecret: secret !== null,
  createdAt: createdAt.toISOString(),
});
