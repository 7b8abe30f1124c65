import { DAY_MS } from '#domain';
import type { RegistrySnapshot } from '#registry';
import {
  dayIndexAt,
  EPOCH_DAY,
  KNOT_MS,
  KNOTS_PER_DAY,
  KNOTS_PER_HOUR,
  startOfDayIndexMs,
} from './calendar.ts';
import { DayCurves, type DayCurve } from './day-curve.ts';
import { FaultBook, type FaultSource } from './fault-book.ts';
import { factorOn, isActive, takesEnergy, type Fault } from './faults.ts';
import { buildPlant, type InverterPlant, type Plant, type StationPlant } from './plant.ts';
import { bell, unit } from './random.ts';
import { CountySky, dustFactor, type SkyDay, type SkyState } from './sky.ts';

/** What a station does alone on a day, as a deviation of its energy. */
const OWN_DEVIATION: Record<SkyState, number> = { clear: 0.012, mixed: 0.035, overcast: 0.06 };
/** A station is washed three times a year. */
const WASH_PERIOD_DAYS = 120;
/** Ageing: 2.5 % in the first year, then 0.7 % a year (domain.md 3.2). The yearly hours are those of the second year. */
const AGE_FIRST_YEAR = 0.025;
const AGE_PER_YEAR = 0.007;
const DAYS_PER_YEAR = 365.25;
/** Totals at the start of every such day are kept; the days between are added again when somebody asks. */
const CHECKPOINT_DAYS = 32;
const RECENT_DAYS_MAX = 8;
/** Station-days kept: yesterday, today and tomorrow of a whole fleet. */
const STATION_DAYS_MAX = 1500;

/** One day of one station. `curveOf` tells how an inverter's energy grows: `scaleWh` times the share at a knot. */
export interface StationDay {
  dayIndex: number;
  faults: readonly Fault[];
  curve: DayCurve;
  inverters: readonly InverterDay[];
}

export interface InverterDay {
  scaleWh: number;
  shares: Float64Array;
}

/**
 * What really happens: the energy of every inverter at every instant, as a pure function of seed, registry and faults.
 * Whole Wh throughout: the energy of a day so far is one rounding of a growing share, so intervals, days and lifetime
 * counters agree to the Wh however they are cut.
 */
export class TruthModel {
  readonly plant: Plant;
  readonly faults: FaultBook;
  private readonly skies: readonly CountySky[];
  private readonly curves: DayCurves;
  private readonly stationDays = new Map<number, StationDay>();
  private readonly totals = new Map<number, Float64Array>();
  private readonly recentTotals: number[] = [];

  constructor(options: { seed: number; registry: RegistrySnapshot; faults: FaultSource }) {
    this.plant = buildPlant(options.seed, options.registry);
    this.faults = new FaultBook(this.plant, options.faults);
    this.skies = this.plant.countyCodes.map((code) => new CountySky(options.seed, code));
    this.curves = new DayCurves(this.plant);
    this.totals.set(
      0,
      Float64Array.from(this.plant.inverters, ({ baseWh }) => baseWh),
    );
  }

  /** Equivalent hours that a station would have on a day without faults, kWh per kW; 0 before it was commissioned. */
  healthyHours(station: StationPlant, dayIndex: number): number {
    const age = (dayIndex - station.commissionedIndex) / DAYS_PER_YEAR;
    if (age < 0) return 0;
    const ageing = age < 1 ? 1 - AGE_FIRST_YEAR * age : 1 - AGE_FIRST_YEAR - AGE_PER_YEAR * (age - 1);
    const sky = this.skyOf(station, dayIndex);
    const own = 1 + OWN_DEVIATION[sky.state] * bell(station.key, dayIndex + 1000);
    const washed =
      dustFactor(Math.min(sky.dryDays, daysSinceWash(station, dayIndex))) / dustFactor(sky.dryDays);
    return (station.hoursPerYear * sky.yearShare * own * washed * ageing) / (1 - AGE_FIRST_YEAR);
  }

  /** One day of one station, remembered for a while. */
  stationDay(station: StationPlant, dayIndex: number): StationDay {
    const key = dayIndex * this.plant.stations.length + station.index;
    const known = this.stationDays.get(key);
    if (known) return known;
    const day = this.makeStationDay(station, dayIndex);
    if (this.stationDays.size >= STATION_DAYS_MAX) {
      const oldest = this.stationDays.keys().next();
      if (!oldest.done) this.stationDays.delete(oldest.value);
    }
    this.stationDays.set(key, day);
    return day;
  }

  /** Counters of all inverters, Wh, in the order of the plant, at the start of a day. Not to be written to. */
  totalsAtStart(dayIndex: number): Float64Array {
    const known = this.totals.get(dayIndex);
    if (known) return known;
    if (dayIndex < 0) throw new RangeError(`the model begins on ${EPOCH_DAY}`);
    let from = dayIndex - 1;
    while (!this.totals.has(from)) from -= 1;
    const totals = Float64Array.from(this.totals.get(from) ?? []);
    for (let day = from; day < dayIndex; day += 1) {
      if (day % CHECKPOINT_DAYS === 0 && day > from) this.totals.set(day, Float64Array.from(totals));
      this.addDay(totals, day);
    }
    this.totals.set(dayIndex, totals);
    this.forgetOldTotals(dayIndex);
    return totals;
  }

  /** Energy of every inverter of a station on a whole day, Wh, in the order of the plant. */
  inverterDaysWh(station: StationPlant, dayIndex: number): number[] {
    const hours = this.healthyHours(station, dayIndex);
    const faults = this.faults.ofDay(station.index, dayIndex);
    if (!faults.some(takesEnergy))
      return station.inverters.map(({ dcPowerW }) => Math.round(dcPowerW * hours));
    const lasting = faults.filter(takesEnergy);
    if (lasting.every((fault) => coversDay(fault, dayIndex))) {
      return station.inverters.map((inverter) =>
        Math.round(inverter.dcPowerW * hours * productOf(lasting, inverter)),
      );
    }
    return this.stationDay(station, dayIndex).inverters.map((day) => inverterTodayWh(day, KNOTS_PER_DAY));
  }

  /** What the meters of a station have counted when its inverters stand at `inverterTotalWh`, Wh, by meter share. */
  meterTotalWh(station: StationPlant, inverterTotalWh: number, share: number): number {
    const counted = Math.floor((inverterTotalWh * station.meterPerTenThousand) / 10_000);
    return share === 1 ? counted : Math.floor(counted * share);
  }

  /** Energy that passed the meter of a station on a day, Wh. */
  stationDayWh(station: StationPlant, dayIndex: number): number {
    const startWh = sumOf(station, this.totalsAtStart(dayIndex));
    const madeWh = this.inverterDaysWh(station, dayIndex).reduce((sum, energyWh) => sum + energyWh, 0);
    return this.meterTotalWh(station, startWh + madeWh, 1) - this.meterTotalWh(station, startWh, 1);
  }

  /** Energy that passed the meter of a station in each of the 96 quarter hours of a day, Wh. */
  stationQuarterHoursWh(station: StationPlant, dayIndex: number): number[] {
    const startWh = sumOf(station, this.totalsAtStart(dayIndex));
    const day = this.stationDay(station, dayIndex);
    const { dawnKnot, duskKnot } = day.curve;
    const energiesWh: number[] = [];
    let beforeWh = this.meterTotalWh(station, startWh, 1);
    for (let knot = 3; knot <= KNOTS_PER_DAY; knot += 3) {
      let afterWh = beforeWh;
      if (knot > dawnKnot && knot - 3 < duskKnot) {
        let madeWh = 0;
        for (const inverter of day.inverters) madeWh += inverterTodayWh(inverter, knot);
        afterWh = this.meterTotalWh(station, startWh + madeWh, 1);
      }
      energiesWh.push(afterWh - beforeWh);
      beforeWh = afterWh;
    }
    return energiesWh;
  }

  /** Energy, Wh, that a fault has taken before `untilMs`; faults that meet at one inverter are counted each alone. */
  lostWh(fault: Fault, untilMs: number): number {
    const station = this.plant.stations.find(({ code }) => code === fault.stationCode);
    const endMs = Math.min(fault.toMs, untilMs);
    if (station === undefined || !takesEnergy(fault) || endMs <= fault.fromMs) return 0;
    const lostW = station.inverters.reduce(
      (sum, inverter) => sum + inverter.dcPowerW * (1 - factorOn(fault, inverter)),
      0,
    );
    let lostWh = 0;
    for (let dayIndex = dayIndexAt(fault.fromMs); dayIndex <= dayIndexAt(endMs - 1); dayIndex += 1) {
      const startMs = startOfDayIndexMs(dayIndex);
      const { shares } = this.stationDay(station, dayIndex).curve;
      const from = Math.max(0, (fault.fromMs - startMs) / KNOT_MS);
      const to = Math.min(KNOTS_PER_DAY, (endMs - startMs) / KNOT_MS);
      lostWh += lostW * this.healthyHours(station, dayIndex) * (shareAt(shares, to) - shareAt(shares, from));
    }
    return Math.round(lostWh);
  }

  private skyOf(station: StationPlant, dayIndex: number): SkyDay {
    const sky = this.skies[station.countyIndex];
    if (sky === undefined) throw new RangeError(`no sky over county ${station.countyCode}`);
    return sky.day(dayIndex);
  }

  private makeStationDay(station: StationPlant, dayIndex: number): StationDay {
    const hours = this.healthyHours(station, dayIndex);
    const curve = this.curves.curve(station, dayIndex, this.skyOf(station, dayIndex).state);
    const faults = this.faults.ofDay(station.index, dayIndex);
    const lasting = faults.filter(takesEnergy);
    const whole = lasting.every((fault) => coversDay(fault, dayIndex));
    // Inverters that the same faults meet in the same way share one array.
    const shared = new Map<string, Float64Array>();
    const inverters = station.inverters.map((inverter) => {
      const healthyWh = inverter.dcPowerW * hours;
      if (whole) return { scaleWh: healthyWh * productOf(lasting, inverter), shares: curve.shares };
      const factors = lasting.map((fault) => factorOn(fault, inverter));
      const key = factors.join();
      const shares = shared.get(key) ?? sharesWithFaults(curve, lasting, factors, dayIndex);
      shared.set(key, shares);
      return { scaleWh: healthyWh, shares };
    });
    return { dayIndex, faults, curve, inverters };
  }

  private addDay(totals: Float64Array, dayIndex: number): void {
    for (const station of this.plant.stations) {
      const hours = this.healthyHours(station, dayIndex);
      if (this.faults.ofDay(station.index, dayIndex).some(takesEnergy)) {
        const energiesWh = this.inverterDaysWh(station, dayIndex);
        station.inverters.forEach(({ index }, position) => {
          totals[index] = (totals[index] ?? 0) + (energiesWh[position] ?? 0);
        });
        continue;
      }
      for (const { index, dcPowerW } of station.inverters) {
        totals[index] = (totals[index] ?? 0) + Math.round(dcPowerW * hours);
      }
    }
  }

  private forgetOldTotals(dayIndex: number): void {
    if (dayIndex % CHECKPOINT_DAYS === 0) return;
    this.recentTotals.push(dayIndex);
    const oldest = this.recentTotals.length > RECENT_DAYS_MAX ? this.recentTotals.shift() : undefined;
    if (oldest !== undefined) this.totals.delete(oldest);
  }
}

/** Energy of an inverter from midnight up to a knot, which may lie between two; whole Wh. */
export function inverterTodayWh(day: InverterDay, knot: number): number {
  return Math.round(day.scaleWh * shareAt(day.shares, knot));
}

/** Power of an inverter in the interval after a knot, whole W. */
export function inverterPowerW(day: InverterDay, knot: number): number {
  const whole = Math.floor(knot);
  const rise = (day.shares[whole + 1] ?? 0) - (day.shares[whole] ?? 0);
  return Math.max(0, Math.round(day.scaleWh * rise * KNOTS_PER_HOUR));
}

/** Sum of the counters of a station's inverters, Wh. */
export function sumOf(station: StationPlant, totals: Float64Array): number {
  let sumWh = 0;
  for (const { index } of station.inverters) sumWh += totals[index] ?? 0;
  return sumWh;
}

function shareAt(shares: Float64Array, knot: number): number {
  const whole = Math.floor(knot);
  const before = shares[whole] ?? 0;
  const rest = knot - whole;
  return rest === 0 ? before : before + rest * ((shares[whole + 1] ?? before) - before);
}

/** The day curve where each fault leaves a factor of the power while it lasts. */
function sharesWithFaults(
  curve: DayCurve,
  faults: readonly Fault[],
  factors: readonly number[],
  dayIndex: number,
): Float64Array {
  if (factors.every((factor) => factor === 1)) return curve.shares;
  const shares = new Float64Array(KNOTS_PER_DAY + 1);
  const startMs = startOfDayIndexMs(dayIndex);
  let sum = 0;
  for (let knot = curve.dawnKnot; knot < curve.duskKnot; knot += 1) {
    const atMs = startMs + knot * KNOT_MS;
    let left = 1;
    faults.forEach((fault, position) => {
      if (isActive(fault, atMs)) left *= factors[position] ?? 1;
    });
    sum += ((curve.shares[knot + 1] ?? 0) - (curve.shares[knot] ?? 0)) * left;
    shares[knot + 1] = sum;
  }
  shares.fill(sum, curve.duskKnot);
  return shares;
}

function productOf(faults: readonly Fault[], inverter: InverterPlant): number {
  return faults.reduce((product, fault) => product * factorOn(fault, inverter), 1);
}

function coversDay(fault: Fault, dayIndex: number): boolean {
  const startMs = startOfDayIndexMs(dayIndex);
  return fault.fromMs <= startMs && startMs + DAY_MS <= fault.toMs;
}

function daysSinceWash(station: StationPlant, dayIndex: number): number {
  const period = Math.floor(dayIndex / WASH_PERIOD_DAYS);
  const washDay = (which: number) =>
    which * WASH_PERIOD_DAYS + Math.floor(unit(station.key, which + 100, 3) * WASH_PERIOD_DAYS);
  const here = washDay(period);
  return dayIndex - (here <= dayIndex ? here : washDay(period - 1));
}
