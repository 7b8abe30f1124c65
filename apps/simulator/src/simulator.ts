import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS } from '#domain';
import { Database, migrate } from '#persistence';
import type { Clock, Logger } from '#platform';
import { generateRegistry, writeDemoRegistry, type RegistrySnapshot } from '#registry';
import { EPOCH_DAY, EPOCH_MS, parseFaultScript, TruthModel, type FaultSource } from '#simulation';
import type { RunSettings } from './command-line.ts';
import { GatewayFleet } from './gateway/gateway-fleet.ts';
import { topUpHistory, type TopUpResult } from './history/top-up.ts';
import { writeSettlementHistory } from './settlement/settlement-history.ts';

/** How often a run with an end looks whether it has come. */
const END_POLL_MS = 100;
/** A run that is over waits so long for the last acknowledgements. */
const DRAIN_LIMIT_MS = 10_000;

/**
 * The fleet of a run and its model.
 * @throws FaultScriptError where the fault script does not fit the fleet.
 */
export function worldOf(settings: RunSettings): { registry: RegistrySnapshot; truth: TruthModel } {
  const full = generateRegistry(settings.seed);
  const registry = { ...full, stations: full.stations.slice(0, settings.stations ?? full.stations.length) };
  const devices = new Map(
    registry.stations.map((station) => [station.code, new Set(station.devices.map(({ code }) => code))]),
  );
  const faults: FaultSource =
    typeof settings.faults === 'string' ? settings.faults : parseFaultScript(settings.faults.script, devices);
  return { registry, truth: new TruthModel({ seed: settings.seed, registry, faults }) };
}

/** Tops up the history, runs the gateways until `stop` or the end of the run, and leaves nothing open. */
export async function runSimulator(parts: {
  settings: RunSettings;
  clock: Clock;
  logger: Logger;
  stop: AbortSignal;
}): Promise<void> {
  const { settings, clock, logger, stop } = parts;
  const startMs = clock.nowMs();
  if (startMs < EPOCH_MS)
    throw new RangeError(`the clock is before the first day of the model, ${EPOCH_DAY}`);
  const { truth, registry } = worldOf(settings);
  const { databaseUrl } = settings;
  if (databaseUrl !== null) await migrate(databaseUrl);
  const database =
    databaseUrl === null
      ? null
      : Database.connect({ url: databaseUrl, applicationName: 'simulator', poolMax: 2 });
  const history = database === null ? null : await historyOf(parts, truth, database);
  if (stop.aborted) return;
  const fleet = new GatewayFleet({
    url: settings.mqttUrl,
    truth,
    clock,
    logger,
    intervalS: settings.intervalS,
    resumeAfterMs: (station) => history?.resumeAfterMs.get(station) ?? startMs,
    notTaken: (station) => history?.notTaken.get(station) ?? null,
  });
  const stopped = once(stop, 'abort');
  const past =
    database === null || history === null
      ? Promise.resolve()
      : finishPast({ ...parts, database, truth, registry, history });
  try {
    await Promise.race([Promise.all([runGateways(fleet, parts, startMs), past]), stopped]);
  } finally {
    await fleet.close();
    logger.info({ event: 'simulator.stopped', ...fleet.counts });
    // A stop does not wait for a COPY under way: what it had not written is written at the next start.
    if (!stop.aborted) await database?.close();
  }
}

async function historyOf(
  parts: { settings: RunSettings; clock: Clock; logger: Logger; stop: AbortSignal },
  truth: TruthModel,
  database: Database,
): Promise<TopUpResult | null> {
  const { settings, clock, logger, stop } = parts;
  // The whole fleet, also where only some of its stations run.
  await writeDemoRegistry(database, settings.seed);
  if (stop.aborted) return null;
  const startedAt = performance.now();
  const result = await topUpHistory({ database, truth, intervalS: settings.intervalS, clock, logger });
  const { stationDays, readings } = result;
  const tookMs = Math.round(performance.now() - startedAt);
  logger.info({ event: 'simulator.readings_ready', stationDays, readings, tookMs });
  return result;
}

/** Quarter hours, and after them the money, so that neither waits for the other's rows. */
async function finishPast(parts: {
  settings: RunSettings;
  clock: Clock;
  logger: Logger;
  stop: AbortSignal;
  database: Database;
  truth: TruthModel;
  registry: RegistrySnapshot;
  history: TopUpResult;
}): Promise<void> {
  const { settings, history, logger, stop } = parts;
  await finishHistory(history, logger);
  // Papers of a part of the fleet would be a month that is not whole.
  if (settings.stations !== null || stop.aborted) return;
  try {
    await writeSettlementHistory({ ...parts, monthCount: settings.settledMonths, signal: stop });
  } catch (error) {
    // The stations go on: a demo without money is still one of stations.
    if (!stop.aborted) logger.error({ event: 'simulator.settlement_failed', err: error });
  }
}

async function finishHistory(history: TopUpResult, logger: Logger): Promise<void> {
  const startedAt = performance.now();
  const quarterHours = await history.writeQuarterHours();
  const tookMs = Math.round(performance.now() - startedAt);
  logger.info({ event: 'simulator.history_ready', quarterHours, tookMs });
}

async function runGateways(
  fleet: GatewayFleet,
  parts: { settings: RunSettings; clock: Clock; logger: Logger; stop: AbortSignal },
  startMs: number,
): Promise<void> {
  await fleet.start();
  if (parts.stop.aborted) return;
  parts.logger.info({
    event: 'simulator.ready',
    gateways: fleet.connected,
    clock: parts.clock.now().toISOString(),
  });
  await untilEnd(fleet, parts, startMs);
}

async function untilEnd(
  fleet: GatewayFleet,
  parts: { settings: RunSettings; clock: Clock; stop: AbortSignal },
  startMs: number,
): Promise<void> {
  const { clock, stop } = parts;
  const { until } = parts.settings;
  if (until === null) {
    if (!stop.aborted) await once(stop, 'abort');
    return;
  }
  const endMs = 'at' in until ? until.at.getTime() : startMs + until.days * DAY_MS;
  while (clock.nowMs() < endMs && !stop.aborted) await sleep(END_POLL_MS);
  const drainUntil = performance.now() + DRAIN_LIMIT_MS;
  while (!fleet.isIdle(endMs) && performance.now() < drainUntil && !stop.aborted) await sleep(END_POLL_MS);
}
