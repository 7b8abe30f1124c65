import type { Rejection } from '../reading.ts';
import { interpret, isBadItem, type Patch } from './field-value.ts';
import { anyHolds, isRecord, valueAt, type Scope } from './places.ts';
import type { FieldRule, Profile } from './profile.ts';

export const tooMany = (count: number, limit: number): Rejection => ({
  reason: 'too_large',
  detail: `${count} readings, at most ${limit}`,
});

/** Walks the repetitions of a message down to its records: readings of one device, or of one instant. */
export function recordsOf(
  profile: Profile,
  root: unknown,
  { captures, limit }: { captures: ReadonlyMap<string, string>; limit: number },
): Scope[] | Rejection {
  let scopes: Scope[] = [{ root, record: root, keys: new Map(), captures }];
  for (const { path, each, as } of profile.records) {
    const next: Scope[] = [];
    for (const scope of scopes) {
      const value = valueAt(scope.record, path);
      const entries = each === 'array' ? itemsOf(value) : entriesOf(value);
      if (entries === null)
        return {
          reason: 'schema',
          detail: `${path || 'the message'} is not ${each === 'array' ? 'a list' : 'an object'}`,
        };
      if (next.length + entries.length > limit) return tooMany(next.length + entries.length, limit);
      for (const [key, record] of entries)
        next.push({ ...scope, record, keys: key === null ? scope.keys : new Map(scope.keys).set(as, key) });
    }
    scopes = next;
  }
  return scopes;
}

/** A single object stands for a list of one: several platforms send either. */
function itemsOf(value: unknown): [null, unknown][] | null {
  if (Array.isArray(value)) return value.map((item: unknown) => [null, item]);
  return isRecord(value) ? [[null, value]] : null;
}

const entriesOf = (value: unknown): [string, unknown][] | null =>
  isRecord(value) ? Object.entries(value) : null;

/** One value of a record: what it means, and the time beside it where it has its own. */
export interface Sample {
  patches: Patch[];
  time: unknown;
}

/** The object with the values, or the list of points. */
export function containerOf(profile: Profile, record: unknown): unknown {
  for (const path of profile.containers) {
    const found = valueAt(record, path);
    if (isRecord(found) || Array.isArray(found)) return found;
  }
  return undefined;
}

/**
 * All values of a record that the profile knows. Each path of a rule is tried until one is there, and a later rule for
 * a place that has its value already is not looked at: the finer register comes first, the coarser is the spare.
 */
export function samplesOf(profile: Profile, scope: Scope, container: unknown): Sample[] {
  const samples: Sample[] = [];
  const points = profile.item?.key === undefined ? null : pointsByKey(container, profile.item.key);
  const filled = new Set<string>();
  for (const rule of profile.fields) {
    const place = `${rule.target}.${rule.index ?? ''}`;
    if (filled.has(place) || !applies(rule, scope)) continue;
    for (const path of rule.paths) {
      const found = points ? points.get(path) : oneOrMany(profile, valueAt(container, path));
      if (found === undefined) continue;
      const made = found.map((value) => sampleOf(profile, rule, value, container));
      samples.push(...made);
      if (made.some(({ patches }) => patches.some(({ value }) => value !== null))) filled.add(place);
      break;
    }
  }
  return samples;
}

const applies = ({ when }: FieldRule, scope: Scope) => when.length === 0 || anyHolds(when, scope);

/** Values are objects with their time; OneNET's data streams send them as a list for each name. */
function oneOrMany(profile: Profile, value: unknown): unknown[] | undefined {
  if (value === undefined) return undefined;
  const isList =
    profile.item !== undefined && Array.isArray(value) && value.length > 0 && value.every(isRecord);
  return isList ? value : [value];
}

function sampleOf(profile: Profile, rule: FieldRule, value: unknown, container: unknown): Sample {
  const { item } = profile;
  const wrapped = item !== undefined && isRecord(value) && valueAt(value, item.value) !== undefined;
  if (!wrapped)
    return {
      patches: interpret(rule, profile, { raw: value, holder: container, bad: false }),
      time: undefined,
    };
  const raw = valueAt(value, item.value);
  const bad = isBadItem(value, item.badWhen);
  return {
    patches: interpret(rule, profile, { raw, holder: item.key === undefined ? container : value, bad }),
    time: item.time === undefined ? undefined : valueAt(value, item.time),
  };
}

function pointsByKey(container: unknown, keyPath: string): Map<string, unknown[]> {
  const points = new Map<string, unknown[]>();
  for (const point of Array.isArray(container) ? container : []) {
    const key = valueAt(point, keyPath);
    if (typeof key !== 'string' && typeof key !== 'number') continue;
    const known = points.get(String(key));
    if (known) known.push(point);
    else points.set(String(key), [point]);
  }
  return points;
}

/** A value that is a whole topic: the rules whose path is that topic's rest. */
export function rulesOfTopic(profile: Profile, rest: string): FieldRule[] {
  return profile.fields.filter(({ paths }) => paths.includes(rest));
}

/** Bytes of a raw payload by `offset:type`, big-endian, as rules of raw profiles name them. */
export function rawContainer(profile: Profile, payload: Uint8Array): Record<string, number> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const values: Record<string, number> = {};
  for (const path of profile.fields.flatMap(({ paths }) => paths)) {
    const match = /^(\d{1,6}):(u8|i8|u16|i16|u32|i32|f32)$/.exec(path);
    const value = match ? rawValue(view, Number(match[1]), match[2] ?? '') : undefined;
    if (value !== undefined) values[path] = value;
  }
  return values;
}

function rawValue(view: DataView, offset: number, type: string): number | undefined {
  if (offset + Number(type.slice(1)) / 8 > view.byteLength) return undefined;
  switch (type) {
    case 'u8':
      return view.getUint8(offset);
    case 'i8':
      return view.getInt8(offset);
    case 'u16':
      return view.getUint16(offset);
    case 'i16':
      return view.getInt16(offset);
    case 'u32':
      return view.getUint32(offset);
    case 'i32':
      return view.getInt32(offset);
    default:
      return view.getFloat32(offset);
  }
}
