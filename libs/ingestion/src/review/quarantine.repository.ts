import type { QuarantineFilter, QuarantineItem, QuarantineQuery } from '#contracts';
import { dayStartMs } from '#domain';
import { empty, sql, type Queryable, type Sql } from '#persistence';
import type { KeptMessage } from '../message-replayer.ts';

/** What is noted of a replay. */
interface NotedOutcome {
  id: bigint;
  outcome: string;
}

interface ItemRow extends Omit<
  QuarantineItem,
  'id' | 'bytes' | 'times' | 'receivedAt' | 'lastReceivedAt' | 'replayedAt'
> {
  id: bigint;
  bytes: number;
  times: bigint;
  receivedAt: Date;
  lastReceivedAt: Date;
  replayedAt: Date | null;
}

/** Reads what is kept aside and notes what became of it. Nothing is ever deleted here. */
export class QuarantineRepository {
  constructor(private readonly database: Queryable) {}

  /** A page, last received first. */
  async page(query: QuarantineQuery): Promise<{ items: QuarantineItem[]; total: number }> {
    const where = condition(query);
    const rows = await this.database.query<ItemRow>(sql`
      select ${itemColumns}
      from quarantine_message q
      where ${where}
      order by last_received_at desc, id desc
      limit ${query.pageSize}
      offset ${(query.page - 1) * query.pageSize}`);
    const [counted] = await this.database.query<{ total: number }>(
      sql`select count(*)::int as total from quarantine_message q where ${where}`,
    );
    return { items: rows.map(toItem), total: counted?.total ?? 0 };
  }

  /** Messages by reason under the filter, whatever reason the filter asks for. */
  async countByReason(filter: QuarantineFilter): Promise<{ reason: string; messages: number }[]> {
    return this.database.query(sql`
      select reason, count(*)::int as messages
      from quarantine_message q
      where ${condition({ ...filter, reason: undefined })}
      group by reason
      order by messages desc, reason`);
  }

  async one(id: bigint): Promise<{ item: QuarantineItem; payload: Buffer } | null> {
    const [row] = await this.database.query<ItemRow & { payload: Buffer }>(
      sql`select ${itemColumns}, payload from quarantine_message q where id = ${id}`,
    );
    return row ? { item: toItem(row), payload: row.payload } : null;
  }

  /** The newest message that a replay of the filter would take, or null where it would take none. */
  async lastOpenId(filter: QuarantineFilter): Promise<bigint | null> {
    const [row] = await this.database.query<{ id: bigint | null }>(
      sql`select max(id) as id from quarantine_message q where ${condition(filter)} and ${isOpen}`,
    );
    return row?.id ?? null;
  }

  /**
   * Open messages of the filter with `after` < id ≤ `upTo`, oldest first. Their time is that of the first
   * receipt: what takes its time from it must come out the same however often the bytes came.
   */
  async openMessages(
    filter: QuarantineFilter,
    span: { after: bigint; upTo: bigint; limit: number },
  ): Promise<KeptMessage[]> {
    const rows = await this.database.query<Omit<KeptMessage, 'receivedAtMs'> & { receivedAt: Date }>(sql`
      select id, topic, payload, retained, received_at as "receivedAt"
      from quarantine_message q
      where ${condition(filter)} and ${isOpen} and id > ${span.after} and id <= ${span.upTo}
      order by id
      limit ${span.limit}`);
    return rows.map(({ receivedAt, ...row }) => ({ ...row, receivedAtMs: receivedAt.getTime() }));
  }

  async countOpen(filter: QuarantineFilter, span: { after: bigint; upTo: bigint }): Promise<number> {
    const [row] = await this.database.query<{ left: number }>(sql`
      select count(*)::int as left
      from quarantine_message q
      where ${condition(filter)} and ${isOpen} and id > ${span.after} and id <= ${span.upTo}`);
    return row?.left ?? 0;
  }

  async noteOutcomes(outcomes: readonly NotedOutcome[], replayedAtMs: number): Promise<void> {
    if (outcomes.length === 0) return;
    await this.database.query(sql`
      update quarantine_message q set
        replayed_at = ${new Date(replayedAtMs)},
        outcome = u.outcome
      from unnest(
        ${outcomes.map(({ id }) => id)}::bigint[],
        ${outcomes.map(({ outcome }) => outcome)}::text[]
      ) as u (id, outcome)
      where q.id = u.id`);
  }

  /** The newest messages without a known device, of all profiles. */
  async newestUnknown(limit: number): Promise<(KeptMessage & { times: number; lastReceivedAtMs: number })[]> {
    const rows = await this.database.query<{
      id: bigint;
      topic: string;
      payload: Buffer;
      retained: boolean;
      receivedAt: Date;
      lastReceivedAt: Date;
      times: bigint;
    }>(sql`
      select id, topic, payload, retained, received_at as "receivedAt", last_received_at as "lastReceivedAt", times
      from quarantine_message q
      where reason = 'unknown_device'
      order by last_received_at desc
      limit ${limit}`);
    return rows.map(({ receivedAt, lastReceivedAt, times, ...row }) => ({
      ...row,
      receivedAtMs: receivedAt.getTime(),
      lastReceivedAtMs: lastReceivedAt.getTime(),
      times: Number(times),
    }));
  }
}

const itemColumns = sql`
  id, reason, detail, topic, octet_length(payload) as bytes, retained, times, received_at as "receivedAt",
  last_received_at as "lastReceivedAt", replayed_at as "replayedAt", outcome`;

const toItem = (row: ItemRow): QuarantineItem => ({
  id: String(row.id),
  reason: row.reason,
  detail: row.detail,
  topic: row.topic,
  bytes: row.bytes,
  retained: row.retained,
  times: Number(row.times),
  receivedAt: row.receivedAt.toISOString(),
  lastReceivedAt: row.lastReceivedAt.toISOString(),
  replayedAt: row.replayedAt?.toISOString() ?? null,
  outcome: row.outcome,
});

/** What came again and was refused again is still to be dealt with. */
const isOpen = sql`(q.outcome is null or q.outcome like 'refused:%')`;

function condition(filter: Partial<Record<keyof QuarantineFilter, string | undefined>>): Sql {
  const { reason, topic, from, to, state } = filter;
  const text = filter.text === undefined ? undefined : plain(filter.text);
  return sql`true
    ${reason === undefined ? empty : sql`and q.reason = ${plain(reason)}`}
    ${topic === undefined ? empty : sql`and strpos(lower(q.topic), lower(${plain(topic)}::text)) > 0`}
    ${
      text === undefined || text === ''
        ? empty
        : // The payload may be no text at all, so it is searched as bytes: nothing has to be decoded.
          sql`and (strpos(lower(q.topic), lower(${text}::text)) > 0
            or strpos(lower(q.detail), lower(${text}::text)) > 0
            or position(${Buffer.from(text)}::bytea in q.payload) > 0)`
    }
    ${from === undefined ? empty : sql`and q.last_received_at >= ${new Date(dayStartMs(from))}`}
    ${to === undefined ? empty : sql`and q.last_received_at < ${new Date(dayStartMs(to))}`}
    ${state === undefined ? empty : state === 'open' ? sql`and ${isOpen}` : sql`and not ${isOpen}`}`;
}

/** PostgreSQL's text holds no NUL; it can match nothing, so it is left out. */
const plain = (text: string) => text.replaceAll('\0', '').toWellFormed();
