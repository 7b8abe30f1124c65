// P4: a day of the city's inverters at five minutes, as a backlog in the broker, against \copy of the same rows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH_FILTER, sunledger } from '../support/contenders.mjs';
import { createDatabase, psql } from '../support/database.mjs';
import { median, round, say } from '../support/figures.mjs';
import { CITY, COLUMNS, createRegistry, deviceId, FleetDay, SLOTS, yesterday } from '../support/fleet.mjs';
import { drain } from '../support/runs.mjs';

const GOAL = 3;

export async function p4({ server, profileFolder }) {
  const store = await createDatabase(server);
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-rows-'));
  const file = join(folder, 'rows.tsv');
  try {
    await createRegistry(store.database, CITY);
    const { day, startMs } = await yesterday();
    const fleetDay = new FleetDay(CITY, startMs);
    const readings = await fleetDay.writeRows(file);
    const load = {
      day,
      readings,
      filter: BATCH_FILTER,
      messages: () => fleetDay.batches(),
      last: {
        deviceId: deviceId(CITY, CITY.stations - 1, CITY.inverters - 1),
        atMs: fleetDay.measuredAtMs(SLOTS - 1),
      },
    };
    const copy = async () => {
      await store.reset();
      await store.ensureDay(day);
      const written = await psql(store, `\\copy reading (${COLUMNS.join(', ')}) from '${file}'\n`);
      say(`P4: \\copy ${written.ms} ms`);
      return written;
    };
    // The limit on both sides of the product's one long run.
    const limits = [await copy()];
    const run = await drain({ store, contender: sunledger({ profileFolder }), load });
    limits.push(await copy());
    const limitMs = median(limits.map(({ ms }) => ms));
    return {
      figure: run.elapsedMs,
      limit: Math.round(limitMs),
      ratio: round(run.elapsedMs / limitMs),
      goal: `≤ ${GOAL}`,
      isMet: run.elapsedMs / limitMs <= GOAL,
      unit: `ms for ${readings.toLocaleString('en-US')} readings`,
      run,
      limits,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await store.drop();
  }
}
