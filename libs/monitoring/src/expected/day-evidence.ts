import {
  breakdowns,
  clockLagMinutes,
  DAY_MS,
  deviationSlope,
  explainDay,
  flatTop,
  hourProfile,
  needsAudit,
  quantile,
  type Cause,
  type CauseEvidence,
  type SlotFlag,
} from '#domain';
import type { JudgedDay } from './fleet-day.ts';
import type { KeptStation } from './expected-types.ts';

/** Days over which a clock is judged, and those over which the hours are compared. */
const CLOCK_DAYS = 7;
const PROFILE_DAYS = 10;
/** Days of a station that are kept at hand for its causes. */
export const RECENT_DAYS = PROFILE_DAYS;
/** A regional loss shows below this deviation, a lost neighbour below the other. */
const REGIONAL_DEVIATION = -0.15;
const DOWN_DEVIATION = -0.5;
const NEAR_JUDGED_MIN = 5;
/** No power where this much is expected: below 1 %, as the zero detector has it. */
const ZERO_SHARE = 0.01;

/** What the neighbourhood of a station says on a day. */
export interface Surroundings {
  /** Judged days of the stations within 30 km. */
  near: readonly JudgedDay[];
  /** The stations of the township, this one among them: they hang on the same feeder as a rule. */
  township: readonly JudgedDay[];
}

export interface Explained {
  cause: Cause;
  zeroShare: number;
}

/** Why a judged day is what it is; null where the day is not judged. */
export function explain(input: {
  today: JudgedDay;
  /** The days before, the earliest first. */
  recent: readonly JudgedDay[];
  kept: KeptStation;
  around: Surroundings;
  scaleRatio: number | null;
}): Explained | null {
  const { today, recent, kept, around } = input;
  const { verdict, measured } = today;
  if (!verdict.isJudged)
    return measured.isOutage ? { cause: { kind: 'registered_outage' }, zeroShare: 0 } : null;
  const zeroShare = zeroShareOf(today);
  const days = [...recent, today].slice(-RECENT_DAYS);
  const shaped = days.filter(({ isByEnergy }) => !isByEnergy);
  const { facts } = measured;
  const evidence: CauseEvidence = {
    deviation: recentDeviation(days),
    bandLow: Math.log(verdict.expected.lowWh / verdict.expected.expectedWh),
    isAlarm: verdict.alarm !== 'none' || today.inverters.some(({ isAlarm }) => isAlarm),
    skyIndex: verdict.skyIndex,
    spread: verdict.spread,
    month: Number(today.day.slice(5, 7)),
    badShare: today.isByEnergy ? 0 : shareOf(today, ['stale', 'filled', 'out_of_range', 'spike']),
    counterDifference: null,
    gapShare: today.isByEnergy ? 0 : shareOf(today, ['missing']),
    gapCounterShare: null,
    zeroShare,
    peersDownShare: shareBelow(around.near, DOWN_DEVIATION),
    countyDownShare: shareBelow(around.near, REGIONAL_DEVIATION),
    flatTop: today.isByEnergy ? null : flatTop(today.compared),
    limitW: today.model.limitW,
    gridLimited: (facts.limitedShare ?? 0) > 0.1,
    feederFlatShare: flatShare(around.township),
    lagMin:
      shaped.length < 3 ? null : clockLagMinutes(shaped.slice(-CLOCK_DAYS).map(({ compared }) => compared)),
    inverters: today.inverters.map((inverter) => ({ ...inverter, ratio: recentSibling(days, inverter.id) })),
    strings:
      facts.dispersion === null || facts.weakestInverter === null
        ? []
        : [
            {
              inverterId: facts.weakestInverter,
              dispersion: facts.dispersion,
              weakestShare: facts.weakestShare ?? 1,
              powerShare: 0,
            },
          ],
    profile: hourProfile(shaped),
    slope: deviationSlope(
      kept.deviations.map(({ day, deviation, skyIndex }) => ({
        dayNumber: Date.parse(day) / DAY_MS,
        deviation,
        skyIndex,
      })),
    ),
    constantRatio: constantRatio(kept, input.scaleRatio),
    ageingPerYear: null,
    isRegisteredOutage: measured.isOutage,
    temperatureC: facts.temperatureC,
    voltageShare: facts.voltageShare,
    breakdowns: today.isByEnergy ? 0 : breakdowns(today.compared),
  };
  return { cause: explainDay(evidence), zeroShare };
}

/** Median deviation of the last three judged days: one day alone says little of a cause. */
function recentDeviation(days: readonly JudgedDay[]): number {
  const last = days.flatMap(({ verdict }) => (verdict.isJudged ? [verdict.expected.deviation] : []));
  return quantile(last.slice(-3), 0.5) ?? 0;
}

function recentSibling(days: readonly JudgedDay[], id: string): number | null {
  const last = days.flatMap(({ inverters }) => inverters.find((one) => one.id === id)?.ratio ?? []);
  return quantile(last.slice(-3), 0.5);
}

function shareOf({ flags, clear }: JudgedDay, wanted: readonly SlotFlag[]): number {
  let light = 0;
  let count = 0;
  flags.forEach((flag, slot) => {
    if (clear.isJudged[slot] !== true) return;
    light += 1;
    if (wanted.includes(flag)) count += 1;
  });
  return count / Math.max(1, light);
}

/** Share of the expected energy in quarter hours without power. */
function zeroShareOf({ compared }: JudgedDay): number {
  let dueW = 0;
  let zeroW = 0;
  compared.expectedW.forEach((expectedW, slot) => {
    const powerW = compared.powersW[slot] ?? null;
    if (expectedW === null || powerW === null) return;
    dueW += expectedW;
    if (powerW < ZERO_SHARE * expectedW) zeroW += expectedW;
  });
  return dueW > 0 ? zeroW / dueW : 0;
}

function shareBelow(stations: readonly JudgedDay[], deviation: number): number | null {
  const judged = stations.flatMap(({ verdict }) => (verdict.isJudged ? [verdict.expected.deviation] : []));
  return judged.length < NEAR_JUDGED_MIN
    ? null
    : judged.filter((value) => value < deviation).length / judged.length;
}

function flatShare(township: readonly JudgedDay[]): number | null {
  const shaped = township.filter(({ isByEnergy }) => !isByEnergy);
  if (shaped.length < 2) return null;
  return shaped.filter(({ compared }) => flatTop(compared) !== null).length / shaped.length;
}

/** ln of the station's level over the fleet's, where it has been far off for two months: a wrong capacity. */
function constantRatio({ memory }: KeptStation, scaleRatio: number | null): number | null {
  if (scaleRatio === null) return null;
  const ratios = memory.accepted.map(({ ratio }) => ratio + scaleRatio);
  return needsAudit(ratios) ? quantile(ratios, 0.5) : null;
}
