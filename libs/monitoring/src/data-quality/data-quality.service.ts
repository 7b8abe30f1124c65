import { Inject, Injectable } from '@nestjs/common';
import {
  addDays,
  DAY_MS,
  dayOf,
  daysBetween,
  dayStartMs,
  judgePowerDay,
  reportIntervalMs,
  SHIFT_WINDOW_DAYS,
  sunLight,
  timeShiftOf,
  type PowerPoint,
  type SunLight,
} from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock } from '#platform';
import {
  DataQualityRepository,
  SILENT_DAYS,
  storeDay,
  storeJudged,
  storeShifts,
  type DeviceFlag,
  type DeviceShape,
  type DueDay,
  type JudgedDevice,
  type StoredFlag,
} from './data-quality.repository.ts';

/**
 * Says of each device and past day what its series is worth: outliers, frozen and drawn values, clipping, gaps, and
 * clocks that are wrong. It marks and changes nothing: readings, energy and money are what they are without it.
 *
 * A station-day is judged when it is over and rolled up, and again whenever it was rolled up anew. Days before it
 * of which nothing is known are judged with it. The same readings give the same flags.
 */

/** Station-days of one pass: about 100,000 readings at five minutes. */
export const JUDGE_BATCH = 20;
/** Readings beside the day, so that a spell that crosses midnight is seen: the longest span that a rule asks for. */
const MARGIN_MS = 3 * 3_600_000;
/** Of a device that says nothing it is not known how often it should. */
const INTERVAL_DEFAULT_MS = 15 * 60_000;

interface Task {
  stationId: number;
  day: string;
}

@Injectable()
export class DataQualityService {
  private readonly repository: DataQualityRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new DataQualityRepository(database);
  }

  /** Judges up to `limit` station-days that are over, the oldest first. Returns how many there were. */
  async judgePastDays(limit: number = JUDGE_BATCH): Promise<number> {
    const now = this.clock.now();
    const due = await this.repository.dueDays({ today: dayOf(now.getTime()), now, limit });
    if (due.length === 0) return 0;
    const devices = await this.repository.devicesOf([...new Set(due.map(({ stationId }) => stationId))]);
    const byStation = Map.groupBy(devices, ({ stationId }) => stationId);
    const tasks = due.flatMap((day): Task[] => [...silentDaysBefore(day), day]);
    for (const [day, together] of [...Map.groupBy(tasks, (task) => task.day)].sort(byDay))
      await this.judgeDay(
        day,
        together.flatMap(({ stationId }) => byStation.get(stationId) ?? []),
        due.filter((item) => item.day === day),
      );
    return due.length;
  }

  /** Flags of a station's devices from one Shanghai day to another, both included; at most 5,000. */
  async flagsOf(question: { stationCode: string; from: string; to: string }): Promise<StoredFlag[]> {
    return this.repository.flagsOf(question);
  }

  private async judgeDay(day: string, devices: readonly JudgedDevice[], done: readonly DueDay[]) {
    const fromMs = dayStartMs(day);
    const deviceIds = devices.map(({ deviceId }) => deviceId);
    const points = await this.repository.pointsOf(deviceIds, {
      from: new Date(fromMs - MARGIN_MS),
      to: new Date(fromMs + DAY_MS + MARGIN_MS),
    });
    const lights = new Map<number, SunLight>();
    const flags: DeviceFlag[] = [];
    const shapes: DeviceShape[] = [];
    for (const device of devices) {
      const { deviceId, stationId } = device;
      const light = lights.get(stationId) ?? sunLight({ ...device, day });
      lights.set(stationId, light);
      const judged = judgeDevice(device, points.get(deviceId) ?? [], { day, light });
      flags.push(...judged.flags.map((flag) => ({ ...flag, deviceId, day })));
      shapes.push({ ...judged.shape, deviceId });
    }
    await this.repository.transaction(async (transaction) => {
      await storeDay(transaction, { day, deviceIds, flags, shapes });
      await this.storeShiftsFrom(transaction, day, deviceIds);
      await storeJudged(transaction, done);
    });
  }

  /** A shape changes what is said of the days after it as well. */
  private async storeShiftsFrom(transaction: Queryable, day: string, deviceIds: readonly number[]) {
    const until = addDays(day, SHIFT_WINDOW_DAYS);
    const shapes = await this.repository.shapesOf(transaction, {
      deviceIds,
      from: addDays(day, -SHIFT_WINDOW_DAYS),
      to: until,
    });
    const flags = [...shapes].flatMap(([deviceId, own]) =>
      own
        .filter((shape) => shape.day >= day)
        .flatMap((shape): DeviceFlag[] => {
          const shift = timeShiftOf(shape.day, own);
          return shift ? [{ ...shift, deviceId, day: shape.day }] : [];
        }),
    );
    await storeShifts(transaction, { deviceIds, from: day, to: until, flags });
  }
}

function judgeDevice(
  { ratedPowerW }: JudgedDevice,
  points: readonly PowerPoint[],
  { day, light }: { day: string; light: SunLight },
) {
  const fromMs = dayStartMs(day);
  return judgePowerDay(points, {
    ...light,
    day,
    fromMs,
    toMs: fromMs + DAY_MS,
    ratedPowerW,
    intervalMs: reportIntervalMs(points) ?? INTERVAL_DEFAULT_MS,
  });
}

/** Days of which nothing is known, between the last one with energy and this one. */
function silentDaysBefore({ stationId, day, previousDay }: DueDay): Task[] {
  if (previousDay === null) return [];
  const earliest = addDays(day, -SILENT_DAYS);
  const next = addDays(previousDay, 1);
  return daysBetween(next > earliest ? next : earliest, day).map((silent) => ({ stationId, day: silent }));
}

const byDay = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
