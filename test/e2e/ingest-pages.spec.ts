import 'reflect-metadata';
import { join } from 'node:path';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import mqtt, { type MqttClient } from 'mqtt';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { telemetryTopic } from '#contracts';
import { IngestionModule, StationQualityService } from '#ingestion';
import { DataQualityService, RollUpService } from '#monitoring';
import { PersistenceModule, sql } from '#persistence';
import { Clock, createLogger, NestLogger, PlatformModule, readEnvironment } from '#platform';
import { createTestDatabase, launchBrowser, Mosquitto, stumblingBlocks } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { writeSmallFleet } from '../integration/small-fleet.ts';

/**
 * The pages of ingestion as a person uses them: real are the broker, ingest, the database, the api with the built web app
 * (npm run build) and the browser. The worker's turns are called here, so that nobody has to wait for the clock.
 */
const DAY = '2026-06-14';
const NOW = '2026-06-15T12:00:00+08:00';
const STEP_MS = 300_000;
const WIDTHS = [390, 1366, 1920];
const PERSON = '王建国';
/** A folder for pictures of the pages, for people to look at. */
const SHOTS = process.env['PV_SHOTS'];

const { database, url } = await createTestDatabase();
const fleet = await writeSmallFleet(database);
const [first, second, third] = fleet.neighbours;
const broker = await Mosquitto.start();
const environment = readEnvironment({
  PV_CLOCK_START: NOW,
  NODE_ENV: 'test',
  PV_ACCESS: 'open',
  MQTT_URL: broker.url,
});
const logger = createLogger('test', { PV_LOG_LEVEL: 'error' });
const clock = new Clock({ startAt: new Date(NOW), speed: 1 });
const rollUp = new RollUpService(database, clock);
const power = new DataQualityService(database, clock);
const quality = new StationQualityService(database, clock);
const browser = await launchBrowser();
let api: NestFastifyApplication;
let ingest: INestApplicationContext;
let gateway: MqttClient;
let context: BrowserContext;
let page: Page;

const at = (time: string, day = DAY) => Date.parse(`${day}T${time}:00+08:00`);
const meterOf = (station: typeof first) => {
  const meter = station.devices.find(({ kind }) => kind === 'meter');
  if (!meter) throw new Error(`${station.code} has no meter`);
  return meter;
};
const eventually = (condition: () => Promise<void>) =>
  vi.waitFor(condition, { timeout: 20_000, interval: 100 });

/** An even day of the meter of a station; `change` makes something of a reading, null takes it away. */
function evenDay(station: typeof first, change: (atMs: number) => { stoodMs?: number } | null) {
  const meter = meterOf(station);
  const powerW = Math.round(meter.ratedPowerW / 2);
  return Array.from({ length: 175 }, (_, index) => ({ atMs: at('05:30') + index * STEP_MS, index })).flatMap(
    ({ atMs, index }) => {
      const changed = change(atMs);
      if (changed === null) return [];
      return [
        fleet.reading({ station: station.code, device: meter.code }, atMs, {
          activePowerW: powerW + (index % 2) * 400,
          energyTotalWh:
            10_000_000 + Math.round(((atMs - at('05:30') - (changed.stoodMs ?? 0)) * powerW) / 3_600_000),
          status: 'running',
        }),
      ];
    },
  );
}

/** The worker's turns, until nothing is due. */
async function work() {
  while ((await rollUp.rollUpDirtyDays()) > 0) continue;
  while ((await power.judgePastDays()) > 0) continue;
  while ((await quality.judgeDays()) > 0) continue;
}

async function startPrograms() {
  api = await createApi({ environment, logger, url });
  await api.listen({ port: 0, host: '127.0.0.1' });
  @Module({
    imports: [
      PlatformModule.forRoot({ environment, logger }),
      PersistenceModule.forRoot({ url, applicationName: 'ingest', poolMax: 3 }),
      IngestionModule,
    ],
  })
  class IngestApp {}
  ingest = await NestFactory.createApplicationContext(IngestApp, { logger: new NestLogger(logger) });
  gateway = await mqtt.connectAsync(broker.url);
}

beforeAll(async () => {
  await database.query(sql`delete from device where kind <> 'meter'`);
  await startPrograms();
  // The first station misses an hour; the counter of the second stands still for three, while its power says output.
  await fleet.write(evenDay(first, (atMs) => (atMs > at('10:00') && atMs < at('11:00') ? null : {})));
  await fleet.write(
    evenDay(second, (atMs) => ({ stoodMs: Math.min(Math.max(0, atMs - at('10:00')), 3 * 3_600_000) })),
  );
  await work();
}, 120_000);

afterAll(async () => {
  await browser.close();
  await gateway.endAsync();
  await Promise.all([ingest.close(), api.close()]);
  await broker.stop();
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    timezoneId: 'America/New_York',
  });
  page = await context.newPage();
});
afterEach(() => context.close());

const open = async (path: string) => page.goto(`${await api.getUrl()}${path}`);
/** Enters the name of the person where the form asks for one. */
async function sign(form: Locator) {
  const name = form.getByLabel('操作人姓名');
  if ((await name.count()) > 0) await name.fill(PERSON);
}

/** Nothing serious for people who do not see, and no width at which the page has to be moved sideways. */
async function expectSound(name: string) {
  await expectAccessible(name);
  await expectFits(name);
}

async function expectAccessible(name: string) {
  const violations = await stumblingBlocks(page);
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${name} ${id}: ${nodes[0]?.html}`)).toEqual([]);
}

async function expectFits(name: string) {
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 768 ? 844 : 900 });
    const sideways = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect([name, width, sideways]).toEqual([name, width, 0]);
    if (SHOTS !== undefined)
      await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`), fullPage: true });
  }
  if (before) await page.setViewportSize(before);
}

describe('a message of a make that nobody has set up', () => {
  const SOURCE = 'ROOF-7-METER';
  const MEASURED_AT = at('11:55', '2026-06-15');
  const payload = JSON.stringify({ [SOURCE]: [{ ts: MEASURED_AT, values: { p_kw: 12.5 } }] });

  it('is tried on a profile before anything is switched on, and then let in', async () => {
    await open('/profiles');
    await page.getByRole('searchbox', { name: '按名称或编号查找' }).fill('thingsboard-gateway');
    await page.getByRole('link', { name: /ThingsBoard/ }).click();
    await page.getByRole('button', { name: '试解码', exact: true }).last().click();
    const result = page.getByTestId('trial-result');
    await result.waitFor();
    expect(await result.textContent()).toContain('9.65 kW');
    expect(await result.textContent()).toContain('没有映射设备');
    await expectSound('profiles-try');
    expect(await page.getByTestId('profile-state').textContent()).toBe('未启用');
    await page.getByRole('button', { name: '启用', exact: true }).click();
    const form = page.getByTestId('switch-form');
    expect(await form.textContent()).toContain('v1/gateway/telemetry');
    await sign(form);
    await form.getByRole('button', { name: '启用', exact: true }).click();
    await eventually(async () =>
      expect(await page.getByTestId('profile-state').textContent()).toBe('已启用'),
    );
  });

  it('is kept byte for byte, found by search, and becomes a reading once its device is known', async () => {
    // Ingest follows the switch by itself; until then nobody listens to the topic.
    await eventually(async () => {
      await gateway.publishAsync('v1/gateway/telemetry', payload, { qos: 1 });
      const [kept] = await database.query<{ n: number }>(sql`
        select count(*)::int as n from quarantine_message where topic = 'v1/gateway/telemetry'`);
      expect(kept?.n).toBe(1);
    });
    await open('/quarantine?state=open');
    await page.getByRole('searchbox', { name: '搜索主题、说明、内容' }).fill(SOURCE);
    await eventually(async () => expect(page.url()).toContain(`text=${SOURCE}`));
    await page.getByRole('button', { name: 'v1/gateway/telemetry' }).click();
    const drawer = page.getByTestId('quarantine-drawer');
    await drawer.getByTestId('payload').waitFor();
    expect(JSON.parse((await drawer.getByTestId('payload').textContent()) ?? '')).toEqual(
      JSON.parse(payload),
    );
    await drawer.getByRole('button', { name: '十六进制' }).click();
    const firstBytes = Buffer.from(payload.slice(0, 8))
      .toString('hex')
      .replaceAll(/(..)(?=.)/g, '$1 ');
    expect(await drawer.getByTestId('payload').textContent()).toContain(firstBytes);
    await expectSound('quarantine-message');
    const quarantineUrl = page.url();

    await open('/profiles?id=thingsboard-gateway&tab=map');
    const map = page.getByTestId('profile-sources');
    await map.getByRole('button', { name: '映射', exact: true }).click();
    await map.getByLabel('电站编号').fill(third.code);
    await map.getByLabel('设备编号', { exact: true }).fill(meterOf(third).code);
    await sign(map);
    await expectSound('profiles-map');
    await map.getByRole('button', { name: /保存映射/ }).click();
    await map.getByText('已保存。').waitFor();

    await page.goto(quarantineUrl);
    const again = page.getByTestId('quarantine-drawer');
    await again.getByRole('button', { name: '重放', exact: true }).click();
    await again.getByText('入库 1 条读数，已有 0 条，仍被拒 0 处').waitFor();
    await again.getByRole('button', { name: '关闭' }).click();
    await page.getByTestId('quarantine-empty').waitFor();
    await expectFits('quarantine-empty');
    const readings = await database.query<{ power: number; at: Date }>(sql`
      select r.active_power_w as power, r.measured_at as at
      from reading r join device d on d.id = r.device_id join station s on s.id = d.station_id
      where s.code = ${third.code}`);
    expect(readings).toEqual([{ power: 12_500, at: new Date(MEASURED_AT) }]);
  });
});

describe('a counter that stood still', () => {
  const energyOf = async () => {
    const [day] = await database.query<{ energyWh: number; quality: string }>(sql`
      select e.energy_wh::float8 as "energyWh", e.quality
      from station_day e join station s on s.id = e.station_id
      where s.code = ${second.code} and e.day = ${DAY}::date`);
    return day;
  };

  it('is shown with what each choice would change, signed, and taken back', async () => {
    const before = await energyOf();
    expect(before?.quality).toBe('incomplete');
    await open('/review');
    const table = page.getByTestId('review-table');
    await table.getByText('计数器停走').waitFor();
    await expectSound('review-list');
    await table.getByRole('button', { name: /查看/ }).first().click();
    const form = page.getByTestId('choice-form');
    await form.waitFor();
    const choice = form.locator('label.choice').filter({ hasText: '影响' }).first();
    expect(await choice.textContent()).toMatch(/影响 .*kWh/);
    await choice.click();
    await form.getByLabel('理由').fill('现场核对：换过采集器，电表读数没有跳');
    await sign(form);
    await expectSound('review-item');
    await form.getByRole('button', { name: /^签字/ }).click();
    await page.getByRole('button', { name: '收回签字' }).waitFor();
    await work();
    const after = await energyOf();
    expect(after).not.toEqual(before);
    expect(after?.energyWh).toBeGreaterThan(before?.energyWh ?? Infinity);
    expect(after?.quality).not.toBe('incomplete');

    await page.getByRole('button', { name: '收回签字' }).click();
    const takeBack = page.getByTestId('take-back');
    await takeBack.getByLabel('理由').fill('看错了电站');
    await sign(takeBack);
    await takeBack.getByRole('button', { name: '确认收回' }).click();
    await page.getByTestId('choice-form').waitFor();
    await work();
    expect(await energyOf()).toEqual(before);
    await page.getByText('看错了电站').waitFor();
  });
});

describe('data quality', () => {
  it('shows which stations are doubtful and by how much, keeps the filters in the address, and leads to the day', async () => {
    await open('/quality');
    const row = page.locator(`[data-testid=quality-table] [data-station="${first.code}"]`);
    await row.waitFor();
    expect(await row.textContent()).toMatch(/kWh/);
    await page.getByTestId('flag-definitions').waitFor();
    await expectSound('quality-list');
    await page.locator('[data-choice=gap]').click();
    await eventually(async () => expect(page.url()).toContain('flag=gap'));
    await eventually(async () =>
      expect(await page.locator('[data-testid=quality-table] tbody tr').count()).toBe(1),
    );
    expect(await row.textContent()).toContain('数据缺失 11 个缺值');
    await row.getByRole('button', { name: /查看/ }).click();
    const day = page.locator(`[data-testid=quality-drawer] [data-day="${DAY}"]`);
    await day.waitFor();
    expect(await day.textContent()).toContain('10:05 至 10:55');
    await expectSound('quality-station');
    await page.reload();
    await day.getByRole('link', { name: DAY }).click();
    await eventually(async () => expect(page.url()).toContain(`/stations/${first.code}?day=${DAY}`));
  });

  it('says what it has looked at where nothing is found, and what is wrong where the server does not answer', async () => {
    await open('/quality?flag=level_shift');
    await page.getByTestId('quality-empty').waitFor();
    await expectFits('quality-empty');
    await open(`/quality?from=2026-01-01&to=2026-06-01`);
    const problem = page.getByRole('alert').filter({ hasText: '起始日要早于截止日' });
    await problem.waitFor();
    await expectFits('quality-problem');
  });
});

describe('receipts of a day', () => {
  it('have the station that lacks something first, with totals, and lead to what was refused', async () => {
    const station = third.code;
    const sender = third.gateways[0]?.code ?? '';
    const device = meterOf(third).code;
    const send = (seq: number, time: string) =>
      gateway.publishAsync(
        telemetryTopic(station, sender),
        JSON.stringify({ ts: at(time, '2026-06-15'), seq, devices: { [device]: { active_power_w: 1000 } } }),
        { qos: 1 },
      );
    await send(1, '11:00');
    await send(2, '11:05');
    await send(6, '11:10');
    await gateway.publishAsync(
      telemetryTopic(station, sender),
      JSON.stringify({ ts: at('23:00', '2026-06-15'), seq: 7, devices: { [device]: { active_power_w: 1 } } }),
      { qos: 1 },
    );
    await eventually(async () => {
      const [row] = await database.query<{ received: string }>(sql`
        select received::text as received from message_sequence m join station s on s.id = m.station_id
        where s.code = ${station}`);
      expect(row?.received).toContain('[6,');
    });
    await open('/receipts');
    const rows = page.locator('[data-testid=receipts-table] [data-station]');
    await rows.first().waitFor();
    expect(await rows.first().getAttribute('data-station')).toBe(station);
    const cell = (row: Locator, label: string) => row.locator(`td[data-label="${label}"]`).first();
    await eventually(async () => expect(await cell(rows.first(), '缺失').textContent()).toContain('3'));
    const totals = page.getByTestId('receipts-totals');
    expect(await cell(totals, '缺失').textContent()).toContain('3');
    expect(await cell(rows.first(), '隔离').textContent()).toContain('1');
    await expectSound('receipts');
    await page.getByRole('button', { name: '前一天' }).click();
    await eventually(async () => expect(page.url()).toContain(`day=${DAY}`));
    await eventually(async () =>
      expect(await page.locator(`[data-station="${first.code}"]`).textContent()).toContain('未编号'),
    );
    await page.goBack();
    await open('/receipts');
    await rows
      .first()
      .getByRole('link', { name: /隔离区/ })
      .click();
    await eventually(async () => expect(page.url()).toContain('/quarantine'));
    await page
      .getByRole('button', { name: telemetryTopic(station, sender) })
      .first()
      .waitFor();
  });
});
