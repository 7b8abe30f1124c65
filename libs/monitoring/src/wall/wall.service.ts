import { Inject, Injectable } from '@nestjs/common';
import type { Fleet, WallOfStations } from '#contracts';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { cachedBy, type Cached } from '../cached.ts';
import { FleetService } from '../fleet.service.ts';
import { needsAttention, type StationView } from '../station-view.ts';
import {
  expectedSoFar,
  losingAlarms,
  losingStations,
  placesOf,
  rankingOf,
  stationOnMap,
  totalFigure,
  TROUBLE_MAX,
  wallCurve,
} from './wall-figures.ts';
import type { ExpectedSlotRow } from '../fleet-expected.repository.ts';
import { WallRepository, type OpenAlarms, type TotalRow } from './wall.repository.ts';

const WALL_AGE = { maxAgeMs: 1000, staleMs: 4000 };
/** The expected curve is renewed every few minutes; to add it up takes some ten milliseconds. */
const ALARMS_AGE = { maxAgeMs: 3000, staleMs: 5000 };
/** Days that are over change with late readings only. */
const TOTAL_AGE = { maxAgeMs: 600_000, staleMs: 600_000 };
/** Alarms that have not been looked for so long, by the shared clock, say nothing of now. */
const ALARMS_OLD_MS = 30 * 60_000;

/** The big screen: one answer for the whole of it, shared by all screens. */
@Injectable()
export class WallService {
  private readonly repository: WallRepository;
  private readonly walls = new Map<string, Cached<WallOfStations>>();
  private readonly alarms = new Map<string, Cached<OpenAlarms>>();
  private readonly totals = new Map<string, Cached<TotalRow[]>>();

  constructor(
    @Inject(Database) database: Database,
    @Inject(FleetService) private readonly fleets: FleetService,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new WallRepository(database);
  }

  /**
   * The big screen of the city or of one county.
   * @returns null where there is no such county.
   */
  async wall(countyCode: string | null): Promise<WallOfStations | null> {
    // Only a county that is there gets a place in the caches.
    if (!(await this.fleets.fleet(countyCode))) return null;
    return cachedBy(this.walls, countyCode ?? '', WALL_AGE, () => this.build(countyCode)).get();
  }

  private async build(countyCode: string | null): Promise<WallOfStations> {
    const fleet = await this.fleets.fleet(countyCode);
    if (!fleet) throw new Error(`county ${countyCode} has gone`);
    const { day } = fleet.curve;
    const [all, expected, alarms, totals] = await Promise.all([
      this.fleets.stationViews(),
      this.fleets.expectedSlots(countyCode),
      cachedBy(this.alarms, countyCode ?? '', ALARMS_AGE, () =>
        this.repository.openAlarms({ now: this.clock.now(), countyCode, limit: TROUBLE_MAX }),
      ).get(),
      this.totalsBefore(day),
    ]);
    const views = countyCode === null ? all : all.filter(({ station }) => station.countyCode === countyCode);
    return this.answer(fleet, { countyCode, views, expected, alarms, totals });
  }

  private answer(
    fleet: Fleet,
    parts: {
      countyCode: string | null;
      views: StationView[];
      expected: ExpectedSlotRow[];
      alarms: OpenAlarms;
      totals: TotalRow[];
    },
  ): WallOfStations {
    const { countyCode, views, expected, alarms, totals } = parts;
    const { asOf, simulated, area, sun, stations, capacityW, power, today, month, year } = fleet;
    const curve = wallCurve(fleet.curve, expected, capacityW);
    const places = placesOf(views, countyCode === null ? 'county' : 'township');
    const isWatched = alarms.ranAt !== null && Date.parse(asOf) - alarms.ranAt.getTime() < ALARMS_OLD_MS;
    return {
      asOf,
      clock: this.fleets.clockView(),
      simulated,
      area,
      sun,
      stations,
      capacityW,
      power,
      today,
      month,
      year,
      total: totalFigure(totals, countyCode, today, capacityW),
      curve,
      expected: expectedSoFar(curve),
      places,
      stationsShown: views
        .filter(({ state }) => countyCode !== null || needsAttention(state))
        .map(stationOnMap),
      ranking: rankingOf(places),
      losing: isWatched ? losingAlarms(alarms) : losingStations(views),
    };
  }

  /** A new day has a new total; that of the day before is let go. */
  private totalsBefore(day: string): Promise<TotalRow[]> {
    if (!this.totals.has(day)) this.totals.clear();
    return cachedBy(this.totals, day, TOTAL_AGE, () => this.repository.totals(day)).get();
  }
}
