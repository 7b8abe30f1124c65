import { Inject, Injectable } from '@nestjs/common';
import type { Alarm, AlarmDetail, AlarmList, AlarmQuery } from '#contracts';
import { Database, sql, type Queryable, type Sql } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  AlarmQueueRepository,
  lockAlarm,
  noteEvent,
  viewOf,
  type AlarmRow,
  type LockedAlarm,
} from './alarm-queue.repository.ts';

/** Longest rest of an alarm: a month, ms. */
const SNOOZE_MAX_MS = 31 * 86_400_000;

interface Who {
  name: string;
}

/** The queue of alarms, and what persons do with them. Each change names the version that was seen. */
@Injectable()
export class AlarmService {
  private readonly repository: AlarmQueueRepository;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new AlarmQueueRepository(database);
  }

  /** A page of the queue, the most yuan lost first. */
  async list(query: AlarmQuery): Promise<AlarmList> {
    const now = this.clock.now();
    const [rows, totals, counts, evaluation] = await Promise.all([
      this.repository.list(query, now),
      this.repository.totals(query, now),
      this.repository.counts(query.county, now),
      this.repository.evaluation(),
    ]);
    const { graceUntil } = evaluation;
    return {
      asOf: now.toISOString(),
      items: rows.map((row) => viewOf(row, now)),
      total: totals.total,
      page: query.page,
      pageSize: query.pageSize,
      counts,
      lostAmountFen: String(totals.lostFen),
      evaluatedAt: evaluation.ranAt?.toISOString() ?? null,
      graceUntil: graceUntil && graceUntil > now ? graceUntil.toISOString() : null,
    };
  }

  /** @throws ProblemError 404 `alarm.unknown` */
  async detail(id: number): Promise<AlarmDetail> {
    const now = this.clock.now();
    const row = await this.find(id);
    const [samples, incidents, lossDays, history] = await Promise.all([
      this.repository.samples(id),
      this.repository.incidents(id),
      this.repository.lossDays(id),
      this.repository.history(id),
    ]);
    return { asOf: now.toISOString(), alarm: viewOf(row, now), samples, incidents, lossDays, history };
  }

  /** A second person who acknowledges changes nothing. */
  acknowledge(id: number, version: number, who: Who): Promise<Alarm> {
    return this.change(id, { version }, async (transaction, alarm, now) => {
      if (alarm.state === 'acknowledged') return;
      await setAlarm(
        transaction,
        id,
        sql`state = 'acknowledged', acknowledged_at = ${now}::timestamptz, acknowledged_by = ${who.name}`,
      );
      await noteEvent(transaction, { id, at: now, kind: 'acknowledged', by: who.name, note: '' });
    });
  }

  assign(id: number, given: { version: number; assignee: string | null }, who: Who): Promise<Alarm> {
    return this.change(id, given, async (transaction, _alarm, now) => {
      await setAlarm(transaction, id, sql`assigned_to = ${given.assignee}`);
      await noteEvent(transaction, {
        id,
        at: now,
        kind: 'assigned',
        by: who.name,
        note: given.assignee ?? '',
      });
    });
  }

  /** A comment needs no version: it takes nothing away. */
  comment(id: number, note: string, who: Who): Promise<Alarm> {
    return this.change(id, { version: null, isForClosed: true }, async (transaction, _alarm, now) =>
      noteEvent(transaction, { id, at: now, kind: 'commented', by: who.name, note }),
    );
  }

  /**
   * Rests until an instant, or wakes it (null).
   * @throws ProblemError 400 `alarm.snooze_end` where the end is past, or more than 31 days away.
   */
  snooze(
    id: number,
    given: { version: number; until: string | null; note: string },
    who: Who,
  ): Promise<Alarm> {
    const until = given.until === null ? null : new Date(given.until);
    return this.change(id, given, async (transaction, _alarm, now) => {
      const restMs = until === null ? 1 : until.getTime() - now.getTime();
      if (restMs <= 0 || restMs > SNOOZE_MAX_MS)
        throw new ProblemError(
          400,
          'alarm.snooze_end',
          'the end has to be to come, within 31 days of the clock',
        );
      await setAlarm(transaction, id, sql`snoozed_until = ${until}::timestamptz`);
      await noteEvent(transaction, {
        id,
        at: now,
        kind: until === null ? 'woken' : 'snoozed',
        by: who.name,
        note: [until?.toISOString() ?? '', given.note].filter((text) => text !== '').join(' '),
      });
    });
  }

  /** Closed by hand it stays closed while the same incident goes on. */
  close(id: number, given: { version: number; reason: string }, who: Who): Promise<Alarm> {
    return this.change(id, given, async (transaction, _alarm, now) => {
      await setAlarm(
        transaction,
        id,
        sql`state = 'closed', closed_at = ${now}::timestamptz, closed_by = ${who.name}, closed_reason = ${given.reason}`,
      );
      await noteEvent(transaction, { id, at: now, kind: 'closed', by: who.name, note: given.reason });
    });
  }

  /** @throws ProblemError 404 `alarm.unknown`, 409 `alarm.changed` or `alarm.closed` */
  private async change(
    id: number,
    options: { version: number | null; isForClosed?: boolean },
    work: (transaction: Queryable, alarm: LockedAlarm, now: Date) => Promise<void>,
  ): Promise<Alarm> {
    const now = this.clock.now();
    await this.database.transaction(async (transaction) => {
      const alarm = await lockAlarm(transaction, id);
      if (!alarm) throw unknownAlarm(id);
      if (alarm.state === 'closed' && options.isForClosed !== true)
        throw new ProblemError(409, 'alarm.closed', 'the alarm is closed');
      if (options.version !== null && options.version !== alarm.version)
        throw new ProblemError(409, 'alarm.changed', 'somebody else changed the alarm; look at it again');
      await work(transaction, alarm, now);
    });
    return viewOf(await this.find(id), now);
  }

  private async find(id: number): Promise<AlarmRow> {
    const row = await this.repository.find(id);
    if (!row) throw unknownAlarm(id);
    return row;
  }
}

const unknownAlarm = (id: number) => new ProblemError(404, 'alarm.unknown', `there is no alarm ${id}`);

async function setAlarm(transaction: Queryable, id: number, fields: Sql): Promise<void> {
  await transaction.query(sql`update alarm set ${fields}, version = version + 1 where id = ${id}::bigint`);
}
