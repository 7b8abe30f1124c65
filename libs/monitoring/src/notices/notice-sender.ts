import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { NoticeChannel } from '#contracts';
import { webhookRequest } from './notice-text.ts';

export interface OutgoingNotice {
  id: number;
  channel: NoticeChannel;
  targets: readonly string[];
  secret: string | null;
  subject: string;
  body: string;
}

/** Sends one message to where its rule says. Throws where it was not taken. */
export interface NoticeSender {
  send(notice: OutgoingNotice): Promise<void>;
  readonly canSendMail: boolean;
}

const TIMEOUT_MS = 10_000;
/** 企业微信 and 钉钉 answer 200 with a code of their own. */
const answerSchema = z.object({ errcode: z.number(), errmsg: z.string().default('') });

/** The real sender: SMTP by nodemailer, webhooks by fetch. A redirect is not followed. */
export class NetworkNoticeSender implements NoticeSender {
  /** @param settings `smtp[s]://user:password@host:port`; without it no mail goes out. */
  constructor(
    private readonly settings: { smtpUrl: string | null; from: string },
    private readonly realNowMs: () => number,
  ) {}

  get canSendMail(): boolean {
    return this.settings.smtpUrl !== null;
  }

  async send(notice: OutgoingNotice): Promise<void> {
    const { channel } = notice;
    if (channel === 'email') return this.sendMail(notice);
    for (const url of notice.targets)
      await post(
        webhookRequest({
          ...notice,
          channel,
          url,
          messageId: notice.id,
          nowMs: this.realNowMs(),
        }),
      );
  }

  private async sendMail(notice: OutgoingNotice): Promise<void> {
    const { smtpUrl, from } = this.settings;
    if (smtpUrl === null) throw new Error('no mail server is set (PV_SMTP_URL)');
    const transport = createTransport(smtpUrl, {});
    try {
      // The same Message-ID on every attempt lets a mailbox see a repetition as one.
      await transport.sendMail({
        from,
        to: [...notice.targets],
        subject: notice.subject,
        text: notice.body,
        messageId: `<notice-${notice.id}@sunledger>`,
      });
    } finally {
      transport.close();
    }
  }
}

async function post(request: { url: string; body: unknown }): Promise<void> {
  const response = await fetch(request.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer = answerSchema.safeParse(parsed(text));
  if (answer.success && answer.data.errcode !== 0)
    throw new Error(`refused: ${answer.data.errcode} ${answer.data.errmsg}`.trim());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
