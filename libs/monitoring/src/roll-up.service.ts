import { Inject, Injectable } from '@nestjs/common';
import {
  addDays,
  counterSteps,
  DAY_MS,
  dayEnergy,
  dayOf,
  dayStartMs,
  QUARTER_HOUR_MS,
  stationDayEnergy,
  type CounterSample,
  type EnergyStep,
} from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import {
  RollUpRepository,
  type CountedDevice,
  type DirtyDay,
  type DeviceDayRow,
  type QuarterHourRow,
  type StationDayRow,
} from './roll-up.repository.ts';

/**
 * Dirty station-days → quarter hours and days, from boundary readings. The same input gives the same rows, so a day
 * may be worked out as often as one likes.
 */

/** Station-days of one pass: about 100,000 readings at five minutes, a tenth of a second of work. */
export const ROLL_UP_BATCH = 40;

interface Span {
  stationId: number;
  firstDay: string;
  lastDay: string;
}

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
    const byDay = Map.groupBy(dirty, ({ day }) => day);
    for (const [day, entries] of byDay) await this.rollUpDay(day, entries, devices);
    return dirty.length;
  }

  async waiting(): Promise<number> {
    return this.repository.countDirtyDays();
  }

  private async rollUpDay(day: string, entries: readonly DirtyDay[], allDevices: readonly CountedDevice[]) {
    const stationIds = new Set(entries.map(({ stationId }) => stationId));
    const devices = allDevices.filter(({ stationId }) => stationIds.has(stationId));
    const samples = await this.samplesOf(devices, { firstDay: day, lastDay: day });
    const spans = [...stationIds].map((stationId) =>
      spanOf(
        stationId,
        day,
        devices.filter((device) => device.stationId === stationId),
        samples,
      ),
    );
    const deviceDays: DeviceDayRow[] = [];
    const stationDays: StationDayRow[] = [];
    const quarterHours: QuarterHourRow[] = [];
    const recomputed: { stationId: number; day: string; from: Date; to: Date }[] = [];
    for (const span of spans) {
      const own = devices.filter(({ stationId }) => stationId === span.stationId);
      const isOneDay = span.firstDay === day && span.lastDay === day;
      const known = isOneDay ? samples : await this.samplesOf(own, span);
      for (let each = span.firstDay; each <= span.lastDay; each = addDays(each, 1)) {
        const rows = energyOfStationDay(span.stationId, each, own, known);
        deviceDays.push(...rows.deviceDays);
        stationDays.push(...rows.stationDays);
        quarterHours.push(...rows.quarterHours);
        recomputed.push({ stationId: span.stationId, day: each, ...boundsOf(each) });
      }
    }
    await this.repository.store({
      done: entries,
      recomputed,
      deviceDays,
      stationDays,
      quarterHours,
      computedAt: this.clock.now(),
    });
  }

  private async samplesOf(devices: readonly CountedDevice[], days: { firstDay: string; lastDay: string }) {
    return this.repository.counterSamples(
      devices.map(({ deviceId }) => deviceId),
      { from: boundsOf(days.firstDay).from, to: boundsOf(days.lastDay).to },
    );
  }
}

function boundsOf(day: string): { from: Date; to: Date } {
  const startMs = dayStartMs(day);
  return { from: new Date(startMs), to: new Date(startMs + DAY_MS) };
}

/**
 * A reading on one side of a gap changes the energy of every day that the gap spans, so those days are worked out
 * together. Over a night the counter stands still and nothing is shared.
 */
function spanOf(
  stationId: number,
  day: string,
  devices: readonly CountedDevice[],
  samples: ReadonlyMap<number, readonly CounterSample[]>,
): Span {
  const { from, to } = boundsOf(day);
  let firstMs = from.getTime();
  let lastMs = to.getTime() - 1;
  for (const { deviceId } of devices) {
    const own = samples.get(deviceId) ?? [];
    const [first, second] = own;
    if (first && second && first.atMs < firstMs && second.totalWh !== first.totalWh) firstMs = first.atMs;
    const last = own.at(-1);
    const beforeLast = own.at(-2);
    if (last && beforeLast && last.atMs > lastMs && last.totalWh !== beforeLast.totalWh) lastMs = last.atMs;
  }
  return { stationId, firstDay: dayOf(firstMs), lastDay: dayOf(lastMs) };
}

function energyOfStationDay(
  stationId: number,
  day: string,
  devices: readonly CountedDevice[],
  samples: ReadonlyMap<number, readonly CounterSample[]>,
) {
  const startMs = dayStartMs(day);
  const counted = devices.map((device) => ({
    device,
    energy: dayEnergy(stepsOf(device, samples), startMs),
  }));
  const deviceDays: DeviceDayRow[] = counted.flatMap(({ device, energy }) =>
    energy.energyWh === null
      ? []
      : [
          {
            deviceId: device.deviceId,
            day,
            energyWh: energy.energyWh,
            method: device.kind === 'meter' ? 'meter_counter' : 'inverter_counter',
            quality: energy.quality,
          },
        ],
  );
  const ofKind = (kind: CountedDevice['kind']) =>
    counted.filter(({ device }) => device.kind === kind).map(({ energy }) => energy);
  const station = stationDayEnergy({ meters: ofKind('meter'), inverters: ofKind('inverter') });
  if (!station) return { deviceDays, stationDays: [], quarterHours: [] };
  const { energyWh, method, quality } = station;
  return {
    deviceDays,
    stationDays: [{ stationId, day, energyWh, method, quality }],
    quarterHours: station.quarterHours.map(({ slot, ...rest }) => ({
      stationId,
      startsAt: new Date(startMs + slot * QUARTER_HOUR_MS),
      ...rest,
    })),
  };
}

function stepsOf(
  device: CountedDevice,
  samples: ReadonlyMap<number, readonly CounterSample[]>,
): EnergyStep[] {
  return counterSteps(samples.get(device.deviceId) ?? [], { ratedPowerW: device.ratedPowerW });
}
