import type { BoardBlocker, BoardCountyCell, BoardStep, SettlementBoard } from '#contracts';

/** A place where something that blocks is mended. */
export interface MendingPlace {
  /** Key of its name in `board.mend`. */
  key: 'day' | 'quality' | 'statements' | 'match' | 'receipts' | 'propose' | 'run' | 'transfers';
  path: string;
  query: Record<string, string>;
}

/** Where a blocker is mended, the likeliest place first. @param known tells whether the app has a page of that path */
export function placesOf(
  blocker: BoardBlocker,
  at: { county: string; month: string },
  known: (path: string) => boolean,
): MendingPlace[] {
  const base = { county: at.county, month: at.month };
  const station = blocker.stationCode ?? '';
  const match: MendingPlace = {
    key: 'match',
    path: '/settlement/matches',
    query: { ...base, station },
  };
  const places = placesByCode(blocker, { base, station, match });
  return places.filter(({ path, key }) => key === 'day' || key === 'run' || known(path));
}

function placesByCode(
  { code, days, runId, villageCode }: BoardBlocker,
  { base, station, match }: { base: { county: string; month: string }; station: string; match: MendingPlace },
): MendingPlace[] {
  const [step, reason] = code.split('.');
  if (step === 'energy') {
    const day = days[0];
    return [
      { key: 'day', path: `/stations/${station}`, query: day === undefined ? {} : { day } },
      { key: 'quality', path: '/quality', query: { county: base.county, station } },
    ];
  }
  if (step === 'statement' && (reason === 'missing' || reason === 'not_due'))
    return [{ key: 'statements', path: '/settlement/statements', query: base }, match];
  if (step === 'statement' || reason === 'held') return [match];
  if (step === 'receipt') return [{ key: 'receipts', path: '/settlement/receipts', query: base }, match];
  if (step === 'transfer')
    return [
      {
        key: 'transfers',
        path: '/settlement/transfers',
        query: { county: base.county, village: villageCode ?? '' },
      },
    ];
  if (runId !== null) return [{ key: 'run', path: `/settlement/runs/${runId}`, query: base }];
  return [{ key: 'propose', path: '/settlement/runs', query: { ...base, propose: '1' } }];
}

/** Tone of a cell: what somebody can mend is trouble, the rest is quiet. */
export const toneOf = ({ done, total, blocked }: Pick<BoardCountyCell, 'done' | 'total' | 'blocked'>) =>
  blocked > 0 ? 'trouble' : done === total && total > 0 ? 'done' : 'open';

export const cellOf = (
  board: SettlementBoard,
  at: { county: string; step: string },
): { cell: BoardCountyCell; countyName: string } | null => {
  const county = board.items.find(({ countyCode }) => countyCode === at.county);
  const cell = county?.cells.find(({ step }) => step === at.step);
  return county && cell ? { cell, countyName: county.countyName } : null;
};

/** The open cell in the address: county and step, `141124.statement`. */
export function cellInAddress(text: string): { county: string; step: string } | null {
  const match = /^(\d{6})\.([a-z]+)$/.exec(text);
  return match ? { county: match[1] ?? '', step: match[2] ?? '' } : null;
}
export const cellAddress = (county: string, step: BoardStep) => `${county}.${step}`;
