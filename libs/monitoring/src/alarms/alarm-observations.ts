import { ALARM_RULES, median, policyInForce, sunPosition, type AlarmKindName } from '#domain';
import type { AlarmObservation, AlarmPolicy, DatedAlarmPolicy } from '#domain';

/** What is known of one device now, with the reading that it belongs to. */
export interface DeviceFacts {
  stationId: number;
  code: string;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
  stringCount: number | null;
  receivedAtMs: number | null;
  measuredAtMs: number | null;
  powerW: number | null;
  temperatureDc: number | null;
  isInFault: boolean;
  faultCode: string | null;
  lineVoltagesDv: number[] | null;
  frequencyChz: number | null;
  stringCurrentsCa: number[] | null;
}

interface JudgedDay {
  /** The first instant after the day, epoch ms. */
  endMs: number;
  ratio: number | null;
  isSoiled: boolean;
  /** Its loss is that of an alarm of the hours: the day is not told again. */
  isTold: boolean;
}

export interface StationFacts {
  id: number;
  countyCode: string;
  capacityW: number;
  latitude: number;
  longitude: number;
  contactMs: number | null;
  powerW: number | null;
  devices: readonly DeviceFacts[];
  days: readonly JudgedDay[];
  hasSnow: boolean;
  isPlanned: boolean;
  openCounters: number;
}

export interface FleetFacts {
  nowMs: number;
  /** Readings older than this are not "now". */
  freshSinceMs: number;
  /** When an ingest was last seen connected to its broker; null: never. */
  ingestSeenMs: number | null;
  /** A pause of the programs: nothing new is raised. */
  isGrace: boolean;
  /** End of the last pause: silence before it says nothing of a station. Null: there was none. */
  heardSinceMs: number | null;
  stations: readonly StationFacts[];
}

/** Sun elevation above which a station can be judged (domain.md 3.2). */
const DAYLIGHT_DEG = 10;
/** Power of the neighbours that proves sun, kW per kW. */
const PEER_SUN = 0.2;
const STRING_SUN = 0.3;
/** Fewer siblings prove nothing. */
const SIBLINGS_MIN = 3;
/** Fewer stations are not a county that is silent. */
const COUNTY_MIN = 3;
const HALF_HOUR_MS = 1_800_000;
/** Nominal line voltages of string inverters, V; the nearest is that of the device. */
const NOMINAL_V = [400, 540, 800] as const;
const ALLOWED_VOLTAGE_SHARE = 0.1;
const FREQUENCY_HZ = { least: 49.5, most: 50.2 };
/** Insulation: Huawei 2062, Sungrow 039. */
const INSULATION_CODES: ReadonlySet<string> = new Set(['2062', '039', '39']);

/** Alarm observations of the fleet at one instant, and the devices that each is about, by kind and subject. Pure. */
export function observeFleet(facts: FleetFacts): {
  observations: AlarmObservation[];
  devicesOf: Map<string, string[]>;
} {
  const observations: AlarmObservation[] = [observeIngest(facts)];
  const devicesOf = new Map<string, string[]>();
  const silences = new Map(facts.stations.map((station) => [station.id, silenceMs(station, facts)]));
  observations.push(...observeCounties(facts, silences));
  const peers = peerPower(facts);
  for (const station of facts.stations) {
    const subject = `station:${station.id}`;
    const base = {
      subject,
      parents: ['city', `county:${station.countyCode}`],
      atMs: facts.nowMs,
      isQuiet: facts.isGrace || station.isPlanned || station.hasSnow,
    };
    const judged = [
      ...stationSigns(station, facts, {
        silence: silences.get(station.id) ?? null,
        peerPowerPerW: peers.get(station.countyCode) ?? null,
      }),
      ...deviceSigns(station, facts),
    ];
    for (const { kind, seen, devices, lastedMs } of judged) {
      observations.push({ ...base, kind, seen, ...(lastedMs === undefined ? {} : { lastedMs }) });
      if (devices && devices.length > 0) devicesOf.set(`${kind}|${subject}`, devices);
    }
    for (const day of station.days) {
      const isQuiet = base.isQuiet || day.isTold;
      observations.push({ ...base, isQuiet, kind: 'low', atMs: day.endMs, seen: day.ratio });
      observations.push({ ...base, isQuiet, kind: 'soiling', atMs: day.endMs, seen: day.isSoiled ? 1 : 0 });
    }
  }
  return { observations, devicesOf };
}

interface Sign {
  kind: AlarmKindName;
  seen: number | null;
  devices?: string[];
  lastedMs?: number;
}

function observeIngest(facts: FleetFacts): AlarmObservation {
  return {
    kind: 'ingest_down',
    subject: 'city',
    parents: [],
    atMs: facts.nowMs,
    seen: facts.ingestSeenMs === null ? null : Math.max(0, facts.nowMs - facts.ingestSeenMs) / 1000,
    isQuiet: facts.isGrace,
  };
}

function isLight(place: { latitude: number; longitude: number }, instantMs: number): boolean {
  const { elevationDeg } = sunPosition({
    instantMs,
    latitudeDeg: place.latitude,
    longitudeDeg: place.longitude,
  });
  return elevationDeg > DAYLIGHT_DEG;
}

/**
 * How long a station has not been heard, ms. Null where nothing can be said: never heard, no daylight, or daylight for
 * less than half an hour (a gateway may sleep at night).
 */
function silenceMs(station: StationFacts, facts: FleetFacts): number | null {
  if (station.contactMs === null || !isLight(station, facts.nowMs)) return null;
  const silence = Math.max(0, facts.nowMs - station.contactMs);
  if (silence <= HALF_HOUR_MS) return silence;
  return isLight(station, facts.nowMs - HALF_HOUR_MS) ? silence : null;
}

/** Light is counted in steps of this, and no further back than this: it is enough for every delay in use. */
const LIGHT_STEP_MS = 5 * 60_000;
const LIGHT_BACK_MS = 4 * 86_400_000;
const LIGHT_ENOUGH_MS = 86_400_000;

/**
 * How long a silent station has been silent in daylight beyond the half hour that is allowed, ms, over the nights: the
 * two hours of domain.md 3.2 are of daylight, whether or not a night lies between. What was before the end of the last
 * pause of the programs does not count.
 */
function silentLightMs(station: StationFacts, facts: FleetFacts): number {
  const fromMs = Math.max(
    station.contactMs ?? facts.nowMs,
    facts.heardSinceMs ?? -Infinity,
    facts.nowMs - LIGHT_BACK_MS,
  );
  let lightMs = 0;
  for (let atMs = facts.nowMs; atMs > fromMs && lightMs < LIGHT_ENOUGH_MS; atMs -= LIGHT_STEP_MS)
    if (isLight(station, atMs)) lightMs += Math.min(LIGHT_STEP_MS, atMs - fromMs);
  return Math.max(0, lightMs - HALF_HOUR_MS);
}

function observeCounties(
  facts: FleetFacts,
  silences: ReadonlyMap<number, number | null>,
): AlarmObservation[] {
  const shareSilent = (members: readonly StationFacts[]): number | null => {
    const known = members.flatMap(({ id }) => silences.get(id) ?? []);
    if (known.length < COUNTY_MIN) return null;
    return known.filter((silence) => silence > HALF_HOUR_MS).length / known.length;
  };
  const common = { kind: 'county_silent' as const, atMs: facts.nowMs, isQuiet: facts.isGrace };
  const counties = [...Map.groupBy(facts.stations, ({ countyCode }) => countyCode)];
  return [
    {
      ...common,
      subject: 'city',
      parents: [],
      seen: counties.length > 1 ? shareSilent(facts.stations) : null,
    },
    ...counties.map(([code, members]) => ({
      ...common,
      subject: `county:${code}`,
      parents: ['city'],
      seen: shareSilent(members),
    })),
  ];
}

const isHeard = (station: StationFacts, facts: FleetFacts) =>
  station.contactMs !== null && station.contactMs >= facts.freshSinceMs;

/** Median kW per kW of the stations of a county that are heard. */
function peerPower(facts: FleetFacts): Map<string, number | null> {
  const heard = facts.stations.filter((station) => isHeard(station, facts) && station.powerW !== null);
  return new Map(
    [...Map.groupBy(heard, ({ countyCode }) => countyCode)].map(([code, members]) => [
      code,
      members.length < COUNTY_MIN ? null : median(members.map((one) => (one.powerW ?? 0) / one.capacityW)),
    ]),
  );
}

function stationSigns(
  station: StationFacts,
  facts: FleetFacts,
  around: { silence: number | null; peerPowerPerW: number | null },
): Sign[] {
  const share =
    isHeard(station, facts) && station.powerW !== null ? station.powerW / station.capacityW : null;
  const isSunny =
    isLight(station, facts.nowMs) && around.peerPowerPerW !== null && around.peerPowerPerW >= PEER_SUN;
  const { silence } = around;
  return [
    {
      kind: 'offline',
      seen: silence === null ? null : silence / 1000,
      ...(silence !== null && silence > HALF_HOUR_MS ? { lastedMs: silentLightMs(station, facts) } : {}),
    },
    { kind: 'zero', seen: isSunny ? share : null },
    { kind: 'over_capacity', seen: share },
    { kind: 'counter', seen: station.openCounters },
  ];
}

function deviceSigns(station: StationFacts, facts: FleetFacts): Sign[] {
  const isLit = isLight(station, facts.nowMs);
  const inverters = station.devices.filter(({ kind }) => kind === 'inverter');
  const fresh = inverters.filter(
    ({ measuredAtMs }) => measuredAtMs !== null && measuredAtMs >= facts.freshSinceMs,
  );
  const isInsulation = ({ faultCode }: DeviceFacts) => INSULATION_CODES.has(faultCode ?? '');
  // The code says more than the status: one alarm, of the kind that it names.
  const inFault = fresh.filter((device) => device.isInFault && !isInsulation(device));
  const badlyInsulated = fresh.filter(isInsulation);
  const counted = (devices: readonly DeviceFacts[]) => ({
    seen: isLit && fresh.length > 0 ? devices.length : null,
    devices: devices.map(({ code }) => code),
  });
  return [
    silentDevices(station, facts, isLit),
    { kind: 'fault', ...counted(inFault) },
    { kind: 'insulation', ...counted(badlyInsulated) },
    inverterZero(fresh, isLit),
    stringLow(fresh, isLit),
    worst(
      'over_temperature',
      fresh.map((device) => ({
        device,
        seen: device.temperatureDc === null ? null : device.temperatureDc / 10,
      })),
    ),
    worst(
      'grid',
      fresh.map((device) => ({ device, seen: gridShare(device) })),
    ),
  ];
}

/** Of several devices the worst, and those beyond the default limit. */
function worst(kind: AlarmKindName, rows: readonly { device: DeviceFacts; seen: number | null }[]): Sign {
  const { side, policy } = ALARM_RULES[kind];
  const known = rows.flatMap(({ device, seen }) => (seen === null ? [] : [{ device, seen }]));
  if (known.length === 0) return { kind, seen: null };
  const values = known.map(({ seen }) => seen);
  const isBad = (seen: number) => (side === 'above' ? seen > policy.openLimit : seen < policy.openLimit);
  return {
    kind,
    seen: side === 'above' ? Math.max(...values) : Math.min(...values),
    devices: known.filter(({ seen }) => isBad(seen)).map(({ device }) => device.code),
  };
}

function silentDevices(station: StationFacts, facts: FleetFacts, isLit: boolean): Sign {
  if (!isLit || !isHeard(station, facts) || !isLight(station, facts.nowMs - HALF_HOUR_MS))
    return { kind: 'no_data', seen: null };
  return worst(
    'no_data',
    station.devices.map((device) => ({
      device,
      seen: device.receivedAtMs === null ? null : Math.max(0, facts.nowMs - device.receivedAtMs) / 1000,
    })),
  );
}

/** Each against its siblings: nothing else has the same sky. */
function inverterZero(fresh: readonly DeviceFacts[], isLit: boolean): Sign {
  const shares = fresh.flatMap((device) =>
    device.powerW === null ? [] : [{ device, seen: device.powerW / device.ratedPowerW }],
  );
  const middle = median(shares.map(({ seen }) => seen));
  if (!isLit || shares.length < SIBLINGS_MIN || middle === null || middle < PEER_SUN)
    return { kind: 'inverter_zero', seen: null };
  return worst('inverter_zero', shares);
}

function stringLow(fresh: readonly DeviceFacts[], isLit: boolean): Sign {
  const rows = fresh.map((device) => ({ device, seen: isLit ? weakestString(device) : null }));
  return worst('string_low', rows);
}

/** The weakest string over the median of the inverter; null below 0.3 kW/kW, and where no currents come. */
function weakestString({ powerW, ratedPowerW, stringCurrentsCa, stringCount }: DeviceFacts): number | null {
  if (powerW === null || powerW < STRING_SUN * ratedPowerW || stringCurrentsCa === null) return null;
  const used = stringCurrentsCa.slice(0, stringCount ?? stringCurrentsCa.length);
  const middle = median(used);
  return used.length < SIBLINGS_MIN || middle === null || middle <= 0 ? null : Math.min(...used) / middle;
}

/** How far the grid is from its nominal values: 1 is the edge of what is allowed. 0 V is no grid, another matter. */
function gridShare({ lineVoltagesDv, frequencyChz }: DeviceFacts): number | null {
  const voltages = (lineVoltagesDv ?? []).filter((value) => value > 0).map((value) => value / 10);
  const [first] = voltages;
  const shares: number[] = [];
  if (first !== undefined) {
    const nominal = NOMINAL_V.reduce((best, v) => (Math.abs(v - first) < Math.abs(best - first) ? v : best));
    shares.push(...voltages.map((v) => Math.abs(v / nominal - 1) / ALLOWED_VOLTAGE_SHARE));
  }
  if (frequencyChz !== null && frequencyChz > 0) {
    const hertz = frequencyChz / 100;
    const isOut = hertz < FREQUENCY_HZ.least || hertz > FREQUENCY_HZ.most;
    shares.push(isOut ? 1 + Math.abs(hertz - 50) : Math.abs(hertz - 50));
  }
  return shares.length === 0 ? null : Math.max(...shares);
}

/** The policy of every kind and place on a day, looked up once each. */
export function policyLookup(
  stored: readonly DatedAlarmPolicy[],
  countyOf: ReadonlyMap<string, string>,
  day: string,
): (kind: AlarmKindName, subject: string) => AlarmPolicy {
  const known = new Map<string, AlarmPolicy>();
  return (kind, subject) => {
    const countyCode = subject.startsWith('county:') ? subject.slice(7) : (countyOf.get(subject) ?? null);
    const key = `${kind}|${countyCode}`;
    const found = known.get(key) ?? policyInForce(stored, { kind, countyCode, day });
    known.set(key, found);
    return found;
  };
}
