import { Inject, Injectable } from '@nestjs/common';
import {
  energyMethodSchema,
  energyQualitySchema,
  type LiveStation,
  type StationDetail,
  type StationEnergy,
  type StationList,
  type StationListQuery,
  type StationPower,
} from '#contracts';
import {
  addDays,
  DAY_MS,
  dayOf,
  daysBetween,
  dayStartMs,
  QUARTER_HOUR_MS,
  QUARTER_HOURS_PER_DAY,
  sunTimes,
} from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { RegistryRepository } from '#registry';
import { Cached, cachedBy } from './cached.ts';
import { countByState } from './fleet-figures.ts';
import { FleetService } from './fleet.service.ts';
import { deviceViews } from './device-view.ts';
import { StationRepository, type DayEnergyRow } from './station.repository.ts';
import { hoursOfEnergy, summaryOf, type StationView } from './station-view.ts';

/** What the neighbours made of a day is the same for all stations of a county; it costs all of their quarter hours. */
const PEERS_AGE = { maxAgeMs: 10_000, staleMs: 50_000 };
/** Counties times days that people look at side by side; beyond it the oldest go. */
const PEERS_KEPT = 200;

/** Lists, pages and series of single stations. */
@Injectable()
export class StationService {
  private readonly repository: StationRepository;
  private readonly registry: RegistryRepository;
  private readonly peers = new Map<string, Cached<Awaited<ReturnType<StationRepository['peerPowerPerW']>>>>();

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(FleetService) private readonly fleet: FleetService,
  ) {
    this.repository = new StationRepository(database);
    this.registry = new RegistryRepository(database);
  }

  async list(query: StationListQuery): Promise<StationList> {
    const views = await this.fleet.stationViews();
    const matching = views.filter((view) => matches(view, query));
    const inState =
      query.state === undefined ? matching : matching.filter(({ state }) => state === query.state);
    const sorted = inState.toSorted(comparison(query));
    const first = (query.page - 1) * query.pageSize;
    return {
      asOf: this.clock.now().toISOString(),
      simulated: views.some(({ station }) => station.simulated),
      items: sorted.slice(first, first + query.pageSize).map(summaryOf),
      total: inState.length,
      page: query.page,
      pageSize: query.pageSize,
      byState: countByState(matching),
    };
  }

  /** @returns null where there is no such station. */
  async live(code: string): Promise<LiveStation | null> {
    const view = await this.view(code);
    if (!view) return null;
    return { asOf: this.clock.now().toISOString(), clock: this.fleet.clockView(), station: summaryOf(view) };
  }

  /** @returns null where there is no such station. */
  async detail(code: string): Promise<StationDetail | null> {
    const view = await this.view(code);
    const day = dayOf(this.clock.nowMs());
    const facts = await this.registry.stationFacts(code, day);
    if (!view || !facts) return null;
    const [latest, gateways, year] = await Promise.all([
      this.repository.latestOfDevices(view.station.id, day),
      this.repository.gatewayStatuses(view.station.id),
      this.repository.days(view.station.id, { from: `${day.slice(0, 4)}-01-01`, to: addDays(day, 1) }),
    ]);
    const sum = (days: readonly DayEnergyRow[]) =>
      days.length === 0 ? null : days.reduce((total, { energyWh }) => total + energyWh, 0);
    const today = year.find((row) => row.day === day);
    return {
      asOf: this.clock.now().toISOString(),
      clock: this.fleet.clockView(),
      simulated: facts.simulated,
      station: summaryOf(view),
      place: facts.place,
      facts: facts.facts,
      villages: facts.villages,
      devices: deviceViews({ equipment: facts.equipment, latest, view, gateways, nowMs: this.clock.nowMs() }),
      energy: {
        todayWh: today?.energyWh ?? null,
        todayMethod: today ? energyMethodSchema.parse(today.method) : null,
        todayQuality: today ? energyQualitySchema.parse(today.quality) : null,
        monthWh: sum(year.filter((row) => row.day.startsWith(day.slice(0, 7)))),
        yearWh: sum(year),
      },
    };
  }

  /** Power by quarter hour of one day. @returns null where there is no such station. */
  async power(code: string, asked: string | undefined): Promise<StationPower | null> {
    const view = await this.view(code);
    if (!view) return null;
    const { station } = view;
    const nowMs = this.clock.nowMs();
    const day = asked ?? dayOf(nowMs);
    const startMs = dayStartMs(day);
    const span = { from: new Date(startMs), to: new Date(startMs + DAY_MS) };
    const [own, peers] = await Promise.all([
      this.repository.quarterHours(station.id, span),
      this.peersOf(station.countyCode, day, span),
    ]);
    const ownByStart = new Map(own.map((row) => [row.startsAt.getTime(), row]));
    const peersByStart = new Map(peers.map((row) => [row.startsAt.getTime(), row.powerPerW]));
    const sun = sunTimes({ day, latitudeDeg: station.latitude, longitudeDeg: station.longitude });
    return {
      stationCode: code,
      day,
      asOf: new Date(nowMs).toISOString(),
      sunriseAt: new Date(sun.sunriseMs).toISOString(),
      sunsetAt: new Date(sun.sunsetMs).toISOString(),
      slots: Array.from({ length: QUARTER_HOURS_PER_DAY }, (_, index) => {
        const slotMs = startMs + index * QUARTER_HOUR_MS;
        const row = ownByStart.get(slotMs);
        const peer = peersByStart.get(slotMs);
        return {
          startsAt: new Date(slotMs).toISOString(),
          powerW: row ? Math.round((row.energyWh * 3_600_000) / QUARTER_HOUR_MS) : null,
          energyWh: row?.energyWh ?? null,
          quality: row ? energyQualitySchema.parse(row.quality) : ('none' as const),
          peerPowerW: peer === undefined ? null : Math.round(peer * station.capacityW),
        };
      }),
    };
  }

  private peersOf(countyCode: string, day: string, span: { from: Date; to: Date }) {
    const [oldest] = this.peers.keys();
    if (this.peers.size >= PEERS_KEPT && oldest !== undefined) this.peers.delete(oldest);
    return cachedBy(this.peers, `${countyCode} ${day}`, PEERS_AGE, () =>
      this.repository.peerPowerPerW(countyCode, span),
    ).get();
  }

  /** Energy by day or month. @returns null where there is no such station. */
  async energy(
    code: string,
    query: { from: string; to: string; by: 'day' | 'month' },
  ): Promise<StationEnergy | null> {
    const view = await this.view(code);
    if (!view) return null;
    const rows = await this.repository.days(view.station.id, query);
    const byDay = new Map(rows.map((row) => [row.day, row]));
    const lastDay = dayOf(this.clock.nowMs());
    const days = daysBetween(query.from, query.to).filter((day) => day <= lastDay);
    const periods = Map.groupBy(days, (day) => (query.by === 'day' ? day : day.slice(0, 7)));
    return {
      stationCode: code,
      by: query.by,
      items: [...periods].map(([period, members]) => {
        const known = members.flatMap((day) => byDay.get(day) ?? []);
        return energyItem({ period, days: members.length, known, capacityW: view.station.capacityW });
      }),
      totalWh: rows.length === 0 ? null : rows.reduce((sum, { energyWh }) => sum + energyWh, 0),
    };
  }

  private async view(code: string): Promise<StationView | undefined> {
    const views = await this.fleet.stationViews();
    return views.find(({ station }) => station.code === code);
  }
}

function energyItem(part: {
  period: string;
  days: number;
  known: readonly DayEnergyRow[];
  capacityW: number;
}): StationEnergy['items'][number] {
  const { period, days, known, capacityW } = part;
  const energyWh = known.length === 0 ? null : known.reduce((sum, row) => sum + row.energyWh, 0);
  const qualities = new Set(known.map(({ quality }) => quality));
  const isWhole = known.length === days && !qualities.has('incomplete');
  return {
    period,
    energyWh,
    fullLoadHours: hoursOfEnergy(energyWh, capacityW),
    quality:
      energyWh === null
        ? 'none'
        : !isWhole
          ? 'incomplete'
          : qualities.has('estimated')
            ? 'estimated'
            : 'measured',
    methods: [...new Set(known.map(({ method }) => energyMethodSchema.parse(method)))],
    daysCounted: known.length,
    days,
  };
}

function matches({ station, expected }: StationView, query: StationListQuery): boolean {
  if (query.county !== undefined && station.countyCode !== query.county) return false;
  if (query.township !== undefined && station.townshipCode !== query.township) return false;
  if (query.kind !== undefined && station.kind !== query.kind) return false;
  if (query.verdict !== undefined && expected?.verdict !== query.verdict) return false;
  if (!query.q) return true;
  const wanted = query.q.toLowerCase();
  return [station.name, station.code, station.townshipName, station.countyName, ...station.villageNames].some(
    (text) => text.toLowerCase().includes(wanted),
  );
}

/** Unknown figures come last whatever the order; equal ones by code. */
function comparison({ sort, order }: StationListQuery): (a: StationView, b: StationView) => number {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => {
    const [first, second] = [sortKey(a, sort), sortKey(b, sort)];
    if (first === null || second === null) {
      if (first !== second) return first === null ? 1 : -1;
    } else if (first !== second) {
      return first < second ? -sign : sign;
    }
    return a.station.code < b.station.code ? -1 : 1;
  };
}

function sortKey(view: StationView, sort: StationListQuery['sort']): number | string | null {
  switch (sort) {
    case 'code':
      return view.station.code;
    case 'name':
      return view.station.name;
    case 'power':
      return view.powerW;
    case 'hours':
      return view.hours;
    case 'peer':
      return view.peerRatio;
    case 'ratio':
      return view.expected?.ratio ?? null;
    case 'capacity':
      return view.station.capacityW;
    case 'lost':
      return lostTodayWh(view);
  }
}

/** What a station loses today: against its own expected output where that is judged, else against its county. */
const lostTodayWh = ({ expected, lostWh }: StationView): number | null =>
  expected === null || expected.verdict === 'not_judged' || expected.verdict === 'learning'
    ? lostWh
    : Math.max(expected.lostEnergyWh ?? 0, lostWh ?? 0);
