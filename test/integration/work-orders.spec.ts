import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  patrolPlanListSchema,
  patrolPlanSchema,
  problemSchema,
  workOrderListSchema,
  workOrderPhotoSchema,
  workOrderSchema,
  type WorkOrder,
} from '#contracts';
import { PatrolPlanService, WorkOrderService } from '#monitoring';
import { sql } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';

const { database, url } = await createTestDatabase();
const NOW = '2026-06-10T14:00:00+08:00';
const NOW_MS = Date.parse(NOW);
const HOUR_MS = 3_600_000;
const environment = readEnvironment({ PV_CLOCK_START: NOW, NODE_ENV: 'test', PV_ACCESS: 'open' });
const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });
const clockAt = (ms: number) => new Clock({ startAt: new Date(ms), speed: 1 });
const ordersAt = (ms: number) => new WorkOrderService(database, clockAt(ms));
const OTHER = { accountId: 'county-7', name: '县级值班' };

let app: NestFastifyApplication;
let base: string;
let counter = 0;
let station: string;

beforeAll(async () => {
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  for (const code of ['NB1', 'NB2', 'NB3', 'NB4']) await addStation(code);
  // From 10:00 to 14:00 the neighbours make 80 W a kW.
  await quarters(['NB1', 'NB2', 'NB3', 'NB4'], 2000);
  app = await createApi({ environment, logger, url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = `${await app.getUrl()}/api/v1/work-orders`;
});
afterAll(() => app.close());
beforeEach(async () => {
  counter += 1;
  station = await addStation(`ST${String(counter).padStart(3, '0')}`);
});

async function addStation(code: string): Promise<string> {
  await database.query(sql`
    insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    values (${code}, ${`试验${code}`}, 'single', '141124100', 111, 38, 100000, 90000, 33, 180, '2024-05-20', 'national',
      true)`);
  return code;
}

async function quarters(codes: readonly string[], energyWh: number) {
  await database.query(sql`
    insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
    select s.id, q, ${energyWh}::bigint, 'meter_counter', 'measured'
    from station s, generate_series('2026-06-10T10:00:00+08:00'::timestamptz, '2026-06-10T13:45:00+08:00'::timestamptz,
      interval '15 minutes') q
    where s.code = any(${codes}::text[])`);
}

async function addAlarm(code: string | null): Promise<number> {
  const [row] = await database.query<{ id: number }>(sql`
    insert into alarm (kind, subject, county_code, station_id, level, opened_at, began_at, last_seen_at,
      lost_energy_wh, lost_amount_fen, fen_per_post_month)
    values ('zero', ${`test:${randomUUID()}`}, '141124', (select id from station where code = ${code}), 'major', now(),
      now(), now(), 123000, 10455, 30000)
    returning id::int as id`);
  if (!row) throw new Error('no alarm');
  return row.id;
}

const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
async function order(path: string, body: unknown): Promise<WorkOrder> {
  const response = await send(path, body);
  const answer: unknown = await response.json();
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  return workOrderSchema.parse(answer);
}
async function refusal(response: Response) {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return { status: response.status, code: problemSchema.parse(await response.json()).code };
}
const refused = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
  refusal(await send(path, body, headers));
const detail = async (id: number) => workOrderSchema.parse(await (await fetch(`${base}/${id}`)).json());
const list = async (query: string) =>
  workOrderListSchema.parse(await (await fetch(`${base}?${query}`)).json());
const key = () => randomUUID();
const opened = (part: object = {}) => order('', { actionKey: key(), station, title: '不发电', ...part });
const step = (id: number, action: string, part: object = {}) =>
  order(`/${id}/steps`, { action, actionKey: key(), ...part });
const REPAIR = {
  note: '更换逆变器风扇',
  cause: 'inverter',
  parts: [{ name: '风扇', quantity: 2, amountFen: '12050' }],
  labourFen: '8000',
};
/** An order that was repaired at an instant. */
async function repairedAt(at: string, part: object = {}) {
  const { id } = await opened({ at });
  await step(id, 'accept', { at });
  await step(id, 'arrive', { at });
  return step(id, 'repair', { at, ...REPAIR, ...part });
}

describe('the way of a work order', () => {
  it('goes from an alarm to a repair that the readings show', async () => {
    await quarters([station], 1900);
    const alarmId = await addAlarm(station);
    const first = await order('', {
      actionKey: key(),
      alarmId,
      assignee: '运维一组',
      at: '2026-06-10T09:00:00+08:00',
    });
    expect(first).toMatchObject({
      state: 'dispatched',
      alarmKind: 'zero',
      lostEnergyWh: 123_000,
      lostAmountFen: '10455',
      due: { clock: 'accept', at: '2026-06-10T03:00:00.000Z' },
    });
    const told = await database.query(sql`
      select detail from alarm_event where alarm_id = ${alarmId}::bigint and kind = 'work_order'`);
    expect(told).toEqual([{ detail: { workOrderId: first.id } }]);
    await step(first.id, 'accept', { at: '2026-06-10T09:10:00+08:00' });
    await step(first.id, 'arrive', { at: '2026-06-10T09:30:00+08:00' });
    const repaired = await step(first.id, 'repair', { at: '2026-06-10T09:50:00+08:00', ...REPAIR });
    expect(repaired).toMatchObject({
      state: 'repaired',
      side: 'operator',
      costFen: '20050',
      parts: REPAIR.parts,
    });
    expect(repaired.verdict).toEqual({ kind: 'verified', ratio: 0.95 });
    expect((await step(first.id, 'verify')).state).toBe('verified');
    const closed = await step(first.id, 'close');
    expect(closed).toMatchObject({ state: 'closed', due: null, actions: [] });
    expect(closed.events.map(({ action }) => action)).toEqual([
      'create',
      'accept',
      'arrive',
      'repair',
      'verify',
      'close',
    ]);
    expect(closed.events[1]).toMatchObject({ by: '本机值班员', happenedAt: '2026-06-10T01:10:00.000Z' });
  });

  it('refuses what is not possible, and says why', async () => {
    const { id } = await opened();
    expect(await refused(`/${id}/steps`, { action: 'repair', actionKey: key(), ...REPAIR })).toEqual({
      status: 409,
      code: 'work_order.not_possible',
    });
    expect(await refused(`/${id}/steps`, { action: 'cancel', actionKey: key() })).toMatchObject({
      status: 400,
    });
    expect(await refused('/999999/steps', { action: 'accept', actionKey: key() })).toMatchObject({
      status: 404,
      code: 'work_order.not_found',
    });
    expect(await refused('', { actionKey: key(), title: '不发电', station: 'NOPE' })).toMatchObject({
      code: 'station.not_found',
    });
    expect(await refused('', { actionKey: key(), alarmId: await addAlarm(null) })).toMatchObject({
      code: 'work_order.alarm_without_station',
    });
    await step(id, 'accept');
    await step(id, 'arrive');
    const bad = { action: 'repair', actionKey: key(), ...REPAIR };
    expect(await refused(`/${id}/steps`, { ...bad, side: 'grid' })).toEqual({
      status: 422,
      code: 'work_order.side_against_meter',
    });
    expect(await refused(`/${id}/steps`, { ...bad, cause: undefined })).toMatchObject({
      code: 'work_order.cause_needed',
    });
    for (const labourFen of ['1.5', '-1', '1e3', '99999999999', 12])
      expect(await refused(`/${id}/steps`, { ...bad, labourFen })).toMatchObject({ status: 400 });
  });

  it('is changed by this machine and its own pages only', async () => {
    const body = { actionKey: key(), station, title: '不发电' };
    expect(await refused('', body, { origin: 'http://elsewhere.example' })).toEqual({
      status: 403,
      code: 'request.only_local',
    });
  });

  it('rests while parts are awaited, and its clocks with it', async () => {
    const at = (hour: string) => `2026-06-10T${hour}:00+08:00`;
    const { id } = await opened({ at: at('08:00') });
    await step(id, 'accept', { at: at('08:10') });
    const rested = await step(id, 'suspend', { at: at('09:00'), note: '等备件' });
    expect(rested).toMatchObject({ state: 'suspended', due: null, suspendedFrom: 'accepted' });
    const resumed = await step(id, 'resume', { at: at('12:00') });
    expect(resumed).toMatchObject({
      state: 'accepted',
      due: { clock: 'arrive', at: '2026-06-11T03:00:00.000Z' },
    });
  });

  it('has one open order an alarm', async () => {
    const alarmId = await addAlarm(station);
    const first = await order('', { actionKey: key(), alarmId });
    expect(await refused('', { actionKey: key(), alarmId })).toEqual({
      status: 409,
      code: 'work_order.alarm_has_one',
    });
    await step(first.id, 'cancel', { note: '误报' });
    expect((await order('', { actionKey: key(), alarmId })).id).not.toBe(first.id);
  });
});

describe('a form that is sent more than once', () => {
  it('is one order and one step, one after the other and twenty at once', async () => {
    const create = { actionKey: key(), station, title: '不发电' };
    const made = await Promise.all(Array.from({ length: 20 }, () => order('', create)));
    const again = await order('', create);
    expect(new Set([...made, again].map(({ id }) => id)).size).toBe(1);
    const { id } = again;
    const accept = { action: 'accept', actionKey: key() };
    const all = await Promise.all(Array.from({ length: 20 }, () => order(`/${id}/steps`, accept)));
    expect(all.every(({ state }) => state === 'accepted')).toBe(true);
    await step(id, 'arrive');
    const repair = { action: 'repair', actionKey: key(), ...REPAIR };
    await Promise.all(Array.from({ length: 20 }, () => order(`/${id}/steps`, repair)));
    await order(`/${id}/steps`, repair);
    const found = await order(`/${id}/steps`, accept);
    expect(found.events.map(({ action }) => action)).toEqual(['create', 'accept', 'arrive', 'repair']);
    expect(found).toMatchObject({ state: 'repaired', costFen: '20050' });
    expect(found.parts).toHaveLength(1);
  });

  it('is refused where its key says something else', async () => {
    const { id } = await opened();
    const actionKey = key();
    await step(id, 'dispatch', { actionKey, assignee: '甲' });
    expect(await refused(`/${id}/steps`, { action: 'dispatch', actionKey, assignee: '乙' })).toEqual({
      status: 409,
      code: 'work_order.key_reused',
    });
    const other = await opened();
    expect(
      await refused(`/${other.id}/steps`, { action: 'dispatch', actionKey, assignee: '甲' }),
    ).toMatchObject({
      status: 409,
    });
  });

  it('counts as done when it was done, not in the future and not after a week', async () => {
    const { id } = await opened({ at: '2026-06-10T13:00:00+08:00' });
    const { events } = await step(id, 'accept', { at: '2026-06-11T13:00:00+08:00' });
    expect(Date.parse(events[1]?.happenedAt ?? '')).toBeLessThan(NOW_MS + 10 * 60_000);
    const old = await opened({ at: '2026-05-01T13:00:00+08:00' });
    expect(Date.parse(old.openedAt)).toBeGreaterThanOrEqual(NOW_MS);
  });

  it('leaves a history that nobody can change', async () => {
    const { id } = await opened();
    await expect(
      database.query(sql`update work_order_event set note = 'x' where work_order_id = ${id}::int`),
    ).rejects.toThrow('only added to');
    await expect(
      database.query(sql`delete from work_order_event where work_order_id = ${id}::int`),
    ).rejects.toThrow('only added to');
  });
});

describe('verified by data', () => {
  it('does not verify what is not better, and lets another person close it with a reason', async () => {
    await quarters([station], 240);
    const { id, verdict } = await repairedAt('2026-06-10T09:50:00+08:00');
    expect(verdict).toEqual({ kind: 'not_better', ratio: 0.12 });
    const asked = await step(id, 'verify');
    expect(asked).toMatchObject({ state: 'repaired' });
    expect(asked.events.at(-1)).toMatchObject({ action: 'verify', verdict: { kind: 'not_better' } });
    const close = { action: 'close' as const, actionKey: key(), reason: '该站本月拆迁', note: '' };
    expect(await refused(`/${id}/steps`, close)).toEqual({ status: 422, code: 'work_order.same_person' });
    const { reason: _reason, ...unreasoned } = close;
    await expect(ordersAt(NOW_MS + HOUR_MS).step(id, unreasoned, OTHER)).rejects.toMatchObject({
      code: 'work_order.reason_needed',
    });
    const closed = await ordersAt(NOW_MS + HOUR_MS).step(id, close, OTHER);
    expect(closed).toMatchObject({ state: 'closed', closeReason: '该站本月拆迁', verifiedAt: null });
  });

  it('says that there was no light since, no reading, or too little', async () => {
    expect((await repairedAt('2026-06-10T13:58:00+08:00')).verdict).toEqual({ kind: 'no_daylight' });
    station = await addStation(`${station}B`);
    expect((await repairedAt('2026-06-10T09:50:00+08:00')).verdict).toEqual({ kind: 'no_readings' });
    station = await addStation(`${station}C`);
    await quarters([station], 2000);
    expect((await repairedAt('2026-06-10T13:00:00+08:00')).verdict).toEqual({
      kind: 'too_soon',
      quarters: 4,
      ratio: 1,
    });
  });

  it('goes by the expected output where that is known', async () => {
    await quarters([station], 1000);
    await database.query(sql`
      insert into station_expected_curve (station_id, day, first_slot_at, expected_power_w, low_power_w, high_power_w,
        neighbours_power_w, computed_at)
      select id, '2026-06-10', '2026-06-10T04:00:00+08:00', array_fill(4000, array[68]), array_fill(0, array[68]),
        array_fill(9000, array[68]), array_fill(8000, array[68]), now()
      from station where code = ${station}`);
    // 4 kW of 100 kW is below the light that tells anything.
    expect((await repairedAt('2026-06-10T09:50:00+08:00')).verdict).toEqual({ kind: 'no_daylight' });
    await database.query(sql`
      update station_expected_curve set expected_power_w = array_fill(5000, array[68])
      where station_id = (select id from station where code = ${station})`);
    const [first] = (await list(`station=${station}`)).items;
    expect((await detail(first?.id ?? 0)).verdict).toEqual({ kind: 'verified', ratio: 0.8 });
  });
});

describe('lists and clocks', () => {
  it('puts first what is overdue, and tells township and county once each', async () => {
    const late = await opened({ at: '2026-06-09T08:00:00+08:00' });
    const soon = await opened({ assignee: '运维二组' });
    const found = await list(`station=${station}`);
    expect(found.items.map(({ id }) => id)).toEqual([late.id, soon.id]);
    expect(found.items.map(({ escalation }) => escalation)).toEqual(['county', 'none']);
    expect(found.counts).toMatchObject({ open: 2, overdue: 1, unassigned: 1 });
    expect((await list(`station=${station}&overdue=true`)).total).toBe(1);
    expect((await list(`station=${station}&overdue=false`)).total).toBe(1);
    expect((await list(`station=${station}&assignee=${encodeURIComponent('运维二组')}`)).total).toBe(1);
    expect((await list(`county=141124&township=141124100&state=opened&station=${station}`)).total).toBe(1);
    expect((await list(`county=141121&station=${station}`)).total).toBe(0);
    await ordersAt(NOW_MS).escalateOverdue();
    expect(await ordersAt(NOW_MS).escalateOverdue()).toBe(0);
    expect((await detail(late.id)).events.map(({ action }) => action)).toEqual(['create', 'escalate_county']);
    await ordersAt(NOW_MS + 3 * HOUR_MS).escalateOverdue();
    expect((await detail(soon.id)).events.at(-1)).toMatchObject({ action: 'escalate_township', by: '系统' });
  });
});

const GPS = 'GPSLatitude 37.8731 N';
const part = (marker: number, content: Buffer) =>
  Buffer.concat([
    Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255]),
    content,
  ]);
const photo = (mark = 1) =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    part(0xe1, Buffer.from(`Exif\0\0MM\0*\0\0\0\u0008\0\0 ${GPS}`, 'latin1')),
    part(0xdb, Buffer.alloc(65, mark)),
    part(0xda, Buffer.from([1, 0])),
    Buffer.from([1, 2, 3, 0xff, 0xd9]),
  ]);

describe('photos', () => {
  const upload = (id: number, bytes: Buffer, query: Record<string, string> = {}) =>
    fetch(`${base}/${id}/photos?${new URLSearchParams({ actionKey: key(), ...query }).toString()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
  const kept = async (id: number, bytes: Buffer, query: Record<string, string> = {}) => {
    const response = await upload(id, bytes, query);
    expect(response.status).toBe(200);
    return workOrderPhotoSchema.parse(await response.json());
  };

  it('lose where they were taken, and keep it where that is wanted', async () => {
    const { id } = await opened();
    const clean = await kept(id, photo(), { name: '../../../etc/现场.jpg' });
    expect(clean).toMatchObject({ name: '现场.jpg', mediaType: 'image/jpeg', positionKept: false });
    const answer = await fetch(`${base}/${id}/photos/${clean.id}`);
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.includes('GPS')).toBe(false);
    expect(bytes.length).toBe(clean.bytes);
    const [stored] = await database.query<{ bytes: Buffer }>(sql`
      select bytes from work_order_photo where id = ${clean.id}::int`);
    expect(stored?.bytes.includes('GPS')).toBe(false);
    const whole = await kept(id, photo(), { keepPosition: 'true' });
    const wholeBytes = Buffer.from(await (await fetch(`${base}/${id}/photos/${whole.id}`)).arrayBuffer());
    expect(wholeBytes.equals(photo())).toBe(true);
  });

  it('are kept once, however often they are sent', async () => {
    const { id } = await opened();
    const actionKey = key();
    const all = await Promise.all(Array.from({ length: 20 }, () => kept(id, photo(), { actionKey })));
    const other = await kept(id, photo());
    expect(new Set([...all, other].map((item) => item.id)).size).toBe(1);
    expect(await refusal(await upload(id, photo(9), { actionKey }))).toEqual({
      status: 409,
      code: 'work_order.key_reused',
    });
    const second = await opened();
    expect(await refusal(await upload(second.id, photo(), { actionKey }))).toMatchObject({ status: 409 });
  });

  it('are twelve at most, and none more after the end', async () => {
    const { id } = await opened();
    const answers = await Promise.all(Array.from({ length: 16 }, (_, index) => upload(id, photo(index + 1))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
    expect((await detail(id)).photos).toHaveLength(12);
    await step(id, 'cancel', { note: '误报' });
    expect(await refusal(await upload(id, photo(77)))).toMatchObject({ code: 'work_order.ended' });
  });

  it.each([
    ['a page', Buffer.from('<html><script>alert(1)</script>'), 415, 'work_order.photo_type'],
    ['a zip that is called jpg', Buffer.from('PK\u0003\u0004'), 415, 'work_order.photo_type'],
    [
      'a head and nothing behind',
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]),
      422,
      'work_order.photo_unreadable',
    ],
    ['six megabytes', Buffer.concat([photo(), Buffer.alloc(6_000_000)]), 413, 'work_order.photo_too_large'],
    ['nothing', Buffer.alloc(0), 400, 'work_order.no_photo'],
  ])('are not %s', async (_, bytes, status, code) => {
    const { id } = await opened();
    expect(await refusal(await upload(id, bytes, { name: 'photo.jpg' }))).toEqual({ status, code });
    expect((await detail(id)).photos).toEqual([]);
  });

  it('are found only under their own order', async () => {
    const { id } = await opened();
    const { id: photoId } = await kept(id, photo());
    const other = await opened();
    expect(await refusal(await fetch(`${base}/${other.id}/photos/${photoId}`))).toMatchObject({
      status: 404,
    });
  });
});

describe('patrol and washing plans', () => {
  it('open one order for each day that is due, and close without readings', async () => {
    const body = {
      actionKey: key(),
      station,
      kind: 'wash',
      everyMonths: 3,
      firstDueDay: '2026-06-15',
      assignee: '村管护员 王某',
    };
    const enter = async () => patrolPlanSchema.parse(await (await send('/plans', body)).json());
    const plans = await Promise.all(Array.from({ length: 20 }, enter));
    expect(new Set(plans.map(({ id }) => id)).size).toBe(1);
    expect(await refused('/plans', { ...body, actionKey: key() })).toEqual({
      status: 409,
      code: 'patrol_plan.exists',
    });
    const service = new PatrolPlanService(database, clockAt(NOW_MS));
    expect(await service.openDue()).toBe(1);
    expect(await service.openDue()).toBe(0);
    const [found] = (await list(`station=${station}&kind=wash`)).items;
    expect(found).toMatchObject({ state: 'dispatched', assignee: '村管护员 王某', kind: 'wash' });
    expect(found?.due).toEqual({ clock: 'repair', at: '2026-06-15T16:00:00.000Z' });
    const known = patrolPlanListSchema.parse(await (await fetch(`${base}/plans?station=${station}`)).json());
    expect(known.items[0]?.nextDueDay).toBe('2026-09-15');
    const id = found?.id ?? 0;
    await step(id, 'accept');
    await step(id, 'arrive');
    await step(id, 'repair', { note: '已清洗' });
    expect((await step(id, 'close')).state).toBe('closed');
    const ended = patrolPlanSchema.parse(await (await send(`/plans/${plans[0]?.id}/end`, {})).json());
    expect(ended.endedAt).not.toBeNull();
  });
});
