/** Characters of a password, at least: below this it is guessed. */
export const PASSWORD_LENGTH_MIN = 10;
/** Wrong passwords that cost nothing: a person mistypes. */
const FREE_FAILURES = 3;
const FIRST_DELAY_MS = 1_000;
/** A wait, never a lock: who owns the account comes in by waiting, or from another address. */
export const LOGIN_DELAY_MAX_MS = 15 * 60_000;

/**
 * How long the next try of the same name from the same address has to wait after `failures` wrong ones in a row, ms:
 * nothing, nothing, nothing, then 1 s, 2 s, 4 s … up to {@link LOGIN_DELAY_MAX_MS}.
 */
export function loginDelayMs(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(LOGIN_DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(30, failures - FREE_FAILURES));
}
