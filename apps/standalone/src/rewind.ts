import { dayOf } from '#domain';
import { sql, type Database } from '#persistence';

/** Instant of the newest reading, epoch ms; null where there is none. */
export async function newestReadingMs(database: Database): Promise<number | null> {
  const [row] = await database.query<{ newest: Date | null }>(
    sql`select max(measured_at) as newest from latest_reading`,
  );
  return row?.newest?.getTime() ?? null;
}

/**
 * Takes back simulated data that lie ahead of a clock which starts earlier than the last run ended. They will be
 * simulated again, the same. Data of real stations are never touched.
 */
export async function rewindSimulation(database: Database, clockStart: Date): Promise<void> {
  const day = dayOf(clockStart.getTime());
  await database.transaction(async (transaction) => {
    await transaction.query(sql`create temp table pv_ahead on commit drop as
      select d.id as device_id, d.station_id
      from device d
      join station s on s.id = d.station_id
      join latest_reading l on l.device_id = d.id
      where s.simulated and l.measured_at > ${clockStart}::timestamptz`);
    await transaction.query(sql`
      delete from reading r using pv_ahead a
      where r.device_id = a.device_id and r.measured_at > ${clockStart}::timestamptz`);
    await transaction.query(
      sql`delete from latest_reading l using pv_ahead a where l.device_id = a.device_id`,
    );
    await transaction.query(sql`
      insert into latest_reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
        temperature_dc, status, fault_code, flags)
      select a.device_id, r.measured_at, r.received_at, r.active_power_w, r.energy_total_wh, r.energy_day_wh,
        r.temperature_dc, r.status, r.fault_code, r.flags
      from pv_ahead a
      cross join lateral (
        select * from reading r
        where r.device_id = a.device_id and r.measured_at <= ${clockStart}::timestamptz
          and r.measured_at > ${clockStart}::timestamptz - interval '3 days'
        order by r.measured_at desc
        limit 1) r`);
    await transaction.query(sql`
      update station_contact c set received_at = least(c.received_at, ${clockStart}::timestamptz)
      where c.station_id in (select station_id from pv_ahead)`);
    const ahead = sql`(select station_id from pv_ahead)`;
    await transaction.query(sql`delete from station_state where station_id in ${ahead}`);
    await transaction.query(sql`delete from station_quarter_hour
      where station_id in ${ahead} and starts_at + interval '15 minutes' > ${clockStart}::timestamptz`);
    await transaction.query(
      sql`delete from station_day where station_id in ${ahead} and day >= ${day}::date`,
    );
    await transaction.query(sql`delete from ingest_count
      where station_id in ${ahead} and day >= ${day}::date`);
    await transaction.query(sql`delete from device_day
      where device_id in (select device_id from pv_ahead) and day >= ${day}::date`);
    await transaction.query(sql`
      insert into dirty_station_day as d (station_id, day, marked_at)
      select distinct station_id, ${day}::date, now() from pv_ahead
      on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = true`);
  });
}
