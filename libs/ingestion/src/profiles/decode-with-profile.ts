import { PAYLOAD_BYTES_MAX, READINGS_PER_MESSAGE_MAX } from '#contracts';
import { decodeNative } from '../decode.ts';
import type { Rejection } from '../reading.ts';
import { interpret } from './field-value.ts';
import { decodeText, parseBoundedJson, plainText } from './payload-text.ts';
import { anyHolds, resolveIdentity, type Identity, type Scope } from './places.ts';
import type { Profile } from './profile.ts';
import {
  buildReading,
  nothingDecoded,
  type Ignored,
  type ProfileDecoded,
  type ProfileReading,
} from './profile-reading.ts';
import { absentTime, itemTime, recordTime, type ResolvedTime } from './record-time.ts';
import { containerOf, rawContainer, recordsOf, rulesOfTopic, samplesOf, tooMany } from './records.ts';
import { decodeSparkplug } from './sparkplug/decode-sparkplug.ts';
import { SparkplugNodes } from './sparkplug/sparkplug-nodes.ts';
import { matchTopics } from './topic-pattern.ts';

export interface ProfileMessage {
  topic: string;
  payload: Uint8Array;
  receivedAtMs: number;
  /** Retained is "last known": it may tell who is on line, and never makes a reading. */
  retained?: boolean;
  /** What Sparkplug's birth certificates said before; without it only named metrics can be read. */
  state?: SparkplugNodes;
}

/** Whether the profile has anything to say about a topic. */
export function readsTopic(profile: Profile, topic: string): boolean {
  const bare = bareTopic(profile, topic);
  return (
    matchTopics(profile.topics, bare) !== null || matchTopics(profile.presence?.topics ?? [], bare) !== null
  );
}

/**
 * One message → readings in the units of the database (W, Wh, tenths and hundredths), by a vendor profile. Pure, and
 * never throws: what cannot be used comes back as a rejection or is named as ignored; a bad field becomes null with
 * `FLAG_FIELD_REJECTED` and leaves its neighbours alone. Values that come one a topic are returned as `partials` for
 * `TopicAssembler`. Limits of time and power are for `validateReading`, when the device is known.
 */
export function decodeWithProfile(profile: Profile, message: ProfileMessage): ProfileDecoded {
  const topic = bareTopic(profile, message.topic);
  const { payload } = message;
  if (payload.byteLength > PAYLOAD_BYTES_MAX)
    return rejected({
      reason: 'too_large',
      detail: `${payload.byteLength} bytes, at most ${PAYLOAD_BYTES_MAX}`,
    });
  const presenceCaptures = matchTopics(profile.presence?.topics ?? [], topic);
  if (presenceCaptures) return decodePresence(profile, presenceCaptures, payload);
  const captures = matchTopics(profile.topics, topic);
  if (!captures)
    return rejected({ reason: 'unknown_topic', detail: `${profile.id} does not read this topic` });
  if (profile.payload === 'native') return fromNative(profile, message);
  if (message.retained) return ignored({ reason: 'retained', detail: 'the last known value, not a new one' });
  switch (profile.payload) {
    case 'json':
      return decodeJson(profile, captures, message);
    case 'raw':
      return decodeRoot(profile, rawContainer(profile, payload), captures, message.receivedAtMs);
    case 'topic-values':
      return decodeTopicValue(profile, captures, message);
    case 'sparkplug-b':
      return decodeSparkplug(profile, captures, message, message.state ?? new SparkplugNodes());
  }
}

const bareTopic = ({ ignoreTopicQuery }: Profile, topic: string) =>
  ignoreTopicQuery ? topic.replace(/\?.*$/s, '') : topic;

function fromNative(profile: Profile, { topic, payload, retained }: ProfileMessage): ProfileDecoded {
  const decoded = decodeNative(topic, payload);
  const status = decoded.gatewayStatus;
  const presence = status ? [{ sourceId: `${status.stationCode}/${status.deviceCode}`, ...status }] : [];
  if (retained && !status && decoded.readings.length > 0)
    return ignored({ reason: 'retained', detail: 'the last known value, not a new one' });
  const readings = decoded.readings.map((reading): ProfileReading => ({
    ...reading,
    profileId: profile.id,
    sourceId: `${reading.stationCode}/${reading.deviceCode}`,
    historical: false,
    timeSource: 'device',
    vendorStatus: null,
    extras: {},
  }));
  const rejections = decoded.rejections.map(({ reason, detail }) => ({ reason, detail: plainText(detail) }));
  if (readings.length + presence.length + rejections.length === 0)
    return ignored({ reason: 'not_mapped', detail: 'an empty list' });
  return { ...nothingDecoded(), readings, presence, rejections };
}

function decodePresence(
  profile: Profile,
  captures: ReadonlyMap<string, string>,
  payload: Uint8Array,
): ProfileDecoded {
  const decoded = decodeText(payload, profile.encoding);
  if ('rejection' in decoded) return rejected(decoded.rejection);
  const text = decoded.text.trim();
  const identity = resolveIdentity(profile.identity, profile.notSources, topicScope(captures));
  if (!('sourceId' in identity)) return withoutSource(identity);
  const online = profile.presence?.online.includes(text) ?? false;
  if (!online && !profile.presence?.offline.includes(text))
    return rejected({ reason: 'schema', detail: 'neither of the texts for on line and off line' });
  const presence = { sourceId: identity.sourceId, stationCode: null, deviceCode: null, online };
  return { ...nothingDecoded(), presence: [presence] };
}

function decodeJson(
  profile: Profile,
  captures: ReadonlyMap<string, string>,
  { payload, receivedAtMs }: ProfileMessage,
): ProfileDecoded {
  const decoded = decodeText(payload, profile.encoding);
  if ('rejection' in decoded) return rejected(decoded.rejection);
  const parsed = parseBoundedJson(decoded.text, profile);
  if ('rejection' in parsed) return rejected(parsed.rejection);
  return decodeRoot(profile, parsed.value, captures, receivedAtMs);
}

function decodeRoot(
  profile: Profile,
  root: unknown,
  captures: ReadonlyMap<string, string>,
  receivedAtMs: number,
): ProfileDecoded {
  const scopes = recordsOf(profile, root, { captures, limit: READINGS_PER_MESSAGE_MAX });
  if (!Array.isArray(scopes)) return rejected(scopes);
  if (scopes.length === 0) return ignored({ reason: 'not_mapped', detail: 'an empty list' });
  const decoded = nothingDecoded();
  for (const scope of scopes) {
    decodeRecord(profile, scope, receivedAtMs, decoded);
    if (decoded.readings.length > READINGS_PER_MESSAGE_MAX)
      return rejected(tooMany(decoded.readings.length, READINGS_PER_MESSAGE_MAX));
  }
  return decoded;
}

/** Adds what one record says to `decoded`. */
function decodeRecord(profile: Profile, scope: Scope, receivedAtMs: number, decoded: ProfileDecoded): void {
  const container = containerOf(profile, scope.record);
  if (container === undefined) {
    decoded.rejections.push({ reason: 'schema', detail: 'there is no object with values' });
    return;
  }
  if (anyHolds(profile.notNewWhen, scope)) {
    decoded.ignored.push({ reason: 'not_new', detail: 'repeated by the sender, not measured again' });
    return;
  }
  const samples = samplesOf(profile, scope, container);
  if (samples.length === 0) {
    decoded.ignored.push({ reason: 'not_mapped', detail: 'no value that the profile maps' });
    return;
  }
  const identity = resolveIdentity(profile.identity, profile.notSources, scope);
  if (!('sourceId' in identity)) {
    const { rejections, ignored } = withoutSource(identity);
    decoded.rejections.push(...rejections);
    decoded.ignored.push(...ignored);
    return;
  }
  const groups = groupByTime(profile, scope, samples, receivedAtMs);
  decoded.rejections.push(...groups.rejections);
  const { sourceId } = identity;
  const historical = anyHolds(profile.historicalWhen, scope);
  for (const { at, timeSource, patches } of groups.readings)
    decoded.readings.push(
      buildReading({ profileId: profile.id, sourceId, measuredAtMs: at, timeSource, historical }, patches),
    );
}

type Grouped = Extract<ResolvedTime, { at: number }> & { patches: ReturnType<typeof interpret> };

/**
 * Values with their own times become a reading for each time. Those without one share that of the record or, where it
 * has none, the latest of their neighbours: one message, one scan of the device.
 */
function groupByTime(
  profile: Profile,
  scope: Scope,
  samples: ReturnType<typeof samplesOf>,
  receivedAtMs: number,
): { readings: Grouped[]; rejections: Rejection[] } {
  const rejections: Rejection[] = [];
  const byTime = new Map<number, Grouped>();
  const add = (time: ResolvedTime, patches: Grouped['patches']) => {
    if (time.at === null) {
      if (time.problem !== 'absent') rejections.push(time.problem);
      return;
    }
    const group = byTime.get(time.at);
    if (group) group.patches.push(...patches);
    else byTime.set(time.at, { ...time, patches: [...patches] });
  };
  const untimed: Grouped['patches'] = [];
  let hasUntimed = false;
  for (const { patches, time } of samples) {
    const own = itemTime(profile, scope, time, receivedAtMs);
    if (own.at !== null || own.problem !== 'absent') add(own, patches);
    else {
      hasUntimed = true;
      untimed.push(...patches);
    }
  }
  if (hasUntimed) {
    const own = recordTime(profile, scope, receivedAtMs);
    const latest = [...byTime.values()].reduce<Grouped | null>(
      (last, group) => (last && last.at >= group.at ? last : group),
      null,
    );
    const absent = own.at === null && own.problem === 'absent';
    add(absent ? (latest ?? absentTime(profile, receivedAtMs)) : own, untimed);
  }
  return { readings: [...byTime.values()], rejections };
}

function decodeTopicValue(
  profile: Profile,
  captures: ReadonlyMap<string, string>,
  { payload, receivedAtMs }: ProfileMessage,
): ProfileDecoded {
  const rest = captures.get('rest') ?? '';
  const scope = topicScope(captures);
  const source = profile.time.sources.find(({ place }) => place.from === 'record' && place.path === rest);
  const rules = rulesOfTopic(profile, rest);
  if (!source && rules.length === 0)
    return ignored({ reason: 'not_mapped', detail: 'no value that the profile maps' });
  const identity = resolveIdentity(profile.identity, profile.notSources, scope);
  if (!('sourceId' in identity)) return withoutSource(identity);
  const decoded = decodeText(payload, profile.encoding);
  if ('rejection' in decoded) return rejected(decoded.rejection);
  const raw = decoded.text.trim();
  const partial = { profileId: profile.id, sourceId: identity.sourceId, receivedAtMs };
  if (source) {
    const time = recordTime(profile, { ...scope, record: { [rest]: raw } }, receivedAtMs);
    if (time.at === null)
      return rejected(
        time.problem === 'absent' ? { reason: 'schema', detail: 'the message has no time' } : time.problem,
      );
    return { ...nothingDecoded(), partials: [{ ...partial, patches: [], measuredAtMs: time.at }] };
  }
  // A whole payload that is one value is always text; whether text may be a number is no question here.
  const patches = rules.flatMap((rule) =>
    interpret({ ...rule, textNumbers: true }, profile, { raw, holder: undefined, bad: false }),
  );
  return { ...nothingDecoded(), partials: [{ ...partial, patches, measuredAtMs: null }] };
}

const topicScope = (captures: ReadonlyMap<string, string>): Scope => ({
  root: undefined,
  record: undefined,
  keys: new Map(),
  captures,
});

const withoutSource = (identity: Exclude<Identity, { sourceId: string }>): ProfileDecoded =>
  'problem' in identity
    ? rejected({ reason: 'unknown_device', detail: identity.problem })
    : ignored({ reason: 'not_a_device', detail: 'a sum over devices, not a device' });

const rejected = (rejection: Rejection): ProfileDecoded => ({ ...nothingDecoded(), rejections: [rejection] });

const ignored = (note: Ignored): ProfileDecoded => ({ ...nothingDecoded(), ignored: [note] });
