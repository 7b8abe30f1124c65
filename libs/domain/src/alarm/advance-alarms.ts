/**
 * The ladder incident → alarm, as one pure step.
 *
 * An observation says what was seen of a kind at a subject at an instant. Beyond `openLimit` it is bad, beyond
 * `closeLimit` on the other side it is well, between the two it changes nothing (hysteresis).
 *
 * - Quiet → **incident**: the first bad sample. It ends at once with a sample that is well, as long as it has not lasted.
 * - Incident → **raised**: it is bad from the first to the last sample over `delayMs` (exactly as long is enough), with
 *   no hole in between longer than the gap of the kind. A sample may say itself how long it has been so (`lastedMs`:
 *   hours of daylight, over the night). It opens an alarm, or joins the one that is open.
 * - Raised → ended: well over `clearAfterMs` without a bad sample. The alarm is *recovered*.
 * - Recovered → open again where a new incident is raised within `rejoinMs`; else closed by itself.
 * - Open and neither acknowledged nor snoozed over `escalateAfterMs` → escalated, once.
 *
 * What is quiet, or spoken for by a parent's incident (one hop), is watched: it raises nothing new, it ends what is well.
 * An alarm that a person closed while the incident goes on stays closed; the next incident is a new alarm.
 *
 * The samples of the last half hour (of days: of five days) are kept in order of time and walked again every step, so the
 * order in which they came does not matter; of two with one instant the worse counts. What comes later than that is
 * folded in no more.
 */
import { ALARM_RULES, SPOKEN_FOR_BY, type AlarmKindRule } from './alarm-policy.ts';
import {
  ALARM_KINDS,
  levelRank,
  trackKey,
  type AlarmChange,
  type AlarmChangeType,
  type AlarmKindName,
  type AlarmObservation,
  type AlarmPolicy,
  type AlarmSample,
  type AlarmState,
  type Incident,
  type Track,
} from './alarm-types.ts';

/** After a parent's incident what it spoke for has this long to come back. */
export const PARENT_GRACE_MS = 15 * 60_000;

export const emptyAlarmState = (): AlarmState => ({ tracks: new Map() });

export interface AlarmStep {
  state: AlarmState;
  changes: AlarmChange[];
}

/** @param policyOf the policy in force of a kind at a subject. */
export function advanceAlarms(
  state: AlarmState,
  observations: readonly AlarmObservation[],
  policyOf: (kind: AlarmKindName, subject: string) => AlarmPolicy,
  nowMs: number,
): AlarmStep {
  const tracks = new Map(state.tracks);
  const changes: AlarmChange[] = [];
  const fresh = grouped(observations, ({ kind, subject }) => trackKey(kind, subject));
  const byKind = grouped(new Set([...tracks.keys(), ...fresh.keys()]), kindOfKey);
  // Parents stand before what they speak for in the order of kinds.
  for (const kind of ALARM_KINDS) {
    // The city before its counties.
    const keys = (byKind.get(kind) ?? []).toSorted((one, other) => one.length - other.length);
    for (const key of keys) {
      const seen = fresh.get(key) ?? [];
      const before = tracks.get(key) ?? emptyTrack(kind, key.slice(kind.length + 1));
      const subjects = new Set([before.subject, ...seen.flatMap(({ parents }) => parents)]);
      const isSpokenFor = spokenFor(before, subjects, tracks, nowMs);
      const policy = policyOf(kind, before.subject);
      const added = seen.map(({ atMs, seen: value, isQuiet, lastedMs }) => ({
        atMs,
        seen: value,
        isQuiet: isQuiet || isSpokenFor || !policy.isOn,
        lastedMs: lastedMs ?? null,
      }));
      const after = advanceTrack(before, added, policy, nowMs);
      changes.push(...changesOf(before, after, nowMs));
      if (isIdle(after, nowMs)) tracks.delete(key);
      else tracks.set(key, after);
    }
  }
  return { state: { tracks }, changes };
}

/** `Map.groupBy`, for browsers that do not have it. */
function grouped<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function kindOfKey(key: string): AlarmKindName | undefined {
  const name = key.slice(0, key.indexOf('|'));
  return ALARM_KINDS.find((kind) => kind === name);
}

const emptyTrack = (kind: AlarmKindName, subject: string): Track => ({
  kind,
  subject,
  samples: [],
  base: null,
  edgeMs: -Infinity,
  lastSampleMs: null,
  incident: null,
  alarm: null,
  endedAtMs: null,
});

const isIdle = (track: Track, nowMs: number): boolean =>
  track.samples.length === 0 &&
  track.incident === null &&
  track.alarm === null &&
  (track.endedAtMs === null || nowMs - track.endedAtMs > PARENT_GRACE_MS);

function spokenFor(
  track: Track,
  subjects: ReadonlySet<string>,
  tracks: ReadonlyMap<string, Track>,
  nowMs: number,
): boolean {
  for (const parentKind of SPOKEN_FOR_BY[track.kind] ?? [])
    for (const subject of subjects) {
      if (parentKind === track.kind && subject === track.subject) continue;
      const parent = tracks.get(trackKey(parentKind, subject));
      if (!parent) continue;
      if (parent.incident !== null) return true;
      // Of the parents of many, all that they spoke for comes back by and by.
      const isOfMany = !subject.startsWith('station:');
      if (isOfMany && parent.endedAtMs !== null && nowMs - parent.endedAtMs < PARENT_GRACE_MS) return true;
    }
  return false;
}

function advanceTrack(
  before: Track,
  added: readonly AlarmSample[],
  policy: AlarmPolicy,
  nowMs: number,
): Track {
  const rule = ALARM_RULES[before.kind];
  const known = rule.isDerived && added.length > 0 ? [] : before.samples;
  const samples = merged(
    known,
    rule.isDerived ? asFirstSeen(added, before.samples) : added,
    rule,
    before.edgeMs,
  );
  const edgeMs = Math.max(before.edgeMs, nowMs - rule.windowMs);
  const firstKept = samples.findIndex(({ atMs }) => atMs >= edgeMs);
  const past = firstKept === -1 ? samples : samples.slice(0, firstKept);
  const kept = firstKept === -1 ? [] : samples.slice(firstKept);
  const base = walk(before.base, past, rule, policy, before.lastSampleMs);
  const lastPast = past.findLast(({ seen }) => seen !== null)?.atMs ?? before.lastSampleMs;
  const incident = walk(base, kept, rule, policy, lastPast);
  const ended = before.incident !== null && incident === null;
  const track: Track = {
    ...before,
    samples: kept,
    base,
    edgeMs,
    lastSampleMs: lastPast,
    incident,
    endedAtMs: ended ? nowMs : incident ? null : before.endedAtMs,
  };
  return { ...track, alarm: alarmAfter(before, incident, policy, nowMs) };
}

/** A day that was raised is not taken back because something else began since, nor raised when that has ended. */
function asFirstSeen(added: readonly AlarmSample[], before: readonly AlarmSample[]): readonly AlarmSample[] {
  const wasQuiet = new Map(before.map(({ atMs, isQuiet }) => [atMs, isQuiet]));
  return added.map((sample) => ({ ...sample, isQuiet: wasQuiet.get(sample.atMs) ?? sample.isQuiet }));
}

/** Both lists in order of time; of one instant the worse value, quiet where one of them is. */
function merged(
  samples: readonly AlarmSample[],
  added: readonly AlarmSample[],
  rule: AlarmKindRule,
  edgeMs: number,
): readonly AlarmSample[] {
  // The usual step: one sample a track, the newest.
  const [only] = added;
  if (only === undefined) return samples;
  if (added.length === 1 && only.atMs >= edgeMs && only.atMs > (samples.at(-1)?.atMs ?? -Infinity))
    return [...samples, only];
  const byTime = new Map(samples.map((sample) => [sample.atMs, sample]));
  for (const sample of added) {
    if (sample.atMs < edgeMs) continue;
    const other = byTime.get(sample.atMs);
    byTime.set(sample.atMs, other ? worse(other, sample, rule) : sample);
  }
  return [...byTime.values()].toSorted((one, other) => one.atMs - other.atMs);
}

function worse(one: AlarmSample, other: AlarmSample, rule: AlarmKindRule): AlarmSample {
  const isQuiet = one.isQuiet || other.isQuiet;
  if (one.seen === null) return { ...other, isQuiet };
  if (other.seen === null) return { ...one, isQuiet };
  const pick = rule.side === 'above' ? Math.max : Math.min;
  const longest = Math.max(one.lastedMs ?? -1, other.lastedMs ?? -1);
  return {
    atMs: one.atMs,
    seen: pick(one.seen, other.seen),
    isQuiet,
    lastedMs: longest < 0 ? null : longest,
  };
}

function walk(
  from: Incident | null,
  samples: readonly AlarmSample[],
  rule: AlarmKindRule,
  policy: AlarmPolicy,
  lastMs: number | null,
): Incident | null {
  let incident = from;
  let knownMs = lastMs;
  for (const { atMs, seen, isQuiet, lastedMs } of samples) {
    if (seen === null) continue;
    const isHole = knownMs !== null && atMs - knownMs > rule.gapMs;
    knownMs = atMs;
    if (incident && !incident.isRaised && isHole) incident = null;
    // Almost all samples are of what is well, and there is nothing to end.
    if (incident === null && !beyond(rule, seen, policy.openLimit)) continue;
    incident = stepIncident(incident, { atMs, seen, isQuiet, lastedMs }, rule, policy);
  }
  return incident;
}

const beyond = (rule: AlarmKindRule, seen: number, limit: number) =>
  rule.side === 'above' ? seen > limit : seen < limit;

function stepIncident(
  incident: Incident | null,
  sample: { atMs: number; seen: number; isQuiet: boolean; lastedMs: number | null },
  rule: AlarmKindRule,
  policy: AlarmPolicy,
): Incident | null {
  const { atMs, seen } = sample;
  if (beyond(rule, seen, policy.openLimit)) {
    if (sample.isQuiet && !incident?.isRaised) return null;
    const isGrave = policy.majorLimit !== null && beyond(rule, seen, policy.majorLimit);
    const beganAtMs = incident?.beganAtMs ?? atMs;
    const isLong = rule.graveAfterMs !== null && atMs - beganAtMs >= rule.graveAfterMs;
    const level = isGrave || isLong ? rule.gravest : rule.level;
    const lastedMs = sample.lastedMs ?? atMs - beganAtMs;
    const lasted = lastedMs >= policy.delayMs || (isGrave && rule.isMajorAtOnce);
    return {
      beganAtMs,
      lastBadAtMs: atMs,
      goodSinceMs: null,
      isRaised: (incident?.isRaised ?? false) || lasted,
      level: incident && levelRank(incident.level) > levelRank(level) ? incident.level : level,
      seen,
    };
  }
  const isWell = rule.side === 'above' ? seen <= policy.closeLimit : seen >= policy.closeLimit;
  if (incident === null || !isWell) return incident;
  if (!incident.isRaised) return null;
  const goodSinceMs = incident.goodSinceMs ?? atMs;
  return atMs - goodSinceMs >= policy.clearAfterMs ? null : { ...incident, goodSinceMs };
}

function alarmAfter(
  before: Track,
  incident: Incident | null,
  policy: AlarmPolicy,
  nowMs: number,
): Track['alarm'] {
  const { alarm } = before;
  if (alarm === null) {
    const isNew = incident?.isRaised === true && before.incident?.isRaised !== true;
    if (!isNew) return null;
    return {
      openedAtMs: nowMs,
      level: incident.level,
      recoveredAtMs: null,
      escalatedAtMs: null,
      isAcknowledged: false,
      snoozedUntilMs: null,
    };
  }
  if (incident?.isRaised) {
    const level = levelRank(incident.level) > levelRank(alarm.level) ? incident.level : alarm.level;
    const fromMs = Math.max(alarm.openedAtMs, alarm.snoozedUntilMs ?? 0);
    const isDue =
      policy.escalateAfterMs !== null &&
      !alarm.isAcknowledged &&
      alarm.escalatedAtMs === null &&
      nowMs - fromMs >= policy.escalateAfterMs;
    return { ...alarm, level, recoveredAtMs: null, escalatedAtMs: isDue ? nowMs : alarm.escalatedAtMs };
  }
  const recoveredAtMs = alarm.recoveredAtMs ?? nowMs;
  return nowMs - recoveredAtMs >= policy.rejoinMs ? null : { ...alarm, recoveredAtMs };
}

function changesOf(before: Track, after: Track, nowMs: number): AlarmChange[] {
  const types: AlarmChangeType[] = [];
  const was = before.incident;
  const is = after.incident;
  if (was && (!is || is.beganAtMs > was.lastBadAtMs)) types.push('incident_ended');
  if (is && (!was || is.beganAtMs > was.lastBadAtMs)) types.push('incident_began');
  if (!before.alarm && after.alarm) types.push('alarm_opened');
  if (before.alarm && !after.alarm) {
    if (before.alarm.recoveredAtMs === null) types.push('alarm_recovered');
    types.push('alarm_closed');
  }
  if (before.alarm && after.alarm) {
    if (before.alarm.recoveredAtMs === null && after.alarm.recoveredAtMs !== null)
      types.push('alarm_recovered');
    if (before.alarm.recoveredAtMs !== null && after.alarm.recoveredAtMs === null) types.push('alarm_joined');
    if (before.alarm.level !== after.alarm.level) types.push('alarm_level');
    if (before.alarm.escalatedAtMs === null && after.alarm.escalatedAtMs !== null)
      types.push('alarm_escalated');
  }
  const level = after.alarm?.level ?? is?.level ?? before.alarm?.level ?? was?.level ?? 'info';
  const beganAtMs = is?.beganAtMs ?? was?.beganAtMs ?? nowMs;
  return types.map((type) => ({
    type,
    kind: after.kind,
    subject: after.subject,
    atMs: nowMs,
    level,
    beganAtMs,
  }));
}

/** What is stored of a track: enough to go on after a restart. */
export interface StoredTrack {
  kind: AlarmKindName;
  subject: string;
  incident: Incident | null;
  alarm: Track['alarm'];
}

/** Goes on from what is stored; samples from before are not known, so what had not lasted begins again after a hole. */
export function restoreAlarms(stored: readonly StoredTrack[]): AlarmState {
  return {
    tracks: new Map(
      stored.map(({ kind, subject, incident, alarm }) => [
        trackKey(kind, subject),
        {
          ...emptyTrack(kind, subject),
          base: incident,
          incident,
          alarm,
          edgeMs: incident ? incident.lastBadAtMs + 1 : -Infinity,
          lastSampleMs: incident?.lastBadAtMs ?? null,
        },
      ]),
    ),
  };
}

/** What persons did meanwhile: acknowledged, snoozed, or closed (absent). */
export function withAlarmsOfPersons(
  state: AlarmState,
  open: ReadonlyMap<string, { isAcknowledged: boolean; snoozedUntilMs: number | null }>,
): AlarmState {
  const tracks = new Map(state.tracks);
  for (const [key, track] of tracks) {
    if (track.alarm === null) continue;
    const person = open.get(key);
    tracks.set(key, { ...track, alarm: person ? { ...track.alarm, ...person } : null });
  }
  return { tracks };
}
