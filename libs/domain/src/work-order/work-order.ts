/**
 * Work orders (domain.md 3.3).
 *
 * An order is `opened`, by hand, by an alarm or by a plan. Dispatched to somebody it is `dispatched`. Who takes it on
 * makes it `accepted`, who is there `on_site`, and who has done the work `repaired`. The readings after the repair make
 * it `verified`, and then it is `closed`. A planned order (patrol, wash, grass) has nothing that readings could show and
 * is closed from `repaired`.
 *
 * `returned` is back with the one who dispatches: the repairer cannot do it, or the repair is no better. It is
 * dispatched or accepted again. `suspended` waits for spare parts or a road; it stops the clocks and goes on where it
 * was. `closed` and `cancelled` are the ends. A repair that the readings do not show is closed only with a reason, and
 * by another person than the one who reported the repair. That it is overdue is no state: a clock says so (`clocks.ts`).
 */
export const WORK_ORDER_STATES = [
  'opened',
  'dispatched',
  'accepted',
  'on_site',
  'suspended',
  'repaired',
  'verified',
  'returned',
  'closed',
  'cancelled',
] as const;
export type WorkOrderState = (typeof WORK_ORDER_STATES)[number];

export const WORK_ORDER_ACTIONS = [
  'dispatch',
  'accept',
  'arrive',
  'suspend',
  'resume',
  'repair',
  'verify',
  'return',
  'close',
  'cancel',
] as const;
export type WorkOrderAction = (typeof WORK_ORDER_ACTIONS)[number];

export const WORK_ORDER_KINDS = ['repair', 'patrol', 'wash', 'grass'] as const;
export type WorkOrderKind = (typeof WORK_ORDER_KINDS)[number];

/** What the next state depends on. */
export interface WorkOrderStand {
  kind: WorkOrderKind;
  state: WorkOrderState;
  /** Where a suspended order goes on; null elsewhere. */
  suspendedFrom: WorkOrderState | null;
}

const FROM: Record<WorkOrderAction, readonly WorkOrderState[]> = {
  dispatch: ['opened', 'dispatched', 'returned'],
  accept: ['opened', 'dispatched', 'returned'],
  arrive: ['accepted'],
  suspend: ['accepted', 'on_site'],
  resume: ['suspended'],
  repair: ['on_site'],
  verify: ['repaired'],
  return: ['dispatched', 'accepted', 'on_site', 'repaired', 'verified'],
  close: ['repaired', 'verified'],
  cancel: ['opened', 'dispatched', 'accepted', 'on_site', 'suspended', 'returned'],
};
const TO: Record<Exclude<WorkOrderAction, 'resume'>, WorkOrderState> = {
  dispatch: 'dispatched',
  accept: 'accepted',
  arrive: 'on_site',
  suspend: 'suspended',
  repair: 'repaired',
  verify: 'verified',
  return: 'returned',
  close: 'closed',
  cancel: 'cancelled',
};

/** True where the order has come to an end. */
export function isEnded(state: WorkOrderState): boolean {
  return state === 'closed' || state === 'cancelled';
}

/** True where readings have to show that the work helped. */
export function needsVerification(kind: WorkOrderKind): boolean {
  return kind === 'repair';
}

/** The state after an action that succeeds, or null where the action is not possible now. */
export function nextState(stand: WorkOrderStand, action: WorkOrderAction): WorkOrderState | null {
  if (!FROM[action].includes(stand.state)) return null;
  if (action === 'verify' && !needsVerification(stand.kind)) return null;
  return action === 'resume' ? stand.suspendedFrom : TO[action];
}

/** What can be done now, in the order of the work. */
export function possibleActions(stand: WorkOrderStand): WorkOrderAction[] {
  return WORK_ORDER_ACTIONS.filter((action) => nextState(stand, action) !== null);
}

/** The stand after an action that succeeds; null where it is not possible. */
export function afterAction(stand: WorkOrderStand, action: WorkOrderAction): WorkOrderStand | null {
  const state = nextState(stand, action);
  if (state === null) return null;
  return { kind: stand.kind, state, suspendedFrom: action === 'suspend' ? stand.state : null };
}

/** Who does it: the one in the field, or the one at the desk who sends orders out and ends them. */
export function permissionOf(action: WorkOrderAction): 'work_order.handle' | 'work_order.plan' {
  switch (action) {
    case 'accept':
    case 'arrive':
    case 'suspend':
    case 'resume':
    case 'repair':
    case 'verify':
    case 'return':
      return 'work_order.handle';
    case 'dispatch':
    case 'close':
    case 'cancel':
      return 'work_order.plan';
  }
}

export type CloseVerdict = 'may_close' | 'reason_needed' | 'other_person_needed';

/** Whether a repaired or verified order may be closed by a person (domain.md 3.3: verified by data before closing). */
export function mayClose(order: {
  kind: WorkOrderKind;
  isVerified: boolean;
  repairedBy: string | null;
  closer: string;
  reason: string | null;
}): CloseVerdict {
  if (order.isVerified || !needsVerification(order.kind)) return 'may_close';
  if (order.repairedBy === order.closer) return 'other_person_needed';
  return order.reason === null || order.reason.trim() === '' ? 'reason_needed' : 'may_close';
}

/** A form that was kept on a phone for longer than this counts as done when it came in. */
export const KEPT_FORM_MAX_MS = 7 * 86_400_000;

/**
 * When an action counts as done, epoch ms. A phone without network says itself when it was; it is believed up to now,
 * not before the last thing that happened to the order, and not for longer than a week.
 */
export function happenedAtMs(times: {
  claimedMs: number | null;
  recordedMs: number;
  lastMs: number | null;
}): number {
  const { claimedMs, recordedMs, lastMs } = times;
  if (claimedMs === null || claimedMs < recordedMs - KEPT_FORM_MAX_MS) return recordedMs;
  return Math.min(recordedMs, Math.max(claimedMs, lastMs ?? claimedMs));
}
