import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  alarmListSchema,
  alarmPolicyHistorySchema,
  alarmPolicyListSchema,
  alarmPolicyPreviewSchema,
  alarmValuationListSchema,
  fleetSchema,
  liveAlarmsSchema,
  outageListSchema,
  outageSchema,
  plantChangeListSchema,
  plantChangeSchema,
  problemSchema,
  stationListSchema,
  workOrderLimitsListSchema,
} from '#contracts';
import { sql } from '#persistence';
import { createLogger, readEnvironment } from '#platform';
import { writeDemoRegistry } from '#registry';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';

const { database, url } = await createTestDatabase();
const TODAY = '2026-06-15';
const environment = readEnvironment({
  PV_CLOCK_START: `${TODAY}T12:00:00+08:00`,
  NODE_ENV: 'test',
  PV_ACCESS: 'open',
});
let app: NestFastifyApplication;
let base: string;
let station: { id: number; code: string; county: string };

beforeAll(async () => {
  await writeDemoRegistry(database, 1);
  const [row] = await database.query<typeof station>(sql`
    select s.id, s.code, t.county_code as county
    from station s join township t on t.code = s.township_code
    order by s.id limit 1`);
  if (!row) throw new Error('no station');
  station = row;
  await database.query(sql`
    insert into station_contact (station_id, received_at)
    select id, timestamptz '2026-06-15T11:58:00+08:00' from station`);
  await database.query(sql`
    insert into station_expected_day (station_id, day, version, expected_energy_wh, low_energy_wh, high_energy_wh,
      energy_wh, compared_energy_wh, compared_expected_wh, peers, ratio, verdict, since_day, evidence, indicators,
      lost_energy_wh, lost_amount_fen, is_final, computed_at)
    select id, ${TODAY}::date, 'clear-sky-1', 100000, 90000, 110000, 70000, 60000, 80000, 8,
      case when id = ${station.id}::int then 0.75 else 1 end, case when id = ${station.id}::int then 'very_low' else 'normal' end,
      case when id = ${station.id}::int then date '2026-06-12' end, '{}', '{}', 20000, 1700, false, now()
    from station`);
  await database.query(sql`
    insert into station_expected_curve (station_id, day, first_slot_at, expected_power_w, low_power_w, high_power_w,
      neighbours_power_w, computed_at)
    select id, ${TODAY}::date, timestamptz '2026-06-15T04:00:00+08:00', power, power, power, power, now()
    from station, (
      select array_agg(case when g <= 32 then 1000 end order by g) as power from generate_series(1, 68) g) as day`);
  await database.query(sql`
    insert into alarm (kind, subject, county_code, station_id, level, opened_at, began_at, last_seen_at,
      lost_energy_wh, lost_amount_fen, fen_per_post_month)
    select kind, 'station:' || ${station.id}::text, ${station.county}, ${station.id}::int, level, now(), now(), now(), lost * 12, lost,
      50000
    from (values ('low', 'major', 900), ('soiling', 'minor', 400)) as a (kind, level, lost)`);
  app = await createApi({ environment, logger: createLogger('api', { PV_LOG_LEVEL: 'error' }), url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = await app.getUrl();
}, 120_000);
afterAll(() => app.close());

async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${base}${path}`);
  expect(response.status, path).toBe(200);
  return schema.parse(await response.json());
}
const send = (path: string, body: unknown) =>
  fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
async function post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
  const response = await send(path, body);
  const answer: unknown = await response.json();
  expect(response.status, `${path} ${JSON.stringify(answer)}`).toBe(200);
  return schema.parse(answer);
}
async function refused(path: string, body: unknown): Promise<[number, string]> {
  const response = await send(path, body);
  return [response.status, problemSchema.parse(await response.json()).code];
}

describe('outages', () => {
  const entry = (part: object = {}) => ({
    actionKey: crypto.randomUUID(),
    kind: 'planned',
    station: station.code,
    fromAt: '2026-06-15T03:00:00.000Z',
    reason: '线路检修',
    ...part,
  });

  it('are registered once however often the form is sent, ended once, and cancelled, and stay', async () => {
    const form = entry();
    const outage = await post('/api/v1/outages', form, outageSchema);
    expect(outage).toMatchObject({ state: 'running', toAt: null, stationCode: station.code });
    expect(await post('/api/v1/outages', form, outageSchema)).toEqual(outage);
    expect(await refused('/api/v1/outages', { ...form, reason: '另一件事' })).toEqual([
      409,
      'outage.key_reused',
    ]);
    const toAt = '2026-06-15T03:30:00.000Z';
    const ended = await post(`/api/v1/outages/${outage.id}/end`, { toAt }, outageSchema);
    expect(ended).toMatchObject({ state: 'over', toAt });
    expect(await refused(`/api/v1/outages/${outage.id}/end`, { toAt: '2026-06-15T03:45:00.000Z' })).toEqual([
      409,
      'outage.has_end',
    ]);
    const cancelled = await post(`/api/v1/outages/${outage.id}/cancel`, {}, outageSchema);
    expect(cancelled.state).toBe('cancelled');
    const { items } = await get(`/api/v1/outages?station=${station.code}`, outageListSchema);
    expect(items).toEqual([cancelled]);
  });

  it('of a county and of the city are shown for each of their stations', async () => {
    await post(
      '/api/v1/outages',
      entry({ station: null, county: station.county, kind: 'curtailment' }),
      outageSchema,
    );
    await post('/api/v1/outages', entry({ station: null, kind: 'weather' }), outageSchema);
    const open = await get(`/api/v1/outages?station=${station.code}&state=open`, outageListSchema);
    expect(open.items.map(({ kind }) => kind).toSorted()).toEqual(['curtailment', 'weather']);
    const other = await get('/api/v1/outages?county=140000&state=open', outageListSchema);
    expect(other.items.map(({ kind }) => kind)).toEqual(['weather']);
    for (const { id } of open.items) await post(`/api/v1/outages/${id}/cancel`, {}, outageSchema);
    expect((await get('/api/v1/outages?state=open', outageListSchema)).total).toBe(0);
    expect(await refused('/api/v1/outages', entry({ station: 'nowhere' }))).toEqual([
      404,
      'registry.unknown_place',
    ]);
    expect(await refused('/api/v1/outages', entry({ fromAt: '2020-01-01T00:00:00.000Z' }))).toEqual([
      422,
      'outage.too_far',
    ]);
  });
});

describe('changes of a plant', () => {
  it('are added once a day, never of a day to come, and cancelled', async () => {
    const path = `/api/v1/stations/${station.code}/plant-changes`;
    const form = (fromDay: string) => ({
      actionKey: crypto.randomUUID(),
      kind: 'panels_added',
      fromDay,
      note: '加装 20 kW',
    });
    const first = form('2026-06-10');
    const change = await post(path, first, plantChangeSchema);
    expect(await post(path, first, plantChangeSchema)).toEqual(change);
    expect(await refused(path, form('2026-06-10'))).toEqual([409, 'plant_change.day_taken']);
    expect(await refused(path, form('2026-06-16'))).toEqual([422, 'plant_change.day']);
    await post(`${path}/${change.id}/cancel`, {}, plantChangeSchema);
    await post(path, form('2026-06-10'), plantChangeSchema);
    const { items } = await get(path, plantChangeListSchema);
    expect(items.map(({ cancelledAt }) => cancelledAt === null)).toEqual([true, false]);
  });
});

describe('limits of alarms', () => {
  const limits = {
    kind: 'low',
    isOn: true,
    delayS: 172_800,
    clearAfterS: 86_400,
    rejoinS: 259_200,
    escalateAfterS: 86_400,
    openLimit: 0.8,
    closeLimit: 0.9,
    majorLimit: 0.6,
  };

  it('are rows with a date: a county before the city, never the past, and a history', async () => {
    const policies = '/api/v1/alarms/policies';
    const entry = { ...limits, county: station.county, effectiveFrom: '2026-06-20', reason: '试行' };
    await post(policies, { ...entry, openLimit: 0.7 }, alarmPolicyListSchema);
    const openLimitOn = async (day: string) => {
      const { items } = await get(`${policies}?county=${station.county}&day=${day}`, alarmPolicyListSchema);
      return items.find(({ kind }) => kind === 'low')?.openLimit;
    };
    expect([await openLimitOn('2026-06-19'), await openLimitOn('2026-06-20')]).toEqual([0.8, 0.7]);
    expect(await refused(policies, { ...entry, effectiveFrom: '2026-06-14' })).toEqual([
      422,
      'alarm.past_day',
    ]);
    expect(await refused(policies, { ...entry, closeLimit: 0.5 })).toEqual([400, 'alarm.limits']);
    const history = await get(`${policies}/history?county=${station.county}`, alarmPolicyHistorySchema);
    expect(history.items).toMatchObject([
      { kind: 'low', effectiveFrom: '2026-06-20', side: 'below', unit: 'share' },
    ]);
  });

  it('say beforehand what they would open and close', async () => {
    await database.query(sql`
      insert into station_expected_day (station_id, day, version, peers, ratio, verdict, evidence, indicators, is_final,
        computed_at)
      select id, date '2026-06-14', 'clear-sky-1', 8, case when id % 10 = 0 then 0.5 when id = ${station.id}::int then 0.95 else 1 end,
        'normal', '{}', '{}', true, now()
      from station`);
    const preview = (part: object) =>
      post('/api/v1/alarms/policies/preview', { ...limits, county: null, ...part }, alarmPolicyPreviewSchema);
    const now = await preview({});
    expect(now).toMatchObject({ open: 1, closes: 1, opens: 46 });
    expect(now.examples[0]).toMatchObject({ seen: 0.5, change: 'opens' });
    expect(await preview({ openLimit: 0.4, majorLimit: 0.3 })).toMatchObject({ opens: 0, mayOpen: 0 });
    expect(await preview({ majorLimit: null })).toMatchObject({ opens: 0, mayOpen: 46 });
    expect(await preview({ isOn: false })).toMatchObject({ opens: 0, closes: 1 });
  });

  it('have values of a kilowatt-hour and a post, and orders have clocks, by county and date', async () => {
    const valuations = '/api/v1/alarms/valuations';
    const value = {
      effectiveFrom: TODAY,
      priceHaoPerKwh: 7500,
      fenPerPostMonth: '60000',
      reason: '本县电价',
    };
    const set = await post(valuations, { ...value, county: station.county }, alarmValuationListSchema);
    expect(set.inForce).toMatchObject({ priceHaoPerKwh: 7500, countyCode: station.county });
    expect((await get(valuations, alarmValuationListSchema)).inForce).toMatchObject({ priceHaoPerKwh: 8500 });
    expect(await refused(valuations, { ...value, effectiveFrom: '2026-06-14' })).toEqual([
      422,
      'alarm.past_day',
    ]);
    const clocks = {
      acceptMin: 60,
      arriveMin: 600,
      repairMinorMin: 1440,
      repairMajorMin: 2880,
      closeMin: 2880,
      countyAfterMin: 600,
      county: station.county,
      effectiveFrom: TODAY,
      reason: '合同约定',
    };
    const orders = await post('/api/v1/work-orders/limits', clocks, workOrderLimitsListSchema);
    expect(orders.inForce.acceptMin).toBe(60);
    const opened = await post(
      '/api/v1/work-orders',
      { actionKey: crypto.randomUUID(), station: station.code, title: '检查组串' },
      z.object({ openedAt: z.string(), due: z.object({ clock: z.string(), at: z.string() }) }),
    );
    expect(Date.parse(opened.due.at) - Date.parse(opened.openedAt)).toBe(3_600_000);
  });
});

describe('overview and lists', () => {
  it('have the band of the day, alarms by kind with a loss that counts once, and what each station is judged to be', async () => {
    const fleet = await get('/api/v1/fleet', fleetSchema);
    expect(fleet.openAlarms.kinds).toMatchObject([
      { kind: 'low', alarms: 1, lostAmountFen: '900' },
      { kind: 'soiling', alarms: 1, lostAmountFen: '0' },
    ]);
    expect(fleet.openAlarms.lostAmountFen).toBe('900');
    const { expected } = fleet.curve;
    expect(expected).toMatchObject({ stationsCounted: 468, stationsTotal: 468, capacityW: 394_000_000 });
    expect(expected?.slots).toHaveLength(68);
    expect(expected?.slots[31]).toMatchObject({ expectedPowerW: 468_000, stationsCounted: 468 });
    expect(expected?.slots[32]).toMatchObject({ expectedPowerW: null, stationsCounted: 0 });
    const list = await get('/api/v1/stations?sort=ratio&pageSize=3', stationListSchema);
    expect(list.items[0]).toMatchObject({
      code: station.code,
      expected: { verdict: 'very_low', ratio: 0.75, sinceDay: '2026-06-12' },
    });
    const low = await get('/api/v1/stations?verdict=very_low', stationListSchema);
    expect(low.items.map(({ code }) => code)).toEqual([station.code]);
    const alarms = await get(`/api/v1/alarms?station=${station.code}`, alarmListSchema);
    expect(alarms.items.map(({ kind, isSameLoss }) => [kind, isSameLoss])).toEqual([
      ['low', false],
      ['soiling', true],
    ]);
    expect(alarms.lostAmountFen).toBe('900');
  });
});

describe('the live stream over HTTP', () => {
  interface Sent {
    id: string;
    event: string;
    data: unknown;
  }
  /** Reads messages until one is wanted, then breaks the line. */
  async function hear(
    path: string,
    lastEventId: string | null,
    isLast: (sent: Sent) => boolean,
  ): Promise<Sent[]> {
    const stop = new AbortController();
    const response = await fetch(`${base}${path}`, {
      signal: stop.signal,
      headers: lastEventId === null ? {} : { 'last-event-id': lastEventId },
    });
    const heard: Sent[] = [];
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const piece of response.body ?? []) {
        text += decoder.decode(piece, { stream: true });
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) {
          const lines = new Map(
            part
              .split('\n')
              .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
          );
          if (!lines.has('data')) continue;
          const sent = {
            id: lines.get('id') ?? '',
            event: lines.get('event') ?? '',
            data: JSON.parse(lines.get('data') ?? 'null'),
          };
          heard.push(sent);
          if (isLast(sent)) return heard;
        }
      }
    } finally {
      stop.abort();
    }
    throw new Error('the stream ended');
  }

  it('goes on after a broken line with what became of alarms meanwhile, in its own area only', async () => {
    const path = `/api/v1/live?county=${station.county}`;
    const before = await hear(path, null, ({ event }) => event === 'fleet');
    const last = before.at(-1)?.id ?? '';
    await database.query(sql`
      insert into alarm_event (alarm_id, at, kind) select id, now(), 'escalated' from alarm where kind = 'low'`);
    const after = await hear(path, last, ({ event }) => event === 'alarms');
    expect(liveAlarmsSchema.parse(after.at(-1)?.data)).toMatchObject({
      isReset: false,
      events: [{ kind: 'low', event: 'escalated', stationCode: station.code }],
    });
    const reset = await hear(path, 'another-run.1.5', ({ event }) => event === 'fleet');
    expect(liveAlarmsSchema.parse(reset[0]?.data).isReset).toBe(true);
  }, 30_000);
});
