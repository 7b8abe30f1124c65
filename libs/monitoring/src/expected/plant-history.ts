import { plantChangeKindSchema, type PlantChangeKind } from '#contracts';
import { dayStartMs, type EpochReason } from '#domain';
import { sql, type Database } from '#persistence';

/** Daylight in which every station of the city sees the sun all year, for what devices say beside energy. */
export const LIGHT_FROM_HOUR = 8;
export const LIGHT_TO_HOUR = 17;
const HOUR_MS = 3_600_000;

/** What is entered of a plant, as far as its expected output tells apart. */
const EPOCH_REASONS: Record<PlantChangeKind, EpochReason> = {
  repaired: 'repaired',
  panels_added: 're_powered',
  inverter_exchanged: 're_powered',
  capacity_corrected: 're_powered',
  re_powered: 're_powered',
  accepted: 'accepted',
};
/** An outage that takes less than this of the daylight of a day leaves the day as it is: a tenth, s. */
const OUTAGE_LIGHT_S = 3240;

/** What was registered of the plants themselves: outages and changes. */
export class PlantHistory {
  constructor(private readonly database: Database) {}

  /** Stations that outages stop for a tenth of the daylight or more. */
  async outages(day: string): Promise<Set<number>> {
    const startMs = dayStartMs(day);
    const from = new Date(startMs + LIGHT_FROM_HOUR * HOUR_MS);
    const to = new Date(startMs + LIGHT_TO_HOUR * HOUR_MS);
    const rows = await this.database.query<{ stationId: number }>(sql`
      with light as (
        select station_id, county_code,
          extract(epoch from least(coalesce(to_at, ${to}::timestamptz), ${to}::timestamptz)
            - greatest(from_at, ${from}::timestamptz)) as seconds
        from registered_outage
        where cancelled_at is null and from_at < ${to}::timestamptz
          and (to_at is null or to_at > ${from}::timestamptz)
      )
      select s.id as "stationId"
      from station s
      join township t on t.code = s.township_code
      join light l on l.station_id = s.id or l.county_code = t.county_code
        or (l.station_id is null and l.county_code is null)
      group by s.id
      having sum(l.seconds) >= ${OUTAGE_LIGHT_S}::int`);
    return new Set(rows.map(({ stationId }) => stationId));
  }

  /** What begins at a station on that day. */
  async epochs(day: string): Promise<Map<number, EpochReason>> {
    const rows = await this.database.query<{ stationId: number; reason: string }>(sql`
      select station_id as "stationId", reason
      from station_epoch
      where from_day = ${day}::date and cancelled_at is null`);
    return new Map(
      rows.map(({ stationId, reason }) => [stationId, EPOCH_REASONS[plantChangeKindSchema.parse(reason)]]),
    );
  }

  /**
   * The last day, up to `day`, from which each station is another plant, and when that was entered or taken back last: a
   * model must not be fitted over it. A capacity that was put right leaves the plant as it was: the fit begins anew, over
   * all days.
   */
  async lastPlants(day: string): Promise<Map<number, { fromDay: string | null; changedAt: Date }>> {
    const rows = await this.database.query<{
      stationId: number;
      fromDay: string | null;
      changedAt: Date;
    }>(sql`
      select station_id as "stationId", max(from_day) filter (
          where cancelled_at is null and reason <> 'capacity_corrected') as "fromDay",
        max(greatest(entered_at, cancelled_at)) as "changedAt"
      from station_epoch
      where from_day <= ${day}::date and reason not in ('repaired', 'accepted')
      group by station_id`);
    return new Map(rows.map(({ stationId, ...row }) => [stationId, row]));
  }
}
