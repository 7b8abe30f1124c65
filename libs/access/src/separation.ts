import { ProblemError } from '#platform';

/**
 * What one account has made, another checks (four eyes; peers.md, row 83). Also where both stand at one machine of a demo
 * without a login: that is one person.
 * @throws ProblemError 403 `access.same_person`
 */
export function requireOtherPerson(checker: { accountId: string }, makerAccountId: string): void {
  if (checker.accountId === makerAccountId)
    throw new ProblemError(
      403,
      'access.same_person',
      'whoever made this does not check it: another account has to',
    );
}
