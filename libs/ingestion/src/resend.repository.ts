/**
 * A request to send again is
 *   open      the numbers are missing; asked at most `ATTEMPTS_MAX` times, each time after twice the patience
 *   came      every number that the sender still had is here (before the first attempt: it was only late)
 *   given_up  the sender did not answer, or does not have them; the hole stays on the receipt
 */
import { NUMBER_JUMP_MAX, RESEND_NUMBERS_MAX } from '#contracts';
import { sql, type Database, type Queryable } from '#persistence';
import type { Sender } from './message-sequence.ts';
import type { ResendReply } from './reading.ts';

/** A sender that says nothing after a day and an hour (60 s doubled 10 times is 17 hours) will not answer. */
const ATTEMPTS_MAX = 10;
/** Gateways keep a week. */
const KEPT_DAYS = 8;
/** So many numbers of one sender are asked for at a time; the rest has its turn when these came. */
const OUTSTANDING_MAX = 2000;
/** Requests of one turn, so that a fleet that comes back is not asked for everything at once. */
const REQUESTS_PER_TURN = 100;
/** Looking for holes is never worth holding up the database. */
const STATEMENT_TIMEOUT = '20s';
/** One ingest at a time asks. */
const LOCK = 7_201_001;

export interface ResendOrder {
  id: string;
  stationCode: string;
  senderCode: string;
  /** First and last number, both included. */
  ranges: [number, number][];
}

export interface ResendTurn {
  now: Date;
  patienceMs: number;
}

export class ResendRepository {
  constructor(private readonly database: Database) {}

  /** Senders that were heard lately; after a start nobody knows which of them have holes. */
  async recentSenders(now: Date): Promise<Sender[]> {
    return this.database.query<Sender>(sql`
      select station_id as "stationId", code as "senderCode"
      from message_sender
      where last_measured_at > ${now}::timestamptz - make_interval(days => ${KEPT_DAYS}::int)
      order by 1, 2`);
  }

  /**
   * Notes new holes of the suspects, strikes off what came, and takes the requests that are due.
   * @returns null where another ingest is at it; then nothing was done.
   */
  async turn(suspects: readonly Sender[], turn: ResendTurn): Promise<ResendOrder[] | null> {
    return this.database.transaction(async (transaction) => {
      const [lock] = await transaction.query<{ mine: boolean }>(
        sql`select pg_try_advisory_xact_lock(${LOCK}::bigint) as mine`,
      );
      if (!lock?.mine) return null;
      await transaction.query(sql`select set_config('statement_timeout', ${STATEMENT_TIMEOUT}, true)`);
      const settled = await settle(transaction, turn.now);
      await noteHoles(transaction, [...suspects, ...settled], turn);
      return takeDue(transaction, turn);
    });
  }

  /** The sender does not have these numbers. A request of another sender is left alone. */
  async noteGone(reply: ResendReply): Promise<void> {
    if (!/^\d{1,18}$/.test(reply.id) || reply.gone.length === 0) return;
    const ranges = `{${reply.gone.map(([from, to]) => `[${from},${to}]`).join(',')}}`;
    await this.database.query(sql`
      update resend_request r set gone = r.gone + (r.asked * ${ranges}::int8multirange)
      from station s
      where r.id = ${reply.id}::bigint and s.id = r.station_id and s.code = ${reply.stationCode}
        and r.sender_code = ${reply.senderCode}`);
  }
}

async function noteHoles(
  transaction: Queryable,
  suspects: readonly Sender[],
  turn: ResendTurn,
): Promise<void> {
  if (suspects.length === 0) return;
  await transaction.query(sql`
    with received as (
      select m.station_id, m.sender_code, m.epoch, range_agg(m.received) as numbers
      from message_sequence m
      join (
        select distinct station_id, sender_code
        from unnest(
          ${suspects.map(({ stationId }) => stationId)}::int[], ${suspects.map(({ senderCode }) => senderCode)}::text[]
        ) as u (station_id, sender_code)
      ) as u using (station_id, sender_code)
      where m.day >= (${turn.now}::timestamptz at time zone 'Asia/Shanghai')::date - ${KEPT_DAYS}::int
      group by m.station_id, m.sender_code, m.epoch
    ), holes as (
      select r.*, int8multirange(int8range(lower(numbers), upper(numbers))) - numbers - coalesce(a.asked, '{}') as missing,
        coalesce(a.outstanding, 0) as outstanding
      from received r
      left join lateral (
        select range_agg(q.asked) as asked,
          sum((select coalesce(sum(upper(h) - lower(h)), 0) from unnest(q.missing) h)) filter (where q.state = 'open')
            as outstanding
        from resend_request q
        where q.station_id = r.station_id and q.sender_code = r.sender_code and q.epoch = r.epoch
      ) a on true
    ), pieces as (
      select h.station_id, h.sender_code, h.epoch, h.outstanding, upper(hole) as hole_end, n as first_number,
        least(n + ${RESEND_NUMBERS_MAX}::int, upper(hole)) as after_number
      from holes h
      -- A wider hole is no hole: nobody has so many messages, and listing them would take for ever.
      cross join lateral (
        select hole from unnest(h.missing) as hole where upper(hole) - lower(hole) <= ${NUMBER_JUMP_MAX}::int
      ) as holes_of (hole)
      cross join lateral generate_series(lower(hole), upper(hole) - 1, ${RESEND_NUMBERS_MAX}::int) as n
    ), counted as (
      select p.*, sum(after_number - first_number) over (partition by station_id, sender_code, epoch
        order by first_number) as so_far
      from pieces p
    ), numbered as (
      -- A request holds no more than a gateway is willing to send at once.
      select c.*, ((so_far - 1) / ${RESEND_NUMBERS_MAX}::int)::int as request
      from counted c
      where outstanding + so_far <= ${OUTSTANDING_MAX}::int
    ), requests as (
      select station_id, sender_code, epoch, request, range_agg(int8range(first_number, after_number)) as asked,
        max(hole_end) as hole_end
      from numbered
      group by station_id, sender_code, epoch, request
    )
    insert into resend_request (station_id, sender_code, epoch, day, asked, missing, state, attempts, first_asked_at,
      next_attempt_at)
    select r.station_id, r.sender_code, r.epoch,
      -- The day on which the hole was seen: that of the message after it.
      coalesce((
        select min(m.day) from message_sequence m
        where m.station_id = r.station_id and m.sender_code = r.sender_code and m.epoch = r.epoch
          and m.received @> r.hole_end
      ), (${turn.now}::timestamptz at time zone 'Asia/Shanghai')::date),
      r.asked, r.asked, 'open', 0, ${turn.now}::timestamptz,
      ${turn.now}::timestamptz + make_interval(secs => ${turn.patienceMs / 1000}::float8)
    from requests r
    order by 1, 2, 3, r.request`);
}

/**
 * What came since is no longer missing; a request without missing numbers is done.
 * @returns senders of requests that are done; there may be more to ask of them.
 */
async function settle(transaction: Queryable, now: Date): Promise<Sender[]> {
  const changed = await transaction.query<Sender & { state: string }>(sql`
    with still as (
      select q.id, q.missing - coalesce(range_agg(m.received), '{}') as missing
      from resend_request q
      left join message_sequence m on m.station_id = q.station_id and m.sender_code = q.sender_code and m.epoch = q.epoch
      where q.state = 'open'
      group by q.id, q.missing
    )
    update resend_request q set missing = s.missing,
      state = case when isempty(s.missing) then 'came' when isempty(s.missing - q.gone) then 'given_up' else 'open' end,
      settled_at = case when isempty(s.missing - q.gone) then ${now}::timestamptz end
    from still s
    where s.id = q.id and (s.missing <> q.missing or isempty(s.missing - q.gone))
    returning q.station_id as "stationId", q.sender_code as "senderCode", q.state`);
  // It came before anybody asked: it was only late, and nothing was ever missing.
  await transaction.query(sql`delete from resend_request where state = 'came' and attempts = 0`);
  return changed.filter(({ state }) => state !== 'open');
}

async function takeDue(transaction: Queryable, { now, patienceMs }: ResendTurn): Promise<ResendOrder[]> {
  await transaction.query(sql`
    update resend_request set state = 'given_up', settled_at = ${now}::timestamptz
    where state = 'open' and attempts >= ${ATTEMPTS_MAX}::int and next_attempt_at <= ${now}::timestamptz`);
  const rows = await transaction.query<{
    id: bigint;
    stationCode: string;
    senderCode: string;
    firsts: bigint[];
    afters: bigint[];
  }>(sql`
    with due as (
      select id from resend_request
      where state = 'open' and next_attempt_at <= ${now}::timestamptz
      order by next_attempt_at, id
      limit ${REQUESTS_PER_TURN}::int
    )
    update resend_request q set attempts = q.attempts + 1,
      next_attempt_at = ${now}::timestamptz
        + make_interval(secs => ${patienceMs / 1000}::float8 * power(2, least(q.attempts + 1, 20)))
    from due, station s
    where due.id = q.id and s.id = q.station_id
    returning q.id, s.code as "stationCode", q.sender_code as "senderCode",
      (select array_agg(lower(h) order by lower(h)) from unnest(q.missing - q.gone) h) as firsts,
      (select array_agg(upper(h) order by lower(h)) from unnest(q.missing - q.gone) h) as afters`);
  return rows.map(({ id, stationCode, senderCode, firsts, afters }) => ({
    id: String(id),
    stationCode,
    senderCode,
    ranges: firsts.map((first, index) => [Number(first), Number(afters[index] ?? first + 1n) - 1]),
  }));
}
