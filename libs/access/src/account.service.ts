import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Role } from '#domain';
import { Database, postgresError, sql, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  accountByName,
  allAccounts,
  deleteSessionsOf,
  insertAccount,
  lockAccount,
  updateAccount,
  type AccountRow,
} from './access.repository.ts';
import { audit, type Json } from './audit.ts';
import { hashPassword } from './password.ts';

type Account = Omit<AccountRow, 'passwordHash'>;

/** Who makes a change to accounts: a person, or the command on the server. */
export interface AccountKeeper {
  accountId: string;
  name: string;
  address: string | null;
}

interface NewAccountEntry {
  /** As `accountNameSchema` of contracts takes it. */
  name: string;
  displayName: string;
  role: Role;
  /** Null: the whole city. */
  countyCodes: readonly string[] | null;
}

/** What of an account can be changed; the name and the person stay, they stand under what was done. */
interface AccountChange {
  role?: Role;
  countyCodes?: string[] | null;
  isDisabled?: boolean;
}

/** 18 letters and digits without those that look alike: 103 bits of a password that is used once. */
const PASSWORD_LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789ACDEFGHJKLMNPQRTUVWXYZ';
const PASSWORD_LENGTH = 18;

const DEMO_ACCOUNTS: readonly Omit<NewAccountEntry, 'countyCodes'>[] = [
  { name: 'operator', displayName: '演示运维', role: 'operator' },
  { name: 'clerk', displayName: '演示经办', role: 'clerk' },
  { name: 'checker', displayName: '演示复核', role: 'checker' },
  { name: 'auditor', displayName: '演示审计', role: 'auditor' },
];

/** Accounts: made, changed and disabled, never deleted; each change is in the audit trail. */
@Injectable()
export class AccountService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  async list(): Promise<Account[]> {
    const rows = await allAccounts(this.database);
    return rows.map(withoutHash);
  }

  /**
   * Makes an account with a password that is used once: the first login asks for another.
   * @throws ProblemError 409 `access.name_taken`, 422 `access.county_unknown`
   */
  async create(entry: NewAccountEntry, keeper: AccountKeeper): Promise<{ password: string }> {
    const password = randomPassword();
    const passwordHash = await hashPassword(password);
    await this.inOneTransaction(async (transaction) => {
      await requireCounties(transaction, entry.countyCodes);
      await insertAccount(transaction, { ...entry, passwordHash, createdAt: this.clock.now() });
      await this.note(transaction, keeper, { action: 'access.account_created', entry, before: null });
    });
    return { password };
  }

  /**
   * Changes the role, the area, or whether the account may log in; its sessions end.
   * @throws ProblemError 404 `access.account_unknown`, 422 `access.county_unknown`
   */
  async change(name: string, change: AccountChange, keeper: AccountKeeper): Promise<Account> {
    return this.inOneTransaction(async (transaction) => {
      const account = await found(lockAccount(transaction, name));
      const next: AccountRow = {
        ...account,
        role: change.role ?? account.role,
        countyCodes: change.countyCodes === undefined ? account.countyCodes : change.countyCodes,
        disabledAt:
          change.isDisabled === undefined
            ? account.disabledAt
            : change.isDisabled
              ? (account.disabledAt ?? this.clock.now())
              : null,
      };
      await requireCounties(transaction, next.countyCodes);
      await updateAccount(transaction, account.id, next);
      await deleteSessionsOf(transaction, account.id, null);
      await this.note(transaction, keeper, {
        action: 'access.account_changed',
        entry: next,
        before: shown(account),
      });
      return withoutHash(next);
    });
  }

  /**
   * Gives an account a new password that is used once, as where the old one is forgotten; its sessions end.
   * @throws ProblemError 404 `access.account_unknown`, 422 `access.demo_password`
   */
  async resetPassword(name: string, keeper: AccountKeeper): Promise<{ password: string }> {
    const password = randomPassword();
    const passwordHash = await hashPassword(password);
    await this.inOneTransaction(async (transaction) => {
      const account = await found(lockAccount(transaction, name));
      if (account.isDemo)
        throw new ProblemError(422, 'access.demo_password', 'an account of the demo has no password');
      await updateAccount(transaction, account.id, { ...account, passwordHash, mustChangePassword: true });
      await deleteSessionsOf(transaction, account.id, null);
      await this.note(transaction, keeper, {
        action: 'access.password_reset',
        entry: account,
        before: shown(account),
      });
    });
    return { password };
  }

  /** Makes the accounts of the demo that are not there; a name that a real account has is left to it. */
  async ensureDemoAccounts(keeper: AccountKeeper): Promise<void> {
    for (const demo of DEMO_ACCOUNTS) {
      const entry = { ...demo, countyCodes: null };
      if (await accountByName(this.database, entry.name)) continue;
      await this.inOneTransaction(async (transaction) => {
        await insertAccount(transaction, { ...entry, passwordHash: null, createdAt: this.clock.now() });
        await this.note(transaction, keeper, { action: 'access.account_created', entry, before: null });
      });
    }
  }

  private async note(
    transaction: Queryable,
    { accountId, name, address }: AccountKeeper,
    what: { action: string; entry: NewAccountEntry & { disabledAt?: Date | null }; before: Json },
  ): Promise<void> {
    await audit(transaction, {
      at: this.clock.now(),
      actor: { accountId, name },
      action: what.action,
      subject: what.entry.name,
      ...(what.before === null ? {} : { before: what.before }),
      after: shown(what.entry),
      address,
    });
  }

  private async inOneTransaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } catch (error) {
      const constraint = postgresError(error)?.constraint ?? '';
      if (!/^access_account_(display_)?name_unique$/.test(constraint)) throw error;
      throw new ProblemError(409, 'access.name_taken', 'another account has this name, or is of this person');
    }
  }
}

/** What of an account goes into the audit trail. */
const shown = (account: NewAccountEntry & { disabledAt?: Date | null }): Json => ({
  displayName: account.displayName,
  role: account.role,
  countyCodes: account.countyCodes,
  isDisabled: account.disabledAt !== null && account.disabledAt !== undefined,
});

function withoutHash({ passwordHash: _hash, ...account }: AccountRow): Account {
  return account;
}

async function found(search: Promise<AccountRow | null>): Promise<AccountRow> {
  const account = await search;
  if (!account) throw new ProblemError(404, 'access.account_unknown', 'there is no such account');
  return account;
}

async function requireCounties(database: Queryable, codes: readonly string[] | null): Promise<void> {
  if (codes === null) return;
  const known = await database.query<{ code: string }>(sql`
    select code from county where code = any(${[...codes]}::text[])`);
  const missing = codes.filter((code) => !known.some((county) => county.code === code));
  if (codes.length === 0 || missing.length > 0)
    throw new ProblemError(422, 'access.county_unknown', `no county ${missing.join(', ')}`);
}

function randomPassword(): string {
  let password = '';
  // A letter for each byte that lies in the range: the rest would make some letters likelier.
  while (password.length < PASSWORD_LENGTH)
    for (const byte of randomBytes(PASSWORD_LENGTH * 2)) {
      const letter = PASSWORD_LETTERS[byte & 63];
      if (letter !== undefined && password.length < PASSWORD_LENGTH) password += letter;
    }
  return password;
}
