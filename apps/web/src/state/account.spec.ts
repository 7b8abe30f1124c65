import type { SessionView } from '#contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { mustLogIn, ownPlace, session } from './account.ts';
import { noteTaken, refusalOf } from './writing.ts';

const view = (parts: Partial<SessionView>): SessionView => ({
  access: 'closed',
  readingNeedsLogin: true,
  account: null,
  permissions: [],
  endsAt: null,
  demoAccounts: [],
  ...parts,
});
const person = {
  id: '7',
  name: 'wang',
  displayName: '王丽',
  role: 'operator',
  countyCodes: null,
  isDemo: false,
  mustChangePassword: false,
} as const;

afterEach(() => {
  session.value = null;
});

describe('place after a login', () => {
  it.each([
    ['/alarms?county=141124', '/alarms?county=141124'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    [String.raw`/\evil.example/`, '/'],
    ['javascript:alert(1)', '/'],
    ['/login?to=/login', '/'],
    [null, '/'],
    [['/a', '/b'], '/'],
  ])('%j: %s', (text, place) => {
    expect(ownPlace(text)).toBe(place);
  });
});

describe('need of a login', () => {
  it('is unknown until the server has answered, and none where reading is open', () => {
    expect(mustLogIn.value).toBe(false);
    session.value = view({ readingNeedsLogin: false });
    expect(mustLogIn.value).toBe(false);
  });

  it('is there for nobody and for who has no password of his own', () => {
    session.value = view({});
    expect(mustLogIn.value).toBe(true);
    session.value = view({ account: person });
    expect(mustLogIn.value).toBe(false);
    session.value = view({ account: { ...person, mustChangePassword: true } });
    expect(mustLogIn.value).toBe(true);
  });
});

describe('what an account may not change', () => {
  it('is said before it has tried', () => {
    session.value = view({ account: person, permissions: ['alarm.handle'] });
    expect(refusalOf('alarms')).toBeNull();
    expect(refusalOf('settings')).toMatchObject({ status: 403, code: 'access.not_allowed' });
    expect(refusalOf('workOrders')).toMatchObject({ status: 403 });
    // Trying again changes nothing about the role.
    noteTaken('settings');
    expect(refusalOf('settings')).not.toBeNull();
  });

  it('is everything for nobody at a closed server, and nothing known at an open one', () => {
    session.value = view({ readingNeedsLogin: false });
    expect(refusalOf('alarms')).toMatchObject({ status: 401 });
    session.value = view({ access: 'open', readingNeedsLogin: false });
    expect(refusalOf('alarms')).toBeNull();
  });
});
