import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { EmbeddedBroker } from '#mqtt';
import { Database, EmbeddedServer, migrate, raw, sql } from '#persistence';
import { EnvironmentError, readEnvironment, type Environment } from '#platform';
import { RegistryError, writeDemoRegistry } from '#registry';
import { Child } from './children.ts';
import { demoClockStartMs } from './demo-clock.ts';
import { newestReadingMs, rewindSimulation } from './rewind.ts';
import { waitUntilReady } from './readiness.ts';

/**
 * Everything on one machine: database, broker, api, ingest, worker and simulator.
 *
 *   settings → ports → database → registry → broker → programs → ready --signal--> stopping → gone
 *
 * What was started is stopped in the reverse order, so that nobody writes to something that is already gone.
 */
const stops: { name: string; stop: () => Promise<unknown> }[] = [];
let stopping = false;
// Whoever read the output may be gone (`npm start | head`); that is no reason to leave the programs unstopped.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

try {
  await start(readEnvironment());
} catch (error) {
  await giveUp(describe(error));
}

async function start(environment: Environment): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.once(signal, () => void stop(0));
  await requirePort('PORT', environment.PORT, environment.PV_HOST);
  if (environment.MQTT_URL === undefined) await requirePort('MQTT_PORT', environment.MQTT_PORT, '127.0.0.1');
  const dataDir = resolve(environment.PV_DATA_DIR);
  mkdirSync(dataDir, { recursive: true });
  chmodSync(dataDir, 0o755);
  const databaseUrl = environment.DATABASE_URL ?? (await startDatabase(dataDir));
  const clock = await prepare(databaseUrl, environment);
  const mqttUrl = environment.MQTT_URL ?? (await startBroker(environment.MQTT_PORT));
  const childEnvironment = {
    DATABASE_URL: databaseUrl,
    MQTT_URL: mqttUrl,
    ...clock,
  };
  const names = [
    'api',
    'worker',
    'ingest',
    ...(environment.PV_SIMULATOR === 'on' ? (['simulator'] as const) : []),
  ];
  for (const name of names as ('api' | 'worker' | 'ingest' | 'simulator')[]) {
    const child = new Child({
      name,
      environment: childEnvironment,
      logDir: join(dataDir, 'logs'),
      onGivenUp: (message) => void giveUp(message),
    });
    child.start();
    stops.push({ name, stop: () => child.stop() });
  }
  say(
    environment.PV_SIMULATOR === 'on'
      ? 'programs started; the simulator writes its history'
      : 'programs started',
  );
  await waitUntilReady({
    port: environment.PORT,
    withData: environment.PV_SIMULATOR === 'on',
    isStopping: () => stopping,
  });
  if (!stopping) process.stdout.write(`ready http://localhost:${environment.PORT}\n`);
}

async function startDatabase(dataDir: string): Promise<string> {
  const server = await EmbeddedServer.start({ dataDir: join(dataDir, 'postgres') });
  stops.push({ name: 'database', stop: () => server.stop() });
  const admin = Database.connect({ url: server.url('postgres'), applicationName: 'standalone', poolMax: 1 });
  try {
    const found = await admin.query(sql`select 1 from pg_database where datname = 'sunledger'`);
    if (found.length === 0) await admin.query(sql`create database ${raw('sunledger')}`);
  } finally {
    await admin.close();
  }
  say(`database in ${server.dataDir}`);
  return server.url();
}

/** Schema, registry and clock. Returns the clock as settings for the programs. */
async function prepare(databaseUrl: string, environment: Environment): Promise<NodeJS.ProcessEnv> {
  await migrate(databaseUrl);
  const database = Database.connect({ url: databaseUrl, applicationName: 'standalone', poolMax: 2 });
  try {
    if (environment.PV_SIMULATOR === 'off') return {};
    const { written } = await writeDemoRegistry(database, environment.PV_SEED);
    if (written) say('registry: 468 stations, 1,469 villages (模拟数据, simulated)');
    const newestMs = await newestReadingMs(database);
    const anchorMs = Date.now();
    const given = environment.PV_CLOCK_START;
    const nightStartMs =
      given === undefined && environment.PV_CLOCK_SPEED === 1 && environment.NODE_ENV !== 'production'
        ? demoClockStartMs({ realNowMs: anchorMs, newestReadingMs: newestMs })
        : null;
    const startMs = nightStartMs ?? (given === undefined ? anchorMs : Date.parse(given));
    if (newestMs !== null && newestMs > startMs) await rewindSimulation(database, new Date(startMs));
    if (startMs === anchorMs && environment.PV_CLOCK_SPEED === 1) return {};
    say(
      `the clock starts at ${new Date(startMs).toISOString()}${nightStartMs === null ? '' : ' (night in Lüliang)'}`,
    );
    return {
      PV_CLOCK_START: new Date(startMs).toISOString(),
      PV_CLOCK_ANCHOR_MS: String(anchorMs),
      PV_CLOCK_NIGHT_DEMO: nightStartMs === null ? 'off' : 'on',
    };
  } finally {
    await database.close();
  }
}

async function startBroker(port: number): Promise<string> {
  const broker = await EmbeddedBroker.start({ port });
  stops.push({ name: 'broker', stop: () => broker.stop() });
  return broker.url;
}

/** @throws Error that names the setting where somebody else has the port. */
async function requirePort(setting: string, port: number, host: string): Promise<void> {
  const probe = createServer();
  probe.listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE')
      throw new Error(`port ${port} is in use; stop the program that has it or set ${setting} to another`, {
        cause: error,
      });
    if (code === 'EACCES')
      throw new Error(`port ${port} is not allowed; set ${setting} above 1023`, { cause: error });
    throw error;
  }
  probe.close();
  await once(probe, 'close');
}

async function stop(status: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  say('stopping');
  for (const { name, stop: end } of stops.toReversed())
    await end().catch((error: unknown) => say(`${name} did not stop cleanly: ${describe(error)}`));
  process.exit(status);
}

async function giveUp(message: string): Promise<void> {
  process.stderr.write(`sunledger: ${message}\n`);
  await stop(1);
}

function say(message: string): void {
  process.stdout.write(`sunledger: ${message}\n`);
}

function describe(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  if (error instanceof RegistryError) return `${error.message} (${error.code}); see PV_SEED and PV_DATA_DIR`;
  return error instanceof Error ? error.message : String(error);
}
