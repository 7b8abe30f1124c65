import { describe, expect, it } from 'vitest';
import { attemptKey, placeOf } from './login-attempts.ts';

describe('place that tries come from', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s: %s', (address, place) => {
    expect(placeOf(address)).toBe(place);
  });

  it('is one with the name: another name or place is another count', () => {
    const keys = [
      attemptKey('wang', '10.0.0.5'),
      attemptKey('li', '10.0.0.5'),
      attemptKey('wang', '10.0.0.6'),
    ];
    expect(new Set(keys).size).toBe(3);
    expect(attemptKey('wang', '2001:db8::1')).toBe(attemptKey('wang', '2001:db8::ffff'));
  });
});
