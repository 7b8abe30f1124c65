import { DAY_MS, dayOf, dayStartMs, QUARTER_HOUR_MS } from '../time/shanghai.ts';

/**
 * Whether the readings after a repair show that it helped (domain.md 3.3): two hours of light that are normal, or a
 * whole day after that of the repair with 90 % of the neighbours. Two hours are eight quarter hours, the last ones in
 * which there was light enough to tell and of which both sides are known; normal is the 80 % of domain.md 3.2.
 */
export const NORMAL_QUARTERS = 8;
export const NORMAL_RATIO = 0.8;
export const NEXT_DAY_RATIO = 0.9;
/** Below this the neighbours make so little, in Wh a quarter hour and kW, that a ratio says nothing: 50 W a kW. */
export const LIGHT_WH_PER_KW = 12.5;
/** A day has to have so many quarter hours that can be compared. */
const DAY_QUARTERS = 16;

/** A quarter hour after the repair. Null is unknown, 0 is measured. */
export interface RepairQuarter {
  startsAtMs: number;
  ownWh: number | null;
  /** What it should have made, by the expected output or by its neighbours, Wh. */
  referenceWh: number | null;
}

export type RepairVerdict =
  | { kind: 'verified'; ratio: number }
  | { kind: 'no_daylight' }
  | { kind: 'no_readings' }
  | { kind: 'too_soon'; quarters: number; ratio: number }
  | { kind: 'not_better'; ratio: number };

/**
 * Judges the quarter hours that began at or after the repair, in order of time.
 * @param capacityW installed power, W, positive
 */
export function judgeRepair(question: {
  quarters: readonly RepairQuarter[];
  capacityW: number;
  repairedAtMs: number;
  nowMs: number;
}): RepairVerdict {
  const { quarters, capacityW, repairedAtMs, nowMs } = question;
  if (capacityW <= 0) throw new RangeError('the capacity must be positive');
  const lightWh = (LIGHT_WH_PER_KW * capacityW) / 1000;
  const lit = quarters.filter(
    ({ startsAtMs, referenceWh }) =>
      startsAtMs >= repairedAtMs &&
      startsAtMs + QUARTER_HOUR_MS <= nowMs &&
      referenceWh !== null &&
      referenceWh >= lightWh,
  );
  if (lit.length === 0) return { kind: 'no_daylight' };
  const known = lit.flatMap(({ startsAtMs, ownWh, referenceWh }) =>
    ownWh === null || referenceWh === null ? [] : [{ startsAtMs, ownWh, referenceWh }],
  );
  if (known.length === 0) return { kind: 'no_readings' };
  const dayRatio = lastWholeDay(known, { repairedAtMs, nowMs });
  if (dayRatio !== null && dayRatio >= NEXT_DAY_RATIO) return { kind: 'verified', ratio: dayRatio };
  const last = known.slice(-NORMAL_QUARTERS);
  const ratio = ratioOf(last);
  if (last.length < NORMAL_QUARTERS) return { kind: 'too_soon', quarters: last.length, ratio };
  return ratio >= NORMAL_RATIO ? { kind: 'verified', ratio } : { kind: 'not_better', ratio };
}

interface KnownQuarter {
  startsAtMs: number;
  ownWh: number;
  referenceWh: number;
}

const ratioOf = (quarters: readonly KnownQuarter[]): number =>
  quarters.reduce((sum, { ownWh }) => sum + ownWh, 0) /
  quarters.reduce((sum, { referenceWh }) => sum + referenceWh, 0);

/** The ratio of the last whole day after the day of the repair, or null where there is none to compare. */
function lastWholeDay(
  quarters: readonly KnownQuarter[],
  { repairedAtMs, nowMs }: { repairedAtMs: number; nowMs: number },
): number | null {
  const byDay = new Map<string, KnownQuarter[]>();
  for (const quarter of quarters) {
    const day = dayOf(quarter.startsAtMs);
    if (day <= dayOf(repairedAtMs) || dayStartMs(day) + DAY_MS > nowMs) continue;
    byDay.set(day, [...(byDay.get(day) ?? []), quarter]);
  }
  const last = [...byDay.values()].findLast((day) => day.length >= DAY_QUARTERS);
  return last ? ratioOf(last) : null;
}
