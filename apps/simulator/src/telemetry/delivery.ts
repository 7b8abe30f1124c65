import { dayIndexAt } from '../truth/calendar.ts';
import type { FaultBook } from '../truth/fault-book.ts';
import { isActive, type Fault, type FaultKind } from '../truth/faults.ts';
import { readingInstantMs, type GatewaySchedule } from './schedule.ts';

/** What becomes of a reading: sent at once, forgotten, or kept until the gateway may speak again. */
export type Delivery = { kind: 'live' } | { kind: 'lost' } | { kind: 'late'; sentAtMs: number };

const LIVE: Delivery = { kind: 'live' };
const LOST: Delivery = { kind: 'lost' };

/** Whether and when a reading leaves its gateway. */
export function deliveryOf(faults: FaultBook, gateway: GatewaySchedule, seq: number): Delivery {
  const atMs = readingInstantMs(gateway, seq);
  if (dayIndexAt(atMs) < gateway.station.commissionedIndex) return LOST;
  const active = activeFaults(faults, gateway, atMs);
  if (active.length === 0) return LIVE;
  if (active.some(({ kind }) => kind === 'offline')) return LOST;
  const late = active.find(({ kind }) => kind === 'late_backlog');
  return late ? { kind: 'late', sentAtMs: late.toMs } : LIVE;
}

/** The fault that keeps a gateway silent at an instant, or null. */
export function silenceOf(faults: FaultBook, gateway: GatewaySchedule, instantMs: number): Fault | null {
  return findFault(faults, gateway, instantMs, SILENT_KINDS);
}

const SILENT_KINDS: ReadonlySet<FaultKind> = new Set(['offline', 'late_backlog']);

/** The fault of one of the kinds that a gateway has at an instant, or null. */
export function findFault(
  faults: FaultBook,
  gateway: GatewaySchedule,
  instantMs: number,
  kinds: ReadonlySet<FaultKind>,
): Fault | null {
  return activeFaults(faults, gateway, instantMs).find(({ kind }) => kinds.has(kind)) ?? null;
}

function activeFaults(faults: FaultBook, gateway: GatewaySchedule, instantMs: number): readonly Fault[] {
  const today = faults.ofDay(gateway.station.index, dayIndexAt(instantMs));
  return today.length === 0 ? today : today.filter((fault) => isActive(fault, instantMs));
}
