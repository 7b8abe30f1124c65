import { stationStateSchema, type StationExpected, type StationState, type StationSummary } from '#contracts';
import {
  ATTENTION_STATES,
  energyValueFen,
  isReporting,
  judgeStation,
  median,
  sunPosition,
  type StationStateName,
} from '#domain';
import type { DirectoryStation } from '#registry';
import type { StationNow } from './fleet.repository.ts';

/** A station now, next to its neighbours: registry, live figures and judgement in one. */
export interface StationView {
  station: DirectoryStation;
  now: StationNow;
  state: StationStateName;
  since: Date | null;
  reporting: boolean;
  powerW: number | null;
  hours: number | null;
  peerRatio: number | null;
  /** Against the median of the county; null where the station is not in trouble or nothing can be said. */
  lostWh: number | null;
  lostFen: bigint | null;
  /** What the day so far is judged to be against its own expected output; null where it was not looked at. */
  expected: StationExpected | null;
}

export interface ViewOptions {
  nowMs: number;
  reportingIntervalMs: number;
  /** Today against its own expected output, by station. */
  expected?: ReadonlyMap<number, StationExpected>;
}

/** Below this many full-load hours a ratio to the neighbours is noise. */
const PEER_HOURS_MIN = 0.2;

/** Judges every station against the others of its county. Pure. */
export function viewStations(
  directory: readonly DirectoryStation[],
  rows: ReadonlyMap<number, StationNow>,
  options: ViewOptions,
): StationView[] {
  const known = directory.flatMap((station) => {
    const now = rows.get(station.id);
    return now ? [{ station, now }] : [];
  });
  const peers = new Map(
    [...Map.groupBy(known, ({ station }) => station.countyCode)].map(([county, members]) => [
      county,
      peersOf(members, options),
    ]),
  );
  return known.map(({ station, now }) => viewOf(station, now, peers.get(station.countyCode), options));
}

interface Peers {
  powerPerW: number | null;
  hours: number | null;
}

function peersOf(
  members: readonly { station: DirectoryStation; now: StationNow }[],
  options: ViewOptions,
): Peers {
  const reporting = members.filter(({ now }) => isReporting(contactOf(now, options)));
  return {
    powerPerW: median(
      reporting.flatMap(({ station, now }) => {
        const powerW = powerOf(now);
        return powerW === null ? [] : [powerW / station.capacityW];
      }),
    ),
    hours: median(reporting.flatMap(({ station, now }) => hoursOf(station, now) ?? [])),
  };
}

function viewOf(
  station: DirectoryStation,
  now: StationNow,
  peers: Peers | undefined,
  options: ViewOptions,
): StationView {
  const hours = hoursOf(station, now);
  const peerHours = peers?.hours ?? null;
  const { elevationDeg } = sunPosition({
    instantMs: options.nowMs,
    latitudeDeg: station.latitude,
    longitudeDeg: station.longitude,
  });
  const state = judgeStation({
    ...contactOf(now, options),
    sunElevationDeg: elevationDeg,
    powerW: powerOf(now),
    capacityW: station.capacityW,
    peerPowerPerW: peers?.powerPerW ?? null,
    hours,
    peerHours,
    invertersInFault: now.invertersInFault,
    invertersLimited: now.invertersLimited,
    lastState: stationStateSchema.nullable().parse(now.state),
  });
  const reporting = isReporting(contactOf(now, options));
  const lostWh = lossOf({ state, hours, peerHours, capacityW: station.capacityW });
  return {
    station,
    now,
    state,
    since: now.state === state ? now.since : null,
    reporting,
    powerW: powerOf(now),
    // What a silent station had made by its last word is not what it has made by now.
    hours: reporting ? hours : null,
    peerRatio:
      hours === null || peerHours === null || peerHours < PEER_HOURS_MIN || !reporting
        ? null
        : hours / peerHours,
    lostWh,
    lostFen:
      lostWh === null || station.priceHaoPerKwh === null
        ? null
        : energyValueFen({ energyWh: BigInt(lostWh), priceHaoPerKwh: BigInt(station.priceHaoPerKwh) }),
    expected: options.expected?.get(station.id) ?? null,
  };
}

/** Loss of domain.md 3.2, with the county's median as what was to be expected. */
function lossOf(question: {
  state: StationStateName;
  hours: number | null;
  peerHours: number | null;
  capacityW: number;
}): number | null {
  const { state, hours, peerHours, capacityW } = question;
  // Of a day without a single reading nothing is known, and unknown is not lost.
  if (!needsAttention(state) || peerHours === null || hours === null) return null;
  return Math.max(0, Math.round((peerHours - hours) * capacityW));
}

export const needsAttention = (state: StationStateName) => ATTENTION_STATES.includes(state);

/** The grid meter before the sum of the inverters. */
function powerOf(now: StationNow): number | null {
  return now.meterPowerW ?? now.inverterPowerW;
}

function hoursOf(station: DirectoryStation, now: StationNow): number | null {
  return now.todayWh === null ? null : now.todayWh / station.capacityW;
}

function contactOf(now: StationNow, options: ViewOptions) {
  return {
    nowMs: options.nowMs,
    lastContactMs: now.contactAt?.getTime() ?? null,
    reportingIntervalMs: options.reportingIntervalMs,
  };
}

/** How long a sample counts as "now": two reporting intervals, half an hour at least. */
export function freshSince(options: ViewOptions): Date {
  return new Date(options.nowMs - Math.max(30 * 60_000, 2 * options.reportingIntervalMs));
}

export function summaryOf(view: StationView): StationSummary {
  const { station, now } = view;
  return {
    code: station.code,
    name: station.name,
    kind: station.kind,
    countyCode: station.countyCode,
    countyName: station.countyName,
    townshipCode: station.townshipCode,
    townshipName: station.townshipName,
    capacityW: station.capacityW,
    villages: station.villages,
    state: view.state satisfies StationState,
    stateSince: view.since?.toISOString() ?? null,
    reporting: view.reporting,
    powerW: view.powerW,
    measuredAt: now.newestSampleAt?.toISOString() ?? null,
    todayWh: now.todayWh,
    fullLoadHours: rounded(view.hours),
    peerRatio: rounded(view.peerRatio),
    invertersReporting: now.invertersReporting,
    inverters: now.inverters,
    expected: view.expected,
  };
}

const HOURS_DIGITS = 10_000;
export const rounded = (value: number | null) =>
  value === null ? null : Math.round(value * HOURS_DIGITS) / HOURS_DIGITS;

export const hoursOfEnergy = (energyWh: number | null, capacityW: number) =>
  energyWh === null || capacityW === 0 ? null : rounded(energyWh / capacityW);
