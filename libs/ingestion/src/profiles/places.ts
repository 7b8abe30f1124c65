import type { Condition, Place } from './profile.ts';

/** What is in reach when one record of a message is read. */
export interface Scope {
  root: unknown;
  record: unknown;
  keys: ReadonlyMap<string, string>;
  captures: ReadonlyMap<string, string>;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The value at a dotted path, `undefined` where there is none. Own properties only: `__proto__` and `constructor` of a
 * message are ordinary keys, and those of JavaScript are never seen.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  let found: unknown = value;
  for (const key of path.split('.')) {
    found = ownValue(found, key);
    if (found === undefined) return undefined;
  }
  return found;
}

function ownValue(holder: unknown, key: string): unknown {
  if (Array.isArray(holder)) return /^\d{1,4}$/.test(key) ? holder[Number(key)] : undefined;
  return isRecord(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

export function placeValue(place: Place, scope: Scope): unknown {
  switch (place.from) {
    case 'record':
      return valueAt(scope.record, place.path);
    case 'root':
      return valueAt(scope.root, place.path);
    case 'topic':
      return scope.captures.get(place.name);
    case 'key':
      return scope.keys.get(place.name);
    case 'constant':
      return place.value;
  }
}

function holds({ place, equals }: Condition, scope: Scope): boolean {
  const value = placeValue(place, scope);
  return equals.some((wanted) => wanted === value);
}

export const anyHolds = (conditions: readonly Condition[], scope: Scope) =>
  conditions.some((condition) => holds(condition, scope));

/** Names that can stand in a mapping: bounded, and without characters that text columns or logs refuse. */
const SOURCE_PART = /^[^\p{Cc}\p{Cs}\uFFFD]{1,100}$/u;

export type Identity = { sourceId: string } | { problem: string } | { notSource: string };

/** Joins the parts of an identity; a number stands for its digits. */
export function resolveIdentity(
  parts: readonly (readonly Place[])[],
  notSources: readonly string[],
  scope: Scope,
): Identity {
  const texts: string[] = [];
  for (const places of parts) {
    const text = firstText(places, scope);
    if (text === undefined) return { problem: 'the message does not say which device it is from' };
    if (text === '') continue;
    if (!SOURCE_PART.test(text)) return { problem: 'the device name has control characters or is too long' };
    if (notSources.includes(text)) return { notSource: text };
    texts.push(text);
  }
  if (texts.length === 0) return { problem: 'the message does not say which device it is from' };
  return { sourceId: texts.join('/') };
}

function firstText(places: readonly Place[], scope: Scope): string | undefined {
  for (const place of places) {
    const value = placeValue(place, scope);
    if (place.from === 'constant') return place.value;
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  }
  return undefined;
}
