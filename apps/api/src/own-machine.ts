import type { FastifyRequest } from 'fastify';
import { ProblemError } from '#platform';

/** The part of a request that says who asks. */
export type Asking = Pick<FastifyRequest, 'ip' | 'headers'>;

/**
 * In an open demo there is no login, so things are changed only by who sits at the machine itself: not by another machine, and
 * not by a page of another site that a browser on this machine has open.
 * @throws ProblemError 403 `request.only_local`
 */
export function requireOwnMachine(request: Asking): void {
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.ip);
  const isLocalHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '');
  const isOwnPage = origin === undefined || origin === `http://${host}`;
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isLocal || !isLocalHost || !isOwnPage || !isOwnSite)
    throw new ProblemError(403, 'request.only_local', 'changes are taken from this machine only');
}

/**
 * With a login any machine may change things, but only from a page of this server: a browser sends the cookie along with
 * what a page of another site makes it send. Programs send neither header.
 * @throws ProblemError 403 `request.foreign_page`
 */
export function requireOwnPage(request: Asking): void {
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  const isOwnPage = origin === undefined || (host !== undefined && URL.parse(origin)?.host === host);
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwnPage || !isOwnSite)
    throw new ProblemError(403, 'request.foreign_page', 'changes are taken from pages of this server only');
}
