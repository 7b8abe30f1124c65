import { Inject, Injectable } from '@nestjs/common';
import { addDays, counterEnergy, DAY_MS, dayOf, daysBetween, dayStartMs, type CounterResult } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import {
  RollUpRepository,
  type CountedDevice,
  type DirtyDay,
  type TouchedDay,
} from './roll-up.repository.ts';
import { energyOfStationDay } from './station-day.ts';

/**
 * Dirty station-days → quarter hours and days, from the readings of the day and a few on each side. A day is worked
 * out from readings alone, whoever marked it, so the same readings give the same rows.
 */

/** Station-days of one pass: about 100,000 readings at five minutes, a tenth of a second of work. */
export const ROLL_UP_BATCH = 40;

@Injectable()
export class RollUpService {
  private readonly repository: RollUpRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new RollUpRepository(database);
  }

  /** Works out up to `limit` station-days. Returns how many were taken from the list. */
  async rollUpDirtyDays(limit: number = ROLL_UP_BATCH): Promise<number> {
    const dirty = await this.repository.dirtyDays(limit);
    if (dirty.length === 0) return 0;
    const devices = await this.repository.devicesOf([...new Set(dirty.map(({ stationId }) => stationId))]);
    for (const [day, taken] of Map.groupBy(dirty, (entry) => entry.day))
      await this.rollUpDay(day, taken, devices);
    return dirty.length;
  }

  async waiting(): Promise<number> {
    return this.repository.countDirtyDays();
  }

  private async rollUpDay(day: string, taken: readonly DirtyDay[], allDevices: readonly CountedDevice[]) {
    const computedAt = this.clock.now();
    const startMs = dayStartMs(day);
    const span = { from: new Date(startMs), to: new Date(startMs + DAY_MS) };
    const byStation = Map.groupBy(allDevices, ({ stationId }) => stationId);
    const devices = taken.flatMap(({ stationId }) => byStation.get(stationId) ?? []);
    const samples = await this.repository.counterSamples(
      devices.map(({ deviceId }) => deviceId),
      span,
    );
    const counters = new Map(
      devices.map(({ deviceId, ratedPowerW }) => [
        deviceId,
        counterEnergy(samples.get(deviceId) ?? [], { ratedPowerW }),
      ]),
    );
    const results = taken.map(({ stationId }) =>
      energyOfStationDay({
        stationId,
        day,
        devices: byStation.get(stationId) ?? [],
        counters,
        nowMs: computedAt.getTime(),
      }),
    );
    const stored = await this.repository.store({
      day: { day, ...span },
      taken,
      deviceDays: results.flatMap(({ deviceDays }) => deviceDays),
      stationDays: results.flatMap(({ stationDays }) => stationDays),
      quarterHours: results.flatMap(({ quarterHours }) => quarterHours),
      computedAt,
    });
    const spreading = taken.filter(({ spreads, stationId }) => spreads && stored.has(stationId));
    await this.repository.markTouched(
      spreading.flatMap(({ stationId }) =>
        (byStation.get(stationId) ?? []).flatMap((device) =>
          touchedDays(device, counters.get(device.deviceId), day),
        ),
      ),
    );
  }
}

/** Days beside `day` that a step with energy in it reaches into, with the reading of `day` at its near end. */
function touchedDays(device: CountedDevice, counter: CounterResult | undefined, day: string): TouchedDay[] {
  const startMs = dayStartMs(day);
  const endMs = startMs + DAY_MS;
  const base = { stationId: device.stationId, deviceId: device.deviceId };
  return (counter?.steps ?? []).flatMap((step) => {
    if (step.energyWh === 0) return [];
    if (step.fromMs < startMs && step.toMs >= startMs && step.toMs < endMs)
      return daysBetween(dayOf(step.fromMs), day).map((touched) => ({
        ...base,
        day: touched,
        measuredAt: new Date(step.toMs),
      }));
    if (step.fromMs >= startMs && step.fromMs < endMs && step.toMs > endMs)
      return daysBetween(addDays(day, 1), addDays(dayOf(step.toMs), 1)).map((touched) => ({
        ...base,
        day: touched,
        measuredAt: new Date(step.fromMs),
      }));
    return [];
  });
}
