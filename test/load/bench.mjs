// npm run bench: each figure beside a limit measured in the same run, as a table and as JSON.
//   node tools/bench.mjs [--json FILE]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { json: { type: 'string' } } });
const READERS = 20;
const READ_FOR_MS = 15_000;
const WATCH_FOR_MS = 30_000;
/** Five-minute readings of the whole fleet at this speed are about 2,300 a second. */
const SPEED = 100;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

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
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

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

const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-'));
const port = await freePort();
const plain = {
  PORT: String(port),
  MQTT_PORT: String(await freePort()),
  PV_DATA_DIR: folder,
  PV_FAULTS: 'off',
};
const fast = {
  ...plain,
  PV_CLOCK_START: '2026-11-24T10:00:00+08:00',
  PV_CLOCK_SPEED: String(SPEED),
};
const base = `http://127.0.0.1:${port}`;
const results = {
  machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  node: process.version,
  date: new Date().toISOString(),
};
let running = await start(plain);
try {
  results.firstStartMs = running.readyMs;
  await stop(running.child);
  running = await start(plain);
  results.secondStartMs = running.readyMs;
  await stop(running.child);
  running = await start(fast);
  // What came due while the programs started is worked off first.
  while ((await ingest(base)).lagP99Ms > 2000) await delay(1000);
  const before = await ingest(base);
  const watchedFrom = performance.now();
  await delay(WATCH_FOR_MS);
  const after = await ingest(base);
  const seconds = (performance.now() - watchedFrom) / 1000;
  results.ingest = {
    readingsPerS: Math.round((after.accepted - before.accepted) / seconds),
    lagP50Ms: after.lagP50Ms,
    lagP99Ms: after.lagP99Ms,
    waitingMessages: after.waiting,
    dirtyStationDays: after.worker.waiting,
  };
  results.limitRead = await readers(`${base}/api/health/live`);
  results.fleetRead = await readers(`${base}/api/v1/fleet`);
  results.fleetOverLimit = Math.round((results.fleetRead.p99Ms / results.limitRead.p99Ms) * 10) / 10;
} finally {
  await stop(running.child);
  await rm(folder, { recursive: true, force: true });
}
console.table({
  'first start to ready, ms': results.firstStartMs,
  'second start to ready, ms': results.secondStartMs,
  [`readings a second at ${SPEED}×`]: results.ingest.readingsPerS,
  'measured to committed p50, ms': results.ingest.lagP50Ms,
  'measured to committed p99, ms': results.ingest.lagP99Ms,
  [`GET /fleet, ${READERS} readers, p50 ms`]: results.fleetRead.p50Ms,
  [`GET /fleet, ${READERS} readers, p99 ms`]: results.fleetRead.p99Ms,
  [`GET /health/live, ${READERS} readers, p99 ms (limit)`]: results.limitRead.p99Ms,
  'fleet p99 over the limit': results.fleetOverLimit,
});
if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(results)}\n`);
