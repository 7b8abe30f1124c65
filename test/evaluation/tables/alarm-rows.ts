import type { AlarmKindName } from '#domain';
import { sql, type Database } from '#persistence';

/** An alarm as it is stored, with the times that a truth can be held against. */
export interface AlarmRow {
  kind: AlarmKindName;
  /** `city`, a county's code, or a station's. */
  place: string;
  level: string;
  beganAt: Date;
  openedAt: Date;
  recoveredAt: Date | null;
  closedAt: Date | null;
}

/** Wrong here is a drive to a village for nothing. */
export const HARD_KINDS: ReadonlySet<AlarmKindName> = new Set([
  'ingest_down',
  'county_silent',
  'offline',
  'no_data',
  'zero',
  'inverter_zero',
  'fault',
  'low',
  'string_low',
  'insulation',
  'over_temperature',
  'grid',
]);

/** Every alarm that was ever opened, in that order. */
export const alarmRows = (database: Database): Promise<AlarmRow[]> =>
  database.query<AlarmRow>(sql`
    select a.kind, coalesce(s.code, a.county_code, 'city') as place, a.level, a.began_at as "beganAt",
      a.opened_at as "openedAt", a.recovered_at as "recoveredAt", a.closed_at as "closedAt"
    from alarm a
    left join station s on s.id = a.station_id
    order by a.opened_at, a.id`);
