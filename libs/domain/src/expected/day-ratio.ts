import { QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import { HOURS_PER_DAY, PEER_LIMITS, type SkyHour } from './peer-sky.ts';
import type { ClearDay } from './station-model.ts';
import { weightedMedian } from './statistics.ts';

const SLOTS_PER_HOUR = QUARTER_HOURS_PER_DAY / HOURS_PER_DAY;
const SLOT_H = 1 / SLOTS_PER_HOUR;
/** Keeps ln finite on a day without energy: 1/1000 of the expected energy. */
const RATIO_FLOOR = 1e-3;

export const RATIO_LIMITS = {
  /** More of the expected energy unknown than this: no verdict. */
  missingMax: 0.2,
  /** A day with less light, kWh per kW, tells nothing. */
  judgedHoursMin: 0.3,
  baselineDays: 45,
  /** Accepted days before ratio alarms, and the weight of the fleet's baseline in days of a new station. */
  trialDays: 14,
  fleetWeightDays: 10,
  seasonDays: 15,
  auditRatio: 0.15,
  auditDays: 60,
} as const;

/** Energy of a day against the sky that the peers told, before the station's own baseline is taken off. */
export interface DayRatio {
  /** Energy under the peers' sky if the station were its model, over all quarter hours of the day, Wh. */
  modelWh: number;
  /** The same over the quarter hours that were compared, and what the station made in them, Wh. */
  comparedModelWh: number;
  comparedWh: number;
  /** Share of the model's energy in quarter hours that were to be compared but are not known. */
  missingShare: number;
  /** ln(comparedWh / comparedModelWh), not below ln(0.001). */
  ratio: number;
  /** Clear-sky index of the day, weighted by energy. */
  skyIndex: number;
  /** Spread between the peers, weighted by energy. */
  spread: number;
  /** Smallest number of peers that told an hour of weight. */
  peers: number;
  /** Expected energy per installed power, kWh per kW. */
  modelHours: number;
}

/** Why a day is not judged. */
export type NotJudged = 'no_peers' | 'no_sun' | 'missing_data';

/**
 * Compares one day of a station with the sky over it.
 * @param input 96 cleaned mean powers, W (null unknown); the model's clear day; 24 hours of sky.
 * @returns the ratio, or why there is none: no three peers, hardly any light, or more than 20 % unknown.
 */
export function dayRatio(input: {
  powersW: readonly (number | null)[];
  clear: ClearDay;
  sky: readonly (SkyHour | null)[];
  capacityW: number;
}): DayRatio | NotJudged {
  const { powersW, clear, sky, capacityW } = input;
  if (sky.every((hour) => hour === null)) return 'no_peers';
  let modelWh = 0;
  let comparedModelWh = 0;
  let comparedWh = 0;
  let dueWh = 0;
  let clearWh = 0;
  let spreadWh = 0;
  let peerHours = 0;
  for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
    const slotClearWh = (clear.clearW[slot] ?? 0) * SLOT_H;
    if (slotClearWh <= 0) continue;
    const hour = Math.floor(slot / SLOTS_PER_HOUR);
    const here = sky[hour] ?? null;
    const told = here ?? nearestHour(sky, hour);
    const slotWh = slotClearWh * (told?.index ?? 0);
    modelWh += slotWh;
    if (here === null || clear.isJudged[slot] !== true) continue;
    dueWh += slotWh;
    const powerW = powersW[slot] ?? null;
    if (powerW === null) continue;
    comparedModelWh += slotWh;
    comparedWh += powerW * SLOT_H;
    clearWh += slotClearWh;
    spreadWh += here.spread * slotWh;
    peerHours += here.peers * slotWh;
  }
  if (modelWh / capacityW < RATIO_LIMITS.judgedHoursMin || dueWh === 0) return 'no_sun';
  const missingShare = 1 - comparedModelWh / dueWh;
  if (missingShare > RATIO_LIMITS.missingMax) return 'missing_data';
  return {
    modelWh,
    comparedModelWh,
    comparedWh,
    missingShare,
    ratio: Math.log(Math.max(RATIO_FLOOR, comparedWh / comparedModelWh)),
    skyIndex: comparedModelWh / clearWh,
    spread: spreadWh / comparedModelWh,
    peers: Math.round(peerHours / comparedModelWh),
    modelHours: modelWh / capacityW,
  };
}

/** In low sun nobody tells the sky; the nearest hour of the day that is told stands for it. */
function nearestHour(sky: readonly (SkyHour | null)[], hour: number): SkyHour | null {
  for (let distance = 1; distance < HOURS_PER_DAY; distance += 1) {
    const near = sky[hour - distance] ?? sky[hour + distance] ?? null;
    if (near !== null) return near;
  }
  return null;
}

/** One accepted day of a station: its ratio and how sure it is. */
export interface AcceptedDay {
  day: string;
  ratio: number;
  sigma: number;
}

/**
 * Long-run ratio of a station to its peers: the median of the last 45 accepted days, the surer days counting more. A
 * young station leans on the fleet: `(n own + 10 fleet) / (n + 10)` while it has less than 45 days.
 * @param input.season what last year's ratio says of each accepted day and of today, as a difference to last year's
 *   median (see {@link seasonTerm}); 0 without last year.
 */
export function baseline(input: {
  accepted: readonly AcceptedDay[];
  fleetRatio: number;
  season?: { of: (day: string) => number; day: string };
}): number {
  const { season, fleetRatio } = input;
  const recent = input.accepted.slice(-RATIO_LIMITS.baselineDays);
  const own = weightedMedian(
    recent.map(({ day, ratio, sigma }) => ({
      value: ratio - (season?.of(day) ?? 0),
      weight: 1 / Math.max(0.02, sigma),
    })),
  );
  const count = recent.length;
  const shift = season?.of(season.day) ?? 0;
  if (own === null) return fleetRatio + shift;
  if (count >= RATIO_LIMITS.baselineDays) return own + shift;
  const { fleetWeightDays } = RATIO_LIMITS;
  return (count * own + fleetWeightDays * fleetRatio) / (count + fleetWeightDays) + shift;
}

/**
 * What the season does to a station's ratio, from accepted days of the year before: median of the days within 15 days of
 * the date, less the median of all of them. 0 where fewer than 200 days or fewer than 8 near ones are known.
 * @param lastYear accepted days with the number of the day in the year, 1 to 366.
 */
export function seasonTerm(
  lastYear: readonly { dayOfYear: number; ratio: number }[],
  dayOfYear: number,
): number {
  if (lastYear.length < 200) return 0;
  const near = lastYear.filter(({ dayOfYear: other }) => {
    const apart = Math.abs(other - dayOfYear);
    return Math.min(apart, 366 - apart) <= RATIO_LIMITS.seasonDays;
  });
  if (near.length < 8) return 0;
  const median = (days: readonly { ratio: number }[]) =>
    weightedMedian(days.map(({ ratio }) => ({ value: ratio, weight: 1 }))) ?? 0;
  return median(near) - median(lastYear);
}

/**
 * True where a station has been more than 15 % off its registered data for 60 judged days on end: wrong capacity, wrong
 * tilt or an old fault, which a calibration must not hide.
 */
export function needsAudit(ratios: readonly number[]): boolean {
  const last = ratios.slice(-RATIO_LIMITS.auditDays);
  if (last.length < RATIO_LIMITS.auditDays) return false;
  const side = Math.sign(last[0] ?? 0);
  return last.every((ratio) => Math.abs(ratio) > RATIO_LIMITS.auditRatio && Math.sign(ratio) === side);
}

/** Expected energy of a day with its band, Wh, and what is missing. */
export interface ExpectedDay {
  expectedWh: number;
  lowWh: number;
  highWh: number;
  /** ln of measured over expected; negative is too little. */
  deviation: number;
  sigma: number;
  /** Measured and expected over the quarter hours that were compared, Wh: what the deviation is of. */
  comparedWh: number;
  comparedExpectedWh: number;
  /** Energy that is missing against the expected, Wh; 0 where there is none. */
  missingWh: number;
}

/** Band of a deviation: standard deviation and the quantiles between which 95 of 100 healthy days lie. */
export interface Band {
  sigma: number;
  low: number;
  high: number;
}

/** Expected energy of a day from its ratio, the station's baseline and the band of such a day. */
export function expectedDay(day: DayRatio, baselineRatio: number, band: Band): ExpectedDay {
  const expectedWh = day.modelWh * Math.exp(baselineRatio);
  const deviation = day.ratio - baselineRatio;
  const comparedExpectedWh = day.comparedModelWh * Math.exp(baselineRatio);
  return {
    expectedWh,
    lowWh: expectedWh * Math.exp(band.low),
    highWh: expectedWh * Math.exp(band.high),
    deviation,
    sigma: band.sigma,
    comparedWh: day.comparedWh,
    comparedExpectedWh,
    missingWh: Math.max(0, comparedExpectedWh - day.comparedWh),
  };
}

/** With 3 or 4 peers the band is this much wider. */
export const FEW_PEERS_FACTOR = 1.3;
export const isFewPeers = (peers: number): boolean => peers < PEER_LIMITS.full;
