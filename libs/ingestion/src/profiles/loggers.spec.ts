import { describe, expect, it } from 'vitest';
import { GROTT_SAMPLE, OPEN_GATEWAY_SAMPLE, SBFSPOT_SAMPLE } from '#contracts';
import { FLAG_FIELD_REJECTED } from '../reading.ts';
import { decode, NOON_MS, readingOf } from './spec-support.ts';

describe('Growatt through OpenInverterGateway', () => {
  const message = OPEN_GATEWAY_SAMPLE;

  it('reads W and kWh, at the time of receipt, of the device that the topic names', () => {
    expect(readingOf(decode('growatt-open-gateway', 'energy/solar', message))).toMatchObject({
      sourceId: 'solar',
      timeSource: 'received',
      measuredAtMs: NOON_MS + 5_000,
      activePowerW: 5358,
      energyDayWh: 21_800,
      energyTotalWh: 1_329_700,
      frequencyChz: 4992,
      temperatureDc: 723,
      stringVoltagesDv: [2778],
      stringCurrentsCa: [1200],
      status: 'running',
      flags: 0,
    });
  });

  it('takes 214748364.7 in the evening for no value', () => {
    const evening = { ...message, OutputPower: 214748364.7, TotalGenerateEnergy: 214748364.7 };
    expect(readingOf(decode('growatt-open-gateway', 'energy/solar', evening))).toMatchObject({
      activePowerW: null,
      energyTotalWh: null,
      energyDayWh: 21_800,
    });
  });

  it('refuses a message that is cut', () => {
    const cut = JSON.stringify(message).slice(0, 200);
    expect(decode('growatt-open-gateway', 'energy/solar', cut)).toMatchObject({
      readings: [],
      rejections: [{ reason: 'unparsable' }],
    });
  });
});

describe('Growatt through Grott', () => {
  const message = GROTT_SAMPLE;

  it('divides each register by its own divisor and takes the time as that of the place', () => {
    expect(readingOf(decode('growatt-grott', 'energy/growatt', message))).toMatchObject({
      sourceId: 'XGD0000001',
      measuredAtMs: NOON_MS,
      timeSource: 'device',
      activePowerW: 9650,
      energyDayWh: 21_700,
      energyTotalWh: 3_522_900,
      frequencyChz: 4999,
      stringVoltagesDv: [5621],
      extras: { phase_voltage_a_v: 231.2, dc_power_w: 9870 },
      historical: false,
    });
  });

  it('marks buffered values as history', () => {
    const decoded = decode('growatt-grott', 'energy/growatt', { ...message, buffered: 'yes' });
    expect(readingOf(decoded)).toMatchObject({ historical: true, measuredAtMs: NOON_MS });
  });
});

describe('SMA through SBFspot', () => {
  const message = SBFSPOT_SAMPLE;

  it('reads day, month, year, and the serial rather than the name', () => {
    expect(readingOf(decode('sma-sbfspot', 'sbfspot_2100000001', message))).toMatchObject({
      sourceId: '2100000001',
      measuredAtMs: NOON_MS,
      activePowerW: 2140,
      energyTotalWh: 41_873_220,
      energyDayWh: 7_310,
      status: 'running',
      stringVoltagesDv: [4011],
    });
  });

  it('keeps what came where the list stops early, and an unknown status as the word it was', () => {
    const { InvSerial, InvTime, PACTot } = message;
    const decoded = decode('sma-sbfspot', 'sbfspot_1', { InvSerial, InvTime, PACTot, InvStatus: 'Bon' });
    expect(readingOf(decoded)).toMatchObject({
      activePowerW: 2140,
      energyTotalWh: null,
      status: null,
      vendorStatus: 'Bon',
      flags: 0,
    });
  });
});

it('reads an APSystems bridge with "n/e" among its numbers', () => {
  const decoded = decode('apsystems-bridge', 'apsystems/1', {
    serial: '800000000001',
    acv: 231,
    freq: 50,
    tem: 'n/e',
    pw2: 'n/e',
    totalpwr: 399.5,
    totalen: 2145.37,
  });
  expect(readingOf(decoded)).toMatchObject({
    sourceId: '800000000001',
    activePowerW: 400,
    energyDayWh: 2145,
    temperatureDc: null,
    flags: 0,
  });
});

describe('vzlogger', () => {
  it('knows by the channel whether a value is energy or power', () => {
    const energy = decode('vzlogger', 'vzlogger/data/chn0/raw', {
      timestamp: 1_748_743_200_123,
      value: 418906.1,
    });
    expect(readingOf(energy)).toMatchObject({
      energyTotalWh: 418_906,
      activePowerW: null,
      measuredAtMs: NOON_MS + 123,
    });
    const power = decode('vzlogger', 'vzlogger/data/chn1/raw', { timestamp: NOON_MS, value: 856 });
    expect(readingOf(power)).toMatchObject({ energyTotalWh: null, activePowerW: 856 });
    expect(decode('vzlogger', 'vzlogger/data/chn9/raw', { timestamp: NOON_MS, value: 1 })).toMatchObject({
      readings: [],
      ignored: [{ reason: 'not_mapped' }],
    });
  });
});

describe('Tasmota', () => {
  const energy = {
    TotalStartTime: '2024-03-20T15:20:48',
    Total: 514.153,
    Today: 5.37,
    Power: 856,
    Voltage: 234,
  };

  it('takes the local time without a zone as that of the place', () => {
    const decoded = decode('tasmota', 'tele/plug7/SENSOR', { Time: '2025-06-01T10:00:00', ENERGY: energy });
    expect(readingOf(decoded)).toMatchObject({
      sourceId: 'plug7',
      measuredAtMs: NOON_MS,
      activePowerW: 856,
      energyTotalWh: 514_153,
      energyDayWh: 5_370,
      extras: { phase_voltage_a_v: 234 },
    });
  });

  it('refuses the time before the clock was set', () => {
    const decoded = decode('tasmota', 'tele/plug7/SENSOR', { Time: '1970-01-01T00:01:00', ENERGY: energy });
    expect(decoded).toMatchObject({ readings: [], rejections: [{ reason: 'too_old' }] });
  });

  it('does not take a bare nan down with its neighbours', () => {
    const decoded = decode(
      'tasmota',
      'tele/plug7/SENSOR',
      '{"Time":"2025-06-01T10:00:00","ENERGY":{"Total":514.153,"Power":nan}}',
    );
    expect(readingOf(decoded)).toMatchObject({
      energyTotalWh: 514_153,
      activePowerW: null,
      flags: FLAG_FIELD_REJECTED,
    });
  });

  it('tells who is on line from the last will, also from a retained one', () => {
    expect(decode('tasmota', 'tele/plug7/LWT', 'Offline', { retained: true }).presence).toMatchObject([
      { sourceId: 'plug7', online: false },
    ]);
    expect(decode('tasmota', 'tele/plug7/LWT', 'Online').presence).toMatchObject([{ online: true }]);
    expect(decode('tasmota', 'tele/plug7/LWT', 'maybe').rejections).toMatchObject([{ reason: 'schema' }]);
  });
});
