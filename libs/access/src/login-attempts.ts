import { loginDelayMs } from '#domain';
import { type Database } from '#persistence';
import { ProblemError } from '#platform';
import { lockAttempt, writeAttempt } from './access.repository.ts';
import { sha256 } from './token.ts';

/** A day without a try and the tries before are forgotten. */
export const TRIES_KEPT_MS = 86_400_000;

/** Too many wrong passwords for this name from this address; `retryAfterS` whole seconds later the next one is taken. */
export class SlowDownError extends ProblemError {
  constructor(readonly retryAfterS: number) {
    super(429, 'access.slow_down', `too many tries; the next one is taken in ${retryAfterS} s`, [
      { path: 'retryAfterS', message: String(retryAfterS) },
    ]);
  }
}

/**
 * Key of the tries: name and address together. Whoever guesses slows down himself; the owner of the name at another
 * address is not kept waiting.
 */
export const attemptKey = (name: string, address: string) => sha256(`login|${name}|${placeOf(address)}`);

/** Whoever has one IPv6 address has 2^64 of them, so the first half of it counts; of IPv4 all of it. */
export function placeOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [left = '', right] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const missing = 8 - groups(left).length - groups(right).length;
  const whole = [
    ...groups(left),
    ...Array.from({ length: Math.max(0, missing) }, () => '0'),
    ...groups(right),
  ];
  const half = whole.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${half.join(':')}::/64`;
}

/**
 * Counts a try before its password is looked at, so that many at once are no more than one after the other. A login that
 * succeeds takes the count away.
 * @throws SlowDownError 429 `access.slow_down` before the time of the next try has come; that does not count.
 */
export async function countTry(database: Database, key: string, now: Date): Promise<void> {
  const waitMs = await database.transaction(async (transaction) => {
    const found = await lockAttempt(transaction, key, now);
    if (found.notBefore > now) return found.notBefore.getTime() - now.getTime();
    const isForgotten = now.getTime() - found.lastAt.getTime() > TRIES_KEPT_MS;
    const failures = (isForgotten ? 0 : found.failures) + 1;
    const notBefore = new Date(now.getTime() + loginDelayMs(failures));
    await writeAttempt(transaction, key, { failures, lastAt: now, notBefore });
    return 0;
  });
  if (waitMs > 0) throw new SlowDownError(Math.ceil(waitMs / 1000));
}

/** How often a login of an account (or of no account) has failed from an address within the day, this time included. */
export async function countFailure(
  database: Database,
  failure: { accountId: number | null; address: string; now: Date },
): Promise<number> {
  const key = sha256(`failed|${failure.accountId ?? 'none'}|${placeOf(failure.address)}`);
  return database.transaction(async (transaction) => {
    const found = await lockAttempt(transaction, key, failure.now);
    const failures = found.failures + 1;
    await writeAttempt(transaction, key, { failures, lastAt: failure.now, notBefore: failure.now });
    return failures;
  });
}
