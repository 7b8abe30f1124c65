// Those who bring messages into the database: the product, and what people build instead. Each is
//   { name, prepare(target): makes its session, start(target): → { connected, kill(), stop() } }
// where a target is { broker, url (of the database), filter, messages (how many come, where that is known) }.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { makeSession } from './broker.mjs';
import { track } from './children.mjs';
import { findProgram } from './database.mjs';
import { root } from './libraries.mjs';

export const BATCH_FILTER = 'pv/v1/+/+/telemetry';
/** The subscription follows the connection. */
const SUBSCRIBED_AFTER_MS = 1000;

/** A child that tells when it is connected; killed with all it started. */
function follow(command, args, { env, connectedLine, ipc = false }) {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(ipc ? ['ipc'] : [])],
    detached: true,
  });
  track(child, { isGroup: true });
  const exited = once(child, 'exit');
  const connected = Promise.withResolvers();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes(connectedLine)) connected.resolve(performance.now());
    else if (/"level":(50|60|"error"|"fatal")/.test(line)) process.stderr.write(`${line}\n`);
  });
  const failed = exited.then(([status, signal]) => {
    // Ended by the benchmark, or at the end of its work.
    if (signal !== null || status === 0) return new Promise(() => undefined);
    throw new Error(`${[command, ...args].join(' ')} ended with ${status}`);
  });
  failed.catch((error) => connected.reject(error));
  connected.promise.catch(() => undefined);
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
    await exited;
  };
  return {
    pid: child.pid,
    child,
    exited,
    /** Rejects when it ends by itself and in error. */
    failed,
    connected: connected.promise,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** The built program, as it is deployed. */
export function sunledger({ profileFolder } = {}) {
  const start = ({ broker, url }) =>
    follow(
      process.execPath,
      [
        ...(profileFolder ? ['--cpu-prof', '--cpu-prof-dir', profileFolder, '--enable-source-maps'] : []),
        join(root, 'dist/apps/ingest/main.js'),
      ],
      { env: { DATABASE_URL: url, MQTT_URL: broker.url }, connectedLine: 'ingest.broker_connected' },
    );
  return {
    name: 'Sunledger ingest',
    start,
    async prepare(target) {
      const first = start(target);
      await first.connected;
      await delay(SUBSCRIBED_AFTER_MS);
      await first.stop();
    },
  };
}

/** MQTT.js with an awaited insert a message. */
export const insertAMessage = {
  name: 'MQTT.js, an awaited insert a message',
  prepare: ({ broker, filter }) => makeSession(broker, 'insert-a-message', filter),
  start: ({ broker, url, filter }) =>
    follow(
      process.execPath,
      [join(import.meta.dirname, '../contenders/insert-a-message.mjs'), broker.url, url, filter],
      { connectedLine: 'connected' },
    ),
};

/** mosquitto_sub into psql, or null where one of the two is not on this machine. */
export function subIntoPsql() {
  const sub = process.env.MOSQUITTO_SUB ?? findProgram('mosquitto_sub');
  const psql = findProgram('psql');
  if (sub === null || psql === null) return null;
  return {
    name: 'mosquitto_sub | psql',
    prepare: ({ broker, filter }) => makeSession(broker, 'sub-into-psql', filter),
    start({ broker, url, filter, messages }) {
      const started = follow(join(import.meta.dirname, '../contenders/sub-into-psql.sh'), [], {
        env: {
          SUB: sub,
          PSQL: psql,
          PORT: String(broker.port),
          URL: url,
          FILTER: filter,
          // The last thousand is not full, and would wait for more.
          COUNT: messages === undefined ? '' : String(messages),
        },
        connectedLine: 'never',
      });
      return { ...started, connected: Promise.resolve(performance.now()) };
    },
  };
}

/** Receives and acknowledges; resolves with the milliseconds from the connection to the last message. */
export async function receiveOnly({ broker, filter, count }) {
  const child = follow(
    process.execPath,
    [
      join(import.meta.dirname, '../contenders/receive-only.mjs'),
      broker.url,
      'receive-only',
      filter,
      String(count),
    ],
    { connectedLine: 'never', ipc: true },
  );
  const [{ elapsedMs }] = await once(child.child, 'message');
  await child.exited;
  return elapsedMs;
}
