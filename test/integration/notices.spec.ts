import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noticeRuleEntrySchema } from '#contracts';
import { NetworkNoticeSender, NoticeService } from '#monitoring';
import { sql } from '#persistence';
import { Clock } from '#platform';
import { testDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

const database = await testDatabase();
const fleet = await writeSmallFleet(database);
const [station] = fleet.neighbours;
const who = { name: '值班员' };

interface Mail {
  to: string[];
  text: string;
}
const mails: Mail[] = [];
let refuseMail = false;
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onRcptTo: (_address, _session, done) => done(refuseMail ? new Error('the mailbox is busy') : undefined),
  onData(stream, session, done) {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      mails.push({ to, text: Buffer.concat(parts).toString('utf8') });
      done();
    });
  },
});
const posts: { path: string; body: unknown }[] = [];
let answer = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' };
const http = createServer((request, response) => {
  void take(request, response);
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  posts.push({ path: request.url ?? '', body: await bodyOf(request) });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}
const portOf = (address: AddressInfo | string | null): number => {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

let hook = '';
let smtpUrl = '';
beforeAll(async () => {
  const listening = smtp.listen(0, '127.0.0.1');
  http.listen(0, '127.0.0.1');
  await Promise.all([once(listening, 'listening'), once(http, 'listening')]);
  smtpUrl = `smtp://127.0.0.1:${portOf(listening.address())}`;
  hook = `http://127.0.0.1:${portOf(http.address())}`;
});
afterAll(async () => {
  http.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

const start = Date.parse('2026-06-01T10:00:00+08:00');
const at = (minute: number) => {
  const clock = new Clock({ startAt: new Date(start + minute * 60_000), speed: 1e-12 });
  const sender = new NetworkNoticeSender({ smtpUrl, from: 'a@example.org' }, () => start);
  return new NoticeService(database, clock, sender);
};
const rule = (given: object) =>
  noticeRuleEntrySchema.parse({
    name: 'rule',
    channel: 'webhook',
    targets: [`${hook}/plain`],
    county: null,
    kinds: [],
    leastLevel: 'minor',
    quietFromMin: null,
    quietToMin: null,
    groupS: 0,
    ...given,
  });

/** An alarm as the evaluator writes it. Returns its id. */
async function raise(minute: number, kind: string, level: string): Promise<number> {
  const now = new Date(start + minute * 60_000);
  const [row] = await database.query<{ id: number }>(sql`
    with opened as (
      insert into alarm (kind, subject, county_code, station_id, level, opened_at, began_at, last_seen_at,
        fen_per_post_month, lost_amount_fen)
      select ${kind}, 'station:' || s.id || ${kind}, t.county_code, s.id, ${level}, ${now}::timestamptz,
        ${now}::timestamptz, ${now}::timestamptz, 50000, 12345
      from station s join township t on t.code = s.township_code where s.code = ${station.code}
      returning id
    ), event as (
      insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'opened' from opened
    )
    select id::float8 from opened`);
  if (!row) throw new Error('no alarm');
  return row.id;
}
const clear = async () => {
  await database.query(
    sql`update notice_rule set retired_at = now(), retired_by = 'test' where retired_at is null`,
  );
  posts.length = 0;
  mails.length = 0;
  answer = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' };
};

describe('notices', () => {
  it('sends each alarm once a rule, in the shape of each receiver', async () => {
    await clear();
    await at(0).addRule(rule({}), who);
    await at(0).addRule(rule({ channel: 'wecom', targets: [`${hook}/wecom`] }), who);
    await at(0).addRule(rule({ channel: 'dingtalk', targets: [`${hook}/ding`], secret: 'SEC1' }), who);
    await at(0).addRule(rule({ channel: 'email', targets: ['a@example.org', 'b@example.org'] }), who);
    await raise(1, 'zero', 'major');
    expect(await at(2).run()).toBe(4);
    expect(await at(3).run()).toBe(0);
    expect(posts.map(({ path }) => path.split('?')[0])).toEqual(['/plain', '/wecom', '/ding']);
    expect(posts[0]?.body).toMatchObject({ subject: `【阳光账本】新告警：${station.name} 零发电` });
    expect(posts[1]?.body).toMatchObject({ msgtype: 'text', text: { content: /123\.45 元/ } });
    expect(posts[2]?.path).toMatch(/^\/ding\?timestamp=\d+&sign=[^&]+$/);
    expect(mails.map(({ to }) => to)).toEqual([['a@example.org', 'b@example.org']]);
  });

  it('groups what comes together, and lets quiet hours pass', async () => {
    await clear();
    await at(60).addRule(rule({ groupS: 600, quietFromMin: 11 * 60 + 10, quietToMin: 12 * 60 }), who);
    await raise(61, 'fault', 'major');
    await raise(65, 'grid', 'minor');
    expect(await at(66).run()).toBe(0);
    // 11:11 is quiet; 12:00 is not.
    expect(await at(71).run()).toBe(0);
    expect(await at(120).run()).toBe(1);
    expect(posts[0]?.body).toMatchObject({ subject: '【阳光账本】2 条告警' });
  });

  it('leaves out what the rule is not about', async () => {
    await clear();
    await at(180).addRule(rule({ kinds: ['offline'] }), who);
    await at(180).addRule(rule({ leastLevel: 'critical' }), who);
    await raise(181, 'low', 'minor');
    expect(await at(182).run()).toBe(0);
    expect(posts).toEqual([]);
  });

  it('tries again where it was not taken, waits longer each time, and gives up in the log', async () => {
    await clear();
    const { id } = await at(240).addRule(rule({ channel: 'wecom', targets: [`${hook}/wecom`] }), who);
    answer = { status: 200, body: '{"errcode":93000,"errmsg":"invalid webhook url"}' };
    await raise(241, 'string_low', 'minor');
    expect(await at(242).run()).toBe(0);
    expect(await at(242.5).run()).toBe(0);
    expect(posts).toHaveLength(1);
    expect((await at(242).log())[0]).toMatchObject({
      ruleId: id,
      state: 'waiting',
      attempts: 1,
      lastError: 'refused: 93000 invalid webhook url',
    });
    for (const minute of [244, 250, 260, 280]) await at(minute).run();
    expect((await at(280).log())[0]).toMatchObject({ state: 'waiting', attempts: 5 });
    await at(300).run();
    expect((await at(300).log())[0]).toMatchObject({ state: 'given_up', attempts: 6 });
  });

  it('sends a refused mail again', async () => {
    await clear();
    await at(400).addRule(rule({ channel: 'email', targets: ['c@example.org'] }), who);
    await raise(401, 'over_temperature', 'minor');
    refuseMail = true;
    expect(await at(402).run()).toBe(0);
    refuseMail = false;
    expect(await at(404).run()).toBe(1);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain('Message-ID: <notice-');
  });

  it('sends a test at once and says whether it was taken', async () => {
    await clear();
    const { id } = await at(500).addRule(rule({}), who);
    expect(await at(500).sendTest(id)).toMatchObject({ isTest: true, state: 'sent', attempts: 1 });
    answer = { status: 500, body: '' };
    expect(await at(501).sendTest(id)).toMatchObject({ state: 'waiting', lastError: 'HTTP 500' });
  });
});
