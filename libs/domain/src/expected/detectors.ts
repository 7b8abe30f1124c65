/*
 * Detectors with memory. Each is a pure step `(memory, observation) -> memory`; memories are plain data.
 *
 * Sums (large, small, siblings), one step a judged day:
 *   quiet --(sum > open, or one very bad bright day where the rule has it)--> open
 *   open  --(sum < close, or enough bright days near zero)--> quiet, sum 0
 *   A day that is not judged changes nothing.
 * Zero, one step an interval:
 *   quiet --(sun, no power, 30 minutes on end)--> open
 *   open  --(above half of the expected, 30 minutes on end)--> quiet; night and gaps change nothing.
 * String, one step an interval with enough power:
 *   quiet --(dispersion > 10 % for 2 h, or a string < 50 % of the median for 1 h)--> open (major above 20 %)
 *   open  --(dispersion < 8 % for a day's worth of intervals)--> quiet.
 * Baseline freeze: learning --(sum > open / 2)--> frozen --(sum falls, or 30 days)--> learning.
 */
import { clamp } from './statistics.ts';

/** A rule that adds up the loss of days until it is sure. Deviations are ln ratios. */
export interface SumRule {
  /** Loss that the rule looks for. */
  loss: number;
  /** One day counts at most this many deviations. */
  clipSigmas: number;
  open: number;
  close: number;
  sumMax: number;
  sigmaMin: number;
  /** Days under a darker sky are passed over. */
  skyIndexMin: number;
  /** This many bright days on end with a deviation above `closeDeviation` close it too. */
  closeDays: number;
  closeDeviation: number;
  /** One day adds this much at most. */
  gainMax: number;
  /** One bright day below `-max(this, 5 sigma)` with more than 1 kWh per kW of light opens at once; null: never. */
  oneDayLoss: number | null;
}

export const LARGE_RULE: SumRule = {
  loss: 0.25,
  clipSigmas: 8,
  open: 12,
  close: 4,
  sumMax: 24,
  sigmaMin: 0.02,
  skyIndexMin: 0,
  closeDays: 2,
  closeDeviation: -0.05,
  // Two bad days at least: the tails of a day of broken cloud are too long for one.
  gainMax: 8,
  oneDayLoss: 0.45,
};
export const SMALL_RULE: SumRule = {
  loss: 0.08,
  clipSigmas: 2.5,
  open: 8,
  close: 2.4,
  sumMax: 12,
  sigmaMin: 0.02,
  skyIndexMin: 0.35,
  closeDays: 3,
  closeDeviation: -0.02,
  gainMax: 8,
  oneDayLoss: null,
};
/** For the ratio of one inverter to its siblings, which share sky and dust. */
export const SIBLING_RULE: SumRule = {
  ...SMALL_RULE,
  loss: 0.02,
  sigmaMin: 0.005,
  closeDeviation: -0.005,
};

const BRIGHT_INDEX = 0.5;
const ONE_DAY_SIGMAS = 5;
const ONE_DAY_HOURS = 1;

export interface SumMemory {
  sum: number;
  isOpen: boolean;
  /** Day on which the sum last left zero: where the loss most likely began; null at zero. */
  sinceDay: string | null;
  openedDay: string | null;
  goodDays: number;
}

export interface SumObservation {
  day: string;
  /** ln of measured over expected. */
  deviation: number;
  sigma: number;
  skyIndex: number;
  /** Expected energy over installed power, kWh per kW. */
  expectedHours: number;
}

export const quietSum = (): SumMemory => ({
  sum: 0,
  isOpen: false,
  sinceDay: null,
  openedDay: null,
  goodDays: 0,
});

/** One judged day of a sum: `S = max(0, S + loss/sigma^2 * (-deviation - loss/2))`, the deviation clipped. */
export function stepSum(memory: SumMemory, rule: SumRule, seen: SumObservation): SumMemory {
  if (seen.skyIndex < rule.skyIndexMin) return memory;
  const sigma = Math.max(rule.sigmaMin, seen.sigma);
  const reach = rule.clipSigmas * sigma;
  const deviation = clamp(seen.deviation, -reach, reach);
  const gain = Math.min(rule.gainMax, (rule.loss / sigma ** 2) * (-deviation - rule.loss / 2));
  const sum = clamp(memory.sum + gain, 0, rule.sumMax);
  const isGood = seen.skyIndex >= BRIGHT_INDEX && seen.deviation > rule.closeDeviation;
  const isBad = seen.deviation <= rule.closeDeviation;
  const goodDays = isGood ? memory.goodDays + 1 : isBad ? 0 : memory.goodDays;
  const sinceDay = sum === 0 ? null : (memory.sinceDay ?? seen.day);
  const atOnce =
    rule.oneDayLoss !== null &&
    seen.expectedHours > ONE_DAY_HOURS &&
    seen.skyIndex >= BRIGHT_INDEX &&
    seen.deviation < -Math.max(rule.oneDayLoss, ONE_DAY_SIGMAS * sigma);
  if (memory.isOpen) {
    const isOver = !atOnce && (sum < rule.close || goodDays >= rule.closeDays);
    return isOver ? { ...quietSum(), goodDays } : { ...memory, sum, goodDays };
  }
  const opens = sum > rule.open || atOnce;
  return {
    sum,
    isOpen: opens,
    sinceDay: opens ? (sinceDay ?? seen.day) : sinceDay,
    openedDay: opens ? seen.day : null,
    goodDays: opens ? 0 : goodDays,
  };
}

/** How long a baseline has been kept from learning, days. */
export interface FreezeMemory {
  days: number;
}

export const FREEZE_DAYS_MAX = 30;

/**
 * True while the baseline must not learn: a sum above half of its opening level, for 30 days at most. An open alarm
 * keeps its own baseline beyond that.
 */
export function stepFreeze(
  memory: FreezeMemory,
  sums: readonly { memory: SumMemory; rule: SumRule }[],
): { memory: FreezeMemory; isFrozen: boolean } {
  const suspicious = sums.some(({ memory: { sum, isOpen }, rule }) => isOpen || sum > rule.open / 2);
  if (!suspicious) return { memory: { days: 0 }, isFrozen: false };
  const isOpen = sums.some(({ memory: { isOpen: open } }) => open);
  const days = memory.days + 1;
  return { memory: { days }, isFrozen: isOpen || days <= FREEZE_DAYS_MAX };
}

export const ZERO_LIMITS = {
  /** Expected power, kW per kW, from which no power is wrong. */
  expectedPerW: 0.2,
  powerShare: 0.01,
  backShare: 0.5,
  heldMs: 30 * 60_000,
} as const;

export interface ZeroMemory {
  isOpen: boolean;
  /** How long the opposite has held, ms. */
  heldMs: number;
  openedMs: number | null;
}

export const quietZero = (): ZeroMemory => ({ isOpen: false, heldMs: 0, openedMs: null });

/** One interval of the zero detector; `powerW` or `expectedW` null (not known) changes nothing. */
export function stepZero(
  memory: ZeroMemory,
  seen: {
    atMs: number;
    intervalMs: number;
    powerW: number | null;
    expectedW: number | null;
    capacityW: number;
  },
): ZeroMemory {
  const { powerW, expectedW, capacityW } = seen;
  if (powerW === null || expectedW === null) return memory;
  const inSun = expectedW > ZERO_LIMITS.expectedPerW * capacityW;
  const isZero = inSun && powerW < ZERO_LIMITS.powerShare * capacityW;
  const isBack = powerW > ZERO_LIMITS.powerShare * capacityW && powerW > ZERO_LIMITS.backShare * expectedW;
  if (memory.isOpen && !inSun && !isBack) return memory;
  const turns = memory.isOpen ? isBack : isZero;
  const heldMs = turns ? memory.heldMs + seen.intervalMs : 0;
  if (heldMs < ZERO_LIMITS.heldMs) return { ...memory, heldMs };
  return memory.isOpen ? quietZero() : { isOpen: true, heldMs: 0, openedMs: seen.atMs + seen.intervalMs };
}

export const STRING_LIMITS = {
  powerPerW: 0.3,
  open: 0.1,
  major: 0.2,
  close: 0.08,
  openMs: 2 * 3_600_000,
  deadShare: 0.5,
  deadMs: 3_600_000,
  /** Light of a bright day: hours above 0.3 kW per kW. */
  closeMs: 5 * 3_600_000,
} as const;

export interface StringMemory {
  state: 'quiet' | 'open' | 'major';
  dispersedMs: number;
  deadMs: number;
  evenMs: number;
}

export const quietString = (): StringMemory => ({ state: 'quiet', dispersedMs: 0, deadMs: 0, evenMs: 0 });

/**
 * One interval of one inverter's strings.
 * @param seen.dispersion deviation over mean of the used inputs' current per module; null where not known.
 * @param seen.weakestShare smallest of them over their median.
 */
export function stepString(
  memory: StringMemory,
  seen: { intervalMs: number; powerPerW: number; dispersion: number | null; weakestShare: number | null },
): StringMemory {
  const { dispersion, weakestShare, intervalMs } = seen;
  if (seen.powerPerW <= STRING_LIMITS.powerPerW || dispersion === null) return memory;
  const held = (before: number, holds: boolean): number => (holds ? before + intervalMs : 0);
  const dispersedMs = held(memory.dispersedMs, dispersion > STRING_LIMITS.open);
  const deadMs = held(memory.deadMs, weakestShare !== null && weakestShare < STRING_LIMITS.deadShare);
  const evenMs = held(memory.evenMs, dispersion < STRING_LIMITS.close);
  if (memory.state !== 'quiet' && evenMs >= STRING_LIMITS.closeMs) return quietString();
  const opens = dispersedMs >= STRING_LIMITS.openMs || deadMs >= STRING_LIMITS.deadMs;
  const isMajor = opens && dispersion > STRING_LIMITS.major;
  const state = isMajor ? 'major' : memory.state === 'quiet' && opens ? 'open' : memory.state;
  return { state, dispersedMs, deadMs, evenMs };
}
