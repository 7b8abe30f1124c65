import { QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import { SIBLING_RULE, stepSum, type SumMemory } from './detectors.ts';
import { MAD_TO_SIGMA, quantile, robustSigma, theilSenSlope, weightedMedian } from './statistics.ts';
import type { SkyHour } from './peer-sky.ts';

const SLOT_MIN = 15;
const LAG_MAX_MIN = 90;
const LAG_STEP_MIN = 5;
/** A shift has to leave less than this share of what no shift leaves. */
const LAG_ERROR_SHARE = 0.7;
const BRIGHT = 0.6;

/** One day of a station against what was expected of it, by quarter hour, W. */
export interface ComparedDay {
  powersW: readonly (number | null)[];
  expectedW: readonly (number | null)[];
}

/**
 * How many minutes the power comes later than expected (positive: the clock is ahead of the sun), from several days;
 * null where hardly anything can be compared. The level does not matter: each lag is tried with its best scale.
 */
export function clockLagMinutes(days: readonly ComparedDay[]): number | null {
  let best: { lagMin: number; error: number } | null = null;
  for (let lagMin = -LAG_MAX_MIN; lagMin <= LAG_MAX_MIN; lagMin += LAG_STEP_MIN) {
    const error = lagError(days, lagMin / SLOT_MIN);
    // Of equal lags the smallest: no shift is the usual case.
    if (error !== null && (best === null || isBetter({ lagMin, error }, best))) best = { lagMin, error };
  }
  const still = lagError(days, 0);
  if (best === null || still === null) return null;
  // Under broken cloud some shift always fits a little better.
  return best.error < LAG_ERROR_SHARE * still ? best.lagMin : 0;
}

function isBetter(one: { lagMin: number; error: number }, other: { lagMin: number; error: number }): boolean {
  return (
    one.error < other.error || (one.error === other.error && Math.abs(one.lagMin) < Math.abs(other.lagMin))
  );
}

/** Square sums of a day for one lag: of the power, of both, of the shifted expectation, and of how many slots. */
interface LagSums {
  own: number;
  cross: number;
  model: number;
  count: number;
}

/** What the best scale leaves of the power after a shift, as a share of its square sum. */
function lagError(days: readonly ComparedDay[], lagSlots: number): number | null {
  let own = 0;
  let cross = 0;
  let model = 0;
  let count = 0;
  for (const day of days) {
    const sums = lagSumsOf(day, lagSlots);
    own += sums.own;
    cross += sums.cross;
    model += sums.model;
    count += sums.count;
  }
  return count < 20 || own === 0 || model === 0 ? null : 1 - cross ** 2 / (own * model);
}

/** Each day is looked at on a week of days: its sums are worked out once. */
const lagSumsOfDays = new WeakMap<ComparedDay, Map<number, LagSums>>();

function lagSumsOf(day: ComparedDay, lagSlots: number): LagSums {
  const known = lagSumsOfDays.get(day) ?? new Map<number, LagSums>();
  const sums = known.get(lagSlots) ?? addLagSums(day, lagSlots);
  known.set(lagSlots, sums);
  lagSumsOfDays.set(day, known);
  return sums;
}

function addLagSums({ powersW, expectedW }: ComparedDay, lagSlots: number): LagSums {
  const sums = { own: 0, cross: 0, model: 0, count: 0 };
  // Slots near the edge are left out for every lag, so that all lags compare the same slots.
  const edge = LAG_MAX_MIN / SLOT_MIN;
  for (let slot = edge; slot < QUARTER_HOURS_PER_DAY - edge; slot += 1) {
    const powerW = powersW[slot] ?? null;
    const whole = Math.floor(slot - lagSlots);
    const rest = slot - lagSlots - whole;
    const before = expectedW[whole] ?? null;
    const after = expectedW[whole + 1] ?? null;
    if (powerW === null || before === null || after === null) continue;
    const shiftedW = before + (after - before) * rest;
    if (powerW === 0 && shiftedW === 0) continue;
    sums.own += powerW * powerW;
    sums.cross += powerW * shiftedW;
    sums.model += shiftedW * shiftedW;
    sums.count += 1;
  }
  return sums;
}

/** A flat top: the power stands still while more was expected. */
export interface FlatTop {
  levelW: number;
  slots: number;
  /** Mean expected power of these slots over the level, less 1. */
  excess: number;
}

/** Longest-held level of a day: an hour and more within 0.5 % where at least 5 % more was expected; null: none. */
export function flatTop(day: ComparedDay): FlatTop | null {
  let best: FlatTop | null = null;
  let run: { powerW: number; expectedW: number }[] = [];
  const finish = (): void => {
    const levelW =
      quantile(
        run.map(({ powerW }) => powerW),
        0.5,
      ) ?? 0;
    if (run.length >= 4 && levelW > 0 && run.length > (best?.slots ?? 0)) {
      const excess = run.reduce((sum, { expectedW }) => sum + expectedW, 0) / run.length / levelW - 1;
      if (excess > 0.05) best = { levelW, slots: run.length, excess };
    }
    run = [];
  };
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const powerW = day.powersW[slot] ?? null;
    const expectedW = day.expectedW[slot] ?? null;
    const first = run[0]?.powerW ?? powerW;
    const holds = powerW !== null && first !== null && Math.abs(powerW - first) <= 0.005 * first;
    if (!holds) finish();
    if (powerW !== null && powerW > 0 && expectedW !== null) run.push({ powerW, expectedW });
  }
  finish();
  return best;
}

const BROKEN_SHARE = 0.5;
const WHOLE_SHARE = 0.8;

/**
 * How often the power fell below half of the expected for a quarter hour or two, with at least 80 % before and after,
 * where more than half of the day's highest power was expected: the saw-tooth of a trip that comes back by itself.
 */
export function breakdowns(day: ComparedDay): number {
  const topW = Math.max(0, ...day.expectedW.filter((expectedW) => expectedW !== null));
  let count = 0;
  let isWhole = false;
  let brokenSlots = 0;
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const powerW = day.powersW[slot] ?? null;
    const expectedW = day.expectedW[slot] ?? null;
    if (powerW === null || expectedW === null || expectedW <= topW / 2) {
      isWhole = false;
      continue;
    }
    const share = powerW / expectedW;
    if (share >= WHOLE_SHARE) {
      if (isWhole && brokenSlots > 0 && brokenSlots <= 2) count += 1;
      isWhole = true;
      brokenSlots = 0;
    } else {
      brokenSlots = share < BROKEN_SHARE ? brokenSlots + 1 : brokenSlots;
      if (brokenSlots > 2) isWhole = false;
    }
  }
  return count;
}

/** Loss by hour of the day on bright hours, as medians over the days. */
export interface HourProfile {
  /** Own index over the peers', by hour of the day; null where less than three bright hours are known. */
  ratios: (number | null)[];
  /** Best third of the hours over the worst, less 1: 0 is the same loss at all hours. */
  contrast: number;
}

/** Profile of several days; null where less than six hours are known. */
export function hourProfile(
  days: readonly { indices: readonly (number | null)[]; sky: readonly (SkyHour | null)[] }[],
): HourProfile | null {
  const ratios = Array.from({ length: 24 }, (_, hour) => {
    const bright = days.flatMap(({ indices, sky }) => {
      const own = indices[hour] ?? null;
      const here = sky[hour] ?? null;
      return own === null || here === null || here.index < BRIGHT ? [] : [own / here.index];
    });
    return bright.length < 3 ? null : quantile(bright, 0.5);
  });
  const known = ratios.filter((ratio) => ratio !== null).sort((one, other) => one - other);
  if (known.length < 6) return null;
  const third = Math.floor(known.length / 3);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return { ratios, contrast: mean(known.slice(-third)) / Math.max(0.01, mean(known.slice(0, third))) - 1 };
}

/** A slow fall of the daily deviation, as dust makes it. */
export interface Slope {
  perDay: number;
  /** Bright days that it rests on, and days from the first to the last. */
  days: number;
  spanDays: number;
  /** Deviation of the days about the line. */
  scatter: number;
  /** Share of the fall that is still there on the last bright days: about 1 as it falls, 0 when it was washed off. */
  leftShare: number;
  /** What the best step between two levels leaves, over what the line leaves: below 1 it was sudden. */
  stepShare: number;
}

/** Last bright days that tell whether a fall is still there, and days that a level has to rest on. */
const LEVEL_DAYS = 3;

/** Slope of the last deviations by Theil and Sen; null of fewer than 10 days. Dark days are passed over. */
export function deviationSlope(
  days: readonly { dayNumber: number; deviation: number; skyIndex: number }[],
): Slope | null {
  const bright = days.filter(({ skyIndex }) => skyIndex >= 0.5);
  if (bright.length < 10) return null;
  const perDay = theilSenSlope(bright.map(({ dayNumber, deviation }) => ({ x: dayNumber, y: deviation })));
  if (perDay === null) return null;
  const rests = bright.map(({ dayNumber, deviation }) => deviation - perDay * dayNumber);
  const middle = quantile(rests, 0.5) ?? 0;
  const scatter =
    MAD_TO_SIGMA *
    (quantile(
      rests.map((rest) => Math.abs(rest - middle)),
      0.5,
    ) ?? 0);
  const numbers = bright.map(({ dayNumber }) => dayNumber);
  const first = Math.min(...numbers);
  const spanDays = Math.max(...numbers) - first;
  const inOrder = bright.toSorted((one, other) => one.dayNumber - other.dayNumber);
  const deviations = inOrder.map(({ deviation }) => deviation);
  const last = quantile(deviations.slice(-LEVEL_DAYS), 0.5) ?? 0;
  const lineLeaves = rests.reduce((sum, rest) => sum + Math.abs(rest - middle), 0);
  return {
    perDay,
    days: bright.length,
    spanDays,
    scatter,
    leftShare: perDay === 0 ? 0 : (last - (middle + perDay * first)) / (perDay * spanDays),
    stepShare: lineLeaves === 0 ? Infinity : stepLeaves(deviations) / lineLeaves,
  };
}

/** Sum of the absolute differences from two levels, with the split that leaves least. */
function stepLeaves(values: readonly number[]): number {
  const about = (part: readonly number[]) => {
    const level = quantile(part, 0.5) ?? 0;
    return part.reduce((sum, value) => sum + Math.abs(value - level), 0);
  };
  let least = Infinity;
  for (let split = LEVEL_DAYS; split <= values.length - LEVEL_DAYS; split += 1)
    least = Math.min(least, about(values.slice(0, split)) + about(values.slice(split)));
  return least;
}

/**
 * Change of the yearly energy against the peers, ln per year, by the median of ratios of days 365 days apart, plus what
 * the fleet itself ages (a common loss cancels between peers). Null of fewer than 60 pairs.
 * @param fleetPerYear prior for the fleet, -0.007 a year (docs/EXPECTED-OUTPUT.md).
 */
export function ageingPerYear(
  days: readonly { dayNumber: number; ratio: number }[],
  fleetPerYear = -0.007,
): number | null {
  const byDay = new Map(days.map(({ dayNumber, ratio }) => [dayNumber, ratio]));
  const changes = days.flatMap(({ dayNumber, ratio }) => {
    const yearBefore = byDay.get(dayNumber - 365);
    return yearBefore === undefined ? [] : [ratio - yearBefore];
  });
  const own = changes.length < 60 ? null : quantile(changes, 0.5);
  return own === null ? null : own + fleetPerYear;
}

/**
 * ln ratio of each inverter to the median of its siblings, energy over rated power; null where fewer than two inverters
 * are known or the median is zero. An inverter without energy counts as 1/1000 of its siblings.
 */
export function siblingRatios(
  inverters: readonly { energyWh: number | null; ratedPowerW: number }[],
): (number | null)[] {
  const specific = inverters.map(({ energyWh, ratedPowerW }) =>
    energyWh === null || ratedPowerW <= 0 ? null : energyWh / ratedPowerW,
  );
  return specific.map((own, position) => {
    const others = specific.flatMap((value, other) => (value === null || other === position ? [] : [value]));
    const middle = quantile(others, 0.5);
    if (own === null || middle === null || middle <= 0) return null;
    return Math.log(Math.max(1e-3, own / middle));
  });
}

/** Memory of one inverter among its siblings: the last ratios of quiet days, and the sum. */
export interface SiblingMemory {
  ratios: number[];
  sum: SumMemory;
}

const SIBLING_DAYS = 30;
const SIBLING_TRIAL_DAYS = 10;

/** One day of one inverter among its siblings (rule `SIBLING_RULE`); null ratio or a trial of 10 days: no verdict. */
export function stepSibling(
  memory: SiblingMemory,
  seen: { day: string; ratio: number | null; skyIndex: number; expectedHours: number },
): SiblingMemory {
  const { ratio } = seen;
  if (ratio === null) return memory;
  const items = memory.ratios.map((value) => ({ value, weight: 1 }));
  const usual = weightedMedian(items) ?? 0;
  const sigma = robustSigma(items, usual) ?? 0;
  const isTrial = memory.ratios.length < SIBLING_TRIAL_DAYS;
  const sum = isTrial
    ? memory.sum
    : stepSum(memory.sum, SIBLING_RULE, { ...seen, deviation: ratio - usual, sigma });
  const learns = !sum.isOpen && sum.sum <= SIBLING_RULE.open / 2;
  return { ratios: learns ? [...memory.ratios, ratio].slice(-SIBLING_DAYS) : memory.ratios, sum };
}
