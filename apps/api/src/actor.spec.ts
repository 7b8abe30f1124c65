import { describe, expect, it } from 'vitest';
import type { Session } from '#access';
import { permissionsOf, type Role } from '#domain';
import { ProblemError } from '#platform';
import { countyFor, requireActor, setVisitor, signerOf } from './actor.ts';
import { requireOwnPage, type Asking } from './own-machine.ts';
import { readSessionCookie } from './session-cookie.ts';

const session = (role: Role, more: Partial<Session> = {}): Session => ({
  accountId: '7',
  name: 'wang',
  displayName: '王丽',
  role,
  area: null,
  permissions: permissionsOf(role),
  isDemo: false,
  mustChangePassword: false,
  endsAt: new Date('2026-12-01T00:00:00Z'),
  tokenHash: '0'.repeat(64),
  ...more,
});

/** The part of a request that is looked at. */
function requestOf(parts: {
  ip?: string;
  headers?: Asking['headers'];
  session?: Session | null;
  isOpen?: boolean;
}): Asking {
  const { ip = '127.0.0.1', headers = { host: 'localhost:3000' } } = parts;
  const request: Asking = { ip, headers };
  if (parts.isOpen !== undefined)
    setVisitor(request, { session: parts.session ?? null, isOpen: parts.isOpen });
  return request;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return `${error.status} ${error.code}`;
    throw error;
  }
  return 'passed';
}

describe('who acts', () => {
  it('is nobody where no guard has looked, or nobody is logged in', () => {
    expect(codeOf(() => requireActor(requestOf({}), 'alarm.handle'))).toBe('401 access.login_needed');
    const closed = requestOf({ isOpen: false });
    expect(codeOf(() => requireActor(closed, 'alarm.handle'))).toBe('401 access.login_needed');
  });

  it('is the account of the session, from any address, as far as its role goes', () => {
    const request = requestOf({ ip: '10.0.0.5', session: session('operator'), isOpen: false });
    expect(requireActor(request, 'alarm.handle')).toEqual({
      accountId: '7',
      name: '王丽',
      area: null,
      isLocal: false,
    });
    expect(codeOf(() => requireActor(request, 'settlement.make'))).toBe('403 access.not_allowed');
  });

  it('is bound by the role in an open demo as well', () => {
    const request = requestOf({ session: session('auditor'), isOpen: true });
    expect(codeOf(() => requireActor(request, 'alarm.handle'))).toBe('403 access.not_allowed');
  });

  it('has to choose a password of his own first', () => {
    const request = requestOf({ session: session('operator', { mustChangePassword: true }), isOpen: false });
    expect(codeOf(() => requireActor(request, 'alarm.handle'))).toBe('403 access.change_password_first');
  });

  it('is the person on duty in an open demo, at the machine itself only', () => {
    expect(requireActor(requestOf({ isOpen: true }), 'alarm.handle')).toMatchObject({ accountId: 'local' });
    const foreign = requestOf({ ip: '10.0.0.5', isOpen: true });
    expect(codeOf(() => requireActor(foreign, 'alarm.handle'))).toBe('403 request.only_local');
  });

  it('signs with the name of the account, not with one typed in', () => {
    const request = requestOf({ session: session('checker'), isOpen: false });
    expect(signerOf(requireActor(request, 'counter.review'), '李四')).toBe('王丽');
    expect(signerOf(requireActor(requestOf({ isOpen: true }), 'counter.review'), '李四')).toBe('李四');
  });
});

describe('county of a reader', () => {
  it('is the one asked for, unless the account has an area', () => {
    expect(countyFor(requestOf({ isOpen: true }), undefined)).toBeUndefined();
    const one = requestOf({ session: session('operator', { area: ['141124'] }), isOpen: false });
    expect(countyFor(one, undefined)).toBe('141124');
    expect(countyFor(one, '141124')).toBe('141124');
    expect(codeOf(() => countyFor(one, '141125'))).toBe('403 access.outside_area');
    const two = requestOf({ session: session('operator', { area: ['141124', '141125'] }), isOpen: false });
    expect(countyFor(two, '141125')).toBe('141125');
    expect(codeOf(() => countyFor(two, undefined))).toBe('403 access.outside_area');
  });
});

describe('page that sends', () => {
  it.each([
    [{ host: 'pv.example' }, 'passed'],
    [{ host: 'pv.example', origin: 'https://pv.example' }, 'passed'],
    [{ host: 'pv.example', origin: 'https://evil.example' }, '403 request.foreign_page'],
    [{ host: 'pv.example', origin: 'null' }, '403 request.foreign_page'],
    [{ host: 'pv.example', 'sec-fetch-site': 'cross-site' }, '403 request.foreign_page'],
    [{ host: 'pv.example', 'sec-fetch-site': 'same-site' }, '403 request.foreign_page'],
  ])('%j: %s', (headers, outcome) => {
    expect(codeOf(() => requireOwnPage(requestOf({ headers: { ...headers } })))).toBe(outcome);
  });
});

describe('cookie of the session', () => {
  it('is found among others, and is none where it is empty', () => {
    expect(readSessionCookie('a=b; sunledger_session=abc; c=d')).toBe('abc');
    expect(readSessionCookie('xsunledger_session=abc')).toBeNull();
    expect(readSessionCookie('sunledger_session=')).toBeNull();
    expect(readSessionCookie(undefined)).toBeNull();
  });
});
