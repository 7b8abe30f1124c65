import type { TestbenchEvent } from '#contracts';
import { dateTime, hourMinute } from '../../format/time.ts';

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** What happened, and to what: `丢消息 141102-001/M01`. */
export function eventText({ kind, device, text }: TestbenchEvent, t: Translate): string {
  return [t(`testbench.kind.${kind}`), device ?? '', text].filter((part) => part !== '').join(' ');
}

const INSTANTS: ReadonlySet<TestbenchEvent['kind']> = new Set([
  'counter_reset',
  'counter_jump',
  'kill',
  'start',
  'device_exchanged',
  'device_moved',
]);
/** True for what happens at one instant, whatever its effect lasts. */
export const isInstant = (kind: TestbenchEvent['kind']): boolean => INSTANTS.has(kind);

/** From when to when, by the clock of Shanghai; the end has its day where it is another one. */
export function spanText({ from, to, kind }: TestbenchEvent, t: Translate): string {
  if (isInstant(kind)) return hourMinute(from);
  if (to === null) return `${hourMinute(from)} – ${t('testbench.never')}`;
  const isSameDay = dateTime(from).slice(0, 10) === dateTime(to).slice(0, 10);
  return `${hourMinute(from)} – ${isSameDay ? hourMinute(to) : dateTime(to).slice(0, 16)}`;
}
