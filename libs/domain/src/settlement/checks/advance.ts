import { addDays } from '../../time/shanghai.ts';
import type { CheckLevel } from './finding.ts';

/**
 * A finding through its runs, one however often it is found:
 *
 *   (new) --found--> open --not found--> closed, gone --found--> open
 *                    open --a person's note--> closed, note --found, worse than it was noted for--> open
 *                                              closed, note --not found, and found later on--> open
 *
 * What a person let stand stays closed for as long as it is no worse; that it went and came again is something new.
 */
export interface KnownFinding {
  state: 'open' | 'closed';
  isPresent: boolean;
  level: CheckLevel;
  /** Level at which a person closed it; null where none did. */
  acceptedLevel: CheckLevel | null;
}

/** What a run does with a finding; `stays` changes nothing but its figures. */
export type FindingStep = 'opened' | 'reopened' | 'worse' | 'stays' | 'gone' | 'left';

const ORDER: Readonly<Record<CheckLevel, number>> = { info: 0, warning: 1, critical: 2 };

/** @param seen level at which the run found it; null where it did not */
export function findingStep(known: KnownFinding | null, seen: CheckLevel | null): FindingStep {
  if (known === null) return seen === null ? 'left' : 'opened';
  if (seen === null) return known.isPresent ? 'gone' : 'left';
  if (known.state === 'open') return ORDER[seen] > ORDER[known.level] ? 'worse' : 'stays';
  if (!known.isPresent) return 'reopened';
  const acceptedAt = known.acceptedLevel ?? known.level;
  return ORDER[seen] > ORDER[acceptedAt] ? 'reopened' : 'stays';
}

/** Days until a finding has to be answered (assumed; domain.md section 9, 10): the worse, the sooner. */
const DUE_DAYS: Readonly<Record<CheckLevel, number>> = { critical: 7, warning: 15, info: 30 };

/** The day by which a finding that was opened on a day is answered. */
export const findingDueOn = (level: CheckLevel, openedOn: string): string =>
  addDays(openedOn, DUE_DAYS[level]);
