import { sql, type Database } from '#persistence';
import type { PeriodTotal } from '../fleet.repository.ts';

export interface TotalRow extends PeriodTotal {
  sinceDay: string;
}

interface OpenAlarmRow {
  id: string;
  kind: string;
  level: string;
  state: string;
  beganAt: Date;
  stationCode: string | null;
  stationName: string | null;
  countyName: string | null;
  isLossWhole: boolean;
  lostWh: number;
  lostFen: string;
}

export interface OpenAlarms {
  /** When alarms were last looked for; null: never. */
  ranAt: Date | null;
  total: number;
  /** Alarms whose loss is nothing because nothing could be compared. */
  unknown: number;
  lostWh: number;
  lostFen: string;
  items: OpenAlarmRow[];
}

export class WallRepository {
  constructor(private readonly database: Database) {}

  /** Energy by county of all days before `day`. */
  async totals(day: string): Promise<TotalRow[]> {
    return this.database.query<TotalRow>(sql`
      select t.county_code as "countyCode", sum(e.energy_wh)::float8 as "energyWh",
        coalesce(sum(e.energy_wh) filter (where e.quality <> 'measured'), 0)::float8 as "estimatedWh",
        count(distinct e.station_id)::int as stations, min(e.day)::text as "sinceDay"
      from station_day e
      join station s on s.id = e.station_id
      join township t on t.code = s.township_code
      where e.day < ${day}::date
      group by t.county_code`);
  }

  /** Open alarms of a county or all that nobody has put to sleep, most yuan first. */
  async openAlarms(options: { now: Date; countyCode: string | null; limit: number }): Promise<OpenAlarms> {
    const [answer] = await this.database.query<
      OpenAlarms & { items: (OpenAlarmRow & { beganAt: string })[] }
    >(
      sql`
      with open_alarm as (
        select a.id, a.kind, a.level, a.state, a.began_at, a.station_id, s.code as station_code, s.name as station_name,
          c.name as county_name, a.is_loss_whole, a.lost_energy_wh, a.lost_amount_fen
        from alarm a
        left join station s on s.id = a.station_id
        left join township t on t.code = s.township_code
        left join county c on c.code = coalesce(a.county_code, t.county_code)
        where a.state <> 'closed'
          and (a.snoozed_until is null or a.snoozed_until <= ${options.now}::timestamptz)
          and (${options.countyCode}::text is null
            or coalesce(a.county_code, t.county_code) = ${options.countyCode}::text)
      ), by_station as (
        -- Each alarm shows the whole loss of its station: of those of one station the largest counts.
        select max(lost_energy_wh) as lost_wh, max(lost_amount_fen) as lost_fen
        from open_alarm
        group by coalesce(station_id, -id)
      ), first_of_them as (
        select *
        from open_alarm
        order by lost_amount_fen desc, id
        limit ${options.limit}::int
      )
      select (select ran_at from alarm_evaluation) as "ranAt", count(*)::int as total,
        count(*) filter (where lost_amount_fen = 0 and not is_loss_whole)::int as unknown,
        (select coalesce(sum(lost_wh), 0)::float8 from by_station) as "lostWh",
        (select coalesce(sum(lost_fen), 0)::text from by_station) as "lostFen",
        coalesce((
          select jsonb_agg(jsonb_build_object('id', id::text, 'kind', kind, 'level', level, 'state', state,
            'beganAt', began_at, 'stationCode', station_code, 'stationName', station_name,
            'countyName', county_name, 'isLossWhole', is_loss_whole, 'lostWh', lost_energy_wh,
            'lostFen', lost_amount_fen::text) order by lost_amount_fen desc, id)
          from first_of_them), '[]') as items
      from open_alarm`,
    );
    if (!answer) throw new Error('a count without a row');
    return { ...answer, items: answer.items.map((item) => ({ ...item, beganAt: new Date(item.beganAt) })) };
  }
}
