import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, readEnvironment } from '#platform';
import { ExportWorker } from '#settlement';
import { launchBrowser, stumblingBlocks } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { CHECKER, confirmedPolicy, MAKER, paidWorld } from '../integration/paid-world.ts';

/**
 * Reports and checks as a person uses them: real are the database, the api with the built web app (npm run build) and the
 * browser. The worker's turns are called here.
 */
const NOW = '2025-07-05T10:00:00+08:00';
const WIDTHS = [390, 1366, 1920];
const WORKER_EVERY_MS = 200;
/** A folder for pictures of the pages, for people to look at. */
const SHOTS = process.env['PV_SHOTS'];

const world = await paidWorld(NOW);
const worker = new ExportWorker(world.database, world.clock);
const browser = await launchBrowser();
let api: NestFastifyApplication;
let context: BrowserContext;
let page: Page;
let timer: NodeJS.Timeout;
let turn: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  await world.ledger.openPeriod('2025-07', MAKER);
  await world.policies.enter(confirmedPolicy(world.county), CHECKER);
  const { base } = await world.state({ ...world.accountOf(0), month: '2025-06', invoiceNo: '25140001' });
  await world.match(await world.pay('B1', base, '2025-07-03'), 'base');
  await world.giveOut();
  await world.state({ ...world.accountOf(1), month: '2024-05' });
  await worker.keep();
  const environment = readEnvironment({ PV_CLOCK_START: NOW, NODE_ENV: 'test', PV_ACCESS: 'open' });
  const logger = createLogger('test', { PV_LOG_LEVEL: 'error' });
  api = await createApi({ environment, logger, url: world.url });
  await api.listen({ port: 0, host: '127.0.0.1' });
  timer = setInterval(() => {
    turn = turn.then(() => worker.runNext());
  }, WORKER_EVERY_MS);
}, 120_000);

afterAll(async () => {
  clearInterval(timer);
  await turn;
  await browser.close();
  await api.close();
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    timezoneId: 'America/New_York',
    acceptDownloads: true,
  });
  page = await context.newPage();
});
afterEach(() => context.close());

const open = async (path: string) => page.goto(`${await api.getUrl()}${path}`);
const eventually = (condition: () => Promise<void>) =>
  vi.waitFor(condition, { timeout: 20_000, interval: 100 });

/** Nothing serious for people who do not see, and no width at which the page has to be moved sideways. */
async function expectSound(name: string) {
  const violations = await stumblingBlocks(page);
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${name} ${id}: ${nodes[0]?.html}`)).toEqual([]);
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

describe('the page of reports', () => {
  it('shows what is due, and notes that it was handed in', async () => {
    await open('/reports');
    const june = page.locator('[data-month="2025-06"]');
    await eventually(async () => {
      expect(await june.getByTestId('due-state').textContent()).toContain('已备好');
    });
    expect(await june.textContent()).toContain('还有 5 天');
    await june.getByLabel('2025-06 回执号（可不填）').fill('晋能源 7');
    await june.getByRole('button', { name: '登记为已报送' }).click();
    await june.getByRole('button', { name: '确定已报送？登记后不能更改' }).click();
    await eventually(async () => {
      expect(await june.textContent()).toContain('回执 晋能源 7');
    });
    expect(await page.locator('[data-month="2025-05"]').textContent()).toContain('逾期未报送');
  });

  it('makes a file in the background and gives it by its name', async () => {
    await open('/reports?month=2025-06');
    await page.getByLabel('内容').selectOption('month_pdf');
    await page.getByRole('button', { name: '生成' }).click();
    // The report that is due may stand above it.
    const row = page.locator('[data-testid="export-table"] tbody tr', { hasText: '结算月报（PDF' });
    await eventually(async () => {
      expect(await row.getAttribute('data-state')).toBe('done');
    });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('link', { name: '下载' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('吕梁市_2025-06_结算月报.pdf');
    expect((await readFile(await download.path())).subarray(0, 5).toString()).toBe('%PDF-');
    if (SHOTS !== undefined) await download.saveAs(join(SHOTS, 'month.pdf'));
    await page.getByLabel('内容').selectOption('quarter_pdf');
    expect(await page.getByTestId('export-form').textContent()).toContain('2025 年第 2 季度');
    await expectSound('reports');
  });
});

describe('the page of checks', () => {
  it('looks for findings, shows their evidence, and keeps the answer', async () => {
    await open('/checks');
    await eventually(async () => {
      expect(await page.getByTestId('checks-empty').textContent()).toContain('还没有检查过');
    });
    await page.getByRole('button', { name: '现在检查' }).click();
    await eventually(async () => {
      expect(await page.getByTestId('checks-ran').textContent()).toContain('检查完成');
    });
    await page.locator('[data-choice="A11"]').click();
    await eventually(async () => {
      expect(new URL(page.url()).searchParams.get('code')).toBe('A11');
      expect(await page.locator('[data-testid="check-table"] tbody tr').count()).toBe(1);
    });
    await page.getByRole('button', { name: /^查看 A11/ }).click();
    const drawer = page.getByTestId('check-drawer');
    await eventually(async () => {
      expect(await drawer.getByTestId('check-evidence').textContent()).toContain('2024-05');
    });
    await expectSound('checks-drawer');
    await drawer.getByTestId('check-note').fill('省电力公司已说明，列入明年计划');
    await drawer.getByRole('button', { name: '按此说明关闭' }).click();
    await drawer.getByRole('button', { name: '确定关闭？说明会永久保留' }).click();
    await eventually(async () => {
      expect(await drawer.getByTestId('check-history').textContent()).toContain('列入明年计划');
    });
    // The address holds the filter and the drawer.
    await page.reload();
    await eventually(async () => {
      expect(await drawer.getByTestId('check-history').textContent()).toContain('说明后关闭');
    });
    await page.keyboard.press('Escape');
    await eventually(async () => {
      expect(await page.getByTestId('checks-empty').textContent()).toContain('没有符合条件的问题');
    });
  });

  it('lists what is open with its owner and day', async () => {
    await open('/checks');
    const row = page.locator('tr[data-reason="rests_at_grid"]');
    await eventually(async () => {
      expect(await row.textContent()).toContain('供电公司');
    });
    expect(await row.textContent()).toContain('还有 7 天');
    expect(await row.textContent()).toContain('10,657.20 元');
    await expectSound('checks');
  });
});
