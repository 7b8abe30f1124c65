import type { Fault } from '../truth/faults.ts';
import type { FaultBook } from '../truth/fault-book.ts';
import { deliveryOf, isContradicted } from './delivery.ts';
import { readingInstantMs, seqAfter, type GatewaySchedule } from './schedule.ts';

/**
 * Numbers of the messages that a fault touches among those read in [fromMs, toMs): never sent (`offline`), sent later
 * (`late_backlog`), sent when asked (`lost_messages`), contradicted (`conflict`), doubled or with a wrong time.
 * @returns null where the fault is not one of messages.
 */
export function touchedMessages(
  faults: FaultBook,
  gateway: GatewaySchedule,
  fault: Fault,
  span: { fromMs: number; toMs: number },
): number[] | null {
  const touches = testOf(faults, gateway, fault);
  if (touches === null) return null;
  const endMs = Math.min(fault.toMs, span.toMs);
  const touched: number[] = [];
  let seq = seqAfter(gateway, Math.max(fault.fromMs, span.fromMs) - 1);
  for (; readingInstantMs(gateway, seq) < endMs; seq += 1) if (touches(seq)) touched.push(seq);
  return touched;
}

function testOf(
  faults: FaultBook,
  gateway: GatewaySchedule,
  { kind }: Fault,
): ((seq: number) => boolean) | null {
  const delivery = (seq: number) => deliveryOf(faults, gateway, seq).kind;
  switch (kind) {
    case 'offline':
      return (seq) => delivery(seq) === 'lost';
    case 'late_backlog':
      return (seq) => delivery(seq) === 'late';
    case 'lost_messages':
      return (seq) => delivery(seq) === 'dropped';
    case 'conflict':
      // What was sent because it was asked for is sent once.
      return (seq) => isSent(delivery(seq)) && isContradicted(faults, gateway, seq);
    case 'clock_skew':
      return (seq) => delivery(seq) !== 'lost';
    case 'duplicate':
      return (seq) => isSent(delivery(seq));
    case 'garbage':
    case 'counter_reset':
    case 'counter_jump':
    case 'outage':
    case 'zero':
    case 'low':
    case 'string_low':
    case 'insulation':
    case 'device_silent':
    case 'over_voltage':
    case 'overheat':
      return null;
  }
}

const isSent = (delivery: ReturnType<typeof deliveryOf>['kind']): boolean =>
  delivery === 'live' || delivery === 'late';
