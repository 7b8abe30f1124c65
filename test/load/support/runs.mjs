// One run: a backlog in a fresh broker, an empty database, one contender that takes it in.
import { startBroker } from './broker.mjs';
import { perSecond, timed, until } from './figures.mjs';
import { loadLibraries } from './libraries.mjs';
import { publishAll } from './publisher.mjs';

/** Nothing more is coming when the broker has nothing left and the count of rows has stood still for this long. */
const STILL_FOR_MS = 8000;

/**
 * @param load `{ messages(): iterable, readings, day, filter, last: { deviceId, atMs } }`
 * @returns readings a second, from the connection to the last row.
 */
export async function drain({ store, contender, load }) {
  const { freePort } = await loadLibraries();
  const broker = await startBroker({ freePort });
  const target = { broker, url: store.url, filter: load.filter };
  let running;
  try {
    await store.reset();
    await store.ensureDay(load.day);
    await contender.prepare(target);
    const publishFrom = performance.now();
    const messages = await publishAll(broker, load.messages());
    const publishMs = performance.now() - publishFrom;
    running = contender.start({ ...target, messages });
    await running.connected;
    const pids = { broker: broker.pid, contender: running.pid, database: store.serverPid };
    const { ms, cpuS } = await timed(pids, async () => {
      // Looking for the last row costs nothing; counting all of them would load the database that is measured.
      await Promise.race([until('the last reading', () => store.has(load.last)), running.failed]);
      await until(`${load.readings} readings`, async () => (await store.count()) >= load.readings, {
        timeoutMs: 60_000,
      });
    });
    // The last acknowledgements follow the last commit.
    await until('acknowledgements', () => broker.depth() === 0, { timeoutMs: 30_000 }).catch(() => undefined);
    await running.stop();
    return {
      messages,
      elapsedMs: ms,
      publishMs: Math.round(publishMs),
      readingsPerS: perSecond(load.readings, ms),
      unacknowledged: broker.depth(),
      cpuS,
    };
  } finally {
    await running?.kill();
    await broker.stop();
  }
}

/** Kills a contender with -9 when a share of the rows is there, starts it again, and counts what never came. */
export async function killInTheMiddle({ store, contender, load, share = 0.4 }) {
  const { freePort } = await loadLibraries();
  const broker = await startBroker({ freePort });
  const target = { broker, url: store.url, filter: load.filter };
  let running;
  try {
    await store.reset();
    await store.ensureDay(load.day);
    await contender.prepare(target);
    await publishAll(broker, load.messages());
    running = contender.start(target);
    await Promise.race([
      until('the middle', async () => (await store.count()) >= load.readings * share, { everyMs: 100 }),
      running.failed,
    ]);
    await running.kill();
    running = contender.start(target);
    let rows = -1;
    let movedAt = performance.now();
    await until(
      'the end of what comes',
      async () => {
        const now = await store.count();
        if (now !== rows) movedAt = performance.now();
        rows = now;
        const isStill = broker.depth() === 0 && performance.now() - movedAt > STILL_FOR_MS;
        return rows >= load.readings || isStill;
      },
      { everyMs: 250 },
    );
    // Whoever holds something back writes it when it is told to stop.
    await running.stop();
    return { readings: load.readings, lost: load.readings - (await store.count()) };
  } finally {
    await running?.kill();
    await broker.stop();
  }
}
