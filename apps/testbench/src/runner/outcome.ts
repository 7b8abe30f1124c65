import { DEVICE_STATUS_CODES } from '#contracts';
import { SHANGHAI_OFFSET_MS } from '#domain';
import { ReceiptService } from '#ingestion';
import { FleetService, StationService } from '#monitoring';
import { sql, type Database } from '#persistence';
import { readEnvironment, type Clock } from '#platform';
import type { EnergyReader } from './energy-reader.ts';

/** What a scenario came to, as it is printed. Energies are whole Wh as text, instants are in Shanghai's zone. */
export interface Outcome {
  stations: Record<string, StationOutcome>;
  quarantine: QuarantineOutcome[];
  receipts: ReceiptOutcome[];
}

interface DayOutcome {
  energyWh: string;
  method: string;
  quality: string;
}

interface StationOutcome {
  days: Record<string, DayOutcome>;
  live: { powerW: number | null; measuredAt: string | null; state: string };
  devices: Record<string, DeviceOutcome>;
}

export interface DeviceOutcome {
  days: Record<string, DayOutcome>;
  quarterHours: Record<string, string>;
  readings: ReadingOutcome[];
  counterEvents: { kind: string; at: string; fromWh: string | null; toWh: string | null; decided: boolean }[];
  /** `offline` or `unknown`, else what the device says of itself, else what its power says. */
  state: string;
  powerW: number | null;
}

interface ReadingOutcome {
  measuredAt: string;
  receivedAt: string;
  activePowerW: number | null;
  energyTotalWh: string | null;
  flags: string[];
  /** Further fields are there where they are known. */
  [field: string]: unknown;
}

interface QuarantineOutcome {
  reason: string;
  detail: string;
  topic: string;
  receivedAt: string;
  bytes: number;
  /** How often the same bytes came. */
  times: number;
}

interface ReceiptOutcome {
  station: string;
  day: string;
  /** Null where no sender numbers its messages: then nobody can say what is missing. */
  sent: number | null;
  accepted: number;
  duplicate: number;
  late: number;
  quarantined: number;
  missing: number | null;
}

const FLAG_NAMES = ['field_rejected', 'historical', 'time_of_receipt'];
const STATUS_NAMES = new Map(Object.entries(DEVICE_STATUS_CODES).map(([name, code]) => [code, name]));

/** `2025-02-20T10:00:00+08:00` */
export const shanghai = (at: Date | number): string =>
  new Date(Number(at) + SHANGHAI_OFFSET_MS).toISOString().replace('.000', '').replace('Z', '+08:00');

/** Reads everything that the scenario left behind, at the instant that the clock shows. */
export async function readOutcome(database: Database, clock: Clock, energy: EnergyReader): Promise<Outcome> {
  const rows = await database.query<{ code: string }>(sql`select code from station order by code`);
  const codes = rows.map(({ code }) => code);
  const fleet = new FleetService(database, clock, readEnvironment({}));
  const live = new StationService(database, clock, fleet);
  const stations: Outcome['stations'] = {};
  for (const code of codes) stations[code] = await stationOutcome({ database, live, energy, code });
  return {
    stations,
    quarantine: await readQuarantine(database),
    receipts: await readReceipts(database, clock),
  };
}

async function stationOutcome(parts: {
  database: Database;
  live: StationService;
  energy: EnergyReader;
  code: string;
}): Promise<StationOutcome> {
  const { database, live, energy, code } = parts;
  const [days, deviceDays, readings, events, detail] = await Promise.all([
    database.query<DayRow>(sql`
      select d.day, d.energy_wh as "energyWh", d.method, d.quality
      from station_day d join station s on s.id = d.station_id
      where s.code = ${code}
      order by d.day`),
    database.query<DayRow & { device: string }>(sql`
      select v.code as device, d.day, d.energy_wh as "energyWh", d.method, d.quality
      from device_day d join device v on v.id = d.device_id join station s on s.id = v.station_id
      where s.code = ${code}
      order by v.code, d.day`),
    readReadings(database, code),
    readEvents(database, code),
    live.detail(code),
  ]);
  if (!detail) throw new Error(`${code} is not there`);
  const devices: StationOutcome['devices'] = {};
  for (const device of detail.devices) {
    if (device.kind === 'gateway') continue;
    const own = deviceDays.filter((row) => row.device === device.code);
    const quarterHours: DeviceOutcome['quarterHours'] = {};
    for (const { day } of own)
      for (const [startMs, energyWh] of await energy.quarterHours(code, device.code, day))
        quarterHours[shanghai(startMs)] = String(energyWh);
    devices[device.code] = {
      days: byDay(own),
      quarterHours,
      readings: readings.filter((row) => row.device === device.code).map(({ reading }) => reading),
      counterEvents: events.filter((row) => row.device === device.code).map(({ event }) => event),
      state: stateOf(device),
      powerW: device.state === 'offline' ? null : device.powerW,
    };
  }
  const { powerW, measuredAt, state } = detail.station;
  return {
    days: byDay(days),
    live: { powerW, measuredAt: measuredAt === null ? null : shanghai(Date.parse(measuredAt)), state },
    devices,
  };
}

interface DayRow extends Omit<DayOutcome, 'energyWh'> {
  day: string;
  energyWh: bigint;
}

const byDay = (rows: readonly DayRow[]): Record<string, DayOutcome> =>
  Object.fromEntries(
    rows.map(({ day, energyWh, method, quality }) => [day, { energyWh: String(energyWh), method, quality }]),
  );

function stateOf({ state, deviceStatus }: { state: string; deviceStatus: string | null }): string {
  if (state === 'offline' || state === 'unknown') return state;
  return deviceStatus ?? (state === 'generating' ? 'running' : state);
}

interface ReadingRow {
  device: string;
  measuredAt: Date;
  receivedAt: Date;
  activePowerW: number | null;
  energyTotalWh: bigint | null;
  energyDayWh: number | null;
  temperatureDc: number | null;
  frequencyChz: number | null;
  lineVoltagesDv: (number | null)[] | null;
  phaseCurrentsCa: (number | null)[] | null;
  stringVoltagesDv: (number | null)[] | null;
  stringCurrentsCa: (number | null)[] | null;
  status: number | null;
  vendorStatus: string | null;
  faultCode: string | null;
  seq: bigint | null;
  flags: number;
}

async function readReadings(database: Database, station: string) {
  const rows = await database.query<ReadingRow>(sql`
    select v.code as device, r.measured_at as "measuredAt", r.received_at as "receivedAt",
      r.active_power_w as "activePowerW", r.energy_total_wh as "energyTotalWh", r.energy_day_wh as "energyDayWh",
      r.temperature_dc as "temperatureDc", r.frequency_chz as "frequencyChz",
      r.line_voltages_dv as "lineVoltagesDv", r.phase_currents_ca as "phaseCurrentsCa",
      r.string_voltages_dv as "stringVoltagesDv", r.string_currents_ca as "stringCurrentsCa",
      r.status, r.vendor_status as "vendorStatus", r.fault_code as "faultCode", r.seq, r.flags
    from reading r join device v on v.id = r.device_id join station s on s.id = v.station_id
    where s.code = ${station} and r.measured_at > '2000-01-01' and r.measured_at < '2100-01-01'
    order by v.code, r.measured_at`);
  return rows.map((row) => ({ device: row.device, reading: readingOutcome(row) }));
}

/** A stored number of hundredths or tenths in whole units. */
const units = (value: number | null | undefined, scale: number) =>
  value === null || value === undefined ? null : value / scale;

function readingOutcome(row: ReadingRow): ReadingOutcome {
  const [ab, bc, ca] = row.lineVoltagesDv ?? [];
  const [a, b, c] = row.phaseCurrentsCa ?? [];
  const inputs = Math.max(row.stringVoltagesDv?.length ?? 0, row.stringCurrentsCa?.length ?? 0);
  const further = {
    energyDayWh: row.energyDayWh === null ? null : String(row.energyDayWh),
    temperatureC: units(row.temperatureDc, 10),
    frequencyHz: units(row.frequencyChz, 100),
    voltageAbV: units(ab, 10),
    voltageBcV: units(bc, 10),
    voltageCaV: units(ca, 10),
    currentAA: units(a, 100),
    currentBA: units(b, 100),
    currentCA: units(c, 100),
    strings:
      inputs === 0
        ? null
        : Array.from({ length: inputs }, (_, input) => ({
            voltageV: units(row.stringVoltagesDv?.[input], 10),
            currentA: units(row.stringCurrentsCa?.[input], 100),
          })),
    status: row.status === null ? null : (STATUS_NAMES.get(row.status) ?? String(row.status)),
    vendorStatus: row.vendorStatus,
    faultCode: row.faultCode,
    seq: row.seq === null ? null : Number(row.seq),
  };
  return {
    measuredAt: shanghai(row.measuredAt),
    receivedAt: shanghai(row.receivedAt),
    activePowerW: row.activePowerW,
    energyTotalWh: row.energyTotalWh === null ? null : String(row.energyTotalWh),
    ...Object.fromEntries(Object.entries(further).filter(([, value]) => value !== null)),
    flags: FLAG_NAMES.filter((_, bit) => (row.flags & (1 << bit)) !== 0),
  };
}

async function readEvents(database: Database, station: string) {
  const rows = await database.query<{
    device: string;
    kind: string;
    at: Date;
    fromWh: bigint | null;
    toWh: bigint | null;
    decided: boolean;
  }>(sql`
    select v.code as device, e.kind, e.at, e.from_wh as "fromWh", e.to_wh as "toWh", e.decided
    from counter_event e join device v on v.id = e.device_id join station s on s.id = v.station_id
    where s.code = ${station}
    order by v.code, e.at, e.kind`);
  const text = (value: bigint | null) => (value === null ? null : String(value));
  return rows.map(({ device, kind, at, fromWh, toWh, decided }) => ({
    device,
    event: { kind, at: shanghai(at), fromWh: text(fromWh), toWh: text(toWh), decided },
  }));
}

async function readQuarantine(database: Database): Promise<QuarantineOutcome[]> {
  const rows = await database.query<
    Omit<QuarantineOutcome, 'times' | 'receivedAt'> & { times: bigint; at: Date }
  >(sql`
    select reason, detail, topic, received_at as at, octet_length(payload) as bytes, times
    from quarantine_message
    order by received_at, id`);
  return rows.map(({ at, times, reason, detail, topic, bytes }) => ({
    reason,
    detail,
    topic,
    receivedAt: shanghai(at),
    bytes,
    times: Number(times),
  }));
}

async function readReceipts(database: Database, clock: Clock): Promise<ReceiptOutcome[]> {
  const days = await database.query<{ station: string; day: string; next: string }>(sql`
    select s.code as station, d.day, (d.day + 1) as next
    from (
      select station_id, day from ingest_count
      union
      select station_id, day from ingest_rejection
      union
      select station_id, day from message_sequence
    ) d
    join station s on s.id = d.station_id
    order by s.code, d.day`);
  const service = new ReceiptService(database, clock);
  const receipts: ReceiptOutcome[] = [];
  for (const { station, day, next } of days) {
    const { items } = await service.list({ station, from: day, to: next, page: 1, pageSize: 1 });
    for (const { messages, readings, rejected } of items)
      receipts.push({
        station,
        day,
        sent: messages?.sent ?? null,
        accepted: readings?.accepted ?? 0,
        duplicate: readings?.duplicate ?? 0,
        late: readings?.late ?? 0,
        quarantined: rejected.reduce((sum, { times }) => sum + times, 0),
        missing: messages?.missing ?? null,
      });
  }
  return receipts;
}
