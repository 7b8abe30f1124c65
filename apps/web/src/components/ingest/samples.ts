import { GROTT_SAMPLE, OPEN_GATEWAY_SAMPLE, SBFSPOT_SAMPLE, SUNSPEC_SAMPLE } from '#contracts';

/** One message of a trial: the payload as text, or as hexadecimal digits. */
export interface SampleMessage {
  topic: string;
  text?: string;
  hex?: string;
}

/** A few seconds after the noon of the samples, which were all measured on 2025-06-01 at 10:00 in Shanghai. */
export const SAMPLES_RECEIVED_AT = '2025-06-01T02:00:05.000Z';
const NOON_MS = 1_748_743_200_000;

const json = (topic: string, content: unknown): SampleMessage[] => [
  { topic, text: JSON.stringify(content, null, 2) },
];
/** One value a topic: `place value` a line. */
const values = (prefix: string, lines: readonly string[]): SampleMessage[] =>
  lines.map((line) => {
    const [place = '', text = ''] = line.split(' ');
    return { topic: `${prefix}/${place}`, text };
  });

const thingModel = {
  ActivePower: { value: 9.65, time: NOON_MS },
  TotalEnergy: { value: 3522.9, time: NOON_MS },
};
const tasmota = (energy: Record<string, unknown>) =>
  json('tele/meter-01/SENSOR', {
    Time: '2025-06-01T10:00:00',
    ENERGY: { ...energy, Factor: 0.96, Voltage: 234 },
  });

/** A message of each built-in profile, in the shape that its vendor documents; values and numbers are made up. */
export const PROFILE_SAMPLES: Record<string, SampleMessage[]> = {
  native: json('pv/v1/LL0001/GW01/telemetry', {
    ts: NOON_MS,
    seq: 1024,
    devices: {
      INV01: { active_power_kw: 30.5, energy_total_kwh: 1000.123, temperature_c: 41.2, status: 'running' },
      M01: { active_power_kw: 30.1, energy_total_kwh: 990 },
    },
  }),
  'thingsboard-device': json('v1/devices/me/telemetry', {
    ts: NOON_MS,
    values: { p_kw: 9.65, e_total_kwh: 3522.9 },
  }),
  'thingsboard-gateway': json('v1/gateway/telemetry', {
    'ST001-INV01': [{ ts: NOON_MS, values: { p_kw: 9.65 } }],
    'ST001-INV02': [{ ts: NOON_MS, values: { p_kw: 0 } }],
  }),
  'alibaba-alink': json('/sys/pk1/inv01/thing/event/property/post', {
    id: '10086',
    version: '1.0',
    sys: { ack: 0 },
    method: 'thing.event.property.post',
    params: { ...thingModel, RunState: 2 },
  }),
  'onenet-thing': json('$sys/p1/d1/thing/property/post', { id: '123', version: '1.0', params: thingModel }),
  'onenet-datastream': json('$sys/p1/d1/dp/post/json', {
    id: 123,
    dp: { power: [{ v: 9.65, t: NOON_MS / 1000 }], energy: [{ v: 3522.9, t: NOON_MS / 1000 }] },
  }),
  'huawei-iotda': json('$oc/devices/dev1/sys/properties/report?request_id=7', {
    services: [
      {
        service_id: 'Inverter',
        properties: { activePower: 9.65, totalEnergy: 3522.9 },
        event_time: '20250601T020000Z',
      },
      { service_id: 'Meter', properties: { reading: 88123.45 }, event_time: '2025-06-01T02:00:00.123Z' },
    ],
  }),
  'envision-enos': json('/sys/pk1/gw1/thing/measurepoint/post/batch', {
    id: '123',
    version: '1.0',
    method: 'thing.measurepoint.post.batch',
    params: [
      {
        productKey: 'pk1',
        deviceKey: 'INV01',
        measurepoints: {
          Power: { value: 9.65, quality: 9 },
          temp: 31.2,
          branchCurr: ['1.02', '2.02', '7.93'],
        },
        time: NOON_MS,
      },
    ],
  }),
  opendtu: values('solar/110000000001', [
    'status/reachable 1',
    'status/last_update 1748743200',
    '0/power 412.3',
    '0/yieldday 1532',
    '0/yieldtotal 1204.511',
    '0/frequency 49.98',
    '1/voltage 32.1',
    '1/current 6.51',
  ]),
  ahoydtu: values('inverter/hm600', [
    'available 2',
    'ch0/P_AC 231.4',
    'ch0/YieldDay 812',
    'ch0/YieldTotal 669.094',
    'ch0/F_AC 49.99',
  ]),
  'deye-mqtt': values('deye', [
    'status online',
    'ac/active_power 1430.0',
    'dc/total_power 1495.0',
    'day_energy 7.1',
    'total_energy 812.6',
    'radiator_temp 41.3',
  ]),
  openems: values('edge0/channel', [
    'lastUpdate 1748743200000',
    '_sum/ProductionActivePower 9650',
    '_sum/ProductionActiveEnergy 3522900',
    '_sum/GridActivePower -3100',
  ]),
  'solar-assistant': values('solar_assistant/inverter_1', [
    'pv_power/state 2310',
    'grid_frequency/state 50.01',
    'pv_energy/state 64.9',
  ]),
  'growatt-open-gateway': json('energy/solar', OPEN_GATEWAY_SAMPLE),
  'growatt-grott': json('energy/growatt', GROTT_SAMPLE),
  'sma-sbfspot': json('sbfspot_2100000001', SBFSPOT_SAMPLE),
  'apsystems-bridge': json('apsystems/800000000001', {
    serial: '800000000001',
    acv: 231,
    freq: 50,
    tem: 31,
    pw0: 201.1,
    pw1: 198.4,
    pw2: 'n/e',
    pw3: 'n/e',
    totalpwr: 399.5,
    totalen: 2145.37,
  }),
  vzlogger: [
    ...json('vzlogger/data/chn0/raw', { timestamp: NOON_MS + 123, value: 418906.1 }),
    ...json('vzlogger/data/chn1/raw', { timestamp: NOON_MS + 123, value: 856 }),
  ],
  tasmota: tasmota({
    TotalStartTime: '2024-03-20T15:20:48',
    Total: 514.153,
    Today: 5.37,
    Power: 856,
    Current: 3.81,
  }),
  'tasmota-channels': tasmota({ Total: [2.813, 0.254], Today: [1.2, 0.1], Power: [52, 5] }),
  'tasmota-tariffs': tasmota({ Total: [681.772, 113.992, 567.783], Today: [5.3, 1.1, 4.2], Power: 640 }),
  'huawei-sun2000': json('sun2000/inv-01/registers', {
    sn: 'HV0000000001',
    ts: NOON_MS,
    registers: {
      32016: 6012,
      32017: 811,
      32080: 9650,
      32085: 4998,
      32087: 412,
      32089: 512,
      32106: 352290,
      32114: 2170,
    },
  }),
  'sungrow-sg': json('sungrow/inv-01/registers', {
    sn: 'A0000000001',
    ts: '2025-06-01T10:00:00',
    registers: { 5003: 217, 5004: 3522, 5008: 398, 5011: 6021, 5012: 81, 5031: 9650, 5036: 500, 5144: 35229 },
  }),
  'sunspec-json': json('sunspec/inv-01', SUNSPEC_SAMPLE),
  'collector-points': json('collector/c-01/points', {
    sn: 'CJ0000000001',
    ts: NOON_MS,
    points: {
      ActivePower: 9.65,
      DailyPowerGeneration: 21.7,
      TotalPowerGeneration: 3522.9,
      Udc1: 601.2,
      Idc1: 8.11,
    },
  }),
  'iec104-json': json('iec104/rtu-01/data', {
    ca: 1,
    cot: 3,
    asdu: 'M_ME_TF_1',
    ts: '2025-06-01T02:00:00.123Z',
    iv_time: false,
    su: false,
    points: [
      { ioa: 16385, v: 9.65, q: { iv: 0, nt: 0, sb: 0, bl: 0, ov: 0 } },
      { ioa: 16386, v: 0, q: { iv: 1, nt: 1, sb: 0, bl: 0, ov: 0 } },
    ],
  }),
  // A birth of the node, a birth of the device with the names of its metrics, and a value by its alias alone.
  'sparkplug-b': [
    {
      topic: 'spBv1.0/pv-county/NBIRTH/gw-0017',
      hex: '0880badec9f23212120a0562645365711880badec9f232200858001800',
    },
    {
      topic: 'spBv1.0/pv-county/DBIRTH/gw-0017/INV01',
      hex: '0880badec9f23212210a0b416374697665506f77657210031880badec9f232200a69cdcccccccc4c234012210a0b546f74616c456e6572677910041880badec9f232200a69cdcccccccc85ab401801',
    },
    {
      topic: 'spBv1.0/pv-county/DDATA/gw-0017/INV01',
      hex: '08e08ee2c9f2321214100318e08ee2c9f232200a69713d0ad7a37023401802',
    },
  ],
};
