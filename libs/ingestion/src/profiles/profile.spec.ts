import { describe, expect, it } from 'vitest';
import { BUILTIN_PROFILES } from './builtin/index.ts';
import { readsTopic } from './decode-with-profile.ts';
import { isZone, parseDeviceTime } from './device-time.ts';
import { profileSchema, type ProfileInput } from './profile.ts';
import { NOON_MS, profileOf } from './spec-support.ts';
import { isTopicPattern, matchTopic, topicFilter } from './topic-pattern.ts';

const minimal: ProfileInput = {
  id: 'mine',
  name: { zh: '我的', en: 'Mine' },
  topics: ['a/{device}'],
  payload: 'json',
  identity: [[{ from: 'topic', name: 'device' }]],
  fields: [{ target: 'active_power', paths: ['p'], unit: 'kW' }],
};

describe('a profile', () => {
  it('is data: it survives JSON unchanged', () => {
    for (const profile of BUILTIN_PROFILES)
      expect(profileSchema.parse(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
  });

  it('has an id of its own and a name in both languages', () => {
    expect(new Set(BUILTIN_PROFILES.map(({ id }) => id)).size).toBe(BUILTIN_PROFILES.length);
    for (const { name } of BUILTIN_PROFILES) expect(name.zh && name.en).toBeTruthy();
  });

  it.each<[string, Partial<ProfileInput>]>([
    ['a number without a unit', { fields: [{ target: 'active_power', paths: ['p'] }] }],
    ['a unit of another quantity', { fields: [{ target: 'active_power', paths: ['p'], unit: 'kWh' }] }],
    ['a divisor of zero', { fields: [{ target: 'active_power', paths: ['p'], unit: 'W', divisor: 0 }] }],
    ['a string target without an index', { fields: [{ target: 'string_current', paths: ['i'], unit: 'A' }] }],
    ['no identity', { identity: [] }],
    ['a wildcard in the middle of a segment', { topics: ['a/b+/c'] }],
    ['one value a topic without the rest', { payload: 'topic-values' }],
    [
      'a zone that nobody knows',
      {
        time: { sources: [{ place: { from: 'root', path: 't' }, format: 'iso', zone: 'Shanxi/Lvliang' }] },
      },
    ],
  ])('is refused with %s', (_what, change) => {
    expect(profileSchema.safeParse(minimal).success).toBe(true);
    expect(profileSchema.safeParse({ ...minimal, ...change }).success).toBe(false);
  });
});

describe('a topic pattern', () => {
  it('captures segments, prefixes and the rest', () => {
    expect(matchTopic('solar/{device}/{rest...}', 'solar/11/0/power')).toEqual(
      new Map([
        ['device', '11'],
        ['rest', '0/power'],
      ]),
    );
    expect(matchTopic('sbfspot_{serial}', 'sbfspot_21')).toEqual(new Map([['serial', '21']]));
    expect(matchTopic('/sys/+/{d}', '/sys/x/y')).toEqual(new Map([['d', 'y']]));
    expect(matchTopic('a/#', 'a/b/c')).toEqual(new Map());
  });

  it('does not read other topics', () => {
    for (const [pattern, topic] of [
      ['a/{d}', 'a'],
      ['a/{d}', 'a/'],
      ['a/{d}', 'a/b/c'],
      ['sbfspot_{serial}', 'sbfspot_'],
      ['{x}/{rest...}', '$SYS/broker/load'],
      ['$oc/{d}', 'oc/b'],
    ] as const)
      expect(matchTopic(pattern, topic)).toBeNull();
  });

  it('has the filter that a client subscribes to', () => {
    expect(topicFilter('solar/{device}/{rest...}')).toBe('solar/+/#');
    expect(topicFilter('$oc/devices/{d}/sys/#')).toBe('$oc/devices/+/sys/#');
    expect(topicFilter('sbfspot_{serial}')).toBe('+');
  });

  it('names each capture once, and the rest last', () => {
    expect(isTopicPattern('{a}/{a}')).toBe(false);
    expect(isTopicPattern('{rest...}/a')).toBe(false);
    expect(isTopicPattern('a/#/b')).toBe(false);
  });

  it('reads the topics of presence too', () => {
    expect(readsTopic(profileOf('tasmota'), 'tele/x/LWT')).toBe(true);
    expect(readsTopic(profileOf('tasmota'), 'tele/x/STATE')).toBe(false);
  });
});

describe('a time of a device', () => {
  const zone = 'Asia/Shanghai';

  it.each([
    [NOON_MS, { format: 'epoch_ms' }],
    [NOON_MS / 1000, { format: 'epoch_s' }],
    [String(NOON_MS / 1000), { format: 'epoch_s' }],
    ['2025-06-01T02:00:00Z', { format: 'iso' }],
    ['2025-06-01T10:00:00+08:00', { format: 'iso', zone: 'Europe/Berlin' }],
    ['2025-06-01 10:00:00', { format: 'iso', zone }],
    ['2025-06-01T10:00', { format: 'iso', zone: '+08:00' }],
    ['01/06/2025 10:00:00', { format: 'dmy', zone }],
    ['01.06.2025 04:00:00', { format: 'dmy', zone: 'Europe/Berlin' }],
    ['06/01/2025 10:00:00', { format: 'mdy', zone }],
    ['20250601T020000Z', { format: 'compact' }],
    ['20250601100000', { format: 'compact', zone }],
    ['25-06-01 10:00:00', { format: 'cp56', zone }],
  ] as const)('%s is read by %o', (raw, options) => {
    expect(parseDeviceTime(raw, options)).toBe(NOON_MS);
  });

  it.each([
    ['2025-06-01T10:00:00', { format: 'iso' }],
    ['2025-02-30T10:00:00', { format: 'iso', zone }],
    ['2025-06-01T24:00:00', { format: 'iso', zone }],
    ['13/13/2025 10:00:00', { format: 'dmy', zone }],
    ['', { format: 'epoch_s' }],
    [true, { format: 'epoch_ms' }],
    [Number.POSITIVE_INFINITY, { format: 'epoch_ms' }],
    [1e300, { format: 'epoch_s' }],
    [{}, { format: 'iso' }],
    ['7b00800ae10619', { format: 'cp56', zone }],
  ] as const)('%s is no time by %o', (raw, options) => {
    expect(parseDeviceTime(raw, options)).toBeNull();
  });

  it('takes the hour that summer time leaves out and the one it repeats without throwing', () => {
    const berlin = { format: 'iso', zone: 'Europe/Berlin' } as const;
    expect(parseDeviceTime('2025-03-30T01:59:59', berlin)).toBe(Date.parse('2025-03-30T00:59:59Z'));
    expect(parseDeviceTime('2025-03-30T03:00:00', berlin)).toBe(Date.parse('2025-03-30T01:00:00Z'));
    expect(parseDeviceTime('2025-03-30T02:30:00', berlin)).not.toBeNull();
    expect(parseDeviceTime('2025-10-26T02:30:00', berlin)).not.toBeNull();
  });

  it('knows zones by offset and by name', () => {
    expect(['+08:00', 'Z', zone].every(isZone)).toBe(true);
    expect(isZone('Mars/Olympus')).toBe(false);
  });
});
