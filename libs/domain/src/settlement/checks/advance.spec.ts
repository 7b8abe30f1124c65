import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingDueOn, findingStep, type KnownFinding } from './advance.ts';
import type { CheckLevel } from './finding.ts';
import { checkStatementMissing } from './money-checks.ts';

const LEVELS: readonly CheckLevel[] = ['info', 'warning', 'critical'];
const open: KnownFinding = { state: 'open', isPresent: true, level: 'warning', acceptedLevel: null };
const noted: KnownFinding = { ...open, state: 'closed', acceptedLevel: 'warning' };

describe('a finding through its runs', () => {
  it('opens once, gets worse, and goes', () => {
    expect(findingStep(null, 'info')).toBe('opened');
    expect(findingStep(open, 'warning')).toBe('stays');
    expect(findingStep(open, 'info')).toBe('stays');
    expect(findingStep(open, 'critical')).toBe('worse');
    expect(findingStep(open, null)).toBe('gone');
  });

  it('stays where a person let it stand, until it is worse or was away', () => {
    expect(LEVELS.map((level) => findingStep(noted, level))).toEqual(['stays', 'stays', 'reopened']);
    expect(findingStep(noted, null)).toBe('gone');
    expect(findingStep({ ...noted, isPresent: false }, 'info')).toBe('reopened');
    expect(findingStep({ ...noted, isPresent: false }, null)).toBe('left');
  });

  it('says nothing new about the same evidence', () => {
    const known = fc.record({
      state: fc.constantFrom<KnownFinding['state']>('open', 'closed'),
      isPresent: fc.constant(true),
      level: fc.constantFrom(...LEVELS),
      acceptedLevel: fc.constant(null),
    });
    fc.assert(
      fc.property(known, (finding) => {
        expect(findingStep(finding, finding.level)).toBe('stays');
      }),
    );
  });

  it('is answered the sooner the worse it is', () => {
    expect(LEVELS.map((level) => findingDueOn(level, '2025-07-01'))).toEqual([
      '2025-07-31',
      '2025-07-16',
      '2025-07-08',
    ]);
  });
});

describe('a statement that is missing', () => {
  it('is one from the 31st day after its month on', () => {
    const station = { stationCode: 'S1', month: '2025-05', monthEndsOn: '2025-06-01' };
    expect(checkStatementMissing(station, '2025-07-01')).toEqual([]);
    expect(checkStatementMissing(station, '2025-07-02')).toMatchObject([
      { code: 'A12', reason: 'statement_missing', evidence: { ageDays: 31 } },
    ]);
  });
});
