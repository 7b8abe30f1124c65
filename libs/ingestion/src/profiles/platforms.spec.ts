import { describe, expect, it } from 'vitest';
import { FLAG_FIELD_REJECTED } from '../reading.ts';
import { decode, NOON_MS, profileOf, readingOf } from './spec-support.ts';

const wanted = { activePowerW: 9650, energyTotalWh: 3_522_900, measuredAtMs: NOON_MS, timeSource: 'device' };

describe('ThingsBoard, three shapes on one topic', () => {
  const topic = 'v1/devices/me/telemetry';
  const values = { p_kw: 9.65, e_total_kwh: 3522.9 };

  it('takes plain values at the time of receipt', () => {
    const reading = readingOf(decode('thingsboard-device', topic, values));
    expect(reading).toMatchObject({ ...wanted, measuredAtMs: NOON_MS + 5_000, timeSource: 'received' });
    expect(reading.sourceId).toBe('me');
  });

  it('takes ts with values', () => {
    expect(readingOf(decode('thingsboard-device', topic, { ts: NOON_MS, values }))).toMatchObject(wanted);
  });

  it('takes an array, and keeps its good records beside a bad one', () => {
    const decoded = decode('thingsboard-device', topic, [
      { ts: NOON_MS, values },
      17,
      { ts: 'yesterday', values },
      { ts: NOON_MS + 60_000, values },
    ]);
    expect(decoded.readings.map(({ measuredAtMs }) => measuredAtMs)).toEqual([NOON_MS, NOON_MS + 60_000]);
    expect(decoded.rejections.map(({ reason }) => reason)).toEqual(['schema', 'schema']);
  });

  it('reads the devices of a gateway by their keys', () => {
    const decoded = decode('thingsboard-gateway', 'v1/gateway/telemetry', {
      'ST001-INV01': [{ ts: NOON_MS, values }],
      'ST001-INV02': [{ ts: NOON_MS, values: { p_kw: 0 } }],
    });
    expect(decoded.readings).toMatchObject([
      { sourceId: 'ST001-INV01', ...wanted },
      { sourceId: 'ST001-INV02', activePowerW: 0, energyTotalWh: null, flags: 0 },
    ]);
  });

  it('counts an empty list rather than dropping it unseen', () => {
    expect(decode('thingsboard-device', topic, []).ignored).toHaveLength(1);
  });
});

describe('Alibaba Alink', () => {
  const topic = '/sys/pk1/inv01/thing/event/property/post';

  it('takes values with their time and the direct one beside them', () => {
    const decoded = decode('alibaba-alink', topic, {
      id: '10086',
      version: '1.0',
      sys: { ack: 0 },
      method: 'thing.event.property.post',
      params: {
        ActivePower: { value: 9.65, time: NOON_MS },
        TotalEnergy: { value: 3522.9, time: NOON_MS },
        RunState: 2,
      },
    });
    expect(readingOf(decoded)).toMatchObject({
      ...wanted,
      sourceId: 'pk1/inv01',
      status: null,
      vendorStatus: '2',
      flags: 0,
    });
  });

  it('makes a reading for each time', () => {
    const { readings } = decode('alibaba-alink', topic, {
      params: {
        ActivePower: { value: 9.65, time: NOON_MS },
        TotalEnergy: { value: 3522.9, time: NOON_MS + 1_000 },
      },
    });
    expect(readings).toMatchObject([
      { measuredAtMs: NOON_MS, activePowerW: 9650, energyTotalWh: null },
      { measuredAtMs: NOON_MS + 1_000, activePowerW: null, energyTotalWh: 3_522_900 },
    ]);
  });
});

describe('OneNET', () => {
  it('gives a value without a time that of its neighbour', () => {
    const decoded = decode('onenet-thing', '$sys/p1/d1/thing/property/post', {
      id: '123',
      params: { ActivePower: { value: 9.65, time: NOON_MS }, TotalEnergy: { value: 3522.9 } },
    });
    expect(readingOf(decoded)).toMatchObject(wanted);
  });

  it('reads the old data streams in seconds', () => {
    const decoded = decode('onenet-datastream', '$sys/p1/d1/dp/post/json', {
      id: 123,
      dp: { power: [{ v: 9.65, t: NOON_MS / 1000 }], energy: [{ v: 3522.9, t: NOON_MS / 1000 }] },
    });
    expect(readingOf(decoded)).toMatchObject({ ...wanted, sourceId: 'p1/d1' });
  });

  it('does not take seconds for milliseconds', () => {
    const { readings, rejections } = decode('onenet-thing', '$sys/p1/d1/thing/property/post', {
      params: { ActivePower: { value: 9.65, time: NOON_MS / 1000 } },
    });
    expect(readings).toEqual([]);
    expect(rejections).toMatchObject([{ reason: 'too_old' }]);
    expect(rejections[0]?.detail).toContain('read as seconds it would be 2025-06-01T02:00:00.000Z');
  });
});

describe('Huawei IoTDA', () => {
  const message = {
    services: [
      {
        service_id: 'Inverter',
        properties: { activePower: 9.65, totalEnergy: 3522.9 },
        event_time: '20250601T020000Z',
      },
      { service_id: 'Meter', properties: { reading: 88123.45 }, event_time: '2025-06-01T02:00:00.123Z' },
    ],
  };

  it('reads two time formats in one message', () => {
    const { readings } = decode(
      'huawei-iotda',
      '$oc/devices/dev1/sys/properties/report?request_id=7',
      message,
    );
    expect(readings).toMatchObject([
      { ...wanted, sourceId: 'dev1/Inverter' },
      { sourceId: 'dev1/Meter', energyTotalWh: 88_123_450, measuredAtMs: NOON_MS + 123 },
    ]);
  });
});

describe('EnOS', () => {
  const params = [
    {
      productKey: 'pk1',
      deviceKey: 'INV01',
      measurepoints: {
        Power: { value: 9.65, quality: 9 },
        temp: 31.2,
        branchCurr: ['1.02', '2.02', 'x', '7.93'],
      },
      time: NOON_MS,
    },
  ];

  it('takes numbers as text inside arrays, and loses only the bad one', () => {
    const reading = readingOf(
      decode('envision-enos', '/sys/pk1/gw1/thing/measurepoint/post/batch', { params }),
    );
    expect(reading).toMatchObject({
      sourceId: 'INV01',
      activePowerW: 9650,
      temperatureDc: 312,
      stringCurrentsCa: [102, 202, null, 793],
      flags: FLAG_FIELD_REJECTED,
      historical: false,
    });
  });

  it('marks what is resumed as history', () => {
    const decoded = decode('envision-enos', '/sys/pk1/gw1/thing/measurepoint/resume', { params });
    expect(readingOf(decoded).historical).toBe(true);
  });
});

describe('any profile', () => {
  it('treats a retained message as the last known value, not as a reading', () => {
    const decoded = decode('thingsboard-device', 'v1/devices/me/telemetry', { p_kw: 1 }, { retained: true });
    expect(decoded).toMatchObject({ readings: [], ignored: [{ reason: 'retained' }] });
  });

  it('refuses a topic that it does not read', () => {
    expect(decode('alibaba-alink', 'sys/a/b', {}).rejections).toMatchObject([{ reason: 'unknown_topic' }]);
  });

  it('delegates the native protocol and keeps its codes', () => {
    const decoded = decode('native', 'pv/v1/ST001/INV01/telemetry', { ts: NOON_MS, active_power_kw: 9.65 });
    expect(readingOf(decoded)).toMatchObject({
      sourceId: 'ST001/INV01',
      stationCode: 'ST001',
      deviceCode: 'INV01',
      activePowerW: 9650,
    });
    expect(decode('native', 'pv/v1/ST001/GW/status', { online: false }).presence).toEqual([
      { sourceId: 'ST001/GW', stationCode: 'ST001', deviceCode: 'GW', online: false },
    ]);
  });

  it('reads a raw layout by offset and type', () => {
    const raw = {
      ...profileOf('alibaba-alink'),
      payload: 'raw' as const,
      containers: [''],
      fields: profileOf('alibaba-alink')
        .fields.slice(0, 1)
        .map((rule) => ({ ...rule, paths: ['2:u16'], divisor: 100 })),
    };
    const topic = '/sys/pk1/inv01/thing/event/property/post';
    expect(readingOf(decode(raw, topic, Uint8Array.of(0, 0, 3, 197))).activePowerW).toBe(9650);
    expect(decode(raw, topic, Uint8Array.of(0, 0, 3)).ignored).toHaveLength(1);
  });
});
