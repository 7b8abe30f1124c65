import {
  addDays,
  alignModel,
  FIT_LIMITS,
  fitStationModel,
  quantile,
  startModel,
  type StationModel,
} from '#domain';
import type { Database } from '#persistence';
import { storeModels, storeRePowered } from './expected-store.ts';
import type { ExpectedRepository, StoredModel } from './expected.repository.ts';
import type { RegisteredStation } from './expected-types.ts';
import type { Portion } from './portion.ts';

const REFIT_DAYS = 7;
/** Models that are refined in one turn of a running worker; some 20 ms each. */
const REFITS_PER_TURN = 8;
/** Fitted models are stored in batches: a turn that ends keeps them. */
const BATCH = 20;

type LastPlants = Awaited<ReturnType<ExpectedRepository['plants']['lastPlants']>>;

interface Due {
  station: RegisteredStation;
  /** The former model, where it is only refined; null where the search begins anew. */
  before: StationModel | null;
}

/** Keeps the clear-sky model of every station: fitted at first, refined weekly, and anew where the plant has changed. */
export class ModelFitter {
  constructor(
    private readonly parts: { database: Database; repository: ExpectedRepository; version: string },
  ) {}

  /** @returns models fitted, and whether more are due than the portion had time for. */
  async fit(
    stations: readonly RegisteredStation[],
    given: { today: string; at: Date; portion: Portion },
  ): Promise<{ fitted: number; isMore: boolean }> {
    const { database, repository, version } = this.parts;
    const models = await repository.models();
    const plants = await repository.plants.lastPlants(given.today);
    const due = await this.due(stations, models, { ...given, plants });
    const start = startModel(fleetScale(models.filter((model) => model.version === version)));
    let fitted = 0;
    let isUsedUp = false;
    while (fitted < due.length && !isUsedUp) {
      const batch = [];
      for (const { station, before } of due.slice(fitted, fitted + BATCH)) {
        const from = plants.get(station.stationId)?.fromDay ?? null;
        batch.push({ ...station, model: await this.fitOne(station, { ...given, before, start, from }) });
        isUsedUp = await given.portion.isUsedUp();
        if (isUsedUp) break;
      }
      await storeModels(database, { version, day: given.today, fittedAt: given.at, models: batch });
      fitted += batch.length;
    }
    return { fitted, isMore: fitted < due.length };
  }

  /** Without a model, of another version, of another plant, or fitted more than a week ago: in this order. */
  private async due(
    stations: readonly RegisteredStation[],
    models: readonly StoredModel[],
    given: { today: string; at: Date; plants: LastPlants },
  ): Promise<Due[]> {
    const { database, version } = this.parts;
    const byId = new Map(
      models.filter((model) => model.version === version).map((row) => [row.stationId, row]),
    );
    const missing: Due[] = [];
    const changed: Due[] = [];
    const old: Due[] = [];
    const rePowered: number[] = [];
    for (const station of stations) {
      const row = byId.get(station.stationId);
      const plant = given.plants.get(station.stationId);
      if (!row) missing.push({ station, before: null });
      else if (row.capacityW !== station.capacityW) {
        rePowered.push(station.stationId);
        changed.push({ station, before: null });
      } else if (plant !== undefined && plant.changedAt > row.fittedAt)
        changed.push({ station, before: null });
      else if (row.fittedDay <= addDays(given.today, -REFIT_DAYS))
        old.push({ station, before: row.model.fittedDays > 0 ? row.model : null });
    }
    if (rePowered.length > 0)
      await storeRePowered(database, { stationIds: rePowered, day: given.today, at: given.at });
    return [...missing, ...changed, ...old.slice(0, REFITS_PER_TURN)];
  }

  private async fitOne(
    station: RegisteredStation,
    given: { today: string; before: StationModel | null; start: StationModel; from: string | null },
  ): Promise<StationModel> {
    const { today, before, start, from } = given;
    const earliest = addDays(today, -FIT_LIMITS.daysMax);
    const days = await this.parts.repository.powersOfStation(station.stationId, {
      from: from !== null && from > earliest ? from : earliest,
      to: today,
    });
    const fitted = fitStationModel(days, station, before ?? start);
    return before === null
      ? fitted
      : alignModel(
          before,
          fitted,
          station,
          days.slice(-30).map(({ day }) => day),
        );
  }
}

/** Median scale of the fitted models; null before any is known. */
export function fleetScale(models: readonly StoredModel[]): number | null {
  return quantile(
    models.filter(({ model }) => model.fittedDays > 0).map(({ model }) => model.scale),
    0.5,
  );
}
