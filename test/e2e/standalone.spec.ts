import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { sql } from '#persistence';
import { projectRoot } from '#platform';
import { launchBrowser, Standalone, START_TIMEOUT_MS, stumblingBlocks } from '#test-support';

const execFileAsync = promisify(execFile);

/** An afternoon of November at 100 times real speed: sunset comes after a minute and a half. */
const DAY = '2026-11-24';
const SPEED = 100;
const app = await Standalone.create({
  PV_SEED: '7',
  PV_FAULTS: 'off',
  PV_CLOCK_START: `${DAY}T14:30:00+08:00`,
  PV_CLOCK_SPEED: String(SPEED),
});
const browser = await launchBrowser();

beforeAll(async () => {
  await app.start();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await app.remove();
}, 60_000);

const eventually = (condition: () => Promise<void>, timeoutMs: number) =>
  vi.waitFor(condition, { timeout: timeoutMs, interval: 500 });

const readySchema = z.object({
  programs: z.record(z.string(), z.object({ detail: z.record(z.string(), z.unknown()) })),
});
const ingestDetailSchema = z.object({
  waiting: z.number(),
  lagP99Ms: z.number(),
  quarantined: z.number(),
});

const truthSchema = z.object({
  days: z.array(
    z.object({
      stations: z.array(
        z.object({ station: z.string(), meterWh: z.number(), devices: z.record(z.string(), z.number()) }),
      ),
    }),
  ),
});

/** What the simulator knows to be true: energy by station and device of the day, Wh. */
async function truthOfDay(): Promise<Map<string, number>> {
  const { stdout } = await execFileAsync(
    process.execPath,
    [
      join(projectRoot(), 'dist/apps/simulator/main.js'),
      '--truth',
      '--day',
      DAY,
      '--seed',
      '7',
      '--faults',
      'none',
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const stations = truthSchema.parse(JSON.parse(stdout)).days.flatMap((day) => day.stations);
  return new Map(
    stations.flatMap(({ station, meterWh, devices }) => [
      [`${station}/M01`, meterWh] as const,
      ...Object.entries(devices).map(([device, energyWh]) => [`${station}/${device}`, energyWh] as const),
    ]),
  );
}

describe('the living path from simulator to page', () => {
  // First, since it needs the sun.
  it('moves the numbers of the page without a reload', async () => {
    const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (entry) => {
      if (entry.type() === 'error') problems.push(entry.text());
    });
    await page.goto(app.url);
    const power = page.getByTestId('live-power');
    await power.waitFor();
    const first = await power.innerText();
    expect(first).toMatch(/\d/);
    await eventually(async () => expect(await power.innerText()).not.toBe(first), 30_000);
    expect(await page.getByTestId('stations-online').innerText()).toContain('468');
    expect(await page.getByTestId('clock-banner').innerText()).toContain(DAY);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows the whole fleet soon after it says that it is ready', async () => {
    await eventually(async () => {
      const fleet = await app.fleet();
      expect(fleet.stations.total).toBe(468);
      expect(fleet.stations.reporting).toBeGreaterThan(460);
      expect(fleet).toMatchObject({
        villages: 1469,
        households: 218_000,
        posts: 82_000,
        capacityW: 394_000_000,
      });
      expect(fleet.settled).toMatchObject({ amountFen: '78600000000' });
    }, 60_000);
  });

  it('keeps up: from measurement to commit in well under five seconds', async () => {
    // The first seconds still carry what came due while the programs started; then nothing may queue up.
    await eventually(async () => {
      const response = await fetch(`${app.url}/api/health/ready`);
      const { programs } = readySchema.parse(await response.json());
      const detail = ingestDetailSchema.parse(programs['ingest-1']?.detail);
      expect(detail.quarantined).toBe(0);
      expect(detail.lagP99Ms).toBeLessThan(5000);
      expect(detail.waiting).toBeLessThan(500);
    }, 50_000);
  });

  it('stores every reading once when ingest is killed in the middle', async () => {
    const [pid] = await app.processes('ingest');
    expect(pid).toBeDefined();
    process.kill(Number(pid), 'SIGKILL');
    const database = await app.database();
    const newest = async () => {
      const [row] = await database.query<{ at: Date }>(sql`select max(measured_at) as at from reading`);
      return row?.at.getTime() ?? 0;
    };
    const before = await newest();
    // A quarter of an hour of readings later, all of what fell into the gap has been delivered again.
    await eventually(async () => expect(await newest()).toBeGreaterThan(before + 15 * 60_000), 60_000);
    await eventually(async () => {
      // Meters number what their gateway sends: a hole is a loss. The primary key refuses doubles.
      const holes = await database.query(sql`
        select device_id, count(*)::int as stored, (max(seq) - min(seq) + 1)::int as sent
        from reading r
        join device d on d.id = r.device_id
        where d.kind = 'meter' and r.measured_at >= ${new Date(before - 3_600_000)}
          and r.measured_at < ${new Date(before + 10 * 60_000)}
        group by device_id
        having count(*) <> max(seq) - min(seq) + 1`);
      expect(holes).toEqual([]);
    }, 30_000);
    await database.close();
  }, 120_000);

  it('stores the energy of each device and day as the simulator knows it, within 10 Wh', async () => {
    // After sunset nothing is added to the day any more.
    await eventually(
      async () =>
        expect(Date.parse((await app.fleet()).asOf)).toBeGreaterThan(Date.parse(`${DAY}T18:45:00+08:00`)),
      180_000,
    );
    const truth = await truthOfDay();
    expect(truth.size).toBeGreaterThan(6500);
    const database = await app.database();
    await eventually(async () => {
      const stored = await database.query<{ key: string; energyWh: bigint }>(sql`
        select s.code || '/' || d.code as key, e.energy_wh as "energyWh"
        from device_day e
        join device d on d.id = e.device_id
        join station s on s.id = d.station_id
        where e.day = ${DAY}::date`);
      expect(stored).toHaveLength(truth.size);
      const wrong = stored.filter(
        ({ key, energyWh }) => Math.abs(Number(energyWh) - (truth.get(key) ?? NaN)) > 10,
      );
      expect(wrong).toEqual([]);
      expect(stored.every(({ key }) => truth.has(key))).toBe(true);
    }, 60_000);
    await database.close();
  }, 300_000);

  it('stops on Ctrl-C with nothing left running, and starts again with the data it had', async () => {
    const before = await app.fleet();
    expect(await app.interrupt()).toBe(0);
    expect(await app.processes()).toEqual([]);
    // From here on as fast as the world: what follows looks at pages, not at days that pass.
    await app.start({ PV_CLOCK_SPEED: '1' });
    const after = await app.fleet();
    expect(after.stations.total).toBe(468);
    expect(after.year.energyWh ?? 0).toBeGreaterThan((before.year.energyWh ?? 0) * 0.99);
  }, 240_000);

  it.each([
    // The elements of 1366 pixels, wider: looked at for their width.
    { width: 1920, height: 1080, isAnalysed: false },
    { width: 1366, height: 768, isAnalysed: true },
    { width: 390, height: 844, isAnalysed: true },
  ])(
    'is accessible and never wider than the screen at $width × $height',
    async ({ isAnalysed, ...viewport }) => {
      const context = await browser.newContext({ viewport, timezoneId: 'America/New_York' });
      const page = await context.newPage();
      for (const path of ['/', '/stations', '/stations/141124-001']) {
        await page.goto(`${app.url}${path}`);
        await page
          .getByTestId(path.startsWith('/stations/') ? 'station-state' : 'connection-state')
          .waitFor();
        await page.getByText('模拟数据').first().waitFor();
        const violations = isAnalysed ? await stumblingBlocks(page) : [];
        expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
        const sideways = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        expect(sideways, path).toBeLessThanOrEqual(0);
      }
      await context.close();
    },
    120_000,
  );

  it('finds a station by name and opens it, with the county kept in the address', async () => {
    const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
    await page.goto(app.url);
    const map = page.getByTestId('county-map');
    await map.waitFor();
    await map.locator('[data-county="141126"]').click();
    await page.waitForURL(/county=141126/);
    await page.keyboard.press('/');
    await page.keyboard.type('141124-001');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/stations\?/);
    await page.locator('a[href="/stations/141124-001"]').first().click();
    await page.waitForURL(/\/stations\/141124-001/);
    expect(await page.getByTestId('station-state').innerText()).toMatch(
      /发电中|偏低|故障|零发电|离线|限功率|夜间/,
    );
    await page.close();
  });

  it('names the setting of a port that is in use, and every bad setting at once', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const program = join(projectRoot(), 'dist/apps/standalone/main.js');
    const runWith = (settings: Record<string, string>) =>
      execFileAsync(process.execPath, [program], { env: { PATH: process.env['PATH'], ...settings } }).then(
        () => 'started',
        (error: { stderr: string }) => error.stderr,
      );
    const busy = await runWith({ PORT: String(port), PV_DATA_DIR: join(app.folder, 'other') });
    expect(busy).toContain(`port ${port} is in use`);
    expect(busy).toContain('PORT');
    blocker.close();
    const bad = await runWith({ PORT: 'x', PV_SEED: '-1', MQTT_URL: 'http://broker', PV_SIMULATOR: 'maybe' });
    for (const setting of ['PORT', 'PV_SEED', 'MQTT_URL', 'PV_SIMULATOR']) expect(bad).toContain(setting);
    const production = await runWith({ NODE_ENV: 'production', PV_CLOCK_SPEED: '10' });
    expect(production).toContain('PV_CLOCK_SPEED');
  });
});
