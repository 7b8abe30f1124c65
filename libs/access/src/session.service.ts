import { Inject, Injectable } from '@nestjs/common';
import { permissionsOf, type Area, type Permission, type Role } from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ENVIRONMENT, ProblemError, type Environment } from '#platform';
import {
  accountByName,
  deleteAttempt,
  deletePast,
  deleteSession,
  deleteSessionsOf,
  demoAccounts,
  insertSession,
  liveSession,
  lockAccount,
  touchSession,
  updateAccount,
  type AccountRow,
  type SessionRow,
} from './access.repository.ts';
import { audit } from './audit.ts';
import { attemptKey, countFailure, countTry, TRIES_KEPT_MS } from './login-attempts.ts';
import { hashPassword, isOutdated, verifyPassword } from './password.ts';
import { newToken, tokenHash } from './token.ts';

/**
 * A login session: a row that the hash of the cookie's token finds.
 *
 *   none --login--> live --12 h unused, 7 days, logout, password change, account disabled--> gone
 *
 * A session that is gone is not told apart from one that never was.
 */
const IDLE_MS = 12 * 3_600_000;
export const SESSION_MAX_MS = 7 * 86_400_000;
/** The last use is written down no more often than this: a page asks several times a second. */
const TOUCH_AFTER_MS = 60_000;

export interface Session {
  accountId: string;
  name: string;
  displayName: string;
  role: Role;
  area: Area;
  permissions: readonly Permission[];
  isDemo: boolean;
  mustChangePassword: boolean;
  endsAt: Date;
  tokenHash: string;
}

interface Opened {
  /** For the cookie; it is not kept anywhere. */
  token: string;
  session: Session;
}

/** Login sessions in the database: whoever reads it finds no password and no token. */
@Injectable()
export class SessionService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  /**
   * Opens a session. A wrong name and a wrong password are one answer, and take the same time.
   * @throws ProblemError 401 `access.wrong_login`, 429 `access.slow_down` (SlowDownError), 503 `access.busy`
   */
  async login(entry: { name: string; password: string; address: string }): Promise<Opened> {
    const now = this.clock.realNow();
    const { name, password, address } = entry;
    await countTry(this.database, attemptKey(name, address), now);
    const account = await accountByName(this.database, name);
    const isRight = await verifyPassword(password, account?.passwordHash ?? null);
    if (!isRight || account === null || account.disabledAt !== null) {
      await this.noteFailure(account, address);
      throw new ProblemError(401, 'access.wrong_login', 'the name or the password is wrong');
    }
    const renewed = isOutdated(account.passwordHash ?? '') ? await hashPassword(password) : null;
    await deletePast(this.database, {
      now,
      seenSince: new Date(now.getTime() - IDLE_MS),
      triedSince: new Date(now.getTime() - TRIES_KEPT_MS),
    });
    return this.database.transaction(async (transaction) => {
      if (renewed !== null)
        await updateAccount(transaction, account.id, { ...account, passwordHash: renewed });
      await deleteAttempt(transaction, attemptKey(name, address));
      return this.open(transaction, account, address);
    });
  }

  /**
   * Opens a session of an account of the demo.
   * @throws ProblemError 404 `access.no_demo` where this server is no demo, or has no such account.
   */
  async loginDemo(entry: { name: string; address: string }): Promise<Opened> {
    const account = this.isDemo ? await accountByName(this.database, entry.name) : null;
    if (!account?.isDemo || account.disabledAt !== null)
      throw new ProblemError(404, 'access.no_demo', 'there is no such account of a demo here');
    return this.database.transaction((transaction) => this.open(transaction, account, entry.address));
  }

  /** The live session of a token; null where there is none. */
  async find(token: string): Promise<Session | null> {
    const hash = tokenHash(token);
    if (hash === null) return null;
    const row = await this.liveRow(hash);
    if (row === null) return null;
    const now = this.clock.realNow();
    if (now.getTime() - row.lastSeenAt.getTime() > TOUCH_AFTER_MS)
      await touchSession(this.database, hash, now);
    return sessionOf(row, row);
  }

  /** Whether a session that was live still is, with the role it had. That does not count as a use of it. */
  async isLive(session: Session): Promise<boolean> {
    const row = await this.liveRow(session.tokenHash);
    return row !== null && row.role === session.role;
  }

  async logout(session: Session, address: string): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await deleteSession(transaction, session.tokenHash);
      await audit(transaction, {
        at: this.clock.now(),
        actor: actorOf(session),
        action: 'access.logout',
        subject: session.name,
        address,
      });
    });
  }

  /**
   * Changes the password of who asks, and ends his other sessions.
   * @throws ProblemError 403 `access.demo_password`, 422 `access.wrong_password`, `access.same_password`, 429
   *   `access.slow_down`, 503 `access.busy`
   */
  async changePassword(
    session: Session,
    entry: { current: string; next: string; address: string },
  ): Promise<void> {
    if (session.isDemo)
      throw new ProblemError(403, 'access.demo_password', 'an account of the demo has no password');
    if (entry.current === entry.next || entry.next.toLowerCase().includes(session.name))
      throw new ProblemError(422, 'access.same_password', 'choose another one, without the login name in it');
    const key = attemptKey(session.name, entry.address);
    // A stolen session must not become a place to guess the password at.
    await countTry(this.database, key, this.clock.realNow());
    const known = await accountByName(this.database, session.name);
    if (!(await verifyPassword(entry.current, known?.passwordHash ?? null))) {
      await this.noteFailure(known, entry.address);
      throw new ProblemError(422, 'access.wrong_password', 'the current password is wrong');
    }
    const passwordHash = await hashPassword(entry.next);
    await this.database.transaction(async (transaction) => {
      const account = await lockAccount(transaction, session.name);
      // Reset by an administrator in between: then that one holds.
      if (!account || account.passwordHash !== known?.passwordHash)
        throw new ProblemError(409, 'access.account_changed', 'the account was changed in between');
      await updateAccount(transaction, account.id, { ...account, passwordHash, mustChangePassword: false });
      await deleteSessionsOf(transaction, account.id, session.tokenHash);
      await deleteAttempt(transaction, key);
      await audit(transaction, {
        at: this.clock.now(),
        actor: actorOf(session),
        action: 'access.password_changed',
        subject: session.name,
        address: entry.address,
      });
    });
  }

  /** Accounts that the login page of a demo offers; none elsewhere. */
  async demoAccounts(): Promise<Pick<AccountRow, 'name' | 'displayName' | 'role'>[]> {
    if (!this.isDemo) return [];
    const rows = await demoAccounts(this.database);
    return rows.map(({ name, displayName, role }) => ({ name, displayName, role }));
  }

  private async liveRow(hash: string): Promise<SessionRow | null> {
    const now = this.clock.realNow();
    const seenSince = new Date(now.getTime() - IDLE_MS);
    const row = await liveSession(this.database, { tokenHash: hash, now, seenSince });
    // A database of a demo that is used in earnest later opens to no account of the demo.
    return row?.isDemo && !this.isDemo ? null : row;
  }

  private get isDemo(): boolean {
    return this.environment.PV_DEMO_ACCOUNTS === 'on';
  }

  private async open(transaction: Queryable, account: AccountRow, address: string): Promise<Opened> {
    const token = newToken();
    const hash = tokenHash(token);
    if (hash === null) throw new Error('a new token has the wrong shape');
    const startedAt = this.clock.realNow();
    const endsAt = new Date(startedAt.getTime() + SESSION_MAX_MS);
    await insertSession(transaction, { tokenHash: hash, accountId: account.id, startedAt, endsAt, address });
    const session = sessionOf(account, { tokenHash: hash, endsAt });
    await audit(transaction, {
      at: this.clock.now(),
      actor: actorOf(session),
      action: 'access.login',
      subject: account.name,
      address,
    });
    return { token, session };
  }

  /**
   * The 1st, 2nd, 4th, 8th … failure of an account from an address goes into the trail, with its number: whoever knocks for
   * hours must not fill it. A name that does not exist is not written down: it may be a password in the wrong field.
   */
  private async noteFailure(account: AccountRow | null, address: string): Promise<void> {
    const failures = await countFailure(this.database, {
      accountId: account?.id ?? null,
      address,
      now: this.clock.realNow(),
    });
    if (!Number.isInteger(Math.log2(failures))) return;
    await this.database.transaction((transaction) =>
      audit(transaction, {
        at: this.clock.now(),
        actor: null,
        action: 'access.login_failed',
        subject: account?.name ?? '-',
        after: { failures },
        address,
      }),
    );
  }
}

const actorOf = ({ accountId, displayName }: Session) => ({ accountId, name: displayName });

function sessionOf(account: AccountRow, session: { tokenHash: string; endsAt: Date }): Session {
  return {
    accountId: String(account.id),
    name: account.name,
    displayName: account.displayName,
    role: account.role,
    area: account.countyCodes,
    permissions: permissionsOf(account.role),
    isDemo: account.isDemo,
    mustChangePassword: account.mustChangePassword,
    endsAt: session.endsAt,
    tokenHash: session.tokenHash,
  };
}
