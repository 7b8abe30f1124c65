import type { FastifyRequest } from 'fastify';
import { requireOwnMachine } from './own-machine.ts';

/** Who changes something. */
export interface Actor {
  accountId: string;
  name: string;
}

/** What a person may be allowed to do. */
export type Permission =
  | 'alarm.handle'
  | 'alarm.configure'
  | 'work_order.handle'
  | 'work_order.plan'
  | 'settlement.import'
  | 'settlement.match'
  | 'settlement.propose'
  | 'settlement.approve'
  | 'settlement.configure'
  | 'ledger.period';

/**
 * Who sends this request, where he may do this. There are no accounts yet: it is who sits at the machine itself.
 * @throws ProblemError 403 `request.only_local`
 */
export function requireActor(request: FastifyRequest, _permission: Permission): Actor {
  requireOwnMachine(request);
  return { accountId: 'local', name: '本机值班员' };
}
