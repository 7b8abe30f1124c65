import type { FastifyRequest } from 'fastify';
import { ProblemError } from '#platform';

/**
 * There are no accounts yet, so things are changed only by who sits at the machine itself: not by another machine, and
 * not by a page of another site that a browser on this machine has open.
 * @throws ProblemError 403 with `code`
 */
export function requireOwnMachine(request: FastifyRequest, code = 'request.only_local'): void {
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.ip);
  const isLocalHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '');
  const isOwnPage = origin === undefined || origin === `http://${host}`;
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isLocal || !isLocalHost || !isOwnPage || !isOwnSite)
    throw new ProblemError(403, code, 'changes are taken from this machine only');
}
