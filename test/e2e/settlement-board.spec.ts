import 'reflect-metadata';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountService } from '#access';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase, launchBrowser } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { CHECKER, confirmedPolicy, MAKER, MoneyWorld } from '../integration/settlement-money.ts';
import { writeSmallFleet } from '../integration/small-fleet.ts';
import { sidewaysOf, violationsOf } from './small-world.ts';

/**
 * Finance at work on a month, as a person sees it: real are the database, the api with the built web app (npm run build)
 * and the browser. Statements and receipts are there; the board says what is missing, a clerk proposes, a checker approves.
 */
const MONTH = '2025-06';
const NOW = '2025-07-05T10:00:00+08:00';
const KWH = 32_100n;
const WIDTHS = [390, 1366, 1920];
/** A folder for pictures of the pages, for people to look at. */
const SHOTS = process.env['PV_SHOTS'];

const { database, url } = await createTestDatabase();
const { neighbours } = await writeSmallFleet(database);
const [whole, gap, late] = neighbours;
const county = whole.code.slice(0, 6);
const environment = readEnvironment({
  PV_CLOCK_START: NOW,
  NODE_ENV: 'test',
  PV_ACCESS: 'open',
  PV_DEMO_ACCOUNTS: 'on',
});
const money = new MoneyWorld(database, new Clock({ startAt: new Date(NOW), speed: 1 }));
const browser = await launchBrowser();
let api: NestFastifyApplication;
let base: string;
let context: BrowserContext;
let page: Page;
let problems: string[] = [];

const eventually = (condition: () => Promise<void>) =>
  vi.waitFor(condition, { timeout: 20_000, interval: 100 });

beforeAll(async () => {
  const accounts = new AccountService(database, new Clock());
  await accounts.ensureDemoAccounts({ accountId: 'test', name: 'test', address: null });
  await money.ledger.openPeriod(MONTH, MAKER);
  await money.ledger.openPeriod('2025-07', MAKER);
  await money.policies.enter(confirmedPolicy(county), CHECKER);
  await money.writeMonth(whole, MONTH, { energyWh: KWH * 1000n });
  await money.writeMonth(gap, MONTH, { energyWh: KWH * 1000n, without: ['2025-06-03'] });
  await money.writeMonth(late, MONTH, { energyWh: KWH * 1000n });
  // A fifth more than was metered: nobody has signed for it.
  const { baseFen } = await money.state(MONTH, [
    { station: whole, kWh: KWH },
    { station: late, kWh: (KWH * 6n) / 5n },
  ]);
  await money.receive({ county, reference: 'B-2025-07', bookedOn: '2025-07-03', amountFen: baseFen });
  api = await createApi({ environment, logger: createLogger('test', { PV_LOG_LEVEL: 'error' }), url });
  await api.listen({ port: 0, host: '127.0.0.1' });
  base = `http://localhost:${new URL(await api.getUrl()).port}`;
}, 120_000);
afterAll(async () => {
  await browser.close();
  await api.close();
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    timezoneId: 'America/New_York',
    locale: 'zh-CN',
    acceptDownloads: true,
  });
  page = await context.newPage();
  problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
});
afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

const cell = (step: string) => page.locator(`[data-cell="${county}.${step}"]`);
const open = (path: string) => page.goto(`${base}${path}`);
async function logIn(name: 'clerk' | 'checker', path: string) {
  await open(`/login?to=${encodeURIComponent(path)}`);
  await page.getByTestId(`demo-${name}`).click();
  await page.waitForURL(`${base}${path}`);
}
/** A button that asks once is pressed twice. */
async function pressTwice(testId: string) {
  await page.getByTestId(testId).click();
  await page.getByTestId(testId).click();
}

async function expectSound(name: string) {
  expect(await violationsOf(page)).toEqual([]);
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 768 ? 844 : 900 });
    expect([name, width, await sidewaysOf(page)]).toEqual([name, width, 0]);
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`) });
  }
  if (before) await page.setViewportSize(before);
}

describe('a month on the board', () => {
  it('says which step blocks which county, and leads to where it is mended', async () => {
    await open('/settlement');
    await cell('statement').waitFor();
    expect(await cell('energy').textContent()).toContain('2/3');
    expect(await cell('statement').textContent()).toContain('2 处卡住');
    expect(await page.getByTestId('period-state').textContent()).toBe('记账中');
    await expectSound('board');
    await cell('energy').click();
    const blockers = page.getByTestId('blockers-blocked');
    expect(await blockers.textContent()).toContain('2025-06-03的电量不明');
    await expectSound('board-blockers');
    await blockers.locator('[data-mend="day"]').click();
    await page.waitForURL(`${base}/stations/${gap.code}?day=2025-06-03`);
  });

  it('keeps month and open cell in the address, and goes from month to month', async () => {
    await open(`/settlement?month=${MONTH}&cell=${county}.allocation`);
    const blockers = page.getByTestId('blockers-blocked');
    await blockers.waitFor();
    expect(await blockers.textContent()).toContain('暂缓分配');
    await page.keyboard.press('Escape');
    await page.getByTestId('month-after').click();
    await eventually(async () => expect(page.url()).toContain('month=2025-07'));
    await eventually(async () => expect(await cell('statement').textContent()).toContain('3 处待到'));
  });

  it('leaves the period to a checker, who gives a reason and is asked once', async () => {
    await logIn('clerk', `/settlement?month=${MONTH}`);
    await page.getByTestId('period-change').click();
    await page.getByTestId('write-denied').waitFor();
    await logIn('checker', `/settlement?month=${MONTH}`);
    await page.getByTestId('period-change').click();
    const hold = page.locator('[data-step="hold"]');
    expect(await hold.isDisabled()).toBe(true);
    await page.getByTestId('period-reason').fill('核对六月结算单');
    await hold.click();
    expect(await hold.textContent()).toContain('确定');
    await hold.click();
    await eventually(async () =>
      expect(await page.getByTestId('period-state').textContent()).toBe('暂停记账'),
    );
  });
});

describe('a run', () => {
  it('is previewed against the last one, with what is held back, and proposed as it was shown', async () => {
    await logIn('clerk', `/settlement/runs?county=${county}&propose=1`);
    const propose = page.getByTestId('propose');
    await propose.getByTestId('preview-sum').waitFor();
    expect(await propose.getByTestId('run-held').textContent()).toContain('差异还没有人说明');
    expect(await propose.getByTestId('run-totals').textContent()).toContain('各村之和等于总额');
    await expectSound('run-preview');
    await pressTwice('propose-confirm');
    await page.waitForURL(/\/settlement\/runs\/\d+$/);
    expect(await page.getByTestId('run-state').textContent()).toContain('待审批');
    expect(await page.getByTestId('write-denied').count()).toBe(1);
  });

  it('may be approved by whoever did not propose it', async () => {
    const { items } = await money.allocations.list({ county, page: 1, pageSize: 1 });
    await open(`/settlement/runs/${items[0]?.id}`);
    await page.getByTestId('run-approve').waitFor();
    // Who sits at the machine of the open demo did not propose it.
    expect(await page.getByTestId('run-own').count()).toBe(0);
    expect(await page.getByTestId('run-approve').isEnabled()).toBe(true);
  });

  it('is approved by a second person, and an amount opens down to the readings of a day', async () => {
    await logIn('checker', `/settlement/runs?state=proposed`);
    await page.getByTestId('runs').getByRole('link').first().click();
    await page.getByTestId('run-villages').waitFor();
    await expectSound('run');
    await pressTwice('run-approve');
    await eventually(async () =>
      expect(await page.getByTestId('run-state').textContent()).toContain('已审批'),
    );
    await page.getByTestId('run-villages').locator('.amount-button').first().click();
    const head = page.getByTestId('lineage-head');
    await head.waitFor();
    expect(await head.textContent()).toContain('分毫不差');
    const pool = page.getByTestId('lineage-pool').first();
    expect(await pool.textContent()).toContain(`${MONTH}.csv 第 2 行`);
    expect(await pool.textContent()).toContain('B-2025-07');
    await pool.getByTestId('lineage-days').locator('summary').click();
    await expectSound('lineage');
    await pool.locator('[data-day="2025-06-15"]').click();
    await page.waitForURL(`${base}/stations/${whole.code}?day=2025-06-15`);
  });

  it('is exported to the fen, and shows on the board as approved', async () => {
    const { items } = await money.allocations.list({ county, page: 1, pageSize: 1 });
    await open(`/settlement/runs/${items[0]?.id}`);
    await page.getByTestId('run-total').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^run-\d+-2025-07\.csv$/);
    await open(`/settlement?month=${MONTH}`);
    await eventually(async () => expect(await cell('approval').textContent()).toContain('1/3'));
  });

  it('is voided with a reason, and its entry is taken back', async () => {
    const { items } = await money.allocations.list({ county, page: 1, pageSize: 1 });
    await logIn('checker', `/settlement/runs/${items[0]?.id}`);
    await page.getByTestId('run-void-reason').fill('份额版本有误');
    await pressTwice('run-void');
    await eventually(async () =>
      expect(await page.getByTestId('run-state').textContent()).toContain('已作废'),
    );
    expect(await money.ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });
});

describe('what comes after a run', () => {
  it('is transferred: a clerk prepares, a checker confirms with what the bank said', async () => {
    const run = await money.propose(county);
    await money.allocations.approve(run.id, run.runHash, CHECKER);
    await logIn('clerk', `/settlement/transfers?county=${county}&prepare=1`);
    await page.getByTestId('prepare-sum').waitFor();
    await expectSound('transfers-prepare');
    await pressTwice('prepare-confirm');
    await eventually(async () =>
      expect(await page.getByTestId('transfers').locator('tbody tr').count()).toBe(run.villages.length),
    );
    await logIn('checker', `/settlement/transfers?county=${county}&state=prepared`);
    await page.getByTestId('choose-all').click();
    const confirm = page.getByTestId('confirm-transfers');
    const references = confirm.getByPlaceholder('银行流水号');
    expect(await page.getByTestId('confirm-do').isDisabled()).toBe(true);
    for (let row = 0; row < run.villages.length; row += 1) await references.nth(row).fill(`H${row}`);
    await expectSound('transfers-confirm');
    await pressTwice('confirm-do');
    await eventually(async () => expect(await page.getByTestId('transfers-empty').count()).toBe(1));
    expect(await page.getByTestId('reconciliation').textContent()).toContain('差额都有出处');
    await open(`/settlement?month=${MONTH}`);
    const all = `${run.villages.length}/${run.villages.length}`;
    await eventually(async () =>
      expect(await page.locator(`[data-county="${county}"] td`).last().textContent()).toContain(all),
    );
  });

  it('is seen as a whole: each total for itself, with what rests and its age', async () => {
    await open('/settlement/dashboard');
    const funnel = page.getByTestId('funnel');
    await funnel.waitFor();
    expect(await funnel.locator('[data-step="paid"]').textContent()).toContain('本系统尚未记录');
    expect(await funnel.locator('[data-step="settled"]').textContent()).toContain('未到账');
    await page.getByTestId('chart-months').locator('canvas').waitFor();
    await expectSound('dashboard');
    await page.getByTestId('chart-months').getByRole('button', { name: '表格' }).click();
    expect(await page.getByTestId('chart-months').textContent()).toContain('64,200.00');
  });
});
