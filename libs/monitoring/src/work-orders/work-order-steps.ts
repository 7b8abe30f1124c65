import type { WorkOrderStep } from '#contracts';
import { mayClose, nextState, sidesOf, type RepairVerdict } from '#domain';
import { ProblemError } from '#platform';
import type { OrderRow } from './work-order.repository.ts';
import { withDue, type WorkOrderActor } from './work-order.writer.ts';

/** What a step makes of an order: its new stand and what the history keeps of it. */
export interface StepOutcome {
  order: OrderRow;
  detail: object;
}

/**
 * The order after a step. A verification that does not show the repair changes nothing but the history.
 * @throws ProblemError 409 `work_order.not_possible`, 422 `work_order.cause_needed`, `work_order.side_against_meter`,
 *   `work_order.reason_needed`, `work_order.same_person`
 */
export function takeStep(
  order: OrderRow,
  step: WorkOrderStep,
  done: { actor: WorkOrderActor; at: Date; verdict: RepairVerdict | null },
): StepOutcome {
  const state = nextState(order, step.action);
  if (state === null)
    throw new ProblemError(
      409,
      'work_order.not_possible',
      `an order that is ${order.state} cannot ${step.action}`,
    );
  if (step.action === 'verify' && done.verdict?.kind !== 'verified')
    return { order, detail: { verdict: done.verdict } };
  const { at, actor } = done;
  const moved: OrderRow = { ...order, state, suspendedFrom: null, suspendedAt: null, escalation: 'none' };
  const { order: changed, detail } = changedBy(moved, step, {
    before: order,
    at,
    actor,
    verdict: done.verdict,
  });
  const lastEventAt = at > order.lastEventAt ? at : order.lastEventAt;
  return { order: withDue({ ...changed, lastEventAt }), detail };
}

interface StepDone {
  before: OrderRow;
  at: Date;
  actor: WorkOrderActor;
  verdict: RepairVerdict | null;
}

function changedBy(moved: OrderRow, step: WorkOrderStep, done: StepDone): StepOutcome {
  const { before, at, actor } = done;
  switch (step.action) {
    case 'dispatch':
      return {
        order: { ...moved, assignee: step.assignee, size: step.size ?? moved.size },
        detail: { assignee: step.assignee },
      };
    case 'accept':
      return { order: { ...moved, acceptedAt: at, assignee: moved.assignee ?? actor.name }, detail: {} };
    case 'arrive':
      return { order: { ...moved, arrivedAt: at }, detail: {} };
    case 'suspend':
      return { order: { ...moved, suspendedFrom: before.state, suspendedAt: at }, detail: {} };
    case 'resume': {
      const restedMs = Math.max(0, at.getTime() - (before.suspendedAt ?? at).getTime());
      return { order: { ...moved, suspendedMs: moved.suspendedMs + restedMs }, detail: {} };
    }
    case 'repair':
      return repaired(moved, step, done);
    case 'verify':
      return { order: { ...moved, verifiedAt: at }, detail: { verdict: done.verdict } };
    case 'return':
      return { order: returned(moved, at), detail: {} };
    case 'close':
      return { order: closed(moved, step.reason ?? null, done), detail: { reason: step.reason ?? null } };
    case 'cancel':
      return { order: moved, detail: {} };
  }
}

function repaired(
  moved: OrderRow,
  step: Extract<WorkOrderStep, { action: 'repair' }>,
  { at, actor }: StepDone,
): StepOutcome {
  const cause = step.cause ?? null;
  if (cause === null && moved.kind === 'repair')
    throw new ProblemError(422, 'work_order.cause_needed', 'say what was wrong');
  const sides = cause === null ? [] : sidesOf(cause);
  const side = step.side ?? sides[0] ?? null;
  if (cause !== null && side !== null && !sides.includes(side))
    throw new ProblemError(
      422,
      'work_order.side_against_meter',
      `${cause} is not on the side of ${side}: the line is the meter`,
    );
  const labourFen = moved.labourFen + BigInt(step.labourFen);
  return {
    order: { ...moved, cause, side, labourFen, repairedAt: at, repairedBy: actor.accountId },
    detail: { cause, side, parts: step.parts, labourFen: step.labourFen },
  };
}

/** The work begins anew; what it has cost stays. */
function returned(moved: OrderRow, at: Date): OrderRow {
  return {
    ...moved,
    roundStartedAt: at,
    acceptedAt: null,
    arrivedAt: null,
    repairedAt: null,
    repairedBy: null,
    verifiedAt: null,
  };
}

function closed(moved: OrderRow, reason: string | null, { at, actor }: StepDone): OrderRow {
  const verdict = mayClose({
    kind: moved.kind,
    isVerified: moved.verifiedAt !== null,
    repairedBy: moved.repairedBy,
    closer: actor.accountId,
    reason,
  });
  switch (verdict) {
    case 'reason_needed':
      throw new ProblemError(
        422,
        'work_order.reason_needed',
        'the readings do not show the repair: say why it is closed',
      );
    case 'other_person_needed':
      throw new ProblemError(
        422,
        'work_order.same_person',
        'the readings do not show the repair: who reported it cannot close it, another person must',
      );
    case 'may_close':
      return { ...moved, closedAt: at, closedBy: actor.accountId, closeReason: reason };
  }
}
