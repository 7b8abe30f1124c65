import type { AlarmPolicyView, AlarmUnit } from '#contracts';

/**
 * Limits as people read and type them: silence in minutes, shares in per cent; degrees, counts and parts of the allowed
 * range as they are. Times of a policy are minutes.
 */
const FACTORS: Record<AlarmUnit, number> = { s: 1 / 60, share: 100, celsius: 1, count: 1, range: 1, yes: 1 };
/** What is typed has at most this many places; the next digit would be the float's. */
const PLACES = 1e6;

const rounded = (value: number) => Math.round(value * PLACES) / PLACES;

/** A stored limit in the unit of the form. */
export const shownLimit = (value: number, unit: AlarmUnit): number => rounded(value * FACTORS[unit]);
/** What the form holds as a limit to store. */
export const storedLimit = (shown: number, unit: AlarmUnit): number => rounded(shown / FACTORS[unit]);

const minutesOf = (seconds: number): number => rounded(seconds / 60);
const secondsOf = (minutes: number): number => Math.round(minutes * 60);

/** The form of a policy: limits and times in the units of the form. */
export interface PolicyDraft {
  isOn: boolean;
  open: number;
  close: number;
  major: number | '';
  delayMin: number;
  clearMin: number;
  rejoinMin: number;
  escalateMin: number | '';
  effectiveFrom: string;
  reason: string;
}

/** A policy as it is put into the form. */
export function draftOf(policy: AlarmPolicyView, today: string): PolicyDraft {
  return {
    isOn: policy.isOn,
    open: shownLimit(policy.openLimit, policy.unit),
    close: shownLimit(policy.closeLimit, policy.unit),
    major: policy.majorLimit === null ? '' : shownLimit(policy.majorLimit, policy.unit),
    delayMin: minutesOf(policy.delayS),
    clearMin: minutesOf(policy.clearAfterS),
    rejoinMin: minutesOf(policy.rejoinS),
    escalateMin: policy.escalateAfterS === null ? '' : minutesOf(policy.escalateAfterS),
    effectiveFrom: today,
    reason: '',
  };
}

/** Limits and times of a form as the API takes them. */
export function limitsOf(draft: PolicyDraft, unit: AlarmUnit) {
  return {
    isOn: draft.isOn,
    delayS: secondsOf(draft.delayMin),
    clearAfterS: secondsOf(draft.clearMin),
    rejoinS: secondsOf(draft.rejoinMin),
    escalateAfterS: draft.escalateMin === '' ? null : secondsOf(draft.escalateMin),
    openLimit: storedLimit(draft.open, unit),
    closeLimit: storedLimit(draft.close, unit),
    majorLimit: draft.major === '' ? null : storedLimit(draft.major, unit),
  };
}

/** Why a form is not a policy yet: key of a text; null where it is one. The server has the last word. */
export function faultOf(
  draft: PolicyDraft,
  { side, unit }: Pick<AlarmPolicyView, 'side' | 'unit'>,
): 'numbers' | 'sides' | null {
  const numbers = [draft.open, draft.close, draft.delayMin, draft.clearMin, draft.rejoinMin];
  if (numbers.some((value) => typeof value !== 'number' || !Number.isFinite(value) || value < 0))
    return 'numbers';
  // What is bad above a limit is well below another one; with both sides alike it would open and close by turns.
  const isApart = side === 'above' ? draft.close <= draft.open : draft.close >= draft.open;
  return isApart || unit === 'yes' ? null : 'sides';
}
