// First paint of the built web with the processor slowed four times and 1.6 Mbit/s, as a cheap phone in a village has it.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { median, round, say } from '../support/figures.mjs';

const GOAL_MS = 2500;
const ROUNDS = 3;
const SLOWED = 4;
const BYTES_PER_S = 1_600_000 / 8;
const LATENCY_MS = 150;
const SETTLE_MS = 1500;
const PLACES = [
  process.env.PV_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** One load of a page with an empty cache; `busyMs` is the processor time of its thread until it has settled. */
async function load(browser, url, slowed = SLOWED) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_PER_S,
    uploadThroughput: BYTES_PER_S,
  });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowed });
  // Processor time of the page's thread, whatever else the machine does.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const sizes = new Map();
  const names = new Map();
  cdp.on('Network.responseReceived', ({ requestId, response }) =>
    names.set(requestId, new URL(response.url).pathname),
  );
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    sizes.set(requestId, encodedDataLength),
  );
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.largestMs = entry.startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await page.goto(url, { waitUntil: 'load', timeout: 60_000 });
  await page.waitForFunction(() => globalThis.largestMs !== undefined, undefined, { timeout: 30_000 });
  // A page that listens to live figures is never idle: what is painted within this time counts as its largest.
  await delay(SETTLE_MS);
  const paint = await page.evaluate(() => ({
    firstMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    largestMs: globalThis.largestMs ?? null,
  }));
  const { metrics } = await cdp.send('Performance.getMetrics');
  const busyMs = Math.round(1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN));
  const files = [...sizes]
    .map(([id, bytes]) => ({ name: names.get(id) ?? '?', bytes }))
    .toSorted((one, other) => other.bytes - one.bytes);
  await context.close();
  return {
    ...paint,
    busyMs,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    heaviest: files.slice(0, 6),
  };
}

/** First and largest paint of each page, the median of three loads. */
export async function firstPaints(base) {
  const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));
  if (!executablePath) return { failed: 'Chromium is missing' };
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const { items } = await (await fetch(`${base}/api/v1/stations?pageSize=1`)).json();
    const pages = { '/': '/', '/wall': '/wall', '/alarms': '/alarms', station: `/stations/${items[0].code}` };
    const found = {};
    for (const [name, path] of Object.entries(pages)) {
      const loads = [];
      for (let turn = 0; turn < ROUNDS; turn += 1) loads.push(await load(browser, `${base}${path}`));
      const firstMs = Math.round(median(loads.map((one) => one.firstMs)));
      const largestMs = Math.round(median(loads.map((one) => one.largestMs)));
      const [{ bytes, heaviest }] = loads;
      const { busyMs } = await load(browser, `${base}${path}`, 1);
      found[name] = {
        firstMs,
        largestMs,
        isMet: firstMs < GOAL_MS,
        busyMs,
        kB: round(bytes / 1000, 0),
        heaviest,
      };
      say(
        `screens ${name}: first paint ${firstMs} ms, largest ${largestMs} ms, ${found[name].kB} kB, ${busyMs} ms of processor`,
      );
    }
    return found;
  } finally {
    await browser.close();
  }
}
