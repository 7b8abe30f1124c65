import type { StationSummary } from '#contracts';
import { formatPower, formatRatio, joined } from '../format/quantity.ts';
import { sinceText } from '../format/time.ts';

type Translate = (key: string, values?: Record<string, string>) => string;

/**
 * The state of a station in words: what it does, how that compares, since when. The comparison is left out at night
 * and where there is none, so that the sentence never claims what is not known.
 */
export function stationSentence(
  station: Pick<StationSummary, 'state' | 'powerW' | 'peerRatio' | 'stateSince'>,
  nowMs: number,
  t: Translate,
): string {
  const parts = [t(`sentence.${station.state}`, { power: joined(formatPower(station.powerW)) })];
  if (station.peerRatio !== null && station.state !== 'night' && station.state !== 'unknown')
    parts.push(t('sentence.peer', { ratio: formatRatio(station.peerRatio) }));
  if (station.stateSince !== null)
    parts.push(t('sentence.since', { time: sinceText(station.stateSince, nowMs) }));
  return parts.join(t('sentence.join'));
}
