import type { Role } from '#domain';
import { sql, type Queryable } from '#persistence';

export interface AccountRow {
  id: number;
  name: string;
  displayName: string;
  role: Role;
  countyCodes: string[] | null;
  passwordHash: string | null;
  mustChangePassword: boolean;
  isDemo: boolean;
  disabledAt: Date | null;
}

export interface SessionRow extends AccountRow {
  tokenHash: string;
  lastSeenAt: Date;
  endsAt: Date;
}

const ACCOUNT_COLUMNS = sql`
  a.id, a.name, a.display_name as "displayName", a.role, a.county_codes as "countyCodes",
  a.password_hash as "passwordHash", a.must_change_password as "mustChangePassword", a.is_demo as "isDemo",
  a.disabled_at as "disabledAt"`;

export async function accountByName(database: Queryable, name: string): Promise<AccountRow | null> {
  const [row] = await database.query<AccountRow>(sql`
    select ${ACCOUNT_COLUMNS} from access_account a where a.name = ${name}`);
  return row ?? null;
}

export async function allAccounts(database: Queryable): Promise<AccountRow[]> {
  return database.query<AccountRow>(sql`
    select ${ACCOUNT_COLUMNS} from access_account a order by a.name collate "C"`);
}

export async function demoAccounts(database: Queryable): Promise<AccountRow[]> {
  return database.query<AccountRow>(sql`
    select ${ACCOUNT_COLUMNS} from access_account a
    where a.is_demo and a.disabled_at is null
    order by a.id`);
}

interface NewAccount {
  name: string;
  displayName: string;
  role: Role;
  countyCodes: readonly string[] | null;
  passwordHash: string | null;
  createdAt: Date;
}

/** Throws PostgreSQL 23505 of `access_account_name_unique` or `access_account_display_name_unique`. */
export async function insertAccount(transaction: Queryable, account: NewAccount): Promise<number> {
  const isDemo = account.passwordHash === null;
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into access_account (name, display_name, role, county_codes, password_hash, must_change_password, is_demo,
      created_at)
    values (${account.name}, ${account.displayName}, ${account.role},
      ${account.countyCodes === null ? null : [...account.countyCodes]}::text[], ${account.passwordHash}::text,
      ${!isDemo}::boolean, ${isDemo}::boolean, ${account.createdAt}::timestamptz)
    returning id`);
  if (!row) throw new Error('the account was not written');
  return row.id;
}

export async function updateAccount(
  transaction: Queryable,
  id: number,
  account: Pick<AccountRow, 'role' | 'countyCodes' | 'passwordHash' | 'mustChangePassword' | 'disabledAt'>,
): Promise<void> {
  await transaction.query(sql`
    update access_account
    set role = ${account.role}, county_codes = ${account.countyCodes}::text[],
      password_hash = ${account.passwordHash}::text, must_change_password = ${account.mustChangePassword}::boolean,
      disabled_at = ${account.disabledAt}::timestamptz
    where id = ${id}::int`);
}

export async function lockAccount(transaction: Queryable, name: string): Promise<AccountRow | null> {
  const [row] = await transaction.query<AccountRow>(sql`
    select ${ACCOUNT_COLUMNS} from access_account a where a.name = ${name} for update`);
  return row ?? null;
}

export async function insertSession(
  transaction: Queryable,
  session: { tokenHash: string; accountId: number; startedAt: Date; endsAt: Date; address: string },
): Promise<void> {
  await transaction.query(sql`
    insert into access_session (token_hash, account_id, started_at, last_seen_at, ends_at, address)
    values (${session.tokenHash}, ${session.accountId}::int, ${session.startedAt}::timestamptz,
      ${session.startedAt}::timestamptz, ${session.endsAt}::timestamptz, ${session.address})`);
}

/** The session and its account, where neither has ended. */
export async function liveSession(
  database: Queryable,
  question: { tokenHash: string; now: Date; seenSince: Date },
): Promise<SessionRow | null> {
  const [row] = await database.query<SessionRow>(sql`
    select ${ACCOUNT_COLUMNS}, s.token_hash as "tokenHash", s.last_seen_at as "lastSeenAt", s.ends_at as "endsAt"
    from access_session s
    join access_account a on a.id = s.account_id
    where s.token_hash = ${question.tokenHash}
      and s.ends_at > ${question.now}::timestamptz
      and s.last_seen_at > ${question.seenSince}::timestamptz
      and a.disabled_at is null`);
  return row ?? null;
}

export async function touchSession(database: Queryable, hash: string, now: Date): Promise<void> {
  await database.query(sql`
    update access_session set last_seen_at = ${now}::timestamptz
    where token_hash = ${hash} and last_seen_at < ${now}::timestamptz`);
}

export async function deleteSession(transaction: Queryable, hash: string): Promise<void> {
  await transaction.query(sql`delete from access_session where token_hash = ${hash}`);
}

/** Ends the sessions of an account, but for the one that is kept. */
export async function deleteSessionsOf(
  transaction: Queryable,
  accountId: number,
  kept: string | null,
): Promise<void> {
  await transaction.query(sql`
    delete from access_session
    where account_id = ${accountId}::int and token_hash is distinct from ${kept}::text`);
}

/** Sessions that have ended and tries that are forgotten; called with each login, so that neither table grows. */
export async function deletePast(
  database: Queryable,
  before: { now: Date; seenSince: Date; triedSince: Date },
): Promise<void> {
  await database.query(sql`
    delete from access_session
    where ends_at <= ${before.now}::timestamptz or last_seen_at <= ${before.seenSince}::timestamptz`);
  await database.query(sql`delete from access_attempt where last_at < ${before.triedSince}::timestamptz`);
}

interface AttemptRow {
  failures: number;
  lastAt: Date;
  notBefore: Date;
}

/** The row of a key, made where it is absent, locked to the end of the transaction. */
export async function lockAttempt(transaction: Queryable, key: string, now: Date): Promise<AttemptRow> {
  await transaction.query(sql`
    insert into access_attempt (key_hash, failures, last_at, not_before)
    values (${key}, 0, ${now}::timestamptz, ${now}::timestamptz)
    on conflict (key_hash) do nothing`);
  const [row] = await transaction.query<AttemptRow>(sql`
    select failures, last_at as "lastAt", not_before as "notBefore"
    from access_attempt where key_hash = ${key} for update`);
  // Forgotten by another login between the two statements: as good as new.
  return row ?? { failures: 0, lastAt: now, notBefore: now };
}

export async function writeAttempt(transaction: Queryable, key: string, attempt: AttemptRow): Promise<void> {
  await transaction.query(sql`
    insert into access_attempt (key_hash, failures, last_at, not_before)
    values (${key}, ${attempt.failures}::int, ${attempt.lastAt}::timestamptz, ${attempt.notBefore}::timestamptz)
    on conflict (key_hash) do update
    set failures = excluded.failures, last_at = excluded.last_at, not_before = excluded.not_before`);
}

export async function deleteAttempt(transaction: Queryable, key: string): Promise<void> {
  await transaction.query(sql`delete from access_attempt where key_hash = ${key}`);
}
