import { alarmEventSchema, alarmKindSchema, alarmLevelSchema, type LiveAlarm } from '#contracts';
import { sql, type Queryable } from '#persistence';
import type { FedAlarm } from './live-channel.ts';

/** Events kept for the channels; a channel asks every second. */
const FEED_MAX = 1000;
/** A transaction that took its number early may be seen late: so far back numbers are looked at again. */
const LATE_NUMBERS = 200;
const READ_MAX = 1000;

interface EventRow {
  eventId: number;
  id: number;
  kind: string;
  level: string;
  event: string;
  at: Date;
  countyCode: string | null;
  stationCode: string | null;
  stationName: string | null;
}

/** What became of alarms since the feed began, read from their histories, each event once. */
export class AlarmFeed {
  private readonly seen = new Set<number>();
  private highest: number | null = null;
  private lastNo = 0;
  private fed: FedAlarm<LiveAlarm>[] = [];

  constructor(private readonly queryable: Queryable) {}

  /** Reads what is new. Only one call at a time. */
  async read(): Promise<void> {
    const isFirst = this.highest === null;
    const rows = await this.rowsAfter(this.highest);
    const last = rows.at(-1);
    for (const row of rows) {
      if (this.seen.has(row.eventId)) continue;
      this.seen.add(row.eventId);
      if (!isFirst) this.fed.push({ no: (this.lastNo += 1), event: viewOf(row) });
    }
    this.fed = this.fed.slice(-FEED_MAX);
    this.highest = Math.max(this.highest ?? 0, last?.eventId ?? 0);
    for (const id of this.seen) if (id < this.highest - LATE_NUMBERS) this.seen.delete(id);
  }

  /** Events after a number, that a scope wants; null: none, from now on. */
  after(
    no: number | null,
    wants: (event: LiveAlarm) => boolean,
  ): { events: FedAlarm<LiveAlarm>[]; lastNo: number; isReset: boolean } {
    const first = this.fed[0]?.no ?? this.lastNo + 1;
    return {
      events: no === null ? [] : this.fed.filter((one) => one.no > no && wants(one.event)),
      lastNo: this.lastNo,
      isReset: no !== null && no < first - 1,
    };
  }

  private rowsAfter(highest: number | null): Promise<EventRow[]> {
    const from =
      highest === null
        ? sql`(select coalesce(max(id), 0) - ${LATE_NUMBERS}::int from alarm_event)`
        : sql`${highest - LATE_NUMBERS}::bigint`;
    return this.queryable.query<EventRow>(sql`
      select e.id::float8 as "eventId", a.id::float8, a.kind, a.level, e.kind as event, e.at,
        a.county_code as "countyCode", s.code as "stationCode", s.name as "stationName"
      from alarm_event e
      join alarm a on a.id = e.alarm_id
      left join station s on s.id = a.station_id
      where e.id > ${from}
      order by e.id
      limit ${READ_MAX}::int`);
  }
}

const viewOf = (row: EventRow): LiveAlarm => ({
  id: row.id,
  kind: alarmKindSchema.parse(row.kind),
  level: alarmLevelSchema.parse(row.level),
  event: alarmEventSchema.shape.kind.parse(row.event),
  at: row.at.toISOString(),
  countyCode: row.countyCode,
  stationCode: row.stationCode,
  stationName: row.stationName,
});
