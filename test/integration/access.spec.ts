import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountService, audit, verifyAuditChain, type AccountKeeper } from '#access';
import {
  auditListSchema,
  counterRecordSchema,
  problemSchema,
  sessionViewSchema,
  type SessionView,
} from '#contracts';
import { permissionsOf, type Role } from '#domain';
import { sql } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { writeDemoRegistry } from '#registry';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';

/** Real: PostgreSQL, the api and its guard, argon2id. Set by hand: the real-time clock of sessions. */
const { database, url } = await createTestDatabase();
const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });
const keeper: AccountKeeper = { accountId: 'test', name: 'test', address: null };
const NOW = '2026-06-15T12:00:00+08:00';
const PASSWORD = 'sun over the mountain';
const accounts = new AccountService(database, new Clock());
const apps: NestFastifyApplication[] = [];
let closed: Visitor;
let open: Visitor;
let atMs = Date.parse('2026-11-25T08:00:00Z');

/** One browser at an api: it keeps the cookie. */
class Visitor {
  cookie: string | null = null;
  lastCookie = '';

  constructor(readonly base: string) {}

  async send(path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) {
    const headers = new Headers(init.headers);
    if (this.cookie !== null) headers.set('cookie', this.cookie);
    if (init.body !== undefined) headers.set('content-type', 'application/json');
    const response = await fetch(`${this.base}${path}`, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers,
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    const set = response.headers.get('set-cookie');
    if (set !== null) {
      this.lastCookie = set;
      this.cookie = set.split(';')[0] ?? null;
    }
    return response;
  }

  async code(path: string, init: Parameters<Visitor['send']>[1] = {}): Promise<string> {
    const response = await this.send(path, init);
    if (response.ok) return String(response.status);
    return `${response.status} ${problemSchema.parse(await response.json()).code}`;
  }

  async view(path: string, body?: unknown): Promise<SessionView> {
    const response = await this.send(path, body === undefined ? {} : { body });
    expect(response.status, path).toBe(200);
    return sessionViewSchema.parse(await response.json());
  }
}

async function start(settings: Record<string, string>): Promise<string> {
  const environment = readEnvironment({ NODE_ENV: 'test', PV_CLOCK_START: NOW, ...settings });
  const app = await createApi({ environment, logger, url });
  apps.push(app);
  app.get(Clock).realNow = () => new Date(atMs);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return `http://localhost:${new URL(await app.getUrl()).port}`;
}

beforeAll(async () => {
  await writeDemoRegistry(database, 1);
  await accounts.ensureDemoAccounts(keeper);
  closed = new Visitor(await start({}));
  open = new Visitor(await start({ PV_ACCESS: 'open', PV_DEMO_ACCOUNTS: 'on' }));
});
afterAll(async () => {
  for (const app of apps) await app.close();
});

let made = 0;
/** An account with a password of its own, and a browser that is logged in with it. */
async function person(role: Role, countyCodes: string[] | null = null) {
  made += 1;
  const name = `${role}-${made}`;
  const entry = { name, displayName: `人员${made}`, role, countyCodes };
  const { password } = await accounts.create(entry, keeper);
  const visitor = new Visitor(closed.base);
  await visitor.view('/api/v1/session', { name, password });
  await visitor.view('/api/v1/session/password', { current: password, next: PASSWORD });
  return { name, visitor, displayName: entry.displayName };
}
const login = (visitor: Visitor, name: string, password = PASSWORD) =>
  visitor.code('/api/v1/session', { body: { name, password } });

describe('a closed server', () => {
  it('shows nobody anything but its health and who he is', async () => {
    const nobody = new Visitor(closed.base);
    expect(await nobody.code('/api/health/live')).toBe('200');
    expect(await nobody.view('/api/v1/session')).toMatchObject({
      access: 'closed',
      readingNeedsLogin: true,
      account: null,
      permissions: [],
      demoAccounts: [],
    });
    for (const path of ['fleet', 'stations', 'live', 'areas', 'audit'])
      expect(await nobody.code(`/api/v1/${path}`)).toBe('401 access.login_needed');
    expect(await nobody.code('/api/v1/alarms/1/close', { body: {} })).toBe('401 access.login_needed');
    expect(await nobody.code('/api/v1/work-orders/1/steps', { body: {} })).toBe('401 access.login_needed');
  });

  it('opens to no account of a demo', async () => {
    expect(await login(new Visitor(closed.base), 'operator', 'operator')).toBe('401 access.wrong_login');
    const demo = new Visitor(closed.base);
    expect(await demo.code('/api/v1/session/demo', { body: { name: 'operator' } })).toBe(
      '404 access.no_demo',
    );
    const inDemo = new Visitor(open.base);
    await inDemo.view('/api/v1/session/demo', { name: 'operator' });
    demo.cookie = inDemo.cookie;
    expect(await demo.code('/api/v1/areas')).toBe('401 access.login_needed');
  });

  it('may let everybody read, and change nothing', async () => {
    const reader = new Visitor(await start({ PV_OPEN_READING: 'on' }));
    expect(await reader.code('/api/v1/areas')).toBe('200');
    expect(await reader.code('/api/v1/alarms/1/comment', { body: { note: 'seen' } })).toBe(
      '401 access.login_needed',
    );
    expect(await reader.code('/api/v1/audit')).toBe('401 access.login_needed');
  });
});

describe('an open demo', () => {
  it('asks for no login at the machine itself', async () => {
    const view = await open.view('/api/v1/session');
    expect(view).toMatchObject({ access: 'open', account: null });
    expect(view.permissions).toContain('alarm.handle');
    expect(view.demoAccounts.map(({ role }) => role)).toEqual(['operator', 'clerk', 'checker', 'auditor']);
    expect(await open.code('/api/v1/alarms/1/comment', { body: { note: '看过了' } })).toBe(
      '404 alarm.unknown',
    );
  });

  it('lets one click log in, and then the role holds', async () => {
    const visitor = new Visitor(open.base);
    const view = await visitor.view('/api/v1/session/demo', { name: 'auditor' });
    expect(view).toMatchObject({
      account: { role: 'auditor', isDemo: true },
      permissions: permissionsOf('auditor'),
    });
    expect(await visitor.code('/api/v1/alarms/1/comment', { body: { note: '看过了' } })).toBe(
      '403 access.not_allowed',
    );
    expect(await visitor.code('/api/v1/session/password', { body: { current: 'x', next: PASSWORD } })).toBe(
      '403 access.demo_password',
    );
  });
});

describe('a login', () => {
  it('sets a cookie that scripts and other sites do not get, and keeps only hashes', async () => {
    const { name } = await person('operator');
    const visitor = new Visitor(closed.base);
    expect(await login(visitor, name.toUpperCase())).toBe('200');
    expect(visitor.lastCookie).toMatch(
      /^sunledger_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const token = visitor.cookie?.split('=')[1] ?? '';
    const [row] = await database.query<{ found: bigint }>(sql`
      select count(*) as found from access_session where token_hash = ${token}`);
    expect(row?.found).toBe(0n);
    const secure = new Visitor(closed.base);
    const origin = closed.base.replace('http:', 'https:');
    await secure.send('/api/v1/session', { body: { name, password: PASSWORD }, headers: { origin } });
    expect(secure.lastCookie).toMatch(/; Secure$/);
  });

  it('does not tell a wrong name from a wrong password', async () => {
    const { name } = await person('operator');
    const answers = await Promise.all(
      [name, 'nobody-of-that-name', '王丽'].map(async (wrong) => {
        const response = await new Visitor(closed.base).send('/api/v1/session', {
          body: { name: wrong, password: 'wrong password' },
        });
        const { reference: _reference, ...problem } = problemSchema.parse(await response.json());
        return problem;
      }),
    );
    expect(answers[0]).toMatchObject({ status: 401, code: 'access.wrong_login' });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('slows down who guesses, also many at once, and takes the right password after the wait', async () => {
    const { name } = await person('clerk');
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, turn) => login(new Visitor(closed.base), name, `guess ${turn}`)),
    );
    expect(guesses.filter((code) => code === '401 access.wrong_login')).toHaveLength(3);
    expect(guesses.filter((code) => code === '429 access.slow_down')).toHaveLength(9);
    const early = await new Visitor(closed.base).send('/api/v1/session', {
      body: { name, password: PASSWORD },
    });
    expect(early.status).toBe(429);
    expect(early.headers.get('retry-after')).toBe('1');
    atMs += 1_000;
    expect(await login(new Visitor(closed.base), name)).toBe('200');
    expect(await login(new Visitor(closed.base), name, 'a slip')).toBe('401 access.wrong_login');
  });

  it('is taken from pages of this server only', async () => {
    const { name } = await person('operator');
    const body = { name, password: PASSWORD };
    const foreign = { body, headers: { origin: 'https://evil.example' } };
    expect(await new Visitor(closed.base).code('/api/v1/session', foreign)).toBe('403 request.foreign_page');
  });
});

describe('a session', () => {
  it('ends by logout, and the token opens nothing any more', async () => {
    const { visitor } = await person('operator');
    const { cookie } = visitor;
    expect(await visitor.code('/api/v1/areas')).toBe('200');
    expect(await visitor.view('/api/v1/session/logout', {})).toMatchObject({ account: null });
    visitor.cookie = cookie;
    expect(await visitor.code('/api/v1/areas')).toBe('401 access.login_needed');
  });

  it('ends after twelve hours without use and after seven days with it', async () => {
    const { visitor } = await person('operator');
    const startedMs = atMs;
    for (let hours = 11; hours < 7 * 24; hours += 11) {
      atMs = startedMs + hours * 3_600_000;
      expect(await visitor.code('/api/v1/areas'), `${hours} h`).toBe('200');
    }
    atMs = startedMs + 7 * 86_400_000;
    expect(await visitor.code('/api/v1/areas')).toBe('401 access.login_needed');
    const { visitor: idle } = await person('operator');
    atMs += 12 * 3_600_000;
    expect(await idle.code('/api/v1/areas')).toBe('401 access.login_needed');
  });

  it('ends with the other ones when the password changes, but for the one that changed it', async () => {
    const { name, visitor } = await person('operator');
    const elsewhere = new Visitor(closed.base);
    await login(elsewhere, name);
    const next = 'another mountain, another sun';
    expect(await visitor.code('/api/v1/session/password', { body: { current: 'not it at all', next } })).toBe(
      '422 access.wrong_password',
    );
    await visitor.view('/api/v1/session/password', { current: PASSWORD, next });
    expect(await visitor.code('/api/v1/areas')).toBe('200');
    expect(await elsewhere.code('/api/v1/areas')).toBe('401 access.login_needed');
    expect(await login(elsewhere, name)).toBe('401 access.wrong_login');
    expect(await login(elsewhere, name, next)).toBe('200');
  });

  it('ends when the account is disabled or has another role', async () => {
    const { name, visitor } = await person('operator');
    await accounts.change(name, { role: 'auditor' }, keeper);
    expect(await visitor.code('/api/v1/areas')).toBe('401 access.login_needed');
    expect(await login(visitor, name)).toBe('200');
    expect(await visitor.code('/api/v1/alarms/1/comment', { body: { note: '看过了' } })).toBe(
      '403 access.not_allowed',
    );
    await accounts.change(name, { isDisabled: true }, keeper);
    expect(await visitor.code('/api/v1/areas')).toBe('401 access.login_needed');
    expect(await login(visitor, name)).toBe('401 access.wrong_login');
  });

  it('of a new account does nothing before the password is changed', async () => {
    const entry = { name: 'fresh', displayName: '新人', role: 'operator', countyCodes: null } as const;
    const { password } = await accounts.create(entry, keeper);
    const visitor = new Visitor(closed.base);
    expect(await visitor.view('/api/v1/session', { name: 'fresh', password })).toMatchObject({
      account: { mustChangePassword: true },
    });
    expect(await visitor.code('/api/v1/areas')).toBe('403 access.change_password_first');
    expect(
      await visitor.code('/api/v1/session/password', {
        body: { current: password, next: 'fresh-fresh-fresh' },
      }),
    ).toBe('422 access.same_password');
  });
});

describe('an area', () => {
  it('shows its county, and no other one', async () => {
    const { visitor } = await person('operator', ['141124']);
    const response = await visitor.send('/api/v1/fleet');
    expect(await response.json()).toMatchObject({ stations: { total: 165 } });
    expect(await visitor.code('/api/v1/fleet?county=141125')).toBe('403 access.outside_area');
    expect(await visitor.code('/api/v1/live?county=141125')).toBe('403 access.outside_area');
    expect(await visitor.code('/api/v1/stations?county=141125')).toBe('403 access.outside_area');
  });

  it('is of counties that there are', async () => {
    const entry = { name: 'far', displayName: '远方', role: 'operator', countyCodes: ['999999'] } as const;
    await expect(accounts.create(entry, keeper)).rejects.toMatchObject({ code: 'access.county_unknown' });
    await expect(
      accounts.create({ ...entry, displayName: '演示运维', countyCodes: null }, keeper),
    ).rejects.toMatchObject({ code: 'access.name_taken' });
  });
});

describe('two signatures', () => {
  it('are of two accounts, whatever names are typed in', async () => {
    const maker = await person('operator');
    const checker = await person('checker');
    const [place] = await database.query<{ station: string; device: string }>(sql`
      select s.code as station, d.code as device
      from device d join station s on s.id = d.station_id
      where d.kind = 'meter' order by d.id limit 1`);
    const exchange = {
      ...place,
      at: '2026-06-10T02:00:00.000Z',
      finalWh: 1_000_000,
      startWh: 0,
      newSerial: 'NEW-1',
      note: '',
      enteredBy: '别人',
    };
    const entered = await maker.visitor.send('/api/v1/counter-review/records/exchange', { body: exchange });
    const record = counterRecordSchema.parse(await entered.json());
    expect(record).toMatchObject({ enteredBy: maker.displayName });
    const confirm = `/api/v1/counter-review/records/${record.id}/confirm`;
    expect(await maker.visitor.code(confirm, { body: { confirmedBy: '第二人' } })).toBe(
      '422 counter_record.same_person',
    );
    expect(await checker.visitor.code(confirm, { body: { confirmedBy: maker.displayName } })).toBe('200');
  });
});

describe('the audit trail', () => {
  it('tells logins, failures and changes of accounts, to those who may read it', async () => {
    const { name, visitor } = await person('auditor');
    await login(new Visitor(closed.base), name, 'wrong password');
    const response = await visitor.send('/api/v1/audit');
    const { items } = auditListSchema.parse(await response.json());
    const own = items.filter(({ subject }) => subject === name);
    expect(own.map(({ action }) => action)).toEqual([
      'access.login_failed',
      'access.password_changed',
      'access.login',
      'access.account_created',
    ]);
    expect(own[0]).toMatchObject({ accountId: null, after: { failures: 1 } });
    expect(JSON.stringify(items)).not.toContain(PASSWORD);
    expect(JSON.stringify(items)).not.toContain('argon2');
    const { visitor: operator } = await person('operator');
    expect(await operator.code('/api/v1/audit')).toBe('403 access.not_allowed');
  });

  it('is written with what it tells of, or not at all', async () => {
    const report = await verifyAuditChain(database);
    const event = {
      at: new Date(),
      actor: { accountId: '1', name: '王丽' },
      action: 'test.undone',
      subject: 'x',
      address: null,
    };
    await database.transaction((transaction) => audit(transaction, event), { rollback: true });
    expect(await verifyAuditChain(database)).toEqual(report);
    await Promise.all(
      Array.from({ length: 8 }, () => database.transaction((transaction) => audit(transaction, event))),
    );
    expect(await verifyAuditChain(database)).toMatchObject({
      state: 'whole',
      events: report.state === 'whole' ? report.events + 8n : 0n,
    });
  });

  it.each([
    ['changed', sql`update audit_event set subject = 'x' where sequence = 1`],
    ['deleted', sql`delete from audit_event where sequence = 1`],
    ['emptied', sql`truncate audit_event`],
    ['moved', sql`update audit_head set event_hash = repeat('1', 64) where id = 1`],
  ])('is not %s', async (_what, statement) => {
    await expect(database.query(statement)).rejects.toMatchObject({ constraint: 'audit_append_only' });
  });

  it('names the event that was changed behind its back', async () => {
    await database.transaction(
      async (transaction) => {
        await transaction.query(sql`alter table audit_event disable trigger audit_event_append_only`);
        await transaction.query(sql`update audit_event set subject = 'somebody else' where sequence = 3`);
        expect(await verifyAuditChain(transaction)).toEqual({
          state: 'broken',
          sequence: 3n,
          fault: 'content_changed',
        });
      },
      { rollback: true },
    );
    expect(await verifyAuditChain(database)).toMatchObject({ state: 'whole' });
  });
});
