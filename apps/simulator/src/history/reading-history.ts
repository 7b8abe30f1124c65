import { DEVICE_STATUS_CODES } from '#contracts';
import { dayOf } from '#domain';
import { sql, TimeSeriesDays, type CopyValue, type Database } from '#persistence';
import { type DeviceReading, type GatewayReading, readingInstantMs, type ReadingModel } from '#simulation';
import type { OwedReading } from './owed-readings.ts';

/** Columns of `reading` in the order of {@link rowOf}. */
const READING_COLUMNS = [
  'device_id',
  'measured_at',
  'received_at',
  'active_power_w',
  'energy_total_wh',
  'energy_day_wh',
  'temperature_dc',
  'frequency_chz',
  'line_voltages_dv',
  'string_voltages_dv',
  'string_currents_ca',
  'status',
  'fault_code',
  'seq',
] as const;

export interface StationIds {
  id: number;
  /** Database ids of the devices by their codes. */
  devices: ReadonlyMap<string, number>;
}

export interface ReadingHistoryOptions {
  database: Database;
  readings: ReadingModel;
  stations: ReadonlyMap<string, StationIds>;
  owed: readonly OwedReading[];
  /** True where the database has no reading of these days yet: the rows need no look for a rival. */
  fresh: boolean;
  nowMs: number;
}

interface Latest {
  deviceId: number;
  measuredAt: string;
  receivedAt: string;
  device: DeviceReading;
}

interface Tally {
  latest: Map<number, Latest>;
  /** Rows by station id and day, for days that are rolled up. */
  counts: Map<string, { stationId: number; day: string; rows: number }>;
  contacts: Map<number, string>;
}

/**
 * Writes readings in bulk and what ingest would have written beside them: latest, contact, counts, and the days that
 * have to be rolled up. Returns the rows written.
 */
export async function writeReadings(options: ReadingHistoryOptions): Promise<number> {
  if (options.owed.length === 0) return 0;
  const { database, owed } = options;
  const days = new Set<string>();
  for (const { gateway, seq } of owed) days.add(dayOf(readingInstantMs(gateway, seq)));
  for (const { gateway, seq } of owed) days.add(dayOf(options.readings.measuredAtMs(gateway, seq)));
  await new TimeSeriesDays(database).ensure([...days].sort());
  const tally: Tally = { latest: new Map(), counts: new Map(), contacts: new Map() };
  const rows = { [Symbol.iterator]: () => rowsOf(options, tally) };
  const copy = { table: 'reading', columns: READING_COLUMNS, rows };
  const written = options.fresh ? await database.copyInto(copy) : await database.copyMissing(copy);
  await writeLatest(database, [...tally.latest.values()]);
  await writeContacts(database, tally);
  await markDays(database, tally, options.nowMs);
  return written;
}

function* rowsOf(options: ReadingHistoryOptions, tally: Tally): Generator<readonly CopyValue[]> {
  for (const { gateway, seq, receivedAtMs, rollsUp, only } of options.owed) {
    const station = options.stations.get(gateway.station.code);
    if (station === undefined) continue;
    const reading = options.readings.reading(gateway, seq);
    const measuredAt = new Date(reading.measuredAtMs).toISOString();
    const receivedAt = new Date(receivedAtMs).toISOString();
    const day = dayOf(reading.measuredAtMs);
    let rows = 0;
    for (const device of reading.devices) {
      const deviceId = station.devices.get(device.deviceCode);
      if (deviceId === undefined || !isWanted(device, only)) continue;
      rows += 1;
      const known = tally.latest.get(deviceId);
      if (known === undefined || known.measuredAt < measuredAt) {
        tally.latest.set(deviceId, { deviceId, measuredAt, receivedAt, device });
      }
      yield rowOf({ deviceId, measuredAt, receivedAt, reading, device });
    }
    const contact = tally.contacts.get(station.id);
    if (contact === undefined || contact < receivedAt) tally.contacts.set(station.id, receivedAt);
    if (!rollsUp || rows === 0) continue;
    const key = `${station.id} ${day}`;
    const count = tally.counts.get(key);
    if (count) count.rows += rows;
    else tally.counts.set(key, { stationId: station.id, day, rows });
  }
}

/** One row of `reading`. */
function rowOf(parts: {
  deviceId: number;
  measuredAt: string;
  receivedAt: string;
  reading: GatewayReading;
  device: DeviceReading;
}): readonly CopyValue[] {
  const { device } = parts;
  return [
    parts.deviceId,
    parts.measuredAt,
    parts.receivedAt,
    device.activePowerW,
    device.energyTotalWh,
    device.energyDayWh,
    device.temperatureDc,
    device.frequencyChz,
    arrayText(device.lineVoltagesDv),
    arrayText(device.stringVoltagesDv),
    arrayText(device.stringCurrentsCa),
    DEVICE_STATUS_CODES[device.status],
    device.faultCode,
    parts.reading.seq,
  ];
}

const arrayText = (values: readonly number[] | null): string | null =>
  values === null ? null : `{${values.join(',')}}`;

const isWanted = (device: DeviceReading, only: OwedReading['only']): boolean =>
  only === 'all' || (device.kind === 'inverter') === (only === 'inverters');

async function writeLatest(database: Database, latest: readonly Latest[]): Promise<void> {
  await database.query(sql`
    insert into latest_reading as l (device_id, measured_at, received_at, active_power_w, energy_total_wh,
      energy_day_wh, temperature_dc, status, fault_code)
    select device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh, temperature_dc, status,
      fault_code
    from unnest(
      ${latest.map(({ deviceId }) => deviceId)}::int[],
      ${latest.map(({ measuredAt }) => measuredAt)}::timestamptz[],
      ${latest.map(({ receivedAt }) => receivedAt)}::timestamptz[],
      ${latest.map(({ device }) => device.activePowerW)}::int[],
      ${latest.map(({ device }) => device.energyTotalWh)}::bigint[],
      ${latest.map(({ device }) => device.energyDayWh)}::int[],
      ${latest.map(({ device }) => device.temperatureDc)}::smallint[],
      ${latest.map(({ device }) => DEVICE_STATUS_CODES[device.status])}::smallint[],
      ${latest.map(({ device }) => device.faultCode)}::text[])
      as u (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh, temperature_dc, status,
        fault_code)
    on conflict (device_id) do update set
      measured_at = excluded.measured_at, received_at = excluded.received_at,
      active_power_w = excluded.active_power_w, energy_total_wh = excluded.energy_total_wh,
      energy_day_wh = excluded.energy_day_wh, temperature_dc = excluded.temperature_dc,
      status = excluded.status, fault_code = excluded.fault_code, flags = excluded.flags
    where l.measured_at < excluded.measured_at`);
}

async function writeContacts(database: Database, tally: Tally): Promise<void> {
  const contacts = [...tally.contacts];
  await database.query(sql`
    insert into station_contact as c (station_id, received_at)
    select station_id, received_at
    from unnest(${contacts.map(([id]) => id)}::int[], ${contacts.map(([, at]) => at)}::timestamptz[])
      as u (station_id, received_at)
    on conflict (station_id) do update set received_at = excluded.received_at
    where c.received_at < excluded.received_at`);
}

async function markDays(database: Database, tally: Tally, nowMs: number): Promise<void> {
  const counts = [...tally.counts.values()];
  const stationIds = counts.map(({ stationId }) => stationId);
  const days = counts.map(({ day }) => day);
  await database.query(sql`
    insert into ingest_count as t (station_id, day, accepted)
    select station_id, day, accepted
    from unnest(${stationIds}::int[], ${days}::date[], ${counts.map(({ rows }) => rows)}::bigint[])
      as u (station_id, day, accepted)
    on conflict (station_id, day) do update set accepted = t.accepted + excluded.accepted`);
  await database.query(sql`
    insert into dirty_station_day as d (station_id, day, marked_at)
    select station_id, day, ${new Date(nowMs)}::timestamptz
    from unnest(${stationIds}::int[], ${days}::date[]) as u (station_id, day)
    on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = true`);
}
