import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeBatchSchema, telemetryTopic } from '#contracts';
import { decodeNative } from '#ingestion';
import { at, faultOf, testFleet } from '../testing/factories.ts';
import { dayIndexOf } from '../truth/calendar.ts';
import { deliveryOf } from './delivery.ts';
import { encodeBatch, encodeGarbage } from './message.ts';
import { readingInstantMs, seqAfter } from './schedule.ts';

const DAY = '2026-06-10';
const { truth, readings, gateways, gateway } = testFleet({ stations: 20 });
const firstSeq = seqAfter(gateway, at(DAY, 0) - 1);
const dayOfSeqs = Array.from({ length: 288 }, (_, offset) => firstSeq + offset);
const inverterOf = (seq: number, code = 'INV01') =>
  readings.reading(gateway, seq).devices.find(({ deviceCode }) => deviceCode === code);

describe('a gateway', () => {
  it('has a beat of its own within the interval', () => {
    const phases = gateways.map(({ phaseMs }) => phaseMs);
    expect(new Set(phases).size).toBeGreaterThan(15);
    for (const phaseMs of phases) {
      expect(phaseMs).toBeGreaterThanOrEqual(0);
      expect(phaseMs).toBeLessThan(300_000);
    }
  });

  it('numbers its readings without holes, whenever it is started', () => {
    fc.assert(
      fc.property(fc.integer({ min: at(DAY, 0), max: at(DAY, 24) }), (instantMs) => {
        const seq = seqAfter(gateway, instantMs);
        expect(readingInstantMs(gateway, seq)).toBeGreaterThan(instantMs);
        expect(readingInstantMs(gateway, seq - 1)).toBeLessThanOrEqual(instantMs);
      }),
    );
  });

  it('sends the same bytes from another start', () => {
    const other = testFleet({ stations: 20 });
    other.truth.totalsAtStart(900);
    for (const seq of dayOfSeqs.filter((number) => number % 17 === 0)) {
      expect(encodeBatch(other.readings.reading(other.gateway, seq))).toBe(
        encodeBatch(readings.reading(gateway, seq)),
      );
    }
  });
});

describe('the readings of a day', () => {
  it('hold the inverters from before dawn to after dusk with the counter at both ends, the meter always', () => {
    const spoken = dayOfSeqs.filter((seq) => inverterOf(seq) !== undefined);
    expect(spoken).toEqual(dayOfSeqs.filter((seq) => seq >= (spoken[0] ?? 0) && seq <= (spoken.at(-1) ?? 0)));
    expect(dayOfSeqs.every((seq) => inverterOf(seq, 'M01') !== undefined)).toBe(true);
    const last = inverterOf(spoken.at(-1) ?? 0);
    expect(last).toMatchObject({ activePowerW: 0, status: 'night' });
    const [dayWh] = truth.inverterDaysWh(gateway.station, dayIndexOf(DAY));
    expect(last?.energyDayWh).toBe(dayWh);
    expect(inverterOf(spoken.at(-2) ?? 0)?.activePowerW).toBeGreaterThan(0);
    expect(inverterOf(spoken[0] ?? 0)).toMatchObject({ activePowerW: 0, energyDayWh: 0 });
    expect(inverterOf(spoken[2] ?? 0)?.activePowerW).toBeGreaterThan(0);
  });

  it('have counters that grow by the power between them', () => {
    const noon = seqAfter(gateway, at(DAY, 12));
    for (let seq = noon; seq < noon + 12; seq += 1) {
      const [one, next] = [inverterOf(seq), inverterOf(seq + 1)];
      const grownWh = (next?.energyTotalWh ?? 0) - (one?.energyTotalWh ?? 0);
      expect((next?.energyDayWh ?? 0) - (one?.energyDayWh ?? 0)).toBe(grownWh);
      const powers = [one?.activePowerW ?? 0, next?.activePowerW ?? 0];
      expect(grownWh).toBeGreaterThanOrEqual(Math.min(...powers) / 12 - 1);
      expect(grownWh).toBeLessThanOrEqual(Math.max(...powers) / 12 + 1);
    }
  });

  it('show strings once a quarter hour, and the strings carry the power', () => {
    const noon = seqAfter(gateway, at(DAY, 12));
    const hour = Array.from({ length: 12 }, (_, offset) => inverterOf(noon + offset));
    const withStrings = hour.filter((reading) => reading?.stringCurrentsCa);
    expect(withStrings).toHaveLength(4);
    const [one] = withStrings;
    const dcW = (one?.stringCurrentsCa ?? []).reduce(
      (sum, currentCa, index) => sum + (currentCa / 100) * ((one?.stringVoltagesDv?.[index] ?? 0) / 10),
      0,
    );
    expect(dcW * 0.98).toBeCloseTo(one?.activePowerW ?? 0, -3);
  });

  it('arrive in ingest exactly as they were, and fit the contract', () => {
    for (const seq of dayOfSeqs.filter((number) => number % 13 === 0)) {
      const reading = readings.reading(gateway, seq);
      const text = encodeBatch(reading);
      expect(nativeBatchSchema.safeParse(JSON.parse(text)).success).toBe(true);
      const decoded = decodeNative(telemetryTopic('S01', 'GW01'), Buffer.from(text));
      expect(decoded.rejections).toEqual([]);
      expect(decoded.readings).toHaveLength(reading.devices.length);
      decoded.readings.forEach((arrived, index) => {
        const { kind, ...device } = reading.devices[index] ?? { kind: 'nothing' };
        expect(kind).not.toBe('nothing');
        expect(arrived).toMatchObject({ ...device, measuredAtMs: reading.measuredAtMs, seq, flags: 0 });
      });
    }
  });
});

describe('a fault of telling', () => {
  const window = { fromMs: at(DAY, 10), toMs: at(DAY, 12) };
  const noonSeq = seqAfter(gateway, at(DAY, 11));

  it('starts a counter again at 0', () => {
    const ill = testFleet({
      faults: [faultOf({ kind: 'counter_reset', deviceCode: 'INV02', fromMs: at(DAY, 10) })],
    });
    const total = (seq: number) =>
      ill.readings.reading(ill.gateway, seq).devices.find(({ deviceCode }) => deviceCode === 'INV02')
        ?.energyTotalWh ?? 0;
    const before = seqAfter(ill.gateway, at(DAY, 10)) - 1;
    expect(total(before)).toBeGreaterThan(1_000_000);
    expect(total(before + 1)).toBeLessThan(5000);
    expect(total(before + 2)).toBeGreaterThan(total(before + 1));
  });

  it('shifts the stated time, not the number', () => {
    const ill = testFleet({ faults: [faultOf({ kind: 'clock_skew', ...window, skewMs: -600_000 })] });
    const reading = ill.readings.reading(ill.gateway, noonSeq);
    expect(reading.seq).toBe(noonSeq);
    expect(reading.measuredAtMs - reading.takenAtMs).toBe(-600_000);
  });

  it('loses readings when offline, keeps them with a backlog', () => {
    const offline = testFleet({ faults: [faultOf({ kind: 'offline', ...window })] });
    const late = testFleet({ faults: [faultOf({ kind: 'late_backlog', ...window })] });
    expect(deliveryOf(offline.truth.faults, offline.gateway, noonSeq)).toEqual({ kind: 'lost' });
    expect(deliveryOf(late.truth.faults, late.gateway, noonSeq)).toEqual({
      kind: 'late',
      sentAtMs: window.toMs,
    });
    const after = seqAfter(late.gateway, window.toMs);
    expect(deliveryOf(late.truth.faults, late.gateway, after)).toEqual({ kind: 'live' });
  });

  it('shows a dead inverter as a fault, and a dark station as waiting', () => {
    const dead = testFleet({
      faults: [faultOf({ kind: 'zero', factor: 0, deviceCode: 'INV01', ...window })],
    });
    const dark = testFleet({ faults: [faultOf({ kind: 'outage', factor: 0, ...window })] });
    expect(dead.readings.reading(dead.gateway, noonSeq).devices[0]).toMatchObject({
      activePowerW: 0,
      status: 'fault',
      faultCode: '2032',
    });
    expect(dead.readings.reading(dead.gateway, noonSeq).devices[1]).toMatchObject({ status: 'running' });
    expect(dark.readings.reading(dark.gateway, noonSeq).devices[0]).toMatchObject({
      activePowerW: 0,
      status: 'standby',
      frequencyChz: 0,
    });
  });

  it('shows a weak string below the others', () => {
    const ill = testFleet({
      faults: [faultOf({ kind: 'string_low', factor: 0.2, deviceCode: 'INV01', stringIndex: 3, ...window })],
    });
    const quarter = [noonSeq, noonSeq + 1, noonSeq + 2]
      .map((seq) => ill.readings.reading(ill.gateway, seq).devices[0]?.stringCurrentsCa)
      .find((currents) => currents);
    const [weak, strong] = [quarter?.[3] ?? 0, quarter?.[4] ?? 0];
    expect(weak / strong).toBeGreaterThan(0.15);
    expect(weak / strong).toBeLessThan(0.25);
  });

  it('garbage cannot be read', () => {
    const text = encodeGarbage(readings.reading(gateway, noonSeq));
    const decoded = decodeNative(telemetryTopic('S01', 'GW01'), Buffer.from(text));
    expect(decoded).toMatchObject({ readings: [], rejections: [{ reason: 'unparsable' }] });
  });
});

describe('faults that the devices tell of', () => {
  const noon = { fromMs: at(DAY, 11), toMs: at(DAY, 14) };
  const struck = testFleet({
    faults: [
      faultOf({ kind: 'device_silent', deviceCode: 'INV01', ...noon }),
      faultOf({ kind: 'insulation', deviceCode: 'INV02', factor: 0, ...noon }),
      faultOf({ kind: 'over_voltage', deviceCode: 'INV03', ...noon }),
      faultOf({ kind: 'overheat', deviceCode: 'INV03', ...noon }),
      faultOf({ kind: 'counter_jump', deviceCode: 'INV03', fromMs: noon.fromMs }),
    ],
  });
  const seen = (hour: number) => {
    const { devices } = struck.readings.reading(struck.gateway, seqAfter(struck.gateway, at(DAY, hour)));
    return new Map(devices.map((device) => [device.deviceCode, device]));
  };

  it('leave out a silent device, and none of the others', () => {
    expect([...seen(12).keys()]).toEqual(['INV02', 'INV03', 'M01']);
    expect(seen(14).has('INV01')).toBe(true);
  });

  it('show code, voltage and heat while they last, and come through the decoder', () => {
    expect(seen(12).get('INV02')).toMatchObject({ activePowerW: 0, faultCode: '2062', status: 'standby' });
    expect(seen(12).get('INV03')).toMatchObject({ temperatureDc: 820, lineVoltagesDv: [8960, 8960, 8960] });
    expect(seen(14).get('INV03')?.lineVoltagesDv).toBeNull();
    const reading = struck.readings.reading(struck.gateway, seqAfter(struck.gateway, at(DAY, 12)));
    const { readings: decoded } = decodeNative(
      telemetryTopic(struck.gateway.station.code, struck.gateway.code),
      Buffer.from(encodeBatch(reading)),
    );
    expect(decoded.find(({ deviceCode }) => deviceCode === 'INV03')?.lineVoltagesDv).toEqual([
      8960, 8960, 8960,
    ]);
  });

  it('leave a counter that jumped where it is, and the energy as it was', () => {
    const plain = testFleet();
    const unharmed = plain.readings.reading(plain.gateway, seqAfter(plain.gateway, at(DAY, 13)));
    const counter = unharmed.devices.find(({ deviceCode }) => deviceCode === 'INV03')?.energyTotalWh ?? 0;
    expect(seen(13).get('INV03')?.energyTotalWh).toBe(counter + 7_654_000);
    expect(seen(16).get('INV03')?.energyDayWh).toBeGreaterThan(0);
  });
});
