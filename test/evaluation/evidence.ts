import {
  clockLagMinutes,
  deviationSlope,
  flatTop,
  hourProfile,
  type CauseEvidence,
  type ComparedDay,
} from '#domain';
import { distanceKm, type FoldedDay, type FoldedStation } from './fold.ts';

/** Days over which a clock is judged, and those over which the hours are compared. */
const CLOCK_DAYS = 7;
const PROFILE_DAYS = 10;
const SLOPE_DAYS = 30;
/** A regional loss shows below this deviation, a lost peer below this index against the fleet. */
const REGIONAL_DEVIATION = -0.15;
const DOWN_DEVIATION = -0.5;

const lastOf = (folded: FoldedStation): FoldedDay | undefined => folded.recent.at(-1);

/** Expected power by quarter hour, W: the peers' sky over the station's clear sky, at its own level. */
function comparedDay(day: FoldedDay): ComparedDay {
  const level = day.verdict.isJudged ? Math.exp(day.verdict.baselineRatio) : 1;
  return {
    powersW: day.rawW,
    expectedW: Array.from(day.clear.clearW, (clearW, slot) => {
      if (clearW === 0) return 0;
      const here = day.sky[Math.floor(slot / 4)] ?? null;
      return here === null ? null : clearW * here.index * level;
    }),
  };
}

/** Lag of the clock over the last seven days; null where it cannot be told. */
export function lagOf(folded: FoldedStation): number | null {
  return clockLagMinutes(folded.recent.slice(-CLOCK_DAYS).map(comparedDay));
}

/** Everything that is known of the last day of a station, as a worker would gather it. */
export function evidenceOf(
  folded: FoldedStation,
  stations: readonly FoldedStation[],
  month: number,
): CauseEvidence | null {
  const day = lastOf(folded);
  if (!day?.verdict.isJudged) return null;
  const { verdict } = day;
  const { expected } = verdict;
  const near = stations.filter(
    (other) => other !== folded && distanceKm(other.station, folded.station) <= 30,
  );
  const feeder = stations.filter(({ station }) => station.townshipCode === folded.station.townshipCode);
  const zero = zeroShare(day);
  return {
    deviation: recentDeviation(folded),
    bandLow: Math.log(expected.lowWh / expected.expectedWh),
    isAlarm: verdict.alarm !== 'none' || day.siblingAlarm,
    skyIndex: verdict.skyIndex,
    spread: verdict.spread,
    month,
    badShare: day.badShare,
    counterDifference: null,
    gapShare: day.gapShare,
    gapCounterShare: null,
    zeroShare: zero,
    peersDownShare: shareBelow(near, DOWN_DEVIATION),
    countyDownShare: shareBelow(near, REGIONAL_DEVIATION),
    flatTop: flatTop(comparedDay(day)),
    limitW: folded.model.limitW,
    gridLimited: day.gridLimited,
    feederFlatShare: feeder.length < 2 ? null : flatShare(feeder),
    lagMin: lagOf(folded),
    inverters: day.siblings.map((_, position) => ({
      id: `INV${position + 1}`,
      ratio: medianSibling(folded, position),
      powerShare: folded.station.inverterShares[position] ?? 0,
      isAlarm: folded.siblings[position]?.sum.isOpen ?? false,
    })),
    strings: [],
    profile: hourProfile(folded.recent.slice(-PROFILE_DAYS)),
    slope: deviationSlope(
      folded.recent
        .slice(-SLOPE_DAYS)
        .flatMap(({ dayIndex, verdict: past }) =>
          past.isJudged
            ? [{ dayNumber: dayIndex, deviation: past.expected.deviation, skyIndex: past.skyIndex }]
            : [],
        ),
    ),
    constantRatio: null,
    ageingPerYear: null,
  };
}

/** Median deviation of the last three judged days: one day alone says little of a cause. */
function recentDeviation(folded: FoldedStation): number {
  const last = folded.recent
    .flatMap(({ verdict }) => (verdict.isJudged ? [verdict.expected.deviation] : []))
    .slice(-3)
    .sort((one, other) => one - other);
  return last[last.length >> 1] ?? 0;
}

function medianSibling(folded: FoldedStation, position: number): number | null {
  const last = folded.recent
    .slice(-3)
    .flatMap(({ siblings }) => siblings[position] ?? [])
    .sort((one, other) => one - other);
  return last[last.length >> 1] ?? null;
}

function zeroShare(day: FoldedDay): number {
  let dueW = 0;
  let zeroW = 0;
  comparedDay(day).expectedW.forEach((expectedW, slot) => {
    const powerW = day.rawW[slot] ?? null;
    if (expectedW === null || powerW === null) return;
    dueW += expectedW;
    if (powerW < 0.01 * expectedW) zeroW += expectedW;
  });
  return dueW > 0 ? zeroW / dueW : 0;
}

function shareBelow(stations: readonly FoldedStation[], deviation: number): number | null {
  const judged = stations.flatMap((folded) => {
    const verdict = lastOf(folded)?.verdict;
    return verdict?.isJudged ? [verdict.expected.deviation] : [];
  });
  return judged.length < 5 ? null : judged.filter((value) => value < deviation).length / judged.length;
}

function flatShare(feeder: readonly FoldedStation[]): number {
  const days = feeder.flatMap((folded) => lastOf(folded) ?? []);
  return days.filter((day) => flatTop(comparedDay(day)) !== null).length / Math.max(1, days.length);
}
