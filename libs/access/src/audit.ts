import { empty, sql, type Queryable } from '#persistence';
import { sha256 } from './token.ts';

/** Anything that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What somebody did. Nothing secret and no more of a person than the name belongs in it. */
export interface AuditDraft {
  at: Date;
  /** Null where nobody is known, as at a login that failed. */
  actor: { accountId: string; name: string } | null;
  /** `area.what`, such as `access.login`. */
  action: string;
  /** What it was done to. */
  subject: string;
  before?: Json;
  after?: Json;
  /** Where the request came from; null for a program. */
  address: string | null;
}

interface ChainedEvent {
  sequence: bigint;
  at: Date;
  accountId: string | null;
  accountName: string | null;
  action: string;
  subject: string;
  beforeJson: string | null;
  afterJson: string | null;
  address: string | null;
  previousHash: string;
}

interface AuditRow extends ChainedEvent {
  eventHash: string;
}

type AuditReport =
  | { state: 'whole'; events: bigint; headHash: string }
  | {
      state: 'broken';
      sequence: bigint;
      fault: 'missing' | 'not_linked' | 'content_changed' | 'head_differs';
    };

const CHAIN_START = '0'.repeat(64);
/** Events read at a time when the chain is followed. */
const PAGE_EVENTS = 500;

/**
 * Writes what somebody did into the audit trail, in the transaction that did it: both are there, or neither. Call it last:
 * from here to the end of the transaction no other event is written.
 */
export async function audit(transaction: Queryable, draft: AuditDraft): Promise<void> {
  const [head] = await transaction.query<{ sequence: bigint; eventHash: string }>(sql`
    select sequence, event_hash as "eventHash" from audit_head where id = 1 for update`);
  if (!head) throw new Error('the audit trail has no head');
  const event: ChainedEvent = {
    sequence: head.sequence + 1n,
    at: draft.at,
    accountId: draft.actor?.accountId ?? null,
    accountName: draft.actor?.name ?? null,
    action: draft.action,
    subject: draft.subject,
    beforeJson: draft.before === undefined ? null : JSON.stringify(draft.before),
    afterJson: draft.after === undefined ? null : JSON.stringify(draft.after),
    address: draft.address,
    previousHash: head.eventHash,
  };
  await transaction.query(sql`
    insert into audit_event (sequence, at, account_id, account_name, action, subject, before_json, after_json, address,
      previous_hash, event_hash)
    values (${event.sequence}::bigint, ${event.at}::timestamptz, ${event.accountId}::text,
      ${event.accountName}::text, ${event.action}, ${event.subject}, ${event.beforeJson}::text,
      ${event.afterJson}::text, ${event.address}::text, ${event.previousHash}, ${eventHash(event)})`);
}

/** The hash of an event covers all of it and the hash before. */
export function eventHash(event: ChainedEvent): string {
  return sha256(
    JSON.stringify([
      String(event.sequence),
      event.at.toISOString(),
      event.accountId,
      event.accountName,
      event.action,
      event.subject,
      event.beforeJson,
      event.afterJson,
      event.address,
      event.previousHash,
    ]),
  );
}

/** A page of events, the newest first; `before` null is from the end. */
export async function auditPage(
  database: Queryable,
  page: { before: bigint | null; limit: number },
): Promise<AuditRow[]> {
  return database.query<AuditRow>(sql`
    select ${COLUMNS} from audit_event e
    ${page.before === null ? empty : sql`where e.sequence < ${page.before}::bigint`}
    order by e.sequence desc
    limit ${page.limit}::int`);
}

/**
 * Follows the whole chain and names the first event that is gone, was changed, or does not follow. A chain rewritten to its
 * end shows against a head hash kept elsewhere.
 */
export async function verifyAuditChain(database: Queryable): Promise<AuditReport> {
  const [head] = await database.query<{ sequence: bigint; eventHash: string }>(sql`
    select sequence, event_hash as "eventHash" from audit_head where id = 1`);
  if (!head) throw new Error('the audit trail has no head');
  let previous = { sequence: 0n, hash: CHAIN_START };
  for (;;) {
    const events = await database.query<AuditRow>(sql`
      select ${COLUMNS} from audit_event e
      where e.sequence > ${previous.sequence}::bigint and e.sequence <= ${head.sequence}::bigint
      order by e.sequence
      limit ${PAGE_EVENTS}::int`);
    for (const event of events) {
      const sequence = previous.sequence + 1n;
      if (event.sequence !== sequence) return { state: 'broken', sequence, fault: 'missing' };
      if (event.previousHash !== previous.hash) return { state: 'broken', sequence, fault: 'not_linked' };
      if (eventHash(event) !== event.eventHash)
        return { state: 'broken', sequence, fault: 'content_changed' };
      previous = { sequence, hash: event.eventHash };
    }
    if (events.length < PAGE_EVENTS) break;
  }
  if (previous.sequence !== head.sequence)
    return { state: 'broken', sequence: previous.sequence + 1n, fault: 'missing' };
  if (previous.hash !== head.eventHash)
    return { state: 'broken', sequence: head.sequence, fault: 'head_differs' };
  return { state: 'whole', events: head.sequence, headHash: head.eventHash };
}

const COLUMNS = sql`
  e.sequence, e.at, e.account_id as "accountId", e.account_name as "accountName", e.action, e.subject,
  e.before_json as "beforeJson", e.after_json as "afterJson", e.address, e.previous_hash as "previousHash",
  e.event_hash as "eventHash"`;
