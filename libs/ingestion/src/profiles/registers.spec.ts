import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { SUNSPEC_SAMPLE } from '#contracts';
import { FLAG_FIELD_REJECTED } from '../reading.ts';
import { decode, NOON_MS, profileOf, readingOf } from './spec-support.ts';

describe('SunSpec models 101 to 103 as JSON', () => {
  const message = SUNSPEC_SAMPLE;

  it('scales by the factor in the message and keeps "not implemented" as null', () => {
    expect(readingOf(decode('sunspec-json', 'sunspec/gw1', message))).toMatchObject({
      sourceId: 'SS-000001',
      measuredAtMs: NOON_MS,
      activePowerW: 500,
      energyTotalWh: 12_345_678,
      frequencyChz: 5001,
      temperatureDc: null,
      status: 'running',
      extras: { phase_voltage_a_v: 230.1 },
      flags: 0,
    });
  });

  it('follows a factor that changes, and flags one that is missing', () => {
    const other = readingOf(decode('sunspec-json', 'sunspec/gw1', { ...message, W: 50, W_SF: 1 }));
    expect(other.activePowerW).toBe(500);
    for (const W_SF of [-32768, 11, 'x', null])
      expect(readingOf(decode('sunspec-json', 'sunspec/gw1', { ...message, W_SF }))).toMatchObject({
        activePowerW: null,
        energyTotalWh: 12_345_678,
        flags: FLAG_FIELD_REJECTED,
      });
  });

  it('takes a counter of 0 for "not accumulated"', () => {
    const reading = readingOf(decode('sunspec-json', 'sunspec/gw1', { ...message, WH: 0 }));
    expect(reading).toMatchObject({ energyTotalWh: null, flags: 0 });
  });

  it.each([
    [1, 'stopped'],
    [2, 'night'],
    [5, 'limited'],
    [7, 'fault'],
    [99, null],
  ])('reads state %i as %s', (St, status) => {
    const reading = readingOf(decode('sunspec-json', 'sunspec/gw1', { ...message, St }));
    expect(reading).toMatchObject({ status, vendorStatus: String(St) });
  });
});

describe('Huawei SUN2000 registers', () => {
  const registers = {
    32016: 6124,
    32017: 731,
    32018: 6119,
    32019: 65535,
    32064: 42_000,
    32066: 4001,
    32072: 59_500,
    32080: 41_200,
    32085: 5002,
    32087: 314,
    32088: 1500,
    32089: 0x0200,
    32090: 0,
    32106: 18_634_250,
    32114: 7310,
  };
  const topic = 'sun2000/DL1/registers';

  it('divides by the gains of domain.md 3.4', () => {
    expect(
      readingOf(decode('huawei-sun2000', topic, { sn: 'HV0001', ts: NOON_MS, registers })),
    ).toMatchObject({
      sourceId: 'HV0001',
      measuredAtMs: NOON_MS,
      activePowerW: 41_200,
      energyTotalWh: 186_342_500,
      energyDayWh: 73_100,
      temperatureDc: 314,
      frequencyChz: 5002,
      lineVoltagesDv: [4001, null, null],
      phaseCurrentsCa: [5950, null, null],
      stringVoltagesDv: [6124, 6119],
      status: 'running',
      vendorStatus: '512',
      faultCode: null,
      extras: { dc_power_w: 42_000, insulation_kohm: 1500 },
    });
  });

  it.each([
    [0x0002, 'standby'],
    [0x0201, 'limited'],
    [0x0300, 'fault'],
    [0x0303, 'comm_lost'],
    [0xa000, 'night'],
    [0x0bad, null],
  ])('reads status %i as %s', (code, status) => {
    const decoded = decode('huawei-sun2000', topic, { ts: NOON_MS, registers: { 32089: code } });
    expect(readingOf(decoded).status).toBe(status);
  });

  it('reads unsigned registers of signed values, and codes for "none" as null', () => {
    const decoded = decode('huawei-sun2000', topic, {
      ts: '2025-06-01 10:00:00',
      registers: { 32087: 65_436, 32080: 4_294_967_286, 32106: 4_294_967_295, 32085: 65_535, 32090: 2032 },
    });
    expect(readingOf(decoded)).toMatchObject({
      sourceId: 'DL1',
      measuredAtMs: NOON_MS,
      temperatureDc: -100,
      activePowerW: -10,
      energyTotalWh: null,
      frequencyChz: null,
      faultCode: '2032',
      flags: 0,
    });
  });
});

describe('Sungrow registers', () => {
  const registers = {
    5003: 731,
    5004: 186_342,
    5008: 314,
    5011: 6124,
    5012: 73,
    5115: 6100,
    5116: 70,
    5136: 6090,
    5019: 4001,
    5022: 595,
    5031: 41_200,
    5036: 500,
    5038: 0x8100,
    5144: 1_863_425,
  };
  const topic = 'sungrow/DL1/registers';

  it('reads tenths, the finer lifetime counter, and the inputs of all three runs', () => {
    const reading = readingOf(decode('sungrow-sg', topic, { sn: 'SG01', ts: NOON_MS, registers }));
    expect(reading).toMatchObject({
      activePowerW: 41_200,
      energyTotalWh: 186_342_500,
      energyDayWh: 73_100,
      temperatureDc: 314,
      frequencyChz: 5000,
      status: 'limited',
      flags: 0,
    });
    expect(reading.stringVoltagesDv).toHaveLength(12);
    expect(reading.stringVoltagesDv?.[0]).toBe(6124);
    expect(reading.stringVoltagesDv?.[3]).toBe(6100);
    expect(reading.stringVoltagesDv?.[11]).toBe(6090);
    expect(reading.stringCurrentsCa?.[3]).toBe(700);
  });

  it('falls back to whole kWh where the model has no tenths', () => {
    const decoded = decode('sungrow-sg', topic, {
      ts: NOON_MS,
      registers: { 5004: 186_342, 5144: 4_294_967_295, 5038: 0x5500 },
    });
    expect(readingOf(decoded)).toMatchObject({ energyTotalWh: 186_342_000, status: 'fault', flags: 0 });
  });
});

it('reads the point list of a collector, with a GBK name in it', () => {
  const text = JSON.stringify({
    sn: 'C1',
    name: '一号逆变器',
    ts: NOON_MS,
    points: { Pac: 9.65, TotalPowerGeneration: 3522.9, Udc2: 612.4, DevWorkStatus: 3 },
  });
  const decoded = decode('collector-points', 'collector/DL1/points', iconv.encode(text, 'gbk'));
  expect(readingOf(decoded)).toMatchObject({
    sourceId: 'C1',
    activePowerW: 9650,
    energyTotalWh: 3_522_900,
    stringVoltagesDv: [null, 6124],
    status: null,
    vendorStatus: '3',
  });
});

describe('IEC 104 through a gateway', () => {
  const topic = 'iec104/county/data';
  const good = { iv: 0, nt: 0, sb: 0, bl: 0, ov: 0 };
  const message = {
    ca: 1,
    cot: 3,
    asdu: 'M_ME_TF_1',
    ts: '2025-06-01T02:00:00.123Z',
    iv_time: false,
    su: false,
    points: [
      { ioa: 16385, v: 9.65, q: good },
      { ioa: 16386, v: 0, q: { ...good, iv: 1, nt: 1 } },
    ],
  };

  it('takes valid points, and flags those that are invalid or not topical', () => {
    expect(readingOf(decode('iec104-json', topic, message))).toMatchObject({
      sourceId: 'county/1',
      measuredAtMs: NOON_MS + 123,
      activePowerW: 9650,
      extras: { reactive_power_var: null },
      flags: FLAG_FIELD_REJECTED,
    });
  });

  it('reads counters', () => {
    const points = [{ ioa: 25601, v: 35229, seq: 7, cy: 0, ca: 1, iv: 0 }];
    const decoded = decode('iec104-json', topic, { ...message, asdu: 'M_IT_TB_1', points });
    expect(readingOf(decoded)).toMatchObject({ energyTotalWh: 3_522_900, flags: 0 });
  });

  it('does not take the answer to an interrogation for a new value', () => {
    expect(decode('iec104-json', topic, { ...message, cot: 20 })).toMatchObject({
      readings: [],
      ignored: [{ reason: 'not_new' }],
    });
  });

  it('uses the time of receipt where the type has no time or says that it is invalid', () => {
    for (const change of [{ iv_time: true }, { ts: null }])
      expect(readingOf(decode('iec104-json', topic, { ...message, ...change }))).toMatchObject({
        timeSource: 'received',
        measuredAtMs: NOON_MS + 5_000,
      });
  });

  it('reads two-digit years, and the summer bit as one hour ahead', () => {
    const at = (ts: string, su: boolean) =>
      readingOf(decode('iec104-json', topic, { ...message, ts, su })).measuredAtMs;
    expect(at('25-06-01 10:00:00.123', false)).toBe(NOON_MS + 123);
    expect(at('25-06-01 11:00:00.123', true)).toBe(NOON_MS + 123);
    // 123 ms, minute 0, hour 10, Sunday the 1st, June, 25; then the same with the summer bit and hour 11.
    expect(at('7b00000ae10619', false)).toBe(NOON_MS + 123);
    expect(at('7b00008be10619', false)).toBe(NOON_MS + 123);
  });
});

it('gives every built-in register profile a unit for each number', () => {
  for (const id of ['huawei-sun2000', 'sungrow-sg', 'sunspec-json'])
    for (const { target, unit } of profileOf(id).fields)
      expect(unit !== undefined || target === 'status' || target === 'fault_code').toBe(true);
});
