import { describe, expect, it } from 'vitest';
import { addDays, ALARM_RULES, advanceAlarms, dayStartMs, emptyAlarmState } from '#domain';
import { observeFleet, type DeviceFacts, type StationFacts } from '#monitoring';
import {
  type DeviceReading,
  type Fault,
  type GatewaySchedule,
  gatewaySchedules,
  PLAIN_FAULT,
  readingInstantMs,
  ReadingModel,
  seqAfter,
  silenceOf,
  smallFleet,
  TruthModel,
} from '#simulation';

const MINUTE = 60_000;
const STATIONS = 8;
const INTERVAL_S = 300;
const STEP_MS = 10 * MINUTE;
const FRESH_MS = 30 * MINUTE;
/** What a message takes from the gateway to the database. */
const TRANSPORT_MS = 2000;
/** Wrong here is a drive to a village for nothing. */
const HARD: ReadonlySet<string> = new Set([
  'ingest_down',
  'county_silent',
  'offline',
  'no_data',
  'zero',
  'inverter_zero',
  'fault',
  'grid',
]);

/** The "now" of every device, as ingest would keep it. */
class Latest {
  private readonly devices = new Map<
    string,
    { reading: DeviceReading; atMs: number; receivedAtMs: number }
  >();

  constructor(
    private readonly truth: TruthModel,
    private readonly readings: ReadingModel,
    private readonly gateways: readonly GatewaySchedule[],
  ) {}

  /** Takes the reading that every gateway sent last before `nowMs`. */
  receive(nowMs: number): void {
    for (const gateway of this.gateways) {
      const seq = seqAfter(gateway, nowMs - TRANSPORT_MS) - 1;
      if (silenceOf(this.truth.faults, gateway, readingInstantMs(gateway, seq)) !== null) continue;
      const { devices, measuredAtMs, takenAtMs } = this.readings.reading(gateway, seq);
      for (const reading of devices)
        this.devices.set(`${gateway.station.code}/${reading.deviceCode}`, {
          reading,
          atMs: measuredAtMs,
          receivedAtMs: takenAtMs + TRANSPORT_MS,
        });
    }
  }

  facts(nowMs: number): StationFacts[] {
    return this.truth.plant.stations.map((station): StationFacts => {
      const meters = station.meters.flatMap(({ code }) => this.devices.get(`${station.code}/${code}`) ?? []);
      const fresh = meters.filter(({ atMs }) => atMs >= nowMs - FRESH_MS);
      const codes = [...station.inverters.map(({ code }) => code), ...station.meters.map(({ code }) => code)];
      const known = codes.map((code) => this.devices.get(`${station.code}/${code}`));
      const contacts = known.flatMap((device) => device?.receivedAtMs ?? []);
      return {
        id: station.index + 1,
        countyCode: station.countyCode,
        capacityW: station.capacityW,
        latitude: station.latitudeDeg,
        longitude: station.longitudeDeg,
        contactMs: contacts.length === 0 ? null : Math.max(...contacts),
        powerW: fresh.length === 0 ? null : fresh.reduce((sum, { reading }) => sum + reading.activePowerW, 0),
        devices: [
          ...station.inverters.map((inverter) => this.device(station.code, 'inverter', inverter)),
          ...station.meters.map(({ code }) =>
            this.device(station.code, 'meter', { code, ratedPowerW: station.capacityW, stringCount: null }),
          ),
        ],
        days: [],
        hasSnow: false,
        isPlanned: false,
        openCounters: 0,
      };
    });
  }

  private device(
    stationCode: string,
    kind: 'inverter' | 'meter',
    { code, ratedPowerW, stringCount }: { code: string; ratedPowerW: number; stringCount: number | null },
  ): DeviceFacts {
    const known = this.devices.get(`${stationCode}/${code}`);
    return {
      stationId: 0,
      code,
      kind,
      ratedPowerW,
      stringCount,
      receivedAtMs: known?.receivedAtMs ?? null,
      measuredAtMs: known?.atMs ?? null,
      powerW: known?.reading.activePowerW ?? null,
      temperatureDc: known?.reading.temperatureDc ?? null,
      isInFault: known?.reading.status === 'fault',
      faultCode: known?.reading.faultCode ?? null,
      lineVoltagesDv: null,
      frequencyChz: known?.reading.frequencyChz ?? null,
      stringCurrentsCa: known?.reading.stringCurrentsCa ?? null,
    };
  }
}

/** Runs the ladder over days of the simulated fleet. Returns the hard alarms, `kind subject`, in the order of opening. */
function hardAlarms(fromDay: string, days: number, faults: readonly Fault[] = []): string[] {
  const truth = new TruthModel({ seed: 7, registry: smallFleet(STATIONS), faults });
  const latest = new Latest(truth, new ReadingModel(truth), gatewaySchedules(truth.plant, INTERVAL_S));
  let state = emptyAlarmState();
  const opened: string[] = [];
  const endMs = dayStartMs(addDays(fromDay, days));
  for (let nowMs = dayStartMs(fromDay); nowMs < endMs; nowMs += STEP_MS) {
    latest.receive(nowMs);
    const { observations } = observeFleet({
      nowMs,
      freshSinceMs: nowMs - FRESH_MS,
      ingestSeenMs: nowMs,
      isGrace: false,
      heardSinceMs: null,
      stations: latest.facts(nowMs),
    });
    const step = advanceAlarms(state, observations, (kind) => ALARM_RULES[kind].policy, nowMs);
    state = step.state;
    for (const { type, kind, subject } of step.changes)
      if (type === 'alarm_opened' && HARD.has(kind)) opened.push(`${kind} ${subject}`);
  }
  return opened;
}

const on = (day: string, hour: number) => dayStartMs(day) + hour * 60 * MINUTE;

describe('alarms over the simulated fleet', () => {
  it.each(['2026-06-01', '2026-01-05'])('raises nothing hard in 30 days without faults from %s', (day) => {
    expect(hardAlarms(day, 30)).toEqual([]);
  });

  it('raises just what is wrong where something is', () => {
    const day = '2026-06-02';
    const window = (from: number, to: number) => ({ fromMs: on(day, from), toMs: on(day, to) });
    const faults: Fault[] = [
      { ...PLAIN_FAULT, kind: 'outage', stationCode: 'S01', factor: 0, ...window(10, 13) },
      { ...PLAIN_FAULT, kind: 'offline', stationCode: 'S02', ...window(10, 13) },
      { ...PLAIN_FAULT, kind: 'zero', stationCode: 'S03', deviceCode: 'INV02', factor: 0, ...window(10, 13) },
    ];
    expect(hardAlarms('2026-06-01', 3, faults).toSorted()).toEqual([
      'fault station:3',
      'offline station:2',
      'zero station:1',
    ]);
  });
});
