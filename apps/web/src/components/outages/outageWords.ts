import type { Outage } from '#contracts';
import { formatDuration, sinceText } from '../../format/time.ts';
import type { Locale } from '../../format/quantity.ts';

/** What a `datetime-local` field holds, read as Shanghai time. */
export const shanghaiInstant = (local: string): string => `${local.slice(0, 16)}:00+08:00`;

/** From when to when, and how long; without an end only the begin. */
export function spanText(
  outage: Pick<Outage, 'fromAt' | 'toAt'>,
  words: { nowMs: number; locale: Locale; openEnd: string },
): string {
  const from = sinceText(outage.fromAt, words.nowMs);
  if (outage.toAt === null) return `${from} – ${words.openEnd}`;
  const lengthMs = Date.parse(outage.toAt) - Date.parse(outage.fromAt);
  return `${from} – ${sinceText(outage.toAt, words.nowMs)} (${formatDuration(lengthMs, words.locale)})`;
}
