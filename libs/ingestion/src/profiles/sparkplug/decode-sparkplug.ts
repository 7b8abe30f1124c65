import type { Rejection } from '../../reading.ts';
import { DEVICE_TIME_FLOOR_MS } from '../device-time.ts';
import { interpret, type Patch } from '../field-value.ts';
import { resolveIdentity, type Scope } from '../places.ts';
import type { Profile } from '../profile.ts';
import { buildReading, nothingDecoded, type ProfileDecoded } from '../profile-reading.ts';
import { plainValue, readPayload, type SparkplugMetric, type SparkplugPayload } from './wire.ts';
import type { SparkplugAddress, SparkplugNodes } from './sparkplug-nodes.ts';

interface Arrival {
  payload: Uint8Array;
  receivedAtMs: number;
}

/**
 * One Sparkplug B message. The captures of the topic are `group`, `type`, `edge` and, for devices, `device`. Values of
 * births are readings like others; `is_historical` makes a reading of the past, `is_null` a null.
 */
export function decodeSparkplug(
  profile: Profile,
  captures: ReadonlyMap<string, string>,
  { payload: bytes, receivedAtMs }: Arrival,
  nodes: SparkplugNodes,
): ProfileDecoded {
  const decoded = nothingDecoded();
  const type = captures.get('type');
  const device = captures.get('device') ?? '';
  const address = { nodeId: `${captures.get('group') ?? ''}/${captures.get('edge') ?? ''}`, device };
  const kind = kindOf(type, device !== '');
  if (kind === null) {
    decoded.ignored.push({ reason: 'control', detail: 'a command or state of Sparkplug, not telemetry' });
    return decoded;
  }
  const identity = resolveIdentity(profile.identity, profile.notSources, topicScope(captures));
  if (!('sourceId' in identity)) {
    decoded.rejections.push({
      reason: 'unknown_device',
      detail: 'the topic does not say which device it is',
    });
    return decoded;
  }
  const payload = readPayload(bytes);
  if ('problem' in payload) {
    decoded.rejections.push({ reason: 'unparsable', detail: `no Sparkplug payload: ${payload.problem}` });
    return decoded;
  }
  if (kind === 'death') return died(decoded, nodes.death(address, payload), address);
  const ask = nodes[kind](address, payload, receivedAtMs);
  if (ask) decoded.rebirthNeeded.push(address.nodeId);
  if (kind === 'birth') decoded.presence.push(presenceOf(identity.sourceId, { online: true }));
  const { readings, rejections } = readingsOf(profile, payload, { address, nodes, receivedAtMs });
  decoded.rejections.push(...rejections);
  for (const { at, historical, timeSource, patches } of readings)
    decoded.readings.push(
      buildReading(
        { profileId: profile.id, sourceId: identity.sourceId, measuredAtMs: at, timeSource, historical },
        patches,
      ),
    );
  if (readings.length === 0 && rejections.length === 0 && kind === 'data')
    decoded.ignored.push({ reason: 'not_mapped', detail: 'no metric that the profile maps' });
  return decoded;
}

function kindOf(type: string | undefined, hasDevice: boolean): 'birth' | 'data' | 'death' | null {
  if (type === (hasDevice ? 'DBIRTH' : 'NBIRTH')) return 'birth';
  if (type === (hasDevice ? 'DDATA' : 'NDATA')) return 'data';
  return type === (hasDevice ? 'DDEATH' : 'NDEATH') ? 'death' : null;
}

function died(
  decoded: ProfileDecoded,
  devices: string[] | null,
  { nodeId }: SparkplugAddress,
): ProfileDecoded {
  if (devices === null) decoded.ignored.push({ reason: 'control', detail: 'the will of an earlier birth' });
  for (const device of devices ?? [])
    decoded.presence.push(presenceOf(device === '' ? nodeId : `${nodeId}/${device}`, { online: false }));
  return decoded;
}

const presenceOf = (sourceId: string, { online }: { online: boolean }) => ({
  sourceId,
  stationCode: null,
  deviceCode: null,
  online,
});

interface Group {
  at: number;
  timeSource: 'device' | 'received';
  historical: boolean;
  patches: Patch[];
}

function readingsOf(
  profile: Profile,
  payload: SparkplugPayload,
  {
    address,
    nodes,
    receivedAtMs,
  }: { address: SparkplugAddress; nodes: SparkplugNodes; receivedAtMs: number },
): { readings: Group[]; rejections: Rejection[] } {
  const groups = new Map<string, Group>();
  let nameless = 0;
  let timeless = 0;
  for (const metric of payload.metrics) {
    const named = nodes.nameOf(address, metric);
    if (!named) {
      nameless += 1;
      continue;
    }
    const rules = profile.fields.filter(({ paths }) => paths.includes(named.name));
    if (rules.length === 0) continue;
    const at = metric.timestampMs ?? payload.timestampMs;
    if (at !== null && at < DEVICE_TIME_FLOOR_MS) {
      timeless += 1;
      continue;
    }
    const key = `${at ?? receivedAtMs}|${metric.historical}`;
    const group: Group = groups.get(key) ?? {
      at: at ?? receivedAtMs,
      timeSource: at === null ? 'received' : 'device',
      historical: metric.historical,
      patches: [],
    };
    groups.set(key, group);
    const raw = rawOf(metric, named.datatype);
    for (const rule of rules)
      group.patches.push(...interpret(rule, profile, { raw, holder: undefined, bad: raw === undefined }));
  }
  return { readings: [...groups.values()], rejections: rejectionsOf({ nameless, timeless }) };
}

/** `undefined` is a metric that should have a plain value and has none, or one of another type than it was born with. */
function rawOf(metric: SparkplugMetric, datatype: number | null): unknown {
  if (metric.isNull) return null;
  return metric.value === undefined ? undefined : plainValue(metric.value, datatype);
}

function rejectionsOf({ nameless, timeless }: { nameless: number; timeless: number }): Rejection[] {
  const rejections: Rejection[] = [];
  if (nameless > 0)
    rejections.push({ reason: 'schema', detail: `${nameless} metrics that no birth certificate named` });
  if (timeless > 0)
    rejections.push({ reason: 'too_old', detail: `${timeless} metrics with a clock from before the fleet` });
  return rejections;
}

const topicScope = (captures: ReadonlyMap<string, string>): Scope => ({
  root: undefined,
  record: undefined,
  keys: new Map(),
  captures,
});
