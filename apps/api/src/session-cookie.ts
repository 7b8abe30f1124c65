import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MAX_MS } from '#access';

/** No script of a page sees it, and no other site's page sends it along. */
const NAME = 'sunledger_session';
const FLAGS = 'Path=/; HttpOnly; SameSite=Strict';

/** Token of the cookie header; null where there is none. The first one counts: it has the longest path. */
export function readSessionCookie(header: string | undefined): string | null {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === NAME && value !== undefined && value !== '') return value;
  }
  return null;
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  const maxAgeS = Math.floor(SESSION_MAX_MS / 1000);
  reply.header('set-cookie', `${NAME}=${token}; ${FLAGS}; Max-Age=${maxAgeS}${secure(request)}`);
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', `${NAME}=; ${FLAGS}; Max-Age=0${secure(request)}`);
}

/** What the browser itself says of the page tells https also behind a proxy that says nothing. */
function secure(request: FastifyRequest): string {
  const isHttps = request.protocol === 'https' || (request.headers.origin ?? '').startsWith('https:');
  return isHttps ? '; Secure' : '';
}
