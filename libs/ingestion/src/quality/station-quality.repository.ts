import type { DayValue } from '#domain';
import { sql, type Database, type Queryable } from '#persistence';
import type { LevelAnswer } from './level-shifts.ts';
import { QUALITY_VERSION, type JudgedStationDay, type QualityFlagRow } from './quality-facts.ts';

/** A station-day that is other than when it was last judged. */
export interface DueStationDay {
  stationId: number;
  day: string;
  mark: string;
}

export interface JudgedRow extends JudgedStationDay {
  stationId: number;
  mark: string;
}

/** Late readings are taken for 30 days, and a worker may have been away as long. */
const LOOKED_DAYS = 60;
/** Today changes all the time; it is judged again after so long. */
const TODAY_EVERY_MS = 30 * 60_000;

/** What the judgement of station-days is stored in, and the list of those that are due. */
export class StationQualityRepository {
  constructor(private readonly database: Database) {}

  /**
   * Station-days that have something to judge which is other than when they were judged, the oldest first: their energy
   * was rolled up anew, their power series was flagged anew, more was refused, or their expected output became final.
   */
  async due(question: { today: string; now: Date; limit: number }): Promise<DueStationDay[]> {
    const { today, now, limit } = question;
    return this.database.query<DueStationDay>(sql`
      with span as (
        select ${today}::date - ${LOOKED_DAYS}::int as from_day, ${today}::date as to_day
      ), energy as (
        select s.station_id, s.day, extract(epoch from s.computed_at)::text || case when x.is_final then '+' else '' end as mark
        from span
        join station_day s on s.day between from_day and to_day
        left join station_expected_day x on x.station_id = s.station_id and x.day = s.day
        where s.method <> 'simulated'
      ), spell as (
        select d.station_id, f.day,
          concat_ws(':', count(*), sum(f.count), sum(extract(epoch from f.from_at)), sum(extract(epoch from f.to_at)),
            sum(f.offset_s)) as mark
        from span
        join data_quality_flag f on f.day between from_day and to_day
        join device d on d.id = f.device_id
        group by d.station_id, f.day
      ), refusal as (
        select r.station_id, r.day, sum(r.times)::text as mark
        from span
        join ingest_rejection r on r.day between from_day and to_day
        group by r.station_id, r.day
      ), found as (
        select station_id, day, concat_ws('/', coalesce(energy.mark, ''), coalesce(spell.mark, ''),
          coalesce(refusal.mark, '')) as mark
        from energy
        full join spell using (station_id, day)
        full join refusal using (station_id, day)
      ), judged as (
        select j.station_id, j.day, j.mark, j.version, j.judged_at
        from span
        join station_quality_day j on j.day between from_day and to_day
      )
      select station_id as "stationId", day, coalesce(found.mark, '') as mark
      from found
      full join judged using (station_id, day)
      where (coalesce(found.mark, '') <> coalesce(judged.mark, '')
          or judged.version is distinct from ${QUALITY_VERSION}::smallint)
        and (day < ${today}::date or judged.judged_at is null
          or judged.judged_at < ${new Date(now.getTime() - TODAY_EVERY_MS)}::timestamptz)
      order by day, station_id
      limit ${limit}::int`);
  }

  /** Replaces what is stored of the stations on a day, except for level shifts, which other days say. */
  async store(result: { day: string; judged: readonly JudgedRow[]; judgedAt: Date }): Promise<void> {
    const { day, judged, judgedAt } = result;
    const stationIds = judged.map(({ stationId }) => stationId);
    await this.database.transaction(async (transaction) => {
      // Another worker that judges the same days waits here for its turn.
      await transaction.query(sql`
        insert into station_quality_day (station_id, day, version, mark, judged_at, touched_wh)
        select u.station_id, ${day}::date, ${QUALITY_VERSION}::smallint, u.mark, ${judgedAt}::timestamptz, u.touched_wh
        from unnest(${stationIds}::int[], ${judged.map(({ mark }) => mark)}::text[],
          ${judged.map(({ touchedWh }) => touchedWh)}::bigint[]) as u (station_id, mark, touched_wh)
        order by 1
        on conflict (station_id, day) do update set version = excluded.version, mark = excluded.mark,
          judged_at = excluded.judged_at, touched_wh = excluded.touched_wh`);
      await transaction.query(sql`
        delete from station_quality_flag
        where day = ${day}::date and station_id = any (${stationIds}::int[]) and flag <> 'level_shift'`);
      await insertFlags(
        transaction,
        judged.flatMap(({ stationId, flags }) => flags.map((flag) => ({ ...flag, stationId, day }))),
      );
    });
  }

  /** Stations whose level has not been looked at today, or under other rules. */
  async levelsDue(today: string, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ id: number }>(sql`
      select s.id
      from station s
      left join station_quality_level l on l.station_id = s.id
      where l.looked_day is distinct from ${today}::date or l.version <> ${QUALITY_VERSION}::smallint
      order by s.id
      limit ${limit}::int`);
    return rows.map(({ id }) => id);
  }

  /** Daily energy of stations over [from, to), Wh; null where it does not hold all of the day. */
  async dailyEnergy(question: {
    stationIds: readonly number[];
    from: string;
    to: string;
  }): Promise<Map<number, DayValue[]>> {
    const rows = await this.database.query<DayValue & { stationId: number }>(sql`
      select station_id as "stationId", day,
        case when quality in ('measured', 'estimated') then energy_wh::float8 end as value
      from station_day
      where station_id = any (${question.stationIds}::int[])
        and day >= ${question.from}::date and day < ${question.to}::date
      order by station_id, day`);
    return Map.groupBy(rows, ({ stationId }) => stationId);
  }

  /** Replaces the level shifts of the days that were judged of each station. */
  async storeLevels(
    today: string,
    answers: readonly { stationId: number; answer: LevelAnswer; rows: readonly DatedRow[] }[],
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.query(sql`
        insert into station_quality_level (station_id, looked_day, version)
        select u.station_id, ${today}::date, ${QUALITY_VERSION}::smallint
        from unnest(${answers.map(({ stationId }) => stationId)}::int[]) as u (station_id)
        order by 1
        on conflict (station_id) do update set looked_day = excluded.looked_day, version = excluded.version`);
      const judged = answers.flatMap(({ stationId, answer }) =>
        answer.judged ? [{ stationId, ...answer.judged }] : [],
      );
      await transaction.query(sql`
        delete from station_quality_flag f
        using unnest(${judged.map(({ stationId }) => stationId)}::int[], ${judged.map(({ from }) => from)}::date[],
          ${judged.map(({ to }) => to)}::date[]) as u (station_id, from_day, to_day)
        where f.station_id = u.station_id and f.day between u.from_day and u.to_day and f.flag = 'level_shift'`);
      await insertFlags(
        transaction,
        answers.flatMap(({ rows }) => rows),
      );
    });
  }
}

export type DatedRow = QualityFlagRow & { stationId: number; day: string };

async function insertFlags(transaction: Queryable, rows: readonly DatedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const instants = (values: readonly (number | null)[]) =>
    values.map((ms) => (ms === null ? null : new Date(ms).toISOString()));
  await transaction.query(sql`
    insert into station_quality_flag (station_id, day, flag, version, count, device_codes, first_at, last_at, touched_wh,
      detail)
    select u.station_id, u.day, u.flag, ${QUALITY_VERSION}::smallint, u.count,
      -- An array of arrays would have to be a rectangle.
      array(select jsonb_array_elements_text(u.device_codes)), u.first_at, u.last_at, u.touched_wh, u.detail
    from unnest(${rows.map(({ stationId }) => stationId)}::int[], ${rows.map(({ day }) => day)}::date[],
      ${rows.map(({ flag }) => flag)}::text[], ${rows.map(({ count }) => count)}::int[],
      ${rows.map(({ deviceCodes }) => JSON.stringify(deviceCodes))}::jsonb[],
      ${instants(rows.map(({ firstMs }) => firstMs))}::timestamptz[],
      ${instants(rows.map(({ lastMs }) => lastMs))}::timestamptz[],
      ${rows.map(({ touchedWh }) => touchedWh)}::bigint[],
      ${rows.map(({ detail }) => JSON.stringify(detail))}::jsonb[])
      as u (station_id, day, flag, count, device_codes, first_at, last_at, touched_wh, detail)
    order by 1, 2, 3
    on conflict (station_id, day, flag) do update set version = excluded.version, count = excluded.count,
      device_codes = excluded.device_codes, first_at = excluded.first_at, last_at = excluded.last_at,
      touched_wh = excluded.touched_wh, detail = excluded.detail`);
}
