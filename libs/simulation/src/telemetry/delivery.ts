import { dayIndexAt } from '../truth/calendar.ts';
import type { FaultBook } from '../truth/fault-book.ts';
import { isActive, type Fault, type FaultKind } from '../truth/faults.ts';
import { keyOf, unit } from '../truth/random.ts';
import { readingInstantMs, type GatewaySchedule } from './schedule.ts';

/**
 * What becomes of a reading: sent at once, forgotten, kept until the gateway may speak again, or dropped by the modem on
 * its first way out, so that it is there for who asks.
 */
export type Delivery =
  { kind: 'live' } | { kind: 'lost' } | { kind: 'late'; sentAtMs: number } | { kind: 'dropped' };

const LIVE: Delivery = { kind: 'live' };
const LOST: Delivery = { kind: 'lost' };
const DROPPED: Delivery = { kind: 'dropped' };

/** Whether and when a reading leaves its gateway. */
export function deliveryOf(faults: FaultBook, gateway: GatewaySchedule, seq: number): Delivery {
  const atMs = readingInstantMs(gateway, seq);
  if (dayIndexAt(atMs) < gateway.station.commissionedIndex) return LOST;
  const active = activeFaults(faults, gateway, atMs);
  if (active.length === 0) return LIVE;
  if (active.some(({ kind }) => kind === 'offline')) return LOST;
  const late = active.find(({ kind }) => kind === 'late_backlog');
  if (late) return { kind: 'late', sentAtMs: late.toMs };
  return isStruck(active, 'lost_messages', gateway, seq) ? DROPPED : LIVE;
}

/** True where a second message with other values follows message number `seq`. */
export function isContradicted(faults: FaultBook, gateway: GatewaySchedule, seq: number): boolean {
  const active = activeFaults(faults, gateway, readingInstantMs(gateway, seq));
  return active.length > 0 && isStruck(active, 'conflict', gateway, seq);
}

/** A share of the messages, the same ones at every start. */
function isStruck(
  active: readonly Fault[],
  kind: FaultKind,
  { station, code }: GatewaySchedule,
  seq: number,
): boolean {
  const fault = active.find((candidate) => candidate.kind === kind);
  return fault !== undefined && unit(keyOf(station.key, kind, code), seq) < fault.share;
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
