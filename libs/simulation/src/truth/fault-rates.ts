import { strikesMessages } from '#contracts';
import { DAY_MS } from '#domain';
import { EPOCH_MS } from './calendar.ts';
import { PLAIN_FAULT, snapToKnots, USUAL_SHARE, type Fault, type FaultKind } from './faults.ts';
import type { Plant, StationPlant } from './plant.ts';
import { keyOf, unit } from './random.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A clock that is off by whole intervals would tell two readings at one time, which is a fault of its own. */
const ODD_SKEW_MS = 17_000;
/** The fleet that the counts below are meant for. */
const FLEET_STATIONS = 468;

/**
 * A kind of fault in rate mode: so many troubles run side by side through time, each one period after the other, each
 * period at another station. The troubles of a kind are shifted against each other, and each fills at least
 * `shareMin` of its period, so with three or more of them there is always one to see, and never more than `count`.
 */
interface FaultRate {
  kind: FaultKind;
  name: string;
  count: number;
  periodDays: number;
  shareMin: number;
  shareMax: number;
  scope: 'station' | 'inverter';
  /** Begins and ends in daylight of one day; the shares are of ten hours from 08:00. */
  daytime?: true;
}

/** About 4 % of the stations are ill at a time (domain.md 5.4), at most five of them silent. */
const RATES: readonly FaultRate[] = [
  {
    kind: 'offline',
    name: 'offline',
    count: 4,
    periodDays: 2,
    shareMin: 0.7,
    shareMax: 0.95,
    scope: 'station',
  },
  { kind: 'zero', name: 'station', count: 3, periodDays: 2, shareMin: 0.7, shareMax: 0.95, scope: 'station' },
  { kind: 'low', name: 'low', count: 5, periodDays: 14, shareMin: 0.7, shareMax: 0.95, scope: 'station' },
  {
    kind: 'zero',
    name: 'inverter',
    count: 6,
    periodDays: 3,
    shareMin: 0.7,
    shareMax: 0.95,
    scope: 'inverter',
  },
  {
    kind: 'string_low',
    name: 'string',
    count: 3,
    periodDays: 20,
    shareMin: 0.7,
    shareMax: 0.95,
    scope: 'inverter',
  },
  {
    kind: 'outage',
    name: 'outage',
    count: 1,
    periodDays: 3,
    shareMin: 0.1,
    shareMax: 0.4,
    scope: 'station',
    daytime: true,
  },
  {
    kind: 'late_backlog',
    name: 'late',
    count: 1,
    periodDays: 2,
    shareMin: 0.2,
    shareMax: 0.5,
    scope: 'station',
    daytime: true,
  },
  {
    kind: 'counter_reset',
    name: 'reset',
    count: 1,
    periodDays: 30,
    shareMin: 0.1,
    shareMax: 0.9,
    scope: 'inverter',
    daytime: true,
  },
  {
    kind: 'clock_skew',
    name: 'skew',
    count: 1,
    periodDays: 5,
    shareMin: 0.3,
    shareMax: 0.9,
    scope: 'station',
    daytime: true,
  },
  {
    // Three modems at a time: about thirty messages a day that come when they are asked for.
    kind: 'lost_messages',
    name: 'lost',
    count: 3,
    periodDays: 1,
    shareMin: 0.7,
    shareMax: 0.95,
    scope: 'station',
  },
  {
    kind: 'conflict',
    name: 'conflict',
    count: 1,
    periodDays: 2,
    shareMin: 0.3,
    shareMax: 0.9,
    scope: 'station',
    daytime: true,
  },
  {
    kind: 'duplicate',
    name: 'duplicate',
    count: 1,
    periodDays: 2,
    shareMin: 0.3,
    shareMax: 0.9,
    scope: 'station',
    daytime: true,
  },
  {
    kind: 'garbage',
    name: 'garbage',
    count: 1,
    periodDays: 2,
    shareMin: 0.3,
    shareMax: 0.9,
    scope: 'station',
    daytime: true,
  },
];

/** Faults of the rates that begin in [fromMs, toMs), in the order of their beginning. */
export function faultsByRate(plant: Plant, span: { fromMs: number; toMs: number }): Fault[] {
  const faults = RATES.flatMap((rate) => {
    const troubles = Math.round((rate.count * plant.stations.length) / FLEET_STATIONS);
    return Array.from({ length: troubles }, (_, trouble) =>
      faultsOfTrouble(plant, rate, trouble, span),
    ).flat();
  });
  return faults.sort((one, other) => one.fromMs - other.fromMs);
}

function faultsOfTrouble(
  plant: Plant,
  rate: FaultRate,
  trouble: number,
  span: { fromMs: number; toMs: number },
): Fault[] {
  const key = keyOf(plant.seed, 'fault', rate.kind, rate.name, String(trouble));
  const periodMs = rate.periodDays * DAY_MS;
  const originMs = EPOCH_MS + (rate.daytime ? 0 : (trouble * periodMs) / rate.count);
  const faults: Fault[] = [];
  const last = Math.floor((span.toMs - originMs) / periodMs);
  for (
    let period = Math.max(0, Math.floor((span.fromMs - originMs) / periodMs));
    period <= last;
    period += 1
  ) {
    const fault = faultOfPeriod(plant, rate, { key, period, startMs: originMs + period * periodMs });
    if (fault !== null && fault.fromMs >= span.fromMs && fault.fromMs < span.toMs) faults.push(fault);
  }
  return faults;
}

function faultOfPeriod(
  plant: Plant,
  rate: FaultRate,
  at: { key: number; period: number; startMs: number },
): Fault | null {
  const luck = (purpose: number) => unit(at.key, at.period, purpose);
  const station = plant.stations[Math.floor(luck(1) * plant.stations.length)];
  if (station === undefined) return null;
  const roomMs = rate.daytime ? 10 * HOUR_MS : rate.periodDays * DAY_MS;
  const openMs = rate.daytime
    ? at.startMs + Math.floor(luck(2) * rate.periodDays) * DAY_MS + 8 * HOUR_MS
    : at.startMs;
  const lengthMs = roomMs * (rate.shareMin + (rate.shareMax - rate.shareMin) * luck(3));
  const fromMs = wholeMinute(openMs + (roomMs - lengthMs) * luck(4));
  return snapToKnots({
    ...PLAIN_FAULT,
    kind: rate.kind,
    stationCode: station.code,
    deviceCode: rate.scope === 'inverter' ? inverterOf(station, luck(5)) : null,
    fromMs,
    toMs: rate.kind === 'counter_reset' ? Infinity : wholeMinute(fromMs + lengthMs),
    factor: factorOf(rate.kind, luck(6)),
    stringIndex: Math.floor(luck(7) * 8),
    skewMs: rate.kind === 'clock_skew' ? -Math.round(2 + luck(8) * 20) * MINUTE_MS - ODD_SKEW_MS : 0,
    share: strikesMessages(rate.kind) ? USUAL_SHARE : 0,
  });
}

function inverterOf(station: StationPlant, luck: number): string | null {
  return station.inverters[Math.floor(luck * station.inverters.length)]?.code ?? null;
}

function factorOf(kind: FaultKind, luck: number): number {
  switch (kind) {
    case 'outage':
    case 'zero':
    case 'insulation':
      return 0;
    case 'low':
      return 0.45 + 0.25 * luck;
    case 'string_low':
      return 0.1 + 0.2 * luck;
    case 'device_silent':
    case 'over_voltage':
    case 'overheat':
    case 'offline':
    case 'late_backlog':
    case 'counter_reset':
    case 'counter_jump':
    case 'clock_skew':
    case 'lost_messages':
    case 'conflict':
    case 'duplicate':
    case 'garbage':
      return 1;
  }
}

const wholeMinute = (instantMs: number): number => Math.round(instantMs / MINUTE_MS) * MINUTE_MS;
