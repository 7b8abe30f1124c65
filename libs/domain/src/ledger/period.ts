/**
 * States of a period (month): `open` ↔ `on_hold` → `closed`, and `open` → `closed`.
 * - open: takes every entry.
 * - on_hold: takes reversals and adjustments only, while somebody looks.
 * - closed: takes nothing, for ever; what was wrong in it is adjusted in an open period.
 */
export const PERIOD_STATES = ['open', 'on_hold', 'closed'] as const;
export type PeriodState = (typeof PERIOD_STATES)[number];

const NEXT: Record<PeriodState, readonly PeriodState[]> = {
  open: ['on_hold', 'closed'],
  on_hold: ['open', 'closed'],
  closed: [],
};

/** True where a period may go from one state to the other. */
export function canChangePeriod(change: { from: PeriodState; to: PeriodState }): boolean {
  return NEXT[change.from].includes(change.to);
}
