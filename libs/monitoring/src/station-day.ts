import {
  DAY_MS,
  dailyCounterSteps,
  dayEnergy,
  dayStartMs,
  powerIntegralSteps,
  QUARTER_HOUR_MS,
  stationDayEnergy,
  sunTimes,
  type DayEnergy,
  type EnergyStep,
} from '#domain';
import type { CountedDevice, DeviceCounter, ReviewedCounter } from './counter-review/counter-reader.ts';
import { CITY_PLACE } from './places.ts';
import type { DeviceDayRow, QuarterHourRow, StationDayRow } from './roll-up.repository.ts';

/** A counter whose readings reach within this of the ends of daylight has seen the day. */
const COVERAGE_SLACK_MS = 45 * 60_000;

export interface StationDayRows {
  deviceDays: (DeviceDayRow & { stationId: number })[];
  stationDays: StationDayRow[];
  quarterHours: QuarterHourRow[];
}

interface Known {
  energy: DayEnergy;
  /** The readings reach from the begin of daylight to its end, or to now, and none of them waits for a decision. */
  isCovered: boolean;
}

interface Counted extends Known {
  device: CountedDevice;
  byDay: Known;
  power: Known;
}

/** Energy of one day of a station from the readings of its devices. Pure. */
export function energyOfStationDay(question: {
  stationId: number;
  day: string;
  devices: readonly CountedDevice[];
  counters: ReadonlyMap<number, DeviceCounter>;
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
    const found = counters.get(device.deviceId);
    return {
      device,
      ...knownByCounter(found?.counter, startMs, due),
      byDay: knownByDayCounter(device, found, startMs, due),
      power: knownByPower(device, found, startMs, due),
    };
  });
  const deviceDays = counted.flatMap((device) => deviceDay(device, day));
  const meters = counted.filter(({ device }) => device.kind === 'meter');
  const inverters = counted.filter(({ device }) => device.kind === 'inverter');
  // The meter is first, but a meter that missed half the day is not better than inverters that saw all of it.
  const useMeters = isWhole(meters) || !isWhole(inverters);
  const powers = deliveringPowers(meters, inverters);
  const dayCounters = inverters.map(({ byDay }) => byDay);
  const station = stationDayEnergy({
    meters: useMeters ? energies(meters) : [],
    inverters: energies(inverters),
    dayCounters: energies(dayCounters),
    powers: energies(powers),
  });
  if (!station) return { deviceDays, stationDays: [], quarterHours: [] };
  const { method, energyWh } = station;
  const chosen = {
    meter_counter: meters,
    inverter_counter: inverters,
    day_counter: dayCounters,
    power_integral: powers,
  }[method];
  const quality = isWhole(chosen) ? station.quality : 'incomplete';
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

function deviceDay(
  { device, energy, isCovered, byDay, power }: Counted,
  day: string,
): StationDayRows['deviceDays'] {
  const { deviceId, stationId } = device;
  const counterMethod = device.kind === 'meter' ? 'meter_counter' : 'inverter_counter';
  if (energy.energyWh !== null) {
    const quality = isCovered ? energy.quality : 'incomplete';
    return [{ stationId, deviceId, day, energyWh: energy.energyWh, method: counterMethod, quality }];
  }
  const isByDay = byDay.energy.energyWh !== null;
  const second = isByDay ? byDay : power;
  const { energyWh } = second.energy;
  if (energyWh === null) return [];
  const quality = second.isCovered ? 'estimated' : 'incomplete';
  return [
    { stationId, deviceId, day, energyWh, method: isByDay ? 'day_counter' : 'power_integral', quality },
  ];
}

interface Due {
  fromMs: number;
  toMs: number;
}

function knownByCounter(counter: ReviewedCounter | undefined, startMs: number, due: Due): Known {
  const steps = counter?.steps ?? [];
  const energy = dayEnergy(steps, startMs);
  const isJudged = counter?.events.some((event) => isOfDay(event, startMs) && isJudgement(event)) ?? false;
  return {
    // What a person judged without a reading that shows it is not measured.
    energy: isJudged && energy.quality === 'measured' ? { ...energy, quality: 'estimated' } : energy,
    isCovered: covers(steps, due) && !isUndecided(counter, startMs),
  };
}

function knownByDayCounter(
  { ratedPowerW }: CountedDevice,
  found: DeviceCounter | undefined,
  startMs: number,
  due: Due,
): Known {
  const samples = found?.dayCounters ?? [];
  const steps = samples.length > 0 ? dailyCounterSteps(samples, { ratedPowerW, startMs }) : [];
  return { energy: dayEnergy(steps, startMs), isCovered: covers(steps, due) };
}

function knownByPower(
  { ratedPowerW }: CountedDevice,
  found: DeviceCounter | undefined,
  startMs: number,
  due: Due,
): Known {
  const steps = found ? powerIntegralSteps(found.powers, { ratedPowerW }) : [];
  return { energy: dayEnergy(steps, startMs), isCovered: covers(steps, due) };
}

/** The power of the meters alone where they report it, else that of the inverters: not both, it is the same energy. */
function deliveringPowers(meters: readonly Counted[], inverters: readonly Counted[]): Known[] {
  const known = meters.filter(({ power }) => power.energy.energyWh !== null);
  return (known.length > 0 ? meters : inverters).map(({ power }) => power);
}

const energies = (known: readonly Known[]) => known.map(({ energy }) => energy);

/** A step that nobody can decide yet may hold energy of this day that is not counted. */
const isUndecided = (counter: ReviewedCounter | undefined, startMs: number) =>
  counter?.events.some((event) => !event.decided && isOfDay(event, startMs)) ?? false;

/** A counter that stood still from an earlier day on, and into this one, is of this day too. */
const isOfDay = ({ kind, atMs }: { kind: string; atMs: number }, startMs: number) =>
  atMs < startMs + DAY_MS && (atMs >= startMs || kind === 'frozen');

const isJudgement = ({ kind, decision }: ReviewedCounter['events'][number]) =>
  decision === 'dismiss' || (decision === 'fix' && kind === 'frozen');

const isWhole = (counted: readonly Known[]) =>
  counted.length > 0 && counted.every(({ isCovered }) => isCovered);

/** Before daylight has begun there is nothing to cover. */
function covers(steps: readonly EnergyStep[], due: Due): boolean {
  if (due.toMs <= due.fromMs) return true;
  const [first] = steps;
  const last = steps.at(-1);
  return first !== undefined && last !== undefined && first.fromMs <= due.fromMs && last.toMs >= due.toMs;
}
