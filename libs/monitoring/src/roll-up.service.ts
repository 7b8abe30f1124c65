import { Inject, Injectable } from '@nestjs/common';
import { addDays, DAY_MS, dayOf, daysBetween, dayStartMs, type EnergyStep } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { CounterReader, type CountedDevice } from './counter-review/counter-reader.ts';
import { findingsOfDay } from './counter-review/findings.ts';
import { RollUpRepository, type DirtyDay, type TouchedDay } from './roll-up.repository.ts';
import { energyOfStationDay } from './station-day.ts';

/**
 * Dirty station-days → quarter hours and days, from the readings of the day and a few on each side, under the records
 * and fixes that are in force. A day is worked out from those alone, whoever marked it, so the same readings and
 * signatures give the same rows. What a counter did besides counting goes with the day.
 */

/** Station-days of one pass: about 170,000 readings at five minutes, a second of work. */
export const ROLL_UP_BATCH = 80;
/** Stations of one piece of it. */
const PIECE_STATIONS = 20;
/** While the database looks for the readings of one piece, another one is worked out. */
const PIECES_AT_ONCE = 2;

@Injectable()
export class RollUpService {
  private readonly repository: RollUpRepository;
  private readonly reader: CounterReader;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new RollUpRepository(database);
    this.reader = new CounterReader(database);
  }

  /** Works out up to `limit` station-days. Returns how many were taken from the list. */
  async rollUpDirtyDays(limit: number = ROLL_UP_BATCH): Promise<number> {
    const dirty = await this.repository.dirtyDays(limit);
    if (dirty.length === 0) return 0;
    const devices = await this.repository.devicesOf([...new Set(dirty.map(({ stationId }) => stationId))]);
    const pieces = [...Map.groupBy(dirty, (entry) => entry.day)].flatMap(([day, taken]) =>
      pieceStarts(taken.length).map((start) => ({ day, taken: taken.slice(start, start + PIECE_STATIONS) })),
    );
    const workers = Array.from({ length: PIECES_AT_ONCE }, async () => {
      for (let piece = pieces.shift(); piece; piece = pieces.shift())
        await this.rollUpDay(piece.day, piece.taken, devices);
    });
    await Promise.all(workers);
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
    const counters = await this.reader.read(devices, span);
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
      findings: devices.map(({ deviceId, stationId }) => {
        const found = counters.get(deviceId);
        return found
          ? { stationId, ...findingsOfDay(deviceId, found.counter, day) }
          : { stationId, deviceId, events: [], proposals: [] };
      }),
      computedAt,
    });
    const spreading = taken.filter(({ spreads, stationId }) => spreads && stored.has(stationId));
    await this.repository.markTouched(
      spreading.flatMap(({ stationId }) =>
        (byStation.get(stationId) ?? []).flatMap((device) =>
          touchedDays(device, counters.get(device.deviceId)?.counter.steps ?? [], day),
        ),
      ),
    );
    await this.repository.markWaiting(
      spreading.map(({ stationId }) => stationId),
      day,
    );
  }
}

const pieceStarts = (stations: number): number[] =>
  Array.from({ length: Math.ceil(stations / PIECE_STATIONS) }, (_, index) => index * PIECE_STATIONS);

/** Days beside `day` that a step or a stretch with energy in it reaches into, with a reading of `day` in it. */
function touchedDays(device: CountedDevice, steps: readonly EnergyStep[], day: string): TouchedDay[] {
  const startMs = dayStartMs(day);
  const endMs = startMs + DAY_MS;
  const base = { stationId: device.stationId, deviceId: device.deviceId };
  return steps.flatMap((step) => {
    const over = step.estimatedOver;
    // Whatever comes in of such a stretch may share its energy out anew.
    if (over && step.toMs >= startMs && step.toMs < endMs)
      return daysBetween(dayOf(over.fromMs), addDays(dayOf(over.toMs), 1))
        .filter((touched) => touched !== day)
        .map((touched) => ({ ...base, day: touched, measuredAt: new Date(step.toMs) }));
    if (over || step.energyWh === 0) return [];
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
