/*
 * A real series through the tables, with what a sensor beside it saw as its neighbours: one station of the series and three
 * whose power follows the measured irradiance. So an alarm of the station is held against a real sky.
 */
import { dayOf } from '#domain';
import { decodeNative, DeviceDirectory, ReadingRepository, validateReading } from '#ingestion';
import { AlarmEvaluator, FleetService } from '#monitoring';
import { sql, TimeSeriesDays, type Database } from '#persistence';
import { readEnvironment } from '#platform';
import { RegistryRepository } from '#registry';
import { MovedClock } from './moved-clock.ts';

const HOUR_MS = 3_600_000;
/** So that an hour by night is no pause of the programs. */
const SPEED = 13;
const NEIGHBOURS = ['N1', 'N2', 'N3'];
/** What modules in the plane of the sensor make of it. */
const NEIGHBOUR_RATIO = 0.8;
const SITE = 'SITE';

/** One quarter hour: power of the site, W, and irradiance, W/m². Null is not known, absent was not sent. */
export interface SiteSample {
  atMs: number;
  powerW?: number | null;
  irradiance: number | null;
}

export interface RealSite {
  capacityW: number;
  latitudeDeg: number;
  longitudeDeg: number;
  samples: readonly SiteSample[];
}

/** Replays a site at its own time, an evaluation of the alarms each quarter hour. */
export async function replaySite(database: Database, site: RealSite): Promise<void> {
  const firstMs = site.samples[0]?.atMs ?? 0;
  await register(database, site);
  const clock = new MovedClock(firstMs, SPEED);
  const environment = readEnvironment({ PV_INTERVAL_S: '900' });
  const directory = new DeviceDirectory(new RegistryRepository(database));
  await directory.load();
  const repository = new ReadingRepository(database);
  const fleet = new FleetService(database, clock, environment);
  const views = () => new FleetService(database, clock, environment).stationViews();
  const evaluator = new AlarmEvaluator(
    database,
    clock,
    environment,
    Object.assign(fleet, { stationViews: views }),
  );
  await new TimeSeriesDays(database).ensure([...new Set(site.samples.map(({ atMs }) => dayOf(atMs)))]);
  for (const [seq, sample] of site.samples.entries()) {
    clock.atMs = sample.atMs + 1000;
    const received = messagesOf(site, sample, seq).flatMap(({ code, payload }) =>
      decodeNative(`pv/v1/${code}/GW01/telemetry`, Buffer.from(payload)).readings.flatMap((reading) => {
        const known = validateReading(reading, directory.device(code, reading.deviceCode), clock.atMs);
        return 'reason' in known ? [] : [{ ...known, receivedAtMs: clock.atMs }];
      }),
    );
    await repository.write({ readings: received, gatewayChanges: [], quarantined: [] });
    // By night nothing is judged; a look an hour is enough.
    if (isByNight(sample.atMs) && sample.atMs % HOUR_MS !== 0) continue;
    await beat(database, clock);
    await evaluator.evaluate();
  }
}

/** From 21:00 to 5:00 in Shanghai. */
const isByNight = (atMs: number) => (atMs / HOUR_MS + 8 + 3) % 24 < 8;

const beat = (database: Database, clock: MovedClock) =>
  database.query(sql`
    insert into program_heartbeat (program, instance, recorded_at, detail)
    values ('ingest', 'ingest-1', ${clock.now()}::timestamptz, '{"connected": true}'::jsonb)
    on conflict (program, instance) do update set recorded_at = excluded.recorded_at`);

function messagesOf(site: RealSite, { atMs, powerW, irradiance }: SiteSample, seq: number) {
  const payload = (power: number | null) =>
    JSON.stringify({ ts: atMs, seq, devices: { INV01: { active_power_w: power } } });
  const neighbourW =
    irradiance === null
      ? null
      : Math.max(0, Math.round((site.capacityW * NEIGHBOUR_RATIO * irradiance) / 1000));
  return [
    ...(powerW === undefined ? [] : [{ code: SITE, payload: payload(powerW && Math.round(powerW)) }]),
    ...NEIGHBOURS.map((code) => ({ code, payload: payload(neighbourW) })),
  ];
}

async function register(database: Database, site: RealSite): Promise<void> {
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  for (const code of [SITE, ...NEIGHBOURS]) {
    await database.query(sql`
      insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
        azimuth_deg, commissioned_on, subsidy_class, simulated)
      values (${code}, ${code}, 'single', '141124100', ${site.longitudeDeg}, ${site.latitudeDeg}, ${site.capacityW},
        ${site.capacityW}, 33, 180, '2010-01-01', 'national', false)`);
    await database.query(sql`
      insert into gateway (station_id, code, serial) select id, 'GW01', code from station where code = ${code}`);
    await database.query(sql`
      insert into device (station_id, code, kind, serial, rated_power_w)
      select id, 'INV01', 'inverter', code, ${site.capacityW} from station where code = ${code}`);
  }
}
