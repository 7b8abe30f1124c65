import type { FlatTop, HourProfile, Slope } from './signatures.ts';

/** What is known of a low day; null where it is not known. All shares and ratios are plain numbers, 0.1 is 10 %. */
export interface CauseEvidence {
  /** ln of measured over expected, its lower limit, and whether an alarm is open. */
  deviation: number;
  bandLow: number;
  isAlarm: boolean;
  skyIndex: number;
  spread: number;
  /** Month 1 to 12. */
  month: number;
  /** Share of quarter hours in daylight whose power was not believed (stale, filled, out of range, spike). */
  badShare: number;
  /** (counter - integral of power) / integral; null where one is unknown. */
  counterDifference: number | null;
  /** Share of the daylight without a reading, and what the counter rose over it against the expected. */
  gapShare: number;
  gapCounterShare: number | null;
  /** Share of the expected energy in quarter hours without power. */
  zeroShare: number;
  /** Share of the stations within 30 km, and of the county against the ring of 30 to 60 km, that are far below. */
  peersDownShare: number | null;
  countyDownShare: number | null;
  flatTop: FlatTop | null;
  limitW: number | null;
  /** Vendor status says limited by the grid; share of the stations of the feeder flat in the same minutes. */
  gridLimited: boolean;
  feederFlatShare: number | null;
  lagMin: number | null;
  /** ln ratio of each inverter to its siblings, against its usual, and its share of the power. */
  inverters: readonly { id: string; ratio: number | null; powerShare: number; isAlarm: boolean }[];
  strings: readonly { inverterId: string; dispersion: number; weakestShare: number; powerShare: number }[];
  profile: HourProfile | null;
  slope: Slope | null;
  /** Long-run ratio to the registered data, where it has been constant since the first day; null otherwise. */
  constantRatio: number | null;
  ageingPerYear: number | null;
  /** Somebody has entered that the station does not generate on this day. */
  isRegisteredOutage?: boolean;
  /** Highest temperature inside an inverter, degrees Celsius. */
  temperatureC?: number | null;
  /** Highest line voltage of the day over the usual one of the same device by daylight. */
  voltageShare?: number | null;
  /** How often the power broke down and came back within half an hour at bright noon ({@link breakdowns}). */
  breakdowns?: number;
}

/** Why a station made less, with the numbers it is told by. No text: words are the web's. */
export type Cause =
  | { kind: 'none'; deviation: number }
  | { kind: 'weather'; skyIndex: number; spread: number; deviation: number }
  | { kind: 'regional'; countyDownShare: number }
  | { kind: 'bad_data'; badShare: number; counterDifference: number | null }
  | { kind: 'communication'; gapShare: number; counterShare: number }
  | { kind: 'outage'; zeroShare: number; gapShare: number }
  | { kind: 'registered_outage' }
  | { kind: 'over_voltage'; breakdowns: number; voltageShare: number }
  | { kind: 'derating'; levelW: number; slots: number; excess: number; temperatureC: number }
  | { kind: 'snow'; peersDownShare: number; month: number }
  | { kind: 'curtailment'; levelW: number; slots: number; excess: number; feederFlatShare: number | null }
  | { kind: 'clipping'; limitW: number; slots: number; excess: number }
  | { kind: 'clock'; lagMin: number }
  | { kind: 'inverter'; inverters: { id: string; ratio: number }[]; explainedShare: number }
  | { kind: 'string'; inverterId: string; dispersion: number; weakestShare: number }
  | { kind: 'wrong_capacity'; ratio: number }
  | { kind: 'shading'; contrast: number; ratios: (number | null)[] }
  | { kind: 'soiling'; perDay: number; days: number }
  | { kind: 'ageing'; perYear: number }
  | { kind: 'unclear'; deviation: number };
export type CauseKind = Cause['kind'];

/** Thresholds of the signatures (docs/EXPECTED-OUTPUT.md, "Cause"). */
export const CAUSE_LIMITS = {
  darkIndex: 0.5,
  badShare: 0.2,
  counterDifference: 0.05,
  gapShare: 0.3,
  counterShare: 0.8,
  zeroShare: 0.5,
  regionalShare: 0.4,
  plateauWithin: 0.02,
  feederShare: 0.5,
  /** A cloudless noon stands within half a per cent for an hour at all stations of a feeder; a limit holds longer. */
  sharedSlots: 6,
  lagMin: 15,
  lagDeviation: 0.1,
  inverterRatio: -0.03,
  explainedShare: 0.5,
  dispersion: 0.1,
  wrongRatio: 0.1,
  contrast: 0.2,
  flatSlots: 8,
  flatExcess: 0.1,
  slopeTotal: -0.07,
  slopePerDay: { from: -0.008, to: -0.0008 },
  slopeDays: 10,
  /** Less of a fall than this left, and it was washed off; a step that leaves less than this of the line's, and it was sudden. */
  leftShare: 0.5,
  stepShare: 0.9,
  /** How far a fall stands out of the scatter of its days. */
  scatters: 2,
  ageingPerYear: -0.02,
  /** Trips of an inverter near +10 % of the grid's voltage (GB/T 29319) come back after some minutes, and again. */
  breakdowns: 3,
  voltageShare: 1.05,
  /** From here inverters of the usual makes take their power back. */
  deratingC: 65,
} as const;

type Rule = (seen: CauseEvidence) => Cause | null;

/**
 * The cause of a day, by the first signature that fits: what spoils the numbers, then what stops everything, then what
 * other stations share, then single parts, then what is slow. `none` where the energy is in the band.
 */
export function explainDay(seen: CauseEvidence): Cause {
  for (const rule of RULES) {
    const cause = rule(seen);
    if (cause !== null) return cause;
  }
  return { kind: 'unclear', deviation: seen.deviation };
}

/** An alarm stays open for some days after its end; on those with more than expected there is nothing to explain. */
const isLow = (seen: CauseEvidence): boolean =>
  (seen.isAlarm && seen.deviation < 0) || seen.deviation < seen.bandLow;

const registered: Rule = ({ isRegisteredOutage }) =>
  isRegisteredOutage === true ? { kind: 'registered_outage' } : null;

/** Without the voltage a saw-tooth may be a loose contact, or clouds that nobody else has: then it is not named. */
const overVoltage: Rule = ({ breakdowns = 0, voltageShare = null }) =>
  breakdowns >= CAUSE_LIMITS.breakdowns && voltageShare !== null && voltageShare >= CAUSE_LIMITS.voltageShare
    ? { kind: 'over_voltage', breakdowns, voltageShare }
    : null;

const badData: Rule = ({ badShare, counterDifference }) => {
  const differs = counterDifference !== null && Math.abs(counterDifference) > CAUSE_LIMITS.counterDifference;
  return badShare > CAUSE_LIMITS.badShare || differs
    ? { kind: 'bad_data', badShare, counterDifference }
    : null;
};

const gap: Rule = ({ gapShare, gapCounterShare, zeroShare }) => {
  if (gapShare <= CAUSE_LIMITS.gapShare || gapCounterShare === null) return null;
  return gapCounterShare >= CAUSE_LIMITS.counterShare
    ? { kind: 'communication', gapShare, counterShare: gapCounterShare }
    : { kind: 'outage', zeroShare, gapShare };
};

const clock: Rule = ({ lagMin, deviation, zeroShare }) => {
  const shifted = lagMin !== null && Math.abs(lagMin) >= CAUSE_LIMITS.lagMin;
  if (!shifted || Math.abs(deviation) > CAUSE_LIMITS.lagDeviation || zeroShare > 0.1) return null;
  return { kind: 'clock', lagMin };
};

const inBand: Rule = (seen) => {
  if (isLow(seen)) return null;
  const { skyIndex, spread, deviation } = seen;
  return skyIndex < CAUSE_LIMITS.darkIndex
    ? { kind: 'weather', skyIndex, spread, deviation }
    : { kind: 'none', deviation };
};

const snow: Rule = ({ month, peersDownShare }) => {
  const isWinter = month >= 11 || month <= 3;
  const together = peersDownShare !== null && peersDownShare >= CAUSE_LIMITS.regionalShare;
  return isWinter && together ? { kind: 'snow', peersDownShare, month } : null;
};

const regional: Rule = ({ countyDownShare }) =>
  countyDownShare !== null && countyDownShare >= CAUSE_LIMITS.regionalShare
    ? { kind: 'regional', countyDownShare }
    : null;

const outage: Rule = ({ zeroShare, gapShare }) =>
  zeroShare >= CAUSE_LIMITS.zeroShare ? { kind: 'outage', zeroShare, gapShare } : null;

const flat: Rule = ({ flatTop, limitW, gridLimited, feederFlatShare, temperatureC = null }) => {
  if (flatTop === null) return null;
  const { levelW, slots, excess } = flatTop;
  const atLimit = limitW !== null && levelW >= limitW * (1 - CAUSE_LIMITS.plateauWithin);
  if (atLimit && !gridLimited) return { kind: 'clipping', limitW, slots, excess };
  const isShared =
    feederFlatShare !== null &&
    feederFlatShare >= CAUSE_LIMITS.feederShare &&
    slots >= CAUSE_LIMITS.sharedSlots;
  // Heat is the station's own; what others of the feeder share at the same time is not.
  if (!gridLimited && !isShared && temperatureC !== null && temperatureC >= CAUSE_LIMITS.deratingC)
    return { kind: 'derating', levelW, slots, excess, temperatureC };
  // A station alone on its feeder has nobody to share with: two hours on a level are no cloud and no broken part.
  const isLong = slots >= CAUSE_LIMITS.flatSlots && excess >= CAUSE_LIMITS.flatExcess;
  return gridLimited || isShared || isLong
    ? { kind: 'curtailment', levelW, slots, excess, feederFlatShare }
    : null;
};

const inverter: Rule = (seen) => {
  const { inverters, deviation, strings } = seen;
  const weak = inverters.flatMap(({ id, ratio, powerShare, isAlarm }) =>
    ratio !== null && (isAlarm || ratio < CAUSE_LIMITS.inverterRatio) ? [{ id, ratio, powerShare }] : [],
  );
  const explained = weak.reduce((sum, { ratio, powerShare }) => sum + powerShare * (1 - Math.exp(ratio)), 0);
  const explainedShare = explained / Math.max(0.01, 1 - Math.exp(deviation));
  const [first] = weak;
  // A few per cent of one inverter drown in the weather of the station; its siblings tell it all the same.
  const isSmall = deviation >= seen.bandLow && inverters.some(({ isAlarm }) => isAlarm);
  if (first === undefined || (explainedShare < CAUSE_LIMITS.explainedShare && !isSmall)) return null;
  const bent = strings.find(
    ({ inverterId, dispersion }) => inverterId === first.id && dispersion > CAUSE_LIMITS.dispersion,
  );
  if (weak.length === 1 && bent)
    return {
      kind: 'string',
      inverterId: first.id,
      dispersion: bent.dispersion,
      weakestShare: bent.weakestShare,
    };
  return { kind: 'inverter', inverters: weak.map(({ id, ratio }) => ({ id, ratio })), explainedShare };
};

/** What the vendor's status or a sibling's alarm says holds on days that are in the band, too. */
const curtailed: Rule = (seen) => {
  const cause = flat(seen);
  return cause?.kind === 'curtailment' ? cause : null;
};
const stopped: Rule = (seen) =>
  seen.zeroShare >= CAUSE_LIMITS.zeroShare ? (snow(seen) ?? outage(seen)) : null;
const inverterAlarm: Rule = (seen) => (seen.inverters.some(({ isAlarm }) => isAlarm) ? inverter(seen) : null);

const weakString: Rule = ({ strings }) => {
  const [worst] = strings.toSorted((one, other) => other.dispersion - one.dispersion);
  return worst !== undefined && worst.dispersion > CAUSE_LIMITS.dispersion
    ? {
        kind: 'string',
        inverterId: worst.inverterId,
        dispersion: worst.dispersion,
        weakestShare: worst.weakestShare,
      }
    : null;
};

const wrongCapacity: Rule = ({ constantRatio }) =>
  constantRatio !== null && Math.abs(constantRatio) > CAUSE_LIMITS.wrongRatio
    ? { kind: 'wrong_capacity', ratio: constantRatio }
    : null;

const shading: Rule = ({ profile }) =>
  profile !== null && profile.contrast > CAUSE_LIMITS.contrast
    ? { kind: 'shading', contrast: profile.contrast, ratios: [...profile.ratios] }
    : null;

const soiling: Rule = ({ slope }) => {
  if (slope === null || slope.days < CAUSE_LIMITS.slopeDays) return null;
  const { from, to } = CAUSE_LIMITS.slopePerDay;
  // A slope that drowns in the scatter of its own days is none.
  const isClear = Math.abs(slope.perDay) * slope.spanDays > CAUSE_LIMITS.scatters * slope.scatter;
  const isGoingOn = slope.leftShare >= CAUSE_LIMITS.leftShare && slope.stepShare >= CAUSE_LIMITS.stepShare;
  return slope.perDay >= from && slope.perDay <= to && isClear && isGoingOn
    ? { kind: 'soiling', perDay: slope.perDay, days: slope.days }
    : null;
};

/** A fall that adds up to 7 % is told before it leaves the band of a single day. */
const steepFall: Rule = (seen) =>
  seen.slope !== null &&
  (seen.profile === null || seen.profile.contrast <= CAUSE_LIMITS.contrast) &&
  seen.slope.perDay * seen.slope.spanDays < CAUSE_LIMITS.slopeTotal
    ? soiling(seen)
    : null;

const ageing: Rule = ({ ageingPerYear: perYear }) =>
  perYear !== null && perYear < CAUSE_LIMITS.ageingPerYear ? { kind: 'ageing', perYear } : null;

const RULES: readonly Rule[] = [
  registered,
  badData,
  gap,
  clock,
  wrongCapacity,
  stopped,
  curtailed,
  inverterAlarm,
  steepFall,
  inBand,
  snow,
  overVoltage,
  flat,
  inverter,
  regional,
  weakString,
  shading,
  soiling,
  ageing,
];
