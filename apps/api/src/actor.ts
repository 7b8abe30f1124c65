import type { Session } from '#access';
import { isInArea, PERMISSIONS, type Area, type Permission } from '#domain';
import { ProblemError } from '#platform';
import { requireOwnMachine, type Asking } from './own-machine.ts';

/** Who changes something. */
export interface Actor {
  accountId: string;
  /** Stands under what is done; of one account only. */
  name: string;
  /** County codes; null is the whole city. */
  area: Area;
  /** Who sits at the machine of an open demo, without a login. */
  isLocal: boolean;
}

/** What the guard has found out about a request. */
export interface Visitor {
  session: Session | null;
  /** Without a session, who sits at the machine itself may do everything (PV_ACCESS=open). */
  isOpen: boolean;
}

/** Kept beside the request: nothing that a client sends can set it. */
const visitors = new WeakMap<Asking, Visitor>();
const NOBODY: Visitor = { session: null, isOpen: false };
const LOCAL_ACTOR: Actor = { accountId: 'local', name: '本机值班员', area: null, isLocal: true };

export function setVisitor(request: Asking, visitor: Visitor): void {
  visitors.set(request, visitor);
}

export function visitorOf(request: Asking): Visitor {
  return visitors.get(request) ?? NOBODY;
}

/**
 * Who sends this request, where he may do this: the account of the session, or who sits at the machine of an open demo.
 * @throws ProblemError 401 `access.login_needed`, 403 `access.not_allowed`, `access.change_password_first`; without a
 *   login in an open demo 403 `request.only_local`
 */
export function requireActor(request: Asking, permission: Permission): Actor {
  const { session, isOpen } = visitorOf(request);
  if (session !== null) {
    requireOwnPassword(session);
    if (!session.permissions.includes(permission))
      throw new ProblemError(403, 'access.not_allowed', `the role ${session.role} has no ${permission}`);
    return {
      accountId: session.accountId,
      name: session.displayName,
      area: session.area,
      isLocal: false,
    };
  }
  if (!isOpen) throw loginNeeded();
  requireOwnMachine(request);
  return LOCAL_ACTOR;
}

/** Name under a signature: one's own with a login; at the machine of an open demo the one that is typed in. */
export const signerOf = (actor: Actor, typed: string) => (actor.isLocal ? typed : actor.name);

/** The session of who asks. @throws ProblemError 401 `access.login_needed` */
export function requireSession(request: Asking): Session {
  const { session } = visitorOf(request);
  if (session === null) throw loginNeeded();
  return session;
}

/** @throws ProblemError 403 `access.change_password_first`: somebody else knows the password of a new account. */
export function requireOwnPassword(session: Session): void {
  if (session.mustChangePassword)
    throw new ProblemError(403, 'access.change_password_first', 'choose a password of your own first');
}

const loginNeeded = () => new ProblemError(401, 'access.login_needed', 'log in first');

/** What who asks may do; of an open demo, all that is taken from the machine itself. */
export function permissionsOfVisitor(request: Asking): readonly Permission[] {
  const { session, isOpen } = visitorOf(request);
  if (session !== null) return session.permissions;
  return isOpen && isOwnMachine(request) ? PERMISSIONS : [];
}

/**
 * The county that a reader is shown: the one asked for, or the only one of his area.
 * @throws ProblemError 403 `access.outside_area` for a county that is not his, or the city where he has several counties.
 */
export function countyFor(request: Asking, asked: string | undefined): string | undefined {
  const area = visitorOf(request).session?.area ?? null;
  if (area === null) return asked;
  if (asked === undefined && area.length === 1) return area[0];
  if (asked === undefined || !isInArea(area, asked))
    throw new ProblemError(403, 'access.outside_area', `this account sees ${area.join(', ')} only`);
  return asked;
}

/** As {@link countyFor}, as a part of a query that has its county only where there is one. */
export function areaOf(request: Asking, query: { county?: string | undefined }): { county?: string } {
  const county = countyFor(request, query.county);
  return county === undefined ? {} : { county };
}

/**
 * Counties that a reader is shown: the one asked for, or all of his area; null is the whole city.
 * @throws ProblemError 403 `access.outside_area`
 */
export function countiesFor(request: Asking, asked: string | undefined): Area {
  if (asked === undefined) return visitorOf(request).session?.area ?? null;
  countyFor(request, asked);
  return [asked];
}

function isOwnMachine(request: Asking): boolean {
  try {
    requireOwnMachine(request);
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}
