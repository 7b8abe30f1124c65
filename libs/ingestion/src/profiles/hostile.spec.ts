import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAYLOAD_BYTES_MAX, READINGS_PER_MESSAGE_MAX } from '#contracts';
import { QUARANTINE_REASONS } from '../reading.ts';
import { BUILTIN_PROFILES } from './builtin/index.ts';
import { decodeWithProfile } from './decode-with-profile.ts';
import { JSON_DEPTH_MAX } from './payload-text.ts';
import type { ProfileDecoded, ProfileReading } from './profile-reading.ts';
import { bytesOf, decode, NOON_MS, profileOf, sparkplugPayload } from './spec-support.ts';
import { SparkplugNodes } from './sparkplug/sparkplug-nodes.ts';
import { TopicAssembler } from './topic-assembler.ts';

/** Topics that the profiles read, beside real messages; a profile takes any of the messages on its own topics. */
const TOPICS: Record<string, string[]> = {
  native: ['pv/v1/ST001/INV01/telemetry', 'pv/v1/ST001/GW/status'],
  'thingsboard-device': ['v1/devices/me/telemetry'],
  'thingsboard-gateway': ['v1/gateway/telemetry'],
  'alibaba-alink': ['/sys/pk/dev/thing/event/property/post'],
  'onenet-thing': ['$sys/p/d/thing/property/post'],
  'onenet-datastream': ['$sys/p/d/dp/post/json'],
  'huawei-iotda': ['$oc/devices/d/sys/properties/report?request_id=1'],
  'envision-enos': ['/sys/pk/gw/thing/measurepoint/post/batch', '/sys/pk/gw/thing/measurepoint/resume'],
  opendtu: ['solar/11/0/power', 'solar/11/status/last_update', 'solar/11/status/reachable'],
  ahoydtu: ['inverter/hm600/ch0/P_AC', 'inverter/hm600/ch1/U_DC'],
  'deye-mqtt': ['deye/total_energy', 'deye/status'],
  openems: ['edge0/channel/lastUpdate', 'edge0/channel/_sum/ProductionActiveEnergy'],
  'solar-assistant': ['solar_assistant/inverter_1/pv_power/state'],
  'growatt-open-gateway': ['energy/solar'],
  'growatt-grott': ['energy/growatt'],
  'sma-sbfspot': ['sbfspot_1'],
  'apsystems-bridge': ['apsystems/1'],
  vzlogger: ['vzlogger/data/chn0/raw'],
  tasmota: ['tele/a/SENSOR', 'tele/a/LWT'],
  'tasmota-channels': ['tele/a/SENSOR'],
  'tasmota-tariffs': ['tele/a/SENSOR'],
  'huawei-sun2000': ['sun2000/d/registers'],
  'sungrow-sg': ['sungrow/d/registers'],
  'sunspec-json': ['sunspec/g'],
  'collector-points': ['collector/d/points'],
  'iec104-json': ['iec104/g/data'],
  'sparkplug-b': ['spBv1.0/g/NBIRTH/e', 'spBv1.0/g/DBIRTH/e/d', 'spBv1.0/g/DDATA/e/d', 'spBv1.0/g/NDEATH/e'],
};

const MESSAGES: unknown[] = [
  '1748743200',
  '1204.511',
  'null',
  'Online',
  [{ ts: NOON_MS, values: { p_kw: 9.65, e_total_kwh: 3522.9, status: 'running' } }],
  { 'ST001-INV01': [{ ts: NOON_MS, values: { p_kw: 9.65 } }], 'ST001-INV02': { p_kw: 0 } },
  { params: { ActivePower: { value: 9.65, time: NOON_MS }, TotalEnergy: { value: 3522.9 }, RunState: 2 } },
  { dp: { power: [{ v: 9.65, t: NOON_MS / 1000 }] } },
  { services: [{ service_id: 'I', properties: { activePower: 9.65 }, event_time: '20250601T020000Z' }] },
  {
    params: [{ deviceKey: 'I', measurepoints: { Power: { value: 1 }, branchCurr: ['1.02'] }, time: NOON_MS }],
  },
  { device: 'X', time: '2025-06-01T10:00:00', buffered: 'no', values: { pvpowerout: 96500, pvstatus: 1 } },
  { InvTime: '01/06/2025 10:00:00', InvSerial: 2_100_000_001, PACTot: 2140, UDC1: 401.1, InvStatus: 'Ok' },
  { serial: '8', totalpwr: 399.5, tem: 'n/e' },
  { timestamp: NOON_MS, value: 418_906.1 },
  { Time: '2025-06-01T10:00:00', ENERGY: { Total: [2.813, 0.254], Power: [52, 5], Today: 5.37 } },
  { sn: 'H', ts: NOON_MS, registers: { 32080: 41_200, 32087: 65_436, 32089: 512, 5031: 41_200, 5038: 0 } },
  { sn: 'S', ts: '2025-06-01T02:00:00Z', W: 5000, W_SF: -1, WH: 1, WH_SF: 0, TmpCab: -32768, Tmp_SF: -1 },
  { ca: 1, cot: 3, ts: '25-06-01 10:00:00', points: [{ ioa: 16385, v: 9.65, q: { iv: 0 } }] },
  { InverterStatus: 1, OutputPower: 5358, TotalGenerateEnergy: 1329.7 },
  { ts: NOON_MS, active_power_kw: 41.2, energy_total_kwh: 186_342.5, strings: [{ voltage_v: 612.4 }] },
  { ts: NOON_MS, devices: { INV01: { active_power_kw: 41.2 } } },
  sparkplugPayload([{ name: 'ActivePower', alias: 3, datatype: 10, double: 9.65 }], { seq: 0 }),
  sparkplugPayload([{ alias: 3, timestampMs: NOON_MS, historical: true, isNull: true }], { seq: 1 }),
];

const HOSTILE_TEXTS = [
  '__proto__',
  '1e999',
  '-0',
  '9'.repeat(400),
  'NaN',
  'Infinity',
  '\u0000',
  '\ud800',
  '李家村#1',
  '{"a":'.repeat(40),
];

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.integer({ min: 0, max: 12 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom(...HOSTILE_TEXTS, 'nan', '-Infinity', '[', ']', '"', '{}', '1e400', ',').map(bytesOf),
  ),
});

/** A real message with up to four wounds. */
const mutated = fc
  .tuple(fc.constantFrom(...MESSAGES.map(bytesOf)), fc.array(mutation, { maxLength: 4 }))
  .map(([message, mutations]) => {
    let bytes = Buffer.from(message);
    for (const { at, drop, insert } of mutations) {
      const from = Math.floor(at * bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + drop)]);
    }
    return Uint8Array.from(bytes);
  });

const HOSTILE_VALUES = [
  'null',
  'true',
  '1e400',
  '-32768',
  '2147483647',
  '65535',
  '1e15',
  '-1',
  '0.1',
  '""',
  '"n/e"',
];
const HOSTILE_SHAPES = [
  '[]',
  '[1,2]',
  '[[1]]',
  '{}',
  '{"value":1}',
  '"9.5"',
  '"\\u0000"',
  '"\\ud800"',
  'nan',
  '-Infinity',
];

/** A real message, still JSON, with other values in some places. */
const otherValues = fc
  .tuple(
    fc.constantFrom(...MESSAGES.filter((message) => !(message instanceof Uint8Array))),
    fc.array(fc.tuple(fc.nat(20), fc.constantFrom(...HOSTILE_VALUES, ...HOSTILE_SHAPES)), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([message, changes]) => {
    const at = new Map(changes);
    let index = -1;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    return bytesOf(
      text.replaceAll(/-?\d+(?:\.\d+)?(?!\d*")|"[^"]*"(?!:)/g, (value) => {
        index += 1;
        return at.get(index) ?? value;
      }),
    );
  });

const anyJson = fc
  .oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.dictionary(
      fc.constantFrom(
        'ts',
        'values',
        'params',
        'ENERGY',
        'registers',
        'points',
        'services',
        '__proto__',
        '32080',
      ),
      fc.jsonValue({ maxDepth: 4 }),
    ),
  )
  .map(bytesOf);

const payloads = fc.oneof(
  { weight: 4, arbitrary: mutated },
  { weight: 4, arbitrary: otherValues },
  { weight: 2, arbitrary: anyJson },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

const numbersOf = (reading: ProfileReading) => [
  reading.activePowerW,
  reading.energyTotalWh,
  reading.energyDayWh,
  reading.temperatureDc,
  reading.frequencyChz,
  reading.seq,
  ...(reading.lineVoltagesDv ?? []),
  ...(reading.phaseCurrentsCa ?? []),
  ...(reading.stringVoltagesDv ?? []),
  ...(reading.stringCurrentsCa ?? []),
];

function expectSound(decoded: ProfileDecoded): void {
  const { readings, partials, presence, rejections, ignored } = decoded;
  expect(
    readings.length + partials.length + presence.length + rejections.length + ignored.length,
  ).toBeGreaterThan(0);
  expect(readings.length).toBeLessThanOrEqual(READINGS_PER_MESSAGE_MAX);
  for (const reading of readings) {
    expect(Number.isSafeInteger(reading.measuredAtMs)).toBe(true);
    expect(reading.sourceId).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(numbersOf(reading).every((value) => value === null || Number.isSafeInteger(value))).toBe(true);
    expect(Object.values(reading.extras).every((value) => value === null || Number.isFinite(value))).toBe(
      true,
    );
    for (const text of [reading.faultCode, reading.vendorStatus])
      expect(text ?? '').not.toMatch(/[\p{Cc}\p{Cs}]/u);
  }
  for (const { reason, detail } of rejections) {
    expect(QUARANTINE_REASONS).toContain(reason);
    expect(detail).not.toContain('\u0000');
  }
}

describe('hostile messages', () => {
  it.each(BUILTIN_PROFILES.map((profile) => [profile.id, profile] as const))(
    '%s: nothing throws, everything is counted, every number fits',
    (id, profile) => {
      const topics = TOPICS[id] ?? [];
      expect(topics.length).toBeGreaterThan(0);
      const state = new SparkplugNodes();
      fc.assert(
        fc.property(fc.constantFrom(...topics), payloads, (topic, payload) => {
          expectSound(decodeWithProfile(profile, { topic, payload, receivedAtMs: NOON_MS, state }));
        }),
        { numRuns: 300 },
      );
    },
  );

  it('any topic is decoded or refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BUILTIN_PROFILES), fc.string(), payloads, (profile, topic, payload) => {
        expectSound(decodeWithProfile(profile, { topic, payload, receivedAtMs: NOON_MS }));
      }),
      { numRuns: 300 },
    );
  });

  it('values that come one a topic lose nothing and double nothing, in whatever order and at whatever time', () => {
    const keys = ['ac/active_power', 'day_energy', 'total_energy', 'radiator_temp'];
    const arrivals = fc.array(fc.tuple(fc.constantFrom(...keys), fc.nat(90), fc.nat(3_000)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(arrivals, (messages) => {
        const assembler = new TopicAssembler(profileOf('deye-mqtt'));
        let receivedAtMs = NOON_MS;
        const readings = messages.flatMap(([key, value, waitMs]) => {
          receivedAtMs += waitMs;
          return assembler.accept({ topic: `deye/${key}`, payload: bytesOf(String(value)), receivedAtMs })
            .readings;
        });
        readings.push(...assembler.flush());
        const sent = messages.filter(([key]) => key === 'total_energy').map(([, value]) => value * 1_000);
        const got = readings.flatMap(({ energyTotalWh }) => energyTotalWh ?? []);
        expect(got).toEqual(sent);
      }),
    );
  });

  it('refuses what is too large, too deep, or too many', () => {
    const topic = 'v1/devices/me/telemetry';
    const large = decode('thingsboard-device', topic, ' '.repeat(PAYLOAD_BYTES_MAX + 1));
    expect(large.rejections).toMatchObject([{ reason: 'too_large' }]);
    const deep = '['.repeat(JSON_DEPTH_MAX + 1) + ']'.repeat(JSON_DEPTH_MAX + 1);
    expect(decode('thingsboard-device', topic, deep).rejections).toMatchObject([{ reason: 'schema' }]);
    const bottomless = decode('thingsboard-device', topic, '['.repeat(PAYLOAD_BYTES_MAX));
    expect(bottomless.rejections).toHaveLength(1);
    const many = Array.from({ length: READINGS_PER_MESSAGE_MAX + 1 }, () => ({ p_kw: 1 }));
    expect(decode('thingsboard-device', topic, many).rejections).toMatchObject([{ reason: 'too_large' }]);
  });

  it('does not look into texts for nesting or for not-a-number', () => {
    const text = `{"ts":${NOON_MS},"p_kw":1,"note":"${'['.repeat(100)} nan \\" -inf"}`;
    const decoded = decode('thingsboard-device', 'v1/devices/me/telemetry', text);
    expect(decoded.readings).toMatchObject([{ activePowerW: 1000, flags: 0 }]);
  });
});
