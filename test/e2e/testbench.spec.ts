import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { sql } from '#persistence';
import { Clock, createLogger, projectRoot, readEnvironment } from '#platform';
import { TestbenchQueue } from '#testbench';
import { sidewaysOf, smallWorld, violationsOf } from './small-world.ts';

/** A tester's afternoon in Chromium: the built web app, the api, and the worker's queue with the built program of a run. */
const NOW = Date.parse('2026-06-11T10:00:00+08:00');
const RUN_TIMEOUT_MS = 120_000;
const PHONE = { viewport: { width: 390, height: 844 } };
const { world } = await smallWorld(NOW);

let queue: TestbenchQueue;
beforeAll(async () => {
  const [row] = await world().database.query<{ name: string }>(sql`select current_database() as name`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${row?.name}`;
  const environment = readEnvironment({ DATABASE_URL: url.href });
  const logger = createLogger('worker', { PV_LOG_LEVEL: 'error' });
  queue = new TestbenchQueue(world().database, new Clock(), logger, environment);
  await world().turn(NOW, []);
});

const state = (page: Page, name: string) => page.locator(`.run-head [data-state=${name}]`).waitFor();

async function ask(page: Page): Promise<void> {
  await page.getByTestId('testbench-ask').click();
  await page.waitForURL(/\/testbench\/[0-9a-f-]{36}/);
  await state(page, 'queued');
}

describe('the place of the testers', { timeout: RUN_TIMEOUT_MS }, () => {
  let page: Page;
  let problems: string[];
  beforeAll(async () => {
    ({ page, problems } = await world().open('/testbench'));
  });

  it('begins with an example that can be run, and says what there is not yet', async () => {
    await page.getByTestId('testbench-stations').waitFor();
    expect(await page.getByTestId('testbench-stations').locator('li').count()).toBe(2);
    expect(await page.getByTestId('testbench-faults').locator('li').count()).toBe(2);
    await page.getByTestId('testbench-empty').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('plays a silence that loses energy, and shows where what is stored is not the truth', async () => {
    const faults = page.getByTestId('testbench-faults').locator('li');
    await faults.nth(0).locator('select').first().selectOption('offline');
    // Without an end the rest of the day is never told.
    await faults.nth(0).getByLabel('结束').fill('');
    await page.getByLabel('名称').fill('断网不恢复');
    await ask(page);
    const played = queue.turn();
    await state(page, 'running');
    await played;
    await state(page, 'done');
    const rows = page.getByTestId('testbench-result').locator('tbody tr');
    const [silent, low] = [rows.nth(0), rows.nth(1)];
    expect(await silent.getAttribute('data-verdict')).toBe('less');
    expect(await silent.locator('.verdict').innerText()).toBe('少记');
    expect(await silent.locator('.difference').innerText()).toMatch(/^\([\d,]+\.\d{3}\)$/);
    expect(await silent.locator('.fen').innerText()).toMatch(/^\([\d,]+\.\d\d\)$/);
    expect(await low.locator('.verdict').innerText()).toBe('一致');
    const total = await page.getByTestId('testbench-totals').locator('.difference').innerText();
    expect(total).toBe(await silent.locator('.difference').innerText());
    expect(await page.getByTestId('testbench-verdict').innerText()).toBe('2 站日，1 个不一致');
  });

  it('draws the truth against the stored of the day that is chosen, with what was injected under it', async () => {
    await page.getByTestId('testbench-curve').locator('canvas').waitFor();
    expect(await page.getByTestId('testbench-marks').innerText()).toContain('断网且丢弃 10:00 – 不恢复');
    // By keyboard, as by mouse; the choice stands in the address.
    await page.getByTestId('testbench-result').locator('tbody tr').nth(1).locator('button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/station=/);
    expect(await page.getByTestId('testbench-marks').innerText()).toContain('低出力 09:00 – 15:00');
    expect(await violationsOf(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('gives the result away as a file', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: '结果 CSV' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.split('\r\n')[0]).toBe(
      '\uFEFF电站,日期,真值_Wh,入库_Wh,结算_Wh,差_Wh,真值_元,入库_元,差_元,方法,质量,结论',
    );
    expect(text).toContain('less');
  });

  it('is replayed with the same numbers, and its address shows them to others', async () => {
    const hash = await page.getByTestId('testbench-hash').getAttribute('title');
    const address = page.url();
    await page.getByTestId('testbench-replay').click();
    await state(page, 'queued');
    await queue.turn();
    await state(page, 'done');
    expect(await page.getByTestId('testbench-hash').getAttribute('title')).toBe(hash);
    const other = await world().open(new URL(address).pathname, PHONE);
    await other.page.getByText('结果相同').waitFor();
    expect(await sidewaysOf(other.page)).toBe(0);
    await other.close();
  });

  it('says what is wrong with a scenario file, place by place', async () => {
    await page.goto(`${world().base}/testbench`);
    await page.locator('[data-choice=file]').click();
    await page
      .getByTestId('testbench-file-text')
      .fill('{"name":"x","stations":[],"steps":[{"kill":"server"}]}');
    await ask(page);
    await queue.turn();
    await state(page, 'failed');
    expect(await page.getByTestId('testbench-failure').innerText()).toContain('steps[0].kill');
  });

  it('holds a scenario file against what it expects', async () => {
    await page.goto(`${world().base}/testbench`);
    await page
      .getByTestId('testbench-file')
      .setInputFiles(join(projectRoot(), 'test/scenario/cases/CNT-02-wobble.json'));
    await ask(page);
    await queue.turn();
    await state(page, 'done');
    expect(await page.getByTestId('testbench-pass').innerText()).toBe('符合文件预期');
  });

  it('takes a run back, and lists all of them by their state', async () => {
    await page.goto(`${world().base}/testbench`);
    await ask(page);
    await page.getByTestId('testbench-cancel').click();
    await page.getByText('确认取消？').click();
    await page.getByTestId('testbench-cancelled').waitFor();
    await page.goto(`${world().base}/testbench?state=cancelled`);
    const rows = page.getByTestId('testbench-runs').locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
    expect(problems).toEqual([]);
  });

  it('fits a phone', async () => {
    const phone = await world().open('/testbench', PHONE);
    await phone.page.getByTestId('testbench-runs').waitFor();
    expect(await sidewaysOf(phone.page)).toBe(0);
    await phone.close();
  });
});
