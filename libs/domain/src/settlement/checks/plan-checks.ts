import { addDays, daysBetween } from '../../time/shanghai.ts';
import type { CheckFinding } from './finding.ts';

/** Days a notice hangs in the village at least (requirement 32; range 5–10 elsewhere). */
export const NOTICE_DAYS_MIN = 7;

export interface NoticeFacts {
  noticeRef: string;
  /** Posted on the first day; taken down on `toDay`, which no longer counts. Null: still hangs. */
  fromDay: string;
  toDay: string | null;
  photos: number;
  openObjections: number;
}

export interface PayFacts {
  batchRef: string;
  villageCode: string;
  paidOn: string;
  amountFen: bigint;
  /** Null: there is no plan of this village and year. */
  plan: {
    planRef: string;
    /** In force from this day; null is not approved. */
    inForceFrom: string | null;
    budgetFen: bigint;
    /** Paid under this plan before this batch. */
    paidBeforeFen: bigint;
  } | null;
  notice: NoticeFacts | null;
}

/** A13 and A15 of one pay batch: plan in force, within budget, after a notice that hung long enough with a photo. */
export function checkPay(pay: PayFacts): CheckFinding[] {
  return [...planFindings(pay), ...noticeFindings(pay)];
}

function planFindings({ plan, paidOn, amountFen, batchRef, villageCode }: PayFacts): CheckFinding[] {
  const base = { code: 'A13', level: 'critical', subject: batchRef, owner: 'village' } as const;
  if (plan === null)
    return [{ ...base, reason: 'plan_missing', evidence: { villageCode, paidOn, amountFen } }];
  const findings: CheckFinding[] = [];
  if (plan.inForceFrom === null || plan.inForceFrom > paidOn)
    findings.push({
      ...base,
      reason: 'plan_not_in_force',
      evidence: { planRef: plan.planRef, inForceFrom: plan.inForceFrom, paidOn },
    });
  const overFen = plan.paidBeforeFen + amountFen - plan.budgetFen;
  if (overFen > 0n)
    findings.push({
      ...base,
      reason: 'over_plan',
      evidence: { planRef: plan.planRef, budgetFen: plan.budgetFen, overFen },
    });
  return findings;
}

function noticeFindings({ notice, paidOn, batchRef, villageCode }: PayFacts): CheckFinding[] {
  const base = { code: 'A15', level: 'critical', subject: batchRef, owner: 'village' } as const;
  if (notice === null) return [{ ...base, reason: 'notice_missing', evidence: { villageCode, paidOn } }];
  const findings: CheckFinding[] = [];
  const { noticeRef, fromDay, toDay } = notice;
  // The seven days are whole ones: posted on the 1st, it may be paid on the 8th.
  const shortestEnd = addDays(fromDay, NOTICE_DAYS_MIN);
  const endDay = toDay !== null && toDay > shortestEnd ? toDay : shortestEnd;
  if (paidOn < endDay)
    findings.push({ ...base, reason: 'paid_before_notice_ends', evidence: { noticeRef, endDay, paidOn } });
  if (toDay !== null && toDay < shortestEnd)
    findings.push({
      ...base,
      reason: 'notice_too_short',
      evidence: { noticeRef, days: daysBetween(fromDay, toDay).length, daysMin: NOTICE_DAYS_MIN },
    });
  if (notice.photos === 0)
    findings.push({ ...base, reason: 'notice_without_photo', evidence: { noticeRef } });
  if (notice.openObjections > 0)
    findings.push({
      ...base,
      reason: 'objection_open',
      evidence: { noticeRef, openObjections: notice.openObjections },
    });
  return findings;
}
