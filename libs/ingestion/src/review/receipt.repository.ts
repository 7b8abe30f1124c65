import {
  CONNECTS_DOUBTFUL,
  type DeviceClock,
  type MessageCounts,
  type SenderReceipt,
  type SharedNameDoubt,
} from '#contracts';
import { empty, sql, type Queryable } from '#persistence';

export interface ReceiptStation {
  id: number;
  code: string;
  name: string;
}

/** Which station-days; `to` is exclusive. */
export interface ReceiptSpan {
  stationIds: readonly number[];
  from: string;
  to: string;
}

interface StationDayKey {
  stationId: number;
  day: string;
}

export interface ReadingCounts extends StationDayKey {
  accepted: number;
  duplicate: number;
  late: number;
}

export interface RejectionCount extends StationDayKey {
  reason: string;
  times: number;
}

export type SenderDay = SenderReceipt & StationDayKey;

/** Late messages come within this many days (domain.md 3.4), so a number of a day may stand that far from it. */
const AROUND_DAYS = 31;
/** Holes that are named one by one; more than these are counted. */
const HOLES_MAX = 50;

/** The tables that ingest fills on the way, read as a receipt. */
export class ReceiptRepository {
  constructor(private readonly database: Queryable) {}

  async station(code: string): Promise<ReceiptStation | null> {
    const [row] = await this.database.query<ReceiptStation>(
      sql`select id, code, name from station where code = ${code}`,
    );
    return row ?? null;
  }

  /** Stations of a county or of the whole fleet, a page by code. */
  async stations(query: {
    county: string | undefined;
    page: number;
    pageSize: number;
  }): Promise<{ items: ReceiptStation[]; total: number }> {
    const where =
      query.county === undefined
        ? empty
        : sql`where township_code in (select code from township where county_code = ${query.county})`;
    const items = await this.database.query<ReceiptStation>(sql`
      select id, code, name
      from station
      ${where}
      order by code
      limit ${query.pageSize}
      offset ${(query.page - 1) * query.pageSize}`);
    const [counted] = await this.database.query<{ total: number }>(
      sql`select count(*)::int as total from station ${where}`,
    );
    return { items, total: counted?.total ?? 0 };
  }

  async readings({ stationIds, from, to }: ReceiptSpan): Promise<ReadingCounts[]> {
    const rows = await this.database.query<
      Record<'accepted' | 'duplicate' | 'late', bigint> & { stationId: number; day: string }
    >(sql`
      select station_id as "stationId", day, accepted, duplicate, late
      from ingest_count
      where station_id = any(${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date`);
    return rows.map((row) => ({
      ...row,
      accepted: Number(row.accepted),
      duplicate: Number(row.duplicate),
      late: Number(row.late),
    }));
  }

  async rejections({ stationIds, from, to }: ReceiptSpan): Promise<RejectionCount[]> {
    const rows = await this.database.query<Omit<RejectionCount, 'times'> & { times: bigint }>(sql`
      select station_id as "stationId", day, reason, times
      from ingest_rejection
      where station_id = any(${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date
      order by times desc, reason`);
    return rows.map((row) => ({ ...row, times: Number(row.times) }));
  }

  /**
   * What the numbers of the messages say, a sender, epoch and day. The expected numbers of a day run from after the
   * highest of the earlier days of the sender (the day's own lowest where there is none) to the day's highest; a
   * number that came with a measurement of another day is not missing.
   */
  async senders(span: ReceiptSpan): Promise<SenderDay[]> {
    const rows = await this.database.query<SenderRow>(sql`
      with day_of_sender as (
        select station_id, sender_code, epoch, day, received
        from message_sequence
        where station_id = any(${span.stationIds}::int[]) and day >= ${span.from}::date and day < ${span.to}::date
      ), resend as (
        select station_id, sender_code, epoch, day, range_agg(asked) as asked,
          range_agg(missing) filter (where state = 'given_up') as given_up
        from resend_request
        where station_id = any(${span.stationIds}::int[]) and day >= ${span.from}::date and day < ${span.to}::date
        group by station_id, sender_code, epoch, day
      ), sender as (
        select station_id, sender_code, epoch from day_of_sender
        union
        select station_id, sender_code, epoch from resend
      ), everything as (
        select station_id, sender_code, epoch, range_agg(s.received) as received
        from message_sequence s
        join sender using (station_id, sender_code, epoch)
        where s.day >= ${span.from}::date - ${AROUND_DAYS}::int and s.day < ${span.to}::date + ${AROUND_DAYS}::int
        group by station_id, sender_code, epoch
      ), expected as (
        select d.*, upper(d.received) as until_number,
          coalesce((
            select max(upper(e.received))
            from message_sequence e
            where e.station_id = d.station_id and e.sender_code = d.sender_code and e.epoch = d.epoch and e.day < d.day
          ), lower(d.received)) as from_number
        from day_of_sender d
      )
      select station_id as "stationId", sender_code as code, epoch, day::text as day,
        x.from_number as "fromNumber", x.until_number as "untilNumber",
        coalesce(x.received, '{}')::text as received,
        (case when x.from_number < x.until_number
          then int8multirange(int8range(x.from_number, x.until_number)) - coalesce(e.received, '{}')
          else '{}' end)::text as missing,
        coalesce(r.asked, '{}')::text as asked,
        (coalesce(r.asked, '{}') * coalesce(e.received, '{}'))::text as came,
        (coalesce(r.given_up, '{}') - coalesce(e.received, '{}'))::text as "gaveUp"
      from expected x
      full join resend r using (station_id, sender_code, epoch, day)
      left join everything e using (station_id, sender_code, epoch)
      order by day, station_id, sender_code, epoch`);
    return rows.map(toSenderDay);
  }

  /** How often gateways said that they came on line, where that is more than a bad link does. */
  async reconnects({ stationIds, from, to }: ReceiptSpan): Promise<(SharedNameDoubt & StationDayKey)[]> {
    const rows = await this.database.query<StationDayKey & { sender: string; times: bigint }>(sql`
      select station_id as "stationId", day, gateway_code as sender, times
      from gateway_connect_day
      where station_id = any(${stationIds}::int[]) and day >= ${from}::date and day < ${to}::date
        and times >= ${CONNECTS_DOUBTFUL}::bigint
      order by gateway_code`);
    return rows.map((row) => ({ ...row, kind: 'reconnects', times: Number(row.times) }));
  }

  /** How far the clocks of the devices of a station are from ours: the lesser of two hours' least delays. */
  async clocks(stationId: number): Promise<Omit<DeviceClock, 'verdict'>[]> {
    const rows = await this.database.query<{ deviceCode: string; hourAt: Date; skewMs: bigint }>(sql`
      select d.code as "deviceCode", c.hour_at as "hourAt", least(c.least_delay_ms, c.last_least_delay_ms) as "skewMs"
      from device_clock c
      join device d on d.id = c.device_id
      where d.station_id = ${stationId}
      order by d.code`);
    return rows.map((row) => ({ ...row, hourAt: row.hourAt.toISOString(), skewMs: Number(row.skewMs) }));
  }
}

interface SenderRow {
  stationId: number;
  code: string;
  epoch: number;
  day: string;
  fromNumber: bigint | null;
  untilNumber: bigint | null;
  received: string;
  missing: string;
  asked: string;
  came: string;
  gaveUp: string;
}

function toSenderDay(row: SenderRow): SenderDay {
  const missing = rangesOf(row.missing);
  const counts: Omit<MessageCounts, 'sent'> = {
    received: sizeOf(rangesOf(row.received)),
    missing: sizeOf(missing),
    asked: sizeOf(rangesOf(row.asked)),
    came: sizeOf(rangesOf(row.came)),
    gaveUp: sizeOf(rangesOf(row.gaveUp)),
  };
  return {
    stationId: row.stationId,
    day: row.day,
    code: row.code,
    epoch: row.epoch,
    firstSeq: row.fromNumber === null ? null : Number(row.fromNumber),
    lastSeq: row.untilNumber === null ? null : Number(row.untilNumber) - 1,
    sent: counts.received + counts.missing,
    ...counts,
    holes: missing.slice(0, HOLES_MAX),
  };
}

/** `{[1,5),[7,8)}` → [[1,4],[7,7]]: PostgreSQL writes whole-number ranges with the first in and the last out. */
export function rangesOf(multirange: string): [number, number][] {
  return [...multirange.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, until]) => [
    Number(from),
    Number(until) - 1,
  ]);
}

const sizeOf = (ranges: readonly (readonly [number, number])[]) =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
