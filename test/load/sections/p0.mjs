// P0: the built standalone, from its first start on, on fresh folders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { at } from '../support/figures.mjs';
import { loadLibraries, root } from '../support/libraries.mjs';

const READERS = 20;
const READ_FOR_MS = 15_000;
const WATCH_FOR_MS = 30_000;
/** Five-minute readings of the whole fleet at this speed are about 2,300 a second. */
const SPEED = 100;

/** Starts the built standalone; resolves with its process and the milliseconds to `ready`. */
async function start(environment) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist/apps/standalone/main.js')], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  await new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (output.includes('\nready ')) resolve();
    });
    child.once('exit', () => reject(new Error(`the program ended before it was ready:\n${output}`)));
  });
  return { child, readyMs: Math.round(performance.now() - startedAt) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}

/** Latency of a path under READERS readers that ask again as soon as they are answered. */
async function readers(url) {
  const latencies = [];
  const endAt = performance.now() + READ_FOR_MS;
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      while (performance.now() < endAt) {
        const from = performance.now();
        const response = await fetch(url);
        await response.arrayBuffer();
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        latencies.push(performance.now() - from);
      }
    }),
  );
  latencies.sort((a, b) => a - b);
  const round = (value) => Math.round(value * 10) / 10;
  return {
    requestsPerS: Math.round((latencies.length * 1000) / READ_FOR_MS),
    p50Ms: round(at(latencies, 0.5)),
    p99Ms: round(at(latencies, 0.99)),
  };
}

async function ingest(base) {
  const ready = await (await fetch(`${base}/api/health/ready`)).json();
  return { ...ready.programs['ingest-1'].detail, worker: ready.programs['worker-1'].detail };
}

/** Figures of a running standalone at speed: ingest, and the overview against the smallest answer there is. */
async function underLoad(base) {
  // What came due while the programs started is worked off first.
  while ((await ingest(base)).lagP99Ms > 2000) await delay(1000);
  const before = await ingest(base);
  const watchedFrom = performance.now();
  await delay(WATCH_FOR_MS);
  const after = await ingest(base);
  const seconds = (performance.now() - watchedFrom) / 1000;
  return {
    ingest: {
      readingsPerS: Math.round((after.accepted - before.accepted) / seconds),
      lagP50Ms: after.lagP50Ms,
      lagP99Ms: after.lagP99Ms,
      waitingMessages: after.waiting,
      dirtyStationDays: after.worker.waiting,
    },
    limitRead: await readers(`${base}/api/health/live`),
    fleetRead: await readers(`${base}/api/v1/fleet`),
  };
}

export async function p0() {
  const { freePort } = await loadLibraries();
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-'));
  const port = await freePort();
  const plain = {
    PORT: String(port),
    MQTT_PORT: String(await freePort()),
    PV_DATA_DIR: folder,
    PV_FAULTS: 'off',
  };
  const fast = { ...plain, PV_CLOCK_START: '2026-11-24T10:00:00+08:00', PV_CLOCK_SPEED: String(SPEED) };
  let running = await start(plain);
  try {
    const firstStartMs = running.readyMs;
    await stop(running.child);
    running = await start(plain);
    const secondStartMs = running.readyMs;
    await stop(running.child);
    running = await start(fast);
    const found = await underLoad(`http://127.0.0.1:${port}`);
    const ratio = Math.round((found.fleetRead.p99Ms / found.limitRead.p99Ms) * 10) / 10;
    return {
      figure: found.fleetRead.p99Ms,
      unit: `ms p99 of GET /fleet, ${READERS} readers, ${found.ingest.readingsPerS} readings/s coming in`,
      limit: found.limitRead.p99Ms,
      ratio,
      goal: '< 100 ms',
      isMet: found.fleetRead.p99Ms < 100,
      firstStartMs,
      secondStartMs,
      ...found,
    };
  } finally {
    await stop(running.child);
    await rm(folder, { recursive: true, force: true });
  }
}
