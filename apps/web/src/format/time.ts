import { SHANGHAI_OFFSET_MS, dayOf } from '#domain';
import { UNKNOWN, type Locale } from './quantity.ts';

/** Times are Asia/Shanghai whatever zone the browser is in; ages are against the server's clock, never the browser's. */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Below this an age is "just now": the difference is transport, not staleness. */
const JUST_NOW_MS = 3_000;

function shanghai(instant: string | number | null): string | null {
  if (instant === null) return null;
  const ms = typeof instant === 'number' ? instant : Date.parse(instant);
  return Number.isFinite(ms) ? new Date(ms + SHANGHAI_OFFSET_MS).toISOString() : null;
}

/** `HH:mm` in Asia/Shanghai. */
export function hourMinute(instant: string | number | null): string {
  return shanghai(instant)?.slice(11, 16) ?? UNKNOWN;
}

/** `YYYY-MM-DD HH:mm:ss` in Asia/Shanghai. */
export function dateTime(instant: string | number | null): string {
  return shanghai(instant)?.slice(0, 19).replace('T', ' ') ?? UNKNOWN;
}

/** `YYYY-MM-DDTHH:mm:ss+08:00`: the instant as ISO in Asia/Shanghai, for files that programs read. */
export function isoShanghai(instant: string | number | null): string | null {
  const text = shanghai(instant);
  return text === null ? null : `${text.slice(0, 19)}+08:00`;
}

/** `HH:mm` for an instant of the day of `nowMs`, `MM-DD HH:mm` in the same year, else with the year. */
export function sinceText(instant: string | null, nowMs: number): string {
  const text = shanghai(instant);
  if (text === null) return UNKNOWN;
  const today = dayOf(nowMs);
  if (text.startsWith(today)) return text.slice(11, 16);
  const full = text.slice(0, 16).replace('T', ' ');
  return full.startsWith(today.slice(0, 4)) ? full.slice(5) : full;
}

/** A length of time in its two largest units: `3 小时 20 分`, `3 h 20 min`. Negative counts as zero. */
export function formatDuration(durationMs: number, locale: Locale): string {
  if (!Number.isFinite(durationMs)) return UNKNOWN;
  const ms = Math.max(0, durationMs);
  const words =
    locale === 'en'
      ? { day: 'd', hour: 'h', minute: 'min', second: 's' }
      : { day: '天', hour: '小时', minute: '分', second: '秒' };
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)} ${words.second}`;
  const minutes = Math.floor(ms / MINUTE_MS) % 60;
  if (ms < HOUR_MS) return `${minutes} ${locale === 'en' ? 'min' : '分钟'}`;
  const hours = Math.floor(ms / HOUR_MS) % 24;
  if (ms < DAY_MS) return `${hours} ${words.hour}${minutes > 0 ? ` ${minutes} ${words.minute}` : ''}`;
  const days = Math.floor(ms / DAY_MS);
  return `${days} ${words.day}${hours > 0 ? ` ${hours} ${words.hour}` : ''}`;
}

/** How long ago an instant was by the server's clock: `3 分钟前`, `3 min ago`. The future counts as now. */
export function formatAge(instant: string | null, nowMs: number | null, locale: Locale): string {
  if (instant === null || nowMs === null) return UNKNOWN;
  const ageMs = nowMs - Date.parse(instant);
  if (!Number.isFinite(ageMs)) return UNKNOWN;
  if (ageMs < JUST_NOW_MS) return locale === 'en' ? 'just now' : '刚刚';
  const text = formatDuration(ageMs, locale);
  return locale === 'en' ? `${text} ago` : `${text}前`;
}
