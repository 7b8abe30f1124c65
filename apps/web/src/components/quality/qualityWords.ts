import type { StationFlag } from '#contracts';
import { fixed, formatCount, type Locale } from '../../format/quantity.ts';
import { formatDuration } from '../../format/time.ts';

/** The texts and names that these words are made of. */
export interface Words {
  t: (key: string, values?: Record<string, unknown>) => string;
  named: (group: string, code: string) => string;
  locale: Locale;
}

/**
 * What the figures of a flag say, in words: how far a clock is off, by what a level changed, which reasons or kinds were
 * counted how often. Empty where they say nothing more than the count.
 */
export function detailWords(
  { flag, detail }: { flag: StationFlag; detail: Record<string, number> },
  { t, named, locale }: Words,
): string {
  const time = (ms: number) => formatDuration(Math.abs(ms), locale);
  const { offsetS, leastDelayMs, factor } = detail;
  if (flag === 'shift' && offsetS !== undefined)
    return t(offsetS > 0 ? 'dq.detail.ahead' : 'dq.detail.behind', { time: time(offsetS * 1000) });
  if (flag === 'clock' && leastDelayMs !== undefined)
    return t(leastDelayMs < 0 ? 'dq.detail.ahead' : 'dq.detail.behind', { time: time(leastDelayMs) });
  if (flag === 'level_shift' && factor !== undefined)
    return t('dq.detail.factor', { factor: fixed(factor, 2) });
  const group = flag === 'counter' ? 'review.kind' : flag === 'refused' ? 'reason' : null;
  if (group === null) return '';
  return Object.entries(detail)
    .toSorted(([, a], [, b]) => b - a)
    .map(([code, times]) => `${named(group, code)} ${formatCount(times)}`)
    .join(t('sentence.join'));
}
