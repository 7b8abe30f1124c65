import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { readSheet } from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, Standalone, START_TIMEOUT_MS } from '#test-support';

/** Noon of November at real speed: nothing has to wait, and a day of history is there. */
const DAY = '2026-11-24';
const STATION = '141124-001';
const app = await Standalone.create({
  PV_SEED: '7',
  PV_FAULTS: 'off',
  PV_CLOCK_START: `${DAY}T12:00:00+08:00`,
});
const browser = await launchBrowser();

beforeAll(async () => {
  await app.start();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await app.remove();
}, 60_000);

async function open(path: string, viewport = { width: 1366, height: 768 }) {
  const context = await browser.newContext({
    viewport,
    acceptDownloads: true,
    timezoneId: 'America/New_York',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${app.url}${path}`);
  return { context, page, problems };
}

describe('the page of a station', { timeout: 180_000 }, () => {
  it('asks the server once for all that is above the fold, and shows curve, verdict and events', async () => {
    const { context, page, problems } = await open('/stations/141124-001');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.reload();
    await page.getByTestId('day-curve').waitFor();
    await page.getByTestId('verdict').waitFor();
    const ownScreen = asked.filter((path) => path === `/api/v1/stations/${STATION}/screen`);
    expect(ownScreen).toHaveLength(1);
    expect(asked).not.toContain(`/api/v1/stations/${STATION}/power`);
    expect(await page.getByTestId('station-state').innerText()).toMatch(/\S/);
    expect(problems).toEqual([]);
    await context.close();
  });

  it('opens raw readings with one click and gives the day as a file', async () => {
    const { context, page } = await open(`/stations/${STATION}`);
    await page.getByTestId('open-readings').click();
    await page.getByTestId('raw-table').waitFor();
    expect(await page.getByTestId('raw-table').locator('tbody tr').count()).toBeGreaterThan(10);
    await page.getByTestId('raw-device').selectOption({ index: 1 });
    await page.getByTestId('trace').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '导出当日 CSV' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.startsWith('\uFEFFmeasured_at,received_at,device')).toBe(true);
    await page.keyboard.press('Escape');
    await context.close();
  });

  it('walks through the calendar by keyboard and shows the day that is chosen', async () => {
    const { context, page } = await open(`/stations/${STATION}`);
    await page.getByTestId('hours-calendar').scrollIntoViewIfNeeded();
    const today = page.locator(`[data-day="${DAY}"]`);
    await today.locator('span').filter({ hasText: /\d/ }).waitFor();
    await today.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL(/day=2026-11-23/);
    await context.close();
  });

  it('exports the list that is seen as a workbook', async () => {
    const { context, page } = await open('/stations?county=141124');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'XLSX' }).click(),
    ]);
    const rows = await readSheet(await download.path());
    expect(rows).toHaveLength(166);
    expect(rows[0]?.[0]).toBe('编号');
    await context.close();
  });

  it('compares stations by what each could make', async () => {
    const { context, page, problems } = await open('/compare?stations=141124-001,141124-002,nowhere');
    await page.getByTestId('compare-table').waitFor();
    expect(await page.getByTestId('compare-table').locator('tbody tr').count()).toBe(2);
    await page.getByText('nowhere').first().waitFor();
    await page.getByTestId('compare-power').waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  // The stream of a station never rests, so a page is ready when what it is for is there.
  const readyBy = {
    [`/stations/${STATION}`]: '[data-testid=day-curve]',
    '/compare?stations=141124-001,141124-002': '[data-testid=compare-power]',
    '/alarms': '[data-testid=alarms-empty]',
    '/work-orders': '[data-testid=orders-empty]',
    '/quarantine': 'h1',
    '/review': 'h1',
  };

  it.each([
    { width: 1920, height: 1080, colorScheme: 'dark' as const },
    { width: 390, height: 844, colorScheme: 'light' as const },
  ])('is accessible at $width × $height, $colorScheme', async ({ colorScheme, ...viewport }) => {
    const { context, page } = await open('/alarms', viewport);
    await page.emulateMedia({ colorScheme });
    for (const [path, ready] of Object.entries(readyBy)) {
      await page.goto(`${app.url}${path}`);
      await page.locator(ready).first().waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      const sideways = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(sideways, path).toBeLessThanOrEqual(0);
    }
    await context.close();
  });

  it('keeps five places in the bar of a phone and the others one tap away', async () => {
    const { context, page } = await open('/alarms', { width: 390, height: 844 });
    const bar = page.locator('nav > ul > li:visible');
    await bar.first().waitFor();
    expect(await bar.count()).toBe(5);
    await page.getByTestId('nav-more').click();
    await page.locator('nav .sheet a[href="/review"]').click();
    await page.waitForURL(/\/review/);
    expect(await page.locator('nav .sheet').count()).toBe(0);
    await context.close();
  });
});
