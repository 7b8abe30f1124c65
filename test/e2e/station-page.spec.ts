import { readFile } from 'node:fs/promises';
import { readSheet } from 'read-excel-file/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { addDays } from '#domain';
import { evenDays } from '../integration/small-fleet.ts';
import { sidewaysOf, smallWorld, violationsOf } from './small-world.ts';

/** Noon, after a day and a half of readings. */
const DAY = '2026-06-10';
/** Nine pages are looked through; on a busy machine each takes some seconds. */
const AXE_TIMEOUT_MS = 180_000;
const NOON = Date.parse(`${DAY}T12:00:00+08:00`);
const { world } = await smallWorld(NOON);
const code = () => world().fleet.neighbours[0].code;
const other = () => world().fleet.neighbours[1].code;
const stations = () => {
  const { neighbours, more, stranger } = world().fleet;
  return [...neighbours, ...more, stranger];
};

beforeAll(async () => {
  const readings = stations().flatMap((station) =>
    evenDays(world().fleet, station, { firstDay: addDays(DAY, -1), untilMs: NOON, share: 0.5 }),
  );
  await world().turn(NOON, readings);
});

describe('the page of a station', { timeout: 60_000 }, () => {
  it('asks the server once for all that is above the fold, and shows curve, verdict and events', async () => {
    const { page, problems, close } = await world().open('/outages');
    await page.getByTestId('outages-empty').waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${world().base}/stations/${code()}`);
    for (const part of ['day-curve', 'verdict', 'event-table', 'station-outages', 'plant-changes'])
      await page.getByTestId(part).waitFor();
    expect(asked.filter((path) => path === `/api/v1/stations/${code()}/screen`)).toHaveLength(1);
    expect(asked).not.toContain(`/api/v1/stations/${code()}/power`);
    expect(await page.getByTestId('station-state').innerText()).toMatch(/发电中.*自 \d\d:\d\d 起/s);
    expect(problems).toEqual([]);
    await close();
  });

  it('opens raw readings with one click and gives the day as a file', async () => {
    const { page, close } = await world().open(`/stations/${code()}`);
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
    await expect.poll(() => page.getByTestId('raw-table').count()).toBe(0);
    await close();
  });

  it('walks through the calendar by keyboard and shows the day that is chosen', async () => {
    const { page, close } = await world().open(`/stations/${code()}`);
    await page.getByTestId('hours-calendar').scrollIntoViewIfNeeded();
    const today = page.locator(`td[data-day="${DAY}"]`);
    await today.filter({ hasText: /\d/ }).waitFor();
    await today.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`day=${addDays(DAY, -1)}`));
    await close();
  });

  it('registers an outage and takes it back', async () => {
    const { page, close } = await world().open(`/stations/${code()}`);
    const card = page.getByTestId('station-outages');
    await card.getByRole('button', { name: '登记' }).click();
    const form = page.getByTestId('outage-form');
    await form.locator('input').nth(0).fill(`${DAY}T11:00`);
    await form.locator('input').nth(2).fill('线路检修');
    await form.locator('button[type=submit]').click();
    await card.getByText('线路检修').waitFor();
    await card.getByRole('button', { name: '取消登记' }).click();
    await card.getByRole('button', { name: '确认取消？' }).click();
    await card.getByText('没有未结束的停电或检修登记。').waitFor();
    await page.goto(`${world().base}/outages?station=${code()}&state=all`);
    expect(await page.getByTestId('outage-table').innerText()).toMatch(/已取消.*线路检修/s);
    await close();
  });

  it('rests its buttons with the reason where the server refuses, and keeps what was typed', async () => {
    const { page, close } = await world().open('/outages');
    await page.route('**/api/v1/outages', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({
            status: 401,
            contentType: 'application/problem+json',
            body: JSON.stringify({ title: 'Not known', status: 401, code: 'session.ended' }),
          })
        : route.continue(),
    );
    const form = page.getByTestId('outage-form');
    await form.locator('input').nth(1).fill(`${DAY}T11:00`);
    await form.locator('input').nth(3).fill('线路检修');
    await form.locator('button[type=submit]').click();
    await page.getByTestId('write-denied').waitFor();
    expect(await form.locator('button[type=submit]').isDisabled()).toBe(true);
    await page.reload();
    await form.waitFor();
    expect(await form.locator('input').nth(3).inputValue()).toBe('线路检修');
    await close();
  });

  it('exports the list that is seen as a workbook', async () => {
    const { page, close } = await world().open('/stations');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'XLSX' }).click(),
    ]);
    const rows = await readSheet(await download.path());
    expect(rows).toHaveLength(stations().length + 1);
    expect(rows[0]?.[0]).toBe('编号');
    await close();
  });

  it('compares stations by what each could make', async () => {
    const { page, problems, close } = await world().open(`/compare?stations=${code()},${other()},nowhere`);
    await page.getByTestId('compare-table').waitFor();
    expect(await page.getByTestId('compare-table').locator('tbody tr').count()).toBe(2);
    await page.getByText('nowhere').first().waitFor();
    await page.getByTestId('compare-power').waitFor();
    expect(problems).toEqual([]);
    await close();
  });

  // The stream of a station never rests, so a page is ready when what it is for is there. Overview and list are looked
  // at in standalone.spec.ts.
  const readyBy = () => ({
    [`/stations/${code()}`]: '[data-testid=day-curve]',
    [`/compare?stations=${code()},${other()}`]: '[data-testid=compare-power]',
    '/alarms': '[data-testid=alarms-empty]',
    '/work-orders': '[data-testid=orders-empty]',
    '/outages': '[data-testid=outages-empty]',
    '/settings/alarms': '[data-testid=policy-panel] table',
    '/settings/valuation': '[data-testid=valuation-panel] form',
    '/settings/notices': '[data-testid=notice-panel]',
    '/settings/orders': '[data-testid=order-limits-panel] form',
  });

  it.each([
    { width: 1920, height: 1080, colorScheme: 'dark' as const },
    { width: 390, height: 844, colorScheme: 'light' as const },
  ])(
    'is accessible at $width × $height, $colorScheme',
    async ({ colorScheme, ...viewport }) => {
      const { page, close } = await world().open('/alarms', { viewport, colorScheme });
      for (const [path, ready] of Object.entries(readyBy())) {
        await page.goto(`${world().base}${path}`);
        await page.locator(ready).first().waitFor();
        // The dark colours are the same everywhere: the fullest page stands for the others.
        if (colorScheme === 'light' || path.startsWith('/stations/'))
          expect(await violationsOf(page), path).toEqual([]);
        expect(await sidewaysOf(page), path).toBe(0);
      }
      await close();
    },
    AXE_TIMEOUT_MS,
  );

  it('keeps five places in the bar of a phone and the others one tap away', async () => {
    const { page, close } = await world().open('/alarms', { viewport: { width: 390, height: 844 } });
    const bar = page.locator('nav > ul > li:visible');
    await bar.first().waitFor();
    expect(await bar.count()).toBe(5);
    await page.getByTestId('nav-more').click();
    await page.locator('nav .sheet a[href="/review"]').click();
    await page.waitForURL(/\/review/);
    expect(await page.locator('nav .sheet').count()).toBe(0);
    await close();
  });
});
