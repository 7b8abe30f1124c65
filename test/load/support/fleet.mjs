// Stations by SQL, and what their gateways would send: the same readings as messages and as rows of COPY.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { loadLibraries } from './libraries.mjs';

/** The city: as many inverters as Lüliang's village stations have, 14 to a gateway, and a meter. */
export const CITY = { stations: 472, inverters: 14 };
/** The nation's village stations, one inverter and one meter each. */
export const NATION = { stations: 83_000, inverters: 1 };
export const SLOTS = 288;
export const SLOT_MS = 300_000;
const INVERTER_W = 33_000;
const STRINGS = 12;

export const COLUMNS = [
  'device_id',
  'measured_at',
  'received_at',
  'active_power_w',
  'energy_total_wh',
  'energy_day_wh',
  'temperature_dc',
  'frequency_chz',
  'line_voltages_dv',
  'phase_currents_ca',
  'string_voltages_dv',
  'string_currents_ca',
  'status',
  'seq',
  'flags',
];

export const stationCode = (station) => `ST${String(station).padStart(5, '0')}`;
/** Units of a station count from 0; the meter is the last. */
export const unitCode = (fleet, unit) =>
  unit === fleet.inverters ? 'M01' : `INV${String(unit + 1).padStart(2, '0')}`;
const unitsOf = (fleet) => fleet.inverters + 1;
export const deviceId = (fleet, station, unit) => station * unitsOf(fleet) + unit + 1;

/** Yesterday in Shanghai: whole, and not too late to be taken. */
export async function yesterday() {
  const { addDays, dayOf, dayStartMs } = await loadLibraries();
  const day = addDays(dayOf(Date.now()), -1);
  return { day, startMs: dayStartMs(day) };
}

export async function createRegistry(database, fleet) {
  const { sql } = await loadLibraries();
  const units = unitsOf(fleet);
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  await database.query(sql`
    insert into station (id, code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    overriding system value
    select n + 1, 'ST' || lpad(n::text, 5, '0'), '电站' || n, 'single', '141124100', 111, 38,
      ${fleet.inverters * INVERTER_W}::bigint, ${fleet.inverters * INVERTER_W}::bigint, 33, 180, '2017-06-30',
      'national', true
    from generate_series(0, ${fleet.stations - 1}::int) n`);
  await database.query(
    sql`insert into gateway (station_id, code, serial) select id, 'GW01', 'GW' || id from station`,
  );
  await database.query(sql`
    insert into device (id, station_id, code, kind, serial, rated_power_w, gateway_code)
    overriding system value
    select (s.id - 1) * ${units}::int + u + 1, s.id,
      case when u = ${fleet.inverters}::int then 'M01' else 'INV' || lpad((u + 1)::text, 2, '0') end,
      case when u = ${fleet.inverters}::int then 'meter' else 'inverter' end, 'SN' || s.id || '-' || u,
      case when u = ${fleet.inverters}::int then ${fleet.inverters * INVERTER_W}::int else ${INVERTER_W}::int end, 'GW01'
    from station s, generate_series(0, ${units - 1}::int) u`);
  await database.query(sql`analyze`);
}

/** The same pseudo-random share for the same numbers. */
function noise(a, b) {
  let hash = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** A summer day of a fleet; counters are integrated from noisy power, so they are no smooth function of time. */
export class FleetDay {
  constructor(fleet, startMs, { slots = SLOTS, fields = 'sent' } = {}) {
    this.fleet = fleet;
    this.startMs = startMs;
    this.slots = slots;
    /** `core` without lists, `sent` as gateways send them, `all` with every column each time. */
    this.fieldSet = fields;
    const size = fleet.stations * unitsOf(fleet) * slots;
    this.powerW = new Int32Array(size);
    this.dayWh = new Int32Array(size);
    for (let station = 0; station < fleet.stations; station += 1) this.#fill(station);
  }

  #fill(station) {
    const { fleet, slots } = this;
    for (let unit = 0; unit <= fleet.inverters; unit += 1) {
      let dayWh = 0;
      for (let slot = 0; slot < slots; slot += 1) {
        const index = this.index(station, unit, slot);
        const powerW = unit === fleet.inverters ? this.#sum(station, slot) : this.#power(station, unit, slot);
        dayWh += Math.round(powerW / 12);
        this.powerW[index] = powerW;
        this.dayWh[index] = dayWh;
      }
    }
  }

  #sum(station, slot) {
    let sum = 0;
    for (let unit = 0; unit < this.fleet.inverters; unit += 1)
      sum += this.powerW[this.index(station, unit, slot)];
    return sum;
  }

  #power(station, unit, slot) {
    const sun = Math.sin((Math.PI * ((slot * SLOTS) / this.slots - 72)) / 144);
    if (sun <= 0) return 0;
    const cloud = 0.55 + 0.4 * noise(station, slot >> 2);
    return Math.round(INVERTER_W * 0.9 * sun * cloud * (0.97 + 0.03 * noise(station * 31 + unit, slot)));
  }

  index(station, unit, slot) {
    return (station * unitsOf(this.fleet) + unit) * this.slots + slot;
  }

  measuredAtMs(slot) {
    return this.startMs + slot * SLOT_MS;
  }

  /** In the units of the database. Strings come every quarter hour, as the simulator's gateways have them. */
  reading(station, unit, slot) {
    const index = this.index(station, unit, slot);
    const device = deviceId(this.fleet, station, unit);
    const powerW = this.powerW[index];
    const isMeter = unit === this.fleet.inverters;
    const isFull = this.fieldSet === 'all';
    const vary = (salt, range) => Math.round(range * noise(device * 16 + salt, slot));
    const hasStrings = !isMeter && powerW > 0 && (isFull || (this.fieldSet === 'sent' && slot % 3 === 0));
    const strings = hasStrings ? Array.from({ length: STRINGS }, (_, string) => string) : null;
    return {
      powerW,
      totalWh: 100_000_000 + device * 12_345 + this.dayWh[index],
      dayWh: this.dayWh[index],
      temperatureDc: isMeter ? null : 180 + Math.round(powerW / 120) + vary(1, 6),
      frequencyChz: 4998 + vary(2, 4),
      lineVoltagesDv: isFull ? [3, 4, 5].map((salt) => 3980 + vary(salt, 40)) : null,
      phaseCurrentsCa: isFull ? [6, 7, 8].map((salt) => Math.round(powerW / 6.6) + vary(salt, 20)) : null,
      stringVoltagesDv: strings?.map((string) => 6200 + vary(string >> 1, 120)) ?? null,
      stringCurrentsCa: strings?.map((string) => Math.round(powerW / 74) + vary(string, 15)) ?? null,
      isRunning: powerW > 0,
    };
  }

  #fields(station, unit, slot) {
    const reading = this.reading(station, unit, slot);
    const fields = {
      active_power_kw: reading.powerW / 1000,
      energy_total_kwh: reading.totalWh / 1000,
      energy_day_kwh: reading.dayWh / 1000,
      frequency_hz: reading.frequencyChz / 100,
      status: reading.isRunning ? 'running' : 'night',
    };
    if (reading.temperatureDc !== null) fields.temperature_c = reading.temperatureDc / 10;
    if (reading.stringVoltagesDv !== null)
      fields.strings = reading.stringVoltagesDv.map((voltageDv, string) => ({
        voltage_v: voltageDv / 10,
        current_a: reading.stringCurrentsCa[string] / 100,
      }));
    return fields;
  }

  /** A gateway batch; `units` are what it reads, all of the station by default. */
  batch(station, slot, { ts = this.measuredAtMs(slot), seq = slot + 1, units } = {}) {
    const devices = {};
    for (const unit of units ?? Array.from({ length: unitsOf(this.fleet) }, (_, each) => each))
      devices[unitCode(this.fleet, unit)] = this.#fields(station, unit, slot);
    return {
      topic: `pv/v1/${stationCode(station)}/GW01/telemetry`,
      payload: JSON.stringify({ ts, seq, devices }),
    };
  }

  /** All batches of the inverters, in the order of time. */
  *batches() {
    const units = Array.from({ length: this.fleet.inverters }, (_, unit) => unit);
    for (let slot = 0; slot < this.slots; slot += 1)
      for (let station = 0; station < this.fleet.stations; station += 1)
        yield this.batch(station, slot, { units });
  }

  /** All readings of the inverters, one a message, numbered by the inverter. */
  *singles() {
    for (let slot = 0; slot < this.slots; slot += 1)
      for (let station = 0; station < this.fleet.stations; station += 1)
        for (let unit = 0; unit < this.fleet.inverters; unit += 1)
          yield {
            topic: `pv/v1/${stationCode(station)}/${unitCode(this.fleet, unit)}/telemetry`,
            payload: JSON.stringify({
              ts: this.measuredAtMs(slot),
              seq: slot + 1,
              ...this.#fields(station, unit, slot),
            }),
          };
  }

  #line(station, unit, slot) {
    const reading = this.reading(station, unit, slot);
    const list = (values) => (values === null ? '\\N' : `{${values.join(',')}}`);
    const instant = new Date(this.measuredAtMs(slot)).toISOString();
    return [
      deviceId(this.fleet, station, unit),
      instant,
      instant,
      reading.powerW,
      reading.totalWh,
      reading.dayWh,
      reading.temperatureDc ?? '\\N',
      reading.frequencyChz,
      list(reading.lineVoltagesDv),
      list(reading.phaseCurrentsCa),
      list(reading.stringVoltagesDv),
      list(reading.stringCurrentsCa),
      reading.isRunning ? 1 : 4,
      slot + 1,
      0,
    ].join('\t');
  }

  /** Writes the rows of COPY, in the order of time. @returns how many. */
  async writeRows(file, { withMeters = false } = {}) {
    const stream = createWriteStream(file);
    const units = this.fleet.inverters + (withMeters ? 1 : 0);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const lines = [];
      for (let station = 0; station < this.fleet.stations; station += 1)
        for (let unit = 0; unit < units; unit += 1) lines.push(this.#line(station, unit, slot));
      if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain');
    }
    stream.end();
    await once(stream, 'finish');
    return this.slots * this.fleet.stations * units;
  }
}
