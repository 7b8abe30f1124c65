import { policyOn } from '#domain';
import type { Queryable } from '#persistence';
import { settlementPolicies } from './policy.repository.ts';

/** What the clock from receipt to village account is read by (国开办发〔2017〕61号 leaves the days to the county). */
export interface ClockTerms {
  /** Day of Shanghai. */
  today: string;
  workingDays: number;
}

/** Terms of each county on a day, by the policies in force. @throws MoneyError `policy.missing`, `policy.ambiguous` */
export async function clockTerms(
  database: Queryable,
  today: string,
): Promise<(countyCode: string) => ClockTerms> {
  const policies = await settlementPolicies(database);
  return (countyCode) => ({
    today,
    workingDays: policyOn(policies, { countyCode, day: today }).value.transferWorkingDays,
  });
}
