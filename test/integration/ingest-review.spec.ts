import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  problemSchema,
  profileDetailSchema,
  profileListSchema,
  profileSourcesSchema,
  quarantineListSchema,
  quarantineMessageSchema,
  receiptListSchema,
  replayPortionSchema,
  replayResultSchema,
  trialResultSchema,
} from '#contracts';
import { BUILTIN_PROFILES, builtinProfile, QuarantineService, type MessageReplay } from '#ingestion';
import { sql } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { PROFILE_SAMPLES, SAMPLES_RECEIVED_AT } from '../../apps/web/src/components/ingest/samples.ts';
import { writeSmallFleet } from './small-fleet.ts';

const { database, url } = await createTestDatabase();
const fleet = await writeSmallFleet(database);
const [first, second] = fleet.neighbours;
const device = first.devices[0];
if (!device) throw new Error('a station without devices');
const environment = readEnvironment({
  PV_CLOCK_START: '2026-06-15T12:00:00+08:00',
  NODE_ENV: 'test',
  PV_ACCESS: 'open',
});
let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  app = await createApi({ environment, logger: createLogger('api', { PV_LOG_LEVEL: 'error' }), url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = await app.getUrl();
});
afterAll(() => app.close());

interface Sent {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}
const send = (path: string, { method = 'GET', body, headers = {} }: Sent = {}) =>
  fetch(`${base}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
async function ask<T>(schema: z.ZodType<T>, path: string, sent?: Sent): Promise<T> {
  const response = await send(path, sent);
  const answer: unknown = await response.json();
  expect([response.status, answer]).toEqual([200, answer]);
  return schema.parse(answer);
}
async function problem(path: string, status: number, sent?: Sent) {
  const response = await send(path, sent);
  expect([path, response.status]).toEqual([path, status]);
  return problemSchema.parse(await response.json());
}

describe('receipts', () => {
  const stationId = async (code: string) => {
    const [row] = await database.query<{ id: number }>(sql`select id from station where code = ${code}`);
    return row?.id ?? 0;
  };

  beforeAll(async () => {
    const id = await stationId(first.code);
    await database.query(sql`
      insert into message_sender (station_id, code, epoch, epoch_began_at, last_seq, last_measured_at)
      values (${id}, 'GW01', 1, '2026-06-01', 400, '2026-06-15'), (${id}, 'GW02', 0, '2026-06-01', 20, '2026-06-15')`);
    // 201-210 are missing for good, 305 came on the second asking, 300 carried a reading of the day before.
    await database.query(sql`
      insert into message_sequence (station_id, sender_code, epoch, day, received) values
        (${id}, 'GW01', 0, '2026-06-12', '{[7000,7100)}'),
        (${id}, 'GW01', 1, '2026-06-12', '{[1,101)}'),
        (${id}, 'GW01', 1, '2026-06-13', '{[101,201),[300,301)}'),
        (${id}, 'GW01', 1, '2026-06-14', '{[211,300),[301,321)}'),
        (${id}, 'GW02', 0, '2026-06-14', '{[11,21)}')`);
    await database.query(sql`
      insert into resend_request (station_id, sender_code, epoch, day, asked, missing, state, attempts, first_asked_at,
        next_attempt_at, settled_at) values
        (${id}, 'GW01', 1, '2026-06-13', '{[201,211)}', '{[201,211)}', 'given_up', 5, now(), now(), now()),
        (${id}, 'GW01', 1, '2026-06-14', '{[305,306)}', '{}', 'came', 1, now(), now(), now())`);
    await database.query(sql`
      insert into ingest_count (station_id, day, accepted, duplicate, late)
      values (${id}, '2026-06-13', 1000, 12, 5), (${id}, '2026-06-14', 1090, 0, 0)`);
    await database.query(sql`
      insert into ingest_rejection (station_id, day, reason, times)
      values (${id}, '2026-06-13', 'conflict', 2), (${id}, '2026-06-13', 'future', 7)`);
    await database.query(sql`
      insert into device_clock (device_id, hour_at, least_delay_ms, last_least_delay_ms)
      select id, timestamptz '2026-06-15T11:00:00+08:00',
        case row_number() over (order by code) when 1 then -90000 when 2 then 400000 else 900 end,
        case row_number() over (order by code) when 1 then 500 when 2 then 300000 else null end
      from device where station_id = ${id}`);
  });
  const days = (query: string) =>
    ask(receiptListSchema, `/api/v1/ingest/receipts?station=${first.code}&${query}`);

  it('counts what was sent, came and is missing, from one day to the next', async () => {
    const { items } = await days('from=2026-06-12&to=2026-06-16');
    expect(items.map(({ day }) => day)).toEqual(['2026-06-15', '2026-06-14', '2026-06-13', '2026-06-12']);
    const [today, fourteenth, thirteenth, twelfth] = items;
    // Nothing came yet: unknown, not zero.
    expect(today).toMatchObject({ messages: null, readings: null, rejected: [], senders: [] });
    expect(twelfth?.messages).toMatchObject({ sent: 200, received: 200, missing: 0 });
    expect(twelfth?.senders).toMatchObject([
      { epoch: 0, firstSeq: 7000, lastSeq: 7099 },
      { epoch: 1, firstSeq: 1, lastSeq: 100 },
    ]);
    expect(thirteenth).toMatchObject({
      messages: { sent: 111, received: 101, missing: 10, asked: 10, came: 0, gaveUp: 10 },
      readings: { accepted: 1000, duplicate: 12, late: 5 },
      rejected: [
        { reason: 'future', times: 7 },
        { reason: 'conflict', times: 2 },
      ],
      senders: [{ code: 'GW01', epoch: 1, firstSeq: 101, lastSeq: 300, holes: [[201, 210]] }],
    });
    expect(fourteenth?.messages).toEqual({
      sent: 119,
      received: 119,
      missing: 0,
      asked: 1,
      came: 1,
      gaveUp: 0,
    });
  });

  it('doubts a gateway that comes on line all the time, and numbers that begin again and again (MQT-04)', async () => {
    const id = await stationId(second.code);
    const gateway = second.gateways[0]?.code ?? '';
    await database.query(sql`
      insert into gateway_connect_day (station_id, gateway_code, day, times)
      values (${id}, ${gateway}, '2026-06-10', 99), (${id}, ${gateway}, '2026-06-11', 1800)`);
    await database.query(sql`
      insert into message_sender (station_id, code, epoch, epoch_began_at, last_seq, last_measured_at)
      values (${id}, 'GW09', 6, '2026-06-10', 9, '2026-06-10')`);
    await database.query(sql`
      insert into message_sequence (station_id, sender_code, epoch, day, received)
      select ${id}::int, 'GW09', epoch, '2026-06-10', '{[5,7)}' from generate_series(0, 6) as e (epoch)`);
    const path = `/api/v1/ingest/receipts?station=${second.code}&from=2026-06-10&to=2026-06-12`;
    const { items } = await ask(receiptListSchema, path);
    expect(items.map(({ day, doubts }) => [day, doubts])).toEqual([
      ['2026-06-11', [{ kind: 'reconnects', sender: gateway, times: 1800 }]],
      ['2026-06-10', [{ kind: 'renumbered', sender: 'GW09', times: 6 }]],
    ]);
    expect((await days('from=2026-06-12&to=2026-06-16')).items.flatMap(({ doubts }) => doubts)).toEqual([]);
  });

  it('adds up: every message is received or missing, on one day only', async () => {
    const { items } = await days('from=2026-06-12&to=2026-06-15');
    const sum = (name: 'sent' | 'received' | 'missing') =>
      items.reduce((total, { messages }) => total + (messages?.[name] ?? 0), 0);
    expect(sum('sent')).toBe(sum('received') + sum('missing'));
    expect(sum('missing')).toBe(10);
  });

  it('finds the hole of a day whatever days are asked for', async () => {
    const { items } = await days('from=2026-06-13&to=2026-06-14');
    expect(items[0]?.messages).toMatchObject({ missing: 10, received: 101 });
  });

  it('judges the clocks by the lesser of two hours', async () => {
    const { clocks } = await days('');
    expect(clocks.slice(0, 3)).toMatchObject([
      { skewMs: -90_000, verdict: 'ahead' },
      { skewMs: 300_000, verdict: 'behind' },
      { skewMs: 900, verdict: 'right' },
    ]);
  });

  it('lists one day of all stations, a page at a time', async () => {
    const path = '/api/v1/ingest/receipts?from=2026-06-13&pageSize=2';
    const page = await ask(receiptListSchema, path);
    expect(page).toMatchObject({ total: 4, to: '2026-06-14', clocks: [] });
    expect(page.items).toHaveLength(2);
    const next = await ask(receiptListSchema, `${path}&page=2`);
    const all = [...page.items, ...next.items];
    expect(new Set(all.map(({ stationCode }) => stationCode)).size).toBe(4);
    expect(all.find(({ stationCode }) => stationCode === first.code)?.messages?.missing).toBe(10);
    expect(all.find(({ stationCode }) => stationCode === second.code)?.messages).toBeNull();
  });

  it('refuses ranges that are too long, turned round, or of all stations', async () => {
    const path = '/api/v1/ingest/receipts';
    const of = `${path}?station=${first.code}`;
    expect((await problem(`${of}&from=2026-01-01&to=2026-06-01`, 400)).code).toBe('receipt.range_invalid');
    expect((await problem(`${of}&from=2026-06-02&to=2026-06-01`, 400)).code).toBe('receipt.range_invalid');
    expect((await problem(`${path}?from=2026-06-01&to=2026-06-05`, 400)).code).toBe('receipt.one_day_only');
    expect((await problem(`${path}?station=NONE`, 404)).code).toBe('station.not_found');
  });
});

describe('quarantine', () => {
  const text = Buffer.from('{"功率": 1, "note": "<script>alert(1)</script>"');
  const broken = Buffer.from([0xff, 0x00, 0x41, 0xfe]);

  beforeAll(async () => {
    const rows = [
      {
        topic: 'pv/v1/X/INV01/telemetry',
        payload: text,
        reason: 'unparsable',
        at: '2026-06-13T10:00:00+08:00',
      },
      { topic: 'a/b_c', payload: broken, reason: 'not_utf8', at: '2026-06-14T10:00:00+08:00' },
      {
        topic: 'a/bXc',
        payload: Buffer.alloc(39_999, '汉'),
        reason: 'too_large',
        at: '2026-06-15T10:00:00+08:00',
      },
    ];
    for (const { topic, payload, reason, at } of rows)
      await database.query(sql`
        insert into quarantine_message (received_at, last_received_at, topic, payload, reason, detail, hash)
        values (${at}::timestamptz, ${at}::timestamptz, ${topic}, ${payload}, ${reason}, 'why', ${randomBytes(32)})`);
  });
  const list = (query = '') => ask(quarantineListSchema, `/api/v1/quarantine?${query}`);
  const topics = async (query: string) => (await list(query)).items.map(({ topic }) => topic);

  it('finds by reason, days, and parts of topic and payload, taken literally', async () => {
    const all = await list();
    expect(all.items.map(({ reason }) => reason)).toEqual(['too_large', 'not_utf8', 'unparsable']);
    expect((await list('reason=not_utf8')).byReason).toEqual(all.byReason);
    expect(await topics('reason=not_utf8')).toEqual(['a/b_c']);
    expect(await topics('topic=B_C')).toEqual(['a/b_c']);
    expect(await topics('topic=%25')).toEqual([]);
    expect(await topics(`text=${encodeURIComponent('"功率"')}`)).toEqual(['pv/v1/X/INV01/telemetry']);
    expect(await topics('text=%00')).toHaveLength(3);
    expect(await topics('from=2026-06-13&to=2026-06-14')).toEqual(['pv/v1/X/INV01/telemetry']);
    expect((await list('pageSize=1&page=2')).items).toMatchObject([{ topic: 'a/b_c' }]);
    expect((await problem('/api/v1/quarantine?pageSize=9999', 400)).code).toBe('request.invalid');
  });

  it('shows text where it is text, digits always, and gives the bytes as a file', async () => {
    const [large, bytes, words] = (await list()).items;
    const read = (id?: string) => ask(quarantineMessageSchema, `/api/v1/quarantine/${id}`);
    expect(await read(words?.id)).toMatchObject({ text: text.toString(), bytes: text.length });
    expect(await read(bytes?.id)).toMatchObject({ text: null, hex: 'ff0041fe', shownBytes: 4 });
    const shown = await read(large?.id);
    expect(shown.shownBytes).toBeLessThan(shown.bytes);
    expect(shown.text).toMatch(/^汉+$/);
    const file = await send(`/api/v1/quarantine/${bytes?.id}/payload`);
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect(Buffer.from(await file.arrayBuffer())).toEqual(broken);
    expect((await problem('/api/v1/quarantine/999999', 404)).code).toBe('quarantine.not_found');
    expect((await problem('/api/v1/quarantine/x', 400)).code).toBe('request.invalid');
  });

  it('replays from this machine only', async () => {
    const foreign = { method: 'POST', body: {}, headers: { origin: 'http://evil.example' } };
    expect((await problem('/api/v1/quarantine/replay', 403, foreign)).code).toBe('request.only_local');
    expect((await problem('/api/v1/quarantine/1/replay', 403, foreign)).code).toBe('request.only_local');
  });
});

describe('replay', () => {
  const payloads = ['stored', 'duplicate', 'empty', 'refused'];
  /** What the pipeline would say of a message whose payload is what it says. */
  const replayer: MessageReplay = {
    replay: (messages) =>
      Promise.resolve(
        messages.map(({ id, payload }) => {
          const word = payload.toString();
          return {
            id,
            accepted: word === 'stored' ? 2 : 0,
            duplicate: word === 'duplicate' ? 1 : 0,
            isLastKnown: false,
            rejections:
              word === 'refused' ? [{ reason: 'unknown_device' as const, detail: 'no such device' }] : [],
          };
        }),
      ),
  };
  const logger = createLogger('test', { PV_LOG_LEVEL: 'error' });
  const service = new QuarantineService(database, new Clock(), logger, replayer);
  const filter = { topic: 'replay/' };

  beforeAll(async () => {
    for (const word of [...payloads, ...payloads])
      await database.query(sql`
        insert into quarantine_message (received_at, last_received_at, topic, payload, reason, detail, hash)
        values (now(), now(), 'replay/x', ${Buffer.from(word)}, 'unknown_device', 'why', ${randomBytes(32)})`);
  });

  it('does a filter in portions, comes to an end, and leaves settled messages alone', async () => {
    const run = async () => {
      const portions = [await service.replayPortion({ ...filter, limit: 3 })];
      for (let last = portions[0]; last && last.nextAfter !== null && portions.length < 10;) {
        const { nextAfter: after, upTo } = last;
        last = await service.replayPortion({ ...filter, limit: 3, after, upTo });
        portions.push(last);
      }
      return portions;
    };
    const first = await run();
    expect(first.map(({ done, left }) => [done, left])).toEqual([
      [3, 5],
      [3, 2],
      [2, 0],
    ]);
    const sum = (name: 'stored' | 'duplicate' | 'empty' | 'refused') =>
      first.reduce((total, portion) => total + portion[name], 0);
    expect([sum('stored'), sum('duplicate'), sum('empty'), sum('refused')]).toEqual([2, 2, 2, 2]);
    expect((await run()).map(({ done, refused, left }) => [done, refused, left])).toEqual([[2, 2, 0]]);
    const rows = await database.query<{ outcome: string; payload: Buffer; stamped: boolean }>(sql`
      select outcome, payload, replayed_at is not null as stamped
      from quarantine_message
      where topic = 'replay/x'`);
    for (const { outcome, payload, stamped } of rows) {
      const word = payload.toString();
      expect([outcome, stamped]).toEqual([word === 'refused' ? 'refused: unknown_device' : word, true]);
    }
  });

  it('tells what became of a single message', async () => {
    const { items } = await service.list({ ...filter, state: 'open', page: 1, pageSize: 10 });
    expect(items).toHaveLength(2);
    expect(await service.replay(BigInt(items[0]?.id ?? 0))).toMatchObject({
      outcome: 'refused: unknown_device',
      accepted: 0,
      rejections: [{ reason: 'unknown_device', detail: 'no such device' }],
    });
  });

  it('has nothing to do where nothing is open', async () => {
    const portion = await service.replayPortion({ topic: 'nowhere', limit: 5 });
    expect(portion).toMatchObject({ done: 0, left: 0, nextAfter: null });
  });
});

describe('profiles', () => {
  const by = { changedBy: '试验员' };
  const own = {
    ...builtinProfile('tasmota'),
    id: 'my-logger',
    name: { zh: '自建采集器', en: 'My logger' },
    topics: ['mine/{device}/SENSOR'],
    presence: undefined,
  };
  const put = (content: unknown) => ({ method: 'PUT', body: { content, ...by } });

  it('lists the built-in ones as they come: native on, all others off', async () => {
    const { items } = await ask(profileListSchema, '/api/v1/profiles');
    expect(items.map(({ id }) => id)).toEqual(BUILTIN_PROFILES.map(({ id }) => id));
    expect(items.filter(({ enabled }) => enabled).map(({ id }) => id)).toEqual(['native']);
    expect(items.find(({ id }) => id === 'opendtu')).toMatchObject({
      origin: 'builtin',
      filters: ['solar/+/#', 'solar/+/status/reachable'],
      mappedDevices: 0,
    });
  });

  it('names the place of everything that is wrong in a profile', async () => {
    const bad = {
      ...own,
      topics: ['a/#/b'],
      fields: [{ target: 'active_power', paths: ['p'], unit: 'kWh' }],
    };
    const { code, errors } = await problem('/api/v1/profiles/my-logger', 422, put(bad));
    expect(code).toBe('profile.invalid');
    expect(errors?.map(({ path }) => path)).toEqual(['topics.0', 'fields.0']);
    const other = await problem('/api/v1/profiles/another', 422, put(own));
    expect(other.errors).toMatchObject([{ path: 'id' }]);
    expect((await problem('/api/v1/profiles/my-logger', 404)).code).toBe('profile.not_found');
  });

  it('keeps an own profile, and who changed it', async () => {
    const saved = await ask(profileDetailSchema, '/api/v1/profiles/my-logger', put(own));
    expect(saved).toMatchObject({ origin: 'own', enabled: false, changedBy: '试验员', builtinContent: null });
    const { items } = await ask(profileListSchema, '/api/v1/profiles');
    expect(items.at(-1)).toMatchObject({ id: 'my-logger', filters: ['mine/+/SENSOR'] });
  });

  it('takes a changed copy for changed, and what is like the built-in one for that', async () => {
    const path = '/api/v1/profiles/opendtu';
    const changed = { ...builtinProfile('opendtu'), name: { zh: '改名', en: 'Renamed' } };
    expect(await ask(profileDetailSchema, path, put(changed))).toMatchObject({
      origin: 'changed',
      builtinContent: { name: { zh: 'OpenDTU（禾迈）' } },
    });
    const same = put(builtinProfile('opendtu'));
    expect(await ask(profileDetailSchema, path, same)).toMatchObject({ origin: 'builtin' });
  });

  it('switches on and off, by name; the native protocol stays as it is', async () => {
    const post = (id: string, word: string, body: unknown = by) =>
      [`/api/v1/profiles/${id}/${word}`, { method: 'POST', body }] as const;
    expect(await ask(profileDetailSchema, ...post('my-logger', 'enable'))).toMatchObject({ enabled: true });
    expect(await ask(profileDetailSchema, ...post('my-logger', 'enable'))).toMatchObject({ enabled: true });
    expect(await ask(profileDetailSchema, ...post('my-logger', 'disable'))).toMatchObject({ enabled: false });
    const [path, nameless] = post('my-logger', 'enable', { changedBy: ' ' });
    expect((await problem(path, 400, nameless)).errors).toMatchObject([{ path: 'changedBy' }]);
    const [nativePath, off] = post('native', 'disable');
    expect((await problem(nativePath, 422, off)).code).toBe('profile.native_is_fixed');
    const foreign = { method: 'POST', body: by, headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await problem(path, 403, foreign)).code).toBe('request.only_local');
  });

  it('maps names to devices all or nothing, and shows names that came without one', async () => {
    const path = '/api/v1/profiles/my-logger/sources';
    const payload = Buffer.from('{"Time":"2026-06-15T10:00:00","ENERGY":{"Power":5}}');
    await database.query(sql`
      insert into quarantine_message (received_at, last_received_at, topic, payload, reason, detail, hash, times)
      select timestamptz '2026-06-15T10:00:05+08:00', timestamptz '2026-06-15T10:00:05+08:00', 'mine/' || n || '/SENSOR', ${payload}::bytea,
        'unknown_device', 'no device', sha256(n::bytea), 3
      from (values ('roof-1'), ('roof-2')) as u (n)`);
    const before = await ask(profileSourcesSchema, path);
    expect(before.mapped).toEqual([]);
    expect(new Map(before.seen.map(({ sourceId, messages }) => [sourceId, messages]))).toEqual(
      new Map([
        ['roof-1', 3],
        ['roof-2', 3],
      ]),
    );
    const save = (sources: unknown) => ({ method: 'PUT', body: { sources, ...by } });
    const right = { sourceId: 'roof-1', station: first.code, device: device.code };
    const wrong = { sourceId: 'roof-2', station: first.code, device: 'NONE' };
    const refused = await problem(path, 422, save([right, wrong]));
    expect(refused).toMatchObject({
      code: 'profile.sources_invalid',
      errors: [{ path: 'sources.1.device' }],
    });
    expect((await ask(profileSourcesSchema, path)).mapped).toEqual([]);
    expect((await problem(path, 422, save([right, right]))).errors).toMatchObject([
      { path: 'sources.1.sourceId' },
    ]);
    const after = await ask(profileSourcesSchema, path, save([right]));
    expect(after.mapped).toEqual([right]);
    expect(after.seen.map(({ sourceId }) => sourceId)).toEqual(['roof-2']);
    const { items } = await ask(profileListSchema, '/api/v1/profiles');
    expect(items.at(-1)).toMatchObject({ mappedDevices: 1 });
  });

  it('tries a message and says which device it would be, storing nothing', async () => {
    const message = (name: string) => ({
      topic: `mine/${name}/SENSOR`,
      text: '{"Time":"2026-06-15T10:00:00","ENERGY":{"Power":856,"Total":514.153,"Factor":0.96,"Today":"x"}}',
    });
    const body = {
      profileId: 'my-logger',
      messages: [message('roof-1'), message('roof-9'), { topic: 'no', text: '' }],
    };
    const trial = await ask(trialResultSchema, '/api/v1/profiles/try', { method: 'POST', body });
    expect(trial.readings).toMatchObject([
      {
        device: { station: first.code, device: device.code, known: true },
        activePowerW: 856,
        energyTotalWh: 514_153,
        energyDayWh: null,
        fieldRejected: true,
        measuredAt: '2026-06-15T02:00:00.000Z',
        extras: { power_factor: 0.96 },
      },
      { sourceId: 'roof-9', device: null },
    ]);
    expect(trial.rejections).toMatchObject([{ message: 2, reason: 'unknown_topic' }]);
    const [stored] = await database.query<{ n: number }>(sql`select count(*)::int as n from reading`);
    expect(stored?.n).toBe(0);
  });

  it('stores what was kept aside once its profile is enabled and its device mapped, and once only', async () => {
    const kept = await ask(quarantineListSchema, '/api/v1/quarantine?topic=mine/');
    const idOf = (name: string) => kept.items.find(({ topic }) => topic.includes(name))?.id;
    const replay = (id?: string) =>
      ask(replayResultSchema, `/api/v1/quarantine/${id}/replay`, { method: 'POST' });
    expect((await replay(idOf('roof-1'))).outcome).toBe('refused: unknown_topic');
    await ask(profileDetailSchema, '/api/v1/profiles/my-logger/enable', { method: 'POST', body: by });
    expect((await replay(idOf('roof-2'))).outcome).toBe('refused: unknown_device');
    const portion = await ask(replayPortionSchema, '/api/v1/quarantine/replay', {
      method: 'POST',
      body: { topic: 'mine/' },
    });
    expect(portion).toMatchObject({ done: 2, left: 0, stored: 1, refused: 1, nextAfter: null });
    const rows = await database.query(sql`
      select d.code, r.active_power_w as power from reading r join device d on d.id = r.device_id`);
    expect(rows).toEqual([{ code: device.code, power: 5 }]);
    expect(await replay(idOf('roof-1'))).toMatchObject({ outcome: 'duplicate', accepted: 0, duplicate: 1 });
    const settled = await ask(quarantineListSchema, '/api/v1/quarantine?topic=mine/&state=settled');
    expect(settled.items).toMatchObject([{ topic: 'mine/roof-1/SENSOR', outcome: 'duplicate' }]);
  });

  it('puts values that come one a topic together', async () => {
    const lines = [
      '0/power 412.3',
      '0/yieldday 1532',
      '0/yieldtotal 1204.511',
      'status/last_update 1748743200',
    ];
    const messages = lines.map((line) => {
      const [topic = '', value = ''] = line.split(' ');
      return { topic: `solar/110000000001/${topic}`, text: value };
    });
    const trial = await ask(trialResultSchema, '/api/v1/profiles/try', {
      method: 'POST',
      body: { profileId: 'opendtu', messages },
    });
    expect(trial.readings).toMatchObject([
      {
        sourceId: '110000000001',
        activePowerW: 412,
        energyDayWh: 1532,
        energyTotalWh: 1_204_511,
        measuredAt: '2025-06-01T02:00:00.000Z',
      },
    ]);
  });

  it('has a sample for every built-in profile, which the profile reads', async () => {
    expect(Object.keys(PROFILE_SAMPLES)).toEqual(BUILTIN_PROFILES.map(({ id }) => id));
    for (const [profileId, messages] of Object.entries(PROFILE_SAMPLES)) {
      const body = { profileId, messages, receivedAt: SAMPLES_RECEIVED_AT };
      const trial = await ask(trialResultSchema, '/api/v1/profiles/try', { method: 'POST', body });
      expect([profileId, trial.rejections]).toEqual([profileId, []]);
      expect([profileId, trial.readings.length > 0]).toEqual([profileId, true]);
      expect([profileId, trial.readings.some((reading) => reading.activePowerW !== null)]).toEqual([
        profileId,
        true,
      ]);
    }
  });

  it('refuses a trial without a profile or with odd digits', async () => {
    const post = (body: unknown) => ({ method: 'POST', body });
    const messages = [{ topic: 'a', hex: 'abc' }];
    expect((await problem('/api/v1/profiles/try', 400, post({ messages }))).code).toBe('request.invalid');
    const unknown = { profileId: 'none', messages: [{ topic: 'a', hex: 'ab' }] };
    expect((await problem('/api/v1/profiles/try', 404, post(unknown))).code).toBe('profile.not_found');
  });
});
