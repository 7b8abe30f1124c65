import type { DayShape, PowerPoint, QualityFlag, QualityKind } from '#domain';
import { DEVICE_STATUS_CODES } from '#contracts';
import { sql, type Database, type Queryable } from '#persistence';

/** A station-day that has been rolled up since it was last judged. */
export interface DueDay {
  stationId: number;
  day: string;
  rolledUpAt: Date;
  /** The last day before it of which something is known. */
  previousDay: string | null;
}

export interface JudgedDevice {
  deviceId: number;
  stationId: number;
  ratedPowerW: number;
  latitudeDeg: number;
  longitudeDeg: number;
}

export interface StoredFlag {
  deviceCode: string;
  day: string;
  kind: QualityKind;
  fromAt: Date;
  toAt: Date;
  count: number;
  /** Of a shift: seconds by which the stamps are ahead of the sun. */
  offsetS: number | null;
}

export interface DeviceFlag extends QualityFlag {
  deviceId: number;
  day: string;
  offsetMs?: number;
}

export type DeviceShape = DayShape & { deviceId: number };

/** Roll-ups of so many days are looked at: late data are taken for 30, and a worker may have been away. */
const ROLLED_UP_DAYS = 60;
/** So many days without energy before a day with some are judged with it: as long as late data are taken. */
export const SILENT_DAYS = 30;
/** `flags` of ingestion's readings: a field was taken out as impossible. */
const FIELD_REJECTED = 1;
/** Rows of one answer. */
const FLAGS_MAX = 5000;

export class DataQualityRepository {
  constructor(private readonly database: Database) {}

  /** Days before `today` that are due, the oldest first. */
  async dueDays(question: { today: string; now: Date; limit: number }): Promise<DueDay[]> {
    const { today, now, limit } = question;
    return this.database.query<DueDay>(sql`
      select s.station_id as "stationId", s.day, s.computed_at as "rolledUpAt", (
        select max(p.day) from station_day p where p.station_id = s.station_id and p.day < s.day
      ) as "previousDay"
      from station_day s
      left join data_quality_day q on q.station_id = s.station_id and q.day = s.day
      where s.computed_at >= ${now}::timestamptz - make_interval(days => ${ROLLED_UP_DAYS}::int)
        and s.day < ${today}::date and s.method <> 'simulated'
        and (q.rolled_up_at is null or q.rolled_up_at < s.computed_at)
      order by s.day, s.station_id
      limit ${limit}`);
  }

  async devicesOf(stationIds: readonly number[]): Promise<JudgedDevice[]> {
    return this.database.query<JudgedDevice>(sql`
      select d.id as "deviceId", d.station_id as "stationId", d.rated_power_w as "ratedPowerW",
        s.latitude as "latitudeDeg", s.longitude as "longitudeDeg"
      from device d
      join station s on s.id = d.station_id
      where d.station_id = any (${stationIds}::int[])
      order by d.id`);
  }

  /** Power of the devices over [from, to), by device and in order of time. */
  async pointsOf(
    deviceIds: readonly number[],
    span: { from: Date; to: Date },
  ): Promise<Map<number, PowerPoint[]>> {
    const rows = await this.database.query<Required<PowerPoint> & { deviceId: number }>(sql`
      select device_id as "deviceId", (extract(epoch from measured_at) * 1000)::float8 as "atMs",
        active_power_w as "powerW", active_power_w is null and flags & ${FIELD_REJECTED}::int <> 0 as "isRejected",
        energy_total_wh is not null as "hasCounter",
        coalesce(status = ${DEVICE_STATUS_CODES.limited}::smallint, false) as "isLimited"
      from reading
      where device_id = any (${deviceIds}::int[])
        and measured_at >= ${span.from}::timestamptz and measured_at < ${span.to}::timestamptz
      order by device_id, measured_at`);
    return Map.groupBy(rows, ({ deviceId }) => deviceId);
  }

  /** Shapes of the devices from one day to another, both included, by device and in order of days. */
  async shapesOf(
    database: Queryable,
    question: { deviceIds: readonly number[]; from: string; to: string },
  ): Promise<Map<number, DeviceShape[]>> {
    const rows = await database.query<{
      deviceId: number;
      day: string;
      middleOffS: number | null;
      weightOffS: number | null;
      nightCount: number;
    }>(sql`
      select device_id as "deviceId", day, middle_off_s as "middleOffS", weight_off_s as "weightOffS",
        night_count as "nightCount"
      from data_quality_shape
      where device_id = any (${question.deviceIds}::int[])
        and day >= ${question.from}::date and day <= ${question.to}::date
      order by device_id, day`);
    const toMs = (seconds: number | null) => (seconds === null ? null : seconds * 1000);
    const shapes = rows.map(({ deviceId, day, nightCount, middleOffS, weightOffS }): DeviceShape => ({
      deviceId,
      day,
      nightCount,
      middleOffMs: toMs(middleOffS),
      weightOffMs: toMs(weightOffS),
    }));
    return Map.groupBy(shapes, ({ deviceId }) => deviceId);
  }

  /** Flags of a station's devices from one day to another, both included; at most 5,000. */
  async flagsOf(question: { stationCode: string; from: string; to: string }): Promise<StoredFlag[]> {
    return this.database.query<StoredFlag>(sql`
      select d.code as "deviceCode", f.day, f.kind, f.from_at as "fromAt", f.to_at as "toAt", f.count,
        f.offset_s as "offsetS"
      from data_quality_flag f
      join device d on d.id = f.device_id
      join station s on s.id = d.station_id
      where s.code = ${question.stationCode} and f.day >= ${question.from}::date and f.day <= ${question.to}::date
      order by f.day, d.code, f.from_at, f.kind
      limit ${FLAGS_MAX}::int`);
  }

  async transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }
}

/** Replaces what is stored of a day of some devices, except for shifts: those need other days too. */
export async function storeDay(
  transaction: Queryable,
  result: {
    day: string;
    deviceIds: readonly number[];
    flags: readonly DeviceFlag[];
    shapes: readonly DeviceShape[];
  },
): Promise<void> {
  const { day, deviceIds, flags, shapes } = result;
  await transaction.query(sql`
    delete from data_quality_flag
    where device_id = any (${deviceIds}::int[]) and day = ${day}::date and kind <> 'shift'`);
  await insertFlags(transaction, flags);
  await transaction.query(sql`
    insert into data_quality_shape (device_id, day, middle_off_s, weight_off_s, night_count)
    select u.device_id, ${day}::date, u.middle_off_s, u.weight_off_s, u.night_count
    from unnest(${shapes.map(({ deviceId }) => deviceId)}::int[],
      ${shapes.map(({ middleOffMs }) => toSeconds(middleOffMs))}::int[],
      ${shapes.map(({ weightOffMs }) => toSeconds(weightOffMs))}::int[],
      ${shapes.map(({ nightCount }) => nightCount)}::int[]) as u (device_id, middle_off_s, weight_off_s, night_count)
    order by 1
    on conflict (device_id, day) do update set middle_off_s = excluded.middle_off_s,
      weight_off_s = excluded.weight_off_s, night_count = excluded.night_count`);
}

/** Replaces the shifts of some devices from one day to another, both included. */
export async function storeShifts(
  transaction: Queryable,
  result: { deviceIds: readonly number[]; from: string; to: string; flags: readonly DeviceFlag[] },
): Promise<void> {
  await transaction.query(sql`
    delete from data_quality_flag
    where device_id = any (${result.deviceIds}::int[]) and kind = 'shift'
      and day >= ${result.from}::date and day <= ${result.to}::date`);
  await insertFlags(transaction, result.flags);
}

export async function storeJudged(transaction: Queryable, days: readonly DueDay[]): Promise<void> {
  await transaction.query(sql`
    insert into data_quality_day (station_id, day, rolled_up_at)
    select * from unnest(${days.map(({ stationId }) => stationId)}::int[], ${days.map(({ day }) => day)}::date[],
      ${days.map(({ rolledUpAt }) => rolledUpAt.toISOString())}::timestamptz[])
    order by 1, 2
    on conflict (station_id, day) do update set rolled_up_at = excluded.rolled_up_at`);
}

async function insertFlags(transaction: Queryable, flags: readonly DeviceFlag[]): Promise<void> {
  if (flags.length === 0) return;
  await transaction.query(sql`
    insert into data_quality_flag (device_id, day, kind, from_at, to_at, count, offset_s)
    select * from unnest(${flags.map(({ deviceId }) => deviceId)}::int[], ${flags.map(({ day }) => day)}::date[],
      ${flags.map(({ kind }) => kind)}::text[],
      ${flags.map(({ fromMs }) => new Date(fromMs).toISOString())}::timestamptz[],
      ${flags.map(({ toMs }) => new Date(toMs).toISOString())}::timestamptz[],
      ${flags.map(({ count }) => count)}::int[], ${flags.map(({ offsetMs }) => toSeconds(offsetMs ?? null))}::int[])
    -- Another worker may have judged the same day from the same readings.
    on conflict (device_id, day, kind, from_at) do update set to_at = excluded.to_at, count = excluded.count,
      offset_s = excluded.offset_s`);
}

const toSeconds = (ms: number | null) => (ms === null ? null : Math.round(ms / 1000));
