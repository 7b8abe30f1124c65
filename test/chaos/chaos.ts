import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Database } from '#persistence';
import { SeededRandom } from '../support/random.ts';
import { BrokerVictim } from '../../apps/testbench/src/runner/broker-victim.ts';
import { compare, ingestFigures, ingestIsConnected, type Comparison, type IngestFigures } from './compare.ts';
import { DatabaseVictim } from '../../apps/testbench/src/runner/database-victim.ts';
import { Fleet } from './fleet.ts';
import { IngestVictim } from './ingest-victim.ts';
import { writeStations } from './stations.ts';
import type { Victim } from '../../apps/testbench/src/runner/victim.ts';

/**
 * Kills ingest, broker and database while gateways go on measuring, and compares in the end what is stored with what
 * was measured, reading by reading.
 *
 *   starting → every gateway heard once → killing → silent → one closing message a gateway → waiting → compared
 */
export interface ChaosOptions {
  seed: number;
  kills: number;
  readingsPerS: number;
  gateways: number;
  devicesPerGateway: number;
  /** True: as many kills of each. False: whichever comes. */
  evenly?: boolean;
  /** Kills are this far apart, at random. */
  apartMs: readonly [number, number];
  /** A killed process stays away this long, at random. */
  awayMs: readonly [number, number];
  /** How long without a further reading until the rest counts as lost. */
  stallLimitMs: number;
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
}

export interface ChaosSummary extends Comparison {
  seed: number;
  kills: number;
  killsOf: Record<Victim['name'], number>;
  made: number;
  /** Accepted by the counts that ingest keeps; must be what is stored. */
  accepted: number;
  quarantined: number;
  /** Message numbers that ingest asked for again, and those of them that came. */
  asked: number;
  came: number;
  sentAgain: number;
  malformedRequests: number;
  /** How often ingest ended by itself, since its database was away when it started. */
  ingestEnds: number;
  seconds: number;
}

const RESEND_AFTER_S = 2;
const START_TIMEOUT_MS = 60_000;
const ACKNOWLEDGE_TIMEOUT_MS = 180_000;
const POLL_MS = 500;
const PROGRESS_MS = 10_000;

/** Nothing is lost, doubled or changed, and ingest's own counts agree. */
export const isWhole = (summary: ChaosSummary): boolean =>
  summary.missing === 0 &&
  summary.doubled === 0 &&
  summary.differing === 0 &&
  summary.stored === summary.made &&
  summary.accepted === summary.made &&
  summary.quarantined === 0 &&
  summary.malformedRequests === 0;

/** @throws Error where the machine lacks what it needs, or a process does not come back. */
export async function runChaos(options: ChaosOptions): Promise<ChaosSummary> {
  const startedAtMs = performance.now();
  const cleanUp: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-chaos-'));
    cleanUp.push(() => rm(folder, { recursive: true, force: true }));
    const server = await DatabaseVictim.start(folder);
    cleanUp.push(() => rm(server.dataDir, { recursive: true, force: true }));
    cleanUp.push(() => server.stop());
    const database = Database.connect({ url: server.url, applicationName: 'chaos', poolMax: 2 });
    cleanUp.push(() => database.close());
    const places = await writeStations(database, options);
    const broker = await BrokerVictim.start(folder);
    cleanUp.push(() => broker.stop());
    const ingest = await IngestVictim.start({
      folder,
      databaseUrl: server.url,
      brokerUrl: broker.url,
      resendAfterS: RESEND_AFTER_S,
    });
    cleanUp.push(() => ingest.stop());
    await untilIngestListens(database, { since: new Date(0), ...options });
    const fleet = new Fleet(places, { brokerUrl: broker.url, readingsPerS: options.readingsPerS });
    cleanUp.push(() => fleet.stop());
    await untilEveryGatewayIsKnown(database, fleet, options);
    const killsOf = await killAll([ingest, broker, server], options);
    await fleet.fallSilent(ACKNOWLEDGE_TIMEOUT_MS);
    // A broker that lost its sessions keeps nothing for an ingest that is still on its way, the closing word included.
    await untilIngestListens(database, { since: new Date(), ...options });
    await fleet.close(ACKNOWLEDGE_TIMEOUT_MS);
    options.onProgress?.(`silent; ${fleet.readingsMade} readings were made`);
    const figures = await untilStored(database, fleet, options);
    const comparison = await compare(database, fleet);
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    return summaryOf({ options, fleet, ingest, killsOf, figures, comparison, seconds });
  } finally {
    for (const step of cleanUp.toReversed()) await step();
  }
}

function summaryOf(parts: {
  options: ChaosOptions;
  fleet: Fleet;
  ingest: IngestVictim;
  killsOf: ChaosSummary['killsOf'];
  figures: IngestFigures;
  comparison: Comparison;
  seconds: number;
}): ChaosSummary {
  const { options, fleet, ingest, killsOf, figures, comparison, seconds } = parts;
  const { accepted, quarantined, asked, came } = figures;
  return {
    seed: options.seed,
    kills: Object.values(killsOf).reduce((sum, kills) => sum + kills, 0),
    killsOf,
    made: fleet.readingsMade,
    ...comparison,
    accepted,
    quarantined,
    asked,
    came,
    sentAgain: fleet.sum(({ sentAgain }) => sentAgain),
    malformedRequests: fleet.sum(({ malformedRequests }) => malformedRequests),
    ingestEnds: ingest.ownEnds,
    seconds,
  };
}

/** Before ingest has subscribed, a broker keeps nothing for it. */
async function untilIngestListens(
  database: Database,
  { since, signal }: ChaosOptions & { since: Date },
): Promise<void> {
  const untilMs = Date.now() + START_TIMEOUT_MS;
  while (!(await ingestIsConnected(database, since))) {
    if (Date.now() > untilMs) throw new Error('ingest does not connect to the broker');
    await delay(POLL_MS, undefined, { signal });
  }
}

/** A number that is missing shows between two others; before the first message of all nobody could know of it. */
async function untilEveryGatewayIsKnown(
  database: Database,
  fleet: Fleet,
  { signal }: ChaosOptions,
): Promise<void> {
  const untilMs = Date.now() + START_TIMEOUT_MS;
  const first = fleet.gateways.length * (fleet.gateways[0]?.place.deviceCodes.length ?? 0);
  while ((await ingestFigures(database)).stored < 2 * first) {
    if (Date.now() > untilMs) throw new Error('ingest stores nothing; is it built? npm run build');
    await delay(POLL_MS, undefined, { signal });
  }
}

async function killAll(
  victims: readonly Victim[],
  { seed, kills, evenly, apartMs, awayMs, signal, onProgress }: ChaosOptions,
): Promise<ChaosSummary['killsOf']> {
  const random = new SeededRandom(seed);
  const killsOf = { ingest: 0, broker: 0, database: 0 };
  const returning = new Map<Victim, Promise<void>>();
  try {
    for (let done = 0; done < kills; done += 1) {
      await delay(random.between(...apartMs), undefined, { signal });
      const least = Math.min(...victims.map(({ name }) => killsOf[name]));
      const victim = random.pick(victims.filter(({ name }) => !evenly || killsOf[name] === least));
      await returning.get(victim);
      await victim.kill();
      killsOf[victim.name] += 1;
      onProgress?.(`kill ${done + 1}/${kills}: ${victim.name}`);
      const back = delay(random.between(...awayMs)).then(() => victim.restart());
      // A restart that fails is seen where it is waited for, before the next kill or at the end.
      back.catch(() => undefined);
      returning.set(victim, back);
    }
    await Promise.all(returning.values());
  } finally {
    // Nothing may come back after the run has stopped everything.
    await Promise.allSettled(returning.values());
  }
  return killsOf;
}

/** Waits until as much is stored as was made, or nothing more comes. */
async function untilStored(
  database: Database,
  fleet: Fleet,
  { stallLimitMs, signal, onProgress }: ChaosOptions,
): Promise<IngestFigures> {
  const made = fleet.readingsMade;
  let storedBefore = -1;
  let movedAtMs = Date.now();
  let saidAtMs = 0;
  while (true) {
    const figures = await ingestFigures(database);
    if (figures.stored !== storedBefore) movedAtMs = Date.now();
    storedBefore = figures.stored;
    const isStalled = Date.now() - movedAtMs > stallLimitMs;
    if (Date.now() - saidAtMs > PROGRESS_MS || isStalled) {
      saidAtMs = Date.now();
      const asked = fleet.sum(({ numbersAsked }) => numbersAsked);
      onProgress?.(
        `stored ${figures.stored} of ${made}; asked ${figures.asked} (heard ${asked}), came ${figures.came}, ` +
          `${figures.open} requests open`,
      );
    }
    if (isStalled || (figures.stored >= made && figures.open === 0)) return figures;
    await delay(POLL_MS, undefined, { signal });
  }
}
