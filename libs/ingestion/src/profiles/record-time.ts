import type { Rejection } from '../reading.ts';
import { DEVICE_TIME_FLOOR_MS, parseDeviceTime } from './device-time.ts';
import { anyHolds, placeValue, type Scope } from './places.ts';
import type { Profile, TimeSource } from './profile.ts';

export type ResolvedTime =
  | { at: number; timeSource: 'device' | 'received' }
  | { at: null; problem: 'absent' }
  | { at: null; problem: Rejection };

/** The time of the values themselves where they carry one, by the `item` sources of the profile. */
export function itemTime(profile: Profile, scope: Scope, raw: unknown, receivedAtMs: number): ResolvedTime {
  return firstUsable(
    profile,
    scope,
    profile.time.sources.filter(({ place }) => place.from === 'item'),
    { item: raw, receivedAtMs },
  );
}

/** The time of a record. `absent` where the record has none, which the caller settles with `absentTime`. */
export function recordTime(profile: Profile, scope: Scope, receivedAtMs: number): ResolvedTime {
  return firstUsable(
    profile,
    scope,
    profile.time.sources.filter(({ place }) => place.from !== 'item'),
    { item: undefined, receivedAtMs },
  );
}

/** What the profile says of a record without any time: the time of receipt, or no reading. */
export function absentTime(profile: Profile, receivedAtMs: number): ResolvedTime {
  return profile.time.whenAbsent === 'received'
    ? { at: receivedAtMs, timeSource: 'received' }
    : { at: null, problem: { reason: 'schema', detail: 'the message has no time' } };
}

function firstUsable(
  profile: Profile,
  scope: Scope,
  sources: readonly TimeSource[],
  { item, receivedAtMs }: { item: unknown; receivedAtMs: number },
): ResolvedTime {
  let problem: Rejection | null = null;
  for (const source of sources) {
    const raw = source.place.from === 'item' ? item : placeValue(source.place, scope);
    if (raw === undefined || raw === null || anyHolds(source.invalidWhen, scope)) continue;
    const at = parseDeviceTime(raw, {
      format: source.format,
      zone: source.zone,
      summer: anyHolds(source.summerWhen, scope),
    });
    if (at !== null && at >= DEVICE_TIME_FLOOR_MS) return { at, timeSource: 'device' };
    problem ??= at === null ? unreadable(source) : beforeTheFleet(source, at);
  }
  if (problem === null) return { at: null, problem: 'absent' };
  return profile.time.whenUnusable === 'received'
    ? { at: receivedAtMs, timeSource: 'received' }
    : { at: null, problem };
}

const unreadable = ({ format }: TimeSource): Rejection => ({
  reason: 'schema',
  detail: `the time is not of the format ${format} that the profile states`,
});

/** Names the commonest slip for the person who mends the profile, and does not act on it: an uptime looks the same. */
function beforeTheFleet({ format }: TimeSource, at: number): Rejection {
  const asSeconds = at * 1000;
  const hint =
    format === 'epoch_ms' && asSeconds >= DEVICE_TIME_FLOOR_MS
      ? `; read as seconds it would be ${new Date(asSeconds).toISOString()}`
      : '';
  return { reason: 'too_old', detail: `the clock says ${new Date(at).toISOString()}${hint}` };
}
