import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AccountService, type AccountKeeper } from '#access';
import {
  adjustmentListSchema,
  adjustmentSchema,
  allocationRunSchema,
  bankLineListSchema,
  problemSchema,
  statementImportListSchema,
  statementListSchema,
} from '#contracts';
import { daysBetween, type Role } from '#domain';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import type { StationRecord } from '#registry';
import { createTestDatabase, launchBrowser } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { writeSmallFleet } from '../integration/small-fleet.ts';
import { sidewaysOf, violationsOf } from './small-world.ts';

/**
 * A month of an accountant over a closed server: real are the database, the api with the built web app (npm run build),
 * the login and the browser. Written by hand are the energy of the days and the hands of the clock.
 */
const JULY = Date.parse('2025-07-05T10:00:00+08:00');
const AUGUST = Date.parse('2025-08-04T10:00:00+08:00');
const MONTH = '2025-06';
const DAY_WH = 1_000_000n;
const PASSWORD = 'sun over the mountain';
const WIDTHS = [390, 1366, 1920];
/** A folder for pictures of the pages, for people to look at. */
const SHOTS = process.env['PV_SHOTS'];

const { database, url } = await createTestDatabase();
const { neighbours } = await writeSmallFleet(database);
const [first, second, third] = neighbours;
const county = first.code.slice(0, 6);
const keeper: AccountKeeper = { accountId: 'test', name: 'test', address: null };
const clock = new Clock();
const browser = await launchBrowser();
let api: NestFastifyApplication;
let base: string;
let clerk: Page;
let checker: Page;
const contexts: BrowserContext[] = [];
let nowMs = JULY;

const accountOf = (station: StationRecord) => station.gridAccounts[0]?.accountNo ?? '';
const monthKwh = Number(DAY_WH * 30n) / 1000;
const yuan = (fen: bigint) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;
/** Hao a kWh of the station's own tariff in June. */
async function priceOf(station: StationRecord, component: string): Promise<bigint> {
  const [row] = await database.query<{ price: number }>(sql`
    select t.price_hao_per_kwh as price
    from tariff t
    join station s on s.id = t.station_id
    where s.code = ${station.code} and t.component = ${component} and t.effective_from <= '2025-06-01'::date
      and (t.effective_to is null or t.effective_to > '2025-06-30'::date)`);
  return BigInt(row?.price ?? 0);
}
async function rowOf(
  station: StationRecord,
  change: { month?: string; energy?: string } = {},
): Promise<string> {
  const [base, subsidy] = await Promise.all([priceOf(station, 'base'), priceOf(station, 'subsidy')]);
  const kwh = BigInt(monthKwh);
  const energy = change.energy ?? String(kwh);
  return [
    accountOf(station),
    change.month ?? MONTH,
    energy,
    yuan((kwh * base) / 100n),
    energy,
    yuan((kwh * subsidy) / 100n),
  ].join(',');
}
const HEADING = '户号,结算年月,上网电量(kWh),上网电费(元),补贴电量(kWh),补贴金额(元)';
const file = (name: string, rows: readonly string[]) => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from([HEADING, ...rows].join('\n')),
});

/** An account whose first password is already its own, logged in by the form. */
async function logIn(role: Role, displayName: string): Promise<Page> {
  const name = role;
  const accounts = new AccountService(database, clock);
  const { password } = await accounts.create({ name, displayName, role, countyCodes: [county] }, keeper);
  const login = await fetch(`${base}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  await fetch(`${base}/api/v1/session/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ current: password, next: PASSWORD }),
  });
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    timezoneId: 'America/New_York',
  });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${base}/settlement/statements`);
  await page.getByLabel('登录名').fill(name);
  await page.getByLabel('密码').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '结算单', exact: true }).waitFor();
  return page;
}

const post = (page: Page, path: string, data: unknown) =>
  page.request.post(`${base}${path}`, { data, headers: { origin: base } });
async function get<T>(page: Page, path: string, schema: { parse: (value: unknown) => T }): Promise<T> {
  return schema.parse(await (await page.request.get(`${base}${path}`)).json());
}
const statements = (query = '') =>
  get(clerk, `/api/v1/settlement/statements?show=all&county=${county}${query}`, statementListSchema);

/** Presses a button that asks once. */
async function confirm(place: Page | Locator, name: RegExp) {
  await place.getByRole('button', { name }).click();
  await place.getByRole('button', { name: /^再按一次/ }).click();
}

async function look(page: Page, name: string) {
  expect.soft(await violationsOf(page), name).toEqual([]);
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 768 ? 844 : 900 });
    expect.soft([name, width, await sidewaysOf(page)]).toEqual([name, width, 0]);
    if (SHOTS !== undefined)
      await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`), fullPage: true });
  }
  if (before) await page.setViewportSize(before);
}

beforeAll(async () => {
  const environment = readEnvironment({
    PV_CLOCK_START: new Date(JULY).toISOString(),
    NODE_ENV: 'test',
    PV_ACCESS: 'closed',
  });
  const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });
  api = await createApi({ environment, logger, url });
  vi.spyOn(api.get(Clock), 'nowMs').mockImplementation(() => nowMs);
  vi.spyOn(api.get(Clock), 'now').mockImplementation(() => new Date(nowMs));
  await api.listen({ port: 0, host: '127.0.0.1' });
  base = `http://localhost:${new URL(await api.getUrl()).port}`;
  await api.get(LedgerService).openPeriod('2025-07', { accountId: 'test', name: '测试' });
  await database.query(sql`
    insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
    select s.id, d.day::date, ${DAY_WH}::bigint, 'meter_counter', 'measured', ${new Date(JULY)}::timestamptz
    from station s
    cross join unnest(${daysBetween('2025-06-01', '2025-07-01')}::text[]) as d (day)
    where s.code = any(${neighbours.map(({ code }) => code)}::text[])`);
  clerk = await logIn('clerk', '王会计');
  checker = await logIn('checker', '李复核');
}, 120_000);

afterAll(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  await browser.close();
  await api.close();
}, 60_000);

describe('rules', { timeout: 90_000 }, () => {
  it('are loud while the county has not confirmed them, and are entered by a checker only', async () => {
    await clerk.goto(`${base}/settlement/policies?county=${county}`);
    await clerk.getByText('未经县级确认：按它可以测算，不能审批分配。').first().waitFor();
    await clerk.getByRole('button', { name: '登记新规则' }).click();
    await clerk.getByTestId('write-denied').waitFor();

    await checker.goto(`${base}/settlement/policies?county=${county}`);
    await checker.getByRole('button', { name: '登记新规则' }).click();
    const form = checker.getByTestId('rule-form');
    await form.getByLabel('文号').fill('县光伏办〔2025〕1号');
    await form.getByLabel('施行日期').fill('2025-06-01');
    await form.getByTestId('rule-confirmed').check();
    await look(checker, 'rule-form');
    await confirm(form, /^自 2025-06-01 起施行/);
    await checker.getByRole('status').filter({ hasText: '已登记' }).waitFor();
    const card = checker.locator('article').filter({ hasText: '县光伏办〔2025〕1号' });
    expect(await card.textContent()).toContain('现行');
    await look(checker, 'rules');
  });
});

describe('a statement with two bad rows', { timeout: 90_000 }, () => {
  it('names each of them with its remedy, and imports the others when told to', async () => {
    await clerk.goto(`${base}/settlement/statements?county=${county}&view=import`);
    const rows = [
      await rowOf(first),
      await rowOf(second),
      await rowOf(third, { energy: '三万' }),
      await rowOf(third, { month: '2025-13' }),
    ];
    await clerk.locator('input[type=file]').setInputFiles(file('六月.csv', rows));
    const bad = clerk.getByTestId('bad-rows');
    await bad.waitFor();
    expect(await bad.textContent()).toContain('三万');
    expect(await bad.textContent()).toContain('年月应写作');
    expect(await clerk.getByTestId('refused-count').textContent()).toContain('2');
    expect(await clerk.getByTestId('import-confirm').isDisabled()).toBe(true);
    expect((await statements()).total).toBe(0);
    await look(clerk, 'statement-preview');
    await clerk.getByTestId('leave-out').check();
    await confirm(clerk, /^确认导入 4 项/);
    await clerk.getByTestId('import-done').waitFor();
    expect((await statements()).total).toBe(4);
    const imports = await get(clerk, '/api/v1/settlement/statement-imports', statementImportListSchema);
    expect(imports.items[0]).toMatchObject({ importedBy: '王会计', refusedCount: 2 });
  });

  it('has its bad rows mended by keyboard, and the second import has them all', async () => {
    await clerk.getByTestId('mend').click();
    const grid = clerk.getByTestId('entry-grid');
    await grid.waitFor();
    const cell = (place: string) => grid.locator(`[data-cell="${place}"]`);
    expect(await cell('0:2').inputValue()).toBe('三万');
    await cell('0:2').fill(String(monthKwh));
    await cell('0:4').fill(String(monthKwh));
    await cell('1:1').fill('2025-14');
    await clerk.getByRole('button', { name: '预览', exact: true }).click();
    await grid.getByText('年月应写作').waitFor();
    expect(await cell('1:1').getAttribute('aria-invalid')).toBe('true');
    await look(clerk, 'statement-hand');
    await cell('1:1').fill('2025-05');
    await clerk.getByRole('button', { name: '预览', exact: true }).click();
    await confirm(clerk, /^确认导入 4 项/);
    await clerk.getByTestId('import-done').waitFor();
    const list = await statements();
    expect(list.total).toBe(8);
    expect(list.items.every(({ isInForce }) => isInForce)).toBe(true);
    await clerk.goto(`${base}/settlement/statements?county=${county}&view=imports`);
    await clerk.getByRole('button', { name: /拒收清单/ }).click();
    await clerk.getByTestId('refusals').getByText('三万').first().waitFor();
    await clerk.keyboard.press('Escape');
    await look(clerk, 'imports');
  });

  it('is corrected by a reversal and a new version, shown before and after', async () => {
    await clerk.goto(`${base}/settlement/statements?county=${county}&view=import`);
    const wrong = (await rowOf(third, { month: '2025-05' })).split(',');
    wrong[3] = '1.00';
    await clerk.locator('input[type=file]').setInputFiles(file('更正.csv', [wrong.join(',')]));
    const changes = clerk.getByTestId('statement-changes');
    await changes.getByText('v1 冲销 → v2').waitFor();
    await confirm(clerk, /^确认导入 1 项/);
    await clerk.getByTestId('import-done').waitFor();
    await clerk.goto(`${base}/settlement/statements?county=${county}&show=corrected`);
    const table = clerk.getByTestId('statement-table');
    await table.locator('tbody tr').nth(2).waitFor();
    expect(await table.locator('tbody tr').count()).toBe(3);
    await look(clerk, 'statements');
    await table.locator('tbody button').first().click();
    await clerk.getByTestId('statement-drawer').getByText('已被替代').waitFor();
    await clerk.keyboard.press('Escape');
  });
});

describe('the match', { timeout: 90_000 }, () => {
  it('has what holds money back first, and a station opens to its days', async () => {
    await clerk.goto(`${base}/settlement/matches?county=${county}&month=${MONTH}`);
    const table = clerk.getByTestId('match-table');
    await table.waitFor();
    expect(await table.locator('tbody tr').count()).toBe(3);
    expect(await table.locator(`[data-station="${first.code}"]`).textContent()).toContain('0.00 %');
    await look(clerk, 'matches');
    await clerk.goto(`${base}/settlement/matches?county=${county}&month=2025-05`);
    const rows = clerk.getByTestId('match-table').locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.first().getAttribute('data-station')).not.toBe('');
    await clerk.goto(`${base}/settlement/matches?county=${county}&month=2025-05&state=missing`);
    await rows.first().waitFor();
    expect(await rows.count()).toBe(2);
    await clerk.goto(`${base}/settlement/matches/${first.code}/${MONTH}`);
    const days = clerk.getByTestId('month-days');
    await days.waitFor();
    expect(await days.locator('li').count()).toBe(30);
    await look(clerk, 'station-month');
    await days.getByRole('link').first().click();
    await clerk.waitForURL(new RegExp(`/stations/${first.code}\\?day=2025-06-01`));
  });

  it('is signed for with a reason, and the signature stands under the differences', async () => {
    await clerk.goto(`${base}/settlement/matches/${third.code}/2025-05`);
    const form = clerk.getByTestId('sign-form');
    await form.getByLabel('说明').fill('供电公司五月少结，已来函说明');
    await form.getByLabel('原因').selectOption('grid_error');
    await confirm(form, /^为这 \d+ 项差异签字/);
    await clerk.getByTestId('findings').getByText('供电公司五月少结，已来函说明').first().waitFor();
    expect(await clerk.getByTestId('station-month').textContent()).toContain('已说明');
  });
});

describe('money that comes', { timeout: 90_000 }, () => {
  it('is typed row by row, matched with the oldest first, taken back, and matched with what a person chose', async () => {
    const prices = await Promise.all(neighbours.map((station) => priceOf(station, 'base')));
    const receivedFen = prices.reduce((sum, price) => sum + (BigInt(monthKwh) * price) / 100n, 0n);
    await clerk.goto(`${base}/settlement/receipts?county=${county}&view=enter`);
    const entry = clerk.getByTestId('bank-entry');
    await entry.getByLabel('结转账户账号').fill('0512-1');
    await entry.locator('[data-cell="0:0"]').click();
    for (const text of ['2025-07-03', 'R-1', yuan(receivedFen), '国网供电公司']) {
      await clerk.keyboard.type(text);
      await clerk.keyboard.press('Tab');
    }
    await look(clerk, 'bank-entry');
    await confirm(entry, /^记入 1 笔/);
    await entry.getByText('已记入 1 笔。').waitFor();
    const row = clerk.locator('[data-reference="R-1"]');
    expect(await row.textContent()).toContain('还有 9 个工作日');
    await row.getByRole('button').click();
    const drawer = clerk.getByTestId('bank-line');
    const form = drawer.getByTestId('match-form');
    await form.getByRole('button', { name: '预览', exact: true }).click();
    // The oldest is the month of May, then June by station.
    await form.getByTestId('match-preview').waitFor();
    expect(await form.getByTestId('match-preview').locator('tbody tr').first().textContent()).toContain(
      '2025-05',
    );
    await look(clerk, 'match-preview');
    await confirm(form, /^确认核销 4 项/);
    await drawer.getByTestId('line-matches').waitFor();
    await drawer.getByLabel('撤回的理由').fill('付款方来函：只付六月');
    await confirm(drawer, /^撤回核销（4 项）/);
    await drawer.getByText('已撤回').first().waitFor();
    for (const station of neighbours)
      await form.getByLabel('指定先付').selectOption(`${MONTH}/${station.code}`);
    await form.getByRole('button', { name: '预览', exact: true }).click();
    await confirm(form, /^确认核销 3 项/);
    // Nothing is left of the line, so there is nothing to match any more.
    await form.waitFor({ state: 'detached' });
    await drawer.getByTestId('line-matches').getByText('指定', { exact: true }).first().waitFor();
    const lines = await get(clerk, `/api/v1/settlement/bank-lines?county=${county}`, bankLineListSchema);
    expect(lines.sums).toMatchObject({ amountFen: String(receivedFen), openFen: '0' });
    await clerk.keyboard.press('Escape');
    await look(clerk, 'receipts');
  });
});

describe('the month', { timeout: 90_000 }, () => {
  let runId: number | null;

  it('is given out by one person and approved by another', async () => {
    const path = '/api/v1/settlement/allocation-runs';
    const body = { county, actionKey: randomUUID() };
    const preview = allocationRunSchema.parse(await (await post(clerk, path, body)).json());
    const confirmed = { ...body, confirm: preview.runHash };
    const run = allocationRunSchema.parse(await (await post(clerk, path, confirmed)).json());
    runId = run.id;
    const own = await post(clerk, `${path}/${run.id}/approve`, { runHash: run.runHash });
    expect(own.status()).toBe(403);
    const approved = await post(checker, `${path}/${run.id}/approve`, { runHash: run.runHash });
    expect(allocationRunSchema.parse(await approved.json())).toMatchObject({
      state: 'approved',
      proposedBy: '王会计',
      approvedBy: '李复核',
    });
    await clerk.goto(`${base}/settlement/receipts?county=${county}`);
    await clerk.locator('[data-reference="R-1"]').getByText('已全部分配').waitFor();
  });

  it('is closed, and a late correction changes no figure that is past', async () => {
    nowMs = AUGUST;
    const ledger = api.get(LedgerService);
    await ledger.openPeriod('2025-08', { accountId: 'test', name: '测试' });
    const closed = await post(checker, '/api/v1/ledger/periods/2025-07', {
      state: 'closed',
      reason: '七月结账',
    });
    expect(closed.status()).toBe(200);
    const readRun = async () =>
      (await clerk.request.get(`${base}/api/v1/settlement/allocation-runs/${runId}`)).text();
    const runBefore = await readRun();
    const before = await statements(`&month=${MONTH}`);

    await clerk.goto(`${base}/settlement/statements?county=${county}&view=import`);
    const late = (await rowOf(first)).split(',');
    late[2] = '29900';
    late[3] = yuan((29_900n * (await priceOf(first, 'base'))) / 100n);
    await clerk.locator('input[type=file]').setInputFiles(file('迟到的更正.csv', [late.join(',')]));
    await clerk.getByTestId('statement-changes').getByText('到账后更正').waitFor();
    await confirm(clerk, /^确认导入 1 项/);
    await clerk.getByTestId('import-done').waitFor();
    expect((await statements(`&month=${MONTH}`)).items).toEqual(before.items);
    expect(await readRun()).toBe(runBefore);

    // Whether the import has looked at the books itself or somebody asks for it: there is one proposal.
    await post(clerk, '/api/v1/settlement/adjustments/scan', { county });
    const { items: proposed } = await get(
      clerk,
      `/api/v1/settlement/adjustments?county=${county}&state=proposed`,
      adjustmentListSchema,
    );
    expect(proposed).toMatchObject([{ stationCode: first.code, month: MONTH, cause: 'statement' }]);
    const [voucher] = proposed;
    const approval = await post(checker, `/api/v1/settlement/adjustments/${voucher?.id}/approve`, {
      adjustmentHash: voucher?.adjustmentHash,
    });
    expect(adjustmentSchema.parse(await approval.json())).toMatchObject({
      state: 'approved',
      periodMonth: '2025-08',
      decidedBy: '李复核',
    });
    // The run that is past says what it said; the paper has one more line, which holds from now on.
    expect(await readRun()).toBe(runBefore);
    const after = await statements(`&month=${MONTH}`);
    expect(after.items.map(({ id, amountFen }) => `${id} ${amountFen}`)).toEqual(
      expect.arrayContaining(before.items.map(({ id, amountFen }) => `${id} ${amountFen}`)),
    );
    expect(after.items.some(({ kind, isInForce }) => kind === 'amended' && isInForce)).toBe(true);
    await clerk.goto(`${base}/settlement/statements?county=${county}&month=${MONTH}&show=all`);
    await clerk.getByTestId('statement-table').waitFor();
    await look(clerk, 'statements-amended');
    const unmatch = await post(clerk, `/api/v1/settlement/bank-lines/1/unmatch`, { reason: '试一试' });
    expect(problemSchema.parse(await unmatch.json()).code).toBe('receipt.given_out');
  });
});
