import type { CounterFixView, ReviewItem, SignedFix } from '#contracts';
import type { CounterFix } from '#domain';
import { fixOfRow } from './counter-context.ts';
import type { ProposalRow, SignedFixRow } from './review.repository.ts';

const instant = (atMs: number) => new Date(atMs).toISOString();

function fixView(fix: CounterFix): CounterFixView {
  switch (fix.kind) {
    case 'ignore':
      return { kind: 'ignore', fromAt: instant(fix.fromMs), toAt: instant(fix.toMs) };
    case 'reset':
      return { kind: 'reset', at: instant(fix.atMs) };
    case 'rebase':
      return { kind: 'rebase', at: instant(fix.atMs), energyWh: fix.energyWh };
    case 'scale': {
      const { fromMs, toMs, multiply, divide } = fix;
      return {
        kind: 'scale',
        fromAt: instant(fromMs),
        toAt: toMs === null ? null : instant(toMs),
        multiply,
        divide,
      };
    }
  }
}

export function signedFixView(row: SignedFixRow): SignedFix {
  const fix = fixOfRow(row);
  return {
    id: row.id,
    proposalId: row.proposalId,
    fix: fix === null ? { kind: 'dismiss' } : fixView(fix),
    effectWh: row.effectWh,
    reason: row.reason,
    signedBy: row.signedBy,
    signedAt: row.signedAt.toISOString(),
    takenBack: takenBackView(row),
  };
}

export function takenBackView(row: {
  takenBackBy: string | null;
  takenBackAt: Date | null;
  takenBackReason: string | null;
}): SignedFix['takenBack'] {
  if (row.takenBackAt === null) return null;
  return {
    by: row.takenBackBy ?? '',
    at: row.takenBackAt.toISOString(),
    reason: row.takenBackReason ?? '',
  };
}

export function itemView(row: ProposalRow, decision: SignedFixRow | undefined): ReviewItem {
  return {
    id: row.id,
    stationCode: row.stationCode,
    stationName: row.stationName,
    deviceCode: row.deviceCode,
    deviceKind: row.deviceKind,
    kind: row.kind as ReviewItem['kind'],
    at: row.at.toISOString(),
    day: row.day,
    fromWh: row.fromWh,
    toWh: row.toWh,
    isWaiting: row.isWaiting,
    state: row.state,
    firstSeenAt: row.firstSeenAt.toISOString(),
    choices: row.choices.map(({ fix, effectWh }) => ({ fix: fixView(fix), effectWh })),
    decision: decision ? signedFixView(decision) : null,
  };
}
