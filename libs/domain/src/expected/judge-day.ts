import { BAND_CUTS, bandFor, stationFactor, type BandTable } from './band.ts';
import {
  baseline,
  expectedDay,
  isFewPeers,
  RATIO_LIMITS,
  type AcceptedDay,
  type DayRatio,
  type ExpectedDay,
  type NotJudged,
} from './day-ratio.ts';
import {
  LARGE_RULE,
  quietSum,
  SMALL_RULE,
  stepFreeze,
  stepSum,
  type FreezeMemory,
  type SumMemory,
} from './detectors.ts';

/** What is kept of a station from day to day. Plain data, stored as JSON; `version` tells its shape. */
export interface StationMemory {
  version: 1;
  accepted: AcceptedDay[];
  /** Deviations over the fleet's sigma of the last accepted days, for the station's own factor. */
  standardised: number[];
  large: SumMemory;
  small: SumMemory;
  freeze: FreezeMemory;
  /** Baseline of before the loss, while the station is suspected or in alarm. */
  frozenRatio: number | null;
  /** Days for which snow may still lie since it was last suspected. */
  snowDaysLeft: number;
}

/** Snow lies where the peers disagree as much as this in a winter month, and may lie these days longer on one station. */
const SNOW = { spread: 0.2, daysAfter: 3, deviation: -0.25, winter: ['11', '12', '01', '02', '03'] } as const;

const STANDARDISED_DAYS = 60;

export const newStation = (): StationMemory => ({
  version: 1,
  accepted: [],
  standardised: [],
  large: quietSum(),
  small: quietSum(),
  freeze: { days: 0 },
  frozenRatio: null,
  snowDaysLeft: 0,
});

/** True while a station may tell others the sky. */
export const isHealthy = ({ large, small }: StationMemory): boolean => !large.isOpen && !small.isOpen;

/** Why what was learned of a station no longer holds. */
export type EpochReason = 'repaired' | 're_powered' | 'accepted';

/**
 * The same station after a repair, a re-powering, or a loss that somebody has accepted: its level is learned anew from
 * this day, and its alarm ends. An accepted loss leaves the plant as noisy as it was, so its own factor stays.
 */
export const newEpoch = (memory: StationMemory, reason: EpochReason): StationMemory => ({
  ...newStation(),
  standardised: reason === 'accepted' ? memory.standardised : [],
  snowDaysLeft: memory.snowDaysLeft,
});

/** Class of the sky by the day's clear-sky index: the classes of the bands. */
export type SkyClass = 'overcast' | 'cloudy' | 'broken' | 'mostly_clear' | 'clear';
const SKY_CLASSES: readonly SkyClass[] = ['overcast', 'cloudy', 'broken', 'mostly_clear', 'clear'];
export const skyClassOf = (skyIndex: number): SkyClass =>
  SKY_CLASSES[BAND_CUTS.skyIndex.filter((cut) => skyIndex >= cut).length] ?? 'clear';

export type DayVerdict =
  | { day: string; isJudged: false; reason: NotJudged }
  | {
      day: string;
      isJudged: true;
      ratio: number;
      baselineRatio: number;
      expected: ExpectedDay;
      skyIndex: number;
      spread: number;
      peers: number;
      /** `none` in the first 14 accepted days too. One alarm a station: `large` covers `small`. */
      alarm: 'none' | 'small' | 'large';
      /** First day of the loss, as the sum has it. */
      sinceDay: string | null;
      /** Snow, or what the caller excluded: shown, but neither learned nor counted. */
      isExcluded: boolean;
      isAccepted: boolean;
    };

/**
 * One day of one station: its expected energy, its band, its alarm, and what is remembered. To be called once for every
 * day in order; late data are folded again from their day with the memory of the day before.
 * @param input.ratio of {@link dayRatio}, or why there is none: then nothing changes.
 * @param input.fleetRatio median baseline of the fleet, for young stations; 0 where none is known.
 * @param input.isExcluded snow, curtailment, registered outage or a regional loss: shown, but neither learned nor
 *   counted against the station.
 */
export function judgeDay(
  memory: StationMemory,
  input: {
    day: string;
    ratio: DayRatio | NotJudged;
    bands: BandTable;
    fleetRatio: number;
    isExcluded: boolean;
    season?: (day: string) => number;
  },
): { memory: StationMemory; verdict: DayVerdict } {
  const { day, ratio: found, bands, fleetRatio, season } = input;
  const snowDaysLeft = stepSnow(memory.snowDaysLeft, day, found);
  if (typeof found === 'string')
    return {
      memory: snowDaysLeft === memory.snowDaysLeft ? memory : { ...memory, snowDaysLeft },
      verdict: { day, isJudged: false, reason: found },
    };
  const learned = baseline({
    accepted: memory.accepted,
    fleetRatio,
    ...(season ? { season: { of: season, day } } : {}),
  });
  const baselineRatio = memory.frozenRatio ?? learned;
  const factor = stationFactor(memory.standardised);
  const band = bandFor(bands, found, factor);
  const expected = expectedDay(found, baselineRatio, band);
  const isSnow = snowDaysLeft === SNOW.daysAfter || (snowDaysLeft > 0 && expected.deviation < SNOW.deviation);
  const isExcluded = input.isExcluded || isSnow;
  const isTrial = memory.accepted.length < RATIO_LIMITS.trialDays;
  const before = { ...memory, snowDaysLeft };
  const next = isTrial || isExcluded ? before : stepAlarms(before, day, found, expected, learned);
  const isAccepted =
    !isExcluded && next.frozenRatio === null && Math.abs(expected.deviation) < farOff(band.sigma);
  const alarm = next.large.isOpen ? 'large' : next.small.isOpen ? 'small' : 'none';
  const verdict: DayVerdict = {
    day,
    isJudged: true,
    ratio: found.ratio,
    baselineRatio,
    expected,
    skyIndex: found.skyIndex,
    spread: found.spread,
    peers: found.peers,
    alarm,
    sinceDay: alarm === 'none' ? null : (next.large.isOpen ? next.large : next.small).sinceDay,
    isExcluded,
    isAccepted,
  };
  if (!isAccepted) return { memory: next, verdict };
  const accepted = [...next.accepted, { day, ratio: found.ratio, sigma: band.sigma }];
  const standardised = isTrial
    ? next.standardised
    : [...next.standardised, (expected.deviation * factor) / band.sigma].slice(-STANDARDISED_DAYS);
  return {
    memory: { ...next, accepted: accepted.slice(-RATIO_LIMITS.auditDays), standardised },
    verdict,
  };
}

/** Snow covers the peers (no light at all) or some of them (they disagree); it can lie longer on one station. */
function stepSnow(daysLeft: number, day: string, found: DayRatio | NotJudged): number {
  const isWinter = SNOW.winter.some((month) => month === day.slice(5, 7));
  const suspected =
    isWinter && (found === 'no_sun' || (typeof found !== 'string' && found.spread > SNOW.spread));
  return suspected ? SNOW.daysAfter : Math.max(0, daysLeft - 1);
}

/** A deviation that cannot be weather. */
export const farOff = (sigma: number): number => Math.max(0.25, 4 * sigma);

function stepAlarms(
  memory: StationMemory,
  day: string,
  found: DayRatio,
  expected: ExpectedDay,
  learned: number,
): StationMemory {
  const seen = {
    day,
    deviation: expected.deviation,
    sigma: expected.sigma,
    skyIndex: found.skyIndex,
    expectedHours: found.modelHours,
  };
  const large = stepSum(memory.large, LARGE_RULE, seen);
  const small = isFewPeers(found.peers) ? memory.small : stepSum(memory.small, SMALL_RULE, seen);
  const { memory: freeze, isFrozen } = stepFreeze(memory.freeze, [
    { memory: large, rule: LARGE_RULE },
    { memory: small, rule: SMALL_RULE },
  ]);
  return { ...memory, large, small, freeze, frozenRatio: isFrozen ? (memory.frozenRatio ?? learned) : null };
}
