import type { StationMatchView } from '#contracts';
import { bookedYuan } from '../../../format/money.ts';
import { useFormat } from '../../../state/useFormat.ts';
import { kwhText } from './paperWords.ts';

type Finding = StationMatchView['findings'][number];

/** Findings whose figures are energy; those of all others are money. */
const OF_ENERGY: ReadonlySet<string> = new Set([
  'match.energy_missing',
  'match.telemetry_unknown',
  'match.energy_warn',
  'match.energy_alarm',
  'match.reading_differs',
]);

/** Findings of a station-month in words of the language that is shown. */
export function useFindingWords() {
  const { t, named } = useFormat();
  const reasonOf = ({ reason, component }: Finding): string => {
    const words = named('paper.finding', reason.replace('match.', ''));
    return component === null ? words : `${named('paper.component', component)}：${words}`;
  };
  const figureOf = ({ reason }: Finding, figure: string | null): string =>
    OF_ENERGY.has(reason) ? `${kwhText(figure)} kWh` : `${bookedYuan(figure)} ${t('paper.yuan')}`;
  /** The gravest of them, and how many more there are. */
  const shortOf = ({ findings }: Pick<StationMatchView, 'findings'>): string => {
    const RANK = { blocking: 0, alarm: 1, warning: 2 } as const;
    const [first, ...more] = [...findings].sort((a, b) => RANK[a.level] - RANK[b.level]);
    if (!first) return '';
    return more.length === 0
      ? reasonOf(first)
      : t('paper.andMore', { first: reasonOf(first), n: more.length });
  };
  return { reasonOf, figureOf, shortOf };
}
