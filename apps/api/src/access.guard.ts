import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SessionService } from '#access';
import { ENVIRONMENT, ProblemError, type Environment } from '#platform';
import { ACCESS_RULES, type AccessRule } from './access-rules.ts';
import { requireActor, requireOwnPassword, requireSession, setVisitor } from './actor.ts';
import { requireOwnPage } from './own-machine.ts';
import { routeKey } from './route-key.ts';
import { readSessionCookie } from './session-cookie.ts';

/**
 * Stands before every route: finds the session of the cookie and lets through what the rule of the route allows. A route
 * without a rule is nobody's.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly isOpen: boolean;
  private readonly isReadingOpen: boolean;

  constructor(
    @Inject(ENVIRONMENT) environment: Environment,
    @Inject(SessionService) private readonly sessions: SessionService,
  ) {
    this.isOpen = environment.PV_ACCESS === 'open';
    this.isReadingOpen = this.isOpen || environment.PV_OPEN_READING === 'on';
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const rule = ACCESS_RULES[routeKey(context.getClass(), context.getHandler()) ?? ''];
    if (rule === undefined) throw new ProblemError(403, 'access.no_rule', 'nobody may call this route');
    // Health is asked for while the database is away.
    if (rule === 'public' && request.url.startsWith('/api/health/')) return true;
    const token = readSessionCookie(request.headers.cookie);
    const session = token === null ? null : await this.sessions.find(token);
    setVisitor(request, { session, isOpen: this.isOpen });
    // The cookie goes along with whatever a browser sends here: only a page of this server may make it change something.
    if (request.method !== 'GET' && request.method !== 'HEAD' && (session !== null || rule === 'public'))
      requireOwnPage(request);
    this.check(rule, request);
    return true;
  }

  private check(rule: AccessRule, request: FastifyRequest): void {
    if (rule === 'public') return;
    if (rule === 'session') requireSession(request);
    else if (rule === 'reading') this.checkReading(request);
    // Which permission it takes, the handler knows; who nobody is, is told here already.
    else if (rule === 'by_body') {
      if (!this.isOpen) requireSession(request);
    } else requireActor(request, rule);
  }

  private checkReading(request: FastifyRequest): void {
    const session = this.isReadingOpen ? null : requireSession(request);
    if (session !== null) requireOwnPassword(session);
  }
}
