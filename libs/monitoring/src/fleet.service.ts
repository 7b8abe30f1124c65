import { Inject, Injectable } from '@nestjs/common';
import type { ClockView, EnergyFigure, Fleet, LiveFleet } from '#contracts';
import { addDays, DAY_MS, dayOf, dayStartMs, sunTimes } from '#domain';
import { Database } from '#persistence';
import { Clock, ENVIRONMENT, type Environment } from '#platform';
import { CITY, RegistryRepository } from '#registry';
import { Cached, cachedBy } from './cached.ts';
import {
  addUp,
  attentionItem,
  attentionOf,
  byCounty,
  countByState,
  curveSlots,
  periodFigure,
  powerFigure,
  sameDayLastYear,
  standings,
  todayFigure,
} from './fleet-figures.ts';
import { expectedBand, FleetExpected } from './fleet-expected.ts';
import type { ExpectedSlotRow } from './fleet-expected.repository.ts';
import { FleetRepository, type PeriodTotal } from './fleet.repository.ts';
import { CITY_PLACE } from './places.ts';
import { freshSince, viewStations, type StationView } from './station-view.ts';

/** Live figures are worked out no more often than this, however many readers there are. */
const LIVE_AGE = { maxAgeMs: 1000, staleMs: 3000 };
const CURVE_AGE = { maxAgeMs: 5000, staleMs: 5000 };
const PERIODS_AGE = { maxAgeMs: 10_000, staleMs: 10_000 };
const REGISTRY_AGE = { maxAgeMs: 30_000, staleMs: 30_000 };
const ATTENTION_MAX = 50;

interface Periods {
  monthComplete: Map<string, PeriodTotal>;
  lastYear: Map<string, PeriodTotal>;
  yearComplete: Map<string, PeriodTotal>;
}

/** The overview: every figure of one screen from a handful of statements, shared by all who look. */
@Injectable()
export class FleetService {
  private readonly repository: FleetRepository;
  private readonly registry: RegistryRepository;
  private readonly directory = new Cached(REGISTRY_AGE, () => this.registry.stationDirectory(this.today()));
  private readonly views = new Cached(LIVE_AGE, () => this.loadViews());
  private readonly periods = new Map<string, Cached<Periods>>();
  private readonly totals = new Map<string, Cached<Awaited<ReturnType<RegistryRepository['totals']>>>>();
  private readonly curves = new Map<string, Cached<Fleet['curve']>>();
  private readonly fleets = new Map<string, Cached<Fleet>>();
  private readonly expected: FleetExpected;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {
    this.repository = new FleetRepository(database);
    this.registry = new RegistryRepository(database);
    this.expected = new FleetExpected(database, () => this.clock.now());
  }

  /** Every station now, judged against its neighbours. */
  async stationViews(): Promise<StationView[]> {
    return (await this.views.get()).views;
  }

  /** Sums of the expected curves of today. */
  expectedSlots(countyCode: string | null): Promise<ExpectedSlotRow[]> {
    return this.expected.slots(this.today(), countyCode);
  }

  /**
   * The overview of the city or of one county.
   * @returns null where there is no such county.
   */
  async fleet(countyCode: string | null): Promise<Fleet | null> {
    if (countyCode !== null && !(await this.countyName(countyCode))) return null;
    return cachedBy(this.fleets, countyCode ?? '', LIVE_AGE, () => this.buildFleet(countyCode)).get();
  }

  /** The part of the overview that moves. */
  async liveFleet(countyCode: string | null): Promise<LiveFleet | null> {
    const fleet = await this.fleet(countyCode);
    if (!fleet) return null;
    const { asOf, area, sun, stations, power, today, lostToday, counties } = fleet;
    // The clock is that of the moment of sending; the page sets its own by it.
    return { asOf, clock: this.clockView(), area, sun, stations, power, today, lostToday, counties };
  }

  clockView(): ClockView {
    return {
      now: this.clock.now().toISOString(),
      realNow: this.clock.realNow().toISOString(),
      speed: this.clock.speed,
      isReal: this.clock.isReal,
      nightDemo: this.clock.nightDemo,
    };
  }

  private today(): string {
    return dayOf(this.clock.nowMs());
  }

  private async countyName(countyCode: string): Promise<string | undefined> {
    const directory = await this.directory.get();
    return directory.find((station) => station.countyCode === countyCode)?.countyName;
  }

  private async loadViews() {
    const nowMs = this.clock.nowMs();
    const options = { nowMs, reportingIntervalMs: this.environment.PV_INTERVAL_S * 1000 };
    const [directory, rows, expected] = await Promise.all([
      this.directory.get(),
      this.repository.stationsNow({ day: dayOf(nowMs), freshSince: freshSince(options) }),
      this.expected.today(dayOf(nowMs)),
    ]);
    const byId = new Map(rows.map((row) => [row.stationId, row]));
    return { nowMs, views: viewStations(directory, byId, { ...options, expected }) };
  }

  /** A new day has new periods; those of the day before are let go. */
  private periodsOf(day: string): Promise<Periods> {
    if (!this.periods.has(day)) this.periods.clear();
    return cachedBy(this.periods, day, PERIODS_AGE, () => this.loadPeriods(day)).get();
  }

  private async loadPeriods(day: string): Promise<Periods> {
    const lastYearDay = sameDayLastYear(day);
    const [monthComplete, lastYear, yearComplete] = await Promise.all([
      this.repository.periodTotals({ from: `${day.slice(0, 7)}-01`, to: day }),
      this.repository.periodTotals({ from: `${lastYearDay.slice(0, 7)}-01`, to: lastYearDay }),
      this.repository.periodTotals({ from: `${day.slice(0, 4)}-01-01`, to: day }),
    ]);
    return {
      monthComplete: byCounty(monthComplete),
      lastYear: byCounty(lastYear),
      yearComplete: byCounty(yearComplete),
    };
  }

  private async buildFleet(countyCode: string | null): Promise<Fleet> {
    const key = countyCode ?? '';
    const [{ nowMs, views: all }, periods, totals, curve, openAlarms] = await Promise.all([
      this.views.get(),
      this.periodsOf(this.today()),
      cachedBy(this.totals, key, REGISTRY_AGE, () => this.registry.totals(countyCode ?? undefined)).get(),
      cachedBy(this.curves, `${key} ${this.today()}`, CURVE_AGE, () => this.loadCurve(countyCode)).get(),
      this.expected.openAlarms(countyCode),
    ]);
    const views = countyCode === null ? all : all.filter(({ station }) => station.countyCode === countyCode);
    const sun = sunTimes({ day: dayOf(nowMs), ...CITY_PLACE });
    const attention = attentionOf(views);
    const today = todayFigure(views, totals.capacityW);
    return {
      asOf: new Date(nowMs).toISOString(),
      clock: this.clockView(),
      simulated: totals.simulated,
      area:
        countyCode === null
          ? { level: 'city', ...CITY }
          : { level: 'county', code: countyCode, name: (await this.countyName(countyCode)) ?? countyCode },
      sun: {
        isDaylight: nowMs >= sun.sunriseMs && nowMs < sun.sunsetMs,
        sunriseAt: new Date(sun.sunriseMs).toISOString(),
        sunsetAt: new Date(sun.sunsetMs).toISOString(),
      },
      stations: {
        total: views.length,
        reporting: views.filter(({ reporting }) => reporting).length,
        byState: countByState(views),
      },
      capacityW: totals.capacityW,
      villages: totals.villages,
      households: totals.households,
      posts: totals.posts,
      settled: {
        amountFen: String(totals.settled?.amountFen ?? 0n),
        asOfDay: totals.settled?.asOfDay ?? dayOf(nowMs),
        definition: totals.settled?.definition ?? '',
      },
      power: powerFigure(views),
      today,
      ...this.periodFigures(countyCode, periods, today, totals.capacityW),
      lostToday: {
        energyWh: attention.reduce((sum, view) => sum + (view.lostWh ?? 0), 0),
        amountFen: String(attention.reduce((sum, view) => sum + (view.lostFen ?? 0n), 0n)),
      },
      curve,
      openAlarms,
      // All counties, also in the view of one: the map and the ranking stay as they are.
      counties: standings(all),
      attention: attention.slice(0, ATTENTION_MAX).map(attentionItem),
      attentionTotal: attention.length,
    };
  }

  private periodFigures(countyCode: string | null, periods: Periods, today: EnergyFigure, capacityW: number) {
    const pick = (totals: ReadonlyMap<string, PeriodTotal>) => addUp(totals, countyCode);
    const month = pick(periods.monthComplete);
    const year = pick(periods.yearComplete);
    return {
      month: {
        ...periodFigure(month, today, capacityW),
        completeDaysWh: month?.energyWh ?? null,
        sameDaysLastYearWh: pick(periods.lastYear)?.energyWh ?? null,
      },
      year: periodFigure(year, today, capacityW),
    };
  }

  private async loadCurve(countyCode: string | null): Promise<Fleet['curve']> {
    const day = this.today();
    const startMs = dayStartMs(day);
    const yesterdayMs = dayStartMs(addDays(day, -1));
    const [rows, expected, { views: all }] = await Promise.all([
      this.repository.curve({ from: new Date(yesterdayMs), to: new Date(startMs + DAY_MS), countyCode }),
      this.expected.slots(day, countyCode),
      this.views.get(),
    ]);
    const views = countyCode === null ? all : all.filter(({ station }) => station.countyCode === countyCode);
    const reporting = views.filter((view) => view.reporting).length;
    const capacityW = views.reduce((sum, { station }) => sum + station.capacityW, 0);
    return {
      expected: expectedBand(expected, { day, capacityW, stations: views.length }),
      day,
      slots: curveSlots(rows, startMs, reporting),
      yesterday: curveSlots(rows, yesterdayMs, reporting),
    };
  }
}
