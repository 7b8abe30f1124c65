import type { WorkOrder, WorkOrderSummary } from '#contracts';
import { afterAction, WORK_ORDER_ACTIONS, type WorkOrderAction, type WorkOrderStand } from '#domain';
import { ref } from 'vue';
import { nowMs } from '../../state/clock.ts';
import type { OutboxItem } from './outbox.ts';

const isStep = (action: string): action is WorkOrderAction =>
  WORK_ORDER_ACTIONS.some((known) => known === action);

/**
 * Where the order will stand once everything that waits has been sent, so that a repairer without a network goes on. A
 * verification is left out: only the readings on the server say what comes of it.
 */
export function standAfter(order: WorkOrder, waiting: readonly OutboxItem[]): WorkOrderStand {
  let stand: WorkOrderStand = { kind: order.kind, state: order.state, suspendedFrom: order.suspendedFrom };
  for (const { action, refusal } of waiting)
    if (refusal === null && isStep(action) && action !== 'verify')
      stand = afterAction(stand, action) ?? stand;
  return stand;
}

/** How long until an order is due, ms; negative where it is overdue; null where no clock runs. */
export function dueInMs(order: Pick<WorkOrderSummary, 'due'>, atMs: number): number | null {
  return order.due === null ? null : Date.parse(order.due.at) - atMs;
}

/** The clock of the last answer, carried forward; the browser's own clock may be wrong. */
const answered = ref<{ asOfMs: number; observedMs: number } | null>(null);
export function observeAnswer(asOf: string): void {
  answered.value = { asOfMs: Date.parse(asOf), observedMs: performance.now() };
}
/** Epoch ms by the server, as well as it is known. */
export function orderNowMs(): number {
  if (nowMs.value !== null) return nowMs.value;
  const last = answered.value;
  return last ? last.asOfMs + performance.now() - last.observedMs : Date.now();
}
