import { MoneyError } from '#domain';
import { LedgerError } from '#ledger';
import { ProblemError } from '#platform';

/** Gives what the rules of money and the ledger refuse its place in HTTP: 422 for a rule, 409 for a state. */
export async function refused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MoneyError) throw new ProblemError(422, error.code, error.message);
    if (error instanceof LedgerError) throw new ProblemError(409, error.code, error.message);
    throw error;
  }
}
