// Thirteen months of the city, as the worker leaves them, made in SQL and kept from run to run: the registry of the seed,
// energies, quarter hours, expected days, alarms with their history, work orders, and readings of yesterday and today.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from './figures.mjs';
import { loadLibraries, root } from './libraries.mjs';

const CACHE = process.env.PV_SCREENS_DIR ?? '/var/tmp/sunledger-screens';
/** The clock of the readers: half past ten of a November morning. */
export const NOW = '2026-11-24T10:30:00+08:00';
const TODAY = '2026-11-24';
const FIRST_DAY = '2025-10-24';
/** Another content is another folder. */
const CONTENT = 7;

/** A server with the data, filled where nothing fits is there. `stop` keeps them. */
export async function startScreensServer() {
  const { EmbeddedServer, Database, migrate, sql, raw } = await loadLibraries();
  const folder = join(CACHE, await fingerprint());
  const marker = join(folder, 'filled.json');
  if (!existsSync(marker)) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const server = await EmbeddedServer.start({
    dataDir: join(folder, 'data'),
    settings: { max_wal_size: '8GB', shared_buffers: '512MB', synchronous_commit: 'off', autovacuum: 'off' },
  });
  const url = server.url('sunledger');
  // Told to stop in the middle, the benchmark must not leave it behind.
  const endServer = () => {
    if (server.pid !== undefined) process.kill(server.pid, 'SIGINT');
  };
  process.once('exit', endServer);
  const stop = async () => {
    process.off('exit', endServer);
    await server.stop();
  };
  try {
    if (!existsSync(marker)) {
      const admin = Database.connect({
        url: server.url('postgres'),
        applicationName: 'bench-admin',
        poolMax: 1,
      });
      const found = await admin.query(sql`select 1 as one from pg_database where datname = 'sunledger'`);
      if (found.length === 0) await admin.query(sql`create database ${raw('sunledger')} template template0`);
      await admin.close();
      await migrate(url);
      const database = Database.connect({ url, applicationName: 'bench', poolMax: 2 });
      const startedAt = performance.now();
      await fill(database);
      await database.close();
      const tookS = Math.round((performance.now() - startedAt) / 1000);
      await writeFile(marker, JSON.stringify({ tookS }));
      say(`screens: filled in ${tookS} s`);
    }
    return { url, pid: server.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fingerprint() {
  const folder = join(root, 'libs/persistence/migrations');
  const hash = createHash('sha256').update(String(CONTENT));
  for (const name of (await readdir(folder)).sort())
    hash.update(name).update(await readFile(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

async function fill(database) {
  const { sql, TimeSeriesDays, generateRegistry, writeSnapshot } = await loadLibraries();
  await writeSnapshot(database, generateRegistry(1), { simulated: true, seed: 1 });
  await new TimeSeriesDays(database).ensure(['2026-11-23', TODAY]);
  const now = sql`${NOW}::timestamptz`;
  await database.transaction(async (transaction) => {
    // What is made here is whole by itself: neither keys nor histories have to be checked row by row.
    await transaction.query(sql`set local session_replication_role = replica`);
    await transaction.query(sql`set local maintenance_work_mem = '512MB'`);
    await transaction.query(sql`alter table station_quarter_hour drop constraint station_quarter_hour_pkey`);
    await transaction.query(sql`drop index station_quarter_hour_starts`);
    for (const [what, statement] of [
      ...energies(sql, now),
      ...judgements(sql, now),
      ...operation(sql, now),
    ]) {
      const from = performance.now();
      await transaction.query(statement);
      say(`screens: ${what} in ${Math.round(performance.now() - from)} ms`);
    }
    await transaction.query(sql`alter table station_quarter_hour add primary key (station_id, starts_at)`);
    await transaction.query(
      sql`create index station_quarter_hour_starts on station_quarter_hour (starts_at)`,
    );
  });
  await database.query(sql`vacuum analyze`);
}

function energies(sql, now) {
  return [
    [
      'station-days',
      sql`
        insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
        select s.id, g.day::date,
          (s.capacity_w * (2.2 + 2.4 * abs(sin(extract(doy from g.day) / 58.0)))
            * (0.55 + 0.45 * abs(hashtext(s.township_code || g.day::text) % 1000) / 1000.0)
            * case when s.id % 97 = 3 and g.day > '2026-11-01' then 0.55 else 1 end)::bigint,
          'meter_counter', 'measured', ${now}
        from station s cross join generate_series(${FIRST_DAY}::date, ${TODAY}::date, interval '1 day') as g (day)
        order by s.id, g.day`,
    ],
    [
      'device-days',
      sql`
        insert into device_day (device_id, day, energy_wh, method, quality, computed_at)
        select d.id, e.day, (e.energy_wh * d.rated_power_w::float8 / s.rated_ac_w)::bigint, 'meter_counter', 'measured', ${now}
        from device d join station s on s.id = d.station_id join station_day e on e.station_id = s.id
        where e.day > '2026-10-01' order by d.id, e.day`,
    ],
    [
      // Day by day and station by station, as the worker writes them: the rows of a station-day lie side by side.
      'quarter hours',
      sql`
        insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
        select d.station_id, d.starts_at + slot * interval '15 minutes',
          (d.energy_wh * d.shares[slot + 1] * (850 + (d.station_id * 7919 + d.number * 31 + slot / 4 * 104729) % 300)
            / 1000)::bigint,
          'meter_counter', 'measured'
        from (
          select station_id, energy_wh, day::timestamp at time zone 'Asia/Shanghai' as starts_at,
            day - date '2025-01-01' as number, shares
          from station_day
          cross join (
            select array_agg(greatest(0, sin(pi() * (slot - 26) / 46.0)) / 29.3 order by slot) as shares
            from generate_series(0, 95) as slot
          ) as sun
          order by day, station_id
        ) as d
        cross join lateral generate_series(0, 95) as slot
        where d.starts_at + slot * interval '15 minutes' < ${now} - interval '15 minutes'`,
    ],
    [
      'readings',
      sql`
        insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, frequency_chz, string_voltages_dv, string_currents_ca, status, seq)
        select d.id, g.at, g.at + interval '2 seconds', p.watts, 500000000 + (extract(epoch from g.at) / 60)::bigint * 200,
          (p.watts * 3)::int, 250, 5000,
          case when d.kind = 'inverter' and p.watts > 0 and extract(minute from g.at)::int % 15 = 0
            then array_fill(6200::smallint, array[12]) end,
          case when d.kind = 'inverter' and p.watts > 0 and extract(minute from g.at)::int % 15 = 0
            then array_fill((p.watts / 75)::smallint, array[12]) end,
          1, (extract(epoch from g.at) / 300)::bigint
        from generate_series('2026-11-23 00:00+08'::timestamptz, ${now}, interval '5 minutes') as g (at)
        cross join device d
        cross join lateral (
          select extract(epoch from (g.at at time zone 'Asia/Shanghai')::time) / 3600.0 as hour) as h
        cross join lateral (
          select greatest(0, d.rated_power_w * 0.7 * sin(pi() * (h.hour - 6.7) / 10.6)
            * (0.8 + 0.2 * abs(hashtext(d.id || '/' || (h.hour * 4)::int) % 1000) / 1000.0))::int as watts) as p
        where d.kind = 'meter' or h.hour between 6.5 and 17.6
        order by d.id, g.at`,
    ],
    [
      'latest readings',
      sql`
        insert into latest_reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, status, flags)
        select distinct on (device_id) device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
          temperature_dc, status, flags
        from reading where measured_at >= '2026-11-24 09:00+08' order by device_id, measured_at desc`,
    ],
    [
      'contacts',
      sql`insert into station_contact (station_id, received_at) select id, ${now} - interval '1 minute' from station`,
    ],
    [
      'signs of life',
      sql`
        insert into program_heartbeat (program, instance, recorded_at, detail)
        values ('ingest', 'ingest-1', ${now}, '{"connected": true, "accepted": 1, "lagP99Ms": 10}'::jsonb),
          ('worker', 'worker-1', ${now}, '{"waiting": 0}'::jsonb)`,
    ],
    [
      'states',
      sql`
        insert into station_state (station_id, state, since, judged_at)
        select id, 'generating', ${now} - interval '3 hours', ${now} from station`,
    ],
  ];
}

function judgements(sql, now) {
  return [
    [
      'expected days',
      sql`
        insert into station_expected_day (station_id, day, version, expected_energy_wh, low_energy_wh, high_energy_wh,
          energy_wh, energy_computed_at, sky_class, sky_index, spread, peers, ratio, sigma, own_index, verdict, since_day,
          cause, evidence, indicators, lost_energy_wh, lost_amount_fen, is_final, computed_at)
        select e.station_id, e.day, 'bench', x.wh, x.wh * 9 / 10, x.wh * 11 / 10, e.energy_wh, ${now}, 'clear', 0.8, 0.03, 8,
          case when x.is_low then 0.55 else 0.99 end, 0.04, 0.8, case when x.is_low then 'very_low' else 'normal' end,
          case when x.is_low then date '2026-11-02' end, case when x.is_low then 'inverter' else 'none' end,
          '{"level": 1}'::jsonb,
          '{"receivedSlots": 96, "dueSlots": 96, "availability": 1, "limitedShare": null, "temperatureC": 40,
            "voltageShare": null, "dispersion": 0.02, "weakestShare": 0.97, "weakestInverter": "INV01", "invertersWh": null,
            "meterWh": null}'::jsonb,
          case when x.is_low then x.wh - e.energy_wh else 0 end,
          case when x.is_low then (x.wh - e.energy_wh) * 85 / 1000 else 0 end, e.day < ${TODAY}::date, ${now}
        from station_day e
        cross join lateral (
          select e.station_id % 97 = 3 and e.day > '2026-11-01' as is_low,
            (e.energy_wh / case when e.station_id % 97 = 3 and e.day > '2026-11-01' then 0.55 else 0.99 end)::bigint as wh
        ) as x
        order by e.station_id, e.day`,
    ],
    [
      'expected curves',
      sql`
        insert into station_expected_curve (station_id, day, first_slot_at, expected_power_w, low_power_w, high_power_w,
          neighbours_power_w, computed_at)
        select s.id, g.day::date, (g.day::date::timestamp at time zone 'Asia/Shanghai') + interval '4 hours', c.watts, c.watts,
          c.watts, c.watts, ${now}
        from station s
        cross join generate_series(date '2026-09-25', ${TODAY}::date, interval '1 day') as g (day)
        cross join lateral (
          select array_agg((s.capacity_w * 0.6 * greatest(0, sin(pi() * (slot - 10) / 46.0)))::int order by slot) as watts
          from generate_series(0, 67) as slot where s.id > 0
        ) as c
        order by s.id, g.day`,
    ],
    [
      'fleet days',
      sql`
        insert into fleet_expected_day (day, version, bands, stations, judged, took_ms, folded_at)
        select g.day::date, 'bench', '{}'::jsonb, 468, 460, 100, ${now}
        from generate_series(${FIRST_DAY}::date, ${TODAY}::date - 1, interval '1 day') as g (day)`,
    ],
    [
      'neighbours',
      sql`
        insert into station_peer (station_id, peer_id, distance_km, sigma, weighed_at)
        select s.id, p.id, 5 + row_number() over (partition by s.id order by p.id), 0.05, ${now}
        from station s join station p on p.township_code = s.township_code and p.id <> s.id`,
    ],
  ];
}

function operation(sql, now) {
  return [
    [
      'alarms',
      sql`
        insert into alarm (kind, subject, county_code, station_id, level, state, opened_at, began_at, last_seen_at,
          recovered_at, closed_at, closed_by, lost_energy_wh, lost_amount_fen, seen, limit_value, fen_per_post_month)
        select k.kind, 'station:' || s.id, t.county_code, s.id, k.level,
          case when n <= 4 and s.id % 5 = n then 'open' else 'closed' end,
          ${now} - n * interval '5 days' - (s.id % 40) * interval '1 hour',
          ${now} - n * interval '5 days' - (s.id % 40) * interval '1 hour' - interval '30 minutes',
          ${now} - n * interval '5 days' - (s.id % 40) * interval '1 hour' + interval '3 hours',
          case when n <= 4 and s.id % 5 = n then null else ${now} - n * interval '5 days' + interval '4 hours' end,
          case when n <= 4 and s.id % 5 = n then null else ${now} - n * interval '5 days' + interval '6 hours' end,
          case when n <= 4 and s.id % 5 = n then null else 'system' end,
          (s.id * 37 + n * 911) % 900000, (s.id * 31 + n * 701) % 70000, 0, 0.01, 50000
        from station s join township t on t.code = s.township_code
        cross join generate_series(1, 70) as n
        join lateral (
          select (array['zero', 'offline', 'low', 'fault', 'string_low', 'no_data', 'soiling'])[1 + n % 7] as kind,
            (array['major', 'minor', 'minor', 'major', 'minor', 'info', 'minor'])[1 + n % 7] as level
        ) as k on true
        where (s.id + n) % 6 = 0 or (n <= 4 and s.id % 5 = n)`,
    ],
    [
      'incidents',
      sql`
        insert into alarm_incident (kind, subject, station_id, alarm_id, began_at, last_seen_at, ended_at, seen, limit_value)
        select kind, subject, station_id, id, began_at, last_seen_at, recovered_at, seen, limit_value from alarm`,
    ],
    [
      'samples',
      sql`
        insert into alarm_sample (alarm_id, at, seen, limit_value)
        select id, began_at + n * interval '5 minutes', 0, 0.01 from alarm cross join generate_series(0, 36) as n`,
    ],
    [
      'losses',
      sql`
        insert into alarm_loss_day (alarm_id, day, lost_energy_wh, price_hao_per_kwh, lost_amount_fen, basis, computed_at)
        select id, (opened_at at time zone 'Asia/Shanghai')::date, lost_energy_wh, 8500, lost_amount_fen, 'expected', ${now}
        from alarm`,
    ],
    [
      'events of alarms',
      sql`
        insert into alarm_event (alarm_id, at, kind)
        select id, opened_at, 'opened' from alarm
        union all select id, recovered_at, 'recovered' from alarm where recovered_at is not null
        union all select id, closed_at, 'closed' from alarm where closed_at is not null`,
    ],
    [
      'evaluation',
      sql`insert into alarm_evaluation (run_no, ran_at, ingest_seen_at) values (1, ${now}, ${now})`,
    ],
    [
      'work orders',
      sql`
        insert into work_order (station_id, kind, alarm_id, title, note, size, state, assignee, opened_at, round_started_at,
          accepted_at, arrived_at, repaired_at, repaired_by, verified_at, closed_at, closed_by, due_clock, due_at,
          last_event_at)
        select station_id, 'repair', id, '', '', 'minor', case when state = 'closed' then 'closed' else 'dispatched' end, '李师傅',
          opened_at, opened_at, case when state = 'closed' then opened_at end, case when state = 'closed' then opened_at end,
          closed_at, case when state = 'closed' then '李师傅' end, closed_at, closed_at, case when state = 'closed' then '王主任' end,
          case when state = 'closed' then null else 'accept' end,
          case when state = 'closed' then null else opened_at + interval '4 hours' end, opened_at
        from alarm where state <> 'closed' or id % 6 = 0`,
    ],
    [
      'events of work orders',
      sql`
        insert into work_order_event (work_order_id, action_key, body_hash, action, from_state, to_state, actor_id, actor_name,
          happened_at, recorded_at, note, detail)
        select w.id, gen_random_uuid(), '\\x00'::bytea, a.action, a.before, a.after, 'bench', '王主任', w.opened_at, w.opened_at, '',
          '{}'::jsonb
        from work_order w
        cross join (values ('open', null, 'opened'), ('dispatch', 'opened', 'dispatched')) as a (action, before, after)`,
    ],
  ];
}
