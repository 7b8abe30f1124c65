import { setTimeout as delay } from 'node:timers/promises';
import { fleetSchema, type Fleet } from '#contracts';

const ASK_EVERY_MS = 250;
/** A first start writes a year of history; a machine that needs longer than this has another problem. */
const GIVE_UP_AFTER_MS = 10 * 60_000;
/** The page is worth showing once so many of the stations report. */
const REPORTING_SHARE = 0.97;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Resolves once the programs work together and, with the simulator, the page shows data.
 * @param options.url of the api, `http://host:port`.
 * @throws Error after ten minutes; the reason of the signal where everything is being stopped.
 */
export async function waitUntilReady(options: {
  url: string;
  withData: boolean;
  signal: AbortSignal;
}): Promise<void> {
  const { url, withData, signal } = options;
  const untilMs = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    if ((await isHealthy(url)) && (!withData || (await showsData(url)))) return;
    if (Date.now() > untilMs)
      throw new Error('the programs did not become ready; their logs are in PV_DATA_DIR/logs');
    await delay(ASK_EVERY_MS, undefined, { signal });
  }
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await ask(url, '/api/health/ready');
  return response?.ok ?? false;
}

async function showsData(url: string): Promise<boolean> {
  const response = await ask(url, '/api/v1/fleet');
  if (!response?.ok) return false;
  const fleet = fleetSchema.parse(await response.json());
  const { total, reporting } = fleet.stations;
  const { today, month, year, curve, power } = fleet;
  // What is remembered from before the history was written would be shown as a year without energy.
  const hasHistory =
    curve.day.endsWith('-01-01') || ((year.energyWh ?? 0) > (today.energyWh ?? 0) && isComparable(month));
  return (
    total > 0 &&
    reporting >= total * REPORTING_SHARE &&
    power.powerW !== null &&
    // Every station's day is worked out; a part of it would be shown as a poor day.
    today.stationsCounted >= total * REPORTING_SHARE &&
    curve.slots.some(({ powerW }) => powerW !== null) &&
    hasHistory
  );
}

/** On the first of a month there are no days to compare. */
const isComparable = (month: Fleet['month']) =>
  month.completeDaysWh === null || month.sameDaysLastYearWh !== null;

async function ask(url: string, path: string): Promise<Response | null> {
  try {
    return await fetch(url + path, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch {
    // Not listening yet.
    return null;
  }
}
