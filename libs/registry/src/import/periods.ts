/*
 * Versions by date of one thing: the price component of a station, the shares of a station. A version holds from
 * `from` up to, not including, `to`; an open end is null. A later version closes an open one, so that on every date
 * from the first version on exactly one holds.
 */
export interface Period {
  from: string;
  to: string | null;
}

export type PeriodProblem = 'import.bad_period' | 'import.period_overlap' | 'import.period_gap';

export interface ChainedPeriods {
  /** Ends of the new versions, by their beginning. */
  ends: Map<string, string | null>;
  /** Stored versions that were open and now end. */
  closed: { from: string; to: string }[];
  /** Problems of the new versions, by their beginning. */
  problems: { from: string; code: PeriodProblem }[];
}

/**
 * Puts new versions among the stored ones. Beginnings must differ: a version that is stored already is left out
 * before.
 */
export function chainPeriods(stored: readonly Period[], incoming: readonly Period[]): ChainedPeriods {
  const result: ChainedPeriods = { ends: new Map(), closed: [], problems: [] };
  const all = [
    ...stored.map((period) => ({ ...period, isNew: false })),
    ...incoming.map((period) => ({ ...period, isNew: true })),
  ].sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const [index, period] of all.entries()) {
    const next = all[index + 1];
    const end = period.to ?? next?.from ?? null;
    if (period.isNew) result.ends.set(period.from, end);
    if (period.isNew && end !== null && end <= period.from) {
      result.problems.push({ from: period.from, code: 'import.bad_period' });
    }
    if (next === undefined || !(period.isNew || next.isNew)) continue;
    if (!period.isNew && period.to === null) result.closed.push({ from: period.from, to: next.from });
    const blamed = next.isNew ? next.from : period.from;
    if (period.to !== null && period.to > next.from) {
      result.problems.push({ from: blamed, code: 'import.period_overlap' });
    }
    if (period.to !== null && period.to < next.from)
      result.problems.push({ from: blamed, code: 'import.period_gap' });
  }
  return result;
}

export const PERIOD_REASONS: Record<PeriodProblem, string> = {
  'import.bad_period': '失效日期必须晚于生效日期',
  'import.period_overlap': '与另一版本的有效期重叠',
  'import.period_gap': '与另一版本之间有空档，失效日期应等于下一版本的生效日期',
};
