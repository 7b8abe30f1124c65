import { join } from 'node:path';
import { AccountService } from '#access';
import { EmbeddedBroker } from '#mqtt';
import { Database, migrate } from '#persistence';
import { Clock, EnvironmentError, readEnvironment, type Environment } from '#platform';
import { RegistryError, writeDemoRegistry } from '#registry';
import { Child, type ProgramName } from './children.ts';
import { ensureDataFolder } from './data-folder.ts';
import { demoClockStartMs } from './demo-clock.ts';
import { LauncherLock } from './launcher-lock.ts';
import { localUrl, pageUrl, requirePorts } from './ports.ts';
import { newestReadingMs, rewindSimulation } from './rewind.ts';
import { waitUntilReady } from './readiness.ts';
import { say, Shutdown } from './shutdown.ts';
import { StandaloneDatabase } from './standalone-database.ts';

/**
 * Everything on one machine: database, broker, api, ingest, worker and simulator.
 *
 *   settings → lock → ports → database → registry → broker → programs → ready --signal--> stopping → gone
 *
 * What was started is stopped in the reverse order, so that nobody writes to something that is already gone.
 */
const shutdown = new Shutdown();
/** The programs of a launcher that was killed end by themselves within this time; until then they have the ports. */
const LEFT_PROGRAMS_END_MS = 15_000;

// Whoever read the output may be gone (`npm start | head`); that is no reason to leave the programs unstopped.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
shutdown.listen();

try {
  await start(readEnvironment());
} catch (error) {
  // What a stop interrupts fails, and that is no news.
  if (!shutdown.isStopping) await shutdown.giveUp(describe(error));
}

async function start(environment: Environment): Promise<void> {
  const dataDir = ensureDataFolder(environment.PV_DATA_DIR);
  const lock = new LauncherLock(dataDir);
  shutdown.add({ name: 'lock', stop: () => lock.release() });
  const { wasLeft } = await lock.take();
  await requirePorts(environment, {
    waitMs: wasLeft ? LEFT_PROGRAMS_END_MS : 0,
    signal: shutdown.signal,
  });
  const databaseUrl = environment.DATABASE_URL ?? (await startDatabase(dataDir));
  const clock = await prepare(databaseUrl, environment);
  const mqttUrl = environment.MQTT_URL ?? (await startBroker(environment.MQTT_PORT));
  startPrograms({
    names: ['api', 'worker', 'ingest', ...(environment.PV_SIMULATOR === 'on' ? ['simulator' as const] : [])],
    environment: { DATABASE_URL: databaseUrl, MQTT_URL: mqttUrl, ...clock, ...accessOf(environment) },
    logDir: join(dataDir, 'logs'),
  });
  say(
    environment.PV_SIMULATOR === 'on'
      ? 'programs started; the simulator writes its history'
      : 'programs started',
  );
  await waitUntilReady({
    url: localUrl(environment),
    withData: environment.PV_SIMULATOR === 'on',
    signal: shutdown.signal,
  });
  process.stdout.write(`ready ${pageUrl(environment)}\n`);
}

/**
 * On one's own machine nothing asks for a login, unless it is told to. Only a simulated fleet has accounts that everybody
 * may take.
 */
function accessOf(environment: Environment): NodeJS.ProcessEnv {
  const access = environment.PV_ACCESS ?? 'open';
  const isDemo = access === 'open' && environment.PV_SIMULATOR === 'on';
  return { PV_ACCESS: access, PV_DEMO_ACCOUNTS: isDemo ? 'on' : 'off' };
}

async function startDatabase(dataDir: string): Promise<string> {
  const database = new StandaloneDatabase({
    dataDir: join(dataDir, 'postgres'),
    signal: shutdown.signal,
    onGivenUp: (message) => void shutdown.giveUp(message),
  });
  shutdown.add({ name: 'database', stop: () => database.stop() });
  return database.start();
}

/** Schema, registry and clock. Returns the clock as settings for the programs. */
async function prepare(databaseUrl: string, environment: Environment): Promise<NodeJS.ProcessEnv> {
  shutdown.signal.throwIfAborted();
  await migrate(databaseUrl);
  const database = Database.connect({ url: databaseUrl, applicationName: 'standalone', poolMax: 2 });
  try {
    if (environment.PV_SIMULATOR === 'off') return {};
    const { written } = await writeDemoRegistry(database, environment.PV_SEED);
    if (accessOf(environment)['PV_DEMO_ACCOUNTS'] === 'on')
      await new AccountService(database, new Clock()).ensureDemoAccounts({
        accountId: 'standalone',
        name: 'standalone',
        address: null,
      });
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
  // The start of a broker is a few milliseconds; a stop in between waits for it.
  let broker: Promise<EmbeddedBroker> | undefined;
  shutdown.add({ name: 'broker', stop: async () => (await broker)?.stop() });
  broker = EmbeddedBroker.start({ port });
  return (await broker).url;
}

function startPrograms(options: {
  names: readonly ProgramName[];
  environment: NodeJS.ProcessEnv;
  logDir: string;
}): void {
  for (const name of options.names) {
    const child = new Child({
      name,
      environment: options.environment,
      logDir: options.logDir,
      onGivenUp: (message) => void shutdown.giveUp(message),
    });
    shutdown.add({ name, stop: () => child.stop() });
    child.start();
  }
}

function describe(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  if (error instanceof RegistryError) return `${error.message} (${error.code}); see PV_SEED and PV_DATA_DIR`;
  return error instanceof Error ? error.message : String(error);
}
