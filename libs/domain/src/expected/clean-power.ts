import { quantile } from './statistics.ts';

/**
 * What is known of a quarter hour: `ok`; `clipped` (believed, but at the limit of the inverters, so it tells nothing of
 * the sky); the others are unknown.
 */
export type SlotFlag = 'ok' | 'clipped' | 'missing' | 'out_of_range' | 'stale' | 'filled' | 'spike';

export interface CleanPower {
  /** Mean power, W; null is unknown. Night draw counts as 0. */
  powersW: (number | null)[];
  flags: SlotFlag[];
}

/** Limits of what is believed, as shares of the rated power. */
export const CLEAN_LIMITS = {
  low: -0.01,
  high: 1.1,
  staleFloor: 0.005,
  staleRun: 3,
  filledRun: 4,
  spike: 0.3,
  clippedWithin: 0.005,
} as const;

/**
 * Cleans the 15-minute mean powers of one day of a station or inverter.
 *
 * Below -1 % or above 110 % of the rated power is not believed; three equal values above 0.5 % are a frozen reading,
 * unless they stand at the limit; four equal non-zero differences are a filled gap; more than 30 % of the rated power
 * off the median of five is a spike where the neighbours (kW per kW, same slots) show none. Source: POW-01, POW-02,
 * POW-04 and POW-06 of the shared cases; thresholds of `docs/EXPECTED-OUTPUT.md`.
 * @param ratedPowerW the larger of installed and rated AC power, W.
 * @param limitW plateau of the station, W; null where it has none.
 */
export function cleanPowers(input: {
  powersW: readonly (number | null)[];
  ratedPowerW: number;
  limitW: number | null;
  neighboursPerW?: readonly (number | null)[];
}): CleanPower {
  const { ratedPowerW } = input;
  const flags: SlotFlag[] = input.powersW.map((powerW) => {
    if (powerW === null || !Number.isFinite(powerW)) return 'missing';
    if (powerW < CLEAN_LIMITS.low * ratedPowerW || powerW > CLEAN_LIMITS.high * ratedPowerW)
      return 'out_of_range';
    const atLimit = input.limitW !== null && powerW >= input.limitW * (1 - CLEAN_LIMITS.clippedWithin);
    return atLimit ? 'clipped' : 'ok';
  });
  markRuns(input.powersW, flags, ratedPowerW);
  if (input.neighboursPerW) markSpikes(input.powersW, input.neighboursPerW, flags, ratedPowerW);
  const powersW = input.powersW.map((powerW, slot) => {
    const flag = flags[slot];
    return powerW !== null && (flag === 'ok' || flag === 'clipped') ? Math.max(0, powerW) : null;
  });
  return { powersW, flags };
}

function markRuns(powersW: readonly (number | null)[], flags: SlotFlag[], ratedPowerW: number): void {
  const floorW = CLEAN_LIMITS.staleFloor * ratedPowerW;
  let equal = 1;
  let straight = 0;
  for (let slot = 1; slot < powersW.length; slot += 1) {
    const here = powersW[slot] ?? null;
    const before = powersW[slot - 1] ?? null;
    const earlier = powersW[slot - 2] ?? null;
    const isSame = here !== null && here === before && here > floorW && flags[slot] === 'ok';
    equal = isSame ? equal + 1 : 1;
    if (equal === CLEAN_LIMITS.staleRun) markBack(flags, slot, CLEAN_LIMITS.staleRun, 'stale');
    else if (equal > CLEAN_LIMITS.staleRun) flags[slot] = 'stale';
    const isStraight =
      here !== null &&
      before !== null &&
      earlier !== null &&
      here !== before &&
      Math.abs(here - 2 * before + earlier) < 1e-9 * ratedPowerW;
    straight = isStraight ? straight + 1 : 0;
    // Equal second steps one after the other: n of them are n + 1 equal differences.
    if (straight + 1 >= CLEAN_LIMITS.filledRun) markBack(flags, slot - 1, straight, 'filled');
  }
}

function markBack(flags: SlotFlag[], last: number, count: number, flag: SlotFlag): void {
  for (let slot = last; slot > last - count && slot >= 0; slot -= 1)
    if (flags[slot] === 'ok') flags[slot] = flag;
}

function markSpikes(
  powersW: readonly (number | null)[],
  neighboursPerW: readonly (number | null)[],
  flags: SlotFlag[],
  ratedPowerW: number,
): void {
  const stepOf = (values: readonly (number | null)[], slot: number): number | null => {
    const around = values.slice(Math.max(0, slot - 2), slot + 3).filter((value) => value !== null);
    const middle = around.length < 3 ? null : quantile(around, 0.5);
    const here = values[slot] ?? null;
    return here === null || middle === null ? null : here - middle;
  };
  powersW.forEach((_, slot) => {
    const own = stepOf(powersW, slot);
    const others = stepOf(neighboursPerW, slot);
    if (flags[slot] !== 'ok' || own === null || others === null) return;
    const shared = Math.sign(own) === Math.sign(others) && Math.abs(others) > CLEAN_LIMITS.spike / 2;
    if (Math.abs(own) > CLEAN_LIMITS.spike * ratedPowerW && !shared) flags[slot] = 'spike';
  });
}
