import {
  DAY_MS,
  dayEnergy,
  dayStartMs,
  QUARTER_HOUR_MS,
  stationDayEnergy,
  sunTimes,
  type CounterResult,
  type DayEnergy,
  type EnergyStep,
} from '#domain';
import { CITY_PLACE } from './places.ts';
import type { CountedDevice, DeviceDayRow, QuarterHourRow, StationDayRow } from './roll-up.repository.ts';

/** A counter whose readings reach within this of the ends of daylight has seen the day. */
const COVERAGE_SLACK_MS = 45 * 60_000;

export interface StationDayRows {
  deviceDays: (DeviceDayRow & { stationId: number })[];
  stationDays: StationDayRow[];
  quarterHours: QuarterHourRow[];
}

interface Counted {
  device: CountedDevice;
  energy: DayEnergy;
  /** The readings reach from the begin of daylight to its end, or to now, and none of them waits for a decision. */
  isCovered: boolean;
}

/** Energy of one day of a station from the readings of its devices. Pure. */
export function energyOfStationDay(question: {
  stationId: number;
  day: string;
  devices: readonly CountedDevice[];
  counters: ReadonlyMap<number, CounterResult>;
  nowMs: number;
}): StationDayRows {
  const { stationId, day, devices, counters, nowMs } = question;
  const startMs = dayStartMs(day);
  const sun = sunTimes({ day, ...CITY_PLACE });
  const due = {
    fromMs: sun.sunriseMs + COVERAGE_SLACK_MS,
    toMs: Math.min(sun.sunsetMs, nowMs) - COVERAGE_SLACK_MS,
  };
  const counted = devices.map((device): Counted => {
    const counter = counters.get(device.deviceId);
    const steps = counter?.steps ?? [];
    return {
      device,
      energy: dayEnergy(steps, startMs),
      isCovered: covers(steps, due) && !isUndecided(counter, startMs),
    };
  });
  const meters = counted.filter(({ device }) => device.kind === 'meter');
  const inverters = counted.filter(({ device }) => device.kind === 'inverter');
  // The meter is first, but a meter that missed half the day is not better than inverters that saw all of it.
  const useMeters = isWhole(meters) || !isWhole(inverters);
  const chosen = useMeters && meters.some(({ energy }) => energy.energyWh !== null) ? meters : inverters;
  const station = stationDayEnergy({
    meters: useMeters ? meters.map(({ energy }) => energy) : [],
    inverters: inverters.map(({ energy }) => energy),
  });
  const deviceDays = counted.flatMap(({ device, energy, isCovered }) =>
    energy.energyWh === null
      ? []
      : [
          {
            stationId,
            deviceId: device.deviceId,
            day,
            energyWh: energy.energyWh,
            method: device.kind === 'meter' ? 'meter_counter' : 'inverter_counter',
            quality: isCovered ? energy.quality : 'incomplete',
          },
        ],
  );
  if (!station) return { deviceDays, stationDays: [], quarterHours: [] };
  const quality = isWhole(chosen) ? station.quality : 'incomplete';
  return {
    deviceDays,
    stationDays: [{ stationId, day, energyWh: station.energyWh, method: station.method, quality }],
    quarterHours: station.quarterHours.map(({ slot, ...rest }) => ({
      stationId,
      startsAt: new Date(startMs + slot * QUARTER_HOUR_MS),
      ...rest,
    })),
  };
}

/** A step that nobody can decide yet may hold energy of this day that is not counted. */
const isUndecided = (counter: CounterResult | undefined, startMs: number) =>
  counter?.events.some(({ atMs, decided }) => !decided && atMs >= startMs && atMs < startMs + DAY_MS) ??
  false;

const isWhole = (counted: readonly Counted[]) =>
  counted.length > 0 && counted.every(({ isCovered }) => isCovered);

/** Before daylight has begun there is nothing to cover. */
function covers(steps: readonly EnergyStep[], due: { fromMs: number; toMs: number }): boolean {
  if (due.toMs <= due.fromMs) return true;
  const [first] = steps;
  const last = steps.at(-1);
  return first !== undefined && last !== undefined && first.fromMs <= due.fromMs && last.toMs >= due.toMs;
}
