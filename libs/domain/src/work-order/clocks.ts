import { isEnded, type WorkOrderKind, type WorkOrderState } from './work-order.ts';

/**
 * The clocks of a work order (domain.md 3.3, assumed there): accepted in 2 h, on site in 24 h, repaired in 48 h where
 * it is minor and in 72 h where it is major, all from the opening; taking it on and arriving count anew from a return.
 * After the repair there are 48 h, two days of light, to let the readings show it and to close. A suspension stops the
 * clocks: they end that much later.
 */
const HOUR_MS = 3_600_000;

export type WorkOrderClock = 'accept' | 'arrive' | 'repair' | 'close';
export type RepairSize = 'minor' | 'major';
/** Who is told that an order is overdue: the township, then the county. */
export type Escalation = 'none' | 'township' | 'county';

/** Limits in ms; a county may have its own. */
export interface WorkOrderLimits {
  acceptMs: number;
  arriveMs: number;
  repairMinorMs: number;
  repairMajorMs: number;
  closeMs: number;
  /** So long after the limit the county is told as well. */
  countyAfterMs: number;
}

export const DEFAULT_LIMITS: WorkOrderLimits = {
  acceptMs: 2 * HOUR_MS,
  arriveMs: 24 * HOUR_MS,
  repairMinorMs: 48 * HOUR_MS,
  repairMajorMs: 72 * HOUR_MS,
  closeMs: 48 * HOUR_MS,
  countyAfterMs: 24 * HOUR_MS,
};

export interface ClockedOrder {
  kind: WorkOrderKind;
  state: WorkOrderState;
  size: RepairSize;
  openedAtMs: number;
  /** The opening, or the last return. */
  roundStartedAtMs: number;
  repairedAtMs: number | null;
  /** Sum of all suspensions that are over, ms. */
  suspendedMs: number;
  /** End of the day of a planned order; null for a repair. */
  plannedDueAtMs: number | null;
}

/** The clock that runs now and when it is up, epoch ms; null for suspended and ended orders. */
export function dueOf(
  order: ClockedOrder,
  limits: WorkOrderLimits = DEFAULT_LIMITS,
): { clock: WorkOrderClock; dueAtMs: number } | null {
  if (isEnded(order.state) || order.state === 'suspended') return null;
  const shift = order.suspendedMs;
  if (order.state === 'repaired' || order.state === 'verified')
    return { clock: 'close', dueAtMs: (order.repairedAtMs ?? order.openedAtMs) + limits.closeMs };
  if (order.plannedDueAtMs !== null) return { clock: 'repair', dueAtMs: order.plannedDueAtMs + shift };
  if (order.state === 'accepted')
    return { clock: 'arrive', dueAtMs: order.roundStartedAtMs + limits.arriveMs + shift };
  if (order.state === 'on_site') {
    const limitMs = order.size === 'major' ? limits.repairMajorMs : limits.repairMinorMs;
    return { clock: 'repair', dueAtMs: order.openedAtMs + limitMs + shift };
  }
  return { clock: 'accept', dueAtMs: order.roundStartedAtMs + limits.acceptMs + shift };
}

/** Whom an order that is due at an instant concerns now. What is due this instant is not overdue. */
export function escalationOf(
  dueAtMs: number | null,
  nowMs: number,
  limits: WorkOrderLimits = DEFAULT_LIMITS,
): Escalation {
  if (dueAtMs === null || nowMs <= dueAtMs) return 'none';
  return nowMs > dueAtMs + limits.countyAfterMs ? 'county' : 'township';
}

/** The day of the same number `months` later, or the last of that month. */
export function addMonths(day: string, months: number): string {
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(dayOfMonth, last));
  return first.toISOString().slice(0, 10);
}
