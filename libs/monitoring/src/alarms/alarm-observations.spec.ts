import { describe, expect, it } from 'vitest';
import { observeFleet, type DeviceFacts, type FleetFacts, type StationFacts } from './alarm-observations.ts';

const noonMs = Date.parse('2026-06-01T12:00:00+08:00');
const nightMs = Date.parse('2026-06-01T23:00:00+08:00');
const inverter = (code: string, part: Partial<DeviceFacts> = {}, nowMs = noonMs): DeviceFacts => ({
  stationId: 1,
  code,
  kind: 'inverter',
  ratedPowerW: 50_000,
  stringCount: 4,
  receivedAtMs: nowMs,
  measuredAtMs: nowMs,
  powerW: 30_000,
  temperatureDc: 450,
  isInFault: false,
  faultCode: null,
  lineVoltagesDv: [4000, 4010, 3990],
  frequencyChz: 5000,
  stringCurrentsCa: [800, 810, 790, 805],
  ...part,
});
const station = (id: number, part: Partial<StationFacts> = {}, nowMs = noonMs): StationFacts => ({
  id,
  countyCode: '141124',
  capacityW: 150_000,
  latitude: 37.9,
  longitude: 111,
  contactMs: nowMs - 60_000,
  powerW: 90_000,
  devices: [inverter('I1', {}, nowMs), inverter('I2', {}, nowMs), inverter('I3', {}, nowMs)],
  days: [],
  hasSnow: false,
  isPlanned: false,
  openCounters: 0,
  ...part,
});
/** What is seen of a kind at station 1 among three healthy neighbours. */
function seenOf(kind: string, part: Partial<StationFacts>, nowMs = noonMs) {
  const facts: FleetFacts = {
    nowMs,
    freshSinceMs: nowMs - 1_800_000,
    ingestSeenMs: nowMs,
    isGrace: false,
    heardSinceMs: null,
    stations: [station(1, part, nowMs), ...[2, 3, 4].map((id) => station(id, {}, nowMs))],
  };
  const { observations, devicesOf } = observeFleet(facts);
  const found = observations.find((one) => one.kind === kind && one.subject === 'station:1');
  return { seen: found?.seen, isQuiet: found?.isQuiet, devices: devicesOf.get(`${kind}|station:1`) };
}

describe('what is seen of a station', () => {
  it('is no output only while the neighbours prove sun, and nothing at night', () => {
    expect(seenOf('zero', { powerW: 0 }).seen).toBe(0);
    expect(seenOf('zero', { powerW: 0 }, nightMs).seen).toBeNull();
    expect(seenOf('zero', { powerW: null }).seen).toBeNull();
  });

  it('is silence in seconds by day, unknown at night or where it was never heard', () => {
    expect(seenOf('offline', { contactMs: noonMs - 7_200_000 }).seen).toBe(7200);
    expect(seenOf('offline', { contactMs: nightMs - 7_200_000 }, nightMs).seen).toBeNull();
    expect(seenOf('offline', { contactMs: null }).seen).toBeNull();
  });

  it('has been silent for the hours of daylight, over the night', () => {
    const at = (clock: string) => Date.parse(`2026-06-02T${clock}:00+08:00`);
    const dusk = Date.parse('2026-06-01T18:00:00+08:00');
    const seenAt = (nowMs: number, heardSinceMs: number | null) => {
      const { observations } = observeFleet({
        nowMs,
        freshSinceMs: nowMs - 1_800_000,
        ingestSeenMs: nowMs,
        isGrace: false,
        heardSinceMs,
        stations: [station(1, { contactMs: dusk }, nowMs)],
      });
      return (observations.find(({ kind }) => kind === 'offline')?.lastedMs ?? 0) / 60_000;
    };
    // The sun is above 10° until about 19:00 and from about 6:15: half an hour of that is allowed.
    expect(seenAt(at('07:00'), null)).toBeGreaterThan(50);
    expect(seenAt(at('07:00'), null)).toBeLessThan(85);
    expect(seenAt(at('08:00'), null)).toBeGreaterThan(110);
    expect(seenAt(at('08:00'), at('07:30'))).toBe(0);
  });

  it('does not tell a day again that an alarm of the hours has told', () => {
    const told = (isTold: boolean) =>
      seenOf('low', { days: [{ endMs: noonMs, ratio: 0.3, isSoiled: false, isTold }] }).isQuiet;
    expect([told(true), told(false)]).toEqual([true, false]);
  });

  it('names the device: a dead inverter among its siblings, a weak string, a hot or silent one', () => {
    const one = (part: Partial<DeviceFacts>) => ({
      devices: [inverter('I1', part), inverter('I2'), inverter('I3')],
    });
    expect(seenOf('inverter_zero', one({ powerW: 0 }))).toMatchObject({ seen: 0, devices: ['I1'] });
    expect(seenOf('string_low', one({ stringCurrentsCa: [800, 810, 200, 805] }))).toMatchObject({
      devices: ['I1'],
    });
    expect(seenOf('over_temperature', one({ temperatureDc: 801 }))).toMatchObject({
      seen: 80.1,
      devices: ['I1'],
    });
    expect(seenOf('no_data', one({ receivedAtMs: noonMs - 3_600_000 }))).toMatchObject({
      seen: 3600,
      devices: ['I1'],
    });
    expect(seenOf('fault', one({ isInFault: true }))).toMatchObject({ seen: 1, devices: ['I1'] });
    expect(seenOf('insulation', one({ faultCode: '2062' }))).toMatchObject({ seen: 1, devices: ['I1'] });
  });

  it('is a matter of the grid beyond 10 % of the nominal voltage or outside 49.5–50.2 Hz, not at 0 V', () => {
    const grid = (part: Partial<DeviceFacts>) =>
      seenOf('grid', { devices: [inverter('I1', part)] }).seen ?? 0;
    expect(grid({ lineVoltagesDv: [4450, 4440, 4430] })).toBeGreaterThan(1);
    expect(grid({ lineVoltagesDv: [8100, 8050, 8000] })).toBeLessThan(1);
    expect(grid({ frequencyChz: 5025 })).toBeGreaterThan(1);
    expect(grid({ frequencyChz: 4960 })).toBeLessThan(1);
    expect(grid({ lineVoltagesDv: [0, 0, 0], frequencyChz: 0 })).toBe(0);
  });

  it('is quiet in snow and in a planned outage', () => {
    expect(seenOf('zero', { hasSnow: true }).isQuiet).toBe(true);
    expect(seenOf('zero', { isPlanned: true }).isQuiet).toBe(true);
    expect(seenOf('zero', {}).isQuiet).toBe(false);
  });
});
