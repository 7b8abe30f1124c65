import type { TestbenchEvent } from '#contracts';
import { dateTime, hourMinute } from '../../format/time.ts';

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** What happened, and to what: `丢消息 141102-001/M01`. */
export function eventText({ kind, device, text }: TestbenchEvent, t: Translate): string {
  return [t(`testbench.kind.${kind}`), device ?? '', text].filter((part) => part !== '').join(' ');
}

/** From when to when, by the clock of Shanghai; the end has its day where it is another one. */
export function spanText({ from, to, kind }: TestbenchEvent, t: Translate): string {
  const isInstant =
    kind.startsWith('counter_') || ['kill', 'start', 'device_exchanged', 'device_moved'].includes(kind);
  if (isInstant) return hourMinute(from);
  if (to === null) return `${hourMinute(from)} – ${t('testbench.never')}`;
  const isSameDay = dateTime(from).slice(0, 10) === dateTime(to).slice(0, 10);
  return `${hourMinute(from)} – ${isSameDay ? hourMinute(to) : dateTime(to).slice(0, 16)}`;
}
