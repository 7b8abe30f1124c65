import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, EmbeddedServer, migrate, raw, sql } from '#persistence';
import { generateRegistry } from '#registry';
import { alarmRows, HARD_KINDS } from './tables/alarm-rows.ts';
import { TableFleet } from './tables/table-fleet.ts';

const MINUTE_MS = 60_000;
/** So that an hour by night is no pause of the programs. */
const SPEED = 13;
const HISTORY_DAYS = 75;

/**
 * Days of the city without a fault, through the tables on a database of its own: what alarms were opened all the same.
 * A quarter hour of the clock is about a second of work with 468 stations.
 */
export async function quietCity(options: {
  seed: number;
  stations: number;
  days: number;
  fromDay: string;
  onProgress: (line: string) => void;
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-alarms-'));
  const server = await EmbeddedServer.start({
    dataDir: join(folder, 'data'),
    settings: { synchronous_commit: 'off' },
  });
  try {
    const admin = Database.connect({ url: server.url('postgres'), applicationName: 'evaluate', poolMax: 1 });
    await admin.query(sql`create database ${raw('alarms')} template template0`);
    await admin.close();
    const url = server.url('alarms');
    await migrate(url);
    const database = Database.connect({ url, applicationName: 'evaluate' });
    try {
      return await runCity(database, options);
    } finally {
      await database.close();
    }
  } finally {
    await server.stop();
    await rm(server.dataDir, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCity(database: Database, options: Parameters<typeof quietCity>[0]): Promise<string> {
  const { seed, stations, days, fromDay, onProgress } = options;
  const registry = generateRegistry(seed);
  const fleet = await TableFleet.begin({
    database,
    seed,
    registry: { ...registry, stations: registry.stations.slice(0, stations) },
    faults: [],
    fromDay,
    historyDays: HISTORY_DAYS,
    speed: SPEED,
  });
  onProgress('history judged');
  for (let day = 1; day <= days; day += 1) {
    await fleet.runDays(1, 15 * MINUTE_MS);
    onProgress(`day ${day}`);
  }
  const rows = await alarmRows(database);
  const hard = rows.filter(({ kind }) => HARD_KINDS.has(kind));
  const byKind = [...Map.groupBy(rows, ({ kind }) => kind)].map(
    ([kind, own]) => `| ${kind} | ${own.length} |`,
  );
  return [
    `${stations} stations, ${days} days from ${fromDay} without a fault: ${hard.length} hard alarms`,
    '',
    '| kind | alarms |',
    '|---|---|',
    ...byKind,
    ...hard.map(({ kind, place, openedAt }) => `${kind} ${place} ${openedAt.toISOString()}`),
  ].join('\n');
}
