import { setTimeout as delay } from 'node:timers/promises';
import { fleetSchema } from '#contracts';

const ASK_EVERY_MS = 250;
/** A first start writes a year of history; a machine that needs longer than this has another problem. */
const GIVE_UP_AFTER_MS = 10 * 60_000;
/** The page is worth showing once so many of the stations report. */
const REPORTING_SHARE = 0.97;

/** Resolves once the programs work together and, with the simulator, the page shows data. */
export async function waitUntilReady(options: {
  port: number;
  withData: boolean;
  isStopping: () => boolean;
}): Promise<void> {
  const untilMs = Date.now() + GIVE_UP_AFTER_MS;
  while (!options.isStopping()) {
    if ((await isHealthy(options.port)) && (!options.withData || (await showsData(options.port)))) return;
    if (Date.now() > untilMs)
      throw new Error('the programs did not become ready; their logs are in PV_DATA_DIR/logs');
    await delay(ASK_EVERY_MS);
  }
}

async function isHealthy(port: number): Promise<boolean> {
  const response = await ask(port, '/api/health/ready');
  return response?.ok ?? false;
}

async function showsData(port: number): Promise<boolean> {
  const response = await ask(port, '/api/v1/fleet');
  if (!response?.ok) return false;
  const fleet = fleetSchema.parse(await response.json());
  const { total, reporting } = fleet.stations;
  return (
    total > 0 &&
    reporting >= total * REPORTING_SHARE &&
    fleet.power.powerW !== null &&
    fleet.today.energyWh !== null &&
    fleet.year.energyWh !== null
  );
}

async function ask(port: number, path: string): Promise<Response | null> {
  try {
    return await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
  } catch {
    // Not listening yet.
    return null;
  }
}
