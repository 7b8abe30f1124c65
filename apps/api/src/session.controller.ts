import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  AUDIT_PAGE_SIZE,
  auditListSchema,
  auditQuerySchema,
  demoLoginSchema,
  loginSchema,
  passwordChangeSchema,
  sessionViewSchema,
  type AuditList,
  type AuditQuery,
  type DemoLoginEntry,
  type LoginEntry,
  type PasswordChange,
  type SessionView,
} from '#contracts';
import { auditPage, SessionService, SlowDownError, type Session } from '#access';
import { Database } from '#persistence';
import { ENVIRONMENT, type Environment } from '#platform';
import { permissionsOfVisitor, requireSession, setVisitor, visitorOf } from './actor.ts';
import { requireOwnMachine } from './own-machine.ts';
import { clearSessionCookie, setSessionCookie } from './session-cookie.ts';

/** Login, logout, who asks; the password of one's own; the audit trail. */
@ApiTags('access')
@Controller('v1')
export class SessionController {
  private readonly isOpen: boolean;

  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(Database) private readonly database: Database,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {
    this.isOpen = environment.PV_ACCESS === 'open';
  }

  @Get('session')
  @ApiOperation({ summary: 'Who asks, and what he may do' })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  session(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    reply.header('cache-control', 'no-store');
    return this.view(request);
  }

  @Post('session')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Login: sets the cookie of the session. A wrong name and a wrong password are one answer',
  })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  async login(
    @Body({ schema: loginSchema }) body: LoginEntry,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const opened = await slowedDown(reply, this.sessions.login({ ...body, address: request.ip }));
    return this.enter(opened, request, reply);
  }

  @Post('session/demo')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Login with an account of the demo, without a password; at the machine of a demo only',
  })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  async loginDemo(
    @Body({ schema: demoLoginSchema }) { name }: DemoLoginEntry,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    requireOwnMachine(request);
    const opened = await this.sessions.loginDemo({ name, address: request.ip });
    return this.enter(opened, request, reply);
  }

  @Post('session/logout')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends the session, where there is one' })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  async logout(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const { session, isOpen } = visitorOf(request);
    if (session !== null) await this.sessions.logout(session, request.ip);
    setVisitor(request, { session: null, isOpen });
    clearSessionCookie(request, reply);
    return this.view(request);
  }

  @Post('session/password')
  @HttpCode(200)
  @ApiOperation({ summary: 'Changes the password of who asks; his other sessions end' })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  async password(
    @Body({ schema: passwordChangeSchema }) body: PasswordChange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const { isOpen } = visitorOf(request);
    const session = requireSession(request);
    await slowedDown(reply, this.sessions.changePassword(session, { ...body, address: request.ip }));
    setVisitor(request, { session: { ...session, mustChangePassword: false }, isOpen });
    return this.view(request);
  }

  @Get('audit')
  @ApiOperation({ summary: 'The audit trail, the newest first' })
  @ApiOkResponse({ standardSchema: auditListSchema })
  async audit(@Query({ schema: auditQuerySchema }) { before }: AuditQuery): Promise<AuditList> {
    const rows = await auditPage(this.database, {
      before: before === undefined ? null : BigInt(before),
      limit: AUDIT_PAGE_SIZE,
    });
    const last = rows.at(-1);
    return {
      items: rows.map((row) => ({
        sequence: Number(row.sequence),
        at: row.at.toISOString(),
        accountId: row.accountId,
        accountName: row.accountName,
        action: row.action,
        subject: row.subject,
        before: parsed(row.beforeJson),
        after: parsed(row.afterJson),
        address: row.address,
      })),
      nextBefore: last && last.sequence > 1n ? Number(last.sequence) : null,
    };
  }

  private enter(
    { token, session }: { token: string; session: Session },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<SessionView> {
    setVisitor(request, { session, isOpen: this.isOpen });
    setSessionCookie(request, reply, token);
    return this.view(request);
  }

  private async view(request: FastifyRequest): Promise<SessionView> {
    const { session } = visitorOf(request);
    return {
      access: this.isOpen ? 'open' : 'closed',
      readingNeedsLogin: !this.isOpen && this.environment.PV_OPEN_READING === 'off',
      account: session === null ? null : accountOf(session),
      permissions: [...permissionsOfVisitor(request)],
      endsAt: session?.endsAt.toISOString() ?? null,
      demoAccounts: await this.sessions.demoAccounts(),
    };
  }
}

function accountOf(session: Session): NonNullable<SessionView['account']> {
  const { accountId, name, displayName, role, area, isDemo, mustChangePassword } = session;
  const countyCodes = area === null ? null : [...area];
  return { id: accountId, name, displayName, role, countyCodes, isDemo, mustChangePassword };
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

/** Says in the header as well when the next try is taken. */
async function slowedDown<T>(reply: FastifyReply, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SlowDownError) reply.header('retry-after', String(error.retryAfterS));
    throw error;
  }
}
