/**
 * A reading whose device and instant are stored already is
 *   the same       nothing new in it: a duplicate;
 *   a complement   it knows something that was unknown: that is filled in (platforms send a value at a time);
 *   a conflict     it says another value: the stored one stays, the message goes to review.
 */
import { DEVICE_STATUS_CODES } from '#contracts';
import { sql, type Queryable } from '#persistence';
import { arrayText, type ReadingFate } from './reading-fate.ts';
import type { Reading } from './reading.ts';

const FIELDS = [
  'activePowerW',
  'energyTotalWh',
  'energyDayWh',
  'temperatureDc',
  'frequencyChz',
  'lineVoltagesDv',
  'phaseCurrentsCa',
  'stringVoltagesDv',
  'stringCurrentsCa',
  'status',
  'faultCode',
] as const;

/** What the table holds of a reading, its status as the code of it. */
type StoredReading = Pick<Reading, Exclude<(typeof FIELDS)[number], 'status'> | 'measuredAtMs'> & {
  deviceId: number;
  status: number | null;
};

/** Decides what each of these readings is, notes it in its `fate`, and fills in what was unknown. */
export async function settleDuplicates(
  transaction: Queryable,
  doubled: readonly ReadingFate[],
): Promise<void> {
  const stored = await storedReadings(transaction, doubled);
  const filled = new Map<string, { stored: StoredReading; stationId: number; day: string }>();
  for (const item of doubled) {
    const { reading, device } = item.received;
    const key = `${device.deviceId}/${reading.measuredAtMs}`;
    const known = stored.get(key);
    item.fate = 'duplicate';
    if (!known) continue;
    const offered = offeredBy(item);
    const differing = FIELDS.filter((field) => differs(known[field], offered[field]));
    const isNew = FIELDS.some((field) => known[field] === null && offered[field] !== null);
    if (differing.length > 0) {
      item.fate = 'conflict';
      item.conflict = conflictOf(item, differing, known);
    } else if (isNew) {
      const merged = { ...offered };
      for (const field of FIELDS) if (known[field] !== null) Object.assign(merged, { [field]: known[field] });
      stored.set(key, merged);
      filled.set(key, { stored: merged, stationId: device.stationId, day: item.day });
      item.fate = 'accepted';
    }
  }
  if (filled.size > 0) await fillIn(transaction, [...filled.values()]);
}

const differs = (one: unknown, other: unknown) =>
  one !== null && other !== null && JSON.stringify(one) !== JSON.stringify(other);

function offeredBy({ received }: ReadingFate): StoredReading {
  const { reading, device } = received;
  const status = reading.status === null ? null : DEVICE_STATUS_CODES[reading.status];
  return { ...reading, deviceId: device.deviceId, status };
}

function conflictOf(item: ReadingFate, differing: readonly (typeof FIELDS)[number][], known: StoredReading) {
  const { reading, device, receivedAtMs, origin } = item.received;
  const offered = offeredBy(item);
  const values = differing
    .map(
      (field) => `${field} ${JSON.stringify(known[field])} is stored, ${JSON.stringify(offered[field])} came`,
    )
    .join('; ');
  return {
    receivedAtMs,
    topic: origin?.topic ?? '',
    payload: origin?.payload ?? Buffer.alloc(0),
    reason: 'conflict' as const,
    detail: `${reading.stationCode}/${reading.deviceCode} at ${new Date(reading.measuredAtMs).toISOString()}: ${values}`,
    tally: [{ stationId: device.stationId, day: item.day }],
  };
}

async function storedReadings(
  transaction: Queryable,
  doubled: readonly ReadingFate[],
): Promise<Map<string, StoredReading>> {
  const times = doubled.map(({ received }) => received.reading.measuredAtMs);
  const first = new Date(times.reduce((least, time) => Math.min(least, time), Infinity));
  const last = new Date(times.reduce((most, time) => Math.max(most, time), -Infinity));
  const rows = await transaction.query<StoredReading>(sql`
    select r.device_id as "deviceId", (extract(epoch from r.measured_at) * 1000)::float8 as "measuredAtMs",
      r.active_power_w as "activePowerW", r.energy_total_wh::float8 as "energyTotalWh",
      r.energy_day_wh as "energyDayWh", r.temperature_dc as "temperatureDc", r.frequency_chz as "frequencyChz",
      r.line_voltages_dv as "lineVoltagesDv", r.phase_currents_ca as "phaseCurrentsCa",
      r.string_voltages_dv as "stringVoltagesDv", r.string_currents_ca as "stringCurrentsCa",
      r.status, r.fault_code as "faultCode"
    from unnest(
      ${doubled.map(({ received }) => received.device.deviceId)}::int[],
      ${times.map((time) => new Date(time).toISOString())}::timestamptz[]
    ) as u (device_id, measured_at)
    join reading r on r.device_id = u.device_id and r.measured_at = u.measured_at
    where r.measured_at between ${first}::timestamptz and ${last}::timestamptz`);
  return new Map(rows.map((row) => [`${row.deviceId}/${row.measuredAtMs}`, row]));
}

async function fillIn(
  transaction: Queryable,
  filled: readonly { stored: StoredReading; stationId: number; day: string }[],
): Promise<void> {
  const rows = filled.map(({ stored }) => stored);
  const column = <K extends keyof StoredReading>(name: K) => rows.map((row) => row[name]);
  const times = rows.map(({ measuredAtMs }) => measuredAtMs);
  await transaction.query(sql`
    with u as (
      select * from unnest(
        ${column('deviceId')}::int[], ${times.map((time) => new Date(time).toISOString())}::timestamptz[],
        ${column('activePowerW')}::int[], ${column('energyTotalWh')}::bigint[], ${column('energyDayWh')}::int[],
        ${column('temperatureDc')}::smallint[], ${column('frequencyChz')}::smallint[],
        ${rows.map((row) => arrayText(row.lineVoltagesDv))}::text[],
        ${rows.map((row) => arrayText(row.phaseCurrentsCa))}::text[],
        ${rows.map((row) => arrayText(row.stringVoltagesDv))}::text[],
        ${rows.map((row) => arrayText(row.stringCurrentsCa))}::text[],
        ${column('status')}::smallint[], ${column('faultCode')}::text[]
      ) as r (device_id, measured_at, active_power_w, energy_total_wh, energy_day_wh, temperature_dc, frequency_chz,
        line_voltages_dv, phase_currents_ca, string_voltages_dv, string_currents_ca, status, fault_code)
      order by device_id, measured_at
    ), latest as (
      update latest_reading l set active_power_w = u.active_power_w, energy_total_wh = u.energy_total_wh,
        energy_day_wh = u.energy_day_wh, temperature_dc = u.temperature_dc, status = u.status, fault_code = u.fault_code
      from u
      where l.device_id = u.device_id and l.measured_at = u.measured_at
    ), dirty as (
      insert into dirty_station_day as d (station_id, day, marked_at)
      select distinct station_id, day, now()
      from unnest(${filled.map(({ stationId }) => stationId)}::int[], ${filled.map(({ day }) => day)}::date[])
        as m (station_id, day)
      order by station_id, day
      on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = true
    )
    update reading r set active_power_w = u.active_power_w, energy_total_wh = u.energy_total_wh,
      energy_day_wh = u.energy_day_wh, temperature_dc = u.temperature_dc, frequency_chz = u.frequency_chz,
      line_voltages_dv = u.line_voltages_dv::smallint[], phase_currents_ca = u.phase_currents_ca::int[],
      string_voltages_dv = u.string_voltages_dv::smallint[], string_currents_ca = u.string_currents_ca::smallint[],
      status = u.status, fault_code = u.fault_code
    from u
    where r.device_id = u.device_id and r.measured_at = u.measured_at
      and r.measured_at between ${new Date(Math.min(...times))}::timestamptz and ${new Date(Math.max(...times))}::timestamptz`);
}
