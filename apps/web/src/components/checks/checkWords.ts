import type { CheckFindingView, CheckRow } from '#contracts';

/** Figures that a list shows of a finding, the telling ones first; the drawer shows all of them. */
const FIRST_FIGURES = [
  'openFen',
  'amountFen',
  'settledWh',
  'meteredWh',
  'peakPowerW',
  'capacityW',
  'lowDays',
  'daysOver',
  'restDays',
  'ageMonths',
  'ageDays',
  'sum',
  'month',
  'from',
  'commissionedOn',
];
const SHOWN = 2;

/** The figures of a finding in the order of their weight. */
export function figuresInOrder(figures: CheckFindingView['figures']): [string, string | null][] {
  const rank = (name: string) => {
    const place = FIRST_FIGURES.indexOf(name);
    return place === -1 ? FIRST_FIGURES.length : place;
  };
  return Object.entries(figures).sort(([a], [b]) => rank(a) - rank(b));
}

/** The first of them, for a row of the list. */
export const firstFigures = (figures: CheckFindingView['figures']): [string, string | null][] =>
  figuresInOrder(figures).slice(0, SHOWN);

/** What the number in a figure is: money, energy, power, or a plain text. */
export function figureKind(name: string): 'fen' | 'energy' | 'power' | 'text' {
  if (name.endsWith('Fen')) return 'fen';
  if (name.endsWith('Wh')) return 'energy';
  return name.endsWith('W') ? 'power' : 'text';
}

/** Where a person sees more of what a row or a finding is of; null where there is no page. */
export function linkOf(
  of: { stationCode: string | null; day: string | null; reference: string | null; month: string | null },
  county: string | null,
): { path: string; query?: Record<string, string> } | null {
  const order = /^work_order:(\d+)$/.exec(of.reference ?? '')?.[1];
  if (order !== undefined) return { path: `/work-orders/${order}` };
  const run = /^run:(\d+)$/.exec(of.reference ?? '')?.[1];
  if (run !== undefined) return { path: `/settlement/runs/${run}` };
  if (of.stationCode !== null && of.month !== null && county !== null)
    return { path: '/settlement/matches', query: { county, month: of.month } };
  if (of.stationCode !== null)
    return {
      path: `/stations/${of.stationCode}`,
      ...(of.day === null ? {} : { query: { day: of.day } }),
    };
  return null;
}

/** Number of a document without what says its kind. */
export const referenceText = (row: CheckRow): string => row.reference?.replace(/^[a-z_]+:/, '#') ?? '';
