import { createHash } from 'node:crypto';
import { sql, type Queryable } from '#persistence';
import type { QuarantineReason } from './reading.ts';

export interface QuarantinedMessage {
  receivedAtMs: number;
  topic: string;
  payload: Buffer;
  /** The broker had kept it: "last known" from an unknown time ago. Live where absent. */
  retained?: boolean;
  reason: QuarantineReason;
  detail: string;
  /** For the receipts: one entry a refused reading, or one for a message that could not be read at all. */
  tally: { stationId: number; day: string }[];
}

/** Keeps messages, or messages that hold refused readings, byte for byte. */
export async function writeQuarantine(
  transaction: Queryable,
  messages: readonly QuarantinedMessage[],
): Promise<void> {
  // A statement may touch a row once only: the same bytes twice in a batch are counted first.
  const rows = new Map<string, { message: QuarantinedMessage; hash: Buffer; times: number }>();
  for (const message of messages) {
    const hash = hashOf(message);
    const known = rows.get(hash.toString('hex'));
    if (known) known.times += 1;
    else rows.set(hash.toString('hex'), { message, hash, times: 1 });
  }
  const list = [...rows.values()];
  await transaction.query(sql`
    insert into quarantine_message as q (received_at, last_received_at, topic, payload, retained, reason, detail, hash,
      times)
    select received_at, received_at, topic, payload, retained, reason, detail, hash, times
    from unnest(
      ${list.map(({ message }) => new Date(message.receivedAtMs).toISOString())}::timestamptz[],
      ${list.map(({ message }) => storableText(message.topic))}::text[],
      ${list.map(({ message }) => message.payload)}::bytea[],
      ${list.map(({ message }) => message.retained ?? false)}::boolean[],
      ${list.map(({ message }) => message.reason)}::text[],
      ${list.map(({ message }) => storableText(message.detail))}::text[],
      ${list.map(({ hash }) => hash)}::bytea[],
      ${list.map(({ times }) => times)}::bigint[]
    ) as u (received_at, topic, payload, retained, reason, detail, hash, times)
    order by hash
    on conflict (hash) do update set
      times = q.times + excluded.times, last_received_at = greatest(q.last_received_at, excluded.last_received_at)`);
}

/** A kept copy and the live message have the same bytes, and are two things: only one of them may become a reading. */
function hashOf({ topic, reason, payload, retained }: QuarantinedMessage): Buffer {
  const head = `${topic}\0${reason}\0${retained ? 'retained\0' : ''}`;
  return createHash('sha256').update(head).update(payload).digest();
}

/** PostgreSQL's text holds no NUL and no half surrogates; the bytes of the payload are kept elsewhere. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
