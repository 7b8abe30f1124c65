// What is often built instead: MQTT.js, and an awaited insert a message. MQTT.js acknowledges when it hands a message
// over, not when it is stored. Given a kept session, eight inserts at a time and `on conflict do nothing`.
//   node insert-a-message.mjs MQTT_URL DATABASE_URL FILTER
import mqtt from 'mqtt';
import { loadLibraries } from '../support/libraries.mjs';

const INSERTS_AT_A_TIME = 8;
const { Database, sql } = await loadLibraries();
const [, , mqttUrl, databaseUrl, filter] = process.argv;
const database = Database.connect({
  url: databaseUrl,
  applicationName: 'insert-a-message',
  poolMax: INSERTS_AT_A_TIME,
});
const devices = new Map();
for (const { name, id } of await database.query(
  sql`select s.code || '/' || d.code as name, d.id from device d join station s on s.id = d.station_id`,
))
  devices.set(name, id);

const waiting = [];
let wake = () => undefined;
const client = mqtt.connect(mqttUrl, {
  clientId: 'insert-a-message',
  clean: false,
  protocolVersion: 5,
  properties: { sessionExpiryInterval: 86_400, receiveMaximum: 4000 },
});
client.on('connect', () => {
  process.stdout.write('connected\n');
  client.subscribe(filter, { qos: 1 });
});
client.on('message', (topic, payload) => {
  waiting.push({ topic, payload });
  wake();
});
async function work() {
  for (;;) {
    const message = waiting.shift();
    if (message) await insert(message);
    else
      await new Promise((resolve) => {
        const before = wake;
        wake = () => {
          before();
          resolve();
        };
      });
  }
}

const scaled = (value, factor) => (value === undefined ? null : Math.round(value * factor));
const list = (values, factor) =>
  values === undefined ? null : `{${values.map((value) => Math.round(value * factor)).join(',')}}`;

async function insert({ topic, payload }) {
  const [, , station, sender] = topic.split('/');
  const message = JSON.parse(payload.toString());
  const rows = Object.entries(message.devices ?? { [sender]: message });
  const column = (pick) => rows.map(([, fields]) => pick(fields));
  await database.query(sql`
    insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh,
      temperature_dc, frequency_chz, string_voltages_dv, string_currents_ca, status, seq)
    select device_id, ${new Date(message.ts)}::timestamptz, now(), active_power_w, energy_total_wh, energy_day_wh,
      temperature_dc, frequency_chz, string_voltages_dv::smallint[], string_currents_ca::smallint[], status,
      ${message.seq}::bigint
    from unnest(
      ${rows.map(([code]) => devices.get(`${station}/${code}`))}::int[],
      ${column((fields) => scaled(fields.active_power_kw, 1000))}::int[],
      ${column((fields) => scaled(fields.energy_total_kwh, 1000))}::bigint[],
      ${column((fields) => scaled(fields.energy_day_kwh, 1000))}::int[],
      ${column((fields) => scaled(fields.temperature_c, 10))}::smallint[],
      ${column((fields) => scaled(fields.frequency_hz, 100))}::smallint[],
      ${column((fields) =>
        list(
          fields.strings?.map(({ voltage_v: volts }) => volts),
          10,
        ),
      )}::text[],
      ${column((fields) =>
        list(
          fields.strings?.map(({ current_a: amperes }) => amperes),
          100,
        ),
      )}::text[],
      ${column((fields) => (fields.status === 'running' ? 1 : 4))}::smallint[]
    ) as r (device_id, active_power_w, energy_total_wh, energy_day_wh, temperature_dc, frequency_chz,
      string_voltages_dv, string_currents_ca, status)
    on conflict (device_id, measured_at) do nothing`);
}

// Ended by the benchmark.
await Promise.all(Array.from({ length: INSERTS_AT_A_TIME }, work));
