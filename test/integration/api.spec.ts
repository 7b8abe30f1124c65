import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  areasSchema,
  fleetSchema,
  importReportSchema,
  liveFleetSchema,
  problemSchema,
  stationDetailSchema,
  stationEnergySchema,
  stationListSchema,
  stationPowerSchema,
} from '#contracts';
import { sql } from '#persistence';
import { createLogger, readEnvironment } from '#platform';
import { writeDemoRegistry } from '#registry';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';

const { database, url } = await createTestDatabase();
const environment = readEnvironment({
  PV_CLOCK_START: '2026-06-15T12:00:00+08:00',
  NODE_ENV: 'test',
  PV_ACCESS: 'open',
});
let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  await writeDemoRegistry(database, 1);
  await database.query(sql`
    insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
    select id, d::date, case when d::date = '2026-06-15' then 1000 else 5000 end, 'meter_counter',
      case when id = 1 then 'estimated' else 'measured' end, now()
    from station, generate_series(timestamp '2026-06-13', timestamp '2026-06-15', interval '1 day') d
    where id <= 100`);
  await database.query(sql`
    insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
    select id, t, 25000, 'meter_counter', 'measured'
    from station, generate_series(timestamptz '2026-06-15T06:00:00+08:00', timestamptz '2026-06-15T11:30:00+08:00',
      interval '15 minutes') t
    where id <= 100 and t <> timestamptz '2026-06-15T09:00:00+08:00'`);
  await database.query(sql`
    insert into station_contact (station_id, received_at)
    select id, timestamptz '2026-06-15T11:58:00+08:00' from station where id <= 100`);
  app = await createApi({ environment, logger: createLogger('api', { PV_LOG_LEVEL: 'error' }), url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = await app.getUrl();
});
afterAll(() => app.close());

async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${base}${path}`);
  expect(response.status, path).toBe(200);
  return schema.parse(await response.json());
}
async function problem(path: string, status: number, init?: RequestInit) {
  const response = await fetch(`${base}${path}`, init);
  expect(response.status, path).toBe(status);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return problemSchema.parse(await response.json());
}
const firstStation = async () => {
  const { items } = await get('/api/v1/stations?pageSize=1', stationListSchema);
  const code = items[0]?.code;
  if (code === undefined) throw new Error('no station');
  return code;
};

describe('fleet', () => {
  it('gives the whole overview of the city, and of one county among all', async () => {
    const city = await get('/api/v1/fleet', fleetSchema);
    expect(city.stations).toMatchObject({ total: 468, reporting: 100 });
    expect(city).toMatchObject({
      capacityW: 394_000_000,
      villages: 1469,
      households: 218_000,
      posts: 82_000,
    });
    expect(city.settled.amountFen).toBe('78600000000');
    const county = await get('/api/v1/fleet?county=141124', fleetSchema);
    expect(county.stations.total).toBe(165);
    expect(county.capacityW).toBe(197_030_000);
    expect(county.counties).toHaveLength(13);
  });

  it('adds up complete days and today, and says how much of it is estimated', async () => {
    const { today, month, year } = await get('/api/v1/fleet', fleetSchema);
    expect(today).toMatchObject({ energyWh: 100_000, stationsCounted: 100, stationsTotal: 468 });
    expect(today.estimatedShare).toBeCloseTo(0.01, 6);
    expect(month).toMatchObject({ energyWh: 1_100_000, completeDaysWh: 1_000_000, sameDaysLastYearWh: null });
    expect(year.energyWh).toBe(1_100_000);
  });

  it('keeps a gap a gap, and does not pass unknown off as zero', async () => {
    const { curve, power } = await get('/api/v1/fleet', fleetSchema);
    const at = (time: string) =>
      curve.slots.find(({ startsAt }) => Date.parse(startsAt) === Date.parse(`2026-06-15T${time}+08:00`));
    expect(at('08:45:00')).toMatchObject({ powerW: 10_000_000, stationsCounted: 100 });
    expect(at('09:00:00')).toMatchObject({ powerW: null, stationsCounted: 0 });
    expect(power.powerW).toBeNull();
  });

  it('does not draw the part of the stations that is worked out as the whole', async () => {
    await database.query(sql`
      insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
      select id, timestamptz '2026-06-15T05:45:00+08:00', 25000, 'meter_counter', 'measured' from station where id <= 80`);
    await vi.waitFor(
      async () => {
        const { curve } = await get('/api/v1/fleet?county=141123', fleetSchema);
        const slot = curve.slots.find(({ startsAt }) => startsAt === '2026-06-14T21:45:00.000Z');
        expect(slot?.stationsCounted).toBeGreaterThan(0);
        expect(slot?.powerW).toBeNull();
      },
      { timeout: 30_000, interval: 200 },
    );
  });

  it('sends live pieces as events', async () => {
    const stop = new AbortController();
    const response = await fetch(`${base}/api/v1/live`, { signal: stop.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!/data: .*\n\n/.test(text)) text += (await reader?.read())?.value ?? '';
    stop.abort();
    expect(text).toContain('event: fleet');
    const data = /^data: (.*)$/m.exec(text)?.[1] ?? '';
    expect(liveFleetSchema.parse(JSON.parse(data)).stations.total).toBe(468);
  });
});

describe('stations', () => {
  it('are found by words, area and kind, and paged in a stable order', async () => {
    const all = await get('/api/v1/stations?pageSize=500', stationListSchema);
    expect(all.items).toHaveLength(468);
    const pages = await Promise.all(
      [1, 2].map((page) => get(`/api/v1/stations?pageSize=300&page=${page}`, stationListSchema)),
    );
    expect(pages.flatMap(({ items }) => items.map(({ code }) => code))).toEqual(
      all.items.map(({ code }) => code),
    );
    const [some] = all.items;
    const found = await get(`/api/v1/stations?q=${encodeURIComponent(some?.name ?? '')}`, stationListSchema);
    expect(found.items.map(({ code }) => code)).toContain(some?.code);
    const joint = await get('/api/v1/stations?county=141124&kind=joint&pageSize=500', stationListSchema);
    expect(joint.items.every(({ kind, countyCode }) => kind === 'joint' && countyCode === '141124')).toBe(
      true,
    );
    const byHours = await get('/api/v1/stations?sort=hours&order=desc&pageSize=500', stationListSchema);
    const hours = byHours.items.map(({ fullLoadHours }) => fullLoadHours);
    expect(hours.slice(0, 100)).toEqual(hours.slice(0, 100).toSorted((a, b) => (b ?? 0) - (a ?? 0)));
    expect(hours.slice(100).every((value) => value === null)).toBe(true);
  });

  it('open with facts, rights that add up to one, and equipment', async () => {
    const detail = await get(`/api/v1/stations/${await firstStation()}`, stationDetailSchema);
    const sum = detail.villages.reduce((total, { assetShare }) => {
      return total + (assetShare ? Number(assetShare.numerator) / Number(assetShare.denominator) : 0);
    }, 0);
    expect(sum).toBeCloseTo(1, 12);
    expect(detail.facts.tariff.length).toBeGreaterThan(0);
    expect(detail.devices.some(({ kind }) => kind === 'meter')).toBe(true);
  });

  it('give 96 quarter hours a day, and days and months with what is missing said', async () => {
    const code = await firstStation();
    const power = await get(`/api/v1/stations/${code}/power`, stationPowerSchema);
    expect(power).toMatchObject({ day: '2026-06-15' });
    expect(power.slots).toHaveLength(96);
    expect(power.slots[0]).toMatchObject({
      startsAt: '2026-06-14T16:00:00.000Z',
      powerW: null,
      quality: 'none',
    });
    const days = await get(
      `/api/v1/stations/${code}/energy?from=2026-06-12&to=2026-06-20`,
      stationEnergySchema,
    );
    expect(days.items.map(({ period, energyWh }) => [period, energyWh])).toEqual([
      ['2026-06-12', null],
      ['2026-06-13', 5000],
      ['2026-06-14', 5000],
      ['2026-06-15', 1000],
    ]);
    const months = await get(
      `/api/v1/stations/${code}/energy?from=2026-06-01&to=2026-07-01&by=month`,
      stationEnergySchema,
    );
    expect(months.items).toMatchObject([
      { period: '2026-06', energyWh: 11_000, quality: 'incomplete', daysCounted: 3 },
    ]);
  });
});

describe('errors', () => {
  it('are problem documents with a code, a reference and every bad parameter', async () => {
    expect(await problem('/api/v1/stations/none', 404)).toMatchObject({ code: 'station.not_found' });
    expect(await problem('/api/v1/fleet?county=999999', 404)).toMatchObject({ code: 'county.not_found' });
    expect(await problem('/api/v1/live?station=none', 404)).toMatchObject({ code: 'station.not_found' });
    const bad = await problem('/api/v1/stations?page=0&state=sunny&nonsense=1', 400);
    expect(bad).toMatchObject({ code: 'request.invalid' });
    expect(bad.errors?.map(({ path }) => path)).toEqual(expect.arrayContaining(['page', 'state']));
    const code = await firstStation();
    expect(await problem(`/api/v1/stations/${code}/power?day=2026-02-30`, 400)).toMatchObject({
      code: 'request.invalid',
    });
    expect(await problem(`/api/v1/stations/${code}/energy?from=2020-01-01&to=2026-01-01`, 400)).toMatchObject(
      {
        code: 'request.invalid',
      },
    );
  });

  it('answer unknown paths of the API with a problem, and all others with the page', async () => {
    expect(await problem('/api/v1/nothing', 404)).toMatchObject({ code: 'request.no_such_route' });
    expect(await problem('/api', 404)).toMatchObject({ code: 'request.no_such_route' });
    const page = await fetch(`${base}/stations/141124-001`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<div id="app"');
  });

  it('name the program that is silent where the system is not ready', async () => {
    expect(await problem('/api/health/ready', 503)).toMatchObject({ code: 'health.ingest_silent' });
    expect(await get('/api/health/live', z.object({ status: z.literal('live') }))).toEqual({
      status: 'live',
    });
  });
});

describe('documents', () => {
  it('describe every route by the schemas that check it', async () => {
    const document = await get(
      '/api/docs-json',
      z.object({
        paths: z.record(z.string(), z.unknown()),
        components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
      }),
    );
    for (const path of ['fleet', 'areas', 'stations', 'stations/{code}', 'stations/{code}/power', 'live'])
      expect(Object.keys(document.paths)).toContain(`/api/v1/${path}`);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'Fleet',
        'StationList',
        'StationDetail',
        'StationPower',
        'StationEnergy',
        'Areas',
      ]),
    );
    expect((await fetch(`${base}/api/docs`)).headers.get('content-type')).toContain('text/html');
  });

  it('name the areas', async () => {
    const areas = await get('/api/v1/areas', areasSchema);
    expect(areas.counties).toHaveLength(13);
    expect(areas.counties.reduce((sum, { stations }) => sum + stations, 0)).toBe(468);
  });
});

describe('security', () => {
  it('lets nothing in from elsewhere and nobody frame the pages', async () => {
    for (const path of ['/', '/api/v1/areas', '/api/docs']) {
      const { headers } = await fetch(`${base}${path}`);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('takes no import that another site sends through the browser', async () => {
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect(
        await problem('/api/v1/registry/imports?kind=tariffs', 403, {
          method: 'POST',
          headers: { 'content-type': 'text/csv', ...headers },
          body: 'x',
        }),
      ).toMatchObject({ code: 'request.only_local' });
  });
});

describe('imports', () => {
  const send = (query: string, body: string) =>
    fetch(`${base}/api/v1/registry/imports?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });

  it('report every bad row and change nothing', async () => {
    const template = await (await fetch(`${base}/api/v1/registry/import-templates?kind=tariffs`)).text();
    const header = template.replace(/^\uFEFF/, '').trim();
    const response = await send('kind=tariffs', `${header}\nnone,base,x,2020-13-01,\n`);
    expect(response.status).toBe(200);
    const report = importReportSchema.parse(await response.json());
    expect(report).toMatchObject({ applied: false, inserted: 0 });
    expect(report.problems[0]).toMatchObject({ line: 2 });
  });

  it('refuse what is no file', async () => {
    expect(
      await problem('/api/v1/registry/imports?kind=tariffs', 400, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
      }),
    ).toMatchObject({ code: 'import.no_file' });
    expect(await problem('/api/v1/registry/imports?kind=persons', 400, { method: 'POST' })).toMatchObject({
      code: 'request.invalid',
    });
  });
});
