import { PAYLOAD_BYTES_MAX, READINGS_PER_MESSAGE_MAX } from '#contracts';
import type { SeededRandom } from '../support/random.ts';

/** JSON values that have hurt parsers, mappings, columns or logs. */
export const HOSTILE_VALUES = [
  'null',
  'true',
  '""',
  '0',
  '-0',
  '-1',
  '0.1',
  '1e400',
  '-1e400',
  '1e308',
  '5e-324',
  '1e15',
  '1e21',
  '9007199254740993',
  '8640000000000001',
  '-8640000000000001',
  '2147483648',
  '-32769',
  '65535',
  '4294967295',
  '9'.repeat(400),
  `0.${'0'.repeat(400)}1`,
  '"NaN"',
  '"n/e"',
  '"9.5"',
  '"1e999"',
  '"0x10"',
  '"１２"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e\\u2066"',
  `"${'\u0301'.repeat(60)}"`,
  '"2025-02-30T00:00:00Z"',
  '"2025-06-01T24:00:00Z"',
  '"2025-06-01T10:00:00+99:99"',
  '"+275760-09-13T00:00:00.001Z"',
  '"9999-12-31T23:59:59.999999999Z"',
  '[]',
  '[[]]',
  '[1,2]',
  '[null]',
  '{}',
  '{"value":1}',
  '{"value":{"value":1},"time":{}}',
  '{"__proto__":{"value":1}}',
  'nan',
  '-Infinity',
  'undefined',
];

export const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  'length',
  'ts',
  'values',
  'devices',
  '\\u0000',
  '\\ud800',
  'a.b.c',
  '0',
  '-1',
  '4294967295',
  'x'.repeat(2000),
];

/** Bytes that stand for trouble in any place. */
export const HOSTILE_BYTES: readonly Uint8Array[] = [
  ...HOSTILE_VALUES,
  ...HOSTILE_KEYS,
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '{"a":'.repeat(40),
  '\ufeff',
  '李家村#1',
].map((text) => Buffer.from(text));

const LEVELS_MAX = 100_000;

/** A message that no device sends and somebody may. */
export function hostilePayload(random: SeededRandom): Uint8Array {
  return Buffer.from(random.pick(SHAPES)(random));
}

const SHAPES: readonly ((random: SeededRandom) => string)[] = [
  (random) => random.pick(HOSTILE_VALUES),
  (random) => nested(random, ['[', ']']),
  (random) => nested(random, ['{"a":', '}']),
  (random) => nested(random, ['{"devices":', '}']),
  (random) => '['.repeat(levels(random)),
  (random) => objectOf(random, random.between(1, 30)),
  (random) => `{"ts":1764050400000,"devices":${objectOf(random, random.between(1, 30))}}`,
  (random) => `{"ts":1764050400000,"values":${objectOf(random, random.between(1, 30))}}`,
  (random) => `{"ts":1764050400000,"ts":${random.pick(HOSTILE_VALUES)},"p_kw":1,"p_kw":2}`,
  (random) => `{"__proto__":{"ts":1764050400000,"active_power_w":1},"x":${random.pick(HOSTILE_VALUES)}}`,
  (random) => `[${Array.from({ length: random.between(0, 60) }, () => objectOf(random, 3)).join(',')}]`,
  (random) => `{"ts":1764050400000,"strings":[${'{},'.repeat(random.between(0, 80))}{}]}`,
];

/** Hostile by its size alone; made seldom, since each costs as much as a thousand others. */
export function largePayload(random: SeededRandom): Uint8Array {
  const bytes = PAYLOAD_BYTES_MAX - random.pick([-1, 0, 1, 100, 1000]);
  return Buffer.from(random.pick(LARGE_SHAPES)(bytes)).subarray(0, bytes);
}

const START_MS = 1_764_050_400_000;

const many = (item: (index: number) => string) =>
  Array.from({ length: READINGS_PER_MESSAGE_MAX }, (_, index) => item(index)).join(',');

const filled = (bytes: number, unit: string) => unit.repeat(Math.max(0, Math.floor(bytes / unit.length)));

const LARGE_SHAPES: readonly ((bytes: number) => string)[] = [
  (bytes) => `{"ts":1764050400000,"fault_code":"${filled(bytes - 50, 'x')}"}`,
  (bytes) => `{"${filled(bytes - 20, 'k')}":1}`,
  (bytes) => `"${filled(bytes - 2, 'x')}"`,
  (bytes) => `{"ts":1764050400000,"x":"${filled(bytes - 40, '\\u0000')}"}`,
  (bytes) => filled(bytes, '9'),
  (bytes) => `{"ts":1764050400000,"active_power_w":${filled(bytes - 50, '9')}}`,
  (bytes) => `{"ts":1764050400000,"active_power_w":0.${filled(bytes - 60, '0')}1}`,
  (bytes) => `[${filled(bytes - 4, '1,')}1]`,
  (bytes) => `[${filled(bytes - 6, '{},')}{}]`,
  (bytes) => `{${filled(bytes - 10, '"a":1,')}"a":1}`,
  (bytes) =>
    `{"devices":{${Array.from({ length: Math.floor(bytes / 16) }, (_, n) => `"D${n}":{}`).join(',')}},"ts":1}`,
  // As many readings as a message may have, each with fields that are not what they should be.
  () => `[${many((n) => `{"ts":${START_MS + n},"active_power_w":"x","strings":[{},{"voltage_v":[]}]}`)}]`,
  () => `[${many((n) => `{"ts":${START_MS + n},"values":{"p_kw":"--","status":${n}}}`)}]`,
  () => `{"ts":${START_MS},"seq":1,"devices":{${many((n) => `"D${n}":{"seq":-1,"energy_total_wh":1e400}`)}}}`,
  (bytes) => `{"values":{${filled(bytes - 40, '"p_kw":1,')}"p_kw":1}}`,
  (bytes) => filled(bytes, ' '),
  (bytes) => filled(bytes, '\0'),
  (bytes) => filled(bytes, '['),
  (bytes) => filled(bytes, '{"a":'),
  (bytes) => filled(bytes, 'nan '),
  (bytes) => `[${filled(bytes - 6, '-inf,')}1]`,
  (bytes) => filled(bytes, '"\\'),
];

const levels = (random: SeededRandom) =>
  random.chance(0.01) ? random.between(1000, LEVELS_MAX) : random.between(1, 60);

function nested(random: SeededRandom, [open, close]: readonly [string, string]): string {
  const depth = levels(random);
  return `${open.repeat(depth)}${random.pick(HOSTILE_VALUES)}${close.repeat(depth)}`;
}

function objectOf(random: SeededRandom, entries: number): string {
  const parts = Array.from(
    { length: entries },
    () => `"${random.pick(HOSTILE_KEYS)}":${random.pick(HOSTILE_VALUES)}`,
  );
  return `{${parts.join(',')}}`;
}
